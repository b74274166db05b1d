//! Credentials of a cloud's own environment.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::{CredentialProvider, Result};

use crate::backend::credentials::NoCredentials;

/// Credentials whose errors are [`NoCredentials`].
#[derive(Debug)]
pub(super) struct Named<C> {
    store: &'static str,
    inner: Arc<dyn CredentialProvider<Credential = C>>,
}

impl<C> Named<C> {
    pub(super) fn new(
        store: &'static str,
        inner: &Arc<dyn CredentialProvider<Credential = C>>,
    ) -> Self {
        Self {
            store,
            inner: Arc::clone(inner),
        }
    }
}

#[async_trait]
impl<C: std::fmt::Debug + Send + Sync> CredentialProvider for Named<C> {
    type Credential = C;

    async fn get_credential(&self) -> Result<Arc<C>> {
        let found = self.inner.get_credential().await;
        found.map_err(|error| NoCredentials::of(self.store, error))
    }
}
