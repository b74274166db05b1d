//! Environments, pointers and facts.

use bunraku_farm::documents::{
    EnvironmentDoc, FactsDoc, Node, Pointer, Selector, SiteSettings, Unknown,
};
use bunraku_farm::messages::Lane;
use bunraku_farm::{Certname, EnvironmentName};
use bytes::Bytes;

use super::{Store, Updated, Versioned};
use crate::{Key, StoreError};

impl Store {
    /// An environment's document; `None` when nothing was ever pushed to it, or it was removed.
    pub async fn environment(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Option<EnvironmentDoc>, StoreError> {
        let document: Option<EnvironmentDoc> =
            self.read(&Key::Environment(environment.clone())).await?;
        Ok(document.filter(|document| document.removed_at.is_none()))
    }

    /// The names of all environments, sorted; those that were removed are among them.
    pub async fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        let keys = self.keys("environments").await?.into_iter();
        Ok(keys
            .filter_map(|(key, _)| match key {
                Key::Environment(name) => Some(name),
                _ => None,
            })
            .collect())
    }

    /// Removes an environment: nobody is served from it any more. When the grace is over, its
    /// nodes' documents and its releases are collected, and then their catalogs; until then, a push finds
    /// them. Says whether it was there.
    pub async fn remove_environment(
        &self,
        environment: &EnvironmentName,
    ) -> Result<bool, StoreError> {
        let now = self.host().now();
        let removed = self
            .update_environment(environment, |current| current?.removed(now))
            .await?;
        Ok(removed.written)
    }

    /// [`Store::update`] of an environment's document, which may be one that was removed.
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

    /// A node's pointer with its version, for [`Store::update_from`].
    pub async fn versioned_pointer(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
    ) -> Result<Option<Versioned<Pointer>>, StoreError> {
        self.read_versioned(&Key::pointer(environment, certname))
            .await
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

    /// The lane that a site's rules give a node. Its facts, and its pointer for the classes of its
    /// catalog, are read where a rule asks for what is not known of it yet.
    pub async fn lane(
        &self,
        environment: &EnvironmentName,
        settings: &SiteSettings,
        mut node: Node,
    ) -> Result<Lane, StoreError> {
        loop {
            match settings.lane(&node) {
                Ok(lane) => return Ok(lane),
                Err(unknown) => self.learn(environment, &mut node, unknown).await?,
            }
        }
    }

    /// Whether a rule is for a node. What has to be known of it is read where the rule asks for it, and kept in `node`.
    pub async fn is_meant(
        &self,
        environment: &EnvironmentName,
        rule: &Selector,
        node: &mut Node,
    ) -> Result<bool, StoreError> {
        loop {
            match rule.holds_for(node) {
                Ok(holds) => return Ok(holds),
                Err(unknown) => self.learn(environment, node, unknown).await?,
            }
        }
    }

    async fn learn(
        &self,
        environment: &EnvironmentName,
        node: &mut Node,
        unknown: Unknown,
    ) -> Result<(), StoreError> {
        match unknown {
            Unknown::Facts => {
                let facts = self.facts(node.certname()).await?;
                node.learn_facts(facts.map(|facts| facts.values).unwrap_or_default());
            }
            Unknown::Classes => {
                let pointer = self.pointer(environment, node.certname()).await?;
                node.learn_classes(pointer.map(|pointer| pointer.classes).unwrap_or_default());
            }
        }
        Ok(())
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
        self.write_facts(facts, |current| facts.clone().following(current))
            .await
    }

    /// Stores facts though only volatile ones changed ([`FactsDoc::superseding`]): for a node whose
    /// catalog read one of these.
    pub async fn replace_facts(&self, facts: &FactsDoc) -> Result<Updated<FactsDoc>, StoreError> {
        self.write_facts(facts, |current| {
            Some(match current {
                Some(current) => facts.clone().superseding(current),
                None => facts.clone(),
            })
        })
        .await
    }

    /// Writes facts and keeps the node's membership true: whoever dies on the way leaves a node
    /// that is a member too many, never one too few.
    async fn write_facts(
        &self,
        facts: &FactsDoc,
        change: impl Fn(Option<&FactsDoc>) -> Option<FactsDoc> + Send,
    ) -> Result<Updated<FactsDoc>, StoreError> {
        let certname = &facts.certname;
        let key = Key::Facts(certname.clone());
        let current = self.read_versioned::<FactsDoc>(&key).await?;
        let former = current
            .as_ref()
            .map(|current| current.value.environment.clone());
        let moves = former.as_ref() != Some(&facts.environment)
            && change(current.as_ref().map(|current| &current.value)).is_some();
        if moves {
            self.join(&facts.environment, certname).await?;
        }
        let updated = self.update_from(&key, current, change).await?;
        if let Some(former) = former.filter(|_| moves) {
            self.leave(&former, certname).await?;
        }
        Ok(updated)
    }

    async fn join(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
    ) -> Result<(), StoreError> {
        let key = member(environment, certname).to_string();
        self.backend.create(vec![(key, Bytes::new())]).await?;
        Ok(())
    }

    /// Ends a membership, unless the node came back meanwhile.
    async fn leave(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
    ) -> Result<(), StoreError> {
        self.delete(&member(environment, certname)).await?;
        match self.facts(certname).await? {
            Some(now) if now.environment == *environment => self.join(environment, certname).await,
            _ => Ok(()),
        }
    }

    /// The nodes whose last facts name this environment, sorted by key.
    pub async fn known_nodes_in(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<Certname>, StoreError> {
        let keys = self.keys(&format!("members/{environment}")).await?;
        let members = keys.into_iter().filter_map(|(key, _)| match key {
            Key::Member { certname, .. } => Some(certname),
            _ => None,
        });
        Ok(members.collect())
    }
}

pub(super) fn member(environment: &EnvironmentName, certname: &Certname) -> Key {
    Key::Member {
        environment: environment.clone(),
        certname: certname.clone(),
    }
}
