//! What a node exports reaches the agents of those who collect it, at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bunraku_tests::agent::Agent;
use bunraku_tests::farm::{self, Farm};
use bunraku_tests::{site, tree, wait_for};

use crate::watching::Watch;

const PATIENCE: Duration = Duration::from_secs(120);

/// Web servers export what the balancer has one file for each of.
fn write_site(code: &Path, root: &Path) {
    let backends = root.join("backends").display().to_string();
    let manifest = format!(
        "node /^web/ {{\n  \
           @@file {{ \"{backends}/${{trusted['certname']}}\":\n    \
             ensure => file, content => 'port 80', tag => 'backend' }}\n\
         }}\n\
         node 'balancer.example.test' {{\n  \
           file {{ '{backends}': ensure => directory, recurse => true, purge => true }}\n  \
           File <<| tag == 'backend' |>>\n\
         }}\n"
    );
    fs::create_dir_all(code.join("manifests")).unwrap();
    fs::write(code.join("manifests/site.pp"), manifest).unwrap();
}

#[test]
fn a_balancer_follows_its_servers_as_they_come_change_and_go() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root) = (dir.path().join("site"), dir.path().join("root"));
    fs::create_dir_all(&root).unwrap();
    write_site(&code, &root);
    let farm = Farm::start(&dir.path().join("farm"), Some(&code));
    let agent = |name: &str| {
        let certname = format!("{name}.example.test");
        Agent::new(&dir.path().join(name), &certname, farm.port)
    };
    let (balancer, web1, web2) = (agent("balancer"), agent("web1"), agent("web2"));
    balancer.run().assert_code(2);
    let watch = Watch::start(&balancer, farm.port);
    let backends = || {
        let files = tree::files(&root.join("backends"));
        let line = |(path, content): (&PathBuf, &Vec<u8>)| {
            let name = path.file_name().unwrap().to_string_lossy();
            format!("{name}: {}", String::from_utf8_lossy(content))
        };
        let mut found: Vec<String> = files.iter().map(line).collect();
        found.sort();
        found
    };
    let becomes = |what: &str, expected: &[&str]| {
        wait_for(what, PATIENCE, || (backends() == expected).then_some(()));
    };

    web1.run().assert_code(0);
    becomes("the first server", &["web1.example.test: port 80"]);
    web2.run().assert_code(0);
    becomes(
        "the second server",
        &["web1.example.test: port 80", "web2.example.test: port 80"],
    );

    // The servers' catalogs change by a push: their agents need not run for it.
    site::replace(&code.join("manifests/site.pp"), "port 80", "port 8080");
    assert_eq!(farm.push(&code).status.code(), Some(0));
    becomes(
        "the other port",
        &[
            "web1.example.test: port 8080",
            "web2.example.test: port 8080",
        ],
    );

    let store = farm.store().display().to_string();
    let queue = farm
        .store()
        .with_file_name("queue.redb")
        .display()
        .to_string();
    let remove = |name: &str| {
        farm::run(&[
            "nodes", "remove", name, "--store", &store, "--queue", &queue,
        ])
    };
    let removed = remove("web1.example.test");
    assert_eq!(removed.status.code(), Some(0), "{}", farm::text(&removed));
    becomes("one server less", &["web2.example.test: port 8080"]);
    let unknown = remove("web9.example.test");
    assert_eq!(unknown.status.code(), Some(1), "{}", farm::text(&unknown));
    assert_eq!(watch.terminate(), Some(0));
}
