//! What README.md and BLOCKS.md tell to who replaces a part of the farm: their programs, as they stand there, and the
//! forms of what is in the store.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bunraku_farm::schema::KINDS;
use bunraku_tests::agent::Agent;
use bunraku_tests::farm::{self, Farm};
use bunraku_tests::{site, tree, wait_for};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);

/// Writes the Python program that a document of this repository shows; there is one in each.
fn program(document: &str, file: &Path) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(repository.join(document)).unwrap();
    let (_, shown) = text.split_once("    #!/usr/bin/env python3\n").unwrap();
    let lines = shown
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "));
    let lines = lines.map(|line| line.strip_prefix("    ").unwrap_or_default());
    fs::write(file, lines.collect::<Vec<_>>().join("\n")).unwrap();
}

/// A site with these nodes and this manifest.
fn write_site(at: &Path, nodes: &[&str], manifest: &str) {
    fs::create_dir_all(at.join("manifests")).unwrap();
    fs::create_dir_all(at.join("facts")).unwrap();
    for node in nodes {
        let facts = json!({ "name": node, "values": { "os": { "family": "Debian" } } });
        fs::write(
            at.join("facts").join(format!("{node}.json")),
            facts.to_string(),
        )
        .unwrap();
    }
    fs::write(at.join("manifests/site.pp"), manifest).unwrap();
}

/// `python3 FILE`, where it finds the `bunraku` under test.
fn python(file: &Path) -> String {
    let programs = farm::program().parent().unwrap();
    format!(
        "PATH='{}':$PATH exec python3 '{}'",
        programs.display(),
        file.display()
    )
}

/// How far a node was brought; 0 when it has no pointer.
fn sequence(farm: &Farm, node: &str) -> u64 {
    let Ok(text) = fs::read(farm.pointers().join(format!("{node}.json"))) else {
        return 0;
    };
    let pointer: Value = serde_json::from_slice(&text).unwrap();
    pointer["sequence"].as_u64().unwrap()
}

#[test]
fn the_router_of_the_readme_says_who_is_compiled() {
    let dir = tempfile::tempdir().unwrap();
    let (code, data): (PathBuf, PathBuf) = (dir.path().join("site"), dir.path().join("farm"));
    let router = dir.path().join("router.py");
    program("README.md", &router);
    let manifest = |text: &str| format!("notify {{ '{text}': }}\n");
    write_site(&code, &["db1", "web1", "web2"], &manifest("one"));
    drop(Farm::start(&data, Some(&code)));

    let farm = Farm::start_with(&data, &["--with", &format!("plan={}", python(&router))]);
    fs::write(dir.path().join("maintenance.txt"), "web2\n").unwrap();
    let push = || {
        let mut push = farm.push_command(&code);
        let pushed = push.args(["--no-wait"]).output().unwrap();
        assert!(pushed.status.success(), "{}", farm::text(&pushed));
    };
    fs::write(code.join("manifests/site.pp"), manifest("two")).unwrap();
    push();
    for node in ["db1", "web1"] {
        wait_for(node, PATIENCE, || {
            (sequence(&farm, node) == 2).then_some(())
        });
    }
    assert_eq!(sequence(&farm, "web2"), 1, "{}", farm.log());

    fs::write(dir.path().join("maintenance.txt"), "").unwrap();
    fs::write(code.join("manifests/site.pp"), manifest("three")).unwrap();
    push();
    for node in ["db1", "web1", "web2"] {
        wait_for(node, PATIENCE, || {
            (sequence(&farm, node) == 3).then_some(())
        });
    }
}

