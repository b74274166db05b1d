//! `->`, `~>`, `<-`, `<~`: relationships among references and collectors (`RelationshipOperator`,
//! `Puppet::Parser::Relationship`). They are drawn when the catalog is finished.

use bunraku_pcore::{Type, Value};
use bunraku_syntax::ast::{ExprKind, RelationshipOp};
use bunraku_syntax::{Expr, ast};
use ecow::EcoString;

use super::collectors::CollectorId;
use super::table::reference_text;
use crate::error::{Error, Result, Unwind};
use crate::evaluator::Evaluator;

use crate::evaluator::labels::value_a_an;
use crate::frame::Frame;

/// One end of a relationship.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    /// A class or resource.
    Reference(Type),
    /// What a collector will have found.
    Collector(CollectorId),
}

/// A relationship to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Relationship {
    source: Operand,
    target: Operand,
    /// `notify` rather than `before`.
    notifies: bool,
}

impl<'a> Evaluator<'a> {
    /// `a -> b`: gives the references of the right side, or of the left when that is empty.
    pub(crate) fn eval_relationship(
        &mut self,
        node: &'a ast::Relationship,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let operands = self.relate(node, expr, frame)?;
        let references = operands
            .into_iter()
            .filter_map(|operand| match operand {
                Operand::Reference(data_type) => Some(Value::of_type(data_type)),
                Operand::Collector(_) => None,
            })
            .collect();
        Ok(Value::array(references))
    }

    fn relate(
        &mut self,
        node: &'a ast::Relationship,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Vec<Operand>> {
        // Both sides are evaluated before either is looked at.
        let left = self.raw_operands(&node.left, frame)?;
        let right = self.raw_operands(&node.right, frame)?;
        let left = self.operands(left, expr, frame)?;
        let right = self.operands(right, expr, frame)?;
        let (sources, targets) = match node.op {
            RelationshipOp::Before | RelationshipOp::Notify => (&left, &right),
            RelationshipOp::BeforeReversed | RelationshipOp::NotifyReversed => (&right, &left),
        };
        let notifies = matches!(
            node.op,
            RelationshipOp::Notify | RelationshipOp::NotifyReversed
        );
        for source in sources {
            for target in targets {
                let (source, target) = (source.clone(), target.clone());
                self.builder.relationships.push(Relationship {
                    source,
                    target,
                    notifies,
                });
            }
        }
        if right.is_empty() {
            return Ok(left);
        }
        if let [Operand::Collector(id)] = right.as_slice()
            && let Some(collector) = self.builder.collectors.get_mut(id.0)
        {
            collector.empty_alternative = Some(left);
        }
        Ok(right)
    }

