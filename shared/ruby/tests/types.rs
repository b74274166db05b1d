//! The reader of types against what the reference says of the same sources.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its files and stops at the first surprise"
)]

use std::path::{Path, PathBuf};

use bunraku_ruby::{AttributeKind, TitlePatterns, TypeDefinition, read_types};
use serde_json::Value;

fn source_of(entry: &Value) -> PathBuf {
    let path = entry["path"].as_str().unwrap();
    match entry["where"].as_str().unwrap() {
        "fixture" => Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(path),
        "module" => Path::new("/usr/share/puppet/modules").join(path),
        _ => Path::new("/usr/lib/ruby/vendor_ruby").join(path),
    }
}

fn names(definition: &TypeDefinition, kind: AttributeKind) -> Vec<&str> {
    definition
        .attributes
        .iter()
        .filter(|a| a.kind == kind)
        .map(|a| a.name.as_str())
        .collect()
}

/// Patterns as the golden file writes them.
fn title_patterns(definition: &TypeDefinition) -> Value {
    match &definition.title_patterns {
        TitlePatterns::Inherited => Value::Null,
        TitlePatterns::Unreadable => Value::from("unreadable"),
        TitlePatterns::Literal(patterns) => patterns
            .iter()
            .map(|p| serde_json::json!({"pattern": p.pattern, "attributes": p.attributes}))
            .collect(),
    }
}

#[test]
fn types_of_installed_modules_read_as_the_reference_runs_them() {
    let golden: serde_json::Map<String, Value> =
        serde_json::from_str(include_str!("types.json")).unwrap();
    let mut wrong = Vec::new();
    for (name, expected) in &golden {
        let path = source_of(expected);
        let source = std::fs::read(&path).unwrap_or_else(|_| {
            panic!("{} is absent: install puppet-agent and puppet-module-puppetlabs-{{concat,stdlib,*-core}}", path.display())
        });
        let definitions = match read_types(&source) {
            Ok(definitions) => definitions,
            Err(unreadable) => {
                wrong.push(format!("{name}: {unreadable}"));
                continue;
            }
        };
        let definition = definitions
            .iter()
            .find(|d| d.name == *name)
            .unwrap_or_else(|| panic!("{name}: not found"));
        let list = |key: &str| -> Vec<&str> {
            expected[key]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_str().unwrap())
                .collect()
        };
        let same = names(definition, AttributeKind::Property) == list("properties")
            && names(definition, AttributeKind::Parameter) == list("parameters")
            && definition
                .namevars()
                .map(|n| n.as_str())
                .collect::<Vec<_>>()
                == list("namevars")
            && title_patterns(definition) == expected["title_patterns"]
            && definition.isomorphic == expected["isomorphic"].as_bool().unwrap();
        if !same {
            wrong.push(format!("{name}: {definition:#?}\nexpected {expected:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(golden.len() > 20);
}

#[test]
fn what_is_computed_is_unreadable_with_its_place() {
    let cases: &[(&str, &str, u32, u32)] = &[
        (
            "Puppet::Type.newtype(NAME) do\nend",
            "the name of the type is computed",
            1,
            1,
        ),
        (
            "Puppet::Type.newtype(:x) do\n  newparam(\"a#{1}\")\nend",
            "the name of an attribute is computed",
            2,
            3,
        ),
        (
            "Puppet::Type.newtype(:x) do\n  newparam(:a)\n  if Y\n    newparam(:b)\n  end\nend",
            "an attribute is declared under a condition or by a computed call",
            4,
            5,
        ),
        (
            "Puppet::Type.newtype(:x) do\n  LIST.each { |n| newparam(n) }\nend",
            "an attribute is declared under a condition or by a computed call",
            2,
            19,
        ),
        (
            "Puppet::ResourceApi.register_type(DEFINITION)",
            "the name of the type is computed",
            1,
            1,
        ),
        (
            "Puppet::ResourceApi.register_type(name: 'x', attributes: A.b)",
            "the attributes of the type are computed",
            1,
            1,
        ),
    ];
    for (source, reason, line, column) in cases {
        let unreadable = read_types(source.as_bytes()).unwrap_err();
        assert_eq!(
            (
                unreadable.reason.as_str(),
                unreadable.line,
                unreadable.column
            ),
            (*reason, *line, *column),
            "{source}"
        );
    }
    assert!(
        read_types(b"def x(")
            .unwrap_err()
            .reason
            .starts_with("syntax error: ")
    );
    assert_eq!(read_types(b"puts 1").unwrap(), []);
}

#[test]
fn resource_api_types_give_names_and_behaviours() {
    let source = br#"
require 'puppet/resource_api'
Puppet::ResourceApi.register_type(
  name: 'api_thing',
  docs: <<-EOS,
    A thing.
  EOS
  features: ['simple_get_filter'],
  title_patterns: [{ pattern: /^(?<name>.*)$/, desc: 'all' }],
  attributes: {
    name:   { type: 'String', behaviour: :namevar },
    level:  { type: 'Integer' },
    ensure: { type: 'Enum[present, absent]', default: 'present' },
    hint:   { type: 'String', behaviour: :parameter },
    'made': { type: 'String', behaviour: :read_only },
  },
)
"#;
    let definitions = read_types(source).unwrap();
    let [definition] = definitions.as_slice() else {
        panic!("{definitions:?}")
    };
    assert_eq!(definition.name, "api_thing");
    assert_eq!(definition.api, bunraku_ruby::TypeApi::ResourceApi);
    assert_eq!(
        names(definition, AttributeKind::Property),
        ["ensure", "level", "made"]
    );
    assert_eq!(
        names(definition, AttributeKind::Parameter),
        ["name", "hint"]
    );
    assert_eq!(definition.namevars().collect::<Vec<_>>(), ["name"]);
    let TitlePatterns::Literal(patterns) = &definition.title_patterns else {
        panic!("{definition:?}")
    };
    assert_eq!(
        (patterns[0].pattern.as_str(), patterns[0].attributes.len()),
        ("(?-mix:^(?<name>.*)$)", 0)
    );
}
