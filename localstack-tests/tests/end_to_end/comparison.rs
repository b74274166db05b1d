//! Catalogs against the reference's, compiled in the same run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bunraku_catalog::scoreboard::Scoreboard;
use bunraku_tests::farm;
use bunraku_tests::reference::Reference;
use bunraku_tests::site;
use serde_json::{Value as Json, json};

/// The scoreboard of `bunraku verify`, which is shown.
fn verify(dir: &Path) -> Scoreboard {
    let output = farm::run(&["verify", &dir.to_string_lossy(), "--json"]);
    let board: Scoreboard = serde_json::from_value(farm::json(&output)).unwrap();
    println!("{}", board.render());
    assert_eq!(
        output.status.code(),
        Some(i32::from(!board.is_perfect())),
        "{}",
        farm::text(&output)
    );
    board
}

#[test]
fn every_node_of_the_demo_site_has_the_references_catalog() {
    let board = verify(&site::demo());
    let expected: Vec<String> = site::facts()
        .into_iter()
        .map(|(certname, _)| certname)
        .collect();
    let compared: BTreeSet<&str> = board
        .nodes
        .iter()
        .map(|score| score.node.as_str())
        .collect();
    assert_eq!(compared, expected.iter().map(String::as_str).collect());
    assert!(board.is_perfect(), "{}", board.render());
    // Equal catalogs, not equal errors.
    assert!(
        board.nodes.iter().all(|score| score.error.is_none()),
        "{}",
        board.render()
    );
}

#[test]
fn class_ntp_has_the_references_catalog_on_three_systems() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("manifests")).unwrap();
    fs::write(dir.path().join("manifests/site.pp"), "include ntp\n").unwrap();
    fs::write(
        dir.path().join("environment.conf"),
        "modulepath = /usr/share/puppet/modules\n",
    )
    .unwrap();
    let mut systems = BTreeSet::new();
    for (certname, facts) in site::facts() {
        if systems.insert(facts["values"]["os"]["name"].to_string()) {
            site::add_node(dir.path(), &certname, &facts);
        }
    }
    assert_eq!(systems.len(), 3);
    let board = verify(dir.path());
    assert_eq!((board.equal, board.total), (3, 3), "{}", board.render());
    assert!(
        board.nodes.iter().all(|score| score.error.is_none()),
        "{}",
        board.render()
    );
}

#[test]
fn a_difference_is_found_and_fails_the_verification() {
    // The reference can't be made to differ, but a node whose code reads the time can.
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("manifests")).unwrap();
    let code = "notify { 'now': message => String(Timestamp()) }\n";
    fs::write(dir.path().join("manifests/site.pp"), code).unwrap();
    let (certname, facts) = site::facts().swap_remove(0);
    site::add_node(dir.path(), &certname, &facts);
    let board = verify(dir.path());
    assert_eq!((board.equal, board.total), (0, 1), "{}", board.render());
}

#[test]
fn the_reference_compiles_the_demo_site_without_warnings() {
    let mut reference = Reference::start();
    let dir = site::demo();
    let mut kinds = BTreeSet::new();
    for (certname, facts) in site::facts() {
        let system = facts["values"]["os"]["name"].clone();
        let answer =
            reference.ask(&json!({"node": certname, "facts": facts, "env_dir": dir, "warm": true}));
        assert!(
            answer.get("error").is_none(),
            "{certname}: {}",
            answer["error"]
        );
        let logs = answer["logs"].as_array().unwrap().iter();
        let loud: Vec<&Json> = logs.filter(|entry| entry["level"] != "notice").collect();
        assert!(loud.is_empty(), "{certname}: {loud:?}");
        kinds.insert(
            certname
                .split(|c: char| c.is_ascii_digit())
                .next()
                .unwrap()
                .to_owned(),
        );
        kinds.insert(system.to_string());
    }
    let expected = [
        "\"Debian\"",
        "\"Rocky\"",
        "\"Ubuntu\"",
        "bastion",
        "db",
        "laptop.example.test",
        "mon",
        "sandbox",
        "web",
    ];
    assert_eq!(
        kinds.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn the_sandbox_touches_nothing_outside_of_its_root() {
    let mut reference = Reference::start();
    let dir = site::demo();
    let sandboxes = site::facts()
        .into_iter()
        .filter(|(certname, _)| certname.starts_with("sandbox"));
    for (certname, facts) in sandboxes {
        let answer =
            reference.ask(&json!({"node": certname, "facts": facts, "env_dir": dir, "warm": true}));
        for resource in answer["catalog"]["resources"].as_array().unwrap() {
            let kind = resource["type"].as_str().unwrap();
            match kind {
                "File" => {
                    let path = resource["parameters"]
                        .get("path")
                        .unwrap_or(&resource["title"]);
                    assert!(
                        Path::new(path.as_str().unwrap()).starts_with("/tmp/bunraku-demo"),
                        "{path}"
                    );
                }
                // No type but these: nothing else can touch the machine.
                _ => assert!(
                    [
                        "Class",
                        "Demo::Note",
                        "Filebucket",
                        "Node",
                        "Settings_file",
                        "Stage"
                    ]
                    .contains(&kind),
                    "{kind}"
                ),
            }
        }
    }
}
