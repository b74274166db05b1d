//! The farm on an emulator of AWS, deployed from `infra/template.yaml`; run by `localstack-tests/run`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and shows what it found"
)]

mod agents;
mod bill;
mod dead_letters;
mod exports;
mod faults;
mod push;
mod rollouts;
mod upkeep;

use std::fs;
use std::path::Path;

use bunraku_farm::documents::Pointer;
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_tests::cloud::Stack;
use bunraku_tests::site;

/// The environment of all these tests.
fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

/// The demo site with this many nodes, numbered, in place of its own; gives their names.
fn site_of(target: &Path, nodes: usize) -> Vec<Certname> {
    site::copy_of_demo(target, &target.with_extension("root"));
    fs::remove_dir_all(target.join("facts")).unwrap();
    let facts = site::facts();
    let names = (0..nodes).map(|number| format!("node{number:03}.example.test"));
    let add = |(number, name): (usize, String)| {
        site::add_node(target, &name, &facts[number % facts.len()].1);
        Certname::parse(name).unwrap()
    };
    names.enumerate().map(add).collect()
}

/// A site of one class that every node reads, and of some that none does.
fn small_site(target: &Path, nodes: usize, text: &str) -> Vec<Certname> {
    fs::create_dir_all(target.join("manifests")).unwrap();
    write_text(target, text);
    let facts = site::facts();
    let names = (0..nodes).map(|number| format!("small{number:02}.example.test"));
    let add = |name: String| {
        site::add_node(target, &name, &facts[0].1);
        Certname::parse(name).unwrap()
    };
    names.map(add).collect()
}

/// Changes what every node of a small site gets.
fn write_text(target: &Path, text: &str) {
    let code = format!("notify {{ 'text': message => '{text}' }}\n");
    fs::write(target.join("manifests/site.pp"), code).unwrap();
}

/// The pointers of nodes that have one.
fn pointers(stack: &Stack, nodes: &[Certname]) -> Vec<Pointer> {
    let read = async |certname| stack.store.pointer(&production(), certname).await.unwrap();
    stack.runtime.block_on(async {
        let mut found = Vec::new();
        for certname in nodes {
            found.extend(read(certname).await);
        }
        found
    })
}

/// The text that a node of a small site gets.
fn text_of(stack: &Stack, pointer: &Pointer) -> String {
    let digest = pointer.catalog.unwrap().digest;
    let json = stack
        .runtime
        .block_on(stack.store.catalog_json(digest))
        .unwrap();
    let catalog: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(catalog["name"], pointer.certname.as_str());
    let resources = catalog["resources"].as_array().unwrap();
    let notify = resources
        .iter()
        .find(|resource| resource["type"] == "Notify");
    notify.unwrap()["parameters"]["message"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Waits until every node of a small site has `text`.
fn wait_for_text(stack: &Stack, nodes: &[Certname], text: &str, seconds: u64) {
    stack.wait(
        &format!("the text {text:?} everywhere"),
        seconds,
        async || {
            for certname in nodes {
                let pointer = stack
                    .store
                    .pointer(&production(), certname)
                    .await
                    .unwrap()?;
                let json = stack
                    .store
                    .catalog_json(pointer.catalog?.digest)
                    .await
                    .unwrap();
                if !String::from_utf8_lossy(&json).contains(text) {
                    return None;
                }
            }
            Some(())
        },
    );
}
