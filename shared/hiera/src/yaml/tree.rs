//! What a document holds, with Ruby's symbols and big integers kept apart.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// Entries of a mapping in order.
pub type Map = IndexMap<Data, Data, FxBuildHasher>;

/// A loaded YAML value. Collections are shared where aliases repeat them.
#[derive(Debug, Clone)]
pub enum Data {
    /// `nil`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer beyond 64 bits, in decimal: no Puppet value.
    BigInt(EcoString),
    /// A float.
    Float(f64),
    /// A string.
    Str(EcoString),
    /// `!binary` that is no UTF-8: a Ruby string of bytes, no Puppet value.
    Bytes(Arc<Vec<u8>>),
    /// A symbol, without its colon.
    Symbol(EcoString),
    /// A sequence.
    Array(Arc<Vec<Data>>),
    /// A mapping; a later duplicate replaced the value of the first.
    Hash(Arc<Map>),
}

/// What YAML can hold and Puppet can't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A symbol other than `:default` and `:undef`: an error in the reference.
    Symbol,
    /// An integer of more than 64 bits; the reference takes it.
    BigInt,
    /// A string of bytes that are no UTF-8; the reference takes it.
    Bytes,
}

impl Data {
    /// Entries of a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Hash(map) => Some(map),
            _ => None,
        }
    }

    /// As a value. What Puppet has no value for becomes a string: a symbol its name, a big integer
    /// its digits, bytes their text with replacements; see [`Data::foreign`].
    #[must_use]
    pub fn into_value(self) -> Value {
        self.to_value()
    }

    /// As [`Data::into_value`], with symbols of hash keys as strings (`symkeys_to_string`).
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Undef,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(number) => Value::Int(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Str(text) | Self::BigInt(text) => Value::Str(text.clone()),
            Self::Bytes(bytes) => Value::string(String::from_utf8_lossy(bytes).as_ref()),
            Self::Symbol(name) if name == "default" => Value::Default,
            Self::Symbol(name) if name == "undef" => Value::Undef,
            Self::Symbol(name) => Value::Str(name.clone()),
            Self::Array(elements) => Value::array(elements.iter().map(Self::to_value).collect()),
            Self::Hash(map) => {
                let mut entries = PuppetHash::with_capacity(map.len());
                for (key, value) in map.iter() {
                    entries.insert(key.to_key(), value.to_value());
                }
                Value::hash(entries)
            }
        }
    }

    /// As a key: a symbol is its name, also `:default`.
    fn to_key(&self) -> Value {
        match self {
            Self::Symbol(name) => Value::Str(name.clone()),
            other => other.to_value(),
        }
    }

    /// The first thing within that is no Puppet value.
    #[must_use]
    pub fn foreign(&self) -> Option<Foreign> {
        match self {
            Self::Symbol(name) if name != "default" && name != "undef" => Some(Foreign::Symbol),
            Self::BigInt(_) => Some(Foreign::BigInt),
            Self::Bytes(_) => Some(Foreign::Bytes),
            Self::Array(elements) => elements.iter().find_map(Self::foreign),
            Self::Hash(map) => map.iter().find_map(|(key, value)| {
                let key = match key {
                    Self::Symbol(_) => None,
                    key => key.foreign(),
                };
                key.or_else(|| value.foreign())
            }),
            _ => None,
        }
    }

    /// Levels of collections below this node.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Array(elements) => 1 + elements.iter().map(Self::depth).max().unwrap_or(0),
            Self::Hash(map) => {
                let deepest = map
                    .iter()
                    .map(|(key, value)| key.depth().max(value.depth()));
                1 + deepest.max().unwrap_or(0)
            }
            _ => 0,
        }
    }
}

impl PartialEq for Data {
    /// Ruby's `eql?`.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b))
            | (Self::Symbol(a), Self::Symbol(b))
            | (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Hash(a), Self::Hash(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Data {}

impl Hash for Data {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(truth) => truth.hash(state),
            Self::Int(number) => number.hash(state),
            Self::Float(number) => number.to_bits().hash(state),
            Self::Str(text) | Self::Symbol(text) | Self::BigInt(text) => text.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Array(elements) => elements.hash(state),
            // Equal hashes may differ in order.
            Self::Hash(map) => map.len().hash(state),
        }
    }
}
