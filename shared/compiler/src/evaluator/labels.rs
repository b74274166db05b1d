//! Names of expressions and values in messages, as `ModelLabelProvider`.

use bunraku_pcore::{Type, Value};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::ExprKind;

/// The label of an expression without article.
pub(crate) fn label(expr: &Expr) -> String {
    let fixed = match &expr.kind {
        ExprKind::Binary(binary) => return format!("'{}' expression", binary.op.as_str()),
        ExprKind::Assignment(assignment) => {
            return format!("'{}' expression", assignment.op.as_str());
        }
        ExprKind::Relationship(relationship) => {
            return format!("'{}' expression", relationship.op.as_str());
        }
        ExprKind::Heredoc(heredoc) => return format!("'@({})' expression", heredoc.syntax),
        ExprKind::ReservedWord(word) => return format!("Reserved Word '{word}'"),
        ExprKind::Nop => "Nop Expression",
        ExprKind::Undef => "'undef' expression",
        ExprKind::Default => "'default' expression",
        ExprKind::Boolean(_) => "Boolean",
        ExprKind::Integer { .. } | ExprKind::BigInteger(_) => "Literal Integer",
        ExprKind::Float(_) => "Literal Float",
        ExprKind::String(_) => "String",
        ExprKind::Interpolated(_) => "Double Quoted String",
        ExprKind::Regex(_) => "Regular Expression",
        ExprKind::Name(_) => "Name",
        ExprKind::TypeName(_) => "Type-Name",
        ExprKind::Variable(_) => "Variable",
        ExprKind::Array(_) => "Array Expression",
        ExprKind::Hash(_) => "Hash Expression",
        ExprKind::Not(_) => "'not' expression",
        ExprKind::Negate(_) => "Unary Minus",
        ExprKind::Splat(_) => "Unfold",
        ExprKind::Paren(_) => "Parenthesized Expression",
        ExprKind::Access(_) => "'[]' expression",
        ExprKind::NamedAccess(_) => "'.' expression",
        ExprKind::Selector(_) => "Selector Expression",
        ExprKind::If(_) => "'if' statement",
        ExprKind::Unless(_) => "'unless' Statement",
        ExprKind::Case(_) => "'case' statement",
        ExprKind::Call(_) => "Function Call",
        ExprKind::MethodCall(_) => "Method call",
        ExprKind::Block(_) => "Block Expression",
        ExprKind::Resource(_) => "Resource Statement",
        ExprKind::ResourceDefaults(_) => "Resource Defaults Expression",
        ExprKind::ResourceOverride(_) => "Resource Override",
        ExprKind::Collector(collector) if collector.query.exported => "Exported Query",
        ExprKind::Collector(_) => "Virtual Query",
        ExprKind::Class(_) => "Host Class Definition",
        ExprKind::Define(_) => "'define' expression",
        ExprKind::Node(_) => "Node Definition",
        ExprKind::Function(_) => "Function Definition",
        ExprKind::Plan(_) => "Plan Definition",
        ExprKind::TypeAlias(_) => "Type Alias",
        ExprKind::TypeMapping(_) => "Type Mapping",
        ExprKind::TypeDefinition(_) => "Type Definition",
        ExprKind::Apply(_) => "'apply' expression",
        ExprKind::Epp(_) => "Epp Template",
        ExprKind::RenderString(_) => "Epp Text",
        ExprKind::RenderExpr(_) => "Epp Interpolated Expression",
    };
    fixed.to_owned()
}

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

/// `a` or `an` before a label (`LabelProvider#article`): an opening quote does not count.
pub(crate) fn article(label: &str) -> &'static str {
    match label
        .strip_prefix(['"', '\''])
        .unwrap_or(label)
        .chars()
        .next()
    {
        Some('a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'A' | 'E' | 'I' | 'O' | 'U' | 'Y') => "an",
        _ => "a",
    }
}

/// The label with its article.
pub(crate) fn with_article(label: &str) -> String {
    format!("{} {label}", article(label))
}

/// `a Variable`, `an '=~' expression`.
pub(crate) fn a_an(expr: &Expr) -> String {
    with_article(&label(expr))
}

/// As [`a_an`] with a capital.
pub(crate) fn a_an_uc(expr: &Expr) -> String {
    capitalized(&a_an(expr))
}

/// `an Integer`, `a Sensitive`.
pub(crate) fn value_a_an(value: &Value) -> String {
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
