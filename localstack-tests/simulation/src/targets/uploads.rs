//! What has become of uploads.

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{EnvironmentDoc, UploadResult};
use bunraku_store::Key;

use crate::code::Code;
use crate::fleet::{Push, Removal};
use crate::objects::Objects;
use crate::parcel::Change;

/// Why an upload may be refused where releases come stage by stage.
const REASONS: [&str; 7] = [
    "is under way: wait for its end",
    "waits, and would take this back",
    "brings this release already",
    "all nodes have this release already",
    "that arrived later was taken before",
    "there is no pre-built catalog",
    "has no",
];

/// All uploads to an environment.
pub(super) struct Uploads<'a> {
    pub(super) objects: &'a Objects,
    pub(super) name: &'a EnvironmentName,
    pub(super) pushes: Vec<&'a Push>,
    pub(super) removals: Vec<Removal>,
    pub(super) staged: bool,
}

impl Uploads<'_> {
    /// Looks whether each was taken as it came, or refused for a reason, and whether the environment serves the last.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut results = Vec::new();
        for push in &self.pushes {
            let key = Key::upload_result(&push.upload);
            let result: UploadResult = self
                .objects
                .document(&key)
                .ok_or_else(|| format!("{} has no result", push.upload))?;
            self.result(push, &result)?;
            // The store counts what is written.
            let arrival: u64 = result.stamp.parse().unwrap_or_default();
            results.push((arrival, *push, result));
        }
        results.sort_by_key(|(arrival, ..)| *arrival);
        let key = Key::Environment(self.name.clone());
        let document: Option<EnvironmentDoc> = self.objects.document(&key);
        let mut removals = self
            .removals
            .iter()
            .filter(|it| it.environment == *self.name);
        let was_removed = !self.removals.is_empty();
        for (arrival, push, result) in &results {
            let later = results
                .iter()
                .any(|(other, _, result)| other > arrival && result.accepted);
            if result.superseded && !later && !was_removed {
                return Err(format!("{} was overtaken by none", push.upload));
            }
        }
        let direct = |(_, push, result): &&(u64, &Push, UploadResult)| {
            result.accepted && !result.superseded && push.parcel.rollout.is_none()
        };
        let mut direct = results.iter().filter(direct);
        let Some((_, last, result)) = direct.next_back() else {
            return Ok(());
        };
        let document = document.ok_or("it is not there")?;
        if document.removed_at.is_some() {
            // What happens at the same time may be in either order.
            return match removals.any(|removal| removal.before >= last.at) {
                true => Ok(()),
                false => Err("it is removed".to_owned()),
            };
        }
        if !self.staged && result.release != Some(document.release) {
            return Err(format!("it does not serve {}", last.upload));
        }
        let pushed = document
            .history
            .iter()
            .filter_map(|change| change.upload.as_ref());
        let mut pushed = pushed.filter(|arrival| !arrival.id.starts_with('r'));
        match pushed.next() {
            Some(newest) if newest.id == last.upload.id() => Ok(()),
            newest => Err(format!("{newest:?} came last, and not {}", last.upload)),
        }
    }

    fn result(&self, push: &Push, result: &UploadResult) -> Result<(), String> {
        let upload = &push.upload;
        if !result.accepted {
            let mut said = result.diagnostics.iter().map(|found| &found.message);
            let known = |message: &String| REASONS.iter().any(|reason| message.contains(reason));
            return match self.staged && said.any(known) {
                true => Ok(()),
                false => Err(format!("{upload} was refused: {:?}", result.diagnostics)),
            };
        }
        let release = result
            .release
            .ok_or_else(|| format!("{upload} has no release"))?;
        // It may be collected already.
        let Some(code) = Code::read(self.objects, self.name, release) else {
            return Ok(());
        };
        let right = match &push.parcel.change {
            Change::Code(site) => code.code == site.release(),
            Change::Publish(prebuilt, _) => {
                code.published(prebuilt.name.as_str()) == Some(prebuilt.catalog)
            }
            Change::Unpublish(name) => code.published(name.as_str()).is_none(),
        };
        match right {
            true => Ok(()),
            false => Err(format!("{upload} did not become its release")),
        }
    }
}
