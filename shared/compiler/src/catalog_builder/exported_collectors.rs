//! `Type <<| query |>>`: what other nodes export (`pops/evaluator/collectors/exported_collector.rb`, and
//! PuppetDB's terminus `indirector/resource/puppetdb.rb`, which makes PuppetDB's query of ours).

use std::sync::Arc;

use bunraku_catalog::{Condition, ExportQuery, ExportedResource, Kind};
use bunraku_pcore::{PuppetHash, Value, rich, to_display_string};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{BinaryOp, ExprKind};
use serde_json::{Value as Json, json};

use super::declare::AnyType;
use super::resource::{Param, ResourceKind};
use super::sources::SourceId;
use super::table::{FileName, reference_parts};
use crate::error::{Error, Result, Unwind};
use crate::evaluator::Evaluator;
use crate::evaluator::labels::value_a_an;
use crate::frame::Frame;
use crate::scope::{ResourceId, ScopeId};

/// From the first of these on, Java writes a float with an exponent, and PuppetDB answers a whole
/// number for one that is whole.
const WHOLE_FLOATS: std::ops::Range<f64> = 1e7..9.2e18;

impl<'a> Evaluator<'a> {
    /// The condition of an exported query, as it is asked of other nodes' resources. (Its own are
    /// found as virtual resources are.)
    pub(super) fn export_condition(
        &mut self,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Condition> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.export_condition(inner, frame),
            ExprKind::Binary(binary) => {
                let (left, right) = (&binary.left, &binary.right);
                match binary.op {
                    BinaryOp::And => Ok(self
                        .export_condition(left, frame)?
                        .and(self.export_condition(right, frame)?)),
                    BinaryOp::Or => Ok(self
                        .export_condition(left, frame)?
                        .or(self.export_condition(right, frame)?)),
                    BinaryOp::NotEqual => {
                        let equal = self.export_predicate(left, right, frame)?;
                        Ok(Condition::Not(Box::new(equal)))
                    }
                    _ => self.export_predicate(left, right, frame),
                }
            }
            _ => Err(Unwind::plain(
                "A query for exported resources compares attributes with == or !=",
            )),
        }
    }

    fn export_predicate(
        &mut self,
        left: &'a Expr,
        right: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Condition> {
        let name = to_display_string(&self.query_operand(left, frame)?);
        let value = self.query_operand(right, frame)?;
        let refused = |what: &str, value: &Value| {
            Unwind::plain(format!(
                "A query for exported resources compares {what} with a String, not with {}",
                value_a_an(value)
            ))
        };
        match (name.as_str(), &value) {
            ("tag", Value::Str(tag)) => Ok(Condition::Tag(tag.to_lowercase())),
            ("tag", other) => Err(refused("a tag", other)),
            ("title", Value::Undef) => Ok(Condition::Title(None)),
            ("title", other) => match json_of(other) {
                Json::String(title) => Ok(Condition::Title(Some(title.into()))),
                _ => Err(refused("a title", other)),
            },
            _ => Ok(Condition::Parameter {
                name,
                value: match (&right.kind, value.as_type().and_then(reference_parts)) {
                    // A reference itself is an object, which no stored value is.
                    (ExprKind::Access(_), Some((type_name, title))) => {
                        json!({ "type": type_name.as_str(), "title": title.as_str() })
                    }
                    _ => json_of(&value),
                },
            }),
        }
    }

    /// Asks for what other nodes export, and puts what is not here yet into the catalog; `place` is
    /// the collector's.
    pub(super) fn collect_exported(
        &mut self,
        query: &ExportQuery,
        scope: ScopeId,
        place: (FileName, u32),
    ) -> Result<Vec<ResourceId>> {
        let Some(of) = self.find_resource_type(&query.type_name)? else {
            return Ok(Vec::new());
        };
        let mut new = Vec::new();
        let answer = self.inputs.exported(query).map_err(|error| {
            let (file, line) = place;
            Error::verbatim(error.to_string(), file, Some(line), None)
        })?;
        for found in answer {
            match self.find_by_name(&found.type_name, &found.title)? {
                None => new.push(self.add_exported(&found, &of, scope)?),
                Some(existing) => {
                    let from = &self.builder.table.get(existing).exported_by;
                    if from.as_ref() != Some(&found.certname) {
                        return Err(duplicate(&found));
                    }
                }
            }
        }
        Ok(new)
    }

    fn add_exported(
        &mut self,
        found: &Arc<ExportedResource>,
        of: &AnyType<'a>,
        scope: ScopeId,
    ) -> Result<ResourceId> {
        let (kind, catalog_kind) = match of {
            AnyType::Builtin(of) => (ResourceKind::Builtin(Arc::clone(of)), Kind::CompilableType),
            AnyType::Define(define) => (ResourceKind::Define(*define), Kind::DefinedType),
        };
        let source = self.source_id(scope);
        let (type_name, title) = (found.type_name.clone(), found.title.clone());
        let mut resource = self.new_resource(kind, catalog_kind, type_name, title, scope, source);
        resource.exported_by = Some(found.certname.clone());
        let params = found.parameters.iter().map(|(name, value)| Param {
            name: name.clone(),
            value: collected_value(value),
            source: SourceId::NOBODY,
            file: None,
            line: None,
            append: false,
        });
        let id = self.add_new_resource(resource, params.collect())?;
        self.add_to_catalog(id, scope).map_err(|unwind| {
            let message = unwind.into_error().message;
            // An error of Ruby's own, which the reference does not expect here.
            let message =
                format!("Puppet::Parser::Compiler failed with error ArgumentError: {message}");
            Unwind::from(Error::verbatim(message, None, None, None))
        })?;
        Ok(id)
    }
}

#[cold]
fn duplicate(found: &ExportedResource) -> Unwind {
    let message = format!(
        "A duplicate resource was found while collecting exported resources, with the type and title {}",
        super::resource::reference(&found.type_name, &found.title)
    );
    Error::verbatim(message, None, None, None).into()
}

/// A value as Ruby's `to_json` gives it: what JSON lacks is its text.
fn json_of(value: &Value) -> Json {
    match value {
        Value::Undef => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Array(elements) => elements.iter().map(json_of).collect(),
        Value::Hash(entries) => entries
            .iter()
            .map(|(key, value)| (to_display_string(key).to_string(), json_of(value)))
            .collect(),
        Value::Regexp(regexp) => Json::from(format!("(?-mix:{})", regexp.source())),
        other => Json::from(to_display_string(other).to_string()),
    }
}

/// A stored value as a collector gets it: whole numbers as PuppetDB shows them, and hashes sorted,
/// since neither PuppetDB nor the digest of an answer keeps their order.
fn collected_value(stored: &Json) -> Value {
    match stored {
        Json::Array(items) => Value::array(items.iter().map(collected_value).collect()),
        Json::Object(map) => {
            let mut entries: Vec<(&String, &Json)> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            Value::hash(
                entries
                    .map(|(key, value)| (Value::from(key.as_str()), collected_value(value)))
                    .collect::<PuppetHash>(),
            )
        }
        scalar => match rich::from_plain_json(scalar) {
            Value::Float(number)
                if number.fract() == 0.0 && WHOLE_FLOATS.contains(&number.abs()) =>
            {
                Value::Int(number as i64)
            }
            other => other,
        },
    }
}
