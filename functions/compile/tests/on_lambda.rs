//! The function as Lambda runs it: its program, against stand-ins of the runtime API and of SQS, with a
//! store in a directory.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bunraku_farm::documents::{EnvironmentDoc, FactsDoc, FileEntry, ReleaseManifest};
use bunraku_farm::messages::{Cause, CompileTask, Lane, Message, NodeSelection, PlanTask};
use bunraku_farm::{Certname, CodePath, EnvironmentName};
use bunraku_store::Store;
use bunraku_tests::loopback::{self, Response};
use bunraku_tests::runtime_api::{FUNCTION, Running, RuntimeApi, TRACE, sqs_event};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bunraku-compile");
/// The function's timeout: enough for a debug build's compile on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How long the tests wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
const TEST_EVENT: &str = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;

const SITE: &str = "
node 'slow' { Integer[1, 100000].each |$i| { Integer[1, 100000].each |$j| { } } }
node 'wrong' { fail('no such luck') }
node default { file { '/etc/motd': content => $facts['motd'] } }
";

/// A store with [`SITE`] as the release of `production`, and facts of four nodes, one of them damaged.
struct World {
    directory: TempDir,
    store: Store,
    environment: EnvironmentDoc,
}

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

impl World {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let store = Store::open_directory(&directory.path().join("store"))
            .await
            .unwrap();
        let (digest, _) = store.put_blob(SITE.to_owned()).await.unwrap();
        let (size, mode) = (SITE.len() as u64, 0o644);
        let path = CodePath::parse("manifests/site.pp").unwrap();
        let files = BTreeMap::from([(path, FileEntry { digest, size, mode })]);
        let manifest = ReleaseManifest::new(files);
        store.seal_release(&production(), &manifest).await.unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let advance =
            |current: Option<&_>| EnvironmentDoc::advance(current, manifest.release, None, now);
        let environment = store
            .update_environment(&production(), advance)
            .await
            .unwrap();
        let world = Self {
            directory,
            store,
            environment: environment.value.unwrap(),
        };
        for node in ["good", "slow", "wrong", "damaged"] {
            let values = Map::from_iter([("motd".to_owned(), "hello".into())]);
            let certname = Certname::parse(node).unwrap();
            let facts = FactsDoc::new(certname, production(), values, now);
            world.store.put_facts(&facts).await.unwrap();
        }
        fs::write(world.file("store/facts/damaged.json"), "{").unwrap();
        world
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn task(&self, node: &str) -> String {
        let message = Message::from(CompileTask {
            environment: production(),
            certname: Certname::parse(node).unwrap(),
            release: self.environment.release,
            sequence: self.environment.sequence,
            lane: Lane::Urgent,
            cause: Cause::Request,
            enqueued_at: Timestamp::UNIX_EPOCH,
        });
        serde_json::to_string(&message).unwrap()
    }

    fn plan(&self) -> String {
        let message = Message::from(PlanTask {
            environment: production(),
            release: self.environment.release,
            sequence: self.environment.sequence,
            cause: Cause::Manual,
            nodes: NodeSelection::All,
        });
        serde_json::to_string(&message).unwrap()
    }

    /// Starts the function; its outputs go to the files `out` and `err`.
    fn start(&self, api: &RuntimeApi, sqs: &Sqs) -> Running {
        let mut command = self.command(api);
        command.env("AWS_ENDPOINT_URL", format!("http://{}", sqs.address));
        Running(command.spawn().unwrap())
    }

    fn command(&self, api: &RuntimeApi) -> Command {
        let mut command = api.command(Path::new(PROGRAM));
        command
            .env(
                "BUNRAKU_STORE",
                format!("file://{}", self.file("store").display()),
            )
            .env("BUNRAKU_QUEUE", "sqs://farm")
            .stdout(File::create(self.file("out")).unwrap())
            .stderr(File::create(self.file("err")).unwrap());
        command
    }

