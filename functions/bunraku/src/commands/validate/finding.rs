//! One finding, of code or data.

use bunraku_farm::documents::{Severity, UploadDiagnostic};
use bunraku_ingest::check::excerpt;
use bunraku_syntax::{Diagnostic, SourceFile};
use serde::Serialize;

/// A finding as `--json` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// Puppet's issue code, where it has one.
    pub(crate) issue_code: Option<String>,
    /// Puppet's message without its location.
    pub(crate) message: String,
    pub(crate) file: Option<String>,
    /// From 1, as the column, which counts characters.
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_line: Option<u32>,
    /// The column behind the last character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_column: Option<u32>,
    /// What to write instead, in a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// It is behind the error at which Puppet stops, so Puppet never tells it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) further: bool,
    /// The source with a caret.
    #[serde(skip)]
    pub(crate) excerpt: Option<String>,
}

impl Finding {
    /// An error in a file.
    pub(crate) fn error(file: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            issue_code: None,
            message: message.into(),
            file: Some(file.to_owned()),
            line: None,
            column: None,
            end_line: None,
            end_column: None,
            hint: None,
            further: false,
            excerpt: None,
        }
    }

    /// The same at a place of a text, with an excerpt.
    pub(crate) fn in_text(mut self, text: &str, line: u32, column: u32) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self.excerpt = excerpt(text, line, column, 1).map(|excerpt| match &self.hint {
            Some(hint) => format!("{excerpt}\n    = help: {hint}"),
            None => excerpt,
        });
        self
    }

    /// The same with what to write instead.
    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// What the parser or validator found: what the check of a push tells of it, and more for editors.
    pub(crate) fn of_code(source: &SourceFile, found: &Diagnostic) -> Self {
        let end = found
            .span
            .filter(|span| !span.is_empty())
            .map(|span| source.line_column(span.end));
        let name = source.name().map(str::to_owned);
        Self {
            end_line: end.map(|at| at.line),
            end_column: end.map(|at| at.column),
            hint: found.advice().map(String::from),
            further: found.further,
            file: name,
            ..Self::of_push("", bunraku_ingest::check::finding(source, found))
        }
    }

    /// What the check of a push found in a file that is called `file` here.
    pub(crate) fn of_push(file: &str, found: UploadDiagnostic) -> Self {
        Self {
            severity: found.severity,
            issue_code: found.issue_code,
            line: found.line,
            column: found.column,
            excerpt: found.excerpt,
            ..Self::error(file, found.message)
        }
    }

    /// Puppet's wording and place, then the source with a caret, and the hint.
    pub(crate) fn text(&self) -> String {
        let label = match self.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Deprecation => "Deprecation",
        };
        let place: Vec<String> = [
            self.file.as_ref().map(|file| format!("file: {file}")),
            self.line.map(|line| format!("line: {line}")),
            self.column.map(|column| format!("column: {column}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut text = format!("{label}: {}", self.message);
        if !place.is_empty() {
            text += &format!(" ({})", place.join(", "));
        }
        match (&self.excerpt, &self.hint) {
            (Some(excerpt), _) => text += &format!("\n{}", excerpt.trim_end()),
            (None, Some(hint)) => text += &format!("\n  = help: {hint}"),
            (None, None) => {}
        }
        text
    }
}
