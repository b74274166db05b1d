//! Types from text that Bunraku itself wrote: parameters of built-in functions.

use bunraku_pcore::types::{access, type_by_name};
use bunraku_pcore::{PuppetHash, RubyRegex, Type, Value};
use bunraku_syntax::ast::{Expr, ExprKind};
use bunraku_syntax::{ParseOptions, SourceFile, parse_manifest};
use std::sync::Arc;

/// The type that a text such as `Array[Integer[0], 1]` means, without aliases of an environment.
pub(crate) fn parse_type(text: &str) -> Result<Type, String> {
    let source = SourceFile::new(None, text);
    let options = ParseOptions {
        validate: false,
        ..ParseOptions::default()
    };
    let parsed = parse_manifest(&source, &options);
    let Some(program) = &parsed.program else {
        return Err(format!(
            "{text:?} is no type: {:?}",
            parsed.diagnostics.first()
        ));
    };
    match static_value(&program.body)? {
        Value::Type(data_type) => Ok(Arc::unwrap_or_clone(data_type)),
        other => Err(format!("{text:?} is no type but {other}")),
    }
}

/// The value of an expression of literals and core types.
fn static_value(expr: &Expr) -> Result<Value, String> {
    Ok(match &expr.kind {
        ExprKind::TypeName(name) => {
            Value::of_type(type_by_name(name).ok_or_else(|| format!("{name} is no core type"))?)
        }
        ExprKind::Access(node) => {
            let Value::Type(base) = static_value(&node.left)? else {
                return Err("access of no type".to_owned());
            };
            let keys = node
                .keys
                .iter()
                .map(static_value)
                .collect::<Result<Vec<Value>, String>>()?;
            access(&base, &keys).map_err(|error| error.message)?
        }
        ExprKind::Integer { value, .. } => Value::Int(*value),
        ExprKind::Float(value) => Value::Float(*value),
        ExprKind::Negate(inner) => match static_value(inner)? {
            Value::Int(number) => Value::Int(number.wrapping_neg()),
            other => other,
        },
        ExprKind::String(text) | ExprKind::Name(text) => Value::Str(text.clone()),
        ExprKind::Boolean(truth) => Value::Bool(*truth),
        ExprKind::Default => Value::Default,
        ExprKind::Undef => Value::Undef,
        ExprKind::Regex(source) => Value::Regexp(Arc::new(
            RubyRegex::new(source).map_err(|error| error.message)?,
        )),
        ExprKind::Array(items) => Value::array(
            items
                .iter()
                .map(static_value)
                .collect::<Result<Vec<Value>, String>>()?,
        ),
        ExprKind::Hash(entries) => {
            let mut hash = PuppetHash::new();
            for entry in entries {
                hash.insert(static_value(&entry.key)?, static_value(&entry.value)?);
            }
            Value::hash(hash)
        }
        ExprKind::Paren(inner) => static_value(inner)?,
        other => return Err(format!("no type: {other:?}")),
    })
}
