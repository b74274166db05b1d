//! `+ - * / % << >>`, as `EvaluatorImpl#calculate`.

use super::{collections, times};
use crate::{Error, PuppetHash, Result, Value, numbers};

/// `left + right`: numbers, arrays, hashes, URIs, times, versions.
///
/// # Errors
/// `OPERATOR_NOT_APPLICABLE`, `NUMERIC_OVERFLOW`, `NOT_NUMERIC`.
pub fn add(left: &Value, right: &Value) -> Result<Value> {
    match left {
        Value::Array(_) | Value::Hash(_) | Value::Uri(_) | Value::Binary(_) => {
            collections::concatenate(left, right)
        }
        _ => calculate("+", left, right),
    }
}

/// `left - right`.
///
/// # Errors
/// As [`add`].
pub fn subtract(left: &Value, right: &Value) -> Result<Value> {
    match left {
        Value::Array(elements) => Ok(collections::without_elements(elements, right)),
        Value::Hash(entries) => Ok(collections::without_keys(entries, right)),
        _ => calculate("-", left, right),
    }
}

/// `left * right`.
///
/// # Errors
/// As [`add`].
pub fn multiply(left: &Value, right: &Value) -> Result<Value> {
    calculate("*", left, right)
}

/// `left / right`; integers divide towards negative infinity.
///
/// # Errors
/// As [`add`], and `DIV_BY_ZERO`.
pub fn divide(left: &Value, right: &Value) -> Result<Value> {
    calculate("/", left, right)
}

/// `left % right`.
///
/// # Errors
/// As [`divide`].
pub fn modulo(left: &Value, right: &Value) -> Result<Value> {
    calculate("%", left, right)
}

/// `left << right`: appends to an array, else shifts bits.
///
/// # Errors
/// As [`add`].
pub fn append(left: &Value, right: &Value) -> Result<Value> {
    match left {
        Value::Array(elements) => {
            let mut result = Vec::with_capacity(elements.len() + 1);
            result.extend(elements.iter().cloned());
            result.push(right.clone());
            Ok(Value::array(result))
        }
        Value::Hash(_) => Err(not_applicable("<<", left)),
        _ => calculate("<<", left, right),
    }
}

/// `left >> right`.
///
/// # Errors
/// As [`add`].
pub fn shift_right(left: &Value, right: &Value) -> Result<Value> {
    calculate(">>", left, right)
}

/// `-value`.
///
/// # Errors
/// As [`add`].
pub fn negate(value: &Value) -> Result<Value> {
    match to_numeric(value, 0)? {
        Value::Int(number) => integer("-", -i128::from(number)),
        Value::Float(number) => Ok(Value::Float(-number)),
        time => times::negate(&time),
    }
}

fn calculate(operator: &str, left: &Value, right: &Value) -> Result<Value> {
    if let Value::SemVer(_) = left {
        // A version is a `Numeric` in Ruby, without any operator.
        return Err(not_applicable(operator, left));
    }
    let left = to_numeric(left, 0)?;
    if let Value::SemVer(_) = right {
        let target = if matches!(left, Value::Int(_) | Value::Float(_)) {
            "can't convert SemanticPuppet::Version into Float"
        } else {
            "the operator is not applicable to a version"
        };
        return Err(Error::with_code("RUNTIME_ERROR", target));
    }
    let right = to_numeric(right, 1)?;
    match (&left, &right) {
        (Value::Float(_), _) if operator == "%" => Err(not_applicable(operator, &left)),
        (_, Value::Float(_)) if operator == "%" => {
            Err(not_applicable_when(operator, &left, &right))
        }
        (Value::Int(a), Value::Int(b)) => integers(operator, *a, *b),
        (Value::Int(a), Value::Float(b)) => match operator {
            // Ruby makes an integer of the distance.
            "<<" | ">>" => integers(operator, *a, truncate(*b)),
            #[expect(clippy::cast_precision_loss, reason = "as Ruby")]
            _ => floats(operator, *a as f64, *b, &left),
        },
        #[expect(clippy::cast_precision_loss, reason = "as Ruby")]
        (Value::Float(a), Value::Int(b)) => floats(operator, *a, *b as f64, &left),
        (Value::Float(a), Value::Float(b)) => floats(operator, *a, *b, &left),
        _ => times::calculate(operator, &left, &right),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, and such a distance is refused"
)]
fn truncate(number: f64) -> i64 {
    number as i64
}

fn to_numeric(value: &Value, position: usize) -> Result<Value> {
    let number = match value {
        Value::Int(_) | Value::Float(_) | Value::Timespan(_) | Value::Timestamp(_) => {
            Some(value.clone())
        }
        Value::Str(text) => numbers::parse_number(text),
        _ => None,
    };
    number.ok_or_else(|| {
        let text = crate::sprintf::to_display(value);
        let message = format!("The value '{text}' cannot be converted to Numeric.");
        Error::with_code("NOT_NUMERIC", message).at_argument(position)
    })
}

