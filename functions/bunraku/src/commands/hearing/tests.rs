//! What is heard, from each place.

use std::sync::Mutex;
use std::time::Duration;

use bunraku_queue::testing::{Broker, Kind};
use tokio::time::{Instant, sleep};

use super::*;

/// What was told, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(super) fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(super) fn told(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    async fn hears(&self, what: &str) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while !self.told().iter().any(|told| told == what) {
            assert!(
                Instant::now() < give_up,
                "{what} is not in {:?}",
                self.told()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Listener for Log {
    fn written(&self, key: Key) {
        self.add(key.to_string());
    }

    fn any(&self) {
        self.add("any");
    }

    fn live(&self, live: bool) {
        self.add(if live { "live" } else { "not live" });
    }
}

const POINTER: &str = "pointers/production/a.json";
const ENVIRONMENT: &str = "environments/production.json";

#[cfg(all(feature = "amqp", feature = "nats"))]
#[tokio::test(flavor = "multi_thread")]
async fn workers_on_a_broker_are_heard_and_again_after_it_was_away() {
    for kind in [Kind::RabbitMq, Kind::Nats] {
        let mut broker = Broker::start(kind);
        let url = broker.url("farm");
        let (worker, own) = (
            bunraku_queue::open(&url).await.unwrap(),
            bunraku_queue::open(&url).await.unwrap(),
        );
        let (log, stop) = (Log::default(), CancellationToken::new());
        let store = Store::memory();
        let places = Places {
            store: &store,
            queue: Some((&url, own)),
            topic: None,
        };
        let hearing = hear(places, &Arc::new(log.clone()), &stop).await.unwrap();
        log.hears("live").await;
        worker.announce(POINTER).await;
        worker.announce("something/else").await;
        log.hears(POINTER).await;
        broker.kill();
        log.hears("not live").await;
        let before = log.told();
        assert_eq!(before, ["live", POINTER, "not live"], "{kind:?}");
        broker.start_again();
        let give_up = Instant::now() + Duration::from_secs(60);
        while !log.told()[before.len()..].contains(&ENVIRONMENT.to_owned()) {
            assert!(Instant::now() < give_up, "{kind:?}: {:?}", log.told());
            worker.announce(ENVIRONMENT).await;
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(log.told()[before.len()], "live");
        stop.cancel();
        hearing.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_directory_are_heard_and_no_others() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("store");
    let store = Store::open_directory(&root).await.unwrap();
    let (log, stop) = (Log::default(), CancellationToken::new());
    let places = Places {
        store: &store,
        queue: None,
        topic: None,
    };
    let hearing = hear(places, &Arc::new(log.clone()), &stop).await.unwrap();
    assert!(hearing.sees_files());
    let write = |key: &str| {
        let path = root.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}").unwrap();
    };
    write(ENVIRONMENT);
    log.hears(ENVIRONMENT).await;
    // Its directory is new: what was in it before that was seen could be missed.
    write(POINTER);
    log.hears("any").await;
    write("pointers/production/b.json");
    log.hears("pointers/production/b.json").await;
    write("reports/a/1.json.gz");
    write("pointers/production/c.json");
    log.hears("pointers/production/c.json").await;
    assert!(!log.told().iter().any(|told| told.starts_with("reports")));
}

#[tokio::test]
async fn a_topic_needs_a_queue_on_sqs() {
    let store = Store::memory();
    let queue = bunraku_queue::open("memory://").await.unwrap();
    let places = Places {
        store: &store,
        queue: Some(("memory://", queue)),
        topic: Some("arn:aws:sns:us-east-1:1:t"),
    };
    let heard = hear(places, &Arc::new(Log::default()), &CancellationToken::new()).await;
    assert!(heard.is_err_and(|failure| failure.to_string().contains("sqs://PREFIX")));
}
