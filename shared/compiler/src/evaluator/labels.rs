//! Names of values in messages, as `ModelLabelProvider`; those of expressions are in `bunraku_syntax::label`.

use bunraku_pcore::{Type, Value};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::ExprKind;
pub(crate) use bunraku_syntax::label::{a_an, a_an_capital, article, with_article};
use ecow::EcoString;

/// The label of a value without article.
pub(crate) fn value_label(value: &Value) -> String {
    let fixed = match value {
        Value::Undef => "Undef Value",
        Value::Bool(_) => "Boolean",
        Value::Int(_) => "Integer",
        Value::Float(_) => "Float",
        Value::Str(_) => "String",
        Value::Array(_) => "Array",
        Value::Hash(_) => "Hash",
        Value::Regexp(_) => "Regexp",
        Value::Sensitive(_) => "Sensitive",
        Value::Binary(_) => "Binary",
        Value::SemVer(_) => "Semver",
        Value::SemVerRange(_) => "SemverRange",
        Value::Timespan(_) => "Timespan",
        Value::Timestamp(_) => "Timestamp",
        Value::Type(data_type) => {
            return match data_type.as_ref() {
                Type::Resource { title: Some(_), .. } => format!("{data_type} Resource-Reference"),
                _ => format!("{data_type}-Type"),
            };
        }
        Value::Default
        | Value::Uri(_)
        | Value::Deferred(_)
        | Value::Object(_)
        | Value::Iterator(_) => "Object",
    };
    fixed.to_owned()
}

/// `an Integer`, `a Sensitive`.
pub(crate) fn value_a_an(value: &Value) -> EcoString {
    with_article(&value_label(value))
}

/// The text with a capital first letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// The expression that an error about an argument or key blames.
pub(crate) fn blamed(expr: &Expr, argument: Option<usize>) -> &Expr {
    let Some(index) = argument else { return expr };
    match &expr.kind {
        ExprKind::Access(access) => access.keys.get(index).unwrap_or(expr),
        ExprKind::Binary(binary) if index == 0 => &binary.left,
        ExprKind::Binary(binary) => &binary.right,
        ExprKind::Negate(inner) => inner,
        ExprKind::Call(call) => call.args.get(index).unwrap_or(expr),
        _ => expr,
    }
}

/// The text of a value within a message that Ruby made (`to_s`): collections look as in Ruby.
pub(crate) fn ruby_text(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Hash(_) => crate::catalog_builder::ruby_text::inspect(value),
        other => bunraku_pcore::to_display_string(other).to_string(),
    }
}
