//! One thing that the doctor looked at.

use bunraku_queue::sqs;
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// It works, but somebody should look.
    Warning,
    /// It does not work.
    Error,
}

/// What was looked at, how it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: String,
    pub(crate) state: State,
    pub(crate) detail: String,
}

impl Finding {
    pub(crate) fn ok(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: State::Ok,
            detail: detail.into(),
        }
    }

    pub(crate) fn error(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: State::Error,
            detail: detail.into(),
        }
    }

    pub(crate) fn row(&self) -> Vec<String> {
        let state = match self.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Error => "error",
        };
        vec![state.to_owned(), self.what.clone(), self.detail.clone()]
    }
}

impl From<sqs::Finding> for Finding {
    fn from(finding: sqs::Finding) -> Self {
        Self {
            what: finding.what,
            state: match finding.state {
                sqs::State::Ok => State::Ok,
                sqs::State::Warning => State::Warning,
                sqs::State::Error => State::Error,
            },
            detail: finding.detail,
        }
    }
}
