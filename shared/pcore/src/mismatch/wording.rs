//! How much of the types a mismatch shows (`TypeMismatch#message`).

use crate::Type;
use crate::types::{self, Range, StringType, is_assignable};

/// ` expects an Integer value, got String`
pub(super) fn type_problem(expected: &Type, actual: &Type) -> String {
    let (expected, optional) = match expected {
        Type::Optional(inner) => (inner.as_deref().unwrap_or(&Type::Any), true),
        other => (other, false),
    };
    let (alternatives, listed) = match expected {
        Type::Variant(types) => (types.as_ref(), true),
        single => (std::slice::from_ref(single), false),
    };
    let (mut names, got) = if is_detailed(alternatives, actual) {
        (
            alternatives
                .iter()
                .map(types::expanded)
                .collect::<Vec<String>>(),
            detailed_actual(alternatives, actual),
        )
    } else {
        let mut names: Vec<String> = Vec::with_capacity(alternatives.len());
        for name in alternatives.iter().map(short_name) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        (names, short_name(actual))
    };
    if optional {
        names.insert(0, "Undef".to_owned());
    }
    match names.as_slice() {
        [] => format!(" expects a value of type , or , got {got}"),
        [name] => format!(" expects {} value, got {got}", a_an(name)),
        [first, second] => format!(" expects a value of type {first} or {second}, got {got}"),
        [.., last] if listed || optional => {
            let others = names
                .get(..names.len().saturating_sub(1))
                .unwrap_or_default()
                .join(", ");
            format!(" expects a value of type {others}, or {last}, got {got}")
        }
        [name, ..] => format!(" expects {} value, got {got}", a_an(name)),
    }
}

/// The name, for wrapping types with the name of what they hold.
pub(super) fn short_name(data_type: &Type) -> String {
    let name = types::short_name(data_type);
    let inner = match data_type {
        Type::Optional(inner)
        | Type::NotUndef(inner)
        | Type::Type(inner)
        | Type::Iterable(inner)
        | Type::Iterator(inner)
        | Type::Sensitive(inner) => inner.as_deref(),
        Type::Init(init) => init.as_ref().map(|init| &init.init_type),
        _ => None,
    };
    match inner {
        Some(inner) if !matches!(inner, Type::Any) => {
            format!("{name}[{}]", types::short_name(inner))
        }
        _ => name,
    }
}

/// Name of the class of types; unlike [`types::short_name`], which shows the names of named types.
fn simple_name(data_type: &Type) -> String {
    match data_type {
        Type::Object(_) | Type::Deferred | Type::Error(_) => "Object".to_owned(),
        Type::TypeSet(_) => "TypeSet".to_owned(),
        Type::Alias(_) => "TypeAlias".to_owned(),
        other => types::short_name(other),
    }
}

fn is_detailed(expected: &[Type], actual: &Type) -> bool {
    is_always_detailed(expected, actual) || expected.iter().any(|part| fits_default(part, actual))
}

/// Types of the same kind differ in parameters only: these must be shown.
fn is_always_detailed(expected: &[Type], actual: &Type) -> bool {
    expected.iter().any(|part| {
        same_class(part, actual)
            || matches!(part, Type::Alias(_))
            || matches!(actual, Type::Alias(_))
            || matches!(
                (part, actual),
                (Type::Struct(_), Type::Hash { .. }) | (Type::Tuple { .. }, Type::Array { .. })
            )
    })
}

fn same_class(a: &Type, b: &Type) -> bool {
    let is_object = |part: &Type| matches!(part, Type::Object(_) | Type::Deferred | Type::Error(_));
    std::mem::discriminant(a) == std::mem::discriminant(b) || is_object(a) && is_object(b)
}

/// Whether `actual` is assignable to the kind of `expected` without its parameters.
fn fits_default(expected: &Type, actual: &Type) -> bool {
    let expected = match expected {
        Type::Alias(alias) => match alias.target() {
            Some(target) => target,
            None => return false,
        },
        other => other,
    };
    let default = match expected {
        Type::Alias(_) => return false,
        Type::Integer(_) => Type::integer(),
        Type::Float(_) => Type::Float(Range::ANY),
        Type::String(_) => Type::String(StringType::Any),
        Type::Enum { .. } => Type::Enum {
            values: [].into(),
            case_insensitive: false,
        },
        Type::Pattern(_) => Type::Pattern([].into()),
        Type::Regexp(_) => Type::Regexp(None),
        Type::Boolean(_) => Type::Boolean(None),
        Type::Collection(_) => Type::Collection(None),
        Type::Array { .. } => Type::any_array(),
        Type::Hash { .. } => Type::any_hash(),
        Type::Tuple { .. } => Type::Tuple {
            types: [].into(),
            size: None,
        },
        Type::Struct(_) => Type::Struct([].into()),
        Type::Optional(_) => Type::Optional(None),
        Type::NotUndef(_) => Type::NotUndef(None),
        Type::Variant(_) => Type::Variant([].into()),
        Type::Iterable(_) => Type::Iterable(None),
        Type::Iterator(_) => Type::Iterator(None),
        Type::Callable(_) => Type::Callable(None),
        Type::Type(_) => Type::Type(None),
        Type::Sensitive(_) => Type::Sensitive(None),
        Type::Resource { .. } => Type::Resource {
            type_name: None,
            title: None,
        },
        Type::Class { .. } => Type::Class { name: None },
        Type::Timestamp(_) => Type::Timestamp(Range::ANY),
        Type::Timespan(_) => Type::Timespan(Range::ANY),
        Type::SemVer(_) => Type::SemVer([].into()),
        Type::Uri(_) => Type::Uri(None),
        Type::Object(_) | Type::Deferred | Type::Error(_) => Type::Object(None),
        Type::TypeSet(_) => Type::TypeSet(None),
        Type::Init(_) => Type::Init(None),
        Type::Runtime(_) => Type::Runtime(None),
        Type::Reference(_) => Type::Reference(None),
        plain => plain.clone(),
    };
    is_assignable(&default, actual)
}

/// The actual type in full where its parameters matter, else its name.
fn detailed_actual(expected: &[Type], actual: &Type) -> String {
    let resolved: Vec<Type> = expected.iter().map(resolve).collect();
    let full = is_always_detailed(&resolved, actual) || {
        let general = actual.generalize();
        resolved.iter().any(|part| is_assignable(part, &general))
    };
    if full {
        types::expanded(actual)
    } else {
        simple_name(actual)
    }
}

fn resolve(data_type: &Type) -> Type {
    let mut found = data_type;
    // An alias of an alias of itself has no type behind it.
    for _ in 0..64 {
        match found {
            Type::Alias(alias) => match alias.target() {
                Some(target) => found = target,
                None => break,
            },
            _ => break,
        }
    }
    found.clone()
}

/// `an Integer`, `a String`; as the reference, `y` counts as vowel and an opening quote is skipped.
pub(super) fn a_an(text: &str) -> String {
    let first = text
        .strip_prefix(['"', '\''])
        .unwrap_or(text)
        .chars()
        .next();
    let vowel = first.is_some_and(|first| {
        matches!(
            first.to_ascii_lowercase(),
            'a' | 'e' | 'i' | 'o' | 'u' | 'y'
        )
    });
    format!("{} {text}", if vowel { "an" } else { "a" })
}
