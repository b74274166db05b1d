//! The operators of the language, on values.

mod arithmetic;
mod compare;
mod matching;

pub use arithmetic::{add, append, divide, modulo, multiply, negate, shift_right, subtract};
pub use compare::{compare, equals, includes};
pub use matching::{Matched, match_option, match_pattern};
