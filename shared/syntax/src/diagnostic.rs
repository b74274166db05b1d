//! What is wrong with a program, as data. Rendering for people is in [`crate::excerpt`].

use std::fmt;

use ecow::EcoString;

use crate::span::{SourceFile, Span};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The construct still works but will not in a later release of the language.
    Deprecation,
    /// Suspicious, the program is valid.
    Warning,
    /// The program is invalid.
    Error,
}

impl Severity {
    /// `error`, `warning` or `deprecation`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Deprecation => "deprecation",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One finding about a source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Puppet's issue code in capitals (`SYNTAX_ERROR`, `NOT_RVALUE`, …); empty for the few errors of the reference that carry none.
    pub issue_code: &'static str,
    /// Puppet's message, without the location.
    pub message: EcoString,
    /// Where; `None` for findings without a position (`Syntax error at end of input`).
    pub span: Option<Span>,
    /// What to write instead, in one line. Not part of the reference's message.
    pub hint: Option<EcoString>,
    /// It is behind the error at which the reference stops, so the reference never tells it.
    pub further: bool,
}

impl Diagnostic {
    /// An error at a span.
    #[cold]
    #[must_use]
    pub fn error(
        issue_code: &'static str,
        message: impl Into<EcoString>,
        span: Option<Span>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            issue_code,
            message: message.into(),
            span,
            hint: None,
            further: false,
        }
    }

    /// The same diagnostic with another severity.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same diagnostic with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<EcoString>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same diagnostic, behind the error at which the reference stops.
    #[must_use]
    pub(crate) fn into_further(mut self) -> Self {
        self.further = true;
        self
    }

    /// Whether it makes the program invalid.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The message with its location in Puppet's form: `… (file: x, line: 3, column: 5)`.
    #[must_use]
    pub fn located<'a>(&'a self, file: &'a SourceFile) -> Located<'a> {
        Located {
            diagnostic: self,
            file,
        }
    }
}

/// A message and its location, displayed as Puppet does (`Puppet::ExternalFileError#to_s`).
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    diagnostic: &'a Diagnostic,
    file: &'a SourceFile,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.diagnostic.message;
        let place = self
            .diagnostic
            .span
            .map(|span| self.file.line_column(span.start));
        match (self.file.name(), place) {
            (Some(name), Some(at)) => write!(
                f,
                "{message} (file: {name}, line: {}, column: {})",
                at.line, at.column
            ),
            (None, Some(at)) => write!(f, "{message} (line: {}, column: {})", at.line, at.column),
            (Some(name), None) => write!(f, "{message} (file: {name})"),
            (None, None) => write!(f, "{message}"),
        }
    }
}
