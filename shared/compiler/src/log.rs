//! What a compile says while it works: `notice()`, warnings, deprecations.

use std::sync::Arc;

/// Puppet's log levels, from the least to the most severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Details for authors.
    Debug,
    /// What happens.
    Info,
    /// What is worth a word.
    Notice,
    /// What may be wrong.
    Warning,
    /// What is wrong.
    Err,
    /// Needs attention at once.
    Alert,
    /// The system is unusable.
    Emerg,
    /// A critical condition.
    Crit,
}

impl Level {
    /// The name as Puppet writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Err => "err",
            Self::Alert => "alert",
            Self::Emerg => "emerg",
            Self::Crit => "crit",
        }
    }
}

/// One log entry of a compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// How severe it is.
    pub level: Level,
    /// The text, without location.
    pub message: String,
    /// Who says it, for example `Scope(Class[main])`; `Puppet` when no scope does.
    pub source: String,
    /// The display path of the code that caused it.
    pub file: Option<Arc<str>>,
    /// 1-based line.
    pub line: Option<u32>,
    /// 1-based column.
    pub column: Option<u32>,
    /// Puppet's issue code, for validation and evaluation issues.
    pub issue_code: Option<String>,
}
