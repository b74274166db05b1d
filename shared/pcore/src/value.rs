//! Run-time values.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ecow::EcoString;
use indexmap::{Equivalent, IndexMap};
use rustc_hash::FxBuildHasher;

use crate::{RubyRegex, SemVer, SemVerRange, Timespan, Timestamp, Type, Uri};

/// A Puppet value: cheap to clone, shareable across threads.
///
/// `PartialEq` is identity of content as hash keys need it (Ruby's `eql?`): case matters, and
/// `1` differs from `1.0`. The language's `==` is [`crate::ops::equals`].
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// `undef`
    #[default]
    Undef,
    /// `default`
    Default,
    /// `true`, `false`
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A double.
    Float(f64),
    /// A string.
    Str(EcoString),
    /// An array.
    Array(Arc<Vec<Value>>),
    /// An ordered hash.
    Hash(Arc<PuppetHash>),
    /// A regular expression.
    Regexp(Arc<RubyRegex>),
    /// A type; resource and class references are types.
    Type(Arc<Type>),
    /// A value that is not shown.
    Sensitive(Arc<Value>),
    /// Bytes.
    Binary(Arc<Vec<u8>>),
    /// A semantic version.
    SemVer(Arc<SemVer>),
    /// A range of semantic versions.
    SemVerRange(Arc<SemVerRange>),
    /// A duration.
    Timespan(Timespan),
    /// An instant.
    Timestamp(Timestamp),
    /// A URI.
    Uri(Arc<Uri>),
    /// A function call that the agent makes.
    Deferred(Arc<Deferred>),
    /// An instance of a Pcore Object type.
    Object(Arc<Object>),
    /// What `reverse_each`, `step` and the like give: iterable, but no array.
    Iterator(Arc<PuppetIterator>),
}

const _: () = assert!(size_of::<Value>() <= 24);

/// A deferred function call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Deferred {
    /// Function name; `$name` for a variable.
    pub name: EcoString,
    /// Arguments of the call; `None` when it was made without any list of them.
    pub arguments: Option<Vec<Value>>,
}

/// An instance of a Pcore Object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its type ([`Type::Object`] or a builtin such as [`Type::Error`]).
    pub object_type: Arc<Type>,
    /// Attribute values by name, in the order of the type's attributes.
    pub attributes: IndexMap<EcoString, Value, FxBuildHasher>,
}

/// A materialised iterator. `String`, `==` and iteration treat it as the reference's `Iterator`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PuppetIterator {
    /// Type of the elements.
    pub element_type: Arc<Type>,
    /// The elements in iteration order.
    pub elements: Vec<Value>,
}

/// An ordered hash with values as keys.
#[derive(Debug, Clone, Default)]
pub struct PuppetHash(IndexMap<Value, Value, FxBuildHasher>);

/// Looks up a string key without building a [`Value`].
struct StrKey<'a>(&'a str);

impl Hash for StrKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_str(self.0, state);
    }
}

impl Equivalent<Value> for StrKey<'_> {
    fn equivalent(&self, key: &Value) -> bool {
        matches!(key, Value::Str(text) if text == self.0)
    }
}

fn hash_str<H: Hasher>(text: &str, state: &mut H) {
    state.write_u8(5);
    text.hash(state);
}

impl PuppetHash {
    /// An empty hash.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty hash with room for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(IndexMap::with_capacity_and_hasher(capacity, FxBuildHasher))
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value of the string key `key`.
    #[must_use]
    pub fn get_str(&self, key: &str) -> Option<&Value> {
        self.0.get(&StrKey(key))
    }

    /// Whether there is an entry for `key`.
    #[must_use]
    pub fn contains_key(&self, key: &Value) -> bool {
        self.0.contains_key(key)
    }

    /// Whether there is an entry for the string key `key`.
    #[must_use]
    pub fn contains_str(&self, key: &str) -> bool {
        self.0.contains_key(&StrKey(key))
    }

    /// Sets `key`; an existing key keeps its place. Gives the former value.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(key.into(), value.into())
    }

    /// Removes `key`, keeping the order of the others.
    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        self.0.shift_remove(key)
    }

    /// Entry at a position in insertion order.
    #[must_use]
    pub fn get_index(&self, index: usize) -> Option<(&Value, &Value)> {
        self.0.get_index(index)
    }

    /// Entries in order.
    pub fn iter(&self) -> indexmap::map::Iter<'_, Value, Value> {
        self.0.iter()
    }

    /// Keys in order.
    pub fn keys(&self) -> indexmap::map::Keys<'_, Value, Value> {
        self.0.keys()
    }

    /// Values in order.
    pub fn values(&self) -> indexmap::map::Values<'_, Value, Value> {
        self.0.values()
    }

    /// Values in order, to change in place.
    pub fn values_mut(&mut self) -> indexmap::map::ValuesMut<'_, Value, Value> {
        self.0.values_mut()
    }
}

impl<'a> IntoIterator for &'a PuppetHash {
    type Item = (&'a Value, &'a Value);
    type IntoIter = indexmap::map::Iter<'a, Value, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for PuppetHash {
    type Item = (Value, Value);
    type IntoIter = indexmap::map::IntoIter<Value, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for PuppetHash {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl<K: Into<Value>, V: Into<Value>> Extend<(K, V)> for PuppetHash {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.0.extend(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value.into())),
        );
    }
}

