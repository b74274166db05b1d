//! An exported catalog is applied without a server.

use std::fs;
use std::path::Path;
use std::process::Command;

use bunraku_tests::farm::{self, Farm};

const NODE: &str = "lonely.example.test";

/// A site whose catalog needs its modules to be applied: files, and a type and provider of its own.
fn write_site(code: &Path, root: &Path) {
    let root = root.display();
    let files = [
        (
            "manifests/site.pp",
            format!(
                "node '{NODE}' {{\n  \
                   file {{ '{root}/motd': source => 'puppet:///modules/m/motd' }}\n  \
                   file {{ '{root}/tree': ensure => directory, recurse => true, source => 'puppet:///modules/m/tree' }}\n  \
                   file {{ '{root}/secret': content => Sensitive('deep') }}\n  \
                   file {{ '{root}/late': content => Deferred('upcase', ['late']) }}\n  \
                   mark {{ '{root}/mark': }}\n\
                 }}\n"
            ),
        ),
        ("environment.conf", "modulepath = modules:$basemodulepath\n".to_owned()),
        ("modules/m/files/motd", "hello".to_owned()),
        ("modules/m/files/tree/leaf", "green".to_owned()),
        (
            "modules/m/lib/puppet/type/mark.rb",
            "Puppet::Type.newtype(:mark) do\n  newparam(:path, namevar: true)\n  newproperty(:ensure) do\n    \
             defaultto :present\n    def retrieve\n      File.exist?(resource[:path]) ? :present : :absent\n    end\n    \
             newvalue(:present) { File.write(resource[:path], 'made') }\n  end\nend\n"
                .to_owned(),
        ),
        (
            "facts/lonely.json",
            format!(r#"{{"name": "{NODE}", "values": {{"os": {{"family": "Debian"}}}}}}"#),
        ),
    ];
    for (path, text) in files {
        let path = code.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn a_node_without_a_network_applies_its_exported_catalog() {
    let dir = tempfile::tempdir().unwrap();
    let (code, root, to) = (
        dir.path().join("site"),
        dir.path().join("root"),
        dir.path().join("mirror"),
    );
    fs::create_dir_all(&root).unwrap();
    write_site(&code, &root);
    let farm = Farm::start(&dir.path().join("farm"), None);
    assert_eq!(farm.push(&code).status.code(), Some(0));
    let (store, mirror) = (farm.store().display().to_string(), to.display().to_string());
    let export = [
        "export", "--to", &mirror, "--code", "--at", &mirror, "--json", "--store", &store,
    ];
    let exported = farm::json(&farm::run(&export));
    assert_eq!(
        (&exported["nodes"], &exported["written"]),
        (&1.into(), &1.into())
    );
    drop(farm);

    let index = fs::read_to_string(to.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let node = &index["nodes"][NODE];
    let release = node["release"].as_str().unwrap();
    let code = index["code"][release]["environmentpath"].as_str().unwrap();
    let own = |name: &str| dir.path().join("node").join(name);
    let applied = Command::new("puppet")
        .args(["apply", "--color=false", "--catalog"])
        .arg(to.join(node["file"].as_str().unwrap()))
        .arg("--environmentpath")
        .arg(to.join(code))
        .args(["--certname", NODE])
        .arg("--confdir")
        .arg(own("conf"))
        .arg("--vardir")
        .arg(own("var"))
        .arg("--codedir")
        .arg(own("code"))
        .output()
        .unwrap();
    // With a catalog, Puppet ends with 0 whatever happened: the files tell.
    assert_eq!(applied.status.code(), Some(0), "{}", farm::text(&applied));
    let content = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let contents = ["motd", "tree/leaf", "secret", "late", "mark"].map(content);
    assert_eq!(contents, ["hello", "green", "deep", "LATE", "made"]);
    assert!(
        !farm::text(&applied).contains("deep"),
        "{}",
        farm::text(&applied)
    );
}
