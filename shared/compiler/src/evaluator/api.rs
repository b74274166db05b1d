//! What built-in functions, lookups and the catalog builder ask the evaluator for.

use bunraku_pcore::{Type, Value};
use ecow::EcoString;

use super::Evaluator;
use crate::code::Syntax;
use crate::error::{Result, Unwind};
use crate::frame::Frame;
use crate::log::{Level, LogEntry};
use crate::scope::ScopeKind;

impl<'a> Evaluator<'a> {
    /// The type that a text means, with the aliases of the environment (`TypeParser#parse`).
    pub(crate) fn type_from_text(&mut self, text: &str, frame: Frame<'a>) -> Result<Type> {
        let key = format!("type:{text}");
        let file = match self.code.get(&key) {
            Some(known) => known,
            None => self.load_text(&key, None, text, Syntax::Manifest)?,
        };
        let frame = Frame {
            scope: frame.scope,
            file,
        };
        match self.eval(&file.program.body, frame)? {
            Value::Type(data_type) => Ok(data_type.as_ref().clone()),
            _ => Err(Unwind::plain(format!(
                "The expression <{text}> is not a valid type specification."
            ))),
        }
    }

    /// `$module_name` and `$caller_module_name` as the scope has them.
    pub(crate) fn module_and_caller(&mut self, frame: Frame<'a>) -> (Value, Value) {
        let mut read = |name: &str| {
            self.existing_variable(name, frame.scope)
                .ok()
                .flatten()
                .unwrap_or_default()
        };
        (read("module_name"), read("caller_module_name"))
    }

    /// What the scope belongs to: `Class`, `Definition` or `Node`, and its name (`source.type.capitalize`, `source.name`).
    pub(crate) fn describe_source(&self, frame: Frame<'a>) -> (&'static str, EcoString) {
        let scope = self.scopes.get(frame.scope);
        let kind = match scope.kind {
            ScopeKind::Top | ScopeKind::Class => "Class",
            ScopeKind::Define => "Definition",
            ScopeKind::Node => "Node",
        };
        (kind, scope.source.clone())
    }

    /// Logs without a place; the source is `Puppet`.
    pub(crate) fn log_plain(&mut self, level: Level, message: impl Into<String>) {
        self.logs.push(LogEntry {
            level,
            message: message.into(),
            source: "Puppet".to_owned(),
            file: None,
            line: None,
            column: None,
            issue_code: None,
        });
    }
}
