//! Rollouts are begun, steered and taken back, and nodes pinned.

use std::collections::BTreeMap;

use bunraku_edge::OrderError;
use bunraku_edge::api::StartOrder;
use bunraku_farm::documents::{EnvironmentDoc, Pointer, ReleaseManifest, SiteSettings};
use bunraku_farm::rollout::RolloutRequest;
use bunraku_farm::rollout::command::{self, Actor, Done};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_ingest::{Enrolled, Newcomer, check};
use bunraku_store::Store;
use serde::{Deserialize, Serialize};

use super::no_environment;

type Result<T> = std::result::Result<T, OrderError>;

/// An environment in a store, and who gives orders.
pub(super) struct Steering<'a> {
    pub(super) store: &'a Store,
    pub(super) name: &'a EnvironmentName,
    pub(super) who: &'a str,
}

/// What became of a rollout.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Changed {
    environment: EnvironmentName,
    pub(crate) rollout: String,
    pub(crate) what: String,
}

/// A rollout that was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    environment: EnvironmentName,
    pub(crate) rollout: String,
    pub(crate) release: Digest,
}

impl Started {
    /// A rollout of a release in an environment.
    pub(crate) const fn new(
        environment: EnvironmentName,
        rollout: String,
        release: Digest,
    ) -> Self {
        Self {
            environment,
            rollout,
            release,
        }
    }
}

/// Nodes, each with the release that it stays at.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pinned {
    environment: EnvironmentName,
    pub(crate) pins: BTreeMap<Certname, Digest>,
}

/// Nodes that go with the others again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unpinned {
    environment: EnvironmentName,
    pub(crate) unpinned: Vec<Certname>,
}

