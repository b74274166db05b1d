//! The pre-built catalogs of a release: kept by a push of code, changed by uploads that say so.

use bunraku_farm::documents::{
    Arrival, EnvironmentDoc, FileEntry, Prebuilt, PrebuiltCatalogs, PrebuiltChange,
    ReleaseManifest, UploadDiagnostic,
};
use bunraku_farm::{CodePath, Digest, EnvironmentName};
use bunraku_store::StoreError;
use bytes::Bytes;

use crate::Context;
use crate::archive::Tree;

/// What a release was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The release before it.
    pub release: Digest,
    /// Whether it has a part of that one: its code, or its pre-built catalogs.
    pub is_part: bool,
}

/// The release that a newcomer is made from: that of all nodes, or for one that is rolled out that of the last rollout
/// before it. None of an environment that was removed.
pub(crate) fn base(environment: Option<&EnvironmentDoc>, is_rolled_out: bool) -> Option<Digest> {
    let environment = environment.filter(|document| document.removed_at.is_none())?;
    let mut rollouts = environment.rollouts.iter().rev();
    let last = rollouts.find(|rollout| is_rolled_out && !rollout.state.is_over());
    Some(last.map_or(environment.release, |rollout| rollout.release))
}

/// Completes an upload's tree: code gets the pre-built catalogs of the release that it is made from, and a change of
/// these gets the code. Says which release that is; the tree may come in only over it, unless it is in already. `Err` says what is wrong with the
/// change.
pub(crate) async fn complete(
    context: &Context,
    name: &EnvironmentName,
    arrival: &Arrival,
    tree: &mut Tree,
) -> anyhow::Result<Result<Option<Origin>, Vec<UploadDiagnostic>>> {
    let environment = context.store.environment(name).await?;
    let taken = environment.as_ref().and_then(|it| it.taken(arrival));
    if let Some(taken) = taken {
        // Whoever took it could not tell of it: it is what it became then, whatever came since.
        match context.store.release_manifest(name, taken).await {
            Ok(manifest) => {
                tree.files = manifest.files;
                return Ok(Ok(None));
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let base = base(environment.as_ref(), tree.rollout.is_some());
    let former = match base {
        Some(base) => Some(context.store.release_manifest(name, base).await?),
        None => None,
    };
    let origin = |is_part| base.map(|release| Origin { release, is_part });
    let done = match (tree.prebuilt.clone(), former) {
        (None, former) => {
            let kept =
                keep(tree, former) || any_published(context, name, environment.as_ref()).await?;
            Ok(origin(kept))
        }
        (Some(change), Some(former)) => change_of(context, tree, former, change)
            .await?
            .map(|()| origin(true)),
        (Some(_), None) => Err(vec![UploadDiagnostic::error(format!(
            "environment {name} has no code yet: push a control repo first, if only with an empty manifests/site.pp"
        ))]),
    };
    Ok(done)
}

fn is_own(path: &CodePath) -> bool {
    path.starts_with(PrebuiltCatalogs::OWN)
}

/// What lies where the farm's own files are comes from the farm alone. Says whether anything does.
fn keep(tree: &mut Tree, former: Option<ReleaseManifest>) -> bool {
    tree.files.retain(|path, _| !is_own(path));
    let code = tree.files.len();
    let former = former.into_iter().flat_map(|former| former.files);
    tree.files.extend(former.filter(|(path, _)| is_own(path)));
    tree.files.len() > code
}

/// Whether any release that nodes may have, or may be brought back to, has pre-built catalogs: that a newcomer has none
/// is then a part of what it was made from, too.
async fn any_published(
    context: &Context,
    name: &EnvironmentName,
    environment: Option<&EnvironmentDoc>,
) -> Result<bool, StoreError> {
    for release in environment
        .into_iter()
        .flat_map(EnvironmentDoc::releases_in_use)
    {
        let manifest = context.store.release_manifest(name, release).await?;
        if manifest.files.keys().any(is_own) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn change_of(
    context: &Context,
    tree: &mut Tree,
    former: ReleaseManifest,
    change: PrebuiltChange,
) -> anyhow::Result<Result<(), Vec<UploadDiagnostic>>> {
    let refuse = |message: String| Ok(Err(vec![UploadDiagnostic::error(message)]));
    let list = CodePath::parse(PrebuiltCatalogs::PATH)?;
    let catalogs = match former.files.get(&list) {
        Some(file) => serde_json::from_slice(&context.store.blob(file.digest).await?)?,
        None => PrebuiltCatalogs::default(),
    };
    let (name, newcomer) = match &change {
        PrebuiltChange::Publish(prebuilt) => (&prebuilt.name, Some(prebuilt)),
        PrebuiltChange::Unpublish(name) => (name, None),
    };
    let Some(changed) = catalogs.changed(&change) else {
        return refuse(format!("there is no pre-built catalog {name}"));
    };
    let path = Prebuilt::path(name)?;
    let file = tree.files.remove(&path);
    if !tree.files.is_empty() {
        return refuse("such an upload holds the pre-built catalog, and no other file".to_owned());
    }
    let mut files = former.files;
    files.remove(&path);
    if let Some(prebuilt) = newcomer {
        match file {
            Some(file) if file.digest == prebuilt.catalog => files.insert(path, file),
            _ => {
                return refuse(format!(
                    "{path} is not in the upload, or has another digest"
                ));
            }
        };
    }
    let text = Bytes::from(serde_json::to_vec(&changed)?);
    let entry = FileEntry {
        digest: Digest::of(&text),
        size: text.len() as u64,
        mode: 0o644,
    };
    tree.blobs.insert(entry.digest, text);
    files.insert(list, entry);
    tree.files = files;
    Ok(Ok(()))
}
