//! The parameters of each type in the access operator.

use std::sync::Arc;

use ecow::EcoString;

use super::parameterize::{flatten, to_size};
use super::{CallableType, InitType, Range, Size, StringType, StructElement, Type};
use crate::{Error, Result, RubyRegex, SemVerRange, Value};

/// Ruby class of a value, as the reference's messages name it.
pub(crate) fn ruby_class(value: &Value) -> String {
    match value {
        Value::Undef => "NilClass".to_owned(),
        Value::Default => "Symbol".to_owned(),
        Value::Bool(true) => "TrueClass".to_owned(),
        Value::Bool(false) => "FalseClass".to_owned(),
        Value::Int(_) => "Integer".to_owned(),
        Value::Float(_) => "Float".to_owned(),
        Value::Str(_) => "String".to_owned(),
        Value::Array(_) => "Array".to_owned(),
        Value::Hash(_) => "Hash".to_owned(),
        Value::Regexp(_) => "Regexp".to_owned(),
        Value::Type(data_type) => match &**data_type {
            Type::Alias(_) => "Puppet::Pops::Types::PTypeAliasType".to_owned(),
            data_type => format!("Puppet::Pops::Types::P{}Type", super::short_name(data_type)),
        },
        Value::Sensitive(_) => "Puppet::Pops::Types::PSensitiveType::Sensitive".to_owned(),
        Value::Binary(_) => "Puppet::Pops::Types::PBinaryType::Binary".to_owned(),
        Value::SemVer(_) => "SemanticPuppet::Version".to_owned(),
        Value::SemVerRange(_) => "SemanticPuppet::VersionRange".to_owned(),
        Value::Timespan(_) => "Puppet::Pops::Time::Timespan".to_owned(),
        Value::Timestamp(_) => "Puppet::Pops::Time::Timestamp".to_owned(),
        Value::Uri(_) => "URI::Generic".to_owned(),
        Value::Deferred(_) => "Puppet::Pops::Evaluator::DeferredValue".to_owned(),
        Value::Object(object) => super::short_name(&object.object_type),
        Value::Iterator(_) => "Puppet::Pops::Types::Iterator".to_owned(),
    }
}

/// `a` or `an` before a word.
pub(crate) fn a_an(word: &str) -> String {
    let vowel = word
        .trim_start_matches(['\'', '"'])
        .starts_with(|first: char| "aeiouyAEIOUY".contains(first));
    format!("{} {word}", if vowel { "an" } else { "a" })
}

/// How a type is named in messages (`Integer-Type`).
pub(crate) fn type_label(data_type: &Type) -> String {
    format!("{}-Type", super::to_plain_string(data_type))
}

/// Type of an argument, generalised, as in `Cannot use X where Y is expected`.
pub(crate) fn key_type_name(value: &Value) -> String {
    match value {
        Value::Undef => "Undef".to_owned(),
        Value::Default => "Default".to_owned(),
        value => super::infer(value).generalize().to_string(),
    }
}

/// `max` `None`: no upper limit.
pub(super) fn arity(label: &str, min: usize, max: Option<usize>, actual: usize) -> Error {
    let label = if label.ends_with("-Type") && label.contains('[') || !label.contains('-') {
        let with_article = a_an(label);
        let mut characters = with_article.chars();
        characters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(characters).collect::<String>()
        })
    } else {
        label.to_owned()
    };
    let message = match max {
        None => format!("{label}[] accepts {min} or more arguments. Got {actual}"),
        Some(max) if max != min => {
            format!("{label}[] accepts {min} to {max} arguments. Got {actual}")
        }
        Some(_) => {
            format!(
                "{label}[] accepts {min} argument{}. Got {actual}",
                if min == 1 { "" } else { "s" }
            )
        }
    };
    Error::with_code("BAD_TYPE_SLICE_ARITY", message)
}

/// Types that this implementation does not parameterise yet.
pub(super) fn unsupported(name: &str) -> Error {
    Error::with_code("UNSUPPORTED_TYPE", format!("{name}[] is not supported yet"))
}

pub(super) fn assert_keys(
    base: &Type,
    keys: &[Value],
    max: Option<usize>,
    expected: &[&str],
    fits: impl Fn(&Value) -> bool,
) -> Result<()> {
    let min = max.unwrap_or(1).max(1);
    if keys.len() < min || max.is_some_and(|max| keys.len() > max) {
        return Err(arity(&a_an_uc(&type_label(base)), 1, max, keys.len()));
    }
    match keys.iter().position(|key| !fits(key)) {
        None => Ok(()),
        Some(index) => Err(specialization(
            base,
            keys.get(index).unwrap_or(&Value::Undef),
            index,
            expected,
        )),
    }
}

