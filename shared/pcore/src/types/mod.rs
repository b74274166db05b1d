//! Pcore types, as `puppet/pops/types/types.rb` defines them.

use std::sync::{Arc, OnceLock};

use ecow::EcoString;

use crate::{RubyRegex, SemVerRange, Timespan, Timestamp, Value};

mod assignable;
mod builtin;
mod common;
mod display;
mod generalize;
mod guard;
mod identity;
mod infer;
mod init;
mod instance;
mod iterable;
mod normalize;
mod parameterize;
mod parameters;

pub use assignable::is_assignable;
pub(crate) use assignable::{size_covers, tuple_size, tuple_size_of_params};
pub use builtin::CORE_TYPE_NAMES;
pub use common::common_type;
pub use display::{expanded, short_name, to_plain_string};
pub use infer::{infer, infer_detailed};
pub use instance::{accepts_arguments, is_instance};
pub use parameterize::{access, parameterize, type_by_name};

/// A Pcore type with its parameters. `None` parameters mean the unparameterised type.
#[derive(Debug, Clone)]
pub enum Type {
    /// `Any`
    Any,
    /// The type of "no element": assignable both ways. Not writable in the language.
    Unit,
    /// `Undef`
    Undef,
    /// `Default`
    Default,
    /// `Scalar`
    Scalar,
    /// `ScalarData`
    ScalarData,
    /// `Numeric`
    Numeric,
    /// `Integer[from, to]`
    Integer(Range<i64>),
    /// `Float[from, to]`
    Float(Range<f64>),
    /// `String[from, to]`, and the type of one string.
    String(StringType),
    /// `Enum['a', 'b']`; without values: any string.
    Enum {
        /// Accepted strings, sorted as written.
        values: Arc<[EcoString]>,
        /// `Enum['a', true]`: case does not matter.
        case_insensitive: bool,
    },
    /// `Pattern[/a/]`; without patterns: any string.
    Pattern(Arc<[Arc<RubyRegex>]>),
    /// `Regexp[/a/]`
    Regexp(Option<Arc<RubyRegex>>),
    /// `Boolean[true]`
    Boolean(Option<bool>),
    /// `Collection[from, to]`
    Collection(Option<Size>),
    /// `Array[T, from, to]`
    Array {
        /// Type of the elements; `Any` when not given.
        element: Arc<Type>,
        /// Number of elements.
        size: Option<Size>,
    },
    /// `Hash[K, V, from, to]`
    Hash {
        /// Type of the keys.
        key: Arc<Type>,
        /// Type of the values.
        value: Arc<Type>,
        /// Number of entries.
        size: Option<Size>,
    },
    /// `Tuple[T1, T2, from, to]`
    Tuple {
        /// Types by position; the last repeats when `size` allows more.
        types: Arc<[Type]>,
        /// Number of elements, when not that of `types`.
        size: Option<Size>,
    },
    /// `Struct[{...}]`
    Struct(Arc<[StructElement]>),
    /// `Optional[T]`
    Optional(Option<Arc<Type>>),
    /// `NotUndef[T]`
    NotUndef(Option<Arc<Type>>),
    /// `Variant[T1, T2]`
    Variant(Arc<[Type]>),
    /// `Iterable[T]`
    Iterable(Option<Arc<Type>>),
    /// `Iterator[T]`
    Iterator(Option<Arc<Type>>),
    /// `Callable[...]`; `None`: any callable.
    Callable(Option<Arc<CallableType>>),
    /// `Type[T]`
    Type(Option<Arc<Type>>),
    /// `Sensitive[T]`
    Sensitive(Option<Arc<Type>>),
    /// `CatalogEntry`
    CatalogEntry,
    /// `File`, `Resource['file']`, `File['/x']`
    Resource {
        /// Type name, each segment capitalised (`Foo::Bar`); `None`: `Resource`.
        type_name: Option<EcoString>,
        /// Title of one resource.
        title: Option<EcoString>,
    },
    /// `Class['a::b']`
    Class {
        /// Class name in lower case; `None`: `Class`.
        name: Option<EcoString>,
    },
    /// `Timestamp[from, to]`
    Timestamp(Range<Timestamp>),
    /// `Timespan[from, to]`
    Timespan(Range<Timespan>),
    /// `SemVer['>=1.0.0']`
    SemVer(Arc<[SemVerRange]>),
    /// `SemVerRange`
    SemVerRange,
    /// `Binary`
    Binary,
    /// `URI`; the value holds the parameters when given.
    Uri(Option<Arc<Value>>),
    /// `Deferred`
    Deferred,
    /// `Error`
    Error(Option<Arc<ErrorType>>),
    /// `Object[...]`; `None`: any Object type.
    Object(Option<Arc<ObjectType>>),
    /// `TypeSet[...]`
    TypeSet(Option<Arc<TypeSetType>>),
    /// `Init[T, args]`
    Init(Option<Arc<InitType>>),
    /// `Runtime['ruby', 'X']`
    Runtime(Option<Arc<RuntimeType>>),
    /// A named type: `type A = ...`, also `Data`, `RichData`.
    Alias(Arc<TypeAlias>),
    /// `TypeReference['x']`: a name that was not resolved.
    Reference(Option<EcoString>),
}

