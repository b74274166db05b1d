//! Real agents, served by edges on this host.

use std::fs;

use bunraku_tests::agent::Agent;
use bunraku_tests::cloud::Stack;
use bunraku_tests::cloud::edge::Edge;
use bunraku_tests::site;

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
    let pem = |path: &str| format!("{authority}/{path}");
    let (certificates, keys) = (pem("signed"), pem("private"));
    let own = fs::read_dir(&keys).unwrap().filter_map(Result::ok);
    let server = own
        .map(|entry| entry.file_name().into_string().unwrap())
        .find(|name| !name.contains("admin"))
        .unwrap();
    let (certificate, key) = (
        format!("{certificates}/{server}"),
        format!("{keys}/{server}"),
    );
    let (ca, crl) = (pem("ca_crt.pem"), pem("ca_crl.pem"));
    let without = [
        "--certificate",
        &certificate,
        "--key",
        &key,
        "--ca-certificate",
        &ca,
        "--crl",
        &crl,
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
