//! Types and values of test cases, from Puppet source text.

use std::collections::HashMap;
use std::sync::Arc;

use bunraku_pcore::types::{TypeAlias, access, type_by_name};
use bunraku_pcore::{PuppetHash, RubyRegex, Type, Value};
use bunraku_syntax::ast::{Expr, ExprKind};
use bunraku_syntax::{ParseOptions, SourceFile, parse_manifest};

/// Named types that source text may use besides the core types.
#[derive(Default)]
pub(crate) struct Aliases(HashMap<String, Arc<TypeAlias>>);

impl Aliases {
    /// `type name = text`; the text may use earlier names and its own.
    pub(crate) fn define(&mut self, name: &str, text: &str) -> Result<(), String> {
        let alias = TypeAlias::new(name);
        self.0.insert(name.to_owned(), Arc::clone(&alias));
        alias.resolve(self.parse_type(text)?);
        Ok(())
    }

    /// The type that `text` means.
    pub(crate) fn parse_type(&self, text: &str) -> Result<Type, String> {
        match self.parse_value(text)? {
            Value::Type(data_type) => Ok(Arc::unwrap_or_clone(data_type)),
            other => Err(format!("{text:?} is no type but {other:?}")),
        }
    }

    /// The value that `text`, an expression of literals and types, means.
    pub(crate) fn parse_value(&self, text: &str) -> Result<Value, String> {
        // In parentheses, as a hash at the start of a statement would be no expression.
        let source = SourceFile::new(None, format!("({text})"));
        let parsed = parse_manifest(
            &source,
            &ParseOptions {
                validate: false,
                ..ParseOptions::default()
            },
        );
        match &parsed.program {
            Some(program) => self.static_value(&program.body),
            None => Err(format!(
                "{text:?} does not parse: {:?}",
                parsed.diagnostics.first()
            )),
        }
    }

    fn static_value(&self, expr: &Expr) -> Result<Value, String> {
        let all = |items: &[Expr]| {
            items
                .iter()
                .map(|item| self.static_value(item))
                .collect::<Result<Vec<Value>, String>>()
        };
        Ok(match &expr.kind {
            ExprKind::TypeName(name) => match self
                .0
                .iter()
                .find(|(alias, _)| alias.eq_ignore_ascii_case(name))
            {
                Some((_, alias)) => Value::of_type(Type::Alias(Arc::clone(alias))),
                None => Value::of_type(type_by_name(name).unwrap_or_else(|| {
                    // As the reference: a name of one segment that is no core type is a resource type.
                    Type::Resource {
                        type_name: Some(bunraku_pcore::types::capitalize_segments(name)),
                        title: None,
                    }
                })),
            },
            ExprKind::Access(node) => {
                let Value::Type(base) = self.static_value(&node.left)? else {
                    return Err("access of no type".to_owned());
                };
                access(&base, &all(&node.keys)?).map_err(|error| error.message)?
            }
            ExprKind::Integer { value, .. } => Value::Int(*value),
            ExprKind::Float(value) => Value::Float(*value),
            ExprKind::Negate(inner) => match self.static_value(inner)? {
                Value::Int(number) => Value::Int(number.wrapping_neg()),
                Value::Float(number) => Value::Float(-number),
                other => return Err(format!("negated: {other:?}")),
            },
            ExprKind::String(text) | ExprKind::Name(text) => Value::Str(text.clone()),
            ExprKind::Boolean(truth) => Value::Bool(*truth),
            ExprKind::Default => Value::Default,
            ExprKind::Undef => Value::Undef,
            ExprKind::Regex(source) => Value::Regexp(Arc::new(
                RubyRegex::new(source).map_err(|error| error.message)?,
            )),
            ExprKind::Array(items) => Value::array(all(items)?),
            ExprKind::Hash(entries) => {
                let mut hash = PuppetHash::new();
                for entry in entries {
                    hash.insert(
                        self.static_value(&entry.key)?,
                        self.static_value(&entry.value)?,
                    );
                }
                Value::hash(hash)
            }
            ExprKind::Call(call) => {
                let Value::Type(made) = self.static_value(&call.functor)? else {
                    return Err("call of no type".to_owned());
                };
                bunraku_pcore::convert::new_instance(&made, &all(&call.args)?)
                    .map_err(|error| error.message)?
            }
            ExprKind::Paren(inner) => self.static_value(inner)?,
            other => return Err(format!("no literal: {other:?}")),
        })
    }
}