/// Inclusive bounds; `None` is unbounded.
#[derive(Debug, Clone, Copy)]
pub struct Range<T> {
    /// Least value.
    pub from: Option<T>,
    /// Greatest value.
    pub to: Option<T>,
}

/// Bounds of a size: number of characters, elements or entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Least size.
    pub from: i64,
    /// Greatest size; `None` is unbounded.
    pub to: Option<i64>,
}

/// Parameter of `String`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StringType {
    /// `String`
    Any,
    /// `String[from, to]`
    Size(Size),
    /// The type of exactly this string.
    Value(EcoString),
}

/// One member of a `Struct`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StructElement {
    /// `String` type of one value, perhaps in `Optional` or `NotUndef`.
    pub key: Type,
    /// Type of the value.
    pub value: Type,
}

/// Parameters of `Callable`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallableType {
    /// Parameter types; `None`: any parameters.
    pub params: Option<Vec<Type>>,
    /// Number of arguments, when not that of `params`.
    pub size: Option<Size>,
    /// Type of the block (a `Callable`, or `Optional` of it).
    pub block: Option<Type>,
    /// Type of the result.
    pub return_type: Option<Type>,
}

/// Parameters of `Error`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ErrorType {
    /// Type of `kind`.
    pub kind: Option<Type>,
    /// Type of `issue_code`.
    pub issue_code: Option<Type>,
}

/// A Pcore Object type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectType {
    /// Qualified name.
    pub name: EcoString,
    /// Parent Object type.
    pub parent: Option<Type>,
    /// Attributes in order: name, type, default.
    pub attributes: Vec<ObjectAttribute>,
    /// The definition as written, for the string form.
    pub definition: Value,
}

/// One attribute of an Object type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectAttribute {
    /// Name.
    pub name: EcoString,
    /// Type.
    pub attribute_type: Type,
    /// Default value.
    pub value: Option<Value>,
    /// `constant`, `derived`, `given_or_derived`, `reference`.
    pub kind: Option<EcoString>,
}

/// A named set of types.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TypeSetType {
    /// Qualified name.
    pub name: EcoString,
    /// The definition as written.
    pub definition: Value,
}

/// Parameters of `Init`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InitType {
    /// The type that is instantiated.
    pub init_type: Type,
    /// Arguments after the first.
    pub arguments: Vec<Value>,
}

/// Parameters of `Runtime`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RuntimeType {
    /// `ruby`
    pub runtime: EcoString,
    /// Name in the runtime.
    pub name: EcoString,
}

/// A named type, which may refer to itself.
///
/// Two aliases are equal when their names are: one environment has one alias of a name.
#[derive(Debug)]
pub struct TypeAlias {
    /// Qualified name, each segment capitalised.
    pub name: EcoString,
    resolved: OnceLock<Type>,
}

impl TypeAlias {
    /// An alias that is resolved later with [`TypeAlias::resolve`].
    pub fn new(name: impl Into<EcoString>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            resolved: OnceLock::new(),
        })
    }

    /// An alias of a known type.
    pub fn resolved(name: impl Into<EcoString>, data_type: Type) -> Arc<Self> {
        let alias = Self::new(name);
        alias.resolve(data_type);
        alias
    }

    /// Sets what the name stands for; the first call counts. Gives whether it was this one.
    pub fn resolve(&self, data_type: Type) -> bool {
        self.resolved.set(data_type).is_ok()
    }

    /// What the name stands for, once resolved.
    pub fn target(&self) -> Option<&Type> {
        self.resolved.get()
    }
}

impl StructElement {
    /// Name of the member; empty when the key type is no string type.
    #[must_use]
    pub fn name(&self) -> &str {
        fn of(key: &Type) -> &str {
            match key {
                Type::String(StringType::Value(name)) => name,
                Type::Optional(Some(inner)) | Type::NotUndef(Some(inner)) => of(inner),
                _ => "",
            }
        }
        of(&self.key)
    }

