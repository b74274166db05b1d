//! Puppet and EPP source to tree, with spans and diagnostics.
//!
//! [`parse_manifest`] and [`parse_epp`] lex, parse and validate; they never panic and never read anything but their
//! arguments. The tree is in [`ast`], positions in [`span`], findings in [`diagnostic`].

use std::sync::Arc;

pub mod ast;
pub mod diagnostic;
pub mod environment_conf;
pub mod excerpt;
pub mod label;
mod lexer;
mod parser;
pub mod pn;
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

/// Parses and validates a manifest (`.pp`).
#[must_use]
pub fn parse_manifest(source: &SourceFile, options: &ParseOptions) -> Parsed {
    parse_nested(source, options, false, 0)
}

/// Parses and validates a template (`.epp`).
#[must_use]
pub fn parse_epp(source: &SourceFile, options: &ParseOptions) -> Parsed {
    parse_nested(source, options, true, 0)
}

/// Parses and validates a text that is in `nested` heredocs.
fn parse_nested(
    source: &SourceFile,
    options: &ParseOptions,
    template: bool,
    nested: u32,
) -> Parsed {
    let lex = if template {
        lexer::lex_epp
    } else {
        lexer::lex_manifest
    };
    let mut lexed = lex(source.text(), options.tasks);
    let warnings = std::mem::take(&mut lexed.warnings);
    let mut diagnostics = Vec::new();
    let program = match parser::parse(source, lexed) {
        Ok(program) => {
            diagnostics.extend(warnings.into_iter().map(|(_, warning)| warning));
            if options.validate {
                validator::validate(&program, options, nested, &mut diagnostics);
            }
            Some(Arc::new(program))
        }
        Err((failure, read)) => {
            // The reference lexes while it parses: it never sees what is behind an error.
            diagnostics.extend(
                warnings
                    .into_iter()
                    .filter(|(at, _)| *at <= read)
                    .map(|(_, warning)| warning),
            );
            diagnostics.push(*failure);
            None
        }
    };
    Parsed {
        program,
        diagnostics,
    }
}
