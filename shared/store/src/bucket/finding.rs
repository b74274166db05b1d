//! What a check of a bucket finds.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// The farm works, but something is missed or could not be looked at.
    Warning,
    /// The farm does not work, or is open to others.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at, such as `versioning`; stable, for scripts.
    pub what: String,
    /// How it is.
    pub level: Level,
    /// What was found, in one line.
    pub detail: String,
    /// What to do about it; absent when it is as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    pub(super) fn ok(what: &str, detail: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            level: Level::Ok,
            detail: detail.into(),
            hint: None,
        }
    }

    pub(super) fn warning(what: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            level: Level::Warning,
            detail: detail.into(),
            hint: Some(hint.into()),
        }
    }

    pub(super) fn error(what: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            ..Self::warning(what, detail, hint)
        }
    }
}
