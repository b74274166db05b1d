//! The form of a catalog's JSON, for those who write some.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::Catalog;

impl JsonSchema for Catalog {
    fn schema_name() -> Cow<'static, str> {
        "Catalog".into()
    }

    /// What [`super::from_json`] reads, but for the wrapper of old masters.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A catalog as Puppet writes it, in rich or plain JSON.",
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "description": "The node's certname." },
                "version": {
                    "type": ["integer", "string"],
                    "description": "Shown by agents as the configuration version.",
                },
                "environment": { "type": "string" },
                "code_id": { "type": ["string", "null"], "description": "Names the code." },
                "catalog_uuid": { "type": ["string", "null"] },
                "catalog_format": { "type": "integer", "minimum": 0, "description": "2 in every supported agent." },
                "tags": { "$ref": "#/$defs/strings" },
                "classes": {
                    "$ref": "#/$defs/strings",
                    "description": "The evaluated classes in their order.",
                },
                "resources": {
                    "type": "array",
                    "description": "In the order of evaluation.",
                    "items": { "$ref": "#/$defs/resource" },
                },
                "edges": {
                    "type": "array",
                    "description": "Containment, by references such as `Class[main]`.",
                    "items": {
                        "type": "object",
                        "required": ["source", "target"],
                        "properties": { "source": { "type": "string" }, "target": { "type": "string" } },
                    },
                },
                "metadata": {
                    "type": "object",
                    "description": "Of a static catalog: title of a file to what is served for it.",
                    "additionalProperties": { "$ref": "#/$defs/file" },
                },
                "recursive_metadata": {
                    "type": "object",
                    "description": "Of a static catalog: title of a directory to source to its tree.",
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": { "type": "array", "items": { "$ref": "#/$defs/file" } },
                    },
                },
            },
            "$defs": {
                "strings": { "type": "array", "items": { "type": "string" } },
                "resource": {
                    "type": "object",
                    "required": ["type", "title"],
                    "properties": {
                        "type": { "type": "string", "description": "Capitalized in each segment." },
                        "title": { "type": "string" },
                        "tags": { "$ref": "#/$defs/strings" },
                        "file": { "type": ["string", "null"] },
                        "line": { "type": ["integer", "null"], "minimum": 0 },
                        "exported": { "type": "boolean" },
                        "kind": { "enum": ["compilable_type", "defined_type", "class", "unknown"] },
                        "parameters": {
                            "type": "object",
                            "description": "Name to value; rich values are objects with `__ptype`.",
                        },
                        "sensitive_parameters": { "$ref": "#/$defs/strings" },
                    },
                },
                "file": {
                    "type": "object",
                    "required": ["path", "links", "checksum", "type"],
                    "properties": {
                        "path": { "type": "string" },
                        "relative_path": { "type": ["string", "null"] },
                        "links": { "type": "string", "description": "`manage` or `follow`." },
                        "owner": { "type": ["integer", "null"] },
                        "group": { "type": ["integer", "null"] },
                        "mode": { "type": ["integer", "null"], "description": "420 is `0644`." },
                        "checksum": {
                            "type": "object",
                            "required": ["type", "value"],
                            "properties": { "type": { "type": "string" }, "value": { "type": "string" } },
                        },
                        "type": { "enum": ["file", "directory", "link"] },
                        "destination": { "type": ["string", "null"] },
                        "content_uri": { "type": ["string", "null"] },
                        "source": { "type": ["string", "null"] },
                    },
                },
            },
        })
    }
}
