//! Puppet and EPP source to tree, with spans and diagnostics.
//!
//! [`parse_manifest`] and [`parse_epp`] lex, parse and validate; they never panic and never read anything but their
//! arguments. [`diagnose`] reads on behind an error, for people. The tree is in [`ast`], positions in [`span`], findings in [`diagnostic`].

use std::sync::Arc;

mod advice;
pub mod ast;
pub mod diagnostic;
pub mod environment_conf;
pub mod excerpt;
pub mod label;
mod lexer;
mod parser;
pub mod pn;
pub mod similar;
pub mod span;
mod validator;
pub mod visit;

pub use ast::{Expr, ExprKind, Program};
pub use diagnostic::{Diagnostic, Severity};
pub use pn::dump_pn;
pub use span::{LineColumn, SourceFile, Span};

/// The reference's `strict` setting, as far as the static checks look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strict {
    /// Findings under the setting are dropped.
    Off,
    /// They are warnings.
    Warning,
    /// They are errors: the default of Puppet 8.
    #[default]
    Error,
}

/// How to parse. `Default` is how an agent's catalog is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseOptions {
    /// `plan` and `apply` are keywords, and the rules for plans hold (the reference's `tasks` setting).
    pub tasks: bool,
    /// The `strict` setting.
    pub strict: Strict,
    /// Run the validator after a successful parse.
    pub validate: bool,
    /// The path of an autoloaded file relative to its directory on the module path
    /// (`ntp/manifests/init.pp`), for the checks of where a definition may be. `None`: no such check, as for `site.pp`.
    pub module_path: Option<Arc<str>>,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            tasks: false,
            strict: Strict::Error,
            validate: true,
            module_path: None,
        }
    }
}

/// What came out of a source text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The tree; `None` after a syntax error. With validation errors the tree is there, but must not be evaluated:
    /// see [`Parsed::has_errors`].
    pub program: Option<Arc<Program>>,
    /// Everything found, in the order in which the reference reports it.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether any diagnostic is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The tree if there is no error.
    #[must_use]
    pub fn valid_program(&self) -> Option<&Arc<Program>> {
        if self.has_errors() {
            None
        } else {
            self.program.as_ref()
        }
    }
}

/// What a source text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A manifest (`.pp`).
    Manifest,
    /// A template (`.epp`).
    Template,
}

/// Parses and validates a manifest (`.pp`).
#[must_use]
pub fn parse_manifest(source: &SourceFile, options: &ParseOptions) -> Parsed {
    parse_nested(source, options, Language::Manifest, 0)
}

/// Parses and validates a template (`.epp`).
#[must_use]
pub fn parse_epp(source: &SourceFile, options: &ParseOptions) -> Parsed {
    parse_nested(source, options, Language::Template, 0)
}

/// Everything that is wrong with a text, behind the error of syntax at which the reference stops too: what comes after it
/// is marked as [`Diagnostic::further`].
#[must_use]
pub fn diagnose(
    source: &SourceFile,
    options: &ParseOptions,
    language: Language,
) -> Vec<Diagnostic> {
    parse_text(source, options, language, 0, true).diagnostics
}

/// The spans of a text's tokens, for tools that mark or change them: punctuation, the pieces of strings, tags and bodies
/// of heredocs. They are in order and do not overlap; blanks and comments lie between them.
#[must_use]
pub fn token_spans(text: &str, language: Language, tasks: bool) -> Vec<Span> {
    let mode = lexer::Mode {
        template: language == Language::Template,
        tasks,
        go_on: true,
    };
    let mut spans: Vec<Span> = lexer::lex(text, mode)
        .tokens
        .iter()
        .map(|token| token.span)
        .filter(|span| !span.is_empty())
        .collect();
    // A heredoc's body stands behind the rest of the line of its tag.
    spans.sort_unstable();
    let mut end = 0;
    spans.retain(|span| {
        let apart = span.start >= end;
        end = end.max(span.end);
        apart
    });
    spans
}

/// Parses and validates a text that is in `nested` heredocs.
fn parse_nested(
    source: &SourceFile,
    options: &ParseOptions,
    language: Language,
    nested: u32,
) -> Parsed {
    parse_text(source, options, language, nested, false)
}

fn parse_text(
    source: &SourceFile,
    options: &ParseOptions,
    language: Language,
    nested: u32,
    go_on: bool,
) -> Parsed {
    let mut lexed = lexer::lex(
        source.text(),
        lexer::Mode {
            template: language == Language::Template,
            tasks: options.tasks,
            go_on,
        },
    );
    let warnings = std::mem::take(&mut lexed.warnings);
    let mut diagnostics = Vec::new();
    let program = match parser::parse(source, lexed, go_on) {
        Ok(program) => {
            diagnostics.extend(warnings.into_iter().map(|(_, warning)| warning));
            if options.validate {
                validator::validate(&program, options, nested, &mut diagnostics);
            }
            Some(Arc::new(program))
        }
        Err(refused) => {
            // The reference lexes while it parses: it never sees what is behind an error.
            let mut further = Vec::new();
            for (at, warning) in warnings {
                if at <= refused.read {
                    diagnostics.push(warning);
                } else if go_on {
                    further.push(warning);
                }
            }
            diagnostics.push(*refused.failure);
            further.extend(refused.further.into_iter().map(|error| *error));
            if let Some(rest) = refused.rest.filter(|_| options.validate) {
                validator::validate(&rest, options, nested, &mut further);
            }
            further.retain(|found| !follows_from_gaps(found));
            further.sort_by_key(|found| found.span);
            diagnostics.extend(further.into_iter().map(Diagnostic::into_further));
            None
        }
    };
    Parsed {
        program,
        diagnostics,
    }
}

/// Whether a finding may come from a statement that is missing because it was broken.
fn follows_from_gaps(found: &Diagnostic) -> bool {
    matches!(
        found.issue_code,
        "IDEM_EXPRESSION_NOT_LAST"
            | "IDEM_NOT_ALLOWED_LAST"
            | "RESOURCE_WITHOUT_TITLE"
            | "ILLEGAL_TOP_CONSTRUCT_LOCATION"
    )
}
