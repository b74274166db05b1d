//! What a document holds, with Ruby's symbols and dates kept apart.

use bunraku_pcore::{PuppetHash, Value};

/// A loaded YAML value.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// `nil`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer beyond 64 bits, in decimal: no Puppet value.
    BigInt(String),
    /// A float.
    Float(f64),
    /// A string.
    Str(ecow::EcoString),
    /// `!binary`: bytes that are no UTF-8.
    Bytes(std::sync::Arc<Vec<u8>>),
    /// A symbol, without its colon.
    Symbol(ecow::EcoString),
    /// A sequence.
    Array(std::sync::Arc<Vec<Data>>),
    /// A mapping; a later duplicate replaced the value of the first.
    Hash(std::sync::Arc<indexmap::IndexMap<Data, Data, rustc_hash::FxBuildHasher>>),
}
impl Data {
    /// x
    pub fn into_value(self) -> Value { let _ = PuppetHash::new(); Value::Undef }
}
