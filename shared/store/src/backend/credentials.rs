//! When credentials can't be had, the error says that, not that a connection failed.

use std::error::Error;

/// There are no credentials; why is its source.
#[derive(Debug, thiserror::Error)]
#[error("there are no credentials: {0}")]
pub(crate) struct NoCredentials(#[source] Box<dyn Error + Send + Sync>);

impl NoCredentials {
    /// The error of `object_store` for a store's credentials that can't be had.
    pub(super) fn of(
        store: &'static str,
        error: impl Error + Send + Sync + 'static,
    ) -> object_store::Error {
        object_store::Error::Generic {
            store,
            source: Box::new(Self(Box::new(error))),
        }
    }
}
