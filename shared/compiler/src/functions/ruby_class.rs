//! Names of Ruby's classes, which appear in some of the reference's messages.

use bunraku_pcore::Value;

/// The Ruby class that holds such a value in the reference.
pub(super) fn ruby_class_name(value: &Value) -> &'static str {
    match value {
        Value::Undef => "NilClass",
        Value::Default => "Symbol",
        Value::Bool(true) => "TrueClass",
        Value::Bool(false) => "FalseClass",
        Value::Int(_) => "Integer",
        Value::Float(_) => "Float",
        Value::Str(_) => "String",
        Value::Array(_) => "Array",
        Value::Hash(_) => "Hash",
        Value::Regexp(_) => "Regexp",
        Value::Type(_) => "Puppet::Pops::Types::PAnyType",
        Value::Sensitive(_) => "Puppet::Pops::Types::PSensitiveType::Sensitive",
        Value::Binary(_) => "Puppet::Pops::Types::PBinaryType::Binary",
        Value::SemVer(_) => "SemanticPuppet::Version",
        Value::SemVerRange(_) => "SemanticPuppet::VersionRange",
        Value::Timespan(_) => "Puppet::Pops::Time::Timespan",
        Value::Timestamp(_) => "Puppet::Pops::Time::Timestamp",
        Value::Uri(_) => "URI::Generic",
        Value::Deferred(_) => "Puppet::DataTypes::Deferred",
        Value::Object(_) => "Puppet::Pops::Types::PuppetObject",
        Value::Iterator(_) => "Puppet::Pops::Types::Iterator",
    }
}

/// How Ruby names the right side of a failed comparison: special constants and floats by value, others by class.
pub(super) fn ruby_inspect_for_comparison(value: &Value) -> String {
    match value {
        Value::Undef => "nil".to_owned(),
        Value::Default => ":default".to_owned(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            bunraku_pcore::to_display_string(value).to_string()
        }
        other => ruby_class_name(other).to_owned(),
    }
}