    /// The JSON objects of one of the function's outputs; anything else fails the test.
    fn lines(&self, name: &str) -> Vec<Json> {
        let text = fs::read_to_string(self.file(name)).unwrap();
        let lines = text.lines().map(|line| match serde_json::from_str(line) {
            Ok(line @ Json::Object(_)) => line,
            other => panic!("{line} is no object: {other:?}"),
        });
        lines.collect()
    }
}

/// A stand-in for SQS that remembers what it was asked.
struct Sqs {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, Json)>>>,
}

impl Sqs {
    fn start() -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let address = loopback::serve(move |request| {
            let action = request.header("x-amz-target").replace("AmazonSQS.", "");
            let body: Json = serde_json::from_slice(&request.body).unwrap();
            let answer = match &*action {
                "GetQueueUrl" => {
                    let name = body["QueueName"].as_str().unwrap();
                    json!({"QueueUrl": format!("http://{}/000000000000/{name}", request.header("host"))})
                }
                "SendMessage" => json!({"MessageId": "m", "MD5OfMessageBody": ""}),
                "ChangeMessageVisibility" => json!({}),
                other => panic!("{other} is not expected"),
            };
            if action != "GetQueueUrl" {
                remembered.lock().unwrap().push((action, body));
            }
            Response {
                status: 200,
                headers: vec![("content-type".into(), "application/x-amz-json-1.0".into())],
                body: answer.to_string().into_bytes(),
            }
        });
        Self { address, asked }
    }

    /// What was asked with this action since the last call, in some order.
    fn take(&self, action: &str) -> Vec<Json> {
        let mut asked = self.asked.lock().unwrap();
        let (taken, left) = asked.drain(..).partition(|(name, _)| name == action);
        *asked = left;
        let taken: Vec<(String, Json)> = taken;
        taken.into_iter().map(|(_, body)| body).collect()
    }

    /// Bodies and reasons of the dead letters of the lane `urgent` since the last call.
    fn buried(&self) -> BTreeMap<String, String> {
        let letters = self.take("SendMessage").into_iter().map(|letter| {
            let url = letter["QueueUrl"].as_str().unwrap();
            assert!(url.ends_with("/farm-urgent-dead"), "{url}");
            let body = letter["MessageBody"].as_str().unwrap().to_owned();
            let reason = letter["MessageAttributes"]["reason"]["StringValue"].as_str();
            (body, reason.unwrap().to_owned())
        });
        letters.collect()
    }

    /// Receipts and delays in seconds of the messages of `urgent` given back since the last call.
    fn given_back(&self) -> BTreeMap<String, u64> {
        let delayed = self
            .take("ChangeMessageVisibility")
            .into_iter()
            .map(|asked| {
                let url = asked["QueueUrl"].as_str().unwrap();
                assert!(url.ends_with("/farm-urgent"), "{url}");
                let receipt = asked["ReceiptHandle"].as_str().unwrap().to_owned();
                (receipt, asked["VisibilityTimeout"].as_u64().unwrap())
            });
        delayed.collect()
    }
}

