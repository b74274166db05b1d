//! Exported resources through the store and the lanes.

use std::fs;
use std::path::Path;

use bunraku_farm::Certname;
use bunraku_tests::cloud::{Stack, succeed};
use serde_json::Value;

use super::{production, small_site};

const NODES: usize = 20;

/// One node collects what the others export.
fn write_site(target: &Path, collector: &Certname, text: &str) {
    let code = format!(
        "node '{collector}' {{ Notify <<| |>> }}\n\
         node default {{ @@notify {{ $trusted['certname']: message => '{text}' }} }}\n"
    );
    fs::write(target.join("manifests/site.pp"), code).unwrap();
}

/// Waits until a node has so many notifies, all with this text.
fn wait_for_collected(stack: &Stack, collector: &Certname, count: usize, text: &str) {
    let collected = async || {
        let store = &stack.store;
        let pointer = store.pointer(&production(), collector).await.unwrap()?;
        let json = store.catalog_json(pointer.catalog?.digest).await.unwrap();
        let catalog: Value = serde_json::from_slice(&json).unwrap();
        let resources = catalog["resources"].as_array().unwrap().iter();
        let notifies: Vec<_> = resources.filter(|it| it["type"] == "Notify").collect();
        let all = notifies
            .iter()
            .all(|it| it["parameters"]["message"] == text);
        (notifies.len() == count && all).then_some(())
    };
    stack.wait(&format!("{count} collected with {text:?}"), 120, collected);
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn what_nodes_export_reaches_the_one_that_collects_it_and_goes_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, NODES, "");
    let collector = &nodes[0];
    write_site(&code, collector, "first");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    wait_for_collected(&stack, collector, NODES - 1, "first");
    write_site(&code, collector, "second");
    stack.push(&code);
    wait_for_collected(&stack, collector, NODES - 1, "second");
    succeed(&mut stack.command(&["nodes", "remove", nodes[7].as_str()]));
    wait_for_collected(&stack, collector, NODES - 2, "second");
}
