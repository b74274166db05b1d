//! Values of literal expressions, for the check of duplicate keys (`literal_evaluator.rb`).

use std::fmt::Write;

use crate::ast::{Expr, ExprKind, StringPart};
use crate::pn::ruby_float;

/// A value in a form where equal values are equal texts, and its text in a message.
pub(super) struct Literal {
    pub(super) identity: String,
    pub(super) shown: String,
}

/// The value of an expression without variables, calls or types.
pub(super) fn literal(expr: &Expr) -> Option<Literal> {
    let mut identity = String::new();
    write_inspected(expr, &mut identity)?;
    let shown = match &expr.kind {
        ExprKind::String(text) | ExprKind::Name(text) => text.to_string(),
        ExprKind::Interpolated(parts) => match &**parts {
            [StringPart::Text(text, _)] => text.to_string(),
            _ => return None,
        },
        ExprKind::Undef => String::new(),
        ExprKind::Default => "default".to_owned(),
        ExprKind::Regex(source) => format!("(?-mix:{source})"),
        _ => identity.clone(),
    };
    Some(Literal { identity, shown })
}

/// `Object#inspect` of the value.
fn write_inspected(expr: &Expr, out: &mut String) -> Option<()> {
    match &expr.kind {
        ExprKind::String(text) | ExprKind::Name(text) => quote(text, out),
        ExprKind::Interpolated(parts) => match &**parts {
            [StringPart::Text(text, _)] => quote(text, out),
            _ => return None,
        },
        ExprKind::Integer { value, .. } => write!(out, "{value}").ok()?,
        ExprKind::BigInteger(big) => out.push_str(&big.decimal),
        ExprKind::Float(value) => out.push_str(&ruby_float(*value)),
        ExprKind::Boolean(value) => write!(out, "{value}").ok()?,
        ExprKind::Undef => out.push_str("nil"),
        ExprKind::Default => out.push_str(":default"),
        ExprKind::Regex(source) => write!(out, "/{source}/").ok()?,
        ExprKind::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_inspected(value, out)?;
            }
            out.push(']');
        }
        ExprKind::Hash(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_inspected(&entry.key, out)?;
                out.push_str("=>");
                write_inspected(&entry.value, out)?;
            }
            out.push('}');
        }
        _ => return None,
    }
    Some(())
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            ch => out.push(ch),
        }
    }
    out.push('"');
}
