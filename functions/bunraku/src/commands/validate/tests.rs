use std::fs;
use std::path::Path;

use bunraku_farm::documents::Severity;
use bunraku_syntax::Strict;

use super::check::{self, Rules};
use super::files;
use super::finding::Finding;
use super::sarif;

const RULES: Rules = Rules {
    tasks: false,
    strict: Strict::Error,
};

fn site(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn check(root: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    files::find(root, &mut found).unwrap();
    check::all(&found, &RULES)
}

/// File, line and message of what is found below a directory.
fn shown(root: &Path) -> Vec<(String, u32, String)> {
    let within = |file: &Option<String>| {
        let file = file.clone().unwrap_or_default();
        let prefix = format!("{}/", root.display());
        file.strip_prefix(&prefix).unwrap_or(&file).to_owned()
    };
    check(root)
        .into_iter()
        .map(|found| (within(&found.file), found.line.unwrap_or(0), found.message))
        .collect()
}

#[test]
fn a_control_repo_is_checked_as_a_whole_in_the_order_of_its_files() {
    let root = site(&[
        ("environment.conf", b"modulpath = site\nmodulepath = site:modules\n"),
        ("data/common.yaml", b"a: [\n"),
        ("hiera.yaml", b"version: 5\nhierarchy:\n- name: x\n  path: a\n  paths: [b]\n"),
        ("manifests/site.pp", b"node default { }\n$a = }\n$b += 1\n"),
        ("modules/ntp/manifests/init.pp", b"class apache { }\n"),
        ("modules/ntp/metadata.json", b"{\"name\": \"x-ntp\", \"version\": \"1\", \"author\": \"x\", \"license\": \"MIT\", \"summary\": \"\", \"source\": \"\", \"dependencies\": []}"),
        ("modules/ntp/plans/p.pp", b"plan ntp::p { }\n"),
        ("modules/ntp/spec/fixtures/broken.pp", b"}\n"),
        ("modules/ntp/templates/a.epp", b"<%= $x + %>\n"),
        ("README.md", b"}"),
    ]);
    let found = shown(root.path());
    let places: Vec<(&str, u32)> = found
        .iter()
        .map(|(file, line, _)| (file.as_str(), *line))
        .collect();
    assert_eq!(
        places,
        [
            ("data/common.yaml", 2),
            ("environment.conf", 1),
            ("hiera.yaml", 0),
            ("manifests/site.pp", 2),
            ("manifests/site.pp", 3),
            ("modules/ntp/manifests/init.pp", 1),
            ("modules/ntp/metadata.json", 0),
            ("modules/ntp/templates/a.epp", 1),
        ],
        "{found:#?}"
    );
}

#[test]
fn files_that_can_not_be_read_as_text_are_errors() {
    let root = site(&[("a.pp", b"$a = 1\n$b = '\xff'\n"), ("b.epp", b"\xc3")]);
    let found = shown(root.path());
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        (found[0].1, found[0].2.as_str()),
        (2, "invalid byte sequence in UTF-8")
    );
    let mut files = Vec::new();
    files::find(&root.path().join("a.pp"), &mut files).unwrap();
    fs::remove_file(root.path().join("a.pp")).unwrap();
    let gone = check::all(&files, &RULES);
    assert!(
        gone[0].message.starts_with("the file can't be read"),
        "{gone:?}"
    );
    assert!(files::find(&root.path().join("none.pp"), &mut files).is_err());
}

#[test]
fn the_module_around_a_file_says_where_its_definitions_belong() {
    let root = site(&[
        ("metadata.json", b"{\"name\": \"me-ntp\"}"),
        ("manifests/server.pp", b"class ntp::client { }\n"),
    ]);
    let mut files = Vec::new();
    files::find(&root.path().join("manifests/server.pp"), &mut files).unwrap();
    let found = check::all(&files, &RULES);
    assert_eq!(
        found[0].issue_code.as_deref(),
        Some("ILLEGAL_DEFINITION_LOCATION")
    );
}

#[test]
fn the_manifests_of_a_control_repo_with_metadata_are_those_of_no_module() {
    let root = site(&[
        (
            "metadata.json",
            b"{\"name\": \"me-site\", \"version\": \"1.0.0\"}",
        ),
        ("environment.conf", b"modulepath = site-modules\n"),
        ("manifests/site.pp", b"node default { }\n"),
        ("site-modules/a/manifests/b.pp", b"class a::c { }\n"),
    ]);
    let codes = |files: &[files::File]| {
        let found = check::all(files, &RULES).into_iter();
        found
            .filter_map(|found| found.issue_code)
            .collect::<Vec<_>>()
    };
    let find = |path: &str| {
        let mut files = Vec::new();
        files::find(&root.path().join(path), &mut files).unwrap();
        files
    };
    assert_eq!(codes(&find("")), ["ILLEGAL_DEFINITION_LOCATION"]);
    assert_eq!(codes(&find("manifests/site.pp")), Vec::<String>::new());
    let lone = codes(&find("site-modules/a/manifests/b.pp"));
    assert_eq!(lone, ["ILLEGAL_DEFINITION_LOCATION"]);
}

#[test]
fn the_demo_site_is_without_errors() {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../localstack-tests/site");
    let found = check(&site).into_iter();
    let errors = found.filter(|found| found.severity == Severity::Error);
    assert_eq!(
        errors.map(|found| found.message).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
}

#[test]
fn metadata_needs_a_name_and_a_version_that_the_forge_takes() {
    let of = |text: &str| {
        let root = site(&[("metadata.json", text.as_bytes())]);
        let found = check(root.path()).into_iter();
        found
            .filter(|found| found.severity == Severity::Error)
            .map(|found| found.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("[]"), ["metadata.json must be an object"]);
    assert!(of("{")[0].starts_with("Unable to parse"));
    assert_eq!(of("{}").len(), 2);
    assert_eq!(of(r#"{"name": "ntp", "version": "1.0.0"}"#), [""; 0]);
    assert!(of(r#"{"name": "a-Ntp", "version": "1.0.0"}"#)[0].contains("begin with a letter"));
    assert!(of(r#"{"name": "a-ntp", "version": "1.0"}"#)[0].contains("Semantic Version"));
    assert_eq!(
        of(r#"{"name": "a-ntp", "version": "1.0.0-rc1+x"}"#),
        [""; 0]
    );
    let twice = r#"{"name": "a-ntp", "version": "1.0.0", "dependencies": [{"name": "a/b"}, {"name": "a-b"}]}"#;
    assert!(of(twice)[0].contains("more than once"));
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let root = site(&[("a b.pp", b"$a = }\n$b = = 1\n")]);
    let log = sarif::log(&check(root.path()));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "bunraku");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        assert!(result["message"]["text"].is_string());
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(
            place["artifactLocation"]["uri"]
                .as_str()
                .unwrap()
                .ends_with("a%20b.pp")
        );
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1);
    }
    assert_eq!(results[1]["properties"]["further"], true);
    assert!(results[0].get("properties").is_none());
}
