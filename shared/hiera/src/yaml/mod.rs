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

use bunraku_pcore::Value;

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
