use std::sync::Mutex;

use bunraku_farm::messages::{Cause, Channel, CompileTask, Lane, Message};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::*;

const LANE: Channel = Channel::Compile(Lane::Normal);
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the queues were told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Buried { body: String, reason: String },
    Delayed { receipt: String, seconds: u64 },
}

/// Queues in memory, which may fail or hang.
#[derive(Debug, Default)]
struct Queues {
    told: Mutex<Vec<Told>>,
    fail: bool,
    hang: bool,
}

impl Queues {
    async fn tell(&self, channel: Channel, what: Told) -> Result<(), QueueError> {
        assert_eq!(channel, LANE);
        if self.hang {
            sleep(Duration::from_secs(3600)).await;
        }
        if self.fail {
            let reason = "no such queue".to_owned();
            return Err(QueueError::Unavailable { reason });
        }
        self.told.lock().unwrap().push(what);
        Ok(())
    }
}

impl Feedback for Queues {
    async fn bury(&self, channel: Channel, body: &str, reason: &str) -> Result<(), QueueError> {
        let (body, reason) = (body.to_owned(), reason.to_owned());
        self.tell(channel, Told::Buried { body, reason }).await
    }

    async fn delay(
        &self,
        channel: Channel,
        receipt: &str,
        delay: Duration,
    ) -> Result<(), QueueError> {
        let (receipt, seconds) = (receipt.to_owned(), delay.as_secs());
        self.tell(channel, Told::Delayed { receipt, seconds }).await
    }
}

fn buried(node: &str, reason: &str) -> Told {
    let (body, reason) = (format!("body of {node}"), reason.to_owned());
    Told::Buried { body, reason }
}

fn delayed(node: &str, seconds: u64) -> Told {
    let receipt = format!("receipt of {node}");
    Told::Delayed { receipt, seconds }
}

fn message(node: &str) -> Message {
    Message::from(CompileTask {
        environment: EnvironmentName::parse("production").unwrap(),
        certname: Certname::parse(node).unwrap(),
        release: Digest::of("r"),
        sequence: 1,
        lane: Lane::Normal,
        cause: Cause::Facts,
        enqueued_at: Timestamp::UNIX_EPOCH,
    })
}

fn item(node: &str, attempt: u32) -> Item {
    Item {
        id: node.to_owned(),
        receipt: format!("receipt of {node}"),
        channel: LANE,
        attempt,
        trace: None,
        body: format!("body of {node}"),
        messages: Ok(vec![message(node)]),
    }
}

/// What a node's compile does is told by the beginning of its name.
async fn by_name(task: CompileTask, deadline: Deadline) -> anyhow::Result<()> {
    match task.certname.as_str().split('-').next() {
        Some("bad") => Err(anyhow::anyhow!("below").context("above")),
        Some("panic") => panic!("no {}", "luck"),
        Some("slow") => {
            sleep(Duration::from_secs(10)).await;
            Ok(())
        }
        Some("stuck") => {
            sleep(Duration::from_secs(3600)).await;
            Ok(())
        }
        Some("long") => Ok(deadline.check(Duration::from_secs(50))?),
        _ => Ok(()),
    }
}

/// An event handled by [`by_name`]: the summary and what the queues were told, in some order.
async fn handled(queues: Queues, concurrency: usize, items: &[Item]) -> (Summary, Vec<Told>) {
    let worker = Arc::new(Worker {
        feedback: queues,
        handler: by_name,
        max_attempts: 5,
        concurrency,
    });
    let began = Instant::now();
    let summary = worker.handle(items, Deadline::after(TIMEOUT)).await;
    assert!(began.elapsed() < TIMEOUT, "the answer leaves in time");
    let told = worker.feedback.told.lock().unwrap().clone();
    (summary, told)
}

