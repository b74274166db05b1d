//! `title_patterns` that are written as literals.

use ruby_prism::{DefNode, Node};

use super::{TitlePattern, TitlePatterns};
use crate::literal::{name_of, option, text};

/// `def self.title_patterns; [ [ /(.*)/m, [ [:path] ] ] ]; end`
pub(super) fn of_method(definition: &DefNode<'_>) -> TitlePatterns {
    let value = definition
        .body()
        .and_then(|body| body.as_statements_node())
        .and_then(|list| list.body().iter().last());
    match value.and_then(|value| classic(&value)) {
        Some(patterns) => TitlePatterns::Literal(patterns),
        None => TitlePatterns::Unreadable,
    }
}

/// `title_patterns: [ { pattern: /.../, desc: '...' } ]`
pub(super) fn of_resource_api(value: &Node<'_>) -> TitlePatterns {
    let patterns = value.as_array_node().and_then(|list| {
        list.elements()
            .iter()
            .map(|entry| {
                Some(TitlePattern {
                    pattern: regex(&option(&entry, "pattern")?)?.into(),
                    attributes: Vec::new(),
                })
            })
            .collect()
    });
    patterns.map_or(TitlePatterns::Unreadable, TitlePatterns::Literal)
}

fn classic(value: &Node<'_>) -> Option<Vec<TitlePattern>> {
    let value = match value.as_return_node() {
        Some(returned) => returned.arguments()?.arguments().iter().next()?,
        None => return list(value),
    };
    list(&value)
}

fn list(value: &Node<'_>) -> Option<Vec<TitlePattern>> {
    value
        .as_array_node()?
        .elements()
        .iter()
        .map(|entry| pattern(&entry))
        .collect()
}

/// `[ /regex/, [ [:attribute], [:attribute, proc] ] ]`; a proc changes what was captured, so it can't be read.
fn pattern(entry: &Node<'_>) -> Option<TitlePattern> {
    let mut parts = entry.as_array_node()?.elements().iter();
    let pattern = regex(&parts.next()?)?.into();
    let attributes = parts
        .next()?
        .as_array_node()?
        .elements()
        .iter()
        .map(|capture| {
            let elements: Vec<Node<'_>> = capture.as_array_node()?.elements().iter().collect();
            match elements.as_slice() {
                [name] => name_of(name).map(Into::into),
                _ => None,
            }
        })
        .collect::<Option<_>>()?;
    Some(TitlePattern {
        pattern,
        attributes,
    })
}

/// A literal expression as `Regexp#to_s` writes it.
fn regex(node: &Node<'_>) -> Option<String> {
    let literal = node.as_regular_expression_node()?;
    // The source as written: escapes stay, but for `\/`, which only the delimiter needs.
    let content = literal.content_loc();
    let source = text(content.as_slice())?;
    let mut on = String::new();
    let mut off = String::new();
    for (set, letter) in [
        (literal.is_multi_line(), 'm'),
        (literal.is_ignore_case(), 'i'),
        (literal.is_extended(), 'x'),
    ] {
        if set {
            on.push(letter)
        } else {
            off.push(letter)
        }
    }
    let off = if off.is_empty() {
        off
    } else {
        format!("-{off}")
    };
    Some(format!("(?{on}{off}:{source})"))
}
