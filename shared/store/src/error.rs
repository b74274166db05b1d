//! What can go wrong, by what the caller should do.

/// An error of the store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not there: the caller's answer is 'no such thing'.
    #[error("{key} is not in the store")]
    NotFound {
        /// What was asked for.
        key: String,
    },
    /// Something else lies under the key of an immutable object: leave it.
    #[error("{key} is in the store already, and different")]
    AlreadyExists {
        /// The key.
        key: String,
    },
    /// The document changed since it was read: read again and decide anew.
    #[error("{key} was changed by another writer")]
    Conflict {
        /// The key.
        key: String,
    },
    /// What lies there is not what its digest or its form says: report it, do not use it.
    #[error("{key} is damaged: {reason}")]
    Corrupt {
        /// The key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The caller's input can't be stored or opened: tell the user.
    #[error("{reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
    /// The store's kind is not supported.
    #[error(
        "stores of kind {scheme}:// are not supported; use s3://, gs://, az://, file:// or a directory"
    )]
    Unsupported {
        /// The URL's scheme.
        scheme: String,
    },
    /// The store can't be reached, read or written: try again later.
    #[error("the store is not available ({key}): {reason}")]
    Unavailable {
        /// What was to be read or written.
        key: String,
        /// Why.
        reason: String,
    },
}

impl StoreError {
    /// Whether the thing asked for is not there.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether trying again later may help.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Unavailable { .. })
    }

    pub(crate) fn unavailable(key: impl ToString, error: impl std::fmt::Display) -> Self {
        Self::Unavailable {
            key: key.to_string(),
            reason: error.to_string(),
        }
    }

    pub(crate) fn corrupt(key: impl ToString, error: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            key: key.to_string(),
            reason: error.to_string(),
        }
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid {
            reason: reason.into(),
        }
    }
}