fn integers(operator: &str, a: i64, b: i64) -> Result<Value> {
    let (wide_a, wide_b) = (i128::from(a), i128::from(b));
    match operator {
        "+" => integer(operator, wide_a + wide_b),
        "-" => integer(operator, wide_a - wide_b),
        "*" => integer(operator, wide_a * wide_b),
        "/" | "%" if b == 0 => Err(division_by_zero()),
        "/" => integer(operator, floor_divide(wide_a, wide_b)),
        "%" => integer(operator, wide_a - floor_divide(wide_a, wide_b) * wide_b),
        "<<" => shift(operator, a, b),
        _ => shift(operator, a, b.saturating_neg()),
    }
}

/// Shifts to the left; a negative distance is one to the right.
fn shift(operator: &str, number: i64, distance: i64) -> Result<Value> {
    if number == 0 {
        return Ok(Value::Int(0));
    }
    if distance <= 0 {
        let right = u32::try_from(distance.unsigned_abs())
            .unwrap_or(u32::MAX)
            .min(63);
        return Ok(Value::Int(number >> right));
    }
    if let Some(result) = u32::try_from(distance)
        .ok()
        .filter(|distance| *distance < 64)
        .map(|distance| i128::from(number) << distance)
    {
        return integer(operator, result);
    }
    // Beyond any integer that is kept: only the text of the number is needed.
    let Some(zeros) = usize::try_from(distance / 4)
        .ok()
        .filter(|zeros| *zeros <= 16_384)
    else {
        return Err(Error::with_code("RUNTIME_ERROR", "shift width too big"));
    };
    let digits = i128::from(number).unsigned_abs() << (distance % 4);
    Err(overflow(
        operator,
        number > 0,
        &format!("{digits:x}{}", "0".repeat(zeros)),
    ))
}

pub(super) fn floor_divide(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) {
        quotient - 1
    } else {
        quotient
    }
}

fn integer(operator: &str, result: i128) -> Result<Value> {
    i64::try_from(result).map(Value::Int).map_err(|_| {
        overflow(
            operator,
            result > 0,
            &format!("{:x}", result.unsigned_abs()),
        )
    })
}

fn overflow(operator: &str, positive: bool, digits: &str) -> Error {
    let (bound, sign) = if positive { ("max", '+') } else { ("min", '-') };
    Error::with_code(
        "NUMERIC_OVERFLOW",
        format!(
            "A '{operator}' expression resulted in a value outside of Puppet Integer {bound} range, got '{sign}0x{digits}'"
        ),
    )
}

fn floats(operator: &str, a: f64, b: f64, left: &Value) -> Result<Value> {
    let result = match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        _ => return Err(not_applicable(operator, left)),
    };
    float(operator, result)
}

/// A float that the language may see: no infinity.
pub(super) fn float(operator: &str, result: f64) -> Result<Value> {
    if result.is_infinite() {
        let message = format!("The result of the {operator} expression is Infinity");
        return Err(Error::with_code("RESULT_IS_INFINITY", message).at_argument(0));
    }
    Ok(Value::Float(result))
}

pub(super) fn division_by_zero() -> Error {
    Error::with_code("DIV_BY_ZERO", "Division by 0").at_argument(1)
}

pub(super) fn not_applicable(operator: &str, left: &Value) -> Error {
    let message = format!(
        "Operator '{operator}' is not applicable to {}.",
        super::a_label(left)
    );
    Error::with_code("OPERATOR_NOT_APPLICABLE", message).at_argument(0)
}

pub(super) fn not_applicable_when(operator: &str, left: &Value, right: &Value) -> Error {
    let message = format!(
        "Operator '{operator}' is not applicable to {} when right side is {}.",
        super::a_label(left),
        super::a_label(right)
    );
    Error::with_code("OPERATOR_NOT_APPLICABLE_WHEN", message).at_argument(0)
}

/// `Hash[...]` of Ruby over a list of alternating keys and values.
///
/// # Errors
/// Ruby's, for an odd number.
pub(crate) fn hash_of_list(list: &[Value]) -> Result<PuppetHash> {
    if let [Value::Hash(entries)] = list {
        return Ok(entries.as_ref().clone());
    }
    if let [Value::Array(pairs)] = list {
        return hash_of_pairs(pairs);
    }
    if !list.len().is_multiple_of(2) {
        return Err(Error::new("odd number of arguments for Hash"));
    }
    Ok(list
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [key, value] => Some((key.clone(), value.clone())),
            _ => None,
        })
        .collect())
}

/// `Hash[pairs]` of Ruby.
///
/// # Errors
/// Ruby's, for what is no pair.
pub(crate) fn hash_of_pairs(pairs: &[Value]) -> Result<PuppetHash> {
    let mut result = PuppetHash::with_capacity(pairs.len());
    for (index, pair) in pairs.iter().enumerate() {
        match pair.as_array() {
            Some([key, value]) => result.insert(key.clone(), value.clone()),
            Some([key]) => result.insert(key.clone(), Value::Undef),
            Some(other) => {
                return Err(Error::new(format!(
                    "invalid number of elements ({} for 1..2)",
                    other.len()
                )));
            }
            None => {
                let class = crate::ruby_class_in_conversion(pair);
                return Err(Error::new(format!(
                    "wrong element type {class} at {index} (expected array)"
                )));
            }
        };
    }
    Ok(result)
}
