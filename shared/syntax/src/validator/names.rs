//! Which names are well formed (`patterns.rb`).

use crate::lexer::chars::is_word;

/// `[a-z]\w*(::[a-z]\w*)*` with the given class of first letters.
fn segments(name: &str, first: fn(&u8) -> bool) -> bool {
    name.split("::").all(|segment| {
        segment.as_bytes().first().is_some_and(first) && segment.bytes().all(is_word)
    })
}

/// `CLASSREF_DECL`: names of classes, defines and functions.
pub(super) fn is_definition_name(name: &str) -> bool {
    segments(name, u8::is_ascii_lowercase)
}

/// `CLASSREF_EXT_DECL`: names of type aliases.
pub(super) fn is_type_declaration_name(name: &str) -> bool {
    segments(name, u8::is_ascii_uppercase)
}

/// `PARAM_NAME`
pub(super) fn is_parameter_name(name: &str) -> bool {
    segments_of_word(name, |byte| byte.is_ascii_lowercase() || *byte == b'_')
}

fn segments_of_word(name: &str, first: fn(&u8) -> bool) -> bool {
    name.as_bytes().first().is_some_and(first) && name.bytes().all(is_word)
}

/// `^(0x)?[0-9]+$`
pub(super) fn is_numeric_parameter(name: &str) -> bool {
    let digits = name.strip_prefix("0x").unwrap_or(name);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `NUMERIC_VAR_NAME`
pub(super) fn is_match_variable(name: &str) -> bool {
    name == "0"
        || (!name.is_empty()
            && !name.starts_with('0')
            && name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `VAR_NAME`: only the last segment may start with an underscore.
pub(super) fn is_variable_name(name: &str) -> bool {
    let name = name.strip_prefix("::").unwrap_or(name);
    match name.rsplit_once("::") {
        Some((namespace, last)) => {
            segments(namespace, u8::is_ascii_lowercase) && is_parameter_name(last)
        }
        None => is_parameter_name(name),
    }
}

/// Names that types of the language have (`RESERVED_TYPE_NAMES`).
pub(super) fn is_reserved_type_name(name: &str) -> bool {
    const NAMES: [&str; 28] = [
        "type",
        "any",
        "unit",
        "scalar",
        "boolean",
        "numeric",
        "integer",
        "float",
        "collection",
        "array",
        "hash",
        "tuple",
        "struct",
        "variant",
        "optional",
        "enum",
        "regexp",
        "pattern",
        "runtime",
        "init",
        "object",
        "sensitive",
        "semver",
        "semverrange",
        "string",
        "timestamp",
        "timespan",
        "typeset",
    ];
    NAMES.contains(&name)
}

/// Whether a host name has characters that none has.
pub(super) fn has_illegal_host_characters(name: &str) -> bool {
    name.bytes()
        .any(|byte| !is_word(byte) && byte != b'-' && byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_segment_of_a_variable_may_start_with_an_underscore() {
        assert!(is_variable_name("::a::_b"));
        assert!(is_variable_name("_x"));
        assert!(!is_variable_name("_a::b"));
        assert!(!is_variable_name("A"));
        assert!(!is_variable_name(""));
    }
}
