//! Explicit tags: which are read, and which Ruby class the others would load.

use std::sync::Arc;

use super::tree::Data;

/// What a tag makes of a scalar.
pub(super) enum Scalar {
    /// The text as it stands.
    Text,
    /// As without a tag.
    Plain,
    Symbol,
    Binary,
    Float,
    /// A class that may not be loaded.
    Class(String),
}

pub(super) enum Sequence {
    Plain,
    Ordered,
    Class(String),
}

pub(super) enum Mapping {
    Plain,
    /// A string written as a mapping with a key `str`.
    Text,
    Class(String),
}

pub(super) fn scalar(tag: &str, value: &str) -> Scalar {
    if let Some(class) = string_class(tag) {
        return class.map_or(Scalar::Text, Scalar::Class);
    }
    if let Some(rest) = tag.strip_prefix("!ruby/sym") {
        // `/^!ruby\/sym(bol)?:?(.*)?$/` takes any rest.
        let _ = rest;
        return Scalar::Symbol;
    }
    let class = match tag {
        "!binary" | "tag:yaml.org,2002:binary" => return Scalar::Binary,
        "tag:yaml.org,2002:float" | "!float" => return Scalar::Float,
        "!ruby/object:BigDecimal" => "BigDecimal",
        "!ruby/object:DateTime" => "DateTime",
        "!ruby/object:Complex" => "Complex",
        "!ruby/object:Rational" => "Rational",
        "!ruby/regexp" => "Regexp",
        "!ruby/range" => "Range",
        "!ruby/encoding" => "Encoding",
        "!ruby/class" | "!ruby/module" => value,
        _ => return Scalar::Plain,
    };
    Scalar::Class(class.to_owned())
}

pub(super) fn sequence(tag: &str) -> Sequence {
    for prefix in ["!seq:", "!ruby/array:"] {
        if let Some(class) = tag.strip_prefix(prefix) {
            return Sequence::Class(class.to_owned());
        }
    }
    match tag {
        "!omap" | "tag:yaml.org,2002:omap" => Sequence::Ordered,
        _ => Sequence::Plain,
    }
}

pub(super) fn mapping(tag: &str) -> Mapping {
    if let Some(class) = string_class(tag) {
        return class.map_or(Mapping::Text, Mapping::Class);
    }
    // Prefix of the tag, and the class that stands in where the tag names none.
    for (prefix, default) in [
        ("!ruby/struct", "Struct"),
        ("!ruby/object", "Object"),
        ("!ruby/exception", "Exception"),
    ] {
        if let Some(rest) = tag.strip_prefix(prefix) {
            let class = rest.strip_prefix(':').unwrap_or(rest);
            return match (prefix, class) {
                ("!ruby/object", "Hash") => Mapping::Plain,
                (_, "") => Mapping::Class(default.to_owned()),
                _ => Mapping::Class(class.to_owned()),
            };
        }
    }
    for prefix in [
        "!ruby/array:",
        "!map:",
        "!ruby/hash:",
        "!ruby/marshalable:",
        "!ruby/hash-with-ivars:",
    ] {
        if let Some(class) = tag.strip_prefix(prefix) {
            return Mapping::Class(class.to_owned());
        }
    }
    let class = match tag {
        "!ruby/range" => "Range",
        "!set" | "tag:yaml.org,2002:set" => "Psych::Set",
        "!omap" | "tag:yaml.org,2002:omap" => "Psych::Omap",
        "!ruby/hash-with-ivars" => "Hash",
        _ => return Mapping::Plain,
    };
    Mapping::Class(class.to_owned())
}

/// `/^!(?:str|ruby\/string)(?::(.*))?$/` and the core tag: `Some(None)` is a plain string.
fn string_class(tag: &str) -> Option<Option<String>> {
    if tag == "tag:yaml.org,2002:str" {
        return Some(None);
    }
    let rest = tag
        .strip_prefix("!str")
        .or_else(|| tag.strip_prefix("!ruby/string"))?;
    match rest.strip_prefix(':') {
        None => rest.is_empty().then_some(None),
        Some("") => Some(None),
        Some(class) => Some(Some(class.to_owned())),
    }
}

/// `unpack('m')`: what is no base64 is skipped, padding ends it.
pub(super) fn unpack_base64(text: &str) -> Data {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0u32;
    let mut count = 0u8;
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(digit);
        count += 1;
        if count == 4 {
            bytes.extend(bits.to_be_bytes().iter().skip(1));
            (bits, count) = (0, 0);
        }
    }
    match count {
        3 => bytes.extend((bits << 6).to_be_bytes().iter().skip(1).take(2)),
        2 => bytes.extend((bits << 12).to_be_bytes().iter().skip(1).take(1)),
        _ => {}
    }
    match String::from_utf8(bytes) {
        Ok(text) => Data::Str(text.into()),
        Err(error) => Data::Bytes(Arc::new(error.into_bytes())),
    }
}
