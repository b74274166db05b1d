use std::sync::Mutex;

use bunraku_farm::documents::{ArchiveFormat, UploadKey};
use bunraku_farm::messages::{Cause, CompileTask, Lane, UploadCreated};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_queue::{MemoryQueue, Standing};
use tokio::time::Instant;

use super::*;

const UPLOADS: [Channel; 1] = [Channel::Uploads];

async fn queue() -> Arc<dyn Queue> {
    let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
    let environment = EnvironmentName::parse("production").unwrap();
    let key = UploadKey::new(environment, "one", ArchiveFormat::TarZstd).unwrap();
    let message = Message::UploadCreated(UploadCreated { key });
    queue.send(message).await.unwrap();
    queue
}

/// Seconds from the start at which a worker began with the message, until it came no more.
async fn attempts<W>(queue: &Arc<dyn Queue>, work: impl Fn() -> W) -> Vec<u64>
where
    W: Future<Output = Result<(), &'static str>>,
{
    let (began, times) = (Instant::now(), Mutex::new(Vec::new()));
    let handle = |_| {
        times.lock().unwrap().push(began.elapsed().as_secs());
        work()
    };
    let stop = Stop::default();
    let hour = tokio::time::sleep(Duration::from_secs(3600));
    tokio::join!(
        run(Arc::clone(queue), &UPLOADS, stop.clone(), handle),
        async {
            hour.await;
            stop.ask();
        }
    );
    times.into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_handled_is_gone() {
    let queue = queue().await;
    assert_eq!(attempts(&queue, || async { Ok(()) }).await, [0]);
    assert!(queue.list(Channel::Uploads, 10).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_fails_comes_again_ever_later_and_is_given_up_with_its_error() {
    let queue = queue().await;
    let times = attempts(&queue, || async { Err("no luck") }).await;
    assert_eq!(times, [0, 2, 6, 14, 30]);
    let left = queue.list(Channel::Uploads, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].standing, Standing::Dead);
    assert_eq!(left[0].last_error.as_deref(), Some("no luck"));
}

#[tokio::test(start_paused = true)]
async fn long_work_keeps_its_lease() {
    let queue = queue().await;
    let work = || async {
        tokio::time::sleep(LEASE * 5).await;
        Ok(())
    };
    assert_eq!(attempts(&queue, work).await, [0]);
    assert!(queue.list(Channel::Uploads, 10).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_begun_work_end() {
    let queue = queue().await;
    let stop = Stop::default();
    let handle = |_| {
        stop.ask();
        async {
            tokio::time::sleep(Duration::from_secs(40)).await;
            Ok::<_, String>(())
        }
    };
    run(Arc::clone(&queue), &UPLOADS, stop.clone(), handle).await;
    assert!(queue.list(Channel::Uploads, 10).await.unwrap().is_empty());
}

/// How long a compile takes here.
const COMPILE: Duration = Duration::from_millis(100);
const LANES: [Channel; 3] = [
    Channel::Compile(Lane::Urgent),
    Channel::Compile(Lane::Normal),
    Channel::Compile(Lane::Bulk),
];

fn task(node: String, lane: Lane) -> Message {
    Message::Compile(CompileTask {
        environment: EnvironmentName::parse("production").unwrap(),
        certname: Certname::parse(node).unwrap(),
        release: Digest::of("release"),
        sequence: 1,
        lane,
        cause: Cause::Manual,
        enqueued_at: jiff::Timestamp::UNIX_EPOCH,
    })
}

/// When each node was begun with, in a farm of one worker, while `busy` sends more.
async fn begun(
    queue: Arc<dyn Queue>,
    busy: impl Future<Output = ()>,
) -> std::collections::HashMap<String, Instant> {
    let begun = Mutex::new(std::collections::HashMap::new());
    let handle = |message| {
        let Message::Compile(task) = message else {
            panic!("a compile task")
        };
        let name = task.certname.to_string();
        begun.lock().unwrap().insert(name, Instant::now());
        async {
            tokio::time::sleep(COMPILE).await;
            Ok::<_, String>(())
        }
    };
    let stop = Stop::default();
    tokio::join!(run(queue, &LANES, stop.clone(), handle), async {
        busy.await;
        stop.ask();
    });
    begun.into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn before_10_000_bulk_tasks_an_urgent_one_waits_for_one_compile_at_most() {
    let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
    let bulk = (0..10_000).map(|node| task(format!("bulk{node}"), Lane::Bulk));
    queue.send_batch(bulk.collect()).await.unwrap();
    let mut sent = Vec::new();
    let agents = async {
        for agent in 0..50 {
            tokio::time::sleep(Duration::from_millis(730)).await;
            let name = format!("agent{agent}");
            sent.push((name.clone(), Instant::now()));
            queue.send(task(name, Lane::Urgent)).await.unwrap();
        }
        tokio::time::sleep(2 * COMPILE).await;
    };
    let begun = begun(Arc::clone(&queue), agents).await;
    for (agent, sent) in sent {
        let waited = begun[&agent] - sent;
        assert!(waited <= COMPILE, "{agent} waited {waited:?}");
    }
    let bulk = begun.keys().filter(|node| node.starts_with("bulk")).count();
    assert!(bulk > 300, "{bulk} others meanwhile");
}

#[tokio::test(start_paused = true)]
async fn bulk_work_goes_on_while_more_agents_wait_than_can_be_served() {
    let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
    let bulk = (0..20).map(|node| task(format!("bulk{node}"), Lane::Bulk));
    queue.send_batch(bulk.collect()).await.unwrap();
    let herd = async {
        for agent in 0..800 {
            let urgent = task(format!("agent{agent}"), Lane::Urgent);
            queue.send(urgent).await.unwrap();
            tokio::time::sleep(COMPILE / 2).await;
        }
    };
    let begun = begun(Arc::clone(&queue), herd).await;
    let bulk = begun.keys().filter(|node| node.starts_with("bulk")).count();
    assert!(bulk >= 20, "{bulk} bulk tasks in the time of 400 compiles");
}

#[tokio::test(start_paused = true)]
async fn an_insistent_stop_gives_begun_work_back() {
    let queue = queue().await;
    let stop = Stop::default();
    let handle = |_| {
        stop.insist();
        std::future::pending::<Result<(), String>>()
    };
    run(Arc::clone(&queue), &UPLOADS, stop.clone(), handle).await;
    let listed = queue.list(Channel::Uploads, 10).await.unwrap();
    assert_eq!(listed[0].standing, Standing::Waiting);
    assert_eq!(listed[0].last_error.as_deref(), Some(STOPPED));
}

#[test]
fn the_wait_stops_growing() {
    assert_eq!(backoff(1), Duration::from_secs(2));
    assert_eq!(backoff(60), Duration::from_secs(64));
}
