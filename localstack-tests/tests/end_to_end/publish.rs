//! A catalog made elsewhere reaches the agents that it is for, and no others, until it is taken back.

use std::fs;

use bunraku_tests::agent::Agent;
use bunraku_tests::farm::{self, Farm};
use serde_json::{Value, json};

#[test]
fn agents_apply_a_published_catalog_until_it_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    fs::create_dir_all(code.join("manifests")).unwrap();
    fs::create_dir_all(&root).unwrap();
    let file = |name: &str| root.join(name).display().to_string();
    let manifest = format!(
        "file {{ \"{}-${{trusted['certname']}}\": content => 'compiled' }}\n",
        file("state")
    );
    fs::write(code.join("manifests/site.pp"), manifest).unwrap();
    let farm = Farm::start(&dir.path().join("farm"), Some(&code));
    let agent = |name: &str| Agent::new(&dir.path().join(name), name, farm.port);
    let (boxed, other) = (agent("box1"), agent("web1"));
    let state = |agent: &Agent| fs::read_to_string(file(&format!("state-{}", agent.certname)));
    for agent in [&boxed, &other] {
        agent.run().assert_code(2);
        assert_eq!(state(agent).unwrap(), "compiled");
    }

    let own = json!({
        "type": "File", "title": format!("{}-%{{certname}}", file("state")),
        "parameters": { "content": "published for %{certname}" },
    });
    let main = json!({ "type": "Class", "title": "main" });
    let catalog = json!({
        "name": "template", "version": 1, "environment": "elsewhere", "classes": ["main"],
        "resources": [main, own],
        "edges": [{ "source": "Class[main]", "target": format!("File[{}-%{{certname}}]", file("state")) }],
    });
    let made = dir.path().join("appliance.json");
    fs::write(&made, catalog.to_string()).unwrap();
    let (made, store) = (
        made.display().to_string(),
        farm.store().display().to_string(),
    );
    let publish = [
        "publish",
        &made,
        "--nodes",
        "box*,appliance?",
        "--template",
        "--json",
        "--store",
        &store,
    ];
    let zeros = "0".repeat(64);
    let wrong = [&publish[..], &["--digest", &zeros]].concat();
    assert_eq!(farm::run(&wrong).status.code(), Some(1));
    let published: Value = farm::json(&farm::run(&publish));
    assert_eq!(
        (&published["compiled"], &published["reused"]),
        (&json!(1), &json!(1))
    );
    boxed.run().assert_code(2);
    assert_eq!(state(&boxed).unwrap(), "published for box1");
    other.run().assert_code(0);

    // New code is nothing to it; a node that comes later gets it at once.
    let manifest = code.join("manifests/site.pp");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("compiled", "compiled anew")).unwrap();
    assert_eq!(farm.push(&code).status.code(), Some(0));
    boxed.run().assert_code(0);
    other.run().assert_code(2);
    let late = agent("appliance7");
    late.run().assert_code(2);
    assert_eq!(state(&late).unwrap(), "published for appliance7");

    let listed = farm::json(&farm::run(&[
        "publish", "--list", "--json", "--store", &store,
    ]));
    let line = &listed[0];
    assert_eq!(
        (&line["name"], &line["selector"], &line["nodes"]),
        (&json!("appliance"), &json!("box*, appliance?"), &json!(2))
    );
    assert_eq!(line["digest"].as_str().map(str::len), Some(64));
    let explain = |node: &str| farm::text(&farm::run(&["explain", node, "--store", &store]));
    assert!(explain("box1").contains("the published catalog appliance"));
    assert!(!explain("web1").contains("published catalog"));

    let unpublish = ["unpublish", "appliance", "--json", "--store", &store];
    assert_eq!(farm::json(&farm::run(&unpublish))["compiled"], 2);
    boxed.run().assert_code(2);
    assert_eq!(state(&boxed).unwrap(), "compiled anew");
    let twice = farm::run(&unpublish);
    assert_eq!(twice.status.code(), Some(1), "{}", farm::text(&twice));
    assert!(farm::text(&twice).contains("there is no pre-built catalog appliance"));
}
