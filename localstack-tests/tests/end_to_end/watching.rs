//! A node that watches runs its agent when its own catalog changed, and only then.

use std::fs::{self, File};
use std::process::{Child, Stdio};
use std::time::Duration;

use bunraku_tests::agent::Agent;
use bunraku_tests::farm::{self, Farm};
use bunraku_tests::{site, tree, wait_for};

const PATIENCE: Duration = Duration::from_secs(120);

/// `bunraku watch` on an agent's node; killed when dropped.
pub(crate) struct Watch(Child);

impl Watch {
    pub(crate) fn start(agent: &Agent, port: u16) -> Self {
        Self::start_with(agent, port, &agent.line())
    }

    fn start_with(agent: &Agent, port: u16, command: &str) -> Self {
        let file = |name: &str| agent.dir.join(name).display().to_string();
        let log = File::create(agent.dir.join("watch.log")).unwrap();
        let mut watch = farm::command(&["watch", "--json", "--exec", command]);
        watch.args(["--server", &format!("localhost:{port}")]);
        watch.args(["--ssldir", &file("ssl"), "--certname", &agent.certname]);
        watch.args(["--state", &file("watch.json"), "--lock"]);
        watch.arg(agent.lock()).stdout(Stdio::null()).stderr(log);
        Self(watch.spawn().unwrap())
    }

    /// SIGTERM, as a service manager ends it; the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let kill = std::process::Command::new("kill")
            .arg(self.0.id().to_string())
            .status();
        assert!(kill.unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many runs agents reported.
fn reports(farm: &Farm) -> usize {
    tree::files(&farm.store().join("reports")).len()
}

#[test]
fn a_push_runs_the_agents_of_those_nodes_whose_catalogs_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    site::copy_of_demo(&code, &root);
    let mut farm = Farm::start(&dir.path().join("farm"), Some(&code));
    let agent = Agent::new(&dir.path().join("agent"), "agent1.example.test", farm.port);
    agent.run().assert_code(2);
    let motd = root.join("etc/motd");
    let watch = Watch::start(&agent, farm.port);
    let before = reports(&farm);
    let runs = |farm: &Farm| reports(farm) - before;
    let log = || tree::text(&agent.dir.join("watch.log"));
    // It does not know what was applied before it came: it makes sure.
    wait_for("the first run", PATIENCE, || {
        (runs(&farm) == 1).then_some(())
    });

    // A push that changes this node's catalog.
    let data = code.join("data/common.yaml");
    site::replace(&data, "made of strings", "made of wood");
    assert_eq!(farm.push(&code).status.code(), Some(0));
    wait_for("the second run", PATIENCE, || {
        (runs(&farm) == 2).then_some(())
    });
    assert!(
        tree::text(&motd).ends_with("\"100% made of wood\"\n"),
        "{}",
        log()
    );

    // One that changes only others' catalogs; then the edge is gone for a while, and this node's changes meanwhile.
    let other = code.join("data/nodes/db01.ams.example.test.yaml");
    let text = tree::text(&other);
    fs::write(&other, format!("{text}\n# nothing\n")).unwrap();
    assert_eq!(farm.push(&code).status.code(), Some(0));
    farm.kill_and_restart();
    site::replace(&data, "made of wood", "made of paper");
    assert_eq!(farm.push(&code).status.code(), Some(0));
    wait_for("the third run", PATIENCE, || {
        (runs(&farm) == 3).then_some(())
    });
    assert!(
        tree::text(&motd).ends_with("\"100% made of paper\"\n"),
        "{}",
        log()
    );

    assert_eq!(watch.terminate(), Some(0), "{}", log());
    // Who starts again has nothing to do, or is told what it missed.
    let state = agent.dir.join("watch.json");
    let before = tree::text(&state);
    let watch = Watch::start(&agent, farm.port);
    site::replace(&data, "made of paper", "made of string");
    assert_eq!(farm.push(&code).status.code(), Some(0));
    wait_for("the fourth run", PATIENCE, || {
        (runs(&farm) == 4).then_some(())
    });
    wait_for("its end", PATIENCE, || {
        (tree::text(&state) != before).then_some(())
    });
    assert_eq!(watch.terminate(), Some(0), "{}", log());
    assert_eq!(runs(&farm), 4, "{}", log());
}

/// A fact that is another one in each run gives each run another catalog: it is published while the agent waits for it,
/// and must not bring about the next run.
#[test]
fn what_an_agents_own_run_published_runs_no_agent() {
    let dir = tempfile::tempdir().unwrap();
    let (code, probe) = (dir.path().join("site"), dir.path().join("probe"));
    let release = |number: usize| {
        let path = probe.display();
        let manifest =
            format!("file {{ '{path}': content => \"${{facts['probe']}} {number}\" }}\n");
        fs::create_dir_all(code.join("manifests")).unwrap();
        fs::write(code.join("environment.conf"), "modulepath = modules\n").unwrap();
        fs::write(code.join("manifests/site.pp"), manifest).unwrap();
    };
    release(1);
    let farm = Farm::start(&dir.path().join("farm"), None);
    assert_eq!(farm.push(&code).status.code(), Some(0));
    let mut agent = Agent::new(&dir.path().join("agent"), "agent1.example.test", farm.port);
    agent.facts.push(("probe".to_owned(), "by-hand".to_owned()));
    agent.run().assert_code(2);
    assert_eq!(tree::text(&probe), "by-hand 1");
    let other_fact = format!("FACTER_probe=$(date +%s%N) {}", agent.line());
    let watch = Watch::start_with(&agent, farm.port, &other_fact);
    let log = || tree::text(&agent.dir.join("watch.log"));
    // Remembered when the run is over, and the agent's lock free.
    let state = agent.dir.join("watch.json");
    let ended = || fs::read_to_string(&state).is_ok_and(|text| text.contains("\"catalog\":\""));
    wait_for("its first run", PATIENCE, || ended().then_some(()));
    assert_eq!(reports(&farm), 2);

    // The agent runs by itself, with a fact that is new.
    agent.run().assert_code(2);
    assert_eq!(tree::text(&probe), "by-hand 1", "{}", log());
    for number in 2..4 {
        release(number);
        assert_eq!(farm.push(&code).status.code(), Some(0));
        let count = number + 2;
        wait_for("a run after the push", PATIENCE, || {
            (reports(&farm) == count).then_some(())
        });
        assert!(
            tree::text(&probe).ends_with(&format!(" {number}")),
            "{}",
            log()
        );
    }
    assert_eq!(watch.terminate(), Some(0), "{}", log());
    assert_eq!(reports(&farm), 5, "{}", log());
}
