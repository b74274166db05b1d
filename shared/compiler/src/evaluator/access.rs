//! `x[key, ...]`, as `AccessOperator` does it.

use bunraku_pcore::types::{self, Type};
use bunraku_pcore::{Value, numbers};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{Access, ExprKind};
use ecow::EcoString;

use super::{Evaluator, labels};
use crate::error::{Result, Unwind};
use crate::frame::Frame;
use crate::log::Level;
use crate::scope::Binding;
use crate::settings::Strict;

impl<'a> Evaluator<'a> {
    pub(super) fn eval_access(
        &mut self,
        access: &'a Access,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        match self.eval_traced(expr, frame)? {
            Some(Binding::Value(value)) => Ok(value),
            Some(Binding::Path(path)) => Ok(self.read_fact(&path)),
            None => {
                let left = self.eval(&access.left, frame)?;
                self.access_with(left, access, expr, frame)
            }
        }
    }

    /// Evaluates the keys and accesses `left`.
    pub(super) fn access_with(
        &mut self,
        left: Value,
        access: &'a Access,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let mut keys = Vec::with_capacity(access.keys.len());
        let is_class =
            matches!(&left, Value::Type(data_type) if matches!(**data_type, Type::Class { .. }));
        for key in &access.keys {
            match &key.kind {
                // `Class[Foo]`: an unknown type is no error here, but a wrong key.
                ExprKind::TypeName(name) if is_class => {
                    let found = self.find_type(name, frame)?;
                    keys.push(Value::of_type(
                        found.unwrap_or_else(|| Type::Reference(Some(name.clone()))),
                    ));
                }
                _ => keys.push(self.eval(key, frame)?),
            }
        }
        self.access_value(left, keys, access, expr, frame)
    }

    pub(super) fn access_value(
        &mut self,
        left: Value,
        keys: Vec<Value>,
        access: &'a Access,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        match &left {
            Value::Hash(entries) => match keys.as_slice() {
                [key] => Ok(entries.get(key).cloned().unwrap_or_default()),
                [] => Err(self.issue_at(
                    "BAD_HASH_SLICE_ARITY",
                    "Hash supports [] with one or more arguments. Got 0",
                    access.left.span,
                    frame,
                )),
                _ => {
                    let found = keys
                        .iter()
                        .filter_map(|key| entries.get(key).filter(|value| !value.is_undef()));
                    Ok(Value::array(found.cloned().collect()))
                }
            },
            Value::Array(items) => {
                let keys = flatten(keys);
                let (from, length) = self.positions(&left, "Array", &keys, access, frame)?;
                match length {
                    None => Ok(nth(items.len(), from)
                        .and_then(|index| items.get(index))
                        .cloned()
                        .unwrap_or_default()),
                    Some(length) => {
                        let (start, end) = slice(items.len(), from, length);
                        Ok(Value::array(
                            items.get(start..end).unwrap_or_default().to_vec(),
                        ))
                    }
                }
            }
            Value::Str(text) => {
                let keys = flatten(keys);
                let (from, length) = self.positions(&left, "String", &keys, access, frame)?;
                let characters: Vec<char> = text.chars().collect();
                let (start, end) = match length {
                    None => match nth(characters.len(), from) {
                        Some(index) => (index, index + 1),
                        None => (0, 0),
                    },
                    Some(length) => slice(characters.len(), from, length),
                };
                let part: EcoString = characters
                    .get(start..end)
                    .unwrap_or_default()
                    .iter()
                    .copied()
                    .collect();
                Ok(Value::Str(part))
            }
            Value::Type(data_type) => self.access_type(data_type, keys, expr, frame),
            Value::Object(object) if matches!(keys.as_slice(), [Value::Str(_)]) => {
                let name = keys.first().and_then(Value::as_str).unwrap_or_default();
                Ok(object.attributes.get(name).cloned().unwrap_or_default())
            }
            _ => Err(self.issue_at(
                "OPERATOR_NOT_APPLICABLE",
                format!(
                    "Operator '[]' is not applicable to {}.",
                    labels::value_a_an(&left)
                ),
                access.left.span,
                frame,
            )),
        }
    }

    /// `Type[keys]`: a type with parameters, references to resources, or attributes of a resource.
    fn access_type(
        &mut self,
        base: &Type,
        keys: Vec<Value>,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        match base {
            Type::Resource { title: Some(_), .. } | Type::Class { name: Some(_) } => {
                self.resource_attribute(base, &keys, frame)
            }
            // `Resource[File]` is `File`.
            Type::Resource {
                type_name: None,
                title: None,
            } if keys.len() == 1
                && keys
                    .first()
                    .and_then(Value::as_type)
                    .is_some_and(|key| matches!(key, Type::Resource { .. })) =>
            {
                Ok(keys.into_iter().next().unwrap_or_default())
            }
            _ => types::access(base, &keys).map_err(|error| self.locate(error.into(), expr, frame)),
        }
    }

    /// The index, or position and length, that the keys of an array or string give.
    fn positions(
        &mut self,
        left: &Value,
        what: &str,
        keys: &[Value],
        access: &'a Access,
        frame: Frame<'a>,
    ) -> Result<(i64, Option<i64>)> {
        match keys {
            [from] => Ok((self.position(left, from, 0, access, frame)?, None)),
            [from, length] => Ok((
                self.position(left, from, 0, access, frame)?,
                Some(self.position(left, length, 1, access, frame)?),
            )),
            _ => Err(self.issue_at(
                if what == "Array" {
                    "BAD_ARRAY_SLICE_ARITY"
                } else {
                    "BAD_STRING_SLICE_ARITY"
                },
                format!(
                    "{what} supports [] with one or two arguments. Got {}",
                    keys.len()
                ),
                access.left.span,
                frame,
            )),
        }
    }

    fn position(
        &mut self,
        left: &Value,
        key: &Value,
        index: usize,
        access: &'a Access,
        frame: Frame<'a>,
    ) -> Result<i64> {
        let span = access
            .keys
            .get(index)
            .map_or(access.left.span, |key| key.span);
        let is_string = matches!(left, Value::Str(_));
        let number = match key {
            Value::Int(number) => return Ok(*number),
            Value::Float(_) => key.clone(),
            Value::Str(text) => match numbers::parse_number(text) {
                Some(number) => {
                    if !is_string {
                        self.report_coercion(text, &number, span, frame)?;
                    }
                    number
                }
                None if is_string => key.clone(),
                None => return Err(self.not_numeric(key, span, frame)),
            },
            _ if is_string => key.clone(),
            _ => return Err(self.not_numeric(key, span, frame)),
        };
        if let Value::Int(number) = number {
            return Ok(number);
        }
        let actual = bad_key_type(&number);
        if is_string {
            return Err(self.issue_at(
                "BAD_STRING_SLICE_KEY_TYPE",
                format!(
                    "A substring operation does not accept {} {actual} as a character index. Expected an Integer",
                    labels::article(&actual)
                ),
                span,
                frame,
            ));
        }
        Err(self.issue_at(
            "BAD_SLICE_KEY_TYPE",
            format!(
                "{}[] cannot use {actual} where Integer is expected",
                labels::capitalized(&labels::value_a_an(left))
            ),
            span,
            frame,
        ))
    }

    #[cold]
    pub(super) fn not_numeric(
        &self,
        value: &Value,
        span: bunraku_syntax::Span,
        frame: Frame<'a>,
    ) -> Unwind {
        let message = format!(
            "The value '{}' cannot be converted to Numeric.",
            labels::ruby_text(value)
        );
        self.issue_at("NOT_NUMERIC", message, span, frame)
    }

    /// A string was used as a number: an error, a warning or nothing, as `strict` says.
    pub(crate) fn report_coercion(
        &mut self,
        before: &str,
        after: &Value,
        span: bunraku_syntax::Span,
        frame: Frame<'a>,
    ) -> Result<()> {
        let message = format!(
            "The string '{before}' was automatically coerced to the numerical value {after}"
        );
        match self.request.settings.strict {
            Strict::Off => {}
            Strict::Warning => self.log_at(
                Level::Warning,
                message,
                Some("NUMERIC_COERCION"),
                frame,
                span,
            ),
            Strict::Error => return Err(self.issue_at("NUMERIC_COERCION", message, span, frame)),
        }
        Ok(())
    }
}

