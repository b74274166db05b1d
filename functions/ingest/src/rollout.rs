//! A release that comes in stage by stage.

use std::collections::{BTreeMap, BTreeSet};

use bunraku_farm::documents::{Arrival, EnvironmentDoc, Pointer, SiteSettings};
use bunraku_farm::rollout::command::{self, Actor, Asked};
use bunraku_farm::rollout::{Rollout, RolloutRequest};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Store, StoreError};
use jiff::Timestamp;

use crate::prebuilt::{self, Origin};

/// A release that no node has yet, and that the store is to keep: it was sealed or asked for just now
/// ([`Store::keep_release`]).
#[derive(Clone, Debug)]
pub struct Newcomer<'a> {
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The release.
    pub release: Digest,
    /// The upload that brings it, if one does; one that comes twice brings one rollout.
    pub upload: Option<&'a Arrival>,
    /// What it was made from; it comes in only right behind that one. Without it, behind whatever is there.
    pub origin: Option<Origin>,
    /// What the release says of itself.
    pub settings: SiteSettings,
}

/// What came of a release that is to be rolled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// Its rollout, by its name.
    In(String),
    /// Why it may not come in.
    Refused(String),
    /// Another one came in since it was made from the one before.
    Overtaken,
}

impl Newcomer<'_> {
    /// Puts the release behind the rollouts of its environment. A plan that the request does not name is the release's
    /// own, or the default. Nodes may be pinned at releases that the store has.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn enroll(
        &self,
        store: &Store,
        request: &RolloutRequest,
        at: Timestamp,
    ) -> Result<Enrolled, StoreError> {
        let Self {
            environment,
            release,
            upload,
            origin,
            settings,
        } = self;
        let named: BTreeSet<Digest> = request.pins.values().flatten().copied().collect();
        for release in named {
            if store.keep_release(environment, release).await?.is_none() {
                return Ok(Enrolled::Refused(format!(
                    "environment {environment} has no release {release} that nodes could be pinned at; `bunraku releases` \
                     lists them"
                )));
            }
        }
        let pointers = pointers(store, environment, request).await?;
        let mut outcome = Enrolled::Refused(format!(
            "environment {environment} has no release that nodes could keep meanwhile: push the first one"
        ));
        let change = |current: Option<&EnvironmentDoc>| {
            // What a removed environment held may be gone.
            let current = current.filter(|document| document.removed_at.is_none())?;
            let same = |rollout: &&Rollout| upload.is_some() && rollout.upload.as_ref() == *upload;
            if let Some(there) = current.rollouts.iter().find(same) {
                outcome = Enrolled::In(there.name.clone());
                return None;
            }
            if origin
                .is_some_and(|origin| prebuilt::base(Some(current), true) != Some(origin.release))
            {
                outcome = Enrolled::Overtaken;
                return None;
            }
            if upload.is_some_and(|upload| current.supersedes(upload)) {
                outcome = Enrolled::Refused(format!(
                    "a push to environment {environment} that arrived later was taken before this one"
                ));
                return None;
            }
            let asked = Asked {
                name: request.name.clone(),
                release: *release,
                upload: upload.cloned(),
                made_from: origin
                    .filter(|origin| origin.is_part)
                    .map(|origin| origin.release),
                settings: settings.clone(),
                plan: (request.plan.clone())
                    .or_else(|| settings.rollout.clone())
                    .unwrap_or_default(),
            };
            let by = Actor {
                who: &request.by,
                at,
            };
            match command::start(current, asked, by) {
                Ok(done) => {
                    let mut document = done.document;
                    for (certname, release) in &request.pins {
                        let has = current.aim(certname, pointers.get(certname)).release;
                        document = command::pin(&document, certname, release.unwrap_or(has), by);
                    }
                    outcome = Enrolled::In(done.rollout);
                    Some(document)
                }
                Err(reason) => {
                    outcome = Enrolled::Refused(reason);
                    None
                }
            }
        };
        store.update_environment(environment, change).await?;
        Ok(outcome)
    }
}

/// Where nodes stand that are to be pinned.
async fn pointers(
    store: &Store,
    environment: &EnvironmentName,
    request: &RolloutRequest,
) -> Result<BTreeMap<Certname, Pointer>, StoreError> {
    let mut pointers = BTreeMap::new();
    for certname in request.pins.keys() {
        if let Some(pointer) = store.pointer(environment, certname).await? {
            pointers.insert(certname.clone(), pointer);
        }
    }
    Ok(pointers)
}
