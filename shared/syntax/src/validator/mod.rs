//! The static checks of the reference (`checker4_0.rb`, `tasks_checker.rb`): same findings, same order.
//!
//! Every node is checked before its children, and the children in the order of the model's attributes.

mod checks;
mod definitions;
mod heredocs;
mod idem;
mod literal;
mod location;
mod names;
mod tasks;

use ecow::EcoString;

use crate::ast::{
    AttributeOperation, Epp, Expr, ExprKind, HashEntry, Lambda, Parameter, Program, StringPart,
};
use crate::diagnostic::{Diagnostic, Severity};
use crate::span::{SourceFile, Span};
use crate::{ParseOptions, Strict};

/// A finding that ends the validation: the checkers of heredoc texts raise instead of collecting.
type Check = Result<(), Box<Diagnostic>>;

/// Checks a program.
/// `nested` is how many heredocs the program is in.
pub(crate) fn validate(
    program: &Program,
    options: &ParseOptions,
    nested: u32,
    found: &mut Vec<Diagnostic>,
) {
    let mut validator = Validator {
        options,
        source: &program.source,
        found,
        path: vec![Container::Program],
        nested,
    };
    validator.namespace(program);
    if let Err(last) = validator.walk(&program.body) {
        validator.found.push(*last);
    }
}

/// What a node is in, as far as checks look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Program,
    Block,
    ApplyBlock,
    Class,
    Apply,
    Other,
}

struct Validator<'a> {
    options: &'a ParseOptions,
    source: &'a SourceFile,
    found: &'a mut Vec<Diagnostic>,
    path: Vec<Container>,
    /// How many texts in texts the current one is.
    nested: u32,
}

