//! `+ - * / % << >>`, as `EvaluatorImpl#calculate`.

use crate::{Error, Result, Value};

/// `left + right`: numbers, arrays, hashes, URIs, times, versions.
///
/// # Errors
/// `OPERATOR_NOT_APPLICABLE`, `NUMERIC_OVERFLOW`, `NOT_NUMERIC`.
pub fn add(_left: &Value, _right: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// `left - right`.
///
/// # Errors
/// As [`add`].
pub fn subtract(_left: &Value, _right: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// `left * right`.
///
/// # Errors
/// As [`add`].
pub fn multiply(_left: &Value, _right: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// `left / right`; integers divide towards negative infinity.
///
/// # Errors
/// As [`add`], and `DIV_BY_ZERO`.
pub fn divide(_left: &Value, _right: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// `left % right`.
///
/// # Errors
/// As [`divide`].
pub fn modulo(_left: &Value, _right: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// `left << right`: appends to an array, else shifts bits.
///
/// # Errors
/// As [`add`].
pub fn append(_left: &Value, _right: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// `left >> right`.
///
/// # Errors
/// As [`add`].
pub fn shift_right(_left: &Value, _right: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// `-value`.
///
/// # Errors
/// As [`add`].
pub fn negate(_value: &Value) -> Result<Value> {
    Err(Error::new("not implemented"))
}
