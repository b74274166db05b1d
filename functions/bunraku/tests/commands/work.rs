use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bunraku_queue::testing::{Broker, Kind};

use crate::{bunraku, run};

const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../localstack-tests/site");
/// Nodes of the demo site.
const NODES: usize = 14;
/// Longer than any of this takes, and than NATS waits for a worker that fell silent.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tries until it is so.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A process that is ended with the test, if it has not ended by itself.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("the program starts"))
    }

    fn worker(store: &Path, queue: &str) -> Self {
        let arguments = ["work", "--jobs", "1", "--queue", queue, "--store"];
        Self::start(bunraku(&arguments).arg(store))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn every_node_gets_its_catalog(kind: Kind) {
    let mut broker = Broker::start(kind);
    let queue = broker.url("farm");
    wait_until("the broker did not start", || {
        run(&mut bunraku(&["tasks", "--queue", &queue])).code == 0
    });
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path();
    let mut worker = Process::worker(store, &queue);
    let mut killed = Process::worker(store, &queue);
    let push = [
        "push",
        SITE,
        "--environment",
        "production",
        "--json",
        "--store",
    ];
    let push = std::thread::spawn({
        let mut push = bunraku(&push);
        push.arg(store);
        move || run(&mut push)
    });

    let pointers = store.join("pointers/production");
    wait_until("no catalog was compiled", || {
        pointers
            .read_dir()
            .is_ok_and(|mut files| files.next().is_some())
    });
    killed.0.kill().unwrap();
    broker.kill();
    broker.start_again();

    wait_until("not every node has its catalog", || push.is_finished());
    let pushed = push.join().unwrap();
    assert_eq!(pushed.code, 0, "{}", pushed.stderr);
    assert_eq!(pushed.json()["nodes"], NODES, "{}", pushed.stdout);
    assert_eq!(pushed.json()["failed"], serde_json::json!([]));

    everything_that_a_push_changes_is_announced(&queue, store);

    let pid = worker.0.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    assert!(worker.0.wait().unwrap().success());
    let redriven = run(&mut bunraku(&["redrive", "--queue", &queue, "--json"]));
    assert_eq!(redriven.json()["total"], 0);
}

/// Edges elsewhere hear of the new release and of each pointer that it moves.
fn everything_that_a_push_changes_is_announced(queue: &str, store: &Path) {
    let site = tempfile::tempdir().unwrap();
    let mut copy = Command::new("cp");
    copy.args(["-a", &format!("{SITE}/.")]).arg(site.path());
    assert!(copy.status().unwrap().success());
    let manifest = site.path().join("manifests/site.pp");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, format!("{text}\nnotify {{ 'second': }}\n")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = bunraku_queue::open(queue).await.unwrap();
        let mut listening = listener.announcements().await.unwrap().unwrap();
        let push = ["push", "--environment", "production", "--store"];
        let pushed = run(bunraku(&push).arg(store).arg(site.path()));
        assert_eq!(pushed.code, 0, "{}", pushed.stderr);
        let mut told = BTreeSet::new();
        let all = async {
            while told.len() < NODES + 1 {
                told.extend(listening.next().await.unwrap());
            }
        };
        tokio::time::timeout(PATIENCE, all)
            .await
            .expect("all is told");
        let pointers = told
            .iter()
            .filter(|key| key.starts_with("pointers/production/"));
        assert_eq!(pointers.count(), NODES, "{told:?}");
        assert!(told.contains("environments/production.json"), "{told:?}");
        listening.close().await.unwrap();
    });
}

#[test]
fn over_rabbitmq_every_node_gets_its_catalog_though_a_worker_and_the_broker_are_killed() {
    every_node_gets_its_catalog(Kind::RabbitMq);
}

#[test]
fn over_nats_every_node_gets_its_catalog_though_a_worker_and_the_broker_are_killed() {
    every_node_gets_its_catalog(Kind::Nats);
}

#[test]
fn a_broker_that_is_not_there_ends_a_worker_with_its_reason_and_no_password() {
    let directory = tempfile::tempdir().unwrap();
    for scheme in ["amqp", "nats"] {
        let queue = format!("{scheme}://me:secret@127.0.0.1:1");
        let ended = run(bunraku(&["work", "--queue", &queue, "--store"]).arg(directory.path()));
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.stderr.contains("127.0.0.1:1"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
    }
    let help = run(bunraku(&["work", "--help"]).env("BUNRAKU_QUEUE", "amqp://me:secret@x"));
    assert!(!help.stdout.contains("secret"), "{}", help.stdout);
}
