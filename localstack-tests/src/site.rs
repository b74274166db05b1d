//! Control repos for tests: copies of the demo site, and small ones.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// The demo site.
#[must_use]
pub fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("site")
}

/// A copy of the demo site in `target`, whose sandbox lives in `root`.
pub fn copy_of_demo(target: &Path, root: &Path) {
    copy(&demo(), target);
    let common = target.join("data/common.yaml");
    replace(
        &common,
        "demo::root: /tmp/bunraku-demo",
        &format!("demo::root: {}", root.display()),
    );
}

/// Copies a tree with its permissions.
pub fn copy(source: &Path, target: &Path) {
    fs::create_dir_all(target).unwrap();
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        let to = target.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Changes a text file; the old text must be there.
pub fn replace(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(
        text.contains(old),
        "{} does not hold {old:?}",
        path.display()
    );
    fs::write(path, text.replace(old, new)).unwrap();
}

/// The facts documents of the demo site, by certname.
#[must_use]
pub fn facts() -> Vec<(String, Json)> {
    let mut all: Vec<(String, Json)> = fs::read_dir(demo().join("facts"))
        .unwrap()
        .map(|entry| {
            let facts: Json =
                serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
            (facts["name"].as_str().unwrap().to_owned(), facts)
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

/// Writes `facts` as the document of `certname` into a site, with the names of that node.
pub fn add_node(site: &Path, certname: &str, facts: &Json) {
    let mut facts = facts.clone();
    let hostname = certname.split('.').next().unwrap();
    facts["name"] = certname.into();
    facts["values"]["clientcert"] = certname.into();
    facts["values"]["networking"]["fqdn"] = certname.into();
    facts["values"]["networking"]["hostname"] = hostname.into();
    fs::create_dir_all(site.join("facts")).unwrap();
    fs::write(
        site.join(format!("facts/{certname}.json")),
        facts.to_string(),
    )
    .unwrap();
}
