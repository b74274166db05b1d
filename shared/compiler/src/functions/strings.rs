//! Functions on strings.

use std::cmp::Ordering;

use bunraku_pcore::regex::Flags;
use bunraku_pcore::{RubyRegex, Type, Value, sprintf};

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;

const TEXTS: &str = "Iterable[Variant[String, Numeric]]";

/// A function that changes one string, or each string of an array, and leaves numbers as they are.
macro_rules! string_change {
    ($name:literal, $change:path) => {
        Builtin {
            name: $name,
            dispatches: &[
                Dispatch::of(&[("arg", "Numeric")], |call| Ok(call.take(0))),
                Dispatch::of(&[("arg", "String")], |call| {
                    Ok(Value::string($change(&call.text(0))))
                }),
                Dispatch::of(&[("arg", TEXTS)], |call| {
                    let changed = call.elements(0)?.map(|element| match &element {
                        Value::Str(text) => Value::string($change(text)),
                        _ => element,
                    });
                    Ok(Value::array(changed.collect()))
                }),
            ],
        }
    };
}

pub(super) const TABLE: &[Builtin] = &[
    string_change!("chomp", chomp),
    string_change!("chop", chop),
    string_change!("strip", strip),
    string_change!("lstrip", lstrip),
    string_change!("rstrip", rstrip),
    string_change!("capitalize", capitalize),
    string_change!("camelcase", camelcase),
    Builtin {
        name: "upcase",
        dispatches: &case_dispatches(|call| Ok(change_case(call.arg(0), &str::to_uppercase))),
    },
    Builtin {
        name: "downcase",
        dispatches: &case_dispatches(|call| Ok(change_case(call.arg(0), &str::to_lowercase))),
    },
    Builtin {
        name: "join",
        dispatches: &[Dispatch::of(&[("arg", "Array"), ("delimiter", "String")], join).optional(1)],
    },
    Builtin {
        name: "split",
        dispatches: &[
            Dispatch::of(&[("str", "String"), ("pattern", "String")], split),
            Dispatch::of(&[("str", "String"), ("pattern", "Regexp")], split),
            Dispatch::of(&[("str", "String"), ("pattern", "Type[Regexp]")], split),
        ],
    },
    Builtin {
        name: "regsubst",
        dispatches: &[
            Dispatch::of(
                &[
                    ("target", "Variant[Array[String],String]"),
                    ("pattern", "String"),
                    ("replacement", "Variant[String,Hash[String,String]]"),
                    ("flags", "Optional[Pattern[/^[GEIM]*$/]]"),
                    ("encoding", "Enum['N','E','S','U']"),
                ],
                regsubst,
            )
            .optional(2),
            Dispatch::of(
                &[
                    ("target", "Variant[Array[String],String]"),
                    ("pattern", "Variant[Regexp,Type[Regexp]]"),
                    ("replacement", "Variant[String,Hash[String,String]]"),
                    ("flags", "Pattern[/^G?$/]"),
                ],
                regsubst,
            )
            .optional(1),
        ],
    },
    Builtin {
        name: "match",
        dispatches: &[
            Dispatch::of(
                &[("string", "String"), ("pattern", "Variant[Any, Type]")],
                match_one,
            ),
            Dispatch::of(
                &[
                    ("string", "Array[String]"),
                    ("pattern", "Variant[Any, Type]"),
                ],
                match_each,
            ),
        ],
    },
    Builtin {
        name: "sprintf",
        dispatches: &[Dispatch::of(&[("format", "Any"), ("arguments", "Any")], format).repeated(0)],
    },
    Builtin {
        name: "versioncmp",
        dispatches: &[Dispatch::of(
            &[
                ("a", "String"),
                ("b", "String"),
                ("ignore_trailing_zeroes", "Boolean"),
            ],
            versioncmp,
        )
        .optional(1)],
    },
    Builtin {
        name: "shellquote",
        dispatches: &[Dispatch::of(&[("words", "Any")], shellquote).repeated(0)],
    },
];

const fn case_dispatches(change: super::builtin::Implementation) -> [Dispatch; 4] {
    [
        Dispatch::of(&[("arg", "Numeric")], change),
        Dispatch::of(&[("arg", "String")], change),
        Dispatch::of(
            &[(
                "arg",
                "Array[Variant[String, Numeric, Boolean, Undef, Array, Hash]]",
            )],
            change,
        ),
        Dispatch::of(&[("arg", "Hash")], change),
    ]
}

