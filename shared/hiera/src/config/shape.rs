//! The type of a configuration of version 5 (`HieraConfigV5.config_type`).

use std::sync::Arc;

use bunraku_pcore::types::{Range, Size, StringType, StructElement};
use bunraku_pcore::{PuppetHash, RubyRegex, Type, Value};

const TEXT_KEYS: [&str; 9] = [
    "data_hash",
    "lookup_key",
    "hiera3_backend",
    "v4_data_hash",
    "data_dig",
    "path",
    "glob",
    "uri",
    "datadir",
];
const LIST_KEYS: [&str; 3] = ["paths", "globs", "uris"];
const DEFAULT_KEYS: [&str; 4] = ["data_hash", "lookup_key", "data_dig", "datadir"];
const HIERARCHY_KEYS: [&str; 3] = ["hierarchy", "plan_hierarchy", "default_hierarchy"];
const OPTION_NAME: &str = r"\A[A-Za-z](:?[0-9A-Za-z_-]*[0-9A-Za-z])?\z";

/// Whether a configuration is an instance of [`config_type`].
pub(super) fn fits(config: &PuppetHash) -> bool {
    config.iter().all(|(key, value)| match key.as_str() {
        Some("version") => *value == Value::Int(5),
        Some("defaults") => value.as_hash().is_some_and(|defaults| {
            defaults.iter().all(|(key, value)| match key.as_str() {
                Some("options") => is_options(value),
                Some(key) if DEFAULT_KEYS.contains(&key) => is_text(value),
                _ => false,
            })
        }),
        Some(key) if HIERARCHY_KEYS.contains(&key) => value
            .as_array()
            .is_some_and(|entries| entries.iter().all(is_entry)),
        _ => false,
    })
}

fn is_entry(value: &Value) -> bool {
    let Some(entry) = value.as_hash() else {
        return false;
    };
    entry.contains_str("name")
        && entry.iter().all(|(key, value)| match key.as_str() {
            Some("name") => is_text(value),
            Some("options") => is_options(value),
            Some("mapped_paths") => is_texts(value, 3, 3),
            Some(key) if TEXT_KEYS.contains(&key) => is_text(value),
            Some(key) if LIST_KEYS.contains(&key) => is_texts(value, 1, usize::MAX),
            _ => false,
        })
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn is_texts(value: &Value, least: usize, most: usize) -> bool {
    value
        .as_array()
        .is_some_and(|list| (least..=most).contains(&list.len()) && list.iter().all(is_text))
}

fn is_options(value: &Value) -> bool {
    value.as_hash().is_some_and(|options| {
        options
            .keys()
            .all(|key| key.as_str().is_some_and(is_option_name))
    })
}

/// [`OPTION_NAME`] without a regular expression. Its `(:?` is a colon that may stand, as written.
fn is_option_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    match name.as_bytes() {
        [first] => first.is_ascii_alphabetic(),
        [first, inner @ .., last] => {
            let inner = inner.strip_prefix(b":").unwrap_or(inner);
            first.is_ascii_alphabetic()
                && last.is_ascii_alphanumeric()
                && inner.iter().all(|byte| is_inner(*byte))
        }
        [] => false,
    }
}

/// The type, for the description of what does not fit.
pub(super) fn config_type() -> Type {
    let size = |from, to| Size { from, to };
    let text = || Type::String(StringType::Size(size(1, None)));
    let list = |size| Type::Array {
        element: Arc::new(text()),
        size: Some(size),
    };
    let option_name = RubyRegex::new(OPTION_NAME).map_or(Type::string(), |regex| {
        Type::Pattern(vec![Arc::new(regex)].into())
    });
    let options = Type::hash_of(option_name, Type::data());
    let member = |name: &str, value: Type| StructElement {
        key: Type::String(StringType::Value(name.into())),
        value,
    };
    let optional = |name: &str, value: Type| StructElement {
        key: Type::optional(Type::String(StringType::Value(name.into()))),
        value,
    };
    let entry = Type::Struct(
        vec![
            member("name", text()),
            optional("options", options.clone()),
            optional("data_hash", text()),
            optional("lookup_key", text()),
            optional("hiera3_backend", text()),
            optional("v4_data_hash", text()),
            optional("data_dig", text()),
            optional("path", text()),
            optional("paths", list(size(1, None))),
            optional("glob", text()),
            optional("globs", list(size(1, None))),
            optional("uri", text()),
            optional("uris", list(size(1, None))),
            optional("mapped_paths", list(size(3, Some(3)))),
            optional("datadir", text()),
        ]
        .into(),
    );
    let mut defaults: Vec<_> = DEFAULT_KEYS
        .iter()
        .map(|key| optional(key, text()))
        .collect();
    defaults.push(optional("options", options));
    let mut members = vec![
        member(
            "version",
            Type::Integer(Range {
                from: Some(5),
                to: Some(5),
            }),
        ),
        optional("defaults", Type::Struct(defaults.into())),
    ];
    members.extend(
        HIERARCHY_KEYS
            .iter()
            .map(|key| optional(key, Type::array_of(entry.clone()))),
    );
    Type::Struct(members.into())
}