fn failures(answer: &Json) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    failures
        .map(|failure| failure["itemIdentifier"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_mixed_event_is_answered_in_time_with_each_item_s_own_result() {
    let world = World::new().await;
    let (api, sqs) = (RuntimeApi::start(), Sqs::start());
    let (gibberish, plan) = ("gibberish".to_owned(), world.plan());
    let bodies = [
        world.task("good"),
        gibberish.clone(),
        plan.clone(),
        world.task("slow"),
        world.task("damaged"),
        TEST_EVENT.to_owned(),
        world.task("good"),
        world.task("wrong"),
    ];
    let _function = world.start(&api, &sqs);
    api.invoke("one", &sqs_event("urgent", 2, &bodies), TIMEOUT);
    let answer = api.answer(PATIENCE);
    assert!(answer.took < TIMEOUT, "{:?}", answer.took);
    assert_eq!(failures(&answer.result.unwrap()), ["m3", "m4"]);

    let buried = sqs.buried();
    assert_eq!(buried.len(), 2, "{buried:?}");
    assert!(buried[&gibberish].starts_with("the message can't be read: "));
    assert!(buried[&plan].starts_with("the message is not a compile task"));
    let given_back = [("r3".to_owned(), 4), ("r4".to_owned(), 4)];
    assert_eq!(sqs.given_back(), BTreeMap::from(given_back));

    let pointer = |node| {
        let (store, node) = (&world.store, Certname::parse(node).unwrap());
        async move { store.pointer(&production(), &node).await.unwrap() }
    };
    assert!(pointer("good").await.unwrap().catalog.is_some());
    let failure = pointer("wrong").await.unwrap().failure.unwrap();
    assert!(failure.error.contains("no such luck"), "{failure:?}");
    assert!(pointer("slow").await.is_none());

    // The last attempt of what fails; one process serves many events.
    api.invoke(
        "two",
        &sqs_event("urgent", 5, &[world.task("damaged"), world.task("good")]),
        TIMEOUT,
    );
    let answer = api.answer(PATIENCE);
    assert!(failures(&answer.result.unwrap()).is_empty());
    let reason = sqs.buried().remove(&world.task("damaged")).unwrap();
    assert!(reason.contains("facts/damaged.json is damaged"), "{reason}");
    assert!(sqs.given_back().is_empty());

    // An event of something else is an error of the whole invocation.
    api.invoke(
        "three",
        &json!({"Records": [{"eventSource": "aws:s3"}]}),
        TIMEOUT,
    );
    let answer = api.answer(PATIENCE);
    let error = answer.result.unwrap_err();
    assert_eq!(error["errorType"], "EventError");
    let text = error["errorMessage"].as_str().unwrap();
    assert!(text.starts_with("this is no event of SQS: "), "{text}");

    check_metrics(&world.lines("out"));
    check_log(&world.lines("err"));
}

fn check_metrics(lines: &[Json]) {
    let expected = [
        json!({"items": 8, "failed": 2, "buried": 2, "given_back": 2, "cold_start": 1, "compiles": 2, "compiles_failed": 1}),
        json!({"items": 2, "failed": 1, "buried": 1, "given_back": 0, "cold_start": 0, "compiles_skipped": 1}),
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert_eq!(
            (&line["Function"], &line["Lane"]),
            (&FUNCTION.into(), &"urgent".into())
        );
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Bunraku");
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name} of {line}");
        }
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(
                line[metric["Name"].as_str().unwrap()].is_number(),
                "{metric}"
            );
        }
    }
}

fn check_log(lines: &[Json]) {
    for line in lines {
        assert!(
            line["time"].as_str().unwrap().parse::<Timestamp>().is_ok(),
            "{line}"
        );
        assert_eq!(
            (&line["function"], &line["version"]),
            (&FUNCTION.into(), &"$LATEST".into())
        );
        assert!(
            line["message"].is_string() && line["level"].is_string(),
            "{line}"
        );
    }
    let about = |node: &str| lines.iter().find(|line| line["node"] == node);
    let good = about("good").expect("a line about the node");
    for (name, value) in [
        ("request_id", "one"),
        ("environment", "production"),
        ("trace", TRACE),
    ] {
        assert_eq!(good[name], value, "{good}");
    }
    assert_eq!(good["release"].as_str().unwrap().len(), 12);
    let overran = "would not end before the function's timeout of 15 s";
    let overran = lines
        .iter()
        .find(|line| line["reason"] == overran)
        .expect("a line about `slow`");
    assert_eq!(
        (&overran["message_id"], &overran["attempt"]),
        (&"m3".into(), &2.into())
    );
}

#[tokio::test]
async fn a_variable_that_is_missing_is_named_in_the_log() {
    let world = World::new().await;
    let mut command = world.command(&RuntimeApi::start());
    command.env_remove("BUNRAKU_QUEUE");
    assert_eq!(command.status().unwrap().code(), Some(1));
    let lines = world.lines("err");
    let last = lines.last().unwrap();
    let text = last["message"].as_str().unwrap();
    assert!(text.contains("BUNRAKU_QUEUE is not set"), "{text}");
    assert_eq!(last["level"], "ERROR");
}
