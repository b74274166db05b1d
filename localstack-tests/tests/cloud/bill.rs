//! The bill of `bunraku infra cost` rests on numbers of requests: each step's, counted.

use bunraku_tests::agent::Agent;
use bunraku_tests::cloud::edge::Edge;
use bunraku_tests::cloud::proxy::{Proxy, Seen};
use bunraku_tests::cloud::{Stack, endpoint, succeed};
use bunraku_tests::farm::{json, run};
use serde_json::Value as Json;

use super::{small_site, wait_for_text, write_text};

const NODES: usize = 20;

/// What the bill takes for requests, by step and kind.
struct Assumptions(Json);

impl Assumptions {
    fn read() -> Self {
        let site = [
            "--nodes",
            "1",
            "--runs-per-day",
            "1",
            "--changes-per-day",
            "1",
        ];
        let cost = run(&[&["infra", "cost", "--json"][..], &site].concat());
        Self(json(&cost)["assumptions"].take())
    }

    fn of(&self, step: &str, kind: &str) -> f64 {
        let number = self.0[step][kind].as_f64();
        number.unwrap_or_else(|| panic!("no {kind} of {step} in {}", self.0))
    }
}

/// How many of some requests S3 charges as GET, as PUT, and as LIST.
#[derive(Clone, Copy, Debug)]
struct Counted {
    get: f64,
    put: f64,
    list: f64,
}

impl Counted {
    fn of<'a>(seen: impl IntoIterator<Item = &'a Seen>, share: usize) -> Self {
        let seen: Vec<&Seen> = seen.into_iter().collect();
        let count = |operations: &[&str]| {
            let matching = |seen: &&&Seen| operations.contains(&seen.operation.as_str());
            seen.iter().filter(matching).count() as f64 / share as f64
        };
        Self {
            get: count(&["GetObject", "HeadObject"]),
            put: count(&["PutObject"]),
            list: count(&["ListObjectsV2"]),
        }
    }

    /// Within a tenth of what the bill takes for this step, or a third of a request.
    fn assert_is(self, assumptions: &Assumptions, step: &str) {
        for (kind, counted) in [("get", self.get), ("put", self.put), ("list", self.list)] {
            let assumed = assumptions.of(step, kind);
            assert!(
                (counted - assumed).abs() <= (assumed / 10.0).max(0.34),
                "{step}: {counted} {kind} counted, {assumed} in the bill"
            );
        }
    }

    /// Not more than the bill takes for these steps, nor less than a third of it: how many workers
    /// open a release, and how many files are new, differs.
    fn assert_is_at_most(self, assumptions: &Assumptions, steps: &[&str]) {
        for (kind, counted) in [("get", self.get), ("put", self.put), ("list", self.list)] {
            let assumed: f64 = steps.iter().map(|step| assumptions.of(step, kind)).sum();
            assert!(
                (assumed / 3.0..=assumed).contains(&counted),
                "{steps:?}: {counted} {kind} counted, {assumed} in the bill"
            );
        }
    }
}

/// Whether AWS would be asked, too: only other servers must show that they know conditions.
fn of_aws(seen: &Seen) -> bool {
    !seen.key.starts_with("probe/")
}

/// Whether a request is about a single node.
fn of_a_node(seen: &&Seen) -> bool {
    let kinds = ["pointers/", "facts/", "catalogs/"];
    kinds.iter().any(|kind| seen.key.starts_with(kind))
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn each_step_asks_for_what_the_bill_says() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, NODES, "first");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    let assumptions = Assumptions::read();

    // Every node's catalog changes.
    stack.proxy.forget();
    write_text(&code, "second");
    let pusher = Proxy::start(&endpoint());
    let mut push = stack.push_command(&code);
    succeed(push.env("AWS_ENDPOINT_URL", pusher.endpoint()));
    wait_for_text(&stack, &nodes, "second", 60);
    let mut functions = stack.proxy.seen();
    functions.retain(of_aws);
    let mut pushed = pusher.seen();
    pushed.retain(of_aws);
    let (of_nodes, of_push): (Vec<_>, Vec<_>) = functions.iter().partition(of_a_node);
    Counted::of(of_nodes, NODES).assert_is(&assumptions, "per_compiled_node");
    let (awaited, sent): (Vec<_>, Vec<_>) = pushed.iter().partition(of_a_node);
    Counted::of(awaited, NODES).assert_is_at_most(&assumptions, &["per_awaited_node"]);
    let push = Counted::of(of_push.into_iter().chain(sent), 1);
    push.assert_is_at_most(&assumptions, &["per_push", "per_thousand_nodes_listed"]);

    // Agents whose catalogs hold, at edges that remember nothing.
    let authority = dir.path().join("ca");
    let options = ["--ca-dir", authority.to_str().unwrap(), "--autosign", "all"];
    let log = dir.path().join("edge.log");
    let between = Proxy::start(&endpoint());
    let agent = |edge: &Edge| {
        let agent = Agent::new(&dir.path().join("agent"), "agent.example.test", edge.port);
        // Its message is always a change.
        agent.run().assert_code(2);
    };
    agent(&Edge::start(&stack, &log, &options));
    for _ in 0..2 {
        let edge = Edge::start_through(&between, &stack, &log, &options);
        between.forget();
        agent(&edge);
        let seen = between.seen();
        // Once in a while, for all agents.
        let shared = ["environments/", "releases/"];
        let of_run =
            |seen: &&Seen| of_aws(seen) && !shared.iter().any(|kind| seen.key.starts_with(kind));
        Counted::of(seen.iter().filter(of_run), 1).assert_is(&assumptions, "per_agent_run");
    }
}
