//! A release comes to real agents stage by stage, and a bad one stops and is taken back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use bunraku_tests::agent::Agent;
use bunraku_tests::farm::{self, Farm};
use bunraku_tests::{site, wait_for};
use serde_json::Value as Json;

const PATIENCE: Duration = Duration::from_secs(120);

/// A canary; the others when it has reported.
const PLAN: &str =
    "stages:\n- name: canary\n  certname: web1*\ngate:\n  reports: 100%\n  silence: 1 day\n";

/// Each node has a file with the same text.
fn write_site(code: &Path, root: &Path) {
    let root = root.display();
    let manifest = format!(
        "file {{ \"{root}/${{trusted['certname']}}\": ensure => file, content => 'one' }}\n"
    );
    fs::create_dir_all(code.join("manifests")).unwrap();
    fs::write(code.join("manifests/site.pp"), manifest).unwrap();
}

/// The command on a farm.
struct Rollouts {
    store: String,
    plan: PathBuf,
}

/// The same through the farm's edge, as an administrator who does not reach its store.
fn through_edge(farm: &Farm, command: &str) -> Output {
    let (edge, ca) = (format!("https://localhost:{}", farm.port), farm.authority());
    let file = |path: &str| ca.join(path).display().to_string();
    let files = [
        "signed/bunraku-admin.pem",
        "private/bunraku-admin.pem",
        "ca_crt.pem",
    ];
    let [certificate, key, authority] = files.map(file);
    farm::run(&[
        "rollout",
        command,
        "--json",
        "--store",
        &edge,
        "--certificate",
        &certificate,
        "--key",
        &key,
        "--ca",
        &authority,
    ])
}

impl Rollouts {
    fn run(&self, command: &str, more: &[&str]) -> Output {
        let fixed = ["rollout", command, "--json", "--store", &self.store];
        farm::run(&[&fixed, more].concat())
    }

    fn done(&self, command: &str, more: &[&str]) -> Json {
        let output = self.run(command, more);
        assert_eq!(output.status.code(), Some(0), "{}", farm::text(&output));
        farm::json(&output)
    }

    fn start(&self, code: &Path, name: &str) {
        let (code, plan) = (code.display().to_string(), self.plan.display().to_string());
        let started = self.done("start", &[&code, "--plan", &plan, "--name", name]);
        assert_eq!(started["rollout"], name);
    }

    /// A rollout, and the exit code of `status`.
    fn status(&self, name: &str) -> (Json, Option<i32>) {
        let output = self.run("status", &[]);
        let json = farm::json(&output);
        let mut rollouts = json["rollouts"].as_array().unwrap().iter();
        let rollout = rollouts.find(|rollout| rollout["name"] == name);
        (rollout.cloned().unwrap_or_default(), output.status.code())
    }

    fn wait(&self, what: &str, name: &str, is_so: impl Fn(&Json) -> bool) -> Json {
        wait_for(what, PATIENCE, || {
            Some(self.status(name).0).filter(|rollout| is_so(rollout))
        })
    }
}

#[test]
fn a_canary_comes_first_and_a_bad_release_stops_there_and_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    fs::create_dir_all(&root).unwrap();
    write_site(&code, &root);
    let rollouts = Rollouts {
        store: dir.path().join("farm/store").display().to_string(),
        plan: dir.path().join("rollout.yaml"),
    };
    fs::write(&rollouts.plan, PLAN).unwrap();
    let farm = Farm::start(&dir.path().join("farm"), Some(&code));
    let agents = ["web1", "web2", "web3"].map(|name| {
        let certname = format!("{name}.example.test");
        Agent::new(&dir.path().join(name), &certname, farm.port)
    });
    for agent in &agents {
        agent.run().assert_code(2);
    }
    let text = |agent: &Agent| fs::read_to_string(root.join(&agent.certname)).unwrap();
    let manifest = code.join("manifests/site.pp");

    // A good release: the canary alone, then all.
    site::replace(&manifest, "'one'", "'two'");
    rollouts.start(&code, "good");
    let open = |rollout: &Json| rollout["stages"][0]["opened_at"].is_string();
    rollouts.wait("the canary's stage", "good", open);
    agents[1].run().assert_code(0);
    assert_eq!(text(&agents[1]), "one");
    agents[0].run().assert_code(2);
    assert_eq!(text(&agents[0]), "two");
    rollouts.wait("the end", "good", |rollout| rollout["state"] == "done");
    for agent in &agents[1..] {
        agent.run().assert_code(2);
        assert_eq!(text(agent), "two");
    }

    // A bad one: it compiles, and its run fails.
    let good = fs::read_to_string(&manifest).unwrap();
    let bad = good.replace("'two'", "'three'") + "exec { '/bin/false': }\n";
    fs::write(&manifest, bad).unwrap();
    rollouts.start(&code, "bad");
    rollouts.wait("the canary's stage", "bad", open);
    let failed = agents[0].run();
    assert!([4, 6].contains(&failed.code), "{}", failed.output);
    let paused = rollouts.wait("the gate", "bad", |rollout| rollout["state"] == "paused");
    let why = paused["why"].as_str().unwrap();
    assert!(
        why.contains("1 of 1 nodes with the release failed"),
        "{why}"
    );
    assert_eq!(paused["trouble"][0]["node"], "web1.example.test");
    assert_eq!(rollouts.status("bad").1, Some(1));
    for agent in &agents[1..] {
        agent.run().assert_code(0);
        assert_eq!(text(agent), "two");
    }
    // Nothing gets past it, and the person is told.
    fs::write(&manifest, good.replace("'two'", "'four'")).unwrap();
    let push = farm.push(&code);
    assert_eq!(push.status.code(), Some(1));
    assert!(
        farm::text(&push).contains("rollout bad is under way"),
        "{}",
        farm::text(&push)
    );

    // One command, and the node has what it had: nothing is compiled for it.
    let compiles = farm.counter("compiles");
    let seen = through_edge(&farm, "status");
    assert_eq!(seen.status.code(), Some(1), "{}", farm::text(&seen));
    let undone = through_edge(&farm, "undo");
    assert_eq!(undone.status.code(), Some(0), "{}", farm::text(&undone));
    assert_eq!(farm::json(&undone)["rollout"], "bad");
    agents[0].run().assert_code(2);
    assert_eq!(text(&agents[0]), "two");
    assert_eq!(farm.counter("compiles"), compiles);
    let log = rollouts.status("bad").0["log"].to_string();
    assert!(
        log.contains("opened stage 1") && log.contains("(certificate bunraku-admin)"),
        "{log}"
    );
    let again = rollouts.run("undo", &[]);
    assert_eq!(again.status.code(), Some(1), "{}", farm::text(&again));
    assert_eq!(farm.push(&code).status.code(), Some(0));
    agents[0].run().assert_code(2);
    assert_eq!(text(&agents[0]), "four");
}
