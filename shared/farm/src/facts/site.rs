//! Facts documents that a site brings in its code: `facts/*.json`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Certname;

/// A facts document, read.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteFacts {
    /// The node: `name` of an agent's document, or the file's name without `.json`.
    pub certname: Certname,
    /// The facts.
    pub values: Map<String, Value>,
    /// When they were taken, if the document says so.
    pub timestamp: Option<Timestamp>,
}

/// Why a file under `facts/` is no facts document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteFactsError {
    /// It is no JSON.
    #[error("{message}")]
    Json {
        /// What the JSON reader says.
        message: String,
        /// 1-based line.
        line: u32,
        /// 1-based column.
        column: u32,
    },
    /// It is JSON of another shape, or for a node that can't be.
    #[error("{0}")]
    Shape(String),
}

impl SiteFacts {
    /// Reads the document at `path` (`facts/web1.example.test.json`): in an agent's form (`{"name",
    /// "values"}`) or a plain object of facts.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, SiteFactsError> {
        let document: Value =
            serde_json::from_slice(bytes).map_err(|error| SiteFactsError::Json {
                message: error.to_string(),
                line: u32::try_from(error.line()).unwrap_or(u32::MAX),
                column: u32::try_from(error.column()).unwrap_or(u32::MAX).max(1),
            })?;
        let shape = |text: &str| SiteFactsError::Shape(text.to_owned());
        let Value::Object(mut document) = document else {
            return Err(shape("a facts document is a JSON object"));
        };
        let stem = path.rsplit('/').next().unwrap_or(path);
        let mut name = stem.strip_suffix(".json").unwrap_or(stem).to_owned();
        let mut timestamp = None;
        let values = match document.remove("values") {
            Some(Value::Object(values)) => {
                if let Some(given) = document.get("name").and_then(Value::as_str) {
                    given.clone_into(&mut name);
                }
                timestamp = document
                    .get("timestamp")
                    .and_then(Value::as_str)
                    .and_then(|text| text.parse().ok());
                values
            }
            Some(_) => return Err(shape("'values' of a facts document is a JSON object")),
            None => document,
        };
        let certname =
            Certname::parse(name).map_err(|error| SiteFactsError::Shape(error.to_string()))?;
        Ok(Self {
            certname,
            values,
            timestamp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_the_name_within_wins() {
        let agent = br#"{"name": "a.test", "values": {"os": 1}, "timestamp": "2024-01-01T00:00:00.000000000+00:00"}"#;
        let facts = SiteFacts::parse("facts/file.json", agent).unwrap();
        assert_eq!((facts.certname.as_str(), facts.values.len()), ("a.test", 1));
        assert!(facts.timestamp.is_some());
        let plain = SiteFacts::parse("facts/b.test.json", br#"{"os": 1, "kernel": 2}"#).unwrap();
        assert_eq!((plain.certname.as_str(), plain.values.len()), ("b.test", 2));
    }

    #[test]
    fn others_are_refused_with_a_reason() {
        let error = SiteFacts::parse("facts/a.json", b"{\n \"a\": }").unwrap_err();
        assert!(
            matches!(error, SiteFactsError::Json { line: 2, .. }),
            "{error:?}"
        );
        for (path, text) in [
            ("facts/a.json", "[]"),
            ("facts/a.json", r#"{"values": 1}"#),
            ("facts/A.json", "{}"),
            ("facts/a.json", r#"{"name": "../x", "values": {}}"#),
        ] {
            let error = SiteFacts::parse(path, text.as_bytes()).unwrap_err();
            assert!(matches!(error, SiteFactsError::Shape(_)), "{path} {text}");
        }
    }
}