#[test]
fn with_the_compiler_of_blocks_an_installed_puppet_makes_what_agents_apply() {
    let dir = tempfile::tempdir().unwrap();
    let (code, data) = (dir.path().join("site"), dir.path().join("farm"));
    let (compiler, state) = (dir.path().join("puppet.py"), dir.path().join("state"));
    program("BLOCKS.md", &compiler);
    // Native has no ERB.
    let manifest = format!(
        "file {{ '{}': content => inline_template('<%= 6 * 7 %> of <%= @facts[\"os\"][\"family\"] %>') }}\n",
        state.display()
    );
    write_site(&code, &[], &manifest);
    let farm = Farm::start_with(&data, &["--compiler", &python(&compiler)]);
    assert_eq!(farm.push(&code).status.code(), Some(0), "{}", farm.log());
    let agent = Agent::new(&dir.path().join("web1"), "web1", farm.port);
    agent.run().assert_code(2);
    assert_eq!(fs::read_to_string(&state).unwrap(), "42 of Debian");

    // Its errors are told as ours are, and the last good catalog stays.
    fs::write(code.join("manifests/site.pp"), "include nowhere\n").unwrap();
    let pushed = farm.push(&code);
    assert_eq!(pushed.status.code(), Some(1), "{}", farm::text(&pushed));
    let store = farm.store().display().to_string();
    let nodes = farm::json(&farm::run(&["nodes", "--json", "--store", &store]));
    let error = nodes[0]["error"].as_str().unwrap();
    let place = "(file: /etc/puppetlabs/code/environments/production/manifests/site.pp, line: 1, column: 1)";
    assert!(
        error.contains("Could not find class ::nowhere") && error.contains(place),
        "{error}"
    );
    assert!(
        nodes[0]["compiler"].as_str().unwrap().starts_with("own "),
        "{nodes}"
    );
    agent.run().assert_code(1);
}

/// The kind of what lies under a key, if it is JSON of ours.
fn kind(key: &str, json: &Value) -> Option<&'static str> {
    Some(match key.split_once('/')?.0 {
        "catalogs" => "catalog",
        "environments" => "environment",
        "exports" => "exchange",
        "facts" => "facts",
        "garbage" => "collection",
        "outcomes" => "outcome",
        "pointers" => "pointer",
        "pool" if key.ends_with("current.json") => "pool",
        "pool" if json.is_array() => "pool-exports",
        "pool" => "pool-nodes",
        "releases" if key.ends_with(".json") => "release",
        "rollouts" => "rollout-members",
        "uploads" if key.ends_with(".result.json") => "upload-result",
        _ => return None,
    })
}

#[test]
fn all_json_in_the_store_of_a_farm_has_the_form_that_its_schema_says() {
    let dir = tempfile::tempdir().unwrap();
    let (code, data) = (dir.path().join("site"), dir.path().join("farm"));
    site::copy_of_demo(&code, dir.path());
    fs::write(
        code.join("manifests/zz_exports.pp"),
        "@@host { $trusted['certname']: ip => '192.0.2.1' }\nHost <<| |>>\n",
    )
    .unwrap();
    let farm = Farm::start(&data, Some(&code));
    wait_for("the pool", PATIENCE, || {
        farm.store()
            .join("pool/current.json")
            .exists()
            .then_some(())
    });
    drop(farm);

    let mut met = BTreeSet::new();
    for (path, bytes) in tree::files(&data.join("store")) {
        let key = path.to_str().unwrap();
        let mut text = Vec::new();
        match key.ends_with(".gz") {
            true => drop(
                GzDecoder::new(bytes.as_slice())
                    .read_to_end(&mut text)
                    .unwrap(),
            ),
            false => text = bytes,
        }
        let Ok(json) = serde_json::from_slice::<Value>(&text) else {
            continue;
        };
        let Some(kind) = kind(key, &json) else {
            continue;
        };
        let schema = KINDS
            .iter()
            .find(|other| other.name == kind)
            .unwrap()
            .schema();
        let schema = jsonschema::validator_for(schema.as_value()).unwrap();
        let errors = schema.iter_errors(&json).map(|error| error.to_string());
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<String>::new(), "{key}");
        met.insert(kind);
    }
    let all = [
        "catalog",
        "environment",
        "exchange",
        "facts",
        "pointer",
        "pool",
        "pool-exports",
        "pool-nodes",
        "release",
        "upload-result",
    ];
    assert!(met.is_superset(&all.into()), "{met:?}");
}
