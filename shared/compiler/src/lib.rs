//! Tree and inputs to catalog and trace.

#![allow(missing_docs)]
pub mod inputs;
pub mod log;
pub mod settings;
