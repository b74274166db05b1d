//! YAML as Ruby's Psych 4 reads it for Puppet (`Puppet::Util::Yaml.safe_load`).

mod build;
mod error;
mod events;
mod scalar;
mod tags;
mod tree;

pub use build::{MAX_DEPTH, MAX_NODES};
pub use error::YamlError;
pub use tree::{Data, Foreign, Map};

use std::collections::BTreeMap;

use bunraku_pcore::Value;
use events::{Kind, Node};

/// Reads the first document of `text`, symbols allowed, as a value.
///
/// `file_name` is for messages only. An empty text, and a document of nothing, is `Undef`. A symbol
/// is read as its text, except `:default` and `:undef`; [`load`] keeps symbols apart.
///
/// # Errors
/// The text Psych gives, with file, line and column.
pub fn parse(text: &str, file_name: &str) -> Result<Value, YamlError> {
    load(text.as_bytes(), Some(file_name)).map(|data| data.unwrap_or(Data::Null).into_value())
}

/// Reads the first document of `text` with all that Ruby would tell apart.
///
/// A leading byte order mark is skipped. `None`: there is no document.
///
/// # Errors
/// The text Psych gives, with file, line and column; a named error when the document is nested or
/// expanded by aliases over [`MAX_DEPTH`] or [`MAX_NODES`].
pub fn load(text: &[u8], file_name: Option<&str>) -> Result<Option<Data>, YamlError> {
    let Some(root) = events::first_document(text, file_name)? else {
        return Ok(None);
    };
    build::build(&root, file_name).map(Some)
}

/// The scalars of the first document's mapping, as they are written, by their keys. What is within them is skipped, and
/// so are the classes that tags name: nothing is built of the document. Empty when it is no mapping.
///
/// # Errors
/// As [`load`]; tags are no error.
pub fn scalars(text: &[u8]) -> Result<BTreeMap<String, String>, YamlError> {
    let entries = match events::first_document(text, None)?.map(|root| root.kind) {
        Some(Kind::Mapping(entries)) => entries,
        _ => Vec::new(),
    };
    let pair = |(key, value): (Node, Node)| match (key.kind, value.kind) {
        (Kind::Scalar { value: key, .. }, Kind::Scalar { value, .. }) => Some((key, value)),
        _ => None,
    };
    Ok(entries.into_iter().filter_map(pair).collect())
}
