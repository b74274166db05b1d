//! Names of the Ruby classes that hold values in the reference: some of its messages show them.

use std::borrow::Cow;

use crate::types::{Type, short_name};
use crate::{Uri, Value, to_display_string};

/// The name of the class of a value (`value.class`).
///
/// Classes that Ruby makes at run time, of `Deferred` and of objects of Puppet's own types, have no
/// name there but an address; here it is the type's name.
pub fn ruby_class(value: &Value) -> Cow<'static, str> {
    Cow::Borrowed(match value {
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
        Value::Type(data_type) => return type_class(data_type),
        Value::Sensitive(_) => "Puppet::Pops::Types::PSensitiveType::Sensitive",
        Value::Binary(_) => "Puppet::Pops::Types::PBinaryType::Binary",
        Value::SemVer(_) => "SemanticPuppet::Version",
        Value::SemVerRange(_) => "SemanticPuppet::VersionRange",
        Value::Timespan(_) => "Puppet::Pops::Time::Timespan",
        Value::Timestamp(_) => "Puppet::Pops::Time::Timestamp",
        Value::Uri(uri) => uri_class(uri),
        Value::Deferred(_) => "Deferred",
        Value::Object(object) => match &*object.object_type {
            Type::Error(_) => "Puppet::DataTypes::Error",
            other => return Cow::Owned(short_name(other)),
        },
        Value::Iterator(_) => "Puppet::Pops::Types::Iterator",
    })
}

/// The same where Ruby itself fails to convert a value (`no implicit conversion of nil into String`):
/// it names `nil`, `true` and `false` themselves (`rb_builtin_class_name`).
pub fn ruby_class_in_conversion(value: &Value) -> Cow<'static, str> {
    match value {
        Value::Undef => "nil".into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        other => ruby_class(other),
    }
}

/// The second operand in Ruby's `comparison of A with B failed` (`rb_cmperr`): special constants and
/// floats show as they are, others by their class.
pub fn ruby_operand(value: &Value) -> Cow<'static, str> {
    match value {
        Value::Undef => "nil".into(),
        Value::Default => ":default".into(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            to_display_string(value).to_string().into()
        }
        other => ruby_class(other),
    }
}

fn type_class(data_type: &Type) -> Cow<'static, str> {
    let name = match data_type {
        Type::Alias(_) => "TypeAlias".to_owned(),
        Type::Object(_) => "Object".to_owned(),
        Type::TypeSet(_) => "TypeSet".to_owned(),
        Type::Type(_) => "Type".to_owned(),
        other => short_name(other),
    };
    Cow::Owned(format!("Puppet::Pops::Types::P{name}Type"))
}

/// The class by scheme, as Ruby's `URI.parse` chooses it.
fn uri_class(uri: &Uri) -> &'static str {
    let scheme = uri.text.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme.to_ascii_lowercase().as_str() {
        "file" => "URI::File",
        "ftp" => "URI::FTP",
        "http" => "URI::HTTP",
        "https" => "URI::HTTPS",
        "ldap" => "URI::LDAP",
        "ldaps" => "URI::LDAPS",
        "mailto" => "URI::MailTo",
        "ws" => "URI::WS",
        "wss" => "URI::WSS",
        _ => "URI::Generic",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn classes_are_those_that_ruby_names() {
        let uri = |text: &str| Value::Uri(Uri::parse(text).unwrap().into());
        let of_type = |data_type: Type| Value::Type(Arc::new(data_type));
        for (value, class) in [
            (Value::Undef, "NilClass"),
            (Value::Bool(true), "TrueClass"),
            (of_type(Type::Any), "Puppet::Pops::Types::PAnyType"),
            (
                of_type(Type::CatalogEntry),
                "Puppet::Pops::Types::PCatalogEntryType",
            ),
            (of_type(Type::Uri(None)), "Puppet::Pops::Types::PURIType"),
            (
                of_type(Type::Object(None)),
                "Puppet::Pops::Types::PObjectType",
            ),
            (uri("http://a.b"), "URI::HTTP"),
            (uri("ftp://a"), "URI::FTP"),
            (uri("puppet:///modules/a"), "URI::Generic"),
        ] {
            assert_eq!(ruby_class(&value), class);
        }
    }

    #[test]
    fn ruby_names_its_constants_by_situation() {
        assert_eq!(ruby_class_in_conversion(&Value::Undef), "nil");
        assert_eq!(ruby_class_in_conversion(&Value::Default), "Symbol");
        assert_eq!(ruby_operand(&Value::Default), ":default");
        assert_eq!(ruby_operand(&Value::Float(1e20)), "1.0e+20");
        assert_eq!(ruby_operand(&Value::from("a")), "String");
    }
}
