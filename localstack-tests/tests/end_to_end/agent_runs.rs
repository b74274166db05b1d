//! A real agent, from its key to a pushed change.

use std::fs;

use bunraku_tests::agent::Agent;
use bunraku_tests::farm::{self, Farm};
use bunraku_tests::{site, tree};

#[test]
fn an_agent_enrols_applies_rests_and_follows_a_push() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    site::copy_of_demo(&code, &root);
    let farm = Farm::start(&dir.path().join("farm"), Some(&code));
    let certname = "agent1.example.test";
    let agent = Agent::new(&dir.path().join("agent"), certname, farm.port);

    // First run: key, certificate, plugins, catalog.
    let first = agent.run();
    first.assert_code(2);
    for pem in ["private_keys", "certs"] {
        assert!(
            agent.dir.join(format!("ssl/{pem}/{certname}.pem")).exists(),
            "{pem}"
        );
    }
    let synced = [
        "lib/facter/demo_role.rb",
        "lib/puppet/type/cron.rb",
        "facts.d/demo_owner.txt",
    ];
    for plugin in synced {
        assert!(
            agent.dir.join("var").join(plugin).exists(),
            "{plugin}\n{}",
            first.output
        );
    }
    let script = code.join("modules/demo/files/hello.sh");
    assert_eq!(tree::text(&root.join("bin/hello")), tree::text(&script));
    assert_eq!(tree::mode(&root.join("bin/hello")), 0o755);
    let motd = tree::text(&root.join("etc/motd"));
    assert!(
        motd.starts_with("Welcome to ") && motd.ends_with("\"100% made of strings\"\n"),
        "{motd}"
    );
    assert_eq!(tree::mode(&root.join("etc/motd")), 0o640);
    assert_eq!(tree::text(&root.join("etc/token")), "token=s3cr3t\n");
    assert_eq!(tree::mode(&root.join("etc/token")), 0o600);
    assert!(
        !first.output.contains("s3cr3t"),
        "a secret was shown:\n{}",
        first.output
    );
    assert_eq!(
        tree::text(&root.join("share/sub/three.txt")),
        "three: caf\u{e9}\n"
    );
    let note = "== Virtual-a ==\n\n 1. collected by tag\n--\n";
    assert_eq!(tree::text(&root.join("notes/virtual-a.txt")), note);
    assert_eq!(tree::mode(&root.join("notes/virtual-a.txt")), 0o604);
    assert!(!root.join("notes/never.txt").exists());
    assert_eq!(
        fs::read_link(root.join("etc/issue")).unwrap(),
        root.join("etc/motd")
    );
    assert_eq!(farm.counter("reports_stored"), 1);

    // Second run: nothing to do, and nothing compiled.
    let (compiles, served) = (farm.counter("compiles"), farm.counter("catalogs_served"));
    agent.run().assert_code(0);
    assert_eq!(farm.counter("compiles"), compiles);
    assert_eq!(farm.counter("catalogs_served"), served + 1);

    // A pushed change is compiled before the agent asks.
    site::replace(
        &code.join("data/common.yaml"),
        "made of strings",
        "made of wood",
    );
    site::replace(&script, "hello from", "greetings from");
    let pushed = farm.push(&code);
    assert_eq!(pushed.status.code(), Some(0), "{}", farm::text(&pushed));
    let summary = farm::json(&pushed);
    assert_eq!(
        summary["uploaded"], 2,
        "unchanged files were sent again: {summary}"
    );
    assert_eq!(
        summary["failed"].as_array().map(Vec::len),
        Some(0),
        "{summary}"
    );
    let compiles_after_push = farm.counter("compiles");
    assert!(compiles_after_push > compiles, "the push compiled nothing");
    let third = agent.run();
    third.assert_code(2);
    assert!(tree::text(&root.join("etc/motd")).ends_with("\"100% made of wood\"\n"));
    assert_eq!(tree::text(&root.join("bin/hello")), tree::text(&script));
    assert!(
        !third.output.contains("Could not back up"),
        "{}",
        third.output
    );
    assert_eq!(
        farm.counter("compiles"),
        compiles_after_push,
        "the agent had to wait for a compile"
    );

    // A release with syntax errors is refused, each error shown, and the catalogs stay.
    let broken = code.join("manifests/broken.pp");
    fs::write(&broken, "class broken {\n  notify { 'x' message => }\n}\n").unwrap();
    fs::write(code.join("manifests/also.pp"), "$a = [1, 2\n").unwrap();
    let refused = farm.push(&code);
    assert_eq!(refused.status.code(), Some(1), "{}", farm::text(&refused));
    let told = farm::text(&refused);
    assert!(told.contains("Syntax error at 'message'"), "{told}");
    assert!(
        told.contains("broken.pp") && told.contains("also.pp"),
        "{told}"
    );
    agent.run().assert_code(0);
    assert_eq!(farm.counter("compiles"), compiles_after_push);
}

#[test]
fn agents_of_the_same_farm_get_their_own_catalogs() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    site::copy_of_demo(&code, &root);
    let farm = Farm::start(&dir.path().join("farm"), Some(&code));
    for name in ["sandbox01.ams.example.test", "other.example.test"] {
        let mut agent = Agent::new(&dir.path().join(name), name, farm.port);
        agent
            .facts
            .push(("demo_role".to_owned(), "sandbox".to_owned()));
        let _ = fs::remove_dir_all(&root);
        agent.run().assert_code(2);
        assert!(tree::text(&root.join("etc/facts.json")).contains(name));
        assert_eq!(
            root.join("notes/only-here.txt").exists(),
            name.starts_with("sandbox01")
        );
        assert!(
            root.join("notes/todo.txt").exists(),
            "the fact of the agent's environment counts"
        );
    }
}
