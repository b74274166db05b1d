//! Why a command ends without doing what it was asked, and with which exit code.

use std::fmt;
use std::process::ExitCode;

use bunraku_queue::QueueError;
use bunraku_store::StoreError;

/// Result of a command.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// A command that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input is wrong (exit code 1).
    Input(String),
    /// The store, queue or edge could not be reached (exit code 3).
    Unreachable(String),
}

impl Failure {
    /// A failure of the input.
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::Input(message.to_string())
    }

    /// A failure of the surroundings.
    pub(crate) fn unreachable(message: impl fmt::Display) -> Self {
        Self::Unreachable(message.to_string())
    }

    /// The exit code of CLI.md.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Input(_) => 1,
            Self::Unreachable(_) => 3,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::Unreachable(message) => f.write_str(message),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::unreachable(error),
            other => Self::input(other),
        }
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        Self::unreachable(error)
    }
}

impl From<bunraku_pki::PkiError> for Failure {
    fn from(error: bunraku_pki::PkiError) -> Self {
        Self::input(error)
    }
}

impl From<bunraku_farm::NameError> for Failure {
    fn from(error: bunraku_farm::NameError) -> Self {
        Self::input(error)
    }
}
