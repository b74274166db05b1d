//! What only a broker can get wrong: it ends in the middle of things.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bunraku_farm::messages::Lane;
use tokio::time::Instant;

use crate::conformance::{NORMAL, NOW, compile, normal, of, receive};
use crate::testing::{Broker, Kind, Lock, free_port};
use crate::{Announcements, Channel, Queue, QueueError, QueueOptions};

static RABBITMQ: LazyLock<Broker> = LazyLock::new(|| Broker::start(Kind::RabbitMq));
static NATS: LazyLock<Broker> = LazyLock::new(|| Broker::start(Kind::Nats));

const OPTIONS: QueueOptions = QueueOptions {
    lease: Duration::from_secs(4),
    max_attempts: 3,
    coalesces: true,
};

/// Queues of a prefix of their own on the broker that this process's tests share.
pub(crate) async fn queue(kind: Kind) -> Arc<dyn Queue> {
    let broker = match kind {
        Kind::RabbitMq => &RABBITMQ,
        Kind::Nats => &NATS,
    };
    let prefix = format!("test-{}", uuid::Uuid::new_v4().simple());
    let queue = open(kind, &broker.url(&prefix)).await;
    answering(&*queue).await;
    queue
}

async fn open(kind: Kind, url: &str) -> Arc<dyn Queue> {
    match kind {
        Kind::RabbitMq => Arc::new(crate::amqp::AmqpQueue::connect(url, OPTIONS).unwrap()),
        Kind::Nats => Arc::new(crate::nats::NatsQueue::connect(url, OPTIONS).await.unwrap()),
    }
}

/// Waits until the broker is up.
async fn answering(queue: &dyn Queue) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while let Err(error) = queue.depths().await {
        assert!(matches!(error, QueueError::Unavailable { .. }), "{error}");
        assert!(Instant::now() < give_up, "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Receives and acknowledges until `count` nodes came.
async fn drain(queue: &dyn Queue, count: usize) -> Vec<(String, u32)> {
    let mut nodes = std::collections::BTreeMap::new();
    let give_up = Instant::now() + Duration::from_secs(60);
    while nodes.len() < count {
        assert!(Instant::now() < give_up, "only {nodes:?} came");
        for delivery in queue
            .receive(&[NORMAL], 10, Duration::from_secs(1))
            .await
            .unwrap_or_default()
        {
            queue.ack(&delivery.receipt).await.unwrap();
            nodes.insert(of(&delivery).0.to_owned(), delivery.attempt);
        }
    }
    nodes.into_iter().collect()
}

async fn a_killed_broker_loses_nothing(kind: Kind) {
    let mut broker = Broker::start(kind);
    let queue = open(kind, &broker.url("farm")).await;
    answering(&*queue).await;
    let nodes: Vec<String> = (0..20).map(|n| format!("n{n:02}")).collect();
    let messages = nodes.iter().map(|node| normal(node)).collect();
    queue.send_batch(messages).await.unwrap();
    let leased = queue.receive(&[NORMAL], 5, NOW).await.unwrap();
    assert_eq!(leased.len(), 5);
    let waiting = {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move {
            let urgent = [Channel::Compile(Lane::Urgent)];
            queue.receive(&urgent, 1, Duration::MAX).await
        })
    };

    broker.kill();
    let refused = queue.send(normal("during")).await;
    assert!(
        matches!(refused, Err(QueueError::Unavailable { .. })),
        "{refused:?}"
    );
    // A receiver that waits is told, and may ask again.
    assert!(waiting.await.unwrap().is_err());
    broker.start_again();
    answering(&*queue).await;

    let came = drain(&*queue, 20).await;
    let named: Vec<&String> = came.iter().map(|(node, _)| node).collect();
    assert_eq!(named, nodes.iter().collect::<Vec<_>>());
    // NATS writes down what it gave out a little later: one that was killed may have forgotten that.
    if matches!(kind, Kind::RabbitMq) {
        for (node, attempt) in &came {
            let was_leased = leased.iter().any(|delivery| of(delivery).0 == node);
            assert!(*attempt > 1 || !was_leased, "{came:?}");
        }
    }
    // Nothing of ours was started anew: the queue goes on.
    queue.send(compile("after", 1, Lane::Normal)).await.unwrap();
    assert_eq!(drain(&*queue, 1).await[0].0, "after");
}

async fn what_a_dead_holder_had_comes_to_the_next(kind: Kind) {
    let broker = match kind {
        Kind::RabbitMq => &RABBITMQ,
        Kind::Nats => &NATS,
    };
    let url = broker.url(&format!("test-{}", uuid::Uuid::new_v4().simple()));
    let next = open(kind, &url).await;
    answering(&*next).await;
    // A runtime of its own, ended with all its tasks, is as good as a process that was killed.
    let sent = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let queue = open(kind, &url).await;
            queue.send(normal("a")).await.unwrap();
            receive(&*queue, &[NORMAL], NOW).await.unwrap().attempt
        })
    });
    assert_eq!(sent.join().unwrap(), 1);
    let again = receive(&*next, &[NORMAL], OPTIONS.lease * 3).await.unwrap();
    assert_eq!((of(&again), again.attempt), (("a", 1), 2));
}

