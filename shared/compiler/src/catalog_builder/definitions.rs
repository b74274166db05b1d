//! Checks of definitions that the reference makes when it reads them (`TypeCollection#add`,
//! `Puppet::Resource::Type#warn_if_metaparam`).

use bunraku_syntax::ast::{self, Definition};
use bunraku_syntax::{Expr, Span};
use ecow::EcoString;
use rustc_hash::FxHashMap;

use super::resource::NodeEntry;
use crate::code::ParsedFile;
use crate::error::{Error, Result, location};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::loader::NodeRef;
use crate::loader::manifests::lower;
use crate::resource_types::is_metaparameter;
use crate::scope::Scopes;

/// Where a class or node was defined first.
#[derive(Clone, Copy)]
struct Known<'a> {
    file: &'a ParsedFile,
    span: Span,
}

impl Known<'_> {
    fn place(&self) -> String {
        location(
            self.file.display.as_deref(),
            Some(self.file.source.line(self.span.start)),
            None,
        )
    }

    #[cold]
    fn refuse(&self, message: String) -> Error {
        let line = self.file.source.line(self.span.start);
        Error::verbatim(message, self.file.display.clone(), Some(line), None)
    }
}

impl<'a> Evaluator<'a> {
    /// Checks the definitions of the main manifests, and makes its nodes known.
    pub(super) fn check_main_definitions(&mut self) -> Result<()> {
        let mut nodes: FxHashMap<EcoString, Known<'a>> = FxHashMap::default();
        let mut classes: FxHashMap<EcoString, Known<'a>> = FxHashMap::default();
        for file in self.loader.main.clone() {
            let definitions: &'a [Definition] = &file.program.definitions;
            for definition in definitions {
                match definition {
                    Definition::Class(class) => {
                        let name = lower(&class.name);
                        let here = Known {
                            file,
                            span: class.span,
                        };
                        if let Some(known) = nodes.get(&name) {
                            let at = known.place();
                            let message = format!(
                                "Node '{name}' is already defined{at}; cannot be redefined as a class"
                            );
                            return Err(here.refuse(message).into());
                        }
                        self.check_parameter_names(&class.parameters, &name)?;
                        classes.insert(name, here);
                    }
                    Definition::Define(define) => {
                        self.check_parameter_names(&define.parameters, &lower(&define.name))?;
                    }
                    Definition::Node(node) => {
                        for entry in self.entries_of(node, file)? {
                            let name = entry.name.clone();
                            let here = Known {
                                file,
                                span: node.span,
                            };
                            if let Some(known) = nodes.get(&name) {
                                let at = known.place();
                                let message = format!(
                                    "Node '{name}' is already defined{at}; cannot redefine"
                                );
                                return Err(here.refuse(message).into());
                            }
                            if let Some(known) = classes.get(&name) {
                                let at = known.place();
                                let message = format!(
                                    "Class '{name}' is already defined{at}; cannot be redefined as a node"
                                );
                                return Err(here.refuse(message).into());
                            }
                            nodes.insert(name, here);
                            self.builder.nodes.push(entry);
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// A node definition once for each of its names.
    fn entries_of(
        &mut self,
        node: &'a ast::NodeDefinition,
        file: &'a ParsedFile,
    ) -> Result<Vec<NodeEntry<'a>>> {
        let frame = Frame {
            scope: Scopes::TOP,
            file,
        };
        let matches: &'a [Expr] = &node.matches;
        let mut entries = Vec::with_capacity(matches.len());
        for expr in matches {
            let (name, regex) = self.node_name(expr, frame)?;
            entries.push(NodeEntry {
                name,
                regex,
                node: NodeRef {
                    definition: node,
                    file,
                },
            });
        }
        Ok(entries)
    }

    /// Parameters must not be called as metaparameters are, unless they have a default; then a warning says,
    /// once, that they are passed on.
    pub(super) fn check_parameter_names(
        &mut self,
        parameters: &[ast::Parameter],
        definition: &str,
    ) -> Result<()> {
        for parameter in parameters
            .iter()
            .filter(|parameter| is_metaparameter(&parameter.name))
        {
            let name = &parameter.name;
            if parameter.value.is_none() {
                let message = format!(
                    "{name} is a metaparameter; please choose another parameter name in the {definition} definition"
                );
                return Err(Error::verbatim(message, None, None, None).into());
            }
            let message = format!(
                "{name} is a metaparam; this value will inherit to all contained resources in the {definition} definition"
            );
            if self.builder.warned.insert(message.as_str().into()) {
                self.warn(message);
            }
        }
        Ok(())
    }
}
