//! One finding, of code or data.

use bunraku_farm::documents::{Severity, UploadDiagnostic};
use bunraku_syntax::excerpt::{Colour, render};
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

    /// A warning in a file.
    pub(crate) fn warning(file: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(file, message)
        }
    }

    /// The same at a place.
    pub(crate) fn at(mut self, line: Option<u32>, column: Option<u32>) -> Self {
        self.line = line;
        self.column = column;
        self
    }

    /// The same with what to write instead.
    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// What the parser or validator found.
    pub(crate) fn of_code(source: &SourceFile, found: &Diagnostic) -> Self {
        let start = found.span.map(|span| source.line_column(span.start));
        let end = found
            .span
            .filter(|span| !span.is_empty())
            .map(|span| source.line_column(span.end));
        let rendered = render(found, source, Colour::Off);
        let excerpt: Vec<&str> = rendered
            .lines()
            .skip_while(|line| line.trim() != "|")
            .collect();
        Self {
            severity: match found.severity {
                bunraku_syntax::Severity::Error => Severity::Error,
                bunraku_syntax::Severity::Warning => Severity::Warning,
                bunraku_syntax::Severity::Deprecation => Severity::Deprecation,
            },
            issue_code: (!found.issue_code.is_empty()).then(|| found.issue_code.to_owned()),
            message: found.message.to_string(),
            file: source.name().map(str::to_owned),
            line: start.map(|at| at.line),
            column: start.map(|at| at.column),
            end_line: end.map(|at| at.line),
            end_column: end.map(|at| at.column),
            hint: found.advice().map(String::from),
            further: found.further,
            excerpt: (!excerpt.is_empty()).then(|| excerpt.join("\n")),
        }
    }

    /// What the check of a push found in a file that is called `file` here.
    pub(crate) fn of_push(file: &str, found: UploadDiagnostic) -> Self {
        Self {
            severity: found.severity,
            issue_code: found.issue_code,
            excerpt: found.excerpt,
            ..Self::error(file, found.message)
        }
        .at(found.line, found.column)
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
