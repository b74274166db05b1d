//! Bounds of numbers, times and sizes.

use super::wording::{a_an, class_or_label, ruby_class};
use crate::types::{Range, Size, Type};
use crate::{Error, Result, Timespan, Timestamp, Value};

/// `[from]` or `[from, to]` of integers or `default`.
pub(in crate::types) fn integer_range(
    keys: &[Value],
    wrong: impl Fn(&Value) -> Error,
) -> Result<Range<i64>> {
    let bound = |index: usize| match keys.get(index) {
        None | Some(Value::Default) => Ok(None),
        Some(Value::Int(number)) => Ok(Some(*number)),
        Some(other) => Err(wrong(other).at_argument(index)),
    };
    let range = Range {
        from: bound(0)?,
        to: bound(1)?,
    };
    if let (Some(from), Some(to)) = (range.from, range.to)
        && from > to
    {
        return Err(Error::new(format!(
            "'from' must be less or equal to 'to'. Got ({from}, {to}"
        )));
    }
    Ok(range)
}

/// A size from one `Integer` type, or one or two integers; `start` is the index of the first key.
pub(in crate::types) fn size(start: usize, keys: &[Value]) -> Result<Size> {
    if let [Value::Type(single)] = keys
        && let Type::Integer(range) = &**single
    {
        return Ok(to_size(*range));
    }
    integer_range(keys, |key| {
        Error::with_code(
            "BAD_COLLECTION_SLICE_TYPE",
            format!(
                "A Type's size constraint arguments must be a single Integer type, or 1-2 integers (or default). Got {}",
                a_an(&class_or_label(key))
            ),
        )
    })
    .map(to_size)
    .map_err(|error| match error.argument {
        Some(index) => error.at_argument(start + index),
        None => error,
    })
}

/// Bounds of a `Range` as a size; a negative lower bound counts as 0 (`to_size`).
fn to_size(range: Range<i64>) -> Size {
    match range.from {
        Some(from) if from >= 0 => Size { from, to: range.to },
        _ => Size {
            from: 0,
            to: range.to.map(|to| to.max(0)),
        },
    }
}

pub(in crate::types) fn float(keys: &[Value]) -> Result<Type> {
    if !(1..=2).contains(&keys.len()) {
        return Err(Error::with_code(
            "BAD_INTEGER_SLICE_ARITY",
            format!(
                "Float-Type supports [] with one or two arguments (from, to). Got {}",
                keys.len()
            ),
        ));
    }
    let bound = |index: usize| {
        match keys.get(index) {
        None | Some(Value::Default) => Ok(None),
        #[expect(clippy::cast_precision_loss, reason = "Ruby's Float(n) rounds as well")]
        Some(Value::Int(number)) => Ok(Some(*number as f64)),
        Some(Value::Float(number)) => Ok(Some(*number)),
        Some(other) => Err(Error::with_code(
            "BAD_INTEGER_SLICE_TYPE",
            format!("Float-Type [] requires all arguments to be floats, or integers (or default). Got {}", ruby_class(other)),
        )
        .at_argument(index)),
    }
    };
    let range = Range {
        from: bound(0)?,
        to: bound(1)?,
    };
    if let (Some(from), Some(to)) = (range.from, range.to)
        && from > to
    {
        let show = crate::numbers::float_to_string;
        return Err(Error::new(format!(
            "'from' must be less or equal to 'to'. Got ({}, {}",
            show(from),
            show(to)
        )));
    }
    Ok(Type::Float(range))
}

pub(in crate::types) fn time_range<T: Copy + PartialOrd>(
    keys: &[Value],
    convert: impl Fn(&Value) -> Result<Option<T>>,
) -> Result<Range<T>>
where
    Value: From<T>,
{
    let bound = |index: usize| keys.get(index).map_or(Ok(None), &convert);
    let range = Range {
        from: bound(0)?,
        to: bound(1)?,
    };
    if let (Some(from), Some(to)) = (range.from, range.to)
        && from > to
    {
        let text = |time: T| crate::to_display_string(&Value::from(time));
        return Err(Error::new(format!(
            "'from' must be less or equal to 'to'. Got ({}, {}",
            text(from),
            text(to)
        )));
    }
    Ok(range)
}

pub(in crate::types) fn timestamp_bound(key: &Value) -> Result<Option<Timestamp>> {
    time_source(key, "Timestamp")?;
    crate::convert::timestamp_bound(key)
}

pub(in crate::types) fn timespan_bound(key: &Value) -> Result<Option<Timespan>> {
    time_source(key, "Timespan")?;
    crate::convert::timespan_bound(key)
}

/// Refuses what no time is made of (`PAbstractTimeDataType#convert_arg`).
fn time_source(key: &Value, class: &str) -> Result<()> {
    match key {
        Value::Undef
        | Value::Default
        | Value::Hash(_)
        | Value::Str(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Timestamp(_)
        | Value::Timespan(_) => Ok(()),
        other => Err(Error::new(format!(
            "Unable to create a Puppet::Pops::Time::{class} from a {}",
            ruby_class(other)
        ))),
    }
}

/// Splits `T1, T2, from, to` into the types and the size.
pub(in crate::types) fn trailing_size(keys: &[Value]) -> Result<(&[Value], Option<Size>)> {
    let is_bound = |key: &Value| match key {
        Value::Int(_) | Value::Default => true,
        Value::Str(text) => text == "default",
        _ => false,
    };
    let plain = |key: &Value| {
        if matches!(key, Value::Str(_)) {
            Value::Default
        } else {
            key.clone()
        }
    };
    match keys {
        [rest @ .., from, to] if is_bound(from) && is_bound(to) => {
            Ok((rest, Some(size(rest.len(), &[plain(from), plain(to)])?)))
        }
        [rest @ .., from] if is_bound(from) => Ok((rest, Some(size(rest.len(), &[plain(from)])?))),
        _ => Ok((keys, None)),
    }
}
