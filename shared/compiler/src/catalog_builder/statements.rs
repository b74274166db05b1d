//! Resource expressions: types, titles and attributes of what is declared.

use bunraku_pcore::{PuppetHash, Type, Value, to_display_string};
use bunraku_syntax::ast::{AttributeOp, AttributeOperation, ExprKind, ResourceForm};
use bunraku_syntax::{Expr, Span, ast};
use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::declare::{Declaration, NewTitle};
use super::resource::{Param, Params};
use crate::error::{Result, Unwind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;

impl<'a> Evaluator<'a> {
    /// `type { title: ... }`: gives an array of references (`eval_ResourceExpression`).
    pub(crate) fn eval_resource(
        &mut self,
        node: &'a ast::Resource,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let type_name = self.resource_type_name(&node.type_name, frame)?;

        // Titles and attributes of all bodies come first: `default` may be the last of them.
        let mut used = FxHashSet::default();
        let mut bodies = Vec::with_capacity(node.bodies.len());
        let mut defaults: Option<usize> = None;
        for (index, body) in node.bodies.iter().enumerate() {
            let titles = self.titles(body, expr, frame, &mut used)?;
            if titles
                .iter()
                .any(|title| matches!(title, NewTitle::Default))
            {
                defaults = Some(index);
            }
            let mut params: Params = IndexMap::with_hasher(FxBuildHasher);
            for param in self.eval_operations(&body.operations, frame)? {
                if params.contains_key(&param.name) {
                    let message = format!("The attribute '{}' has already been set", param.name);
                    return Err(self.issue_at("DUPLICATE_ATTRIBUE", message, expr.span, frame));
                }
                params.insert(param.name.clone(), param);
            }
            bodies.push((titles, params));
        }
        let defaults = defaults
            .and_then(|index| bodies.get(index))
            .map(|(_, params)| params.clone());

        let line = Some(frame.file.source.line_column(expr.span.start).line);
        let mut references = Vec::new();
        for (titles, own) in bodies {
            let params = match &defaults {
                None => own,
                Some(defaults) => {
                    let mut merged = defaults.clone();
                    merged.extend(own);
                    merged
                }
            };
            let titles: Vec<EcoString> = titles
                .into_iter()
                .filter_map(|title| match title {
                    NewTitle::Text(text) => Some(text),
                    NewTitle::Default => None,
                })
                .collect();
            let declaration = Declaration {
                type_name: &type_name,
                titles: &titles,
                params: params.into_values().collect(),
                is_virtual: node.form != ResourceForm::Regular,
                exported: node.form == ResourceForm::Exported,
                file: frame.file.display.clone(),
                line,
            };
            references.extend(self.create_resources(declaration, frame)?);
        }
        Ok(Value::array(references))
    }

    /// The name of the type: a bare word, or what a type expression stands for.
    fn resource_type_name(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<EcoString> {
        if let ExprKind::Name(name) = &expr.kind {
            return Ok(name.clone());
        }
        let acceptable = match &expr.kind {
            ExprKind::TypeName(_) => true,
            ExprKind::Access(access) => matches!(access.left.kind, ExprKind::TypeName(_)),
            _ => false,
        };
        let value = self.eval(expr, frame)?;
        let inferred = || Type::infer(&value).generalize().to_string();
        if !acceptable {
            return Err(self.illegal_resource_type(&inferred(), expr, frame));
        }
        match value.as_type() {
            Some(Type::Class { name: None }) => Ok("class".into()),
            Some(Type::Resource {
                type_name: Some(name),
                title: None,
            }) => Ok(name.to_lowercase()),
            Some(found @ (Type::Class { .. } | Type::Resource { .. })) => {
                Err(self.illegal_resource_type(&found.to_string(), expr, frame))
            }
            Some(found @ Type::Reference(_)) => Err(self.issue_at(
                "UNKNOWN_RESOURCE_TYPE",
                format!("Resource type not found: {found}"),
                expr.span,
                frame,
            )),
            _ => Err(self.illegal_resource_type(&inferred(), expr, frame)),
        }
    }

    #[cold]
    pub(super) fn illegal_resource_type(
        &self,
        actual: &str,
        expr: &Expr,
        frame: Frame<'a>,
    ) -> Unwind {
        self.issue_at(
            "ILLEGAL_RESOURCE_TYPE",
            format!(
                "Illegal Resource Type expression, expected result to be a type name, or untitled Resource, got {actual}"
            ),
            expr.span,
            frame,
        )
    }

    fn titles(
        &mut self,
        body: &'a ast::ResourceBody,
        expr: &'a Expr,
        frame: Frame<'a>,
        used: &mut FxHashSet<NewTitle>,
    ) -> Result<Vec<NewTitle>> {
        let value = self.eval(&body.title, frame)?;
        let at: Span = body.title.span;
        if value.is_undef() {
            let message = "Missing title. The title expression resulted in undef";
            return Err(self.issue_at("MISSING_TITLE", message, at, frame));
        }
        let mut flat = Vec::new();
        flatten(&value, &mut flat);
        let mut titles = Vec::with_capacity(flat.len());
        for (index, title) in flat.into_iter().enumerate() {
            let title = match title {
                Value::Undef => {
                    let message = format!(
                        "Missing title at index {index}. The title expression resulted in an undef title"
                    );
                    return Err(self.issue_at("MISSING_TITLE_AT", message, at, frame));
                }
                Value::Default => NewTitle::Default,
                Value::Str(text) if text.is_empty() => {
                    let message = format!(
                        "Empty string title at {index}. Title strings must have a length greater than zero."
                    );
                    return Err(self.issue_at("EMPTY_STRING_TITLE_AT", message, at, frame));
                }
                Value::Str(text) => NewTitle::Text(text),
                other => {
                    let actual = Type::infer(&other).generalize();
                    let message = format!(
                        "Illegal title type at index {index}. Expected String, got {actual}"
                    );
                    return Err(self.issue_at("ILLEGAL_TITLE_TYPE_AT", message, at, frame));
                }
            };
            if !used.insert(title.clone()) {
                let shown = match &title {
                    NewTitle::Text(text) => text.as_str(),
                    NewTitle::Default => "default",
                };
                let message = format!(
                    "The title '{shown}' has already been used in this resource expression"
                );
                return Err(self.issue_at("DUPLICATE_TITLE", message, expr.span, frame));
            }
            titles.push(title);
        }
        Ok(titles)
    }

    /// Attributes of a body, defaults, an override or a collector, with their values.
    pub(super) fn eval_operations(
        &mut self,
        operations: &'a [AttributeOperation],
        frame: Frame<'a>,
    ) -> Result<Vec<Param>> {
        let source = self.source_id(frame.scope);
        let mut params = Vec::with_capacity(operations.len());
        for operation in operations {
            let value = self.eval(operation.value(), frame)?;
            let file = frame.file.display.clone();
            let line = Some(frame.file.source.line_column(operation.span().start).line);
            match operation {
                AttributeOperation::Attribute { name, op, .. } => {
                    let append = *op == AttributeOp::Append;
                    params.push(Param {
                        name: name.clone(),
                        value: storable(value)?,
                        source,
                        file,
                        line,
                        append,
                    });
                }
                AttributeOperation::Splat { value: expr, .. } => {
                    let Value::Hash(entries) = &value else {
                        let actual = Type::infer(&value).generalize();
                        let message = format!("Expected value of type Hash, got {actual}");
                        return Err(self.issue_at("TYPE_MISMATCH", message, expr.span, frame));
                    };
                    for (key, value) in entries.as_ref() {
                        params.push(Param {
                            name: to_display_string(key),
                            value: storable(value.clone())?,
                            source,
                            file: file.clone(),
                            line,
                            append: false,
                        });
                    }
                }
            }
        }
        Ok(params)
    }
}

/// A value as a parameter keeps it: an iterator can't be kept.
pub(super) fn storable(value: Value) -> Result<Value> {
    if holds_iterator(&value) {
        return Err(Unwind::plain("Use of an Iterator is not supported here"));
    }
    Ok(value)
}

fn holds_iterator(value: &Value) -> bool {
    match value {
        Value::Iterator(_) => true,
        Value::Array(elements) => elements.iter().any(holds_iterator),
        Value::Hash(entries) => {
            let entries: &PuppetHash = entries;
            entries
                .iter()
                .any(|(key, value)| holds_iterator(key) || holds_iterator(value))
        }
        _ => false,
    }
}

/// All elements of nested arrays, `undef` included (`[x].flatten`).
pub(super) fn flatten(value: &Value, into: &mut Vec<Value>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| flatten(element, into)),
        other => into.push(other.clone()),
    }
}