    /// The operands of an expression before they are checked; a collector has no value of its own.
    fn raw_operands(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<Vec<Raw>> {
        match &expr.kind {
            ExprKind::Collector(node) => {
                let id = self
                    .add_collector(node, expr, frame)
                    .map_err(|unwind| self.locate(unwind, expr, frame))?;
                Ok(vec![Raw::Operand(Operand::Collector(id))])
            }
            ExprKind::Relationship(node) => {
                let operands = self
                    .relate(node, expr, frame)
                    .map_err(|unwind| self.locate(unwind, expr, frame))?;
                Ok(operands.into_iter().map(Raw::Operand).collect())
            }
            ExprKind::Paren(inner) => self.raw_operands(inner, frame),
            ExprKind::Array(items) if items.iter().any(holds_collector) => {
                let mut all = Vec::new();
                for item in items {
                    all.extend(self.raw_operands(item, frame)?);
                }
                Ok(all)
            }
            _ => {
                let mut flat = Vec::new();
                super::statements::flatten(&self.eval(expr, frame)?, &mut flat);
                Ok(flat.into_iter().map(Raw::Value).collect())
            }
        }
    }

    fn operands(
        &mut self,
        raw: Vec<Raw>,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Vec<Operand>> {
        let mut operands: Vec<Operand> = Vec::with_capacity(raw.len());
        for one in raw {
            let operand = match one {
                Raw::Operand(operand) => operand,
                Raw::Value(Value::Str(text)) => {
                    let data_type = self.type_from_text(&text, frame)?;
                    self.catalog_type(data_type, expr, frame)?
                }
                Raw::Value(Value::Type(data_type)) => {
                    self.catalog_type(data_type.as_ref().clone(), expr, frame)?
                }
                Raw::Value(other) => {
                    let message = format!(
                        "Illegal relationship operand, can not form a relationship with {}. A Catalog type is required.",
                        value_a_an(&other)
                    );
                    return Err(self.issue_at(
                        "ILLEGAL_RELATIONSHIP_OPERAND_TYPE",
                        message,
                        expr.span,
                        frame,
                    ));
                }
            };
            if !operands.contains(&operand) {
                operands.push(operand);
            }
        }
        Ok(operands)
    }

    fn catalog_type(&self, data_type: Type, expr: &'a Expr, frame: Frame<'a>) -> Result<Operand> {
        let inner = match &data_type {
            Type::Type(Some(inner)) => inner.as_ref(),
            other => other,
        };
        if matches!(
            inner,
            Type::Resource { .. } | Type::Class { .. } | Type::CatalogEntry
        ) {
            return Ok(Operand::Reference(inner.clone()));
        }
        let message = format!(
            "Illegal relationship operand, can not form a relationship with something of type {data_type}. A Catalog type is required."
        );
        Err(self.issue_at("NOT_CATALOG_TYPE", message, expr.span, frame))
    }

    /// Draws all relationships as parameters of their sources (`evaluate_relationships`).
    pub(super) fn draw_relationships(&mut self) -> Result<()> {
        for relationship in std::mem::take(&mut self.builder.relationships) {
            let sources = self.sources(&relationship.source);
            let targets = self.targets(&relationship.target);
            for source in &sources {
                for target in &targets {
                    self.draw(source, target, relationship.notifies)?;
                }
            }
        }
        Ok(())
    }

    /// A collector that found nothing stands for what is left of it in the chain.
    fn sources(&self, operand: &Operand) -> Vec<EcoString> {
        let mut current = operand;
        loop {
            match current {
                Operand::Reference(data_type) => {
                    return reference_text(data_type).into_iter().collect();
                }
                Operand::Collector(id) => {
                    let Some(collector) = self.builder.collectors.get(id.0) else {
                        return Vec::new();
                    };
                    if !collector.collected.is_empty() {
                        return collector.collected.keys().cloned().collect();
                    }
                    match collector.empty_alternative.as_deref() {
                        None => return Vec::new(),
                        Some([only @ Operand::Collector(_)]) => current = only,
                        Some(several) => {
                            return several.iter().flat_map(|one| self.targets(one)).collect();
                        }
                    }
                }
            }
        }
    }

    fn targets(&self, operand: &Operand) -> Vec<EcoString> {
        match operand {
            Operand::Reference(data_type) => reference_text(data_type).into_iter().collect(),
            Operand::Collector(id) => self
                .builder
                .collectors
                .get(id.0)
                .map(|collector| collector.collected.keys().cloned().collect())
                .unwrap_or_default(),
        }
    }

    fn draw(&mut self, source: &EcoString, target: &EcoString, notifies: bool) -> Result<()> {
        let bare =
            |message: String| -> Unwind { Error::verbatim(message, None, None, None).into() };
        let Some(id) = self.find_reference(source)? else {
            return Err(bare(format!(
                "Could not find resource '{source}' for relationship on '{target}'"
            )));
        };
        if self.find_reference(target)?.is_none() {
            return Err(bare(format!(
                "Could not find resource '{target}' for relationship from '{source}'"
            )));
        }
        let name = if notifies { "notify" } else { "before" };
        let resource = self.builder.table.get_mut(id);
        let target = Value::Str(target.clone());
        match resource.params.get_mut(name).map(|param| &mut param.value) {
            Some(Value::Array(list)) => std::sync::Arc::make_mut(list).push(target),
            Some(value) if !value.is_undef() => *value = Value::array(vec![value.clone(), target]),
            _ => resource
                .set(name, Value::array(vec![target]))
                .map_err(Unwind::plain)?,
        }
        Ok(())
    }
}

/// An operand that was evaluated, but not looked at.
enum Raw {
    Operand(Operand),
    Value(Value),
}

fn holds_collector(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Collector(_) | ExprKind::Relationship(_) => true,
        ExprKind::Paren(inner) => holds_collector(inner),
        ExprKind::Array(items) => items.iter().any(holds_collector),
        _ => false,
    }
}
