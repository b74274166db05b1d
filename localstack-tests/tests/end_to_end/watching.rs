//! A node that watches runs its agent when its own catalog changed, and only then.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

use bunraku_tests::agent::Agent;
use bunraku_tests::farm::{self, Farm};
use bunraku_tests::{site, tree, wait_for};

const PATIENCE: Duration = Duration::from_secs(120);

/// `bunraku watch` on an agent's node; killed when dropped.
struct Watch(Child);

impl Watch {
    fn start(agent: &Agent, port: u16) -> Self {
        let file = |name: &str| agent.dir.join(name).display().to_string();
        let log = File::create(agent.dir.join("watch.log")).unwrap();
        let mut watch = farm::command(&["watch", "--json", "--exec", &agent.line()]);
        watch.args(["--server", &format!("localhost:{port}")]);
        watch.args(["--ssldir", &file("ssl"), "--certname", &agent.certname]);
        watch.args(["--state", &file("watch.json"), "--lock"]);
        watch.arg(agent.lock()).stdout(Stdio::null()).stderr(log);
        Self(watch.spawn().unwrap())
    }

    /// SIGTERM, as a service manager ends it; the exit code.
    fn terminate(mut self) -> Option<i32> {
        let kill = std::process::Command::new("kill")
            .arg(self.0.id().to_string())
            .status();
        assert!(kill.unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_push_runs_the_agents_of_those_nodes_whose_catalogs_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    site::copy_of_demo(&code, &root);
    let mut farm = Farm::start(&dir.path().join("farm"), Some(&code));
    let agent = Agent::new(&dir.path().join("agent"), "agent1.example.test", farm.port);
    agent.run().assert_code(2);
    let motd = root.join("etc/motd");
    let watch = Watch::start(&agent, farm.port);
    let reports = tree::files(&farm.store().join("reports")).len();
    let runs = |farm: &Farm| tree::files(&farm.store().join("reports")).len() - reports;
    let log = || tree::text(&agent.dir.join("watch.log"));
    // It does not know what was applied before it came: it makes sure.
    wait_for("the first run", PATIENCE, || {
        (runs(&farm) == 1).then_some(())
    });

    // A push that changes this node's catalog.
    let data = code.join("data/common.yaml");
    site::replace(&data, "made of strings", "made of wood");
    assert_eq!(farm.push(&code).status.code(), Some(0));
    wait_for("the second run", PATIENCE, || {
        (runs(&farm) == 2).then_some(())
    });
    assert!(
        tree::text(&motd).ends_with("\"100% made of wood\"\n"),
        "{}",
        log()
    );

    // One that changes only others' catalogs; then the edge is gone for a while, and this node's changes meanwhile.
    let other = code.join("data/nodes/db01.ams.example.test.yaml");
    let text = tree::text(&other);
    std::fs::write(&other, format!("{text}\n# nothing\n")).unwrap();
    assert_eq!(farm.push(&code).status.code(), Some(0));
    farm.kill_and_restart();
    site::replace(&data, "made of wood", "made of paper");
    assert_eq!(farm.push(&code).status.code(), Some(0));
    wait_for("the third run", PATIENCE, || {
        (runs(&farm) == 3).then_some(())
    });
    assert!(
        tree::text(&motd).ends_with("\"100% made of paper\"\n"),
        "{}",
        log()
    );

    assert_eq!(watch.terminate(), Some(0), "{}", log());
    // Who starts again has nothing to do, or is told what it missed.
    let state = agent.dir.join("watch.json");
    let before = tree::text(&state);
    let watch = Watch::start(&agent, farm.port);
    site::replace(&data, "made of paper", "made of string");
    assert_eq!(farm.push(&code).status.code(), Some(0));
    wait_for("the fourth run", PATIENCE, || {
        (runs(&farm) == 4).then_some(())
    });
    wait_for("its end", PATIENCE, || {
        (tree::text(&state) != before).then_some(())
    });
    assert_eq!(watch.terminate(), Some(0), "{}", log());
    assert_eq!(runs(&farm), 4, "{}", log());
}
