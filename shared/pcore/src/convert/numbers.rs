//! `Integer.new`, `Float.new`, `Numeric.new`. The arguments fit the signatures by now.

use crate::sprintf::{inspect, parse_float, parse_integer};
use crate::{Error, Result, Value, numbers, ops};

/// `from`, `radix` and `abs`, by position or in a hash.
struct Arguments<'a> {
    from: &'a Value,
    radix: Option<u32>,
    absolute: bool,
}

impl<'a> Arguments<'a> {
    fn of(arguments: &'a [Value]) -> Self {
        let (from, rest) = match arguments {
            [Value::Hash(entries)] => {
                let rest = ["radix", "abs"].map(|name| entries.get_str(name));
                (entries.get_str("from").unwrap_or(&Value::Undef), rest)
            }
            [from, rest @ ..] => (from, [rest.first(), rest.get(1)]),
            [] => (&Value::Undef, [None, None]),
        };
        let radix = rest.iter().flatten().find_map(|value| value.as_int());
        Self {
            from,
            radix: radix.and_then(|radix| u32::try_from(radix).ok()),
            absolute: rest
                .iter()
                .flatten()
                .any(|value| **value == Value::Bool(true)),
        }
    }

    fn finish(&self, number: Value) -> Result<Value> {
        match number {
            Value::Int(number) if self.absolute => bounded(i128::from(number).abs()),
            Value::Float(number) if self.absolute => Ok(Value::Float(number.abs())),
            other => Ok(other),
        }
    }
}

fn bounded(number: i128) -> Result<Value> {
    i64::try_from(number).map(Value::Int).map_err(|_| {
        Error::new(format!(
            "The value {number} is outside of the range of an Integer"
        ))
    })
}

pub(super) fn integer(arguments: &[Value]) -> Result<Value> {
    let arguments = Arguments::of(arguments);
    let number = match arguments.from {
        Value::Float(number) if !number.is_finite() => {
            return Err(Error::new(numbers::float_to_string(*number)));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what does not fit is refused after"
        )]
        Value::Float(number) => {
            let whole = number.trunc() as i128;
            i64::try_from(whole).map(Value::Int).map_err(|_| {
                let text = crate::numbers::float_to_string(*number);
                Error::new(format!(
                    "The value {text} is outside of the range of an Integer"
                ))
            })?
        }
        Value::Bool(truth) => Value::Int(i64::from(*truth)),
        Value::Str(text) => bounded(integer_of(text, arguments.radix)?)?,
        time @ (Value::Timespan(_) | Value::Timestamp(_)) => Value::Int(
            ops::seconds(time)
                .map(|(whole, _)| whole)
                .unwrap_or_default(),
        ),
        other => other.clone(),
    };
    arguments.finish(number)
}

fn integer_of(text: &str, radix: Option<u32>) -> Result<i128> {
    parse_integer(text, radix)
        .or_else(|| parse_integer(&without_blanks(text)?, radix))
        .ok_or_else(|| {
            Error::new(format!(
                "invalid value for Integer(): {}",
                inspect(&text.into())
            ))
        })
}

/// `- 5` as `-5`.
fn without_blanks(text: &str) -> Option<String> {
    let (sign, rest) = text.split_at_checked(1)?;
    let rest = matches!(sign, "+" | "-").then_some(rest)?;
    let joined = rest.trim_start_matches([' ', '\t', '\u{a0}']);
    (joined.len() < rest.len()).then(|| format!("{sign}{joined}"))
}

pub(super) fn float(arguments: &[Value]) -> Result<Value> {
    let arguments = Arguments::of(arguments);
    let number = match arguments.from {
        #[expect(clippy::cast_precision_loss, reason = "as Ruby")]
        Value::Int(number) => *number as f64,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Str(text) => float_of(text)?,
        Value::Float(number) => *number,
        other => ops::seconds(other)
            .map(|(_, exact)| exact)
            .unwrap_or_default(),
    };
    arguments.finish(Value::Float(number))
}

fn float_of(text: &str) -> Result<f64> {
    let is_binary = text
        .get(..2)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("0b"));
    #[expect(clippy::cast_precision_loss, reason = "as Ruby")]
    if is_binary {
        return integer_of(text, None).map(|number| number as f64);
    }
    parse_float(text)
        .or_else(|| parse_float(&without_blanks(text)?))
        .ok_or_else(|| {
            Error::new(format!(
                "invalid value for Float(): {}",
                inspect(&text.into())
            ))
        })
}

pub(super) fn numeric(arguments: &[Value]) -> Result<Value> {
    let arguments = Arguments::of(arguments);
    let number = match arguments.from {
        Value::Bool(truth) => Value::Int(i64::from(*truth)),
        Value::Str(text) => {
            let prefix = text.get(..2).map(str::to_ascii_lowercase);
            if matches!(prefix.as_deref(), Some("0x" | "0b")) {
                bounded(integer_of(text, None)?)?
            } else {
                // Not every text of the signature is a number for `to_n` (`-0b1`).
                numbers::parse_number(text).unwrap_or_default()
            }
        }
        time @ (Value::Timespan(_) | Value::Timestamp(_)) => Value::Float(
            ops::seconds(time)
                .map(|(_, exact)| exact)
                .unwrap_or_default(),
        ),
        other => other.clone(),
    };
    arguments.finish(number)
}
