//! What expressions are called in messages (`model_label_provider.rb`, `label_provider.rb`).

use ecow::{EcoString, eco_format};

use crate::ast::{Expr, ExprKind};

/// The label without an article.
#[must_use]
pub fn label(expr: &Expr) -> EcoString {
    let fixed = match &expr.kind {
        ExprKind::Nop => "Nop Expression",
        ExprKind::Undef => "'undef' expression",
        ExprKind::Default => "'default' expression",
        ExprKind::Boolean(_) => "Boolean",
        ExprKind::Integer { .. } | ExprKind::BigInteger(_) => "Literal Integer",
        ExprKind::Float(_) => "Literal Float",
        ExprKind::String(_) => "String",
        ExprKind::Interpolated(_) => "Double Quoted String",
        ExprKind::Heredoc(heredoc) => return eco_format!("'@({})' expression", heredoc.syntax),
        ExprKind::Regex(_) => "Regular Expression",
        ExprKind::Name(_) => "Name",
        ExprKind::TypeName(_) => "Type-Name",
        ExprKind::Variable(_) => "Variable",
        ExprKind::ReservedWord(word) => return eco_format!("Reserved Word '{word}'"),
        ExprKind::Array(_) => "Array Expression",
        ExprKind::Hash(_) => "Hash Expression",
        ExprKind::Not(_) => "'not' expression",
        ExprKind::Negate(_) => "Unary Minus",
        ExprKind::Splat(_) => "Unfold",
        ExprKind::Paren(_) => "Parenthesized Expression",
        ExprKind::Binary(binary) => return operator(binary.op.as_str()),
        ExprKind::Assignment(assignment) => return operator(assignment.op.as_str()),
        ExprKind::Relationship(relationship) => return operator(relationship.op.as_str()),
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
    fixed.into()
}

fn operator(op: &str) -> EcoString {
    eco_format!("'{op}' expression")
}

/// A label behind `a` or `an`. A quote at its start does not count, and `y` is a vowel.
#[must_use]
pub fn with_article(label: &str) -> EcoString {
    eco_format!("{} {label}", article(label))
}

/// The same with a capital.
#[must_use]
pub fn with_capital_article(label: &str) -> EcoString {
    eco_format!(
        "{} {label}",
        if article(label) == "an" { "An" } else { "A" }
    )
}

/// `a` or `an`, as it stands before a label (`LabelProvider#article`).
#[must_use]
pub fn article(label: &str) -> &'static str {
    let letter = label
        .trim_start_matches(['"', '\''])
        .chars()
        .next()
        .unwrap_or('x');
    if matches!(
        letter.to_ascii_lowercase(),
        'a' | 'e' | 'i' | 'o' | 'u' | 'y'
    ) {
        "an"
    } else {
        "a"
    }
}

/// The label of an expression with its article: `a Variable`, `an '=~' expression`.
#[must_use]
pub fn a_an(expr: &Expr) -> EcoString {
    with_article(&label(expr))
}

/// As [`a_an`] with a capital.
#[must_use]
pub fn a_an_capital(expr: &Expr) -> EcoString {
    with_capital_article(&label(expr))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_look_behind_a_quote() {
        assert_eq!(with_article("'if' statement"), "an 'if' statement");
        assert_eq!(with_article("'define' expression"), "a 'define' expression");
        assert_eq!(
            with_capital_article("Array Expression"),
            "An Array Expression"
        );
    }
}