fn a_an_uc(word: &str) -> String {
    let text = a_an(word);
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

fn specialization(base: &Type, key: &Value, index: usize, expected: &[&str]) -> Error {
    let expected: Vec<&str> = expected
        .iter()
        .map(|name| {
            if name.ends_with("PAnyType") {
                "Any-Type"
            } else {
                name
            }
        })
        .collect();
    Error::with_code(
        "BAD_TYPE_SPECIALIZATION",
        format!(
            "Error creating type specialization of {}, Cannot use {} where {} is expected",
            a_an(&type_label(base)),
            key_type_name(key),
            expected.join(" or ")
        ),
    )
    .at_argument(index)
}

pub(super) fn types(keys: &[Value]) -> Vec<Type> {
    keys.iter()
        .filter_map(|key| key.as_type().cloned())
        .collect()
}

pub(super) fn one_type(label: &str, keys: &[Value]) -> Result<Arc<Type>> {
    match keys {
        [Value::Type(inner)] => Ok(Arc::clone(inner)),
        [other] => Err(slice_type(label, other, 0)),
        _ => Err(arity(label, 1, None, keys.len())
            .with_message(format!("{label}[] accepts 1 argument. Got {}", keys.len()))),
    }
}

impl Error {
    fn with_message(mut self, message: String) -> Self {
        self.message = message;
        self
    }
}

fn slice_type(label: &str, actual: &Value, index: usize) -> Error {
    Error::with_code(
        "BAD_TYPE_SLICE_TYPE",
        format!(
            "{label}[] arguments must be types. Got {}",
            ruby_class(actual)
        ),
    )
    .at_argument(index)
}

/// `[from]` or `[from, to]` of integers or `default`.
pub(super) fn integer_range(keys: &[Value], wrong: impl Fn(String) -> Error) -> Result<Range<i64>> {
    let bound = |index: usize| match keys.get(index) {
        None | Some(Value::Default) => Ok(None),
        Some(Value::Int(number)) => Ok(Some(*number)),
        Some(other) => Err(wrong(ruby_class(other)).at_argument(index)),
    };
    let range = Range {
        from: bound(0)?,
        to: bound(1)?,
    };
    if let (Some(from), Some(to)) = (range.from, range.to)
        && from > to
    {
        return Err(Error::new(format!(
            "'from' must be less or equal to 'to'. Got ({from}, {to}"
        )));
    }
    Ok(range)
}

/// A size from one `Integer` type, or one or two integers; `start` is the index of the first key.
pub(super) fn size(start: usize, keys: &[Value]) -> Result<Size> {
    if let [Value::Type(single)] = keys
        && let Type::Integer(range) = &**single
    {
        return Ok(to_size(*range));
    }
    integer_range(keys, |class| {
        Error::with_code(
            "BAD_COLLECTION_SLICE_TYPE",
            format!(
                "A Type's size constraint arguments must be a single Integer type, or 1-2 integers (or default). Got {}",
                a_an(&class)
            ),
        )
    })
    .map(to_size)
    .map_err(|error| match error.argument {
        Some(index) => error.at_argument(start + index),
        None => error,
    })
}

pub(super) fn float(keys: &[Value]) -> Result<Type> {
    if !(1..=2).contains(&keys.len()) {
        return Err(Error::with_code(
            "BAD_INTEGER_SLICE_ARITY",
            format!(
                "Float-Type supports [] with one or two arguments (from, to). Got {}",
                keys.len()
            ),
        ));
    }
    let bound = |index: usize| {
        match keys.get(index) {
        None | Some(Value::Default) => Ok(None),
        #[expect(clippy::cast_precision_loss, reason = "Ruby's Float(n) rounds as well")]
        Some(Value::Int(number)) => Ok(Some(*number as f64)),
        Some(Value::Float(number)) => Ok(Some(*number)),
        Some(other) => Err(Error::with_code(
            "BAD_INTEGER_SLICE_TYPE",
            format!("Float-Type [] requires all arguments to be floats, or integers (or default). Got {}", ruby_class(other)),
        )
        .at_argument(index)),
    }
    };
    let range = Range {
        from: bound(0)?,
        to: bound(1)?,
    };
    if let (Some(from), Some(to)) = (range.from, range.to)
        && from > to
    {
        let show = crate::numbers::float_to_string;
        return Err(Error::new(format!(
            "'from' must be less or equal to 'to'. Got ({}, {}",
            show(from),
            show(to)
        )));
    }
    Ok(Type::Float(range))
}

pub(super) fn enumeration(base: &Type, keys: &[Value]) -> Result<Type> {
    let (keys, case_insensitive) = match keys {
        [rest @ .., Value::Bool(flag)] => (rest, *flag),
        _ => (keys, false),
    };
    assert_keys(base, keys, None, &["String"], |key| {
        matches!(key, Value::Str(_))
    })?;
    let mut values: Vec<EcoString> = keys
        .iter()
        .filter_map(|key| key.as_str().map(EcoString::from))
        .collect();
    values.sort_unstable();
    values.dedup();
    Ok(Type::Enum {
        values: values.into(),
        case_insensitive,
    })
}

pub(super) fn pattern(base: &Type, keys: &[Value]) -> Result<Type> {
    let is_regex_type = |data_type: &Type| matches!(data_type, Type::Regexp(_) | Type::Pattern(_));
    let expected = &["String", "Regexp", "Pattern-Type", "Regexp-Type"];
    assert_keys(base, keys, None, expected, |key| match key {
        Value::Str(_) | Value::Regexp(_) => true,
        Value::Type(data_type) => is_regex_type(data_type),
        _ => false,
    })?;
    let mut patterns: Vec<Arc<RubyRegex>> = Vec::with_capacity(keys.len());
    let mut add = |regex: Arc<RubyRegex>| {
        if !patterns.contains(&regex) {
            patterns.push(regex);
        }
    };
    for (index, key) in keys.iter().enumerate() {
        match key {
            Value::Str(text) => add(Arc::new(
                RubyRegex::new(text).map_err(|error| error.at_argument(index))?,
            )),
            Value::Regexp(regex) => add(Arc::clone(regex)),
            Value::Type(data_type) => match &**data_type {
                Type::Regexp(Some(regex)) => add(Arc::clone(regex)),
                Type::Pattern(parts) => parts.iter().cloned().for_each(&mut add),
                _ => add(Arc::new(RubyRegex::new("")?)),
            },
            _ => {}
        }
    }
    Ok(Type::Pattern(patterns.into()))
}

pub(super) fn regexp(base: &Type, keys: &[Value]) -> Result<Type> {
    assert_keys(base, keys, Some(1), &["String", "Regexp"], |key| {
        matches!(key, Value::Str(_) | Value::Regexp(_))
    })?;
    Ok(Type::Regexp(match keys.first() {
        Some(Value::Regexp(regex)) => Some(Arc::clone(regex)),
        Some(Value::Str(text)) => Some(Arc::new(RubyRegex::new(text)?)),
        _ => None,
    }))
}

/// `Array` with a size of exactly 0 holds nothing (`Unit`).
fn array_of(element: Option<&Type>, size: Option<Size>) -> Type {
    let element = if size == Some(Size::exactly(0)) {
        &Type::Unit
    } else {
        element.unwrap_or(&Type::Any)
    };
    Type::Array {
        element: Arc::new(element.clone()),
        size,
    }
}

pub(super) fn array(keys: &[Value]) -> Result<Type> {
    match keys {
        [Value::Type(element)] => Ok(array_of(Some(element), None)),
        [other] => Err(slice_type("Array-Type", other, 0)),
        [Value::Type(element), rest] => Ok(array_of(
            Some(element),
            Some(size(1, std::slice::from_ref(rest))?),
        )),
        [_, _] => Ok(array_of(None, Some(size(0, keys)?))),
        [Value::Type(element), rest @ ..] if rest.len() == 2 => {
            Ok(array_of(Some(element), Some(size(1, rest)?)))
        }
        [other, _, _] => Err(slice_type("Array-Type", other, 0)),
        _ => Err(arity("Array-Type", 1, Some(3), keys.len())),
    }
}

pub(super) fn hash(keys: &[Value]) -> Result<Type> {
    if let [Value::Int(_), Value::Int(_)] = keys {
        return Ok(hash_of(&Type::Any, &Type::Any, Some(size(0, keys)?)));
    }
    for (index, key) in keys.iter().take(2).enumerate() {
        if !matches!(key, Value::Type(_)) {
            return Err(slice_type("Hash-Type", key, index));
        }
    }
    match keys {
        [Value::Type(key), Value::Type(value)] => Ok(hash_of(key, value, None)),
        [Value::Type(key), Value::Type(value), rest @ ..] if rest.len() <= 2 => {
            Ok(hash_of(key, value, Some(size(2, rest)?)))
        }
        _ => Err(arity("Hash-Type", 2, Some(4), keys.len())),
    }
}

fn hash_of(key: &Type, value: &Type, size: Option<Size>) -> Type {
    let empty = size == Some(Size::exactly(0));
    let part = |part: &Type| Arc::new(if empty { Type::Unit } else { part.clone() });
    Type::Hash {
        key: part(key),
        value: part(value),
        size,
    }
}

/// Splits `T1, T2, from, to` into the types and the size.
pub(super) fn trailing_size(keys: &[Value]) -> Result<(&[Value], Option<Size>)> {
    let is_bound = |key: &Value| match key {
        Value::Int(_) | Value::Default => true,
        Value::Str(text) => text == "default",
        _ => false,
    };
    let plain = |key: &Value| {
        if matches!(key, Value::Str(_)) {
            Value::Default
        } else {
            key.clone()
        }
    };
    match keys {
        [rest @ .., from, to] if is_bound(from) && is_bound(to) => {
            Ok((rest, Some(size(rest.len(), &[plain(from), plain(to)])?)))
        }
        [rest @ .., from] if is_bound(from) => Ok((rest, Some(size(rest.len(), &[plain(from)])?))),
        _ => Ok((keys, None)),
    }
}

pub(super) fn structure(keys: &[Value]) -> Result<Type> {
    let base = Type::Struct(Arc::new([]));
    assert_keys(&base, keys, Some(1), &["Hash"], |key| {
        matches!(key, Value::Hash(_))
    })?;
    let mut elements = Vec::new();
    for (key, value) in keys.first().and_then(Value::as_hash).into_iter().flatten() {
        let Value::Type(value) = value else {
            return Err(Error::new("Struct element value_type must be a Type"));
        };
        elements.push(StructElement {
            key: struct_key(key, value)?,
            value: value.as_ref().clone(),
        });
    }
    Ok(Type::Struct(elements.into()))
}

fn struct_key(key: &Value, value: &Type) -> Result<Type> {
    let named = |text: &EcoString| Type::String(StringType::Value(text.clone()));
    let key = match key {
        Value::Str(text) if text.is_empty() => {
            return Err(Error::new("Struct element key cannot be an empty String"));
        }
        Value::Str(text) if super::is_assignable(value, &Type::Undef) => {
            return Ok(Type::optional(named(text)));
        }
        Value::Str(text) => return Ok(named(text)),
        Value::Type(key) => key,
        other => return Err(illegal_key(&ruby_class(other))),
    };
    let (key_type, name) = match &**key {
        Type::NotUndef(Some(inner)) => (inner.as_ref().clone(), Some(inner.as_ref().clone())),
        Type::Optional(inner) => (key.as_ref().clone(), inner.as_deref().cloned()),
        Type::String(_) => (key.as_ref().clone(), Some(key.as_ref().clone())),
        Type::Enum { values, .. } => match values.as_ref() {
            [only] => (named(only), Some(named(only))),
            _ => (key.as_ref().clone(), None),
        },
        _ => return Err(illegal_key(&ruby_class(&Value::Type(Arc::clone(key))))),
    };
    match name {
        Some(Type::String(StringType::Value(text))) if !text.is_empty() => Ok(key_type),
        _ => Err(Error::new(format!(
            "Unable to extract a non-empty literal string from Struct member key type {key_type}"
        ))),
    }
}

fn illegal_key(class: &str) -> Error {
    Error::new(format!(
        "Illegal Struct member key type. Expected NotUndef, Optional, String, or Enum. Got: {class}"
    ))
}

pub(super) fn callable(keys: &[Value]) -> Result<Type> {
    let (keys, return_type) = match keys {
        [Value::Array(params), Value::Type(result)] => {
            (params.as_slice(), Some(result.as_ref().clone()))
        }
        [Value::Array(_), rest @ ..] => {
            return Err(arity("A Callable-Type", 2, Some(2), rest.len() + 1));
        }
        _ => (keys, None),
    };
    let is_callable = |data_type: &Type| match data_type {
        Type::Callable(_) => true,
        Type::Optional(Some(inner)) => matches!(**inner, Type::Callable(_)),
        Type::Variant(parts) => {
            !parts.is_empty() && parts.iter().all(|part| matches!(part, Type::Callable(_)))
        }
        Type::Alias(alias) => matches!(alias.target(), Some(Type::Callable(_))),
        _ => false,
    };
    let (keys, block) = match keys {
        [rest @ .., Value::Type(last)] if is_callable(last) => (rest, Some(last.as_ref().clone())),
        _ => (keys, None),
    };
    let (params, size) = trailing_size(keys)?;
    if let Some(index) = params
        .iter()
        .position(|param| !matches!(param, Value::Type(_)))
    {
        return Err(slice_type(
            "Callable-Type",
            params.get(index).unwrap_or(&Value::Undef),
            index,
        ));
    }
    let mut params = types(params);
    if params.is_empty() && size.is_some_and(|size| size.to != Some(0)) {
        params.push(Type::Unit);
    }
    let return_type = return_type.filter(|result| *result != Type::Any);
    Ok(Type::Callable(Some(Arc::new(CallableType {
        params: Some(params),
        size,
        block,
        return_type,
    }))))
}

pub(super) fn init(keys: &[Value]) -> Result<Type> {
    match keys {
        [Value::Type(inner), arguments @ ..] => Ok(Type::Init(Some(Arc::new(InitType {
            init_type: inner.as_ref().clone(),
            arguments: arguments.to_vec(),
        })))),
        _ => Err(slice_type(
            "Init-Type",
            keys.first().unwrap_or(&Value::Undef),
            0,
        )),
    }
}

pub(super) fn sem_ver(base: &Type, keys: &[Value]) -> Result<Type> {
    assert_keys(
        base,
        keys,
        None,
        &["String", "SemanticPuppet::VersionRange"],
        |key| matches!(key, Value::Str(_) | Value::SemVerRange(_)),
    )?;
    let mut ranges = Vec::with_capacity(keys.len());
    for key in keys {
        match key {
            Value::Str(text) => ranges.push(SemVerRange::parse(text)?),
            Value::SemVerRange(range) => ranges.push(range.as_ref().clone()),
            _ => {}
        }
    }
    if ranges.len() > 1 {
        ranges = crate::semver::merge_ranges(ranges);
    }
    Ok(Type::SemVer(ranges.into()))
}

pub(super) fn time_range<T: PartialOrd>(
    keys: &[Value],
    convert: impl Fn(&Value) -> Result<Option<T>>,
) -> Result<Range<T>> {
    let bound = |index: usize| keys.get(index).map_or(Ok(None), &convert);
    let range = Range {
        from: bound(0)?,
        to: bound(1)?,
    };
    if range
        .from
        .as_ref()
        .zip(range.to.as_ref())
        .is_some_and(|(from, to)| from > to)
    {
        let text = |index| {
            keys.get(index)
                .map(crate::to_display_string)
                .unwrap_or_default()
        };
        return Err(Error::new(format!(
            "'from' must be less or equal to 'to'. Got ({}, {}",
            text(0),
            text(1)
        )));
    }
    Ok(range)
}

pub(super) fn uri(keys: &[Value]) -> Result<Type> {
    match keys {
        [Value::Str(text)] if !text.is_empty() => {
            let parameters = crate::Uri::parse(text)?.parameters();
            Ok(Type::Uri(Some(Arc::new(parameters))))
        }
        [Value::Hash(entries)] => Ok(Type::Uri(if entries.is_empty() {
            None
        } else {
            Some(Arc::new(Value::Hash(Arc::clone(entries))))
        })),
        [other] => Err(slice_type("URI-Type", other, 0)),
        _ => Err(arity("URI-Type", 1, Some(1), keys.len())),
    }
}

fn is_class_reference(name: &str) -> bool {
    let name = name.strip_prefix("::").unwrap_or(name);
    !name.is_empty()
        && name.split("::").all(|segment| {
            segment.starts_with(|first: char| first.is_ascii_uppercase())
                && segment
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
}

fn no_titles(base: &str) -> Error {
    Error::with_code(
        "BAD_TYPE_SLICE_ARITY",
        format!("{base}[] accepts 1 or more arguments. Got 0"),
    )
}

/// Titles as the keys give them: flattened, without `undef`; and whether the result is an array.
fn titles(keys: &[Value]) -> Result<(Vec<Value>, bool)> {
    let many = keys.len() > 1 || matches!(keys.first(), Some(Value::Array(_)));
    let mut flat = Vec::with_capacity(keys.len());
    flatten(keys, &mut flat, 0)?;
    flat.retain(|key| !key.is_undef());
    Ok((flat, many))
}

fn collect(mut found: Vec<Value>, many: bool) -> Value {
    if many {
        Value::array(found)
    } else {
        found.pop().unwrap_or_default()
    }
}

fn empty_specialization() -> Error {
    Error::with_code(
        "EMPTY_RESOURCE_SPECIALIZATION",
        "Arguments to Resource[] are all empty/undefined",
    )
    .at_argument(0)
}

pub(super) fn resource(
    type_name: Option<&EcoString>,
    title: Option<&EcoString>,
    keys: &[Value],
) -> Result<Value> {
    if keys.is_empty() {
        return Err(no_titles(type_name.map_or("Resource", EcoString::as_str)));
    }
    if let (Some(type_name), Some(title)) = (type_name, title) {
        // Reading a parameter of a resource needs the catalog: the evaluator does that.
        return Err(Error::with_code(
            "ILLEGAL_TYPE_SPECIALIZATION",
            format!("Resource not found: {type_name}['{title}']"),
        ));
    }
    let (name, rest) = match type_name {
        Some(name) => (name.clone(), keys),
        None => match keys {
            [Value::Str(name), rest @ ..] => (super::capitalize_segments(name), rest),
            [Value::Type(data_type), rest @ ..] => match &**data_type {
                Type::Resource {
                    type_name: Some(name),
                    ..
                } => (name.clone(), rest),
                other => return Err(illegal_resource(&Value::from(other.clone()))),
            },
            [other, ..] => return Err(illegal_resource(other)),
            [] => return Err(no_titles("Resource")),
        },
    };
    if !is_class_reference(&name) {
        return Err(Error::with_code(
            "ILLEGAL_CLASSREF",
            format!("Illegal type reference. The given name '{name}' does not conform to the naming rule"),
        )
        .at_argument(0));
    }
    let (given, many) = titles(rest)?;
    if given.is_empty() && !rest.is_empty() {
        return Err(empty_specialization());
    }
    if given.is_empty() {
        return Ok(Value::from(Type::Resource {
            type_name: Some(name),
            title: None,
        }));
    }
    let offset = keys.len() - rest.len();
    let mut found = Vec::with_capacity(given.len());
    for (index, key) in given.iter().enumerate() {
        let Value::Str(title) = key else {
            let base = Type::Resource {
                type_name: type_name.cloned(),
                title: None,
            };
            return Err(Error::with_code(
                "BAD_TYPE_SPECIALIZATION",
                format!(
                    "Error creating type specialization of {}, Cannot use {} where a resource title String is expected",
                    a_an(&type_label(&base)),
                    key_type_name(key)
                ),
            )
            .at_argument(index + offset));
        };
        found.push(Value::from(Type::Resource {
            type_name: Some(name.clone()),
            title: Some(title.clone()),
        }));
    }
    Ok(collect(found, many))
}

fn illegal_resource(actual: &Value) -> Error {
    Error::with_code(
        "ILLEGAL_RESOURCE_SPECIALIZATION",
        format!(
            "First argument to Resource[] must be a resource type or a String. Got {}.",
            key_type_name(actual)
        ),
    )
    .at_argument(0)
}

pub(super) fn class(name: Option<&EcoString>, keys: &[Value]) -> Result<Value> {
    if keys.is_empty() {
        return Err(no_titles("Class"));
    }
    if let Some(name) = name {
        return Err(Error::with_code(
            "ILLEGAL_TYPE_SPECIALIZATION",
            format!("Resource not found: Class['{name}']"),
        ));
    }
    let (given, many) = titles(keys)?;
    if given.is_empty() {
        return Err(empty_specialization());
    }
    let mut found = Vec::with_capacity(given.len());
    for (index, key) in given.iter().enumerate() {
        let Value::Str(title) = key else {
            return Err(Error::with_code(
                "ILLEGAL_HOSTCLASS_NAME",
                format!(
                    "Illegal Class name in class reference. {} cannot be used where a String is expected",
                    a_an_uc(&crate::mismatch::value_label(key))
                ),
            )
            .at_argument(index));
        };
        if !is_class_name(title) {
            return Err(Error::with_code(
                "ILLEGAL_NAME",
                format!(
                    "Illegal name. The given name '{title}' does not conform to the naming rule /^((::)?[a-z_]\\w*)(::[a-z]\\w*)*$/"
                ),
            )
            .at_argument(index));
        }
        found.push(Value::from(Type::class(title)));
    }
    Ok(collect(found, many))
}

fn is_class_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_prefix("::").unwrap_or(&name);
    name.split("::").all(|segment| {
        segment.starts_with(|first: char| first.is_ascii_lowercase())
            && segment
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}
