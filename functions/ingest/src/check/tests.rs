use bunraku_farm::documents::Severity;

use super::*;

fn check(files: &[(&str, &str)]) -> Vec<UploadDiagnostic> {
    let files = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Bytes::from((*text).to_owned())))
        .collect();
    check_tree(&files)
}

#[test]
fn what_a_compile_reads_is_looked_at() {
    for path in [
        "manifests/site.pp",
        "modules/a/templates/x.epp",
        "data/common.yaml",
        "data/nodes/a/b.eyaml",
        "modules/a/data/os.json",
        "hiera.yaml",
        "modules/a/hiera.yaml",
        "modules/a/metadata.json",
        "facts/a.json",
        "environment.conf",
    ] {
        assert!(looks_at(path), "{path}");
    }
    for path in [
        "modules/a/spec/fixtures/broken.pp",
        "modules/a/files/x.yaml",
        "README.md",
        "Puppetfile",
        ".fixtures.yml",
        "modules/a/files/app.json",
    ] {
        assert!(!looks_at(path), "{path}");
    }
}

#[test]
fn every_broken_data_file_is_named_with_its_place() {
    let found = check(&[
        ("data/a.yaml", "key: [1, 2\nother: 3\n"),
        ("data/b.json", "{\n  \"a\": }\n"),
        ("data/good.yaml", "---\na: 1\n"),
        ("facts/c.json", "{"),
        ("facts/list.json", "[]"),
        ("modules/m/metadata.json", "nothing"),
    ]);
    let places: Vec<_> = found
        .iter()
        .map(|it| (it.file.as_deref().unwrap(), it.severity))
        .collect();
    let error = Severity::Error;
    assert_eq!(
        places,
        [
            ("data/a.yaml", error),
            ("data/b.json", error),
            ("facts/c.json", error),
            ("facts/list.json", Severity::Warning),
            ("modules/m/metadata.json", error),
        ]
    );
    assert_eq!((found[1].line, found[1].column), (Some(2), Some(8)));
    assert!(
        found[1]
            .excerpt
            .as_ref()
            .unwrap()
            .ends_with("    |        ^"),
        "{:?}",
        found[1].excerpt
    );
    // `ruby -ryaml -e 'YAML.load("key: [1, 2\nother: 3\n")'`
    assert!(
        found[0]
            .message
            .contains("did not find expected ',' or ']'"),
        "{}",
        found[0].message
    );
}

#[test]
fn text_that_is_no_utf_8_is_an_error_and_no_crash() {
    let files = BTreeMap::from([(
        "manifests/site.pp".to_owned(),
        Bytes::from_static(b"\xff\xfe"),
    )]);
    assert_eq!(check_tree(&files)[0].message, "the file is not valid UTF-8");
    assert!(check(&[]).is_empty());
}

/// Messages and places from `puppet parser validate --strict=error` and `puppet epp validate` 7.23.
#[test]
fn every_error_of_every_manifest_and_template_is_told_in_puppets_words() {
    let found = check(&[
        ("manifests/a.pp", "class a {\n  $x = = 1\n}\n"),
        (
            "manifests/b.pp",
            "$x = 1\n$x = 2\nnode a {}\n1 = 2\nfoo::Bar { x: }\nclass b { class { c: } }\n",
        ),
        ("manifests/good.pp", "node default { }\n"),
        ("modules/m/plans/p.pp", "plan m::p() { }\n"),
        ("modules/m/templates/c.epp", "<%= $x + %>\n"),
    ]);
    let told: Vec<_> = found
        .iter()
        .map(|it| {
            (
                it.file.as_deref().unwrap(),
                it.message.as_str(),
                it.line,
                it.column,
            )
        })
        .collect();
    let effect = "This Name has no effect. A value was produced and then forgotten (one or more preceding \
                  expressions may have the wrong form)";
    let assign = "Illegal attempt to assign to 'a Literal Integer'. Not an assignable reference";
    assert_eq!(
        told,
        [
            ("manifests/a.pp", "Syntax error at '='", Some(2), Some(8)),
            ("manifests/b.pp", effect, Some(5), Some(1)),
            ("manifests/b.pp", assign, Some(4), Some(1)),
            (
                "modules/m/templates/c.epp",
                "Syntax error at '%>'",
                Some(1),
                Some(10)
            ),
        ]
    );
    let excerpt = found[0].excerpt.as_deref().unwrap();
    assert!(
        excerpt.contains("2 |   $x = = 1\n  |        ^"),
        "{excerpt}"
    );
}

#[test]
fn the_demo_site_has_no_errors() {
    let site = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../localstack-tests/site");
    let mut files = BTreeMap::new();
    let mut directories = vec![site.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(&site)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_dir() {
                directories.push(path);
            } else if looks_at(&name) {
                files.insert(name, Bytes::from(std::fs::read(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 20);
    assert_eq!(check_tree(&files), []);
}
