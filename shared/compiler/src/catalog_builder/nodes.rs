//! Node definitions: which one is the node's (`TypeCollection#node`, `Compiler#evaluate_ast_node`).

use std::sync::Arc;

use bunraku_catalog::Kind;
use bunraku_pcore::{RubyRegex, Value};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::ExprKind;
use ecow::EcoString;

use super::resource::{NodeEntry, ResourceKind};
use crate::error::{Error, Result, Unwind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::scope::{ScopeKind, Scopes};

impl<'a> Evaluator<'a> {
    /// Evaluates the node definition that matches, if there are any.
    pub(crate) fn evaluate_node(&mut self) -> Result<()> {
        let entries = std::mem::take(&mut self.builder.nodes);
        if entries.is_empty() {
            return Ok(());
        }
        let certname = self.request.certname.to_lowercase();
        let found = match find(&entries, &certname)? {
            Some(found) => found,
            None => match find(&entries, "default")? {
                Some(found) => found,
                None => {
                    let message = format!(
                        "Could not find node statement with name 'default' or '{}'",
                        self.request.certname
                    );
                    return Err(Error::verbatim(message, None, None, None).into());
                }
            },
        };
        let entry = found.clone();
        let source = self.builder.sources.of(ScopeKind::Node, &entry.name, None);
        let title = entry.name.clone();
        let node = self.new_resource(
            ResourceKind::Node(entry),
            Kind::Unknown,
            "Node".into(),
            title,
            Scopes::TOP,
            source,
        );
        let id = self.add_new_resource(node, Vec::new())?;
        let tags = self.builder.table.get(id).tags.clone();
        self.builder.tags.merge(&tags);
        self.add_to_catalog(id, Scopes::TOP)?;
        self.evaluate_resource(id)
    }

    /// Name of a node's resource, and the expression that must match.
    pub(super) fn node_name(
        &mut self,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<(EcoString, Option<Arc<RubyRegex>>)> {
        if let ExprKind::Default = &expr.kind {
            return Ok(("default".into(), None));
        }
        match self.eval(expr, frame)? {
            Value::Regexp(regex) => Ok((regex_name(regex.source()), Some(regex))),
            Value::Str(text) => Ok((text.to_lowercase(), None)),
            _ => Err(Unwind::plain(
                "a node name must be a string or a regular expression",
            )),
        }
    }
}

/// A name goes before any expression; of expressions the first that matches.
fn find<'e, 'a>(entries: &'e [NodeEntry<'a>], name: &str) -> Result<Option<&'e NodeEntry<'a>>> {
    if let Some(exact) = entries.iter().find(|entry| entry.name == name) {
        return Ok(Some(exact));
    }
    for entry in entries {
        if let Some(regex) = &entry.regex
            && regex.is_match(name)?
        {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// `__node_regexp__` and the expression without what names can't have (`Puppet::Resource::Type#name`).
fn regex_name(source: &str) -> EcoString {
    let kept: String = source
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.'))
        .collect();
    ecow::eco_format!("__node_regexp__{}", kept.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regex_names_keep_only_what_a_tag_may_hold() {
        assert_eq!(
            regex_name(r"^small\d+\.example\.Test$"),
            "__node_regexp__smalld.example.test"
        );
        assert_eq!(regex_name(r".*\.x"), "__node_regexp__x");
    }
}
