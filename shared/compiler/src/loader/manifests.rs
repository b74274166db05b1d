//! Reading, parsing and importing manifests.

use std::sync::Arc;

use bunraku_syntax::ast::Definition;
use bunraku_syntax::{Diagnostic, ParseOptions};
use ecow::EcoString;

use super::{ClassRef, DefineRef, FunctionRef, NodeRef};
use crate::code::{CachedParse, ParsedFile, Syntax, parse};
use crate::error::{Error, Result, Unwind};
use crate::evaluator::Evaluator;
use crate::inputs::EntryKind;
use crate::log::Level;
use crate::settings::Strict;

impl<'a> Evaluator<'a> {
    /// The display path of a path that `Inputs` knows.
    pub(crate) fn display_path(&self, path: &str) -> String {
        if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", self.request.environment_root)
        }
    }

    pub(crate) fn parse_options(&self, module_path: Option<Arc<str>>) -> ParseOptions {
        ParseOptions {
            tasks: self.request.settings.tasks,
            strict: match self.request.settings.strict {
                Strict::Off => bunraku_syntax::Strict::Off,
                Strict::Warning => bunraku_syntax::Strict::Warning,
                Strict::Error => bunraku_syntax::Strict::Error,
            },
            validate: true,
            module_path,
        }
    }

    /// Reads and parses a file, once per compile; `None` when there is none.
    pub(crate) fn load_file(
        &mut self,
        path: &str,
        module: Option<&str>,
        syntax: Syntax,
    ) -> Result<Option<&'a ParsedFile>> {
        if let Some(known) = self.code.get(path) {
            return Ok(Some(known));
        }
        let Some(content) = self.inputs.file(path)? else {
            return Ok(None);
        };
        let display: Arc<str> = Arc::from(self.display_path(path));
        let Ok(text) = std::str::from_utf8(&content.bytes) else {
            return Err(Error::verbatim(
                format!("{display} is not valid UTF-8"),
                Some(display),
                None,
                None,
            )
            .into());
        };
        let module_path = module.and_then(|module| {
            let at = path.find(&format!("{module}/"))?;
            path.get(at..).map(Arc::from)
        });
        let options = self.parse_options(module_path);
        let cached = self.cache.parse(
            syntax,
            Some(Arc::clone(&display)),
            Arc::clone(&content.digest),
            text,
            &options,
        );
        let file = self.accept_parse(&cached, module.map(EcoString::from))?;
        Ok(Some(self.code.add(path.to_owned(), Arc::new(file))))
    }

    /// Parses a text that is in no file.
    pub(crate) fn load_text(
        &mut self,
        key: &str,
        name: Option<Arc<str>>,
        text: &str,
        syntax: Syntax,
    ) -> Result<&'a ParsedFile> {
        let parsed = parse(syntax, name, text, &self.parse_options(None));
        let file = self.accept_parse(&parsed, None)?;
        Ok(self.code.add(key.to_owned(), Arc::new(file)))
    }

    /// Logs what a parse found; an error when it must not be evaluated (`IssueReporter.assert_and_report`).
    fn accept_parse(
        &mut self,
        cached: &CachedParse,
        module: Option<EcoString>,
    ) -> Result<ParsedFile> {
        let diagnostics = &cached.parsed.diagnostics;
        for diagnostic in diagnostics
            .iter()
            .filter(|diagnostic| !diagnostic.is_error())
        {
            self.log_diagnostic(Level::Warning, diagnostic, cached);
        }
        let errors: Vec<&Diagnostic> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .collect();
        match (errors.as_slice(), &cached.parsed.program) {
            ([], Some(program)) => Ok(ParsedFile {
                display: cached.source.shared_name(),
                module,
                source: cached.source.clone(),
                program: Arc::clone(program),
            }),
            ([], None) => Err(Unwind::plain(
                "the parser gave neither a program nor an error",
            )),
            ([only], _) => {
                let at = only.span.map(|span| cached.source.line_column(span.start));
                let mut error = Error::verbatim(
                    only.message.as_str(),
                    cached.source.shared_name(),
                    at.map(|at| at.line),
                    at.map(|at| at.column),
                );
                error.issue_code = Some(only.issue_code.to_owned()).filter(|code| !code.is_empty());
                Err(error.into())
            }
            (several, _) => {
                for diagnostic in several.iter().take(10) {
                    self.log_diagnostic(Level::Err, diagnostic, cached);
                }
                let warnings = diagnostics.len().saturating_sub(several.len());
                let message = if warnings > 0 {
                    format!(
                        "Language validation logged {} errors, and {warnings} warnings. Giving up",
                        several.len()
                    )
                } else {
                    format!(
                        "Language validation logged {} errors. Giving up",
                        several.len()
                    )
                };
                Err(Error::verbatim(message, cached.source.shared_name(), None, None).into())
            }
        }
    }

    fn log_diagnostic(&mut self, level: Level, diagnostic: &Diagnostic, cached: &CachedParse) {
        let at = diagnostic
            .span
            .map(|span| cached.source.line_column(span.start));
        self.logs.push(crate::log::LogEntry {
            level,
            message: diagnostic.message.to_string(),
            source: "Puppet".to_owned(),
            file: cached.source.shared_name(),
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
            issue_code: Some(diagnostic.issue_code.to_owned()).filter(|code| !code.is_empty()),
        });
    }

    /// Reads the main manifest: a text, a file, or all manifests below a directory, sorted
    /// (`Puppet::Node::Environment#perform_initial_import`).
    pub(crate) fn import_main(&mut self) -> Result<()> {
        self.parse_main().map_err(|unwind| {
            let mut error = unwind.into_error();
            error.environment = Some(self.request.environment.clone());
            error.complete = true;
            Unwind::from(error)
        })?;
        for file in self.loader.main.clone() {
            self.import_definitions(file)?;
        }
        Ok(())
    }

    fn parse_main(&mut self) -> Result<()> {
        match &self.request.manifest {
            crate::Manifest::Code(text) => {
                let file = self.load_text("--code", None, text, Syntax::Manifest)?;
                self.loader.main.push(file);
            }
            crate::Manifest::Path(path) => {
                let mut files = Vec::new();
                self.collect_manifests(path, &mut files)?;
                if files.is_empty() && self.inputs.listing(path)?.is_none() {
                    files.push(path.clone());
                }
                for path in files {
                    if let Some(file) = self.load_file(&path, None, Syntax::Manifest)? {
                        self.loader.main.push(file);
                    }
                }
            }
        }
        Ok(())
    }

    /// All `*.pp` below a directory in the order of `Dir.glob('**/*.pp').sort`.
    fn collect_manifests(&mut self, directory: &str, files: &mut Vec<String>) -> Result<()> {
        self.walk_manifests(directory, files)?;
        files.sort();
        Ok(())
    }

    fn walk_manifests(&mut self, directory: &str, files: &mut Vec<String>) -> Result<()> {
        let Some(entries) = self.inputs.listing(directory)? else {
            return Ok(());
        };
        for entry in entries.iter().filter(|entry| !entry.name.starts_with('.')) {
            let path = format!("{directory}/{}", entry.name);
            match entry.kind {
                EntryKind::Directory => self.walk_manifests(&path, files)?,
                EntryKind::File if entry.name.ends_with(".pp") => files.push(path),
                EntryKind::File => {}
            }
        }
        Ok(())
    }

    /// Makes the definitions of a file known (`TypeCollection#import_ast`).
    pub(crate) fn import_definitions(&mut self, file: &'a ParsedFile) -> Result<()> {
        for definition in &file.program.definitions {
            match definition {
                Definition::Class(class) => {
                    self.add_class(
                        lower(&class.name),
                        ClassRef {
                            definition: class,
                            file,
                        },
                    )?;
                }
                Definition::Define(define) => {
                    self.add_define(
                        lower(&define.name),
                        DefineRef {
                            definition: define,
                            file,
                        },
                    )?;
                }
                Definition::Node(node) => self.add_node(NodeRef {
                    definition: node,
                    file,
                })?,
                Definition::Function(function) => {
                    self.add_function(
                        lower(&function.name),
                        FunctionRef {
                            definition: function,
                            file,
                        },
                    )?;
                }
                Definition::TypeAlias(alias) => self.add_type_alias(alias, file)?,
                Definition::TypeMapping(_)
                | Definition::Plan(_)
                | Definition::TypeDefinition(_) => {}
            }
        }
        Ok(())
    }
}

/// A name as definitions are known by: lower case, without leading `::`.
pub(crate) fn lower(name: &str) -> EcoString {
    let name = name.strip_prefix("::").unwrap_or(name);
    if name.chars().any(char::is_uppercase) {
        name.to_lowercase().into()
    } else {
        name.into()
    }
}