fn chomp(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix(['\n', '\r']))
        .unwrap_or(text)
}

fn chop(text: &str) -> &str {
    if let Some(rest) = text.strip_suffix("\r\n") {
        return rest;
    }
    let mut characters = text.chars();
    characters.next_back();
    characters.as_str()
}

/// What Ruby's `strip` takes off: ASCII white space, and NUL at the end (at both ends since Ruby 2.6).
fn is_blank(character: char) -> bool {
    matches!(character, '\0' | '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ')
}

fn strip(text: &str) -> &str {
    text.trim_matches(is_blank)
}

fn lstrip(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_blank)
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first
            .to_uppercase()
            .chain(characters.flat_map(char::to_lowercase))
            .collect(),
        None => String::new(),
    }
}

fn camelcase(text: &str) -> String {
    text.split('_').map(capitalize).collect()
}

fn change_case(value: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Str(text) => Value::string(change(text)),
        Value::Array(elements) => Value::array(
            elements
                .iter()
                .map(|element| change_case(element, change))
                .collect(),
        ),
        Value::Hash(entries) => Value::hash(
            entries
                .iter()
                .map(|(key, value)| (change_case(key, change), change_case(value, change)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Ruby's `Array#join`: nested arrays are joined too.
pub(super) fn join_values(values: &[Value], delimiter: &str) -> String {
    let mut joined = String::new();
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            joined.push_str(delimiter);
        }
        match value {
            Value::Array(inner) => joined.push_str(&join_values(inner, delimiter)),
            Value::Undef => {}
            other => joined.push_str(&bunraku_pcore::to_display_string(other)),
        }
    }
    joined
}

fn join(call: &mut Call<'_, '_>) -> Result<Value> {
    let delimiter = if call.args.len() > 1 {
        call.text(1)
    } else {
        Default::default()
    };
    Ok(Value::string(join_values(
        call.arg(0).as_array().unwrap_or_default(),
        &delimiter,
    )))
}

/// The pattern that an argument stands for: a string is compiled with `flags`.
fn pattern_argument(
    call: &Call<'_, '_>,
    index: usize,
    flags: Flags,
) -> Result<std::sync::Arc<RubyRegex>> {
    match call.arg(index) {
        Value::Regexp(pattern) => Ok(pattern.clone()),
        Value::Type(data_type) => match &**data_type {
            Type::Regexp(Some(pattern)) => Ok(pattern.clone()),
            _ => call.checked(RubyRegex::new("")).map(std::sync::Arc::new),
        },
        _ => call
            .checked(RubyRegex::with_flags(&call.text(index), flags))
            .map(std::sync::Arc::new),
    }
}

fn split(call: &mut Call<'_, '_>) -> Result<Value> {
    let pattern = pattern_argument(call, 1, Flags::default())?;
    let parts = call.checked(pattern.split(&call.text(0)))?;
    Ok(Value::array(parts.into_iter().map(Value::string).collect()))
}

fn regsubst(call: &mut Call<'_, '_>) -> Result<Value> {
    let letters = call.arg(3).as_str().unwrap_or_default().to_owned();
    let flags = Flags {
        ignore_case: letters.contains('I'),
        extended: letters.contains('E'),
        multiline: letters.contains('M'),
    };
    let pattern = pattern_argument(call, 1, flags)?;
    let all = letters.contains('G');
    let replacement = call.arg(2).clone();
    let substitute = |call: &Call<'_, '_>, text: &str| -> Result<Value> {
        let changed = match &replacement {
            Value::Hash(by_match) => replace_by_hash(call, &pattern, text, by_match, all)?,
            other => {
                call.checked(pattern.replace(text, other.as_str().unwrap_or_default(), all))?
            }
        };
        Ok(Value::string(changed))
    };
    match call.arg(0) {
        Value::Array(texts) => {
            let texts = texts.clone();
            let changed: Result<Vec<Value>> = texts
                .iter()
                .map(|text| substitute(call, text.as_str().unwrap_or_default()))
                .collect();
            Ok(Value::array(changed?))
        }
        _ => substitute(call, &call.text(0)),
    }
}

/// Ruby's `sub`/`gsub` with a hash: the matched text is the key; without an entry it goes away.
fn replace_by_hash(
    call: &Call<'_, '_>,
    pattern: &RubyRegex,
    text: &str,
    by_match: &bunraku_pcore::PuppetHash,
    all: bool,
) -> Result<String> {
    let mut result = String::new();
    let mut from = 0;
    while let Some(found) = call.checked(pattern.captures_at(text, from))? {
        result.push_str(text.get(from..found.start).unwrap_or_default());
        let matched = text.get(found.start..found.end).unwrap_or_default();
        if let Some(replacement) = by_match.get_str(matched) {
            result.push_str(&bunraku_pcore::to_display_string(replacement));
        }
        from = found.end;
        if found.start == found.end {
            // An empty match: take one character along, so that the next match is further on.
            let Some(character) = text.get(from..).and_then(|rest| rest.chars().next()) else {
                break;
            };
            result.push(character);
            from += character.len_utf8();
        }
        if !all {
            break;
        }
    }
    result.push_str(text.get(from..).unwrap_or_default());
    Ok(result)
}

fn match_one(call: &mut Call<'_, '_>) -> Result<Value> {
    let (text, pattern) = (call.text(0), call.arg(1).clone());
    match_pattern(call, &text, &pattern)
}

fn match_each(call: &mut Call<'_, '_>) -> Result<Value> {
    let (texts, pattern) = (call.arg(0).clone(), call.arg(1).clone());
    let matched: Result<Vec<Value>> = texts
        .as_array()
        .unwrap_or_default()
        .iter()
        .map(|text| match_pattern(call, text.as_str().unwrap_or_default(), &pattern))
        .collect();
    Ok(Value::array(matched?))
}

fn first_match<'v>(
    call: &Call<'_, '_>,
    text: &str,
    patterns: impl Iterator<Item = &'v Value>,
) -> Result<Value> {
    for pattern in patterns {
        let found = match_pattern(call, text, pattern)?;
        if !found.is_undef() {
            return Ok(found);
        }
    }
    Ok(Value::Undef)
}

fn match_pattern(call: &Call<'_, '_>, text: &str, pattern: &Value) -> Result<Value> {
    match pattern {
        Value::Str(source) => captures(call, &call.checked(RubyRegex::new(source))?, text),
        Value::Regexp(pattern) => captures(call, pattern, text),
        Value::Array(patterns) => first_match(call, text, patterns.iter()),
        Value::Type(data_type) => match &**data_type {
            Type::Regexp(Some(pattern)) => captures(call, pattern, text),
            Type::Regexp(None) => Err(call.fail("Given Regexp Type has no regular expression")),
            Type::Pattern(patterns) => {
                let patterns: Vec<Value> = patterns.iter().cloned().map(Value::Regexp).collect();
                first_match(call, text, patterns.iter())
            }
            Type::Variant(types) => {
                let types: Vec<Value> = types.iter().cloned().map(Value::of_type).collect();
                first_match(call, text, types.iter())
            }
            Type::Alias(alias) => match alias.target() {
                Some(target) => match_pattern(call, text, &Value::of_type(target.clone())),
                None => Ok(Value::Undef),
            },
            other => Err(not_a_pattern(call, &Value::of_type(other.clone()))),
        },
        other => Err(not_a_pattern(call, other)),
    }
}

fn not_a_pattern(call: &Call<'_, '_>, pattern: &Value) -> crate::error::Unwind {
    let class = bunraku_pcore::ruby_class(pattern);
    call.fail(format!(
        "match() expects pattern of T, where T is String, Regexp, Regexp[r], Pattern[p], or Array[T]. Got {class}"
    ))
}

fn captures(call: &Call<'_, '_>, pattern: &RubyRegex, text: &str) -> Result<Value> {
    Ok(match call.checked(pattern.captures(text))? {
        Some(found) => Value::array(
            found
                .groups
                .into_iter()
                .map(|group| group.map_or(Value::Undef, Value::string))
                .collect(),
        ),
        None => Value::Undef,
    })
}

fn format(call: &mut Call<'_, '_>) -> Result<Value> {
    let pattern = bunraku_pcore::to_display_string(call.arg(0));
    let arguments = call.args.get(1..).unwrap_or_default();
    Ok(Value::string(
        call.checked(sprintf::sprintf(&pattern, arguments))?,
    ))
}

fn versioncmp(call: &mut Call<'_, '_>) -> Result<Value> {
    let (mut left, mut right) = (call.text(0).to_string(), call.text(1).to_string());
    if call.arg(2).is_truthy() {
        left = without_trailing_zeroes(&left);
        right = without_trailing_zeroes(&right);
    }
    Ok(Value::Int(compare_versions(&left, &right) as i64))
}

/// `Puppet::Util::Package.normalize`: `1.0.0-rc1` becomes `1-rc1`.
fn without_trailing_zeroes(version: &str) -> String {
    let (number, rest) = match version.find('-') {
        Some(dash) => version.split_at(dash),
        None => (version, ""),
    };
    let mut number = number;
    while let Some(shorter) = number
        .strip_suffix('0')
        .map(|n| n.trim_end_matches('0'))
        .and_then(|n| n.strip_suffix('.'))
    {
        number = shorter;
    }
    format!("{number}{rest}")
}

/// `Puppet::Util::Package.versioncmp`.
pub(super) fn compare_versions(left: &str, right: &str) -> Ordering {
    let (lefts, rights) = (version_parts(left), version_parts(right));
    for (a, b) in lefts.iter().zip(&rights) {
        if a == b {
            continue;
        }
        for separator in ["-", "."] {
            if *a == separator {
                return Ordering::Less;
            }
            if *b == separator {
                return Ordering::Greater;
            }
        }
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if numeric(a) && numeric(b) && !a.starts_with('0') && !b.starts_with('0') {
            return a.len().cmp(&b.len()).then_with(|| a.cmp(b));
        }
        return a.to_uppercase().cmp(&b.to_uppercase());
    }
    left.cmp(right)
}

fn version_parts(version: &str) -> Vec<&str> {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Separator,
        Digits,
        Other,
    }
    let kind = |character: char| match character {
        '-' | '.' => Kind::Separator,
        '0'..='9' => Kind::Digits,
        _ => Kind::Other,
    };
    let mut parts = Vec::new();
    let mut start = 0;
    let mut previous: Option<Kind> = None;
    for (at, character) in version.char_indices() {
        let this = kind(character);
        if previous.is_some_and(|previous| previous != this || this == Kind::Separator) {
            parts.extend(version.get(start..at));
            start = at;
        }
        previous = Some(this);
    }
    if previous.is_some() {
        parts.extend(version.get(start..));
    }
    parts
}