impl PartialEq for PuppetHash {
    /// Order does not matter, as in Ruby.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for PuppetHash {}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<EcoString>) -> Self {
        Self::Str(text.into())
    }

    /// An array value.
    #[must_use]
    pub fn array(elements: Vec<Value>) -> Self {
        Self::Array(Arc::new(elements))
    }

    /// A hash value.
    #[must_use]
    pub fn hash(entries: PuppetHash) -> Self {
        Self::Hash(Arc::new(entries))
    }

    /// A type as a value.
    pub fn of_type(data_type: impl Into<Arc<Type>>) -> Self {
        Self::Type(data_type.into())
    }

    /// A value that is not shown.
    #[must_use]
    pub fn sensitive(value: Value) -> Self {
        Self::Sensitive(Arc::new(value))
    }

    /// Truth in conditions: only `undef` and `false` are false.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Self::Undef | Self::Bool(false))
    }

    /// Whether it is `undef`.
    #[must_use]
    pub fn is_undef(&self) -> bool {
        matches!(self, Self::Undef)
    }

    /// The text of a string value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer value.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements of an array value.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The entries of a hash value.
    #[must_use]
    pub fn as_hash(&self) -> Option<&PuppetHash> {
        match self {
            Self::Hash(entries) => Some(entries),
            _ => None,
        }
    }

    /// The type that the value is.
    #[must_use]
    pub fn as_type(&self) -> Option<&Type> {
        match self {
            Self::Type(data_type) => Some(data_type),
            _ => None,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undef, Self::Undef) | (Self::Default, Self::Default) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => float_key(*a) == float_key(*b),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Hash(a), Self::Hash(b)) => a == b,
            (Self::Regexp(a), Self::Regexp(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Sensitive(a), Self::Sensitive(b)) => a == b,
            (Self::Binary(a), Self::Binary(b)) => a == b,
            (Self::SemVer(a), Self::SemVer(b)) => a == b,
            (Self::SemVerRange(a), Self::SemVerRange(b)) => a == b,
            (Self::Timespan(a), Self::Timespan(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Uri(a), Self::Uri(b)) => a == b,
            (Self::Deferred(a), Self::Deferred(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            (Self::Iterator(a), Self::Iterator(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Bits that make `0.0` and `-0.0` one key and every NaN equal to itself.
fn float_key(number: f64) -> u64 {
    if number == 0.0 { 0 } else { number.to_bits() }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Str(text) => hash_str(text, state),
            Self::Undef => state.write_u8(0),
            Self::Default => state.write_u8(1),
            Self::Bool(truth) => (2u8, truth).hash(state),
            Self::Int(number) => (3u8, number).hash(state),
            Self::Float(number) => (4u8, float_key(*number)).hash(state),
            Self::Array(elements) => (6u8, elements).hash(state),
            // Hashes are equal in any order, so only the size may count.
            Self::Hash(entries) => (7u8, entries.len()).hash(state),
            Self::Regexp(regex) => (8u8, regex.source()).hash(state),
            Self::Type(data_type) => (9u8, data_type).hash(state),
            Self::Sensitive(value) => (10u8, value).hash(state),
            Self::Binary(bytes) => (11u8, bytes).hash(state),
            Self::SemVer(version) => (12u8, version).hash(state),
            Self::SemVerRange(range) => (13u8, range).hash(state),
            Self::Timespan(span) => (14u8, span).hash(state),
            Self::Timestamp(time) => (15u8, time).hash(state),
            Self::Uri(uri) => (16u8, uri).hash(state),
            Self::Deferred(call) => (17u8, call).hash(state),
            Self::Object(object) => (18u8, object.attributes.len()).hash(state),
            Self::Iterator(iterator) => (19u8, iterator).hash(state),
        }
    }
}

macro_rules! value_from {
    ($($source:ty => |$name:ident| $make:expr),* $(,)?) => {
        $(impl From<$source> for Value {
            fn from($name: $source) -> Self {
                $make
            }
        })*
    };
}

value_from! {
    bool => |truth| Self::Bool(truth),
    i64 => |number| Self::Int(number),
    f64 => |number| Self::Float(number),
    &str => |text| Self::Str(text.into()),
    String => |text| Self::Str(text.into()),
    EcoString => |text| Self::Str(text),
    Vec<Value> => |elements| Self::array(elements),
    PuppetHash => |entries| Self::hash(entries),
    Type => |data_type| Self::Type(Arc::new(data_type)),
    Arc<Type> => |data_type| Self::Type(data_type),
    Timespan => |span| Self::Timespan(span),
    Timestamp => |time| Self::Timestamp(time),
    RubyRegex => |regex| Self::Regexp(Arc::new(regex)),
    SemVer => |version| Self::SemVer(Arc::new(version)),
    SemVerRange => |range| Self::SemVerRange(Arc::new(range)),
    Uri => |uri| Self::Uri(Arc::new(uri)),
    Deferred => |call| Self::Deferred(Arc::new(call)),
}

/// The text of a value in an interpolated string (`"${x}"`), as `EvaluatorImpl#string`.
#[must_use]
pub fn to_display_string(value: &Value) -> EcoString {
    crate::format::to_display_string(value)
}

impl std::fmt::Display for Value {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&to_display_string(self))
    }
}
