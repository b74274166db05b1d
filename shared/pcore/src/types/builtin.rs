//! The core types by name, and the aliases that Puppet itself defines.

use std::sync::{Arc, LazyLock};

use super::{Range, StringType, Type, TypeAlias};

/// Names of all core types, in the language's spelling.
pub const CORE_TYPE_NAMES: &[&str] = &[
    "Any",
    "Array",
    "Binary",
    "Boolean",
    "Callable",
    "CatalogEntry",
    "Class",
    "Collection",
    "Data",
    "Default",
    "Deferred",
    "Enum",
    "Error",
    "Float",
    "Hash",
    "Init",
    "Integer",
    "Iterable",
    "Iterator",
    "NotUndef",
    "Numeric",
    "Object",
    "Optional",
    "Pattern",
    "Regexp",
    "Resource",
    "RichData",
    "RichDataKey",
    "Runtime",
    "Scalar",
    "ScalarData",
    "SemVer",
    "SemVerRange",
    "Sensitive",
    "String",
    "Struct",
    "Timespan",
    "Timestamp",
    "Tuple",
    "Type",
    "TypeAlias",
    "TypeReference",
    "TypeSet",
    "URI",
    "Undef",
    "Variant",
];

pub(super) fn by_name(name: &str) -> Option<Type> {
    let name = name.strip_prefix("::").unwrap_or(name);
    Some(match name.to_ascii_lowercase().as_str() {
        "any" => Type::Any,
        "array" => Type::any_array(),
        "binary" => Type::Binary,
        "boolean" => Type::Boolean(None),
        "callable" => Type::Callable(None),
        "catalogentry" => Type::CatalogEntry,
        "class" => Type::Class { name: None },
        "collection" => Type::Collection(None),
        "data" => data(),
        "default" => Type::Default,
        "deferred" => Type::Deferred,
        "enum" => Type::Enum {
            values: Arc::new([]),
            case_insensitive: false,
        },
        "error" => Type::Error(None),
        "float" => Type::Float(Range::ANY),
        "hash" => Type::any_hash(),
        "init" => Type::Init(None),
        "integer" => Type::integer(),
        "iterable" => Type::Iterable(None),
        "iterator" => Type::Iterator(None),
        "notundef" => Type::NotUndef(None),
        "numeric" => Type::Numeric,
        "object" => Type::Object(None),
        "optional" => Type::Optional(None),
        "pattern" => Type::Pattern(Arc::new([])),
        "regexp" => Type::Regexp(None),
        "resource" => Type::Resource {
            type_name: None,
            title: None,
        },
        "richdata" | "puppet::lookupvalue" => rich_data(),
        "richdatakey" | "puppet::lookupkey" => Type::Alias(Arc::clone(&RICH_DATA_KEY)),
        "runtime" => Type::Runtime(None),
        "scalar" => Type::Scalar,
        "scalardata" => Type::ScalarData,
        "semver" => Type::SemVer(Arc::new([])),
        "semverrange" => Type::SemVerRange,
        "sensitive" => Type::Sensitive(None),
        "string" => Type::String(StringType::Any),
        "struct" => Type::Struct(Arc::new([])),
        "timespan" => Type::Timespan(Range::ANY),
        "timestamp" => Type::Timestamp(Range::ANY),
        "tuple" => Type::Tuple {
            types: Arc::new([]),
            size: None,
        },
        "type" => Type::Type(None),
        "typealias" => Type::Alias(Arc::clone(&UNRESOLVED)),
        "typereference" => Type::Reference(None),
        "typeset" => Type::TypeSet(None),
        "undef" => Type::Undef,
        "uri" => Type::Uri(None),
        "variant" => Type::Variant(Arc::new([])),
        _ => return None,
    })
}

/// `TypeAlias` as a type of its own stands for an alias of nothing known.
static UNRESOLVED: LazyLock<Arc<TypeAlias>> =
    LazyLock::new(|| TypeAlias::resolved("UnresolvedAlias", Type::Reference(None)));

static DATA: LazyLock<Arc<TypeAlias>> = LazyLock::new(|| {
    recursive("Data", |data| {
        vec![
            Type::ScalarData,
            Type::Undef,
            Type::hash_of(Type::string(), data.clone()),
            Type::array_of(data),
        ]
    })
});

static RICH_DATA_KEY: LazyLock<Arc<TypeAlias>> = LazyLock::new(|| {
    TypeAlias::resolved(
        "RichDataKey",
        Type::variant(vec![Type::string(), Type::Numeric]),
    )
});

static RICH_DATA: LazyLock<Arc<TypeAlias>> = LazyLock::new(|| {
    recursive("RichData", |rich| {
        vec![
            Type::Scalar,
            Type::SemVerRange,
            Type::Binary,
            Type::Sensitive(None),
            Type::Type(None),
            Type::TypeSet(None),
            Type::Uri(None),
            Type::Object(None),
            Type::Undef,
            Type::Default,
            Type::hash_of(Type::Alias(Arc::clone(&RICH_DATA_KEY)), rich.clone()),
            Type::array_of(rich),
        ]
    })
});

/// An alias whose definition names itself.
fn recursive(name: &str, define: impl FnOnce(Type) -> Vec<Type>) -> Arc<TypeAlias> {
    let alias = TypeAlias::new(name);
    alias.resolve(Type::variant(define(Type::Alias(Arc::clone(&alias)))));
    alias
}

/// Whether the alias is one of Puppet's own, which are never shown expanded.
pub(super) fn is_builtin_alias(name: &str) -> bool {
    matches!(
        name,
        "Data" | "RichData" | "RichDataKey" | "Puppet::LookupKey" | "Puppet::LookupValue"
    )
}

pub(super) fn data() -> Type {
    Type::Alias(Arc::clone(&DATA))
}

pub(super) fn rich_data() -> Type {
    Type::Alias(Arc::clone(&RICH_DATA))
}
