//! The built-in functions: one table per file, read together by [`find`].

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

pub(crate) mod builtin;
mod catalog;
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
mod stdlib;
mod strings;
mod templates;
mod tree;
mod types;

use builtin::{Builtin, Registered};

/// Every table of built-in functions.
const TABLES: &[&[Builtin]] = &[
    catalog::TABLE,
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

type Registry = FxHashMap<&'static str, Registered>;

fn registry(tables: &[&'static [Builtin]]) -> Registry {
    let builtins = tables.iter().flat_map(|table| table.iter());
    builtins
        .map(|builtin| (builtin.name, Registered::new(builtin)))
        .collect()
}

/// The built-in function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Registered> {
    static CORE: OnceLock<Registry> = OnceLock::new();
    CORE.get_or_init(|| registry(TABLES)).get(name)
}

/// The function that stands for one of stdlib's in Ruby. The caller sees to it that the module has it.
pub(crate) fn find_in_stdlib(name: &str) -> Option<&'static Registered> {
    static STDLIB: OnceLock<Registry> = OnceLock::new();
    STDLIB.get_or_init(|| registry(&[stdlib::TABLE])).get(name)
}

#[cfg(test)]
mod tests {
    use super::{TABLES, stdlib};
    use crate::evaluator::type_text::parse_type;
    use crate::functions::builtin::Block;

    #[test]
    fn every_type_of_every_dispatch_can_be_parsed() {
        for builtin in TABLES
            .iter()
            .flat_map(|table| table.iter())
            .chain(stdlib::TABLE)
        {
            for dispatch in builtin.dispatches {
                let block = match dispatch.block {
                    Block::None => None,
                    Block::Optional(text) | Block::Required(text) => Some(text),
                };
                for text in dispatch.params.iter().map(|(_, text)| *text).chain(block) {
                    parse_type(text)
                        .unwrap_or_else(|error| panic!("{}: {text}: {error}", builtin.name));
                }
            }
        }
    }
}
