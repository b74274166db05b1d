//! Arithmetic with durations and instants (`puppet/pops/time`).

use std::cmp::Ordering;

use super::arithmetic::{
    division_by_zero, float, floor_divide, not_applicable, not_applicable_when,
};
use crate::{Error, Result, Timespan, Timestamp, Value};

const NANOS_PER_SECOND: i128 = 1_000_000_000;

pub(super) fn negate(value: &Value) -> Result<Value> {
    match value {
        Value::Timespan(span) => timespan(-i128::from(span.nanos)),
        other => Err(not_applicable("-", other)),
    }
}

pub(super) fn calculate(operator: &str, left: &Value, right: &Value) -> Result<Value> {
    match (left, right) {
        (Value::Int(_) | Value::Float(_), Value::Timespan(_))
            if operator == "+" || operator == "*" =>
        {
            with_time(operator, right, left)
        }
        (Value::Int(_) | Value::Float(_), Value::Timestamp(_)) if operator == "+" => {
            with_time(operator, right, left)
        }
        (Value::Int(_) | Value::Float(_), Value::Timespan(_)) if operator == "-" => {
            let left = timespan(to_nanos(left).unwrap_or_default())?;
            with_time(operator, &left, right)
        }
        (Value::Int(_) | Value::Float(_), _) => Err(not_applicable_when(operator, left, right)),
        _ => with_time(operator, left, right),
    }
}

fn with_time(operator: &str, left: &Value, right: &Value) -> Result<Value> {
    let nanos = to_nanos(left).unwrap_or_default();
    let other = to_nanos(right).unwrap_or_default();
    let is_instant = |value: &Value| matches!(value, Value::Timestamp(_));
    let is_span = |value: &Value| matches!(value, Value::Timespan(_));
    let name = if is_instant(right) {
        "Timestamp"
    } else {
        "Timespan"
    };
    let failed = |message: String| Err(Error::with_code("RUNTIME_ERROR", message));
    match operator {
        "+" if is_span(left) && is_instant(right) => timestamp(nanos + other),
        "+" if is_instant(left) && is_instant(right) => {
            failed("A Timestamp cannot be added to a Timestamp".to_owned())
        }
        "+" => same_kind(left, nanos + other),
        "-" if is_span(left) && is_instant(right) => {
            failed("A Timestamp cannot be subtracted from a Timespan".to_owned())
        }
        "-" if is_instant(left) && is_instant(right) => timespan(nanos - other),
        "-" => same_kind(left, nanos - other),
        _ if !is_span(left) => Err(not_applicable(operator, left)),
        "*" => match right {
            Value::Int(number) => timespan(nanos.saturating_mul(i128::from(*number))),
            Value::Float(number) => timespan(truncate(to_float(nanos) * number)),
            _ => failed(format!("A Timestamp cannot be multiplied by a {name}")),
        },
        "/" => match right {
            Value::Int(0) => Err(division_by_zero()),
            Value::Int(number) => timespan(floor_divide(nanos, i128::from(*number))),
            Value::Float(number) if *number == 0.0 => Err(division_by_zero()),
            Value::Float(number) => timespan(truncate((to_float(nanos) / number).floor())),
            Value::Timespan(_) => float(operator, to_float(nanos) / to_float(other)),
            _ => failed(format!("A Timespan cannot be divided by a {name}")),
        },
        "%" => match right {
            Value::Int(0) => Err(division_by_zero()),
            Value::Int(number) => {
                let (seconds, number) =
                    (floor_divide(nanos, NANOS_PER_SECOND), i128::from(*number));
                let rest = seconds - floor_divide(seconds, number) * number;
                Ok(Value::Int(i64::try_from(rest).unwrap_or(i64::MAX)))
            }
            _ => failed(format!("Can not do modulus on a Timespan using a a {name}")),
        },
        _ => Err(not_applicable(operator, left)),
    }
}

fn same_kind(like: &Value, nanos: i128) -> Result<Value> {
    if matches!(like, Value::Timestamp(_)) {
        timestamp(nanos)
    } else {
        timespan(nanos)
    }
}

/// Nanoseconds; numbers are seconds.
fn to_nanos(value: &Value) -> Option<i128> {
    match value {
        Value::Int(seconds) => Some(i128::from(*seconds) * NANOS_PER_SECOND),
        Value::Float(seconds) => Some(truncate(seconds * 1e9)),
        Value::Timespan(span) => Some(i128::from(span.nanos)),
        Value::Timestamp(time) => Some(timestamp_nanos(*time)),
        _ => None,
    }
}

fn timestamp_nanos(time: Timestamp) -> i128 {
    i128::from(time.seconds) * NANOS_PER_SECOND + i128::from(time.nanos)
}

/// A duration of so many nanoseconds.
pub(crate) fn timespan(nanos: i128) -> Result<Value> {
    i64::try_from(nanos)
        .map(|nanos| Value::Timespan(Timespan { nanos }))
        .map_err(|_| {
            Error::with_code(
                "NUMERIC_OVERFLOW",
                "A Timespan of more than 292 years is not supported",
            )
        })
}

/// An instant of so many nanoseconds since 1970.
pub(crate) fn timestamp(nanos: i128) -> Result<Value> {
    let seconds = floor_divide(nanos, NANOS_PER_SECOND);
    let rest = nanos - seconds * NANOS_PER_SECOND;
    match (i64::try_from(seconds), u32::try_from(rest)) {
        (Ok(seconds), Ok(nanos)) => Ok(Value::Timestamp(Timestamp { seconds, nanos })),
        _ => Err(Error::with_code(
            "NUMERIC_OVERFLOW",
            "A Timestamp so far away is not supported",
        )),
    }
}

/// A number of seconds as nanoseconds; `None` when it is no number.
pub(crate) fn seconds_to_nanos(value: &Value) -> Option<i128> {
    match value {
        Value::Int(_) | Value::Float(_) => to_nanos(value),
        _ => None,
    }
}

/// Whole seconds (rounded down), and seconds with fraction, of a time.
pub(crate) fn seconds(value: &Value) -> Option<(i64, f64)> {
    let nanos = match value {
        Value::Timespan(_) | Value::Timestamp(_) => to_nanos(value)?,
        _ => return None,
    };
    let whole = i64::try_from(floor_divide(nanos, NANOS_PER_SECOND)).ok()?;
    Some((whole, to_float(nanos) / 1e9))
}

/// Order of a time and another time or a number, as `TimeData#<=>`.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Timespan(a), Value::Timespan(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (_, Value::Int(number)) => Some(seconds(left)?.0.cmp(number)),
        (_, Value::Float(number)) => seconds(left)?.1.partial_cmp(number),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "as Ruby")]
fn to_float(nanos: i128) -> f64 {
    nanos as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates; the range is checked after"
)]
fn truncate(number: f64) -> i128 {
    // Sums of two such must not overflow.
    (number as i128).clamp(i128::MIN / 4, i128::MAX / 4)
}