fn ids(nodes: &[&str]) -> Vec<String> {
    nodes.iter().map(|node| (*node).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_item_has_a_result_of_its_own() {
    let mut poison = item("poison", 1);
    poison.messages = Err("the message can't be read".to_owned());
    let mut nothing = item("nothing", 1);
    nothing.messages = Ok(Vec::new());
    let items = [
        item("good", 1),
        item("bad", 1),
        poison,
        nothing,
        item("panic", 3),
        item("bad-again", 5),
        item("panic-again", 9),
        item("good-too", 7),
    ];
    let (summary, told) = handled(Queues::default(), 8, &items).await;
    let expected = Summary {
        items: 8,
        failed: 4,
        buried: 3,
        given_back: ids(&["bad", "panic"]),
    };
    assert_eq!(summary, expected);
    assert_eq!(
        told,
        [
            delayed("bad", 2),
            buried("poison", "the message can't be read"),
            delayed("panic", 8),
            buried("bad-again", "above: below"),
            buried("panic-again", "the handler panicked: no luck"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn work_that_would_overrun_is_cut_off_and_what_waits_behind_it_comes_back_at_once() {
    let items = [
        item("stuck", 1),
        item("good", 1),
        item("stuck-again", 5),
        item("good-again", 5),
    ];
    let (summary, told) = handled(Queues::default(), 1, &items).await;
    assert_eq!(
        (summary.failed, summary.given_back),
        (1, ids(&["stuck", "good"]))
    );
    let not_started = "was not started before the function's timeout of 60 s";
    assert_eq!(
        told,
        [
            delayed("stuck", 2),
            delayed("good", 0),
            buried("stuck-again", not_started),
            buried("good-again", not_started),
        ]
    );
    let (summary, told) = handled(Queues::default(), 8, &items).await;
    assert_eq!((summary.failed, summary.given_back), (2, ids(&["stuck"])));
    let reason = "would not end before the function's timeout of 60 s";
    assert_eq!(told, [delayed("stuck", 2), buried("stuck-again", reason)]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_sees_no_time_left_gives_its_message_back_at_once() {
    let items = [item("slow", 1), item("long", 1), item("long-again", 5)];
    let (summary, told) = handled(Queues::default(), 1, &items).await;
    assert_eq!((summary.failed, summary.buried), (0, 1));
    let reason = "would not end before the function's timeout of 60 s";
    assert_eq!(told, [delayed("long", 0), buried("long-again", reason)]);
}

#[tokio::test(start_paused = true)]
async fn items_run_side_by_side_within_their_bound() {
    let nodes = ["slow-a", "slow-b", "slow-c", "slow-d"];
    let items = nodes.map(|node| item(node, 1));
    for (concurrency, seconds) in [(1, 40), (2, 20), (8, 10)] {
        let began = Instant::now();
        let (summary, told) = handled(Queues::default(), concurrency, &items).await;
        assert_eq!((summary.given_back.len(), told.len()), (0, 0));
        assert_eq!(began.elapsed().as_secs(), seconds, "{concurrency} at once");
    }
}

#[tokio::test(start_paused = true)]
async fn items_that_say_the_same_share_one_work_and_have_an_end_each() {
    let again = |node: &str, attempt| {
        let messages = Ok(vec![message("slow")]);
        Item {
            messages,
            ..item(node, attempt)
        }
    };
    let began = Instant::now();
    let items = [again("a", 1), again("b", 2), again("c", 3)];
    let (summary, told) = handled(Queues::default(), 1, &items).await;
    assert_eq!(began.elapsed().as_secs(), 10, "once");
    assert_eq!(
        (summary.items, summary.given_back.len(), told.len()),
        (3, 0, 0)
    );
    let again = |node: &str, attempt| {
        let messages = Ok(vec![message("good"), message("bad")]);
        Item {
            messages,
            ..item(node, attempt)
        }
    };
    let (summary, told) = handled(
        Queues::default(),
        1,
        &[again("a", 1), again("b", 5), item("good", 1)],
    )
    .await;
    assert_eq!((summary.failed, summary.given_back), (2, ids(&["a"])));
    assert_eq!(told, [delayed("a", 2), buried("b", "above: below")]);
}

#[tokio::test(start_paused = true)]
async fn what_the_queues_can_t_be_told_of_is_reported_as_failed() {
    let items = [item("bad", 1), item("bad-again", 5), item("good", 1)];
    let (fail, hang) = (true, true);
    for queues in [
        Queues {
            fail,
            ..Queues::default()
        },
        Queues {
            hang,
            ..Queues::default()
        },
    ] {
        let (summary, told) = handled(queues, 8, &items).await;
        assert_eq!(summary.given_back, ids(&["bad", "bad-again"]));
        assert_eq!((summary.buried, told.len()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn an_invocation_without_time_gives_everything_back() {
    let worker = Arc::new(Worker {
        feedback: Queues::default(),
        handler: by_name,
        max_attempts: 5,
        concurrency: 8,
    });
    let items = [item("good", 1), item("slow", 1)];
    let summary = worker
        .handle(&items, Deadline::after(Duration::from_millis(150)))
        .await;
    assert_eq!(
        (summary.failed, summary.given_back),
        (0, ids(&["good", "slow"]))
    );
}

#[test]
fn the_wait_stops_growing() {
    assert_eq!(backoff(0), Duration::from_secs(2));
    assert_eq!(backoff(3), Duration::from_secs(8));
    assert_eq!(backoff(60), Duration::from_secs(64));
}
