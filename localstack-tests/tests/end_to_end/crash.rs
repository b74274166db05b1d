//! A process that is killed in the middle of a push loses nothing.

use std::fs;
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use bunraku_tests::farm::{self, Farm};
use bunraku_tests::{site, tree, wait_for};
use serde_json::Value as Json;

const NODES: usize = 200;

#[test]
fn every_node_has_its_catalog_after_a_kill_during_a_push() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    site::copy_of_demo(&code, &dir.path().join("root"));
    fs::remove_dir_all(code.join("facts")).unwrap();
    let facts = site::facts();
    let names: Vec<String> = (0..NODES)
        .map(|number| format!("node{number:03}.example.test"))
        .collect();
    for (number, name) in names.iter().enumerate() {
        site::add_node(&code, name, &facts[number % facts.len()].1);
    }

    let mut farm = Farm::start_slow(&dir.path().join("farm"));
    let mut push = farm.push_command(&code);
    let push = push
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pointers = farm.pointers();
    wait_for("the first catalogs", Duration::from_secs(120), || {
        (!tree::files(&pointers).is_empty()).then_some(())
    });
    farm.kill_and_restart();
    let done = tree::files(&pointers).len();
    assert!(
        done < NODES,
        "the kill came too late to show anything: {done} catalogs"
    );

    // The push was another process: it goes on waiting, and ends well.
    let pushed = push.wait_with_output().unwrap();
    assert_eq!(pushed.status.code(), Some(0), "{}", farm::text(&pushed));
    assert_eq!(farm::json(&pushed)["nodes"], NODES);

    for name in &names {
        let pointer = fs::read(pointers.join(format!("{name}.json"))).unwrap();
        let pointer: Json = serde_json::from_slice(&pointer).unwrap();
        let digest = pointer["catalog"]["digest"]
            .as_str()
            .unwrap_or_else(|| panic!("{name}: {pointer}"));
        let catalog = fs::read(farm.store().join(format!("catalogs/{digest}.json.gz"))).unwrap();
        let catalog: Json = serde_json::from_slice(&gunzip(&catalog)).unwrap();
        assert_eq!(catalog["name"], name.as_str());
    }
    // Whatever has a final name is whole.
    for (path, content) in tree::files(&farm.store()) {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => {
                let whole = serde_json::from_slice::<Json>(&content);
                assert!(whole.is_ok(), "{} is half-written", path.display());
            }
            Some("gz") => drop(gunzip(&content)),
            _ => {}
        }
    }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut plain)
        .unwrap();
    plain
}
