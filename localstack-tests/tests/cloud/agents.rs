//! Real agents, served by edges on this host.

use std::fs;

use bunraku_tests::agent::Agent;
use bunraku_tests::cloud::edge::Edge;
use bunraku_tests::cloud::{Stack, succeed};
use bunraku_tests::{farm, site};

use super::{small_site, wait_for_text, write_text};

/// Compiles and requests of the functions so far.
fn compiled(stack: &Stack) -> usize {
    let catalogs = |seen: &&bunraku_tests::cloud::proxy::Seen| {
        seen.operation == "PutObject" && seen.key.starts_with("catalogs/")
    };
    stack.proxy.seen().iter().filter(catalogs).count()
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn an_agent_is_served_through_any_edge_and_compiled_for_when_its_facts_are_new() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    site::copy_of_demo(&code, &root);
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    let log = dir.path().join("edge.log");
    let authority = dir.path().join("ca");
    let authority = authority.to_str().unwrap();
    let with_authority = [
        "--ca-dir",
        authority,
        "--autosign",
        "all",
        "--events",
        &stack.outputs["PublishedTopicArn"],
    ];
    let mut edge = Edge::start(&stack, &log, &with_authority);

    // A node that nobody has heard of: facts, an urgent compile, and the catalog within one run.
    let certname = "agent1.example.test";
    let agent = Agent::new(&dir.path().join("agent"), certname, edge.port);
    let before = compiled(&stack);
    agent.run().assert_code(2);
    assert!(compiled(&stack) > before, "compiled by a function");
    assert!(root.join("etc/motd").exists());
    let before = compiled(&stack);
    agent.run().assert_code(0);
    assert_eq!(compiled(&stack), before, "nothing to compile");

    // A pushed change is there before the agent asks, also for an edge that was just started anew.
    edge.kill();
    let edge = Edge::start_on(&stack, &log, &with_authority, edge.port);
    site::replace(
        &code.join("data/common.yaml"),
        "made of strings",
        "made of wood",
    );
    stack.push(&code);
    let before = compiled(&stack);
    agent.run().assert_code(2);
    let motd = fs::read_to_string(root.join("etc/motd")).unwrap();
    assert!(motd.ends_with("\"100% made of wood\"\n"), "{motd}");
    assert_eq!(compiled(&stack), before);

    // A second edge, that knows the authority's certificate and no more.
    let data = dir.path().to_str().unwrap();
    let made = generate(data, &["edge2.example.test", "--name", "edge2"]);
    let path = |name: &str| made[name].as_str().unwrap();
    let without = [
        "--certificate",
        path("certificate"),
        "--key",
        path("key"),
        "--ca-certificate",
        path("ca_certificate"),
        "--crl",
        path("crl"),
    ];
    let second = Edge::start(&stack, &log, &without);
    let mut elsewhere = Agent::new(&dir.path().join("agent"), certname, second.port);
    let role = ("demo_role".to_owned(), "sandbox".to_owned());
    elsewhere.facts.push(role);
    // Its facts are new: compiled again, by a function that the other edge's queue feeds, too.
    let before = compiled(&stack);
    elsewhere.run().assert_code(2);
    assert!(compiled(&stack) > before);
    assert!(root.join("notes/todo.txt").exists());
    drop((edge, second));
}

/// What `bunraku ca generate` made below a data directory.
fn generate(data: &str, args: &[&str]) -> serde_json::Value {
    let command = ["ca", "generate", "--json", "--data", data];
    farm::json(&succeed(&mut farm::command(&[&command, args].concat())))
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn an_administrator_without_rights_in_the_bucket_pushes_through_an_edge() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 5, "first");
    let stack = Stack::deploy(&[]);
    let data = dir.path().to_str().unwrap();
    let admin = generate(data, &["admin.example.test", "--admin"]);
    let authority = format!("{data}/ca");
    let edge = Edge::start(
        &stack,
        &dir.path().join("edge.log"),
        &["--ca-dir", &authority],
    );
    let push = |certificate: &serde_json::Value| {
        let path = |name: &str| certificate[name].as_str().unwrap().to_owned();
        let mut push = farm::command(&["push", "--environment", "production", "--json"]);
        push.arg(&code)
            .args(["--store", &format!("https://localhost:{}", edge.port)])
            .args(["--certificate", &path("certificate"), "--key", &path("key")])
            .args(["--ca", &path("ca_certificate")])
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .output()
            .unwrap()
    };
    for (text, compiled) in [("first", 5), ("second", 5)] {
        write_text(&code, text);
        let pushed = push(&admin);
        assert_eq!(pushed.status.code(), Some(0), "{}", farm::text(&pushed));
        assert_eq!(farm::json(&pushed)["compiled"], compiled);
        wait_for_text(&stack, &nodes, text, 1);
    }
    // A node's certificate is not enough.
    let node = generate(data, &["node.example.test"]);
    let refused = push(&node);
    assert_ne!(refused.status.code(), Some(0));
    assert!(
        farm::text(&refused).contains("403"),
        "{}",
        farm::text(&refused)
    );
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn an_agent_with_two_servers_sees_no_gap_while_each_of_them_is_down() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    small_site(&code, 1, "first");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    let authority = dir.path().join("ca");
    let options = ["--ca-dir", authority.to_str().unwrap(), "--autosign", "all"];
    let log = dir.path().join("edge.log");
    let mut first = Edge::start(&stack, &log, &options);
    let mut second = Edge::start(&stack, &log, &options);
    let mut agent = Agent::new(&dir.path().join("agent"), "agent.example.test", first.port);
    agent.ports.push(second.port);
    let sees = |agent: &Agent, text: &str| {
        let run = agent.run();
        run.assert_code(2);
        assert!(run.output.contains(&format!("'{text}'")), "{}", run.output);
    };
    sees(&agent, "first");
    first.kill();
    sees(&agent, "first");
    // What happens meanwhile is there on the way back, too.
    write_text(&code, "second");
    stack.push(&code);
    sees(&agent, "second");
    first = Edge::start_on(&stack, &log, &options, first.port);
    second.kill();
    sees(&agent, "second");
    drop((first, second));
}
