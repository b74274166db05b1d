//! Expressions to values, as `EvaluatorImpl` does it.

use std::sync::Arc;

use bunraku_pcore::Value;
use bunraku_syntax::ast::ExprKind;
use bunraku_syntax::{Expr, Span};

use crate::CodeCache;
use crate::catalog_builder::CatalogBuilder;
use crate::code::Code;
use crate::compile::Request;
use crate::data_lookup::DataLookup;
use crate::error::{Error, Result, Unwind, UnwindKind};
use crate::frame::Frame;
use crate::loader::Loader;
use crate::log::LogEntry;
use crate::recorder::Recorder;
use crate::scope::Scopes;

mod access;
mod api;
mod assignment;
mod call;
mod closure;
mod conditional;
mod definitions;
mod epp;
pub(crate) mod facts;
pub(crate) mod labels;
mod logging;
mod operators;
mod string;
pub(crate) mod type_text;
mod types;
pub(crate) mod variables;

/// Nested evaluations before a compile gives up; the thread's stack is made for this many.
const MAX_DEPTH: u32 = 12_000;

/// One compile in progress.
pub(crate) struct Evaluator<'a> {
    /// What is compiled.
    pub(crate) request: &'a Request,
    /// All code that was loaded.
    pub(crate) code: &'a Code,
    /// Code that other compiles parsed.
    pub(crate) cache: &'a CodeCache,
    /// The one door, with the trace.
    pub(crate) inputs: Recorder<'a>,
    /// All scopes.
    pub(crate) scopes: Scopes,
    /// Definitions by name.
    pub(crate) loader: Loader<'a>,
    /// The catalog in the making.
    pub(crate) builder: CatalogBuilder<'a>,
    /// State of Hiera lookups.
    pub(crate) lookup: DataLookup,
    /// What was logged, in order.
    pub(crate) logs: Vec<LogEntry>,
    /// Files and lines of the calls in progress (`PuppetStack`).
    pub(crate) stack: Vec<Place<'a>>,
    depth: u32,
    types: types::TypeCache<'a>,
    epp_output: Vec<Vec<Value>>,
}

/// A file and an offset in it.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The file.
    pub(crate) file: &'a crate::code::ParsedFile,
    /// Byte offset.
    pub(crate) offset: u32,
}

impl<'a> Evaluator<'a> {
    /// A compile that has not begun.
    pub(crate) fn new(
        request: &'a Request,
        inputs: Recorder<'a>,
        code: &'a Code,
        cache: &'a CodeCache,
    ) -> Self {
        Self {
            request,
            code,
            cache,
            inputs,
            scopes: Scopes::new(),
            loader: Loader::default(),
            builder: CatalogBuilder::default(),
            lookup: DataLookup::default(),
            logs: Vec::new(),
            stack: Vec::new(),
            depth: 0,
            types: types::TypeCache::default(),
            epp_output: Vec::new(),
        }
    }

