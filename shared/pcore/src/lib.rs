//! Puppet's data model: values, types, inference, rich data, formatting.
//!
//! Everything here is pure: no file, clock or environment is read, and no input makes it panic.
//! Rules come from Puppet's `pops/types` and `pops/evaluator`; each module names its source.
//!
//! - [`Value`] is every run-time value; [`Type`] every Pcore type with its parameters.
//! - [`types::infer`], [`types::is_instance`], [`types::is_assignable`], [`types::parameterize`].
//! - [`ops`]: arithmetic, comparison and matching; [`convert::new_instance`]: `Type.new`.
//! - [`format`]: `String.new` formats; [`sprintf`]; [`rich`]: JSON; [`regex`]: Ruby's expressions.
//! - [`mismatch`]: why a value or an argument list does not fit, in Puppet's words.

pub mod convert;
mod error;
pub mod format;
pub mod mismatch;
pub mod numbers;
pub mod ops;
pub mod regex;
pub mod rich;
mod ruby_class;
pub mod semver;
pub mod sprintf;
pub mod time;
pub mod types;
pub mod uri;
mod value;

pub use error::{Error, Result, TypeError};
pub use regex::RubyRegex;
pub use ruby_class::{ruby_class, ruby_class_in_conversion, ruby_operand};
pub use semver::{SemVer, SemVerRange};
pub use time::{Timespan, Timestamp};
pub use types::Type;
pub use uri::Uri;
pub use value::{Deferred, Object, PuppetHash, PuppetIterator, Value, to_display_string};