impl Validator<'_> {
    // ---- findings

    fn report(&mut self, code: &'static str, span: Span, message: impl Into<EcoString>) {
        self.found
            .push(Diagnostic::error(code, message, Some(span)));
    }

    fn deprecate(&mut self, code: &'static str, span: Span, message: impl Into<EcoString>) {
        self.found.push(
            Diagnostic::error(code, message, Some(span)).with_severity(Severity::Deprecation),
        );
    }

    /// A finding whose severity is the `strict` setting.
    fn report_strict(&mut self, code: &'static str, span: Span, message: impl Into<EcoString>) {
        let severity = match self.options.strict {
            Strict::Off => return,
            Strict::Warning => Severity::Warning,
            Strict::Error => Severity::Error,
        };
        self.found
            .push(Diagnostic::error(code, message, Some(span)).with_severity(severity));
    }

    // ---- the walk

    fn walk(&mut self, expr: &Expr) -> Check {
        self.check(expr)?;
        self.path.push(match &expr.kind {
            ExprKind::Block(_) => Container::Block,
            ExprKind::Class(_) => Container::Class,
            ExprKind::Apply(_) => Container::Apply,
            _ => Container::Other,
        });
        self.children(expr)?;
        self.path.pop();
        Ok(())
    }

    fn walk_all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Check {
        exprs.into_iter().try_for_each(|expr| self.walk(expr))
    }

    /// Walks into a node that is no expression of its own in our tree.
    fn within(&mut self, container: Container, walk: impl FnOnce(&mut Self) -> Check) -> Check {
        self.path.push(container);
        walk(self)?;
        self.path.pop();
        Ok(())
    }

    fn children(&mut self, expr: &Expr) -> Check {
        match &expr.kind {
            ExprKind::Nop
            | ExprKind::Undef
            | ExprKind::Default
            | ExprKind::Boolean(_)
            | ExprKind::Integer { .. }
            | ExprKind::BigInteger(_)
            | ExprKind::Float(_)
            | ExprKind::String(_)
            | ExprKind::Regex(_)
            | ExprKind::Name(_)
            | ExprKind::TypeName(_)
            | ExprKind::Variable(_)
            | ExprKind::ReservedWord(_)
            | ExprKind::RenderString(_) => Ok(()),
            ExprKind::Interpolated(parts) => parts.iter().try_for_each(|part| self.part(part)),
            ExprKind::Heredoc(heredoc) => self.walk(&heredoc.text),
            ExprKind::Array(items) | ExprKind::Block(items) => self.walk_all(items),
            ExprKind::Hash(entries) => entries.iter().try_for_each(|entry| self.entry(entry)),
            ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Splat(inner)
            | ExprKind::Paren(inner)
            | ExprKind::RenderExpr(inner) => self.walk(inner),
            ExprKind::Binary(node) => self.walk_all([&node.left, &node.right]),
            ExprKind::Assignment(node) => self.walk_all([&node.target, &node.value]),
            ExprKind::Relationship(node) => self.walk_all([&node.left, &node.right]),
            ExprKind::Access(node) => {
                self.walk(&node.left)?;
                self.walk_all(&node.keys)
            }
            ExprKind::NamedAccess(node) => self.walk(&node.left),
            ExprKind::Selector(node) => {
                self.walk(&node.test)?;
                node.entries.iter().try_for_each(|entry| {
                    self.rvalue(&entry.matching);
                    self.within(Container::Other, |this| {
                        this.walk_all([&entry.matching, &entry.value])
                    })
                })
            }
            ExprKind::If(node) | ExprKind::Unless(node) => {
                self.walk(&node.test)?;
                self.walk_all(&node.then)?;
                self.walk_all(&node.otherwise)
            }
            ExprKind::Case(node) => {
                self.walk(&node.test)?;
                node.options.iter().try_for_each(|option| {
                    option.values.iter().for_each(|value| self.rvalue(value));
                    self.within(Container::Other, |this| {
                        this.walk_all(&option.values)?;
                        this.walk_all(&option.body)
                    })
                })
            }
            ExprKind::Call(node) => {
                self.walk(&node.functor)?;
                self.walk_all(&node.args)?;
                self.lambda(node.lambda.as_deref())
            }
            ExprKind::MethodCall(node) => {
                self.within(Container::Other, |this| this.walk(&node.receiver))?;
                self.walk_all(&node.args)?;
                self.lambda(node.lambda.as_deref())
            }
            ExprKind::Resource(node) => {
                self.walk(&node.type_name)?;
                node.bodies.iter().try_for_each(|body| {
                    self.check_resource_body(body);
                    self.within(Container::Other, |this| {
                        this.walk(&body.title)?;
                        this.operations(&body.operations, Some("Resource Instance Definition"))
                    })
                })
            }
            ExprKind::ResourceDefaults(node) => {
                self.walk(&node.type_ref)?;
                self.operations(&node.operations, Some("Resource Defaults Expression"))
            }
            ExprKind::ResourceOverride(node) => {
                self.walk(&node.resources)?;
                self.operations(&node.operations, None)
            }
            ExprKind::Collector(node) => {
                self.walk(&node.type_expr)?;
                if let Some(expr) = &node.query.expr {
                    self.check_query(expr);
                    self.within(Container::Other, |this| this.walk(expr))?;
                }
                self.operations(&node.operations, None)
            }
            ExprKind::Class(node) => self.definition(&node.parameters, node.body.as_ref(), None),
            ExprKind::Define(node) => self.definition(&node.parameters, node.body.as_ref(), None),
            ExprKind::Function(node) | ExprKind::Plan(node) => self.definition(
                &node.parameters,
                node.body.as_ref(),
                node.return_type.as_ref(),
            ),
            ExprKind::Node(node) => {
                self.walk_all(&node.parent)?;
                self.walk_all(&node.matches)?;
                self.walk_all(&node.body)
            }
            ExprKind::TypeAlias(node) => self.walk(&node.type_expr),
            ExprKind::TypeMapping(node) => self.walk_all([&node.type_expr, &node.mapping]),
            ExprKind::TypeDefinition(node) => self.walk_all(&node.body),
            ExprKind::Apply(node) => {
                self.walk_all(&node.args)?;
                self.check_statements(&node.body);
                self.within(Container::ApplyBlock, |this| this.walk_all(&node.body))
            }
            ExprKind::Epp(epp) => self.epp(epp),
        }
    }

    fn definition(
        &mut self,
        parameters: &[Parameter],
        body: Option<&Expr>,
        return_type: Option<&Expr>,
    ) -> Check {
        self.parameters(parameters)?;
        self.walk_all(body)?;
        self.walk_all(return_type)
    }

    fn parameters(&mut self, parameters: &[Parameter]) -> Check {
        parameters.iter().try_for_each(|parameter| {
            self.check_parameter(parameter);
            self.within(Container::Other, |this| {
                this.walk_all(&parameter.value)?;
                this.walk_all(&parameter.type_expr)
            })
        })
    }

    fn lambda(&mut self, lambda: Option<&Lambda>) -> Check {
        let Some(lambda) = lambda else { return Ok(()) };
        self.check_capture_last(&lambda.parameters);
        if let Some(return_type) = &lambda.return_type {
            self.check_type_reference(return_type, "Lambda");
        }
        self.within(Container::Other, |this| {
            this.definition(
                &lambda.parameters,
                lambda.body.as_ref(),
                lambda.return_type.as_ref(),
            )
        })
    }

    /// A template: a lambda around the `EppExpression`.
    fn epp(&mut self, epp: &Epp) -> Check {
        let parameters = epp.parameters.as_deref().unwrap_or(&[]);
        self.check_capture_last(parameters);
        self.parameters(parameters)?;
        self.check_no_capture(parameters, "Epp Template");
        self.check_unique_parameters(parameters);
        self.within(Container::Other, |this| this.walk_all(&epp.body))
    }

    fn part(&mut self, part: &StringPart) -> Check {
        match part {
            StringPart::Text(..) => Ok(()),
            StringPart::Expr(expr) => {
                self.rvalue(expr);
                self.within(Container::Other, |this| this.walk(expr))
            }
        }
    }

    fn entry(&mut self, entry: &HashEntry) -> Check {
        self.rvalue(&entry.key);
        self.rvalue(&entry.value);
        self.within(Container::Other, |this| {
            this.walk_all([&entry.key, &entry.value])
        })
    }

    /// Attributes; `+>` is an error where `closed` names the construct that cannot append.
    fn operations(&mut self, operations: &[AttributeOperation], closed: Option<&str>) -> Check {
        operations.iter().try_for_each(|operation| {
            self.check_operation(operation, closed);
            self.within(Container::Other, |this| this.walk(operation.value()))
        })
    }
}
