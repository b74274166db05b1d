//! Definitions by name: making them known, finding them, reading the files they must be in.

use std::sync::Arc;

use bunraku_pcore::Type;
use bunraku_pcore::types::TypeAlias;
use bunraku_syntax::ast;
use ecow::EcoString;

use super::Evaluator;
use crate::code::{ParsedFile, Syntax};
use crate::error::{Error, Result, Unwind, location};
use crate::frame::Frame;
use crate::loader::manifests::lower;
use crate::loader::{AliasRef, ClassRef, DefineRef, FunctionRef, NodeRef};
use crate::scope::Scopes;

fn context(file: &ParsedFile, span: bunraku_syntax::Span) -> String {
    location(
        file.display.as_deref(),
        Some(file.source.line(span.start)),
        None,
    )
}

/// The reference's `instance.fail(Puppet::ParseError, message)`.
#[cold]
fn redefined(message: String, file: &ParsedFile, span: bunraku_syntax::Span) -> Unwind {
    Error::verbatim(
        message,
        file.display.clone(),
        Some(file.source.line(span.start)),
        None,
    )
    .into()
}

#[cold]
fn additional_logic(file: &ParsedFile, name: &str, what: &str) -> Unwind {
    let display = file.display.as_deref().unwrap_or_default();
    Unwind::plain(format!(
        "The code loaded from {display} contains additional logic - can only contain the {what} {}",
        if what == "type" {
            format!("'{name}'")
        } else {
            name.to_owned()
        }
    ))
}

/// As `Loader#set_entry` refuses a second definition of a function or type.
#[cold]
fn redefined_entity(
    kind: &str,
    name: &str,
    file: &ParsedFile,
    span: bunraku_syntax::Span,
) -> Unwind {
    let at = file.source.line_column(span.start);
    let origin = file
        .display
        .as_deref()
        .map_or_else(|| "string:".to_owned(), |path| format!("file://{path}"));
    let message = format!(
        "Attempt to redefine entity 'http://puppet.com/2016.1/runtime/{kind}/{name}'. Originally set at {origin}?line={}&pos={}.",
        at.line, at.column
    );
    Error::verbatim(message, None, None, None).into()
}

/// Whether there is more in a type than aliases of one another (`AssertOtherTypeAcceptor`).
fn is_real(data_type: &Type, seen: &mut Vec<EcoString>) -> bool {
    match data_type {
        Type::Alias(alias) if seen.contains(&alias.name) => false,
        Type::Alias(alias) => {
            seen.push(alias.name.clone());
            // What is not resolved yet is looked at when it is.
            alias.target().is_none_or(|target| is_real(target, seen))
        }
        Type::Variant(parts) => parts.iter().any(|part| is_real(part, seen)),
        _ => true,
    }
}

impl<'a> Evaluator<'a> {
    /// Makes a class known (`TypeCollection#add_hostclass`).
    pub(crate) fn add_class(&mut self, name: EcoString, class: ClassRef<'a>) -> Result<()> {
        let (file, span) = (class.file, class.definition.span);
        if let Some(known) = self.loader.classes.get(&name) {
            let at = context(known.file, known.definition.span);
            return Err(redefined(
                format!("Class '{name}' is already defined{at}; cannot redefine"),
                file,
                span,
            ));
        }
        if let Some(known) = self.loader.defines.get(&name) {
            let at = context(known.file, known.definition.span);
            let message = format!(
                "Definition '{name}' is already defined{at}; cannot be redefined as a class"
            );
            return Err(redefined(message, file, span));
        }
        self.loader.classes.insert(name, class);
        Ok(())
    }

    /// Makes a defined type known (`TypeCollection#add_definition`).
    pub(crate) fn add_define(&mut self, name: EcoString, define: DefineRef<'a>) -> Result<()> {
        let (file, span) = (define.file, define.definition.span);
        if let Some(known) = self.loader.classes.get(&name) {
            let at = context(known.file, known.definition.span);
            let message = format!(
                "'{name}' is already defined{at} as a class; cannot redefine as a definition"
            );
            return Err(redefined(message, file, span));
        }
        if let Some(known) = self.loader.defines.get(&name) {
            let at = context(known.file, known.definition.span);
            let message =
                format!("Definition '{name}' is already defined{at}; cannot be redefined");
            return Err(redefined(message, file, span));
        }
        self.loader.defines.insert(name, define);
        Ok(())
    }

    /// Makes a node definition known.
    pub(crate) fn add_node(&mut self, node: NodeRef<'a>) -> Result<()> {
        self.loader.nodes.push(node);
        Ok(())
    }

