//! One deployed farm: the stack of `infra/template.yaml`, with a proxy before its functions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bunraku_queue::Queue;
use bunraku_queue::sqs::SqsQueue;
use bunraku_store::Store;
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use super::proxy::Proxy;
use super::{aws, endpoint, kind, repository, succeed};
use crate::{farm, wait_for};

/// A deployed farm; torn down when it is dropped.
pub struct Stack {
    /// Its name, and the prefix of its queues.
    pub name: String,
    /// What the stack says of itself.
    pub outputs: BTreeMap<String, String>,
    /// What the functions' requests go through.
    pub proxy: Proxy,
    /// The store, past the proxy.
    pub store: Store,
    /// The lanes, past the proxy.
    pub queue: Arc<dyn Queue>,
    /// For the store and the lanes.
    pub runtime: Runtime,
}

impl Stack {
    /// Deploys the template as the README tells, with parameters in the place of its defaults.
    #[must_use]
    pub fn deploy(parameters: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("farm-{}-{count}", std::process::id());
        let proxy = Proxy::start(&endpoint());
        apply(&name, &proxy, parameters);
        let outputs = outputs(&name);
        let runtime = Runtime::new().unwrap();
        let (store, queue) = runtime.block_on(async {
            let store = Store::open(&outputs["StoreUrl"]).await.unwrap();
            let queue = SqsQueue::connect(&outputs["QueueUrl"]).await.unwrap();
            (store, queue)
        });
        Self {
            name,
            outputs,
            proxy,
            store,
            queue: Arc::new(queue),
            runtime,
        }
    }

    /// Deploys again, with other parameters.
    pub fn update(&self, parameters: &[&str]) {
        apply(&self.name, &self.proxy, parameters);
    }

    /// Sets after how many seconds the message of a killed function comes again.
    pub fn set_visibility(&self, queue: &str, seconds: u32) {
        let name = format!("{}-{queue}", self.name);
        let url = ["sqs", "get-queue-url", "--output", "text", "--queue-name"];
        let url = succeed(aws(&url).arg(name));
        let url = String::from_utf8(url.stdout).unwrap();
        let attribute = format!("VisibilityTimeout={seconds}");
        succeed(
            aws(&["sqs", "set-queue-attributes", "--queue-url", url.trim()])
                .args(["--attributes", &attribute]),
        );
    }

    /// `bunraku push` of `site` to production, through the bucket.
    #[must_use]
    pub fn push_command(&self, site: &Path) -> Command {
        let mut push = farm::command(&["push"]);
        push.arg(site)
            .args(["--environment", "production", "--json", "--store"])
            .arg(&self.outputs["StoreUrl"])
            .env("AWS_ENDPOINT_URL", endpoint());
        push
    }

    /// The same to its end, which must be a good one; what it printed.
    pub fn push(&self, site: &Path) -> Json {
        farm::json(&succeed(&mut self.push_command(site)))
    }

    /// A command of the program on the stack's store and lanes.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = farm::command(args);
        command
            .env("BUNRAKU_STORE", &self.outputs["StoreUrl"])
            .env("BUNRAKU_QUEUE", &self.outputs["QueueUrl"])
            .env("AWS_ENDPOINT_URL", endpoint());
        command
    }

    /// Waits for what the lanes' work leads to.
    pub fn wait<T>(&self, what: &str, seconds: u64, ask: impl AsyncFn() -> Option<T>) -> T {
        wait_for(what, Duration::from_secs(seconds), || {
            let answer = self.runtime.block_on(ask());
            if answer.is_none() {
                std::thread::sleep(Duration::from_millis(50));
            }
            answer
        })
    }

    /// Processes that run a function (`ingest`, `plan`, `compile`) of this stack.
    #[must_use]
    pub fn processes(&self, function: &str) -> Vec<u32> {
        let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={}-{function}", self.name);
        let runs = |process: &str| {
            let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            let program = fs::read_link(format!("/proc/{process}/exe")).unwrap_or_default();
            program.ends_with("bootstrap")
                && environment
                    .split(|&byte| byte == 0)
                    .any(|entry| entry == wanted.as_bytes())
        };
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.parse::<u32>().is_ok() && runs(name))
            .filter_map(|name| name.parse().ok())
            .collect()
    }
}

