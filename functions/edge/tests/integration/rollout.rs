//! Nodes between two releases: each gets what is its own, at once, and what its runs come to is taken down.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use bunraku_farm::documents::{EnvironmentDoc, FileEntry, ReleaseManifest, SiteSettings};
use bunraku_farm::messages::{Cause, CompileTask, Lane};
use bunraku_farm::rollout::advance::{Action, Seen, Staged, next};
use bunraku_farm::rollout::command::{self, Actor, Asked};
use bunraku_farm::rollout::{OutcomeDoc, RolloutMembers};
use bunraku_farm::{Certname, CodePath, Digest};
use bunraku_store::{Key, Store};
use hyper::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use crate::client::Client;
use crate::support::{TestFarm, facts, one, production};

const IN: &str = "in.example.test";
const OUT: &str = "out.example.test";
const FILE: &str = "modules/a/files/motd";

fn node(name: &str) -> Certname {
    Certname::parse(name).unwrap()
}

async fn environment(store: &Store) -> EnvironmentDoc {
    store.environment(&production()).await.unwrap().unwrap()
}

async fn write(store: &Store, document: EnvironmentDoc) {
    let write = |_: Option<&EnvironmentDoc>| Some(document.clone());
    store
        .update_environment(&production(), write)
        .await
        .unwrap();
}

/// Stores a release without making it current.
async fn seal(store: &Store, text: &str) -> Digest {
    let (digest, _) = store.put_blob(text.as_bytes().to_vec()).await.unwrap();
    let entry = FileEntry {
        digest,
        size: text.len() as u64,
        mode: 0o755,
    };
    let files = BTreeMap::from([(CodePath::parse(FILE).unwrap(), entry)]);
    let manifest = ReleaseManifest::new(files);
    store.seal_release(&production(), &manifest).await.unwrap();
    manifest.release
}

fn by() -> Actor<'static> {
    Actor {
        who: "me@here",
        at: Timestamp::now(),
    }
}

/// Begins a rollout whose first stage is one node, with its catalog made and the stage closed.
async fn begin(store: &Store, release: Digest) {
    let plan = json!({"stages": [{"certname": IN, "hold": "1 day"}]});
    let asked = Asked {
        name: None,
        release,
        upload: None,
        made_from: None,
        settings: SiteSettings::default(),
        plan: serde_json::from_value(plan).unwrap(),
    };
    let asked = command::start(&environment(store).await, asked, by()).unwrap();
    let Action::Write(begun) = next(&asked.document, Timestamp::now(), &Seen::default()) else {
        panic!("it begins");
    };
    let sequence = begun.rollout().unwrap().sequence;
    let members = RolloutMembers {
        version: 1,
        stages: vec![vec![node(IN)], vec![node(OUT)]],
    };
    write(store, begun.resolved(&members).asked(0, Timestamp::now())).await;
    let task = CompileTask {
        environment: production(),
        certname: node(IN),
        release,
        sequence,
        lane: Lane::Bulk,
        cause: Cause::Stage { stage: 0 },
        enqueued_at: Timestamp::now(),
    };
    one(store, &task, &AtomicU64::new(0)).await;
}

/// Opens the stage.
async fn open(store: &Store) {
    let seen = Seen {
        staged: Some(Staged::default()),
        health: None,
    };
    let Action::Write(opened) = next(&environment(store).await, Timestamp::now(), &seen) else {
        panic!("it opens");
    };
    write(store, *opened).await;
}

async fn catalog(agent: &Client, name: &str) -> String {
    let facts = facts(name, json!({"os": {"family": "Debian"}}));
    let answer = agent.catalog(name, &facts).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["code_id"].as_str().unwrap().to_owned()
}

async fn motd(agent: &Client) -> String {
    let target = "/puppet/v3/file_content/modules/a/motd?environment=production";
    let accept = [("accept", "application/octet-stream")];
    agent.send("GET", target, &accept, "").await.text()
}