    /// Whether the member may be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self.key, Type::Optional(_))
    }
}

impl Size {
    /// Whether `size` lies within.
    #[must_use]
    pub fn contains(&self, size: usize) -> bool {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        size >= self.from && self.to.is_none_or(|to| size <= to)
    }

    /// Exactly `size`.
    #[must_use]
    pub fn exactly(size: usize) -> Self {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        Self {
            from: size,
            to: Some(size),
        }
    }
}

impl<T> Range<T> {
    /// No bounds.
    pub const ANY: Self = Self {
        from: None,
        to: None,
    };

    /// Whether there is no bound.
    pub fn is_unbounded(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
}

impl<T: PartialOrd> Range<T> {
    /// Whether `value` lies within.
    pub fn contains(&self, value: &T) -> bool {
        self.from.as_ref().is_none_or(|from| value >= from)
            && self.to.as_ref().is_none_or(|to| value <= to)
    }
}

impl Type {
    /// `Array`
    #[must_use]
    pub fn any_array() -> Self {
        Self::array_of(Self::Any)
    }

    /// `Array[element]`
    #[must_use]
    pub fn array_of(element: Type) -> Self {
        Self::Array {
            element: Arc::new(element),
            size: None,
        }
    }

    /// `Hash`
    #[must_use]
    pub fn any_hash() -> Self {
        Self::hash_of(Self::Any, Self::Any)
    }

    /// `Hash[key, value]`
    #[must_use]
    pub fn hash_of(key: Type, value: Type) -> Self {
        Self::Hash {
            key: Arc::new(key),
            value: Arc::new(value),
            size: None,
        }
    }

    /// `Integer`
    #[must_use]
    pub const fn integer() -> Self {
        Self::Integer(Range::ANY)
    }

    /// `String`
    #[must_use]
    pub const fn string() -> Self {
        Self::String(StringType::Any)
    }

    /// `Optional[inner]`
    #[must_use]
    pub fn optional(inner: Type) -> Self {
        Self::Optional(Some(Arc::new(inner)))
    }

    /// `Variant[...]`
    #[must_use]
    pub fn variant(types: Vec<Type>) -> Self {
        Self::Variant(types.into())
    }

    /// `Class['name']`; a leading `::` is dropped, the name lower-cased.
    #[must_use]
    pub fn class(name: &str) -> Self {
        Self::Class {
            name: Some(
                name.strip_prefix("::")
                    .unwrap_or(name)
                    .to_lowercase()
                    .into(),
            ),
        }
    }

    /// `Type_name['title']`; the type name is capitalised by segment.
    #[must_use]
    pub fn resource(type_name: &str, title: &str) -> Self {
        Self::Resource {
            type_name: Some(capitalize_segments(type_name)),
            title: Some(title.into()),
        }
    }

    /// `Data`
    #[must_use]
    pub fn data() -> Self {
        builtin::data()
    }

    /// `RichData`
    #[must_use]
    pub fn rich_data() -> Self {
        builtin::rich_data()
    }

    /// Type of a value, generalised over the elements of collections; see [`infer`].
    #[must_use]
    pub fn infer(value: &Value) -> Self {
        infer(value)
    }

    /// Type of a value with all detail (tuples, structs); see [`infer_detailed`].
    #[must_use]
    pub fn infer_detailed(value: &Value) -> Self {
        infer_detailed(value)
    }

    /// Whether `value` is an instance; see [`is_instance`].
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        is_instance(self, value)
    }

    /// The type without sizes, values and ranges (`Integer[1,1]` becomes `Integer`).
    #[must_use]
    pub fn generalize(&self) -> Self {
        generalize::generalize(self)
    }

    /// An equal type in the shortest form (nested variants flattened, ...).
    #[must_use]
    pub fn normalize(&self) -> Self {
        normalize::normalize(self)
    }
}

/// `foo::bar` to `Foo::Bar`, the form in which Puppet shows resource types.
#[must_use]
pub fn capitalize_segments(name: &str) -> EcoString {
    let name = name.strip_prefix("::").unwrap_or(name);
    let mut result = EcoString::with_capacity(name.len());
    for (index, segment) in name.split("::").enumerate() {
        if index > 0 {
            result.push_str("::");
        }
        let mut characters = segment.chars();
        if let Some(first) = characters.next() {
            result.extend(first.to_uppercase());
            result.extend(characters.flat_map(char::to_lowercase));
        }
    }
    result
}
