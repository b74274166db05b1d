//! No text makes the readers panic or run away.

use bunraku_hiera::{Config, DataFile, DataFormat, Layer, LookupKey, Strict, yaml};
use proptest::prelude::*;

fn read_all(text: &[u8]) {
    let _ = yaml::load(text, Some("x.yaml"));
    let _ = Config::parse(text, "/e/hiera.yaml", &Layer::Environment, Strict::Error);
    for format in [DataFormat::Yaml, DataFormat::Json] {
        if let Ok(file) = DataFile::parse(text, "/e/x", format, Strict::Off) {
            let _ = file.value("a");
            let _ = file.warnings(Some("m"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&text);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in "\\PC{0,80}") {
        read_all(text.as_bytes());
    }

    #[test]
    fn yaml_like_text_is_read_or_refused(text in "([a-c]: |- |\\? |\\[|\\]|\\{|\\}|, |&a |\\*a |!!?[a-z/]{1,12} |<<: |\"|'|\\||>|#|\n|\n  |0x?[0-9_,.]{0,5}|[:.+0-9-]{1,6}|~|%\\{[a-z.']{0,4}\\}){0,40}") {
        read_all(text.as_bytes());
    }

    #[test]
    fn arbitrary_keys_are_split_or_refused(key in "[a-c.'\" :0-9+-]{0,20}") {
        let _ = LookupKey::parse(&key);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for opening in ["[", "{a: ", "- ", "? "] {
        let error = yaml::load(opening.repeat(100_000).as_bytes(), Some("x.yaml")).unwrap_err();
        assert!(error.message.contains("x.yaml"), "{opening}: {error}");
    }
    let json = "[".repeat(100_000);
    assert!(DataFile::parse(json.as_bytes(), "/e/x", DataFormat::Json, Strict::Off).is_err());
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let one = format!("*a{}, ", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", one.repeat(10)));
    }
    let error = yaml::load(text.as_bytes(), Some("x.yaml")).unwrap_err();
    assert!(error.message.contains("aliases expanded"), "{error}");
}

#[test]
fn aliases_that_nest_are_refused() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..5000 {
        text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(yaml::load(text.as_bytes(), None).is_err());
}

#[test]
fn a_cycle_of_aliases_is_refused() {
    assert!(yaml::load(b"a: &x [1, *x]\n", None).is_err());
}