/// Packages and deploys.
fn apply(name: &str, proxy: &Proxy, parameters: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let packaged = directory.path().join("packaged.yaml");
    let artifacts = format!("{name}-artifacts");
    let there = aws(&["s3api", "head-bucket", "--bucket", &artifacts]).output();
    if !there.unwrap().status.success() {
        succeed(&mut aws(&["s3", "mb", &format!("s3://{artifacts}")]));
    }
    succeed(
        aws(&["cloudformation", "package", "--s3-bucket", &artifacts])
            .arg("--template-file")
            .arg(repository().join("infra/template.yaml"))
            .arg("--output-template-file")
            .arg(&packaged),
    );
    let endpoint = format!("EndpointUrl={}", proxy.endpoint());
    succeed(
        aws(&["cloudformation", "deploy", "--stack-name", name])
            .arg("--template-file")
            .arg(&packaged)
            .args(["--s3-bucket", &artifacts, "--no-fail-on-empty-changeset"])
            .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
            .args(["--parameter-overrides", "DataRetention=Delete", &endpoint])
            .args(parameters),
    );
    if kind() == "ministack" {
        mend_mappings(name);
    }
}

/// MiniStack keeps a number that came by a parameter as text, and its poller then trips over it.
fn mend_mappings(name: &str) {
    let mine = format!(
        "EventSourceMappings[?contains(EventSourceArn, ':{name}-')].[UUID, ScalingConfig.MaximumConcurrency]"
    );
    let listed = succeed(
        aws(&[
            "lambda",
            "list-event-source-mappings",
            "--output",
            "text",
            "--query",
        ])
        .arg(mine),
    );
    for line in String::from_utf8(listed.stdout).unwrap().lines() {
        let (mapping, concurrency) = line.split_once('\t').unwrap();
        let scaling = format!("MaximumConcurrency={}", concurrency.trim());
        succeed(aws(&["lambda", "update-event-source-mapping"]).args([
            "--uuid",
            mapping,
            "--scaling-config",
            &scaling,
        ]));
    }
}

fn outputs(name: &str) -> BTreeMap<String, String> {
    let described = succeed(&mut aws(&[
        "cloudformation",
        "describe-stacks",
        "--stack-name",
        name,
    ]));
    let described: Json = serde_json::from_slice(&described.stdout).unwrap();
    let outputs = described["Stacks"][0]["Outputs"].as_array().unwrap().iter();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    outputs
        .map(|output| (text(&output["OutputKey"]), text(&output["OutputValue"])))
        .collect()
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
        empty(&self.outputs["BucketName"]);
        // What a failed test leaves must not hide why it failed.
        let _ = aws(&["cloudformation", "delete-stack", "--stack-name", &self.name]).status();
        let wait = ["cloudformation", "wait", "stack-delete-complete"];
        let _ = aws(&wait).args(["--stack-name", &self.name]).status();
    }
}

/// Deletes every version of every object, as `infra/README.md` tells to before a tear-down.
fn empty(bucket: &str) {
    let versions = "{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}}";
    loop {
        let listed = aws(&["s3api", "list-object-versions", "--bucket", bucket])
            .args(["--max-items", "1000", "--query", versions])
            .output();
        let listed = listed.map(|listed| listed.stdout).unwrap_or_default();
        let found = serde_json::from_slice::<Json>(&listed).unwrap_or_default();
        if found["Objects"].as_array().is_none_or(Vec::is_empty) {
            return;
        }
        let deleted = aws(&["s3api", "delete-objects", "--bucket", bucket])
            .args(["--delete", &found.to_string()])
            .output();
        if !deleted.is_ok_and(|deleted| deleted.status.success()) {
            return;
        }
    }
}

impl Stack {
    /// The last lines of the functions' logs, for a test that failed.
    fn show_logs(&self) {
        use std::io::Write as _;
        for function in ["ingest", "plan", "compile"] {
            let group = format!("/aws/lambda/{}-{function}", self.name);
            let logs = aws(&["logs", "filter-log-events", "--log-group-name", &group])
                .args(["--query", "events[-40:].message", "--output", "text"])
                .output();
            let logs = logs.map(|logs| farm::text(&logs)).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "== {group}\n{logs}");
        }
    }
}
