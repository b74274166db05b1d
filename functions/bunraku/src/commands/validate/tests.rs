use std::fs;
use std::path::Path;
use std::process::Command;

use bunraku_farm::documents::Severity;
use bunraku_syntax::Strict;
use bunraku_syntax::environment_conf::EnvironmentConf;
use serde_json::{Value as Json, json};

use super::check::{self, Rules};
use super::files;
use super::finding::Finding;
use super::modules::Places;
use super::sarif;
use super::watch::Watched;

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
    files::find(root, &Places::default(), &mut found);
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
    files::find(&root.path().join("a.pp"), &Places::default(), &mut files);
    fs::remove_file(root.path().join("a.pp")).unwrap();
    let gone = check::all(&files, &RULES);
    assert!(
        gone[0].message.starts_with("the file can't be read"),
        "{gone:?}"
    );
    let mut files = Vec::new();
    files::find(&root.path().join("none"), &Places::default(), &mut files);
    assert_eq!(check::all(&files, &RULES).len(), 1);
}

#[test]
fn a_file_is_watched_where_it_lies_since_editors_put_another_one_in_its_place() {
    let root = site(&[("a.pp", b""), ("b.pp", b""), ("code/c.pp", b"")]);
    let path = |name: &str| root.path().join(name);
    let watched = Watched::of(&[path("a.pp"), path("code")]);
    assert!(watched.concerns(&path("a.pp")));
    assert!(watched.concerns(&path("code/sub/d.pp")));
    assert!(!watched.concerns(&path("b.pp")));
}

#[test]
fn the_module_around_a_file_says_where_its_definitions_belong() {
    let root = site(&[
        ("metadata.json", b"{\"name\": \"me-ntp\"}"),
        ("manifests/server.pp", b"class ntp::client { }\n"),
    ]);
    let mut files = Vec::new();
    files::find(
        &root.path().join("manifests/server.pp"),
        &Places::default(),
        &mut files,
    );
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
        files::find(&root.path().join(path), &Places::default(), &mut files);
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

/// Lines of what `tests/project/record.rb` recorded.
fn recorded(name: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/project")
        .join(name);
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn messages(found: &[Finding], errors: bool) -> Vec<&str> {
    let wanted = found
        .iter()
        .filter(|found| (found.severity == Severity::Error) == errors);
    wanted.map(|found| found.message.as_str()).collect()
}

#[test]
fn metadata_is_refused_where_puppet_or_its_module_tool_refuses_it_in_their_words() {
    let mut differences = Vec::new();
    for case in recorded("metadata.jsonl") {
        let text = case["text"].as_str().unwrap();
        let root = site(&[("ntp/metadata.json", text.as_bytes())]);
        let found = check(root.path());
        let ours = messages(&found, true);
        let refusals = [&case["load"], &case["tool"]]
            .into_iter()
            .filter(|error| !error.is_null());
        // Where the document is no object the reference stumbles on.
        let told = refusals.clone().all(|error| match error.as_str() {
            Some(message) if text.starts_with('{') => ours.contains(&message),
            _ => !ours.is_empty(),
        });
        if !told || refusals.count() == 0 && !ours.is_empty() {
            differences.push(format!(
                "{text}\n  ours {ours:?}\n  reference {} {}",
                case["load"], case["tool"]
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn an_environment_conf_is_read_and_refused_as_puppet_reads_and_refuses_it() {
    let mut differences = Vec::new();
    for case in recorded("environment_conf.jsonl") {
        let text = case["text"].as_str().unwrap();
        let found = bunraku_syntax::environment_conf::check("./environment.conf", text);
        let errors: Vec<&str> = found
            .iter()
            .filter(|found| found.severity == bunraku_syntax::Severity::Error)
            .map(|found| found.message.as_str())
            .collect();
        let refused = match (&case["error"], errors.first()) {
            (Json::Null, None) => true,
            (Json::String(theirs), Some(ours)) => {
                theirs
                    .strip_prefix("Environment 'production', ")
                    .unwrap_or(theirs)
                    == *ours
            }
            (Json::Object(_), Some(_)) => true,
            _ => false,
        };
        // What is ignored is told by the reference where it reads the whole file. Of a function that is old it tells only
        // when it calls it.
        let theirs = case["warnings"].as_array().unwrap().iter();
        let warned = theirs
            .filter_map(Json::as_str)
            .filter(|warning| !warning.starts_with("Using of legacy data provider"))
            .all(|warning| found.iter().any(|found| found.message == warning));
        let conf = EnvironmentConf::parse(text);
        let modulepath: Vec<&str> = conf
            .modulepath
            .iter()
            .map(String::as_str)
            .filter(|entry| *entry != "$basemodulepath" || text.contains("$basemodulepath"))
            .collect();
        let read = case["manifest"].is_null()
            || case["manifest"] == conf.manifest.as_str()
                && case["modulepath"] == Json::from(modulepath);
        if !refused || !warned || !read {
            differences.push(format!(
                "{text:?}\n  ours {found:?} {conf:?}\n  reference {case}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn options_say_where_modules_and_the_main_manifest_are() {
    let root = site(&[
        ("code/ntp/manifests/client.pp", b"class ntp::server { }\n"),
        ("main/site.pp", b"class a { }\n"),
    ]);
    let codes = |places: &Places| {
        let mut files = Vec::new();
        files::find(root.path(), places, &mut files);
        let found = check::all(&files, &RULES).into_iter();
        found
            .filter_map(|found| found.issue_code)
            .collect::<Vec<_>>()
    };
    let path = |name: &str| root.path().join(name);
    let mut places = Places::default();
    assert_eq!(codes(&places), Vec::<String>::new());
    places.modulepath = Some(format!("{}:/none", path("./main/../code").display()));
    assert_eq!(codes(&places), ["ILLEGAL_DEFINITION_LOCATION"]);
    places.manifest = Some(path("code"));
    assert_eq!(codes(&places), Vec::<String>::new());
}

/// The schema of SARIF 2.1.0 in a package that the workspace names and never compiles.
fn sarif_schema() -> Json {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Json = serde_json::from_slice(&output.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|package| package["name"] == "serde-sarif");
    let manifest = Path::new(package.unwrap()["manifest_path"].as_str().unwrap());
    let schema = fs::read(manifest.with_file_name("src/schema.json")).unwrap();
    let mut schema: Json = serde_json::from_slice(&schema).unwrap();
    // Its pattern for the languages of texts, which a log of ours does not name, has a bracket too many.
    for part in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][part]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern");
    }
    schema
}

#[test]
fn sarif_is_valid_by_its_schema() {
    let root = site(&[
        ("a b.pp", b"$a = }\n$b = = 1\n$\n"),
        (
            "manifests/c.pp",
            b"class a { notice($x = 1)\n  class::b { }\n}\n",
        ),
        ("d.pp", b"\xff"),
        ("e.epp", b"<%= $x + %>\n"),
        ("hiera.yaml", b"version: 4\n"),
        (
            "environment.conf",
            b"foo = 1\nenvironment_data_provider = none\n",
        ),
        ("metadata.json", b"{\"name\": \"x\"}"),
        ("data/x.yaml", b"a: [\n"),
    ]);
    let schema = sarif_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for log in [sarif::log(&check(root.path())), sarif::log(&[])] {
        let wrong: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
    }
    let broken = json!({"version": "2.1.0", "runs": [{"tool": {}}]});
    assert!(!validator.is_valid(&broken));
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