fn shellquote(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut words = Vec::new();
    super::collections::flatten_into(&call.args, &mut words);
    let quoted: Vec<String> = words
        .iter()
        .map(|word| shell_word(&bunraku_pcore::to_display_string(word)))
        .collect();
    Ok(Value::string(quoted.join(" ")))
}

fn shell_word(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%_+=:,./-".contains(c);
    let dangerous = |c: char| "!\"`$\\".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    if !word.chars().any(dangerous) {
        return format!("\"{word}\"");
    }
    if !word.contains('\'') {
        return format!("'{word}'");
    }
    let mut quoted = String::from("\"");
    for character in word.chars() {
        if dangerous(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{chop, compare_versions, shell_word, without_trailing_zeroes};

    /// Expected answers are those of `Puppet::Util::Package.versioncmp`.
    #[test]
    fn versions_compare_as_puppet_compares_them() {
        for (left, right, expected) in [
            ("1.2", "1.10", Ordering::Less),
            ("1.2", "1.2", Ordering::Equal),
            ("2.0-rc1", "2.0", Ordering::Greater),
            ("2.0-rc1", "2.0.0", Ordering::Less),
            ("1.06.00-14", "1.06.00-2", Ordering::Greater),
            ("1.001", "1.1", Ordering::Less),
            ("a", "B", Ordering::Less),
        ] {
            assert_eq!(
                compare_versions(left, right),
                expected,
                "{left} <=> {right}"
            );
        }
        assert_eq!(without_trailing_zeroes("1.0.0-rc1"), "1-rc1");
    }

    #[test]
    fn words_are_quoted_only_as_far_as_a_shell_needs() {
        assert_eq!(shell_word("a/b"), "a/b");
        assert_eq!(shell_word("a b"), "\"a b\"");
        assert_eq!(shell_word("a$b"), "'a$b'");
        assert_eq!(shell_word("a$'b"), "\"a\\$'b\"");
        assert_eq!(shell_word(""), "\"\"");
    }

    #[test]
    fn chop_takes_a_line_end_whole() {
        assert_eq!(chop("a\r\n"), "a");
        assert_eq!(chop("añ"), "a");
        assert_eq!(chop(""), "");
    }
}