    /// Evaluates an expression to its value.
    ///
    /// An error without a place gets that of the innermost expression it passes (`EvaluatorImpl#evaluate`).
    pub(crate) fn eval(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<Value> {
        if self.depth >= MAX_DEPTH {
            let at = frame.file.source.line_column(expr.span.start);
            let file = frame.file.display.clone();
            return Err(Error::verbatim(
                "stack level too deep",
                file,
                Some(at.line),
                Some(at.column),
            )
            .into());
        }
        self.depth += 1;
        let result = self.eval_kind(expr, frame);
        self.depth -= 1;
        result.map_err(|unwind| self.locate(unwind, expr, frame))
    }

    /// Evaluates an optional expression; nothing is `undef`.
    pub(crate) fn eval_option(
        &mut self,
        expr: Option<&'a Expr>,
        frame: Frame<'a>,
    ) -> Result<Value> {
        expr.map_or(Ok(Value::Undef), |expr| self.eval(expr, frame))
    }

    fn eval_kind(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<Value> {
        match &expr.kind {
            ExprKind::Variable(name) => self.eval_variable(name, expr, frame),
            ExprKind::String(text) | ExprKind::Name(text) => Ok(Value::Str(text.clone())),
            ExprKind::Interpolated(parts) => self.eval_interpolated(parts, frame),
            ExprKind::Heredoc(heredoc) => self.eval_heredoc(heredoc, frame),
            ExprKind::Integer { value, .. } => Ok(Value::Int(*value)),
            ExprKind::Float(number) => Ok(Value::Float(*number)),
            ExprKind::Boolean(truth) => Ok(Value::Bool(*truth)),
            ExprKind::Undef | ExprKind::Nop => Ok(Value::Undef),
            ExprKind::Default => Ok(Value::Default),
            ExprKind::Regex(source) => self.eval_regex(source),
            ExprKind::TypeName(name) => self.eval_type_name(name, expr, frame),
            ExprKind::Array(items) => Ok(Value::array(self.unfold(Vec::new(), items, frame)?)),
            ExprKind::Hash(entries) => self.eval_hash(entries, frame),
            ExprKind::Paren(inner) => self.eval(inner, frame),
            ExprKind::Block(statements) => self.eval_block(statements, frame),
            ExprKind::Access(access) => self.eval_access(access, expr, frame),
            ExprKind::Call(call) => self.eval_call(call, expr, frame),
            ExprKind::MethodCall(call) => self.eval_method_call(call, expr, frame),
            ExprKind::Binary(binary) => self.eval_binary(binary, expr, frame),
            ExprKind::Not(inner) => Ok(Value::Bool(!self.eval(inner, frame)?.is_truthy())),
            ExprKind::Negate(inner) => self.eval_negate(inner, expr, frame),
            ExprKind::Splat(inner) => {
                let value = self.eval(inner, frame)?;
                Ok(Value::array(splat(value)))
            }
            ExprKind::Assignment(assignment) => self.eval_assignment(assignment, expr, frame),
            ExprKind::If(branches) => self.eval_if(branches, true, frame),
            ExprKind::Unless(branches) => self.eval_if(branches, false, frame),
            ExprKind::Case(case) => self.eval_case(case, frame),
            ExprKind::Selector(selector) => self.eval_selector(selector, frame),
            ExprKind::Resource(resource) => self.eval_resource(resource, expr, frame),
            ExprKind::ResourceDefaults(defaults) => {
                self.eval_resource_defaults(defaults, expr, frame)
            }
            ExprKind::ResourceOverride(overrides) => {
                self.eval_resource_override(overrides, expr, frame)
            }
            ExprKind::Collector(collector) => self.eval_collector(collector, expr, frame),
            ExprKind::Relationship(relationship) => {
                self.eval_relationship(relationship, expr, frame)
            }
            ExprKind::Class(_)
            | ExprKind::Define(_)
            | ExprKind::Node(_)
            | ExprKind::Function(_)
            | ExprKind::Plan(_)
            | ExprKind::TypeAlias(_) => Ok(Value::Undef),
            ExprKind::TypeMapping(_) | ExprKind::TypeDefinition(_) => Err(Unwind::plain(format!(
                "{} is not supported in a catalog compile",
                labels::a_an_capital(expr)
            ))),
            ExprKind::Epp(epp) => self.eval_epp_body(epp, frame),
            ExprKind::RenderString(text) => {
                self.render(Value::Str(text.clone()));
                Ok(Value::Undef)
            }
            ExprKind::RenderExpr(inner) => self.eval_render(inner, frame),
            ExprKind::ReservedWord(word) => Err(Unwind::issue(
                "RESERVED_WORD",
                format!(
                    "Use of reserved word: {word}, must be quoted if intended to be a String value"
                ),
            )),
            ExprKind::BigInteger(number) => Err(Unwind::plain(format!(
                "The integer {} is too big",
                number.decimal
            ))),
            ExprKind::NamedAccess(_) | ExprKind::Apply(_) => Err(Unwind::plain(format!(
                "{} is not supported in a catalog compile",
                labels::a_an_capital(expr)
            ))),
        }
    }

    /// Statements in order; the value of the last.
    pub(crate) fn eval_block(&mut self, statements: &'a [Expr], frame: Frame<'a>) -> Result<Value> {
        let Some((last, before)) = statements.split_last() else {
            return Ok(Value::Undef);
        };
        for statement in before {
            self.run(statement, frame)?;
        }
        self.eval(last, frame)
    }

    /// Evaluates an expression whose value nobody wants: facts that are only given a name are not read.
    pub(crate) fn run(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<()> {
        match &expr.kind {
            ExprKind::Assignment(assignment) => self.assign_statement(assignment, expr, frame),
            ExprKind::Block(statements) => statements
                .iter()
                .try_for_each(|statement| self.run(statement, frame)),
            _ => self.eval(expr, frame).map(drop),
        }
    }

    /// Evaluates the program of `frame.file` for what it does (`eval_Program`).
    pub(crate) fn eval_program(&mut self, frame: Frame<'a>) -> Result<()> {
        self.stack.push(Place {
            file: frame.file,
            offset: 0,
        });
        let result = self.run(&frame.file.program.body, frame);
        self.stack.pop();
        result
    }

    /// As [`Evaluator::eval_program`], for its value.
    pub(crate) fn program_value(&mut self, frame: Frame<'a>) -> Result<Value> {
        self.stack.push(Place {
            file: frame.file,
            offset: 0,
        });
        let result = self.eval(&frame.file.program.body, frame);
        self.stack.pop();
        result
    }

    /// Evaluates expressions to one list; splats give all their elements (`unfold`).
    pub(crate) fn unfold(
        &mut self,
        mut into: Vec<Value>,
        items: &'a [Expr],
        frame: Frame<'a>,
    ) -> Result<Vec<Value>> {
        into.reserve(items.len());
        for item in items {
            let item = unwind_parentheses(item);
            if let ExprKind::Splat(inner) = &item.kind {
                let value = self.eval(inner, frame)?;
                match value {
                    Value::Array(elements) => into.extend(elements.iter().cloned()),
                    other => into.extend(splat(other)),
                }
            } else {
                into.push(self.eval(item, frame)?);
            }
        }
        Ok(into)
    }

    /// Gives an error that has no place yet the place of `expr`.
    #[cold]
    pub(crate) fn locate(&self, unwind: Unwind, expr: &Expr, frame: Frame<'a>) -> Unwind {
        match unwind.kind() {
            UnwindKind::Error(error) if !error.complete => {}
            _ => return unwind,
        }
        match unwind.into_kind() {
            UnwindKind::Error(error) => {
                let span = labels::blamed(expr, error.argument).span;
                complete(error, &labels::a_an(expr), span, frame).into()
            }
            UnwindKind::Jump(jump) => Unwind::jump(jump),
            UnwindKind::UnassignedParameter(name) => Unwind::unassigned_parameter(name),
        }
    }

    /// An issue of Puppet's at a place (`fail(Issues::X, semantic)`).
    #[cold]
    pub(crate) fn issue_at(
        &self,
        code: &str,
        message: impl Into<String>,
        span: Span,
        frame: Frame<'a>,
    ) -> Unwind {
        complete(Error::issue(code, message), "", span, frame).into()
    }

    /// File and line of the innermost call in progress (`PuppetStack.top_of_stack`).
    pub(crate) fn top_of_stack(&self) -> (Option<Arc<str>>, Option<u32>) {
        match self.stack.last() {
            Some(place) => (
                place.file.display.clone(),
                Some(place.file.source.line(place.offset)),
            ),
            None => (None, None),
        }
    }
}

/// Adds the prefix and the place; a bare message becomes `Error while evaluating ...`.
#[cold]
fn complete(mut error: Error, label: &str, span: Span, frame: Frame<'_>) -> Error {
    if error.issue_code.is_none() {
        error.issue_code = Some("RUNTIME_ERROR".to_owned());
        error.message = format!("Error while evaluating {label}, {}", error.message);
    }
    error.message = format!("Evaluation Error: {}", error.message);
    let at = frame.file.source.line_column(span.start);
    error.file = frame.file.display.clone();
    error.line = Some(at.line);
    error.column = Some(at.column);
    error.complete = true;
    error
}

/// The elements that `*value` stands for (`eval_UnfoldExpression`).
pub(crate) fn splat(value: Value) -> Vec<Value> {
    match value {
        Value::Undef => Vec::new(),
        Value::Array(elements) => Arc::unwrap_or_clone(elements),
        Value::Hash(entries) => entries
            .iter()
            .map(|(key, value)| Value::array(vec![key.clone(), value.clone()]))
            .collect(),
        Value::Iterator(iterator) => iterator.elements.clone(),
        other => vec![other],
    }
}

/// The expression within parentheses.
pub(crate) fn unwind_parentheses(mut expr: &Expr) -> &Expr {
    while let ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}
