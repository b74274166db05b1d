//! Collectors: `Type <| query |>`, `Type <<| query |>>` and `realize` (`pops/evaluator/collectors`, `CollectorTransformer`).

use bunraku_catalog::ExportQuery;
use bunraku_pcore::{Type, Value, ops, to_display_string};
use bunraku_syntax::ast::{BinaryOp, ExprKind};
use bunraku_syntax::{Expr, ast};
use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::relationships::Operand;
use super::resource::Param;
use super::sources::SourceId;
use super::statements::flatten;
use super::table::{FileName, reference_text};
use crate::error::{Result, Unwind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::scope::{ResourceId, ScopeId};

/// Addresses a collector in the catalog builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CollectorId(pub(super) usize);

/// A collector that runs again and again until the catalog is complete.
pub(crate) struct Collector {
    wanted: Wanted,
    scope: ScopeId,
    overrides: Option<CollectorOverrides>,
    /// What it found, by reference.
    pub(super) collected: IndexMap<EcoString, ResourceId, FxBuildHasher>,
    /// What stands left of it in a chain, for when it finds nothing.
    pub(super) empty_alternative: Option<Vec<Operand>>,
    /// All it looked for was found: it does not run again.
    done: bool,
}

enum Wanted {
    /// All of a type (capitalized) that match.
    Matching {
        type_name: EcoString,
        query: Option<Query>,
    },
    /// All exported ones of a type that match: of this node by `own`, of others by `query`.
    Exported {
        own: Option<Query>,
        query: ExportQuery,
        file: FileName,
        line: u32,
    },
    /// These, by reference.
    Listed(Vec<EcoString>),
}

struct CollectorOverrides {
    params: Vec<Param>,
    source: SourceId,
    file: FileName,
    line: Option<u32>,
}

/// A query on the attributes of a resource.
enum Query {
    And(Box<Query>, Box<Query>),
    Or(Box<Query>, Box<Query>),
    Tagged(Vec<EcoString>),
    Equal { attribute: EcoString, value: Value },
    NotEqual { attribute: EcoString, value: Value },
}

impl<'a> Evaluator<'a> {
    /// `Type <| query |> { ... }` as a statement: its value is of no use.
    pub(crate) fn eval_collector(
        &mut self,
        node: &'a ast::Collector,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        self.add_collector(node, expr, frame)?;
        Ok(Value::Undef)
    }

    /// Registers a collector; it runs once all that waits now was evaluated.
    pub(super) fn add_collector(
        &mut self,
        node: &'a ast::Collector,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<CollectorId> {
        let ExprKind::TypeName(name) = &node.type_expr.kind else {
            return Err(Unwind::plain("LHS is not a type"));
        };
        let name = name.to_lowercase();
        if name == "class" {
            return Err(Unwind::plain("Classes cannot be collected"));
        }
        let Some(found) = self.find_resource_type(&name)? else {
            return Err(Unwind::plain(format!("Resource type {name} doesn't exist")));
        };
        let overrides = if node.operations.is_empty() {
            None
        } else {
            let params = self.eval_operations(&node.operations, frame)?;
            let line = Some(frame.file.source.line_column(expr.span.start).line);
            Some(CollectorOverrides {
                params,
                source: self.source_id(frame.scope),
                file: frame.file.display.clone(),
                line,
            })
        };
        let line = frame.file.source.line_column(expr.span.start).line;
        let expr = node.query.expr.as_ref();
        let expr = expr.filter(|query| !matches!(query.kind, ExprKind::Nop));
        let query = expr.map(|expr| self.query(expr, frame)).transpose()?;
        let type_name = found.type_name();
        let wanted = if node.query.exported {
            let condition = expr.map(|expr| self.export_condition(expr, frame));
            Wanted::Exported {
                own: query,
                query: ExportQuery {
                    type_name,
                    condition: condition.transpose()?,
                },
                file: frame.file.display.clone(),
                line,
            }
        } else {
            Wanted::Matching { type_name, query }
        };
        Ok(self.keep_collector(wanted, frame.scope, overrides))
    }

    /// `realize`: makes resources real as soon as they are declared; they must be in the end.
    pub(crate) fn realize(&mut self, values: &[Value], frame: Frame<'a>) -> Result<()> {
        let mut flat = Vec::new();
        values.iter().for_each(|value| flatten(value, &mut flat));
        let references = flat
            .iter()
            .map(|value| {
                value
                    .as_type()
                    .and_then(reference_text)
                    .unwrap_or_else(|| to_display_string(value))
            })
            .collect();
        self.keep_collector(Wanted::Listed(references), frame.scope, None);
        Ok(())
    }

    fn keep_collector(
        &mut self,
        wanted: Wanted,
        scope: ScopeId,
        overrides: Option<CollectorOverrides>,
    ) -> CollectorId {
        let id = CollectorId(self.builder.collectors.len());
        self.builder.collectors.push(Collector {
            wanted,
            scope,
            overrides,
            collected: IndexMap::with_hasher(FxBuildHasher),
            empty_alternative: None,
            done: false,
        });
        id
    }

    fn query(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<Query> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.query(inner, frame),
            ExprKind::Binary(binary) => match binary.op {
                BinaryOp::And => Ok(Query::And(
                    Box::new(self.query(&binary.left, frame)?),
                    Box::new(self.query(&binary.right, frame)?),
                )),
                BinaryOp::Or => Ok(Query::Or(
                    Box::new(self.query(&binary.left, frame)?),
                    Box::new(self.query(&binary.right, frame)?),
                )),
                BinaryOp::Equal | BinaryOp::NotEqual => {
                    let attribute = to_display_string(&self.query_operand(&binary.left, frame)?);
                    let value = self.query_operand(&binary.right, frame)?;
                    match binary.op {
                        BinaryOp::Equal if attribute == "tag" => Ok(Query::Tagged(tags(&value)?)),
                        BinaryOp::Equal => Ok(Query::Equal { attribute, value }),
                        _ => Ok(Query::NotEqual { attribute, value }),
                    }
                }
                _ => Err(Unwind::plain(
                    "Cannot transform object of class Puppet::Pops::Model::ArithmeticExpression",
                )),
            },
            _ => Err(Unwind::plain(
                "Cannot transform object of class Puppet::Pops::Model::Expression",
            )),
        }
    }

    pub(super) fn query_operand(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<Value> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.query_operand(inner, frame),
            _ => self.eval(expr, frame),
        }
    }

    /// Runs all collectors; whether any found something new (`evaluate_collections`).
    pub(super) fn evaluate_collectors(&mut self) -> Result<bool> {
        let mut found = false;
        for index in 0..self.builder.collectors.len() {
            found |= self.evaluate_collector(index)?;
        }
        Ok(found)
    }

    fn evaluate_collector(&mut self, index: usize) -> Result<bool> {
        let found = match self.builder.collectors.get(index) {
            None => return Ok(false),
            Some(collector) if collector.done => return Ok(false),
            Some(collector) => match &collector.wanted {
                Wanted::Matching { type_name, query } => {
                    self.find_matching(type_name, query.as_ref(), false)
                }
                Wanted::Exported {
                    own,
                    query,
                    file,
                    line,
                } => {
                    let (query, scope) = (query.clone(), collector.scope);
                    let place = (file.clone(), *line);
                    let mut found = self.find_matching(&query.type_name, own.as_ref(), true);
                    found.extend(self.collect_exported(&query, scope, place)?);
                    found
                }
                Wanted::Listed(references) => {
                    let references = references.clone();
                    self.find_listed(index, &references)?
                }
            },
        };
        for id in &found {
            self.builder.table.get_mut(*id).is_virtual = false;
        }
        self.keep_found(index, &found)
    }

    /// Resources of this node, all of them or the exported ones.
    fn find_matching(
        &self,
        type_name: &EcoString,
        query: Option<&Query>,
        exported: bool,
    ) -> Vec<ResourceId> {
        let ids = self.builder.resources.iter().copied();
        ids.filter(|id| {
            let resource = self.builder.table.get(*id);
            resource.type_name == *type_name
                && (resource.exported || !exported)
                && query.is_none_or(|query| self.matches(query, *id))
        })
        .collect()
    }

    fn find_listed(&mut self, index: usize, references: &[EcoString]) -> Result<Vec<ResourceId>> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for reference in references {
            match self.find_reference(reference)? {
                Some(id) => found.push(id),
                None => missing.push(reference.clone()),
            }
        }
        if let Some(collector) = self.builder.collectors.get_mut(index) {
            collector.done = missing.is_empty();
            collector.wanted = Wanted::Listed(missing);
        }
        Ok(found)
    }

    /// Overrides what was not collected before, and notes it; whether there was any.
    fn keep_found(&mut self, index: usize, found: &[ResourceId]) -> Result<bool> {
        let Some(collector) = self.builder.collectors.get(index) else {
            return Ok(false);
        };
        if found.is_empty() {
            return Ok(false);
        }
        let new: Vec<ResourceId> = found
            .iter()
            .copied()
            .filter(|id| {
                !collector
                    .collected
                    .contains_key(&self.builder.table.get(*id).reference())
            })
            .collect();
        if let Some(overrides) = &collector.overrides {
            let source = overrides.source;
            let scope = collector.scope;
            let place = (overrides.file.clone(), overrides.line);
            let changes: Vec<_> = new
                .iter()
                .map(|id| {
                    self.collector_override(*id, &overrides.params, scope, source, place.clone())
                })
                .collect();
            self.builder.sources.allow_override(source);
            for change in changes {
                self.add_override(change)?;
            }
        }
        let references: Vec<(EcoString, ResourceId)> = new
            .iter()
            .map(|id| (self.builder.table.get(*id).reference(), *id))
            .collect();
        if let Some(collector) = self.builder.collectors.get_mut(index) {
            collector.collected.extend(references);
        }
        Ok(!new.is_empty())
    }

    fn matches(&self, query: &Query, id: ResourceId) -> bool {
        let value = |attribute: &str| {
            self.builder
                .table
                .get(id)
                .get(attribute)
                .unwrap_or_default()
        };
        match query {
            Query::And(left, right) => self.matches(left, id) && self.matches(right, id),
            Query::Or(left, right) => self.matches(left, id) || self.matches(right, id),
            Query::Tagged(tags) => self.is_tagged(id, tags),
            Query::Equal {
                attribute,
                value: wanted,
            } => match value(attribute) {
                list @ Value::Array(_) => ops::includes(&list, wanted),
                other => ops::equals(&other, wanted),
            },
            Query::NotEqual {
                attribute,
                value: wanted,
            } => !ops::equals(&value(attribute), wanted),
        }
    }

    /// Whether a resource, or what contains it by scope, has one of the tags (`raw_tagged?`).
    pub(super) fn is_tagged(&self, id: ResourceId, tags: &[EcoString]) -> bool {
        let mut current = id;
        loop {
            let resource = self.builder.table.get(current);
            if tags.iter().any(|tag| resource.tags.contains(tag)) {
                return true;
            }
            match self.scopes.get(resource.scope).resource {
                Some(container) if container != current => current = container,
                _ => return false,
            }
        }
    }

    /// References that `realize` did not find.
    pub(super) fn unrealized(&self) -> Vec<EcoString> {
        let mut missing = Vec::new();
        for collector in self
            .builder
            .collectors
            .iter()
            .filter(|collector| !collector.done)
        {
            if let Wanted::Listed(references) = &collector.wanted {
                missing.extend(references.iter().cloned());
            }
        }
        missing
    }
}

fn tags(value: &Value) -> Result<Vec<EcoString>> {
    let one = |value: &Value| -> Result<EcoString> {
        match value {
            Value::Int(_) | Value::Float(_) => {
                Err(Unwind::plain("Cannot transform a number to a tag"))
            }
            Value::Type(data_type) => Ok(reference_text(data_type)
                .unwrap_or_else(|| type_text(data_type))
                .to_lowercase()),
            other => Ok(to_display_string(other).to_lowercase()),
        }
    };
    match value {
        Value::Array(elements) => elements.iter().map(one).collect(),
        other => Ok(vec![one(other)?]),
    }
}

fn type_text(data_type: &Type) -> EcoString {
    ecow::eco_format!("{data_type}")
}
