//! What is logged, with its source or its place.

use bunraku_syntax::Span;

use super::Evaluator;
use crate::frame::Frame;
use crate::log::{Level, LogEntry};

impl<'a> Evaluator<'a> {
    /// Logs with the scope as source and without a place, as `notice()` does (`Log.log_func`).
    pub(crate) fn log_from_scope(&mut self, level: Level, message: String, frame: Frame<'a>) {
        let scope = self.scopes.get(frame.scope);
        let source = if scope.label.is_empty() {
            match self.top_of_stack() {
                (Some(file), Some(line)) => format!("Scope({file}, {line})"),
                (None, Some(line)) => format!("Scope(unknown, {line})"),
                _ => "Scope()".to_owned(),
            }
        } else {
            format!("Scope({})", scope.label)
        };
        self.logs.push(LogEntry {
            level,
            message,
            source,
            file: None,
            line: None,
            column: None,
            issue_code: None,
        });
    }

    /// Logs with a place in the code.
    pub(crate) fn log_at(
        &mut self,
        level: Level,
        message: String,
        issue_code: Option<&str>,
        frame: Frame<'a>,
        span: Span,
    ) {
        let at = frame.file.source.line_column(span.start);
        self.logs.push(LogEntry {
            level,
            message,
            source: "Puppet".to_owned(),
            file: frame.file.display.clone(),
            line: Some(at.line),
            column: Some(at.column),
            issue_code: issue_code.map(str::to_owned),
        });
    }
}