    /// Makes a function known.
    pub(crate) fn add_function(
        &mut self,
        name: EcoString,
        function: FunctionRef<'a>,
    ) -> Result<()> {
        if let Some(known) = self.loader.functions.get(&name) {
            return Err(redefined_entity(
                "function",
                &name,
                known.file,
                known.definition.span,
            ));
        }
        self.loader.functions.insert(name, function);
        Ok(())
    }

    /// Makes a type alias known; it is resolved when it is first needed.
    pub(crate) fn add_type_alias(
        &mut self,
        alias: &'a ast::TypeAlias,
        file: &'a ParsedFile,
    ) -> Result<()> {
        let name = lower(&alias.name);
        if let Some(known) = self.loader.aliases.get(&name) {
            return Err(redefined_entity(
                "type",
                &name,
                known.file,
                known.definition.span,
            ));
        }
        self.loader.aliases.insert(
            name,
            AliasRef {
                definition: alias,
                file,
                alias: None,
            },
        );
        Ok(())
    }

    /// A class by name, read from its module when it is not known yet.
    pub(crate) fn find_class(&mut self, name: &str) -> Result<Option<ClassRef<'a>>> {
        let name = lower(name);
        if let Some(known) = self.loader.classes.get(&name) {
            return Ok(Some(*known));
        }
        self.autoload(&name, |ev| ev.loader.classes.get(&name).copied())
    }

    /// A defined type by name, read from its module when it is not known yet.
    pub(crate) fn find_define(&mut self, name: &str) -> Result<Option<DefineRef<'a>>> {
        let name = lower(name);
        if let Some(known) = self.loader.defines.get(&name) {
            return Ok(Some(*known));
        }
        self.autoload(&name, |ev| ev.loader.defines.get(&name).copied())
    }

    /// Imports the manifests where `a::b::c` may be (`a/manifests/b/c.pp`, `a/manifests/b.pp`,
    /// `a/manifests/init.pp`) until it is found (`TypeLoader#try_load_fqname`).
    fn autoload<T>(&mut self, name: &str, found: impl Fn(&Self) -> Option<T>) -> Result<Option<T>> {
        let mut segments = name.split("::");
        let Some(module) = segments.next().filter(|module| !module.is_empty()) else {
            return Ok(None);
        };
        let Some(directory) = self.module_directory(module)? else {
            return Ok(None);
        };
        let rest: Vec<&str> = segments.collect();
        for length in (0..=rest.len()).rev() {
            let path = match rest.get(..length) {
                Some([]) | None => format!("{directory}/manifests/init.pp"),
                Some(part) => format!("{directory}/manifests/{}.pp", part.join("/")),
            };
            if !self.loader.imported.insert(path.as_str().into()) {
                continue;
            }
            if let Some(file) = self.load_file(&path, Some(module), Syntax::Manifest)? {
                self.import_definitions(file)?;
                if let Some(found) = found(self) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// A function of the Puppet language by name (lower case), read from its module or the environment.
    pub(crate) fn find_function(&mut self, name: &str) -> Result<Option<FunctionRef<'a>>> {
        if let Some(known) = self.loader.functions.get(name) {
            return Ok(Some(*known));
        }
        let Some((path, module)) = self.definition_path(name, "functions")? else {
            return Ok(None);
        };
        if !self.loader.imported.insert(path.as_str().into()) {
            return Ok(None);
        }
        let Some(file) = self.load_file(&path, module.as_deref(), Syntax::Manifest)? else {
            return Ok(None);
        };
        let [ast::Definition::Function(function)] = &*file.program.definitions else {
            return Err(self.wrong_content(file, name, "function", "no function found"));
        };
        if lower(&function.name) != name {
            return Err(Unwind::plain(format!(
                "The code loaded from {} produced function with the wrong name, expected {name}, actual {}",
                file.display.as_deref().unwrap_or_default(),
                function.name
            )));
        }
        if !matches!(file.program.body.kind, ast::ExprKind::Function(_)) {
            return Err(additional_logic(file, name, "function"));
        }
        let file: &'a ParsedFile = file;
        let found = FunctionRef {
            definition: function,
            file,
        };
        self.loader.functions.insert(name.into(), found);
        Ok(Some(found))
    }

    #[cold]
    fn wrong_content(&self, file: &ParsedFile, name: &str, what: &str, missing: &str) -> Unwind {
        let display = file.display.as_deref().unwrap_or_default();
        Unwind::plain(match file.program.definitions.len() {
            0 => format!(
                "The code loaded from {display} does not define the {what} '{name}' - it is empty."
            ),
            1 => format!(
                "The code loaded from {display} does not define the {what} '{name}' - {missing}."
            ),
            _ => format!(
                "The code loaded from {display} must contain only the {what} '{name}' - it has additional definitions."
            ),
        })
    }

    /// Where the loaders look for a function or type: in the module of the first segment, else in the environment.
    fn definition_path(
        &mut self,
        name: &str,
        kind: &str,
    ) -> Result<Option<(String, Option<EcoString>)>> {
        match name.split_once("::") {
            None => Ok(Some((format!("{kind}/{name}.pp"), None))),
            Some(("environment", _)) => Ok(Some((
                format!("{kind}/{}.pp", name.replace("::", "/")),
                None,
            ))),
            Some((module, rest)) => Ok(self.module_directory(module)?.map(|directory| {
                (
                    format!("{directory}/{kind}/{}.pp", rest.replace("::", "/")),
                    Some(module.into()),
                )
            })),
        }
    }

    /// The file of a function that a module has in Ruby, for the error that says so.
    pub(crate) fn find_ruby_function(&mut self, name: &str) -> Result<Option<String>> {
        let relative = name.replace("::", "/");
        let mut directories: Vec<String> = vec![".".to_owned()];
        if let Some((module, _)) = name.split_once("::") {
            directories = self
                .module_directory(module)?
                .map(|path| path.to_string())
                .into_iter()
                .collect();
        } else {
            for root in self.request.modulepath.clone() {
                if let Some(entries) = self.inputs.listing(&root)? {
                    directories
                        .extend(entries.iter().map(|entry| format!("{root}/{}", entry.name)));
                }
            }
        }
        for directory in directories {
            for kind in ["lib/puppet/functions", "lib/puppet/parser/functions"] {
                let path = format!("{directory}/{kind}/{relative}.rb");
                let path = path.strip_prefix("./").unwrap_or(&path);
                if self.inputs.file(path)?.is_some() {
                    return Ok(Some(self.display_path(path)));
                }
            }
        }
        Ok(None)
    }

    /// The alias of a name, read from its module or the environment, resolved.
    pub(crate) fn find_type_alias(
        &mut self,
        name: &str,
        _frame: Frame<'a>,
    ) -> Result<Option<Arc<TypeAlias>>> {
        let key = lower(name);
        if !self.loader.aliases.contains_key(&key) {
            let Some((path, module)) = self.definition_path(&key, "types")? else {
                return Ok(None);
            };
            if !self.loader.imported.insert(path.as_str().into()) {
                return Ok(None);
            }
            let Some(file) = self.load_file(&path, module.as_deref(), Syntax::Manifest)? else {
                return Ok(None);
            };
            let file: &'a ParsedFile = file;
            let [ast::Definition::TypeAlias(alias)] = &*file.program.definitions else {
                return Err(self.wrong_content(
                    file,
                    &key,
                    "type",
                    "no type alias or type definition found",
                ));
            };
            if lower(&alias.name) != key {
                return Err(Unwind::plain(format!(
                    "The code loaded from {} produced type with the wrong name, expected '{key}', actual '{}'",
                    file.display.as_deref().unwrap_or_default(),
                    alias.name
                )));
            }
            if !matches!(file.program.body.kind, ast::ExprKind::TypeAlias(_)) {
                return Err(additional_logic(file, &key, "type"));
            }
            self.add_type_alias(alias, file)?;
        }
        self.resolve_alias(&key)
    }

    fn resolve_alias(&mut self, key: &EcoString) -> Result<Option<Arc<TypeAlias>>> {
        let Some(known) = self.loader.aliases.get_mut(key) else {
            return Ok(None);
        };
        if let Some(alias) = &known.alias {
            return Ok(Some(Arc::clone(alias)));
        }
        let (definition, file) = (known.definition, known.file);
        let name = definition
            .name
            .strip_prefix("::")
            .unwrap_or(&definition.name);
        let alias = TypeAlias::new(name);
        // Known before it is resolved, so that it may refer to itself.
        known.alias = Some(Arc::clone(&alias));
        let frame = Frame {
            scope: Scopes::TOP,
            file,
        };
        let outer = std::mem::take(&mut self.scopes.get_mut(Scopes::TOP).ephemeral);
        let lenient = std::mem::replace(&mut self.types.lenient, true);
        let resolved = self.eval(&definition.type_expr, frame);
        self.types.lenient = lenient;
        self.scopes.get_mut(Scopes::TOP).ephemeral = outer;
        match resolved? {
            bunraku_pcore::Value::Type(data_type) => {
                alias.resolve(data_type.normalize());
                if !is_real(&Type::Alias(Arc::clone(&alias)), &mut Vec::new()) {
                    return Err(Unwind::plain(format!(
                        "Type alias '{name}' cannot be resolved to a real type"
                    )));
                }
                Ok(Some(alias))
            }
            other => Err(Unwind::plain(format!(
                "The type alias {name} is no type, got {other}"
            ))),
        }
    }
}
