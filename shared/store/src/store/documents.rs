//! Environments, pointers and facts.

use bunraku_farm::documents::{EnvironmentDoc, FactsDoc, Pointer};
use bunraku_farm::{Certname, EnvironmentName};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::{Store, Updated};
use crate::{Key, StoreError};

impl Store {
    /// An environment's document; `None` when nothing was ever pushed to it.
    pub async fn environment(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Option<EnvironmentDoc>, StoreError> {
        self.read(&Key::Environment(environment.clone())).await
    }

    /// The names of all environments, sorted.
    pub async fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        let keys = self.keys("environments").await?.into_iter();
        Ok(keys
            .filter_map(|(key, _)| match key {
                Key::Environment(name) => Some(name),
                _ => None,
            })
            .collect())
    }

    /// [`Store::update`] of an environment's document.
    pub async fn update_environment(
        &self,
        environment: &EnvironmentName,
        change: impl FnMut(Option<&EnvironmentDoc>) -> Option<EnvironmentDoc> + Send,
    ) -> Result<Updated<EnvironmentDoc>, StoreError> {
        self.update(&Key::Environment(environment.clone()), change)
            .await
    }

    /// A node's pointer; `None` when no compile of it ever ended.
    pub async fn pointer(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
    ) -> Result<Option<Pointer>, StoreError> {
        self.read(&Key::pointer(environment, certname)).await
    }

    /// The nodes that have a pointer in an environment, sorted by key.
    pub async fn pointers(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<Certname>, StoreError> {
        let keys = self
            .keys(&format!("pointers/{environment}"))
            .await?
            .into_iter();
        Ok(keys
            .filter_map(|(key, _)| match key {
                Key::Pointer { certname, .. } => Some(certname),
                _ => None,
            })
            .collect())
    }

    /// [`Store::update`] of a pointer; see [`bunraku_farm::reuse::swing`] for what to write.
    pub async fn update_pointer(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
        change: impl FnMut(Option<&Pointer>) -> Option<Pointer> + Send,
    ) -> Result<Updated<Pointer>, StoreError> {
        self.update(&Key::pointer(environment, certname), change)
            .await
    }

    /// A node's last facts.
    pub async fn facts(&self, certname: &Certname) -> Result<Option<FactsDoc>, StoreError> {
        self.read(&Key::Facts(certname.clone())).await
    }

    /// The nodes whose facts are known, sorted by key.
    pub async fn known_nodes(&self) -> Result<Vec<Certname>, StoreError> {
        let keys = self.keys("facts").await?.into_iter();
        Ok(keys
            .filter_map(|(key, _)| match key {
                Key::Facts(certname) => Some(certname),
                _ => None,
            })
            .collect())
    }

    /// Stores facts when something stable, or the node's environment, changed
    /// ([`FactsDoc::following`]); the answer holds the document as it is now.
    pub async fn put_facts(&self, facts: &FactsDoc) -> Result<Updated<FactsDoc>, StoreError> {
        let key = Key::Facts(facts.certname.clone());
        self.update(&key, |current| facts.clone().following(current))
            .await
    }

    /// Stores facts though only volatile ones changed ([`FactsDoc::superseding`]): for a node whose
    /// catalog read one of these.
    pub async fn replace_facts(&self, facts: &FactsDoc) -> Result<Updated<FactsDoc>, StoreError> {
        let key = Key::Facts(facts.certname.clone());
        self.update(&key, |current| {
            Some(match current {
                Some(current) => facts.clone().superseding(current),
                None => facts.clone(),
            })
        })
        .await
    }

    /// The nodes whose last facts name this environment, sorted by key.
    pub async fn known_nodes_in(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<Certname>, StoreError> {
        let nodes = self.known_nodes().await?;
        let found: Vec<Option<Certname>> = stream::iter(nodes)
            .map(|certname| async move {
                let home: Option<Home> = self.read(&Key::Facts(certname.clone())).await?;
                Ok(home
                    .filter(|home| home.environment == *environment)
                    .map(|_| certname))
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// How many documents are read at once.
const CONCURRENCY: usize = 16;

/// The one field of a facts document that says where its node belongs.
#[derive(Deserialize)]
struct Home {
    environment: EnvironmentName,
}
