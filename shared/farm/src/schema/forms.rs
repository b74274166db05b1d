//! The forms of names, digests and texts that have a reader of their own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::documents::{Patterns, TraceDocument, UploadKey};
use crate::rollout::{Clock, Days, Limit, Moment, Pause, Percent, Zone};
use crate::{Certname, CodePath, Digest, EnvironmentName, PrebuiltName};

macro_rules! forms {
    ($($type:ident $form:tt)*) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($form)
            }
        })*
    };
}

forms! {
    Digest {
        "description": "SHA-256, 64 lower-case hexadecimal digits.",
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
    }
    Certname {
        "description": "A node's name, as its certificate says.",
        "type": "string",
        "pattern": "^(?!.*\\.\\.)[a-z0-9_][a-z0-9_.-]*$",
        "maxLength": 240,
    }
    EnvironmentName {
        "description": "An environment's name.",
        "type": "string",
        "pattern": "^[A-Za-z0-9_]+$",
        "maxLength": 200,
    }
    PrebuiltName {
        "description": "What a pre-built catalog is called.",
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        "maxLength": 100,
    }
    CodePath {
        "description": "A file's path in a release, relative to its root: no empty part, no `.` or `..`.",
        "type": "string",
        "pattern": "^(?!\\.{1,2}(/|$))[^/]+(/(?!\\.{1,2}(/|$))[^/]+)*$",
    }
    UploadKey {
        "description": "The key of an upload: `uploads/ENVIRONMENT/ID.tar.zst` or `.tar.gz`.",
        "type": "string",
        "pattern": "^uploads/[A-Za-z0-9_]+/[A-Za-z0-9][A-Za-z0-9_.,+=@() -]*\\.tar\\.(zst|gz)$",
    }
    TraceDocument {
        "description": "What the compile read: each read with the digest of its answer.",
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
    }
    Patterns {
        "description": "A text, or a list of some; `*` stands for any characters, `?` for any one.",
        "type": ["string", "number", "boolean", "array"],
        "items": {"type": ["string", "number", "boolean"]},
        "minItems": 1,
    }
    Percent {
        "description": "A share, such as `10%` or `2.5`.",
        "type": ["string", "number"],
        "pattern": "^[^%]+%?\\s*$",
        "exclusiveMinimum": 0,
        "maximum": 100,
    }
    Limit {
        "description": "A number of nodes, or a share of those that are looked at, such as `5%`.",
        "type": ["string", "integer"],
        "pattern": "^\\s*[0-9.]+\\s*%?\\s*$",
        "minimum": 0,
    }
    Pause {
        "description": "A length of time, such as `30m`, `1h 30m` or `2 days`; 0 for none.",
        "type": ["string", "number"],
    }
    Zone {
        "description": "A time zone of the IANA database, such as `Europe/Zurich`.",
        "type": "string",
    }
    Days {
        "description": "Days of the week: `mon-thu`, or a list.",
        "type": ["string", "array"],
        "items": {"type": "string"},
        "minItems": 1,
    }
    Clock {
        "description": "A minute of a day, such as `09:00`, up to `24:00`; a number is seconds, as YAML reads it without quotation marks.",
        "type": ["string", "integer"],
        "pattern": "^\\s*[0-9]{1,2}:[0-9]{1,2}\\s*$",
        "minimum": 0,
    }
    Moment {
        "description": "A day, such as `2026-12-24`, or a time of one, such as `2026-12-24 12:00`.",
        "type": "string",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;

    /// Whether the reader takes a text, and whether the schema does.
    fn verdicts<T: JsonSchema + DeserializeOwned>(text: &str) -> (bool, bool) {
        let value = Value::from(text);
        let schema = schemars::schema_for!(T).to_value();
        let is_valid = jsonschema::is_valid(&schema, &value);
        (serde_json::from_value::<T>(value).is_ok(), is_valid)
    }

    proptest! {
        #[test]
        fn names_are_taken_by_the_schema_as_by_the_reader(text in "[aZ0_./ -]{0,6}") {
            let (reader, schema) = verdicts::<Certname>(&text);
            prop_assert_eq!(reader, schema);
            let (reader, schema) = verdicts::<EnvironmentName>(&text);
            prop_assert_eq!(reader, schema);
            let (reader, schema) = verdicts::<PrebuiltName>(&text);
            prop_assert_eq!(reader, schema);
            let (reader, schema) = verdicts::<CodePath>(&text);
            prop_assert_eq!(reader, schema);
            let (reader, schema) = verdicts::<UploadKey>(&format!("uploads/{text}.tar.gz"));
            prop_assert_eq!(reader, schema);
        }
    }
}
