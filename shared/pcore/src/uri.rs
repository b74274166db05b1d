//! URIs as values.

use ecow::EcoString;

/// A URI as it was written, parsed on demand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    /// The whole text.
    pub text: EcoString,
}