async fn another_farm_on_the_broker_is_not_seen(kind: Kind) {
    let (one, other) = (queue(kind).await, queue(kind).await);
    one.send(normal("a")).await.unwrap();
    assert_eq!(receive(&*other, &[NORMAL], NOW).await, None);
    assert!(receive(&*one, &[NORMAL], NOW).await.is_some());
}

async fn no_broker_is_told_soon(kind: Kind) {
    let (port, scheme) = (free_port(), kind.scheme());
    let queue = open(kind, &format!("{scheme}://me:secret@127.0.0.1:{port}")).await;
    let error = queue.depths().await.unwrap_err();
    assert!(matches!(error, QueueError::Unavailable { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(&port.to_string()) && !text.contains("secret"),
        "{text}"
    );
}

async fn any_host_that_answers_is_used_and_the_next_when_it_dies(kind: Kind) {
    let (mut first, mut second) = (Broker::start(kind), Broker::prepare(kind, None));
    let hosts = [
        format!("127.0.0.1:{}", free_port()),
        first.host(),
        second.host(),
    ];
    let url = format!("{}://{}?prefix=farm", kind.scheme(), hosts.join(","));
    let queue = open(kind, &url).await;
    answering(&*queue).await;
    queue.send(normal("a")).await.unwrap();
    assert_eq!(drain(&*queue, 1).await[0].0, "a");
    second.start_again();
    let on_second = open(kind, &second.url("farm")).await;
    answering(&*on_second).await;
    first.kill();
    answering(&*queue).await;
    queue.send(normal("b")).await.unwrap();
    assert_eq!(drain(&*on_second, 1).await[0].0, "b");
}

/// What comes until so many keys have come.
async fn keys(listening: &mut dyn Announcements, count: usize) -> Vec<String> {
    let mut keys = Vec::new();
    while keys.len() < count {
        let come = tokio::time::timeout(Duration::from_secs(30), listening.next());
        keys.extend(come.await.unwrap().unwrap());
    }
    keys
}

async fn all_who_listen_are_told(kind: Kind) {
    let broker = match kind {
        Kind::RabbitMq => &RABBITMQ,
        Kind::Nats => &NATS,
    };
    let url = broker.url(&format!("test-{}", uuid::Uuid::new_v4().simple()));
    let (worker, edge) = (open(kind, &url).await, open(kind, &url).await);
    let stranger = queue(kind).await;
    answering(&*worker).await;
    let mut one = edge.announcements().await.unwrap().unwrap();
    let mut other = worker.announcements().await.unwrap().unwrap();
    let mut apart = stranger.announcements().await.unwrap().unwrap();
    let many: Vec<String> = (0..2500).map(|n| format!("pointers/p/n{n}.json")).collect();
    for key in &many {
        worker.announce(key).await;
    }
    stranger.announce("elsewhere").await;
    assert!(keys(&mut *one, many.len()).await == many, "to {one:?}");
    assert!(keys(&mut *other, many.len()).await == many, "to {other:?}");
    assert_eq!(keys(&mut *apart, 1).await, ["elsewhere"]);
    one.close().await.unwrap();
    worker.announce("after").await;
    assert_eq!(keys(&mut *other, 1).await, ["after"]);
    // No receiver of messages is bothered, nor is anything among them.
    assert_eq!(receive(&*worker, &[NORMAL], NOW).await, None);
}

async fn a_listener_is_told_that_the_broker_was_away(kind: Kind) {
    let mut broker = Broker::start(kind);
    let queue = open(kind, &broker.url("farm")).await;
    answering(&*queue).await;
    let mut listening = queue.announcements().await.unwrap().unwrap();
    queue.announce("a").await;
    assert_eq!(keys(&mut *listening, 1).await, ["a"]);
    broker.kill();
    let told = tokio::time::timeout(Duration::from_secs(30), listening.next());
    let told = told.await.unwrap();
    assert!(
        matches!(told, Err(QueueError::Unavailable { .. })),
        "{told:?}"
    );
    queue.announce("lost").await;
    broker.start_again();
    answering(&*queue).await;
    let mut listening = queue.announcements().await.unwrap().unwrap();
    queue.announce("b").await;
    assert_eq!(keys(&mut *listening, 1).await, ["b"]);
}

/// A broker with a lock, and the file of the authority that its certificate is from.
struct Locked {
    broker: Broker,
    authority: std::path::PathBuf,
    _directory: tempfile::TempDir,
}

impl Locked {
    fn start(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = file("ca.pem", params.self_signed(&key).unwrap().pem());
        let issuer = rcgen::Issuer::new(params, key);
        let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let lock = Lock {
            certificate: file("certificate.pem", certificate.pem()),
            key: file("key.pem", key.serialize_pem()),
            user: "me".to_owned(),
            password: "right".to_owned(),
        };
        let mut broker = Broker::prepare(kind, Some(lock));
        broker.start_again();
        Self {
            broker,
            authority,
            _directory: directory,
        }
    }

    fn url(&self, kind: Kind, password: &str, query: &str) -> String {
        let scheme = match kind {
            Kind::RabbitMq => "amqps",
            Kind::Nats => "tls",
        };
        format!("{scheme}://me:{password}@{}?{query}", self.broker.host())
    }
}

async fn certificate_and_password_are_looked_at(kind: Kind) {
    let locked = Locked::start(kind);
    let ours = format!("cacertfile={}", locked.authority.display());
    let queue = open(kind, &locked.url(kind, "right", &ours)).await;
    answering(&*queue).await;
    queue.send(normal("a")).await.unwrap();
    assert_eq!(drain(&*queue, 1).await[0].0, "a");

    let stranger = open(kind, &locked.url(kind, "right", "prefix=x")).await;
    let error = stranger.depths().await.unwrap_err().to_string();
    assert!(error.contains("cert"), "{error}");

    let refused = open(kind, &locked.url(kind, "wrong-one", &ours)).await;
    let error = refused.depths().await.unwrap_err().to_string();
    assert!(error.to_lowercase().contains("refuse"), "{error}");
    assert!(!error.contains("wrong-one"), "{error}");
}

macro_rules! on_both {
    ($($name:ident)*) => {
        $(
            mod $name {
                #[tokio::test(flavor = "multi_thread")]
                async fn on_rabbitmq() {
                    super::$name(super::Kind::RabbitMq).await;
                }

                #[tokio::test(flavor = "multi_thread")]
                async fn on_nats() {
                    super::$name(super::Kind::Nats).await;
                }
            }
        )*
    };
}

on_both! {
    a_killed_broker_loses_nothing
    what_a_dead_holder_had_comes_to_the_next
    another_farm_on_the_broker_is_not_seen
    no_broker_is_told_soon
    any_host_that_answers_is_used_and_the_next_when_it_dies
    certificate_and_password_are_looked_at
    all_who_listen_are_told
    a_listener_is_told_that_the_broker_was_away
}