/// As `AccessOperator#bad_key_type_name`.
fn bad_key_type(key: &Value) -> String {
    match key {
        Value::Undef => "Undef".to_owned(),
        Value::Default => "Default".to_owned(),
        other => Type::infer(other).generalize().to_string(),
    }
}

fn flatten(keys: Vec<Value>) -> Vec<Value> {
    if !keys.iter().any(|key| matches!(key, Value::Array(_))) {
        return keys;
    }
    let mut flat = Vec::with_capacity(keys.len());
    for key in keys {
        match key {
            Value::Array(inner) => flat.extend(flatten(inner.to_vec())),
            other => flat.push(other),
        }
    }
    flat
}

/// The element at an index that counts from the end when negative.
fn nth(size: usize, index: i64) -> Option<usize> {
    let size = i64::try_from(size).ok()?;
    let index = if index < 0 {
        index.checked_add(size)?
    } else {
        index
    };
    usize::try_from(index).ok().filter(|_| index < size)
}

/// Start and end of a slice: negative positions count from the end, a negative length is an end.
fn slice(size: usize, from: i64, length: i64) -> (usize, usize) {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let mut start = if from < 0 {
        size.saturating_add(from)
    } else {
        from
    };
    let mut length = if length < 0 {
        size.saturating_sub(start)
            .saturating_add(length)
            .saturating_add(1)
    } else {
        length
    };
    if start < 0 {
        length = length.saturating_add(start);
        start = 0;
    }
    let end = start.saturating_add(length.max(0)).min(size);
    let start = start.min(size);
    (
        usize::try_from(start).unwrap_or(0),
        usize::try_from(end.max(start)).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::{nth, slice};

    #[test]
    fn slices_count_from_the_end_when_negative_and_never_leave_the_value() {
        assert_eq!(slice(5, 1, 2), (1, 3));
        assert_eq!(slice(5, -2, -1), (3, 5));
        assert_eq!(slice(5, 1, -2), (1, 4));
        assert_eq!(slice(5, -7, 4), (0, 2));
        assert_eq!(slice(5, 9, 4), (5, 5));
        assert_eq!(slice(5, i64::MIN, i64::MIN), (0, 0));
    }

    #[test]
    fn an_index_outside_is_nothing() {
        assert_eq!(nth(3, -1), Some(2));
        assert_eq!(nth(3, 3), None);
        assert_eq!(nth(3, -4), None);
    }
}