#[tokio::test]
async fn an_open_stage_is_served_at_once_and_taken_back_at_once() {
    let farm = TestFarm::new().await;
    let old = farm.push(&[(FILE, "old")]).await;
    let (inside, outside) = (farm.agent(IN), farm.agent(OUT));
    for (agent, name) in [(&inside, IN), (&outside, OUT)] {
        assert_eq!(catalog(agent, name).await, old.to_hex());
    }
    let new = seal(&farm.store, "new").await;
    begin(&farm.store, new).await;
    assert_eq!(catalog(&inside, IN).await, old.to_hex());
    open(&farm.store).await;
    let compiled = farm.compiled();
    for _ in 0..2 {
        assert_eq!(catalog(&inside, IN).await, new.to_hex());
        assert_eq!(catalog(&outside, OUT).await, old.to_hex());
    }
    // Files are those of the release that a node has.
    assert_eq!(motd(&inside).await, "new");
    assert_eq!(motd(&outside).await, "old");
    let undone = command::undo(&environment(&farm.store).await, by()).unwrap();
    write(&farm.store, undone.document).await;
    assert_eq!(catalog(&inside, IN).await, old.to_hex());
    assert_eq!(motd(&inside).await, "old");
    assert_eq!(farm.compiled(), compiled);
}

#[tokio::test]
async fn runs_are_taken_down_with_the_release_that_they_were_with() {
    let farm = TestFarm::new().await;
    farm.push(&[(FILE, "old")]).await;
    let agents = [(farm.agent(IN), IN), (farm.agent(OUT), OUT)];
    for (agent, name) in &agents {
        catalog(agent, name).await;
    }
    let report = async |status: &str, code_id: &str, time: &str| {
        for (agent, name) in &agents {
            let report = json!({"host": name, "status": status, "code_id": code_id, "time": time,
                "corrective_change": true, "report_format": 12});
            let target = format!("/puppet/v3/report/{name}?environment=production");
            let answer = agent
                .put(&target, "application/json", report.to_string())
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        }
    };
    let outcome = async |name: &str| {
        let key = Key::outcome(&production(), &node(name));
        farm.store.read::<OutcomeDoc>(&key).await.unwrap()
    };
    let early = "2020-01-01T00:00:00.000000000+00:00";
    // Nobody asks for it while no rollout goes on.
    report("failed", "", early).await;
    assert_eq!(outcome(IN).await, None);

    let new = seal(&farm.store, "new").await;
    begin(&farm.store, new).await;
    open(&farm.store).await;
    // A run that began before the stage was open, with a catalog of the release before.
    report("unchanged", "", early).await;
    let before = outcome(IN).await.unwrap();
    assert!(before.after.is_none() && !before.before.unwrap().failed);
    report("failed", &new.to_hex(), early).await;
    let run = outcome(IN).await.unwrap().after.unwrap();
    assert!(run.failed && run.corrective);
    // A node that is not in has no run with the release, whatever it says.
    assert!(outcome(OUT).await.unwrap().after.is_none());
    // A catalog that holds for both releases is of the one that the node has.
    let late = Timestamp::now().to_string();
    report("changed", "", &late).await;
    assert!(!outcome(IN).await.unwrap().after.unwrap().failed);

    // An agent of Puppet 3 says the same in YAML, of the time when its run began.
    let yaml = format!(
        "--- !ruby/object:Puppet::Transaction::Report\nlogs:\n- !ruby/object:Puppet::Util::Log\n  level: :err\n\
         time: {} +00:00\nstatus: failed\n",
        Timestamp::now().strftime("%F %T%.9f")
    );
    let target = format!("/puppet/v3/report/{IN}?environment=production");
    let answer = agents[0].0.put(&target, "text/yaml", yaml).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(outcome(IN).await.unwrap().after.unwrap().failed);
}