impl Steering<'_> {
    fn refused<T>(reason: impl Into<String>) -> Result<T> {
        Err(OrderError::Refused(reason.into()))
    }

    fn by(&self) -> Actor<'_> {
        Actor {
            who: self.who,
            at: self.store.host().now(),
        }
    }

    /// Changes the environment's document, unless the rules say why not.
    async fn update<T: Send>(
        &self,
        change: impl Fn(&EnvironmentDoc, Actor<'_>) -> std::result::Result<(EnvironmentDoc, T), String>
        + Send
        + Sync,
    ) -> Result<T> {
        let by = self.by();
        let mut outcome = Err(no_environment(self.name));
        let update = |current: Option<&EnvironmentDoc>| {
            outcome = Err(no_environment(self.name));
            let current = current.filter(|document| document.removed_at.is_none())?;
            match change(current, by) {
                Ok((document, told)) => {
                    outcome = Ok(told);
                    Some(document)
                }
                Err(reason) => {
                    outcome = Err(OrderError::Refused(reason));
                    None
                }
            }
        };
        self.store.update_environment(self.name, update).await?;
        outcome
    }

    async fn change(
        &self,
        change: impl Fn(&EnvironmentDoc, Actor<'_>) -> std::result::Result<Done, String> + Send + Sync,
    ) -> Result<Changed> {
        let done = self.update(|document, by| {
            change(document, by).map(|done| (done.document, (done.rollout, done.what)))
        });
        let (rollout, what) = done.await?;
        Ok(Changed {
            environment: self.name.clone(),
            rollout,
            what,
        })
    }

    pub(super) async fn pause(&self, why: &str) -> Result<Changed> {
        self.change(|document, by| command::pause(document, why, by))
            .await
    }

    pub(super) async fn resume(&self) -> Result<Changed> {
        self.change(command::resume).await
    }

    pub(super) async fn abort(&self, name: Option<&str>) -> Result<Changed> {
        self.change(|document, by| command::abort(document, name, by))
            .await
    }

    pub(super) async fn undo(&self) -> Result<Changed> {
        self.change(command::undo).await
    }

    /// The release that a text names by its first characters. It is about to be named: no collection takes it.
    pub(super) async fn release(&self, text: &str) -> Result<ReleaseManifest> {
        let releases = self.store.releases(self.name).await?.into_iter();
        let named: Vec<Digest> = releases
            .filter(|release| release.to_hex().starts_with(text))
            .collect();
        let kept = match named[..] {
            [release] => self.store.keep_release(self.name, release).await?,
            [] => None,
            _ => return Self::refused(format!("{text} may be one of {} releases", named.len())),
        };
        kept.ok_or_else(|| {
            OrderError::Refused(format!(
                "environment {} has no release {text}; `bunraku releases` lists them",
                self.name
            ))
        })
    }

    /// Nodes with the releases that are named for them.
    async fn named(
        &self,
        nodes: BTreeMap<Certname, Option<String>>,
    ) -> Result<BTreeMap<Certname, Option<Digest>>> {
        let mut found: BTreeMap<String, Digest> = BTreeMap::new();
        for text in nodes.values().flatten() {
            if !found.contains_key(text) {
                found.insert(text.clone(), self.release(text).await?.release);
            }
        }
        let release = |text: Option<String>| text.and_then(|text| found.get(&text).copied());
        let named = nodes.into_iter();
        Ok(named.map(|(node, text)| (node, release(text))).collect())
    }

    /// Begins a rollout of a release that the farm has.
    pub(super) async fn start(&self, asked: StartOrder) -> Result<Started> {
        let manifest = self.release(&asked.release).await?;
        let request = RolloutRequest {
            name: asked.name,
            plan: asked.plan,
            pins: self.named(asked.pins).await?,
            by: self.who.to_owned(),
        };
        let newcomer = Newcomer {
            environment: self.name,
            release: manifest.release,
            upload: None,
            origin: None,
            settings: self.settings(&manifest).await?,
        };
        let now = self.store.host().now();
        match newcomer.enroll(self.store, &request, now).await? {
            Enrolled::In(rollout) => Ok(Started::new(self.name.clone(), rollout, manifest.release)),
            Enrolled::Refused(reason) => Self::refused(reason),
            Enrolled::Overtaken => Self::refused("another release came in meanwhile; try again"),
        }
    }

    /// What a release says of itself.
    async fn settings(&self, manifest: &ReleaseManifest) -> Result<SiteSettings> {
        let Some(entry) = manifest.file(check::SITE_SETTINGS) else {
            return Ok(SiteSettings::default());
        };
        let bytes = self.store.blob(entry.digest).await?;
        Ok(check::settings(check::SITE_SETTINGS, &bytes).unwrap_or_default())
    }

    /// Pins nodes, each at a release or at what it has now.
    pub(super) async fn pin(&self, nodes: BTreeMap<Certname, Option<String>>) -> Result<Pinned> {
        let named = self.named(nodes).await?;
        let mut pointers: BTreeMap<&Certname, Pointer> = BTreeMap::new();
        for certname in named.keys() {
            if let Some(pointer) = self.store.pointer(self.name, certname).await? {
                pointers.insert(certname, pointer);
            }
        }
        let pins = self.update(|document, by| {
            let mut next = document.clone();
            let mut pins = BTreeMap::new();
            for (certname, release) in &named {
                // What a node has is named by this very document.
                let has = document.aim(certname, pointers.get(certname)).release;
                let release = release.unwrap_or(has);
                next = command::pin(&next, certname, release, by);
                pins.insert(certname.clone(), release);
            }
            Ok((next, pins))
        });
        Ok(Pinned {
            pins: pins.await?,
            environment: self.name.clone(),
        })
    }

    pub(super) async fn unpin(&self, nodes: Vec<Certname>) -> Result<Unpinned> {
        self.update(|document, by| {
            let mut next = document.clone();
            for node in &nodes {
                next = command::unpin(&next, node, by)
                    .ok_or_else(|| format!("{node} is not pinned"))?;
            }
            Ok((next, ()))
        })
        .await?;
        Ok(Unpinned {
            environment: self.name.clone(),
            unpinned: nodes,
        })
    }
}
