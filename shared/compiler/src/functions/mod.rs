//! The built-in functions: one table per file, read together by [`find`].

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

pub(crate) mod builtin;
mod collections;
mod control;
mod data;
mod digests;
mod files;
mod iterable;
mod iteration;
mod logging;
mod mersenne;
mod numbers;
mod ruby_class;
mod strings;
mod templates;
mod tree;
pub(crate) mod types;

use builtin::{Builtin, Registered};

/// Every table of built-in functions.
const TABLES: &[&[Builtin]] = &[
    collections::TABLE,
    control::TABLE,
    data::TABLE,
    digests::TABLE,
    files::TABLE,
    iteration::TABLE,
    logging::TABLE,
    numbers::TABLE,
    strings::TABLE,
    templates::TABLE,
    types::TABLE,
];

/// The built-in function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Registered> {
    static REGISTRY: OnceLock<FxHashMap<&'static str, Registered>> = OnceLock::new();
    let registry = REGISTRY.get_or_init(|| {
        let builtins = TABLES.iter().flat_map(|table| table.iter());
        builtins.map(|builtin| (builtin.name, Registered::new(builtin))).collect()
    });
    registry.get(name)
}
