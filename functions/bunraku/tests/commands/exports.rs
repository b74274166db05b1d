use crate::{bunraku, run};

#[test]
fn a_collector_finds_what_a_file_says_that_other_nodes_export() {
    let directory = tempfile::tempdir().unwrap();
    let (code, exports) = (
        directory.path().join("site.pp"),
        directory.path().join("exports.json"),
    );
    std::fs::write(&code, "Notify <<| tag == 'Web' |>> { loglevel => info }").unwrap();
    // As PuppetDB prints it, with fields that are nothing to us.
    let list = r#"[
        {"certname": "a", "type": "Notify", "title": "n", "tags": ["web"], "exported": true,
         "parameters": {"message": "from a"}, "resource": "0f", "environment": "production"},
        {"certname": "localhost", "type": "Notify", "title": "own", "tags": ["web"]},
        {"certname": "a", "type": "Notify", "title": "other"}
    ]"#;
    std::fs::write(&exports, list).unwrap();
    let compile = |with: &[&std::ffi::OsStr]| {
        let mut command = bunraku(&["compile", "--code"]);
        run(command.arg(&code).args(with)).json()
    };
    let catalog = compile(&["--exports".as_ref(), exports.as_os_str()]);
    let resources = catalog["resources"].as_array().unwrap();
    let found: Vec<_> = resources
        .iter()
        .filter(|resource| resource["type"] == "Notify")
        .map(|resource| (&resource["title"], &resource["parameters"]))
        .collect();
    let parameters = serde_json::json!({ "message": "from a", "loglevel": "info" });
    assert_eq!(found, [(&"n".into(), &parameters)]);
    assert_eq!(compile(&[])["resources"].as_array().unwrap().len(), 3);
}
