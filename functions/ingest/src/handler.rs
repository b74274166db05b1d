//! One upload, from archive to release.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use bunraku_farm::documents::{
    Arrival, EnvironmentDoc, ReleaseManifest, Severity, SiteSettings, UploadDiagnostic, UploadKey,
    UploadResult,
};
use bunraku_farm::facts::SiteFacts;
use bunraku_farm::messages::{AdvanceTask, Cause, NodeSelection, PlanTask, UploadCreated};
use bunraku_farm::rollout::{Rollout, RolloutRequest};
use bunraku_farm::{Certname, Digest, EnvironmentName, plan};
use bunraku_store::{Held, Key};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use crate::archive::{self, Tree};
use crate::prebuilt::{self, Origin};
use crate::rollout::{Enrolled, Newcomer};
use crate::{Context, check};

/// How many blobs are read from the store at once.
const CONCURRENCY: usize = 16;
/// How often an upload is checked anew because another release came in meanwhile.
const MAX_ROUNDS: usize = 8;

/// A tree that passed the archive's checks, with the contents that the checks of files look at.
struct Checked {
    /// The release whose pre-built catalogs, or code, it was completed with.
    origin: Option<Origin>,
    /// Whether it changes pre-built catalogs, and no code.
    is_publication: bool,
    manifest: ReleaseManifest,
    /// What came with the upload.
    blobs: BTreeMap<Digest, Bytes>,
    /// What is in the store besides.
    held: Held,
    diagnostics: Vec<UploadDiagnostic>,
    /// What the tree is to the farm besides code.
    site: Site,
    /// That it is to be rolled out, and how.
    rollout: Option<RolloutRequest>,
}

/// How a release came in.
struct Entered {
    /// The rollout that brings it.
    rollout: Option<String>,
    /// The environment's sequence since then.
    sequence: u64,
    /// Whether a later upload is there already.
    superseded: bool,
    /// The nodes that are brought to it now.
    nodes: Vec<Certname>,
}

/// What came of a release that was to come in.
enum Entry {
    /// It is in.
    In(Entered),
    /// It may not come in, and why.
    Refused(String),
    /// Another one came in since it was completed with what that had not.
    Overtaken,
}

struct Site {
    /// The nodes that it brings facts of.
    seeds: BTreeSet<Certname>,
    settings: SiteSettings,
}

/// Handles one upload. An error means that the store or the queue failed: try again later. A bad
/// upload is no error; its result says what is wrong with it.
pub async fn handle(context: &Context, message: &UploadCreated) -> anyhow::Result<()> {
    let upload = &message.key;
    let store = &context.store;
    let (arrival, former) = tokio::try_join!(store.arrival(upload), store.upload_result(upload))?;
    let Some(arrival) = arrival else {
        match former {
            Some(_) => context.counters.uploads_repeated.increment(),
            None => tracing::warn!(%upload, "the upload is gone and left no result"),
        }
        return Ok(());
    };
    if former.is_some_and(|former| former.stamp == arrival.stamp) {
        // All was done before but perhaps this.
        store.discard_upload(upload, &arrival).await?;
        context.counters.uploads_repeated.increment();
        return Ok(());
    }
    let result = take_in(context, upload, &arrival).await?;
    store.put_upload_result(upload, &result).await?;
    store.discard_upload(upload, &arrival).await?;
    if result.accepted {
        context.counters.uploads_accepted.increment();
    } else {
        context.counters.uploads_refused.increment();
    }
    Ok(())
}

/// Checks and accepts an upload, again when another release came in meanwhile.
async fn take_in(
    context: &Context,
    upload: &UploadKey,
    arrival: &Arrival,
) -> anyhow::Result<UploadResult> {
    for _ in 0..MAX_ROUNDS {
        let result = match check_upload(context, upload, arrival).await? {
            Err(diagnostics) => refuse(context, upload, arrival, diagnostics),
            Ok(checked) if has_errors(&checked.diagnostics) => {
                refuse(context, upload, arrival, checked.diagnostics)
            }
            Ok(checked) => match accept(context, upload, arrival, checked).await? {
                Some(result) => result,
                None => continue,
            },
        };
        return Ok(result);
    }
    anyhow::bail!("other releases came in {MAX_ROUNDS} times while this one was checked")
}

fn has_errors(diagnostics: &[UploadDiagnostic]) -> bool {
    diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error)
}

/// Unpacks and checks; `Err` holds what is wrong with the archive as such.
async fn check_upload(
    context: &Context,
    upload: &UploadKey,
    arrival: &Arrival,
) -> anyhow::Result<Result<Checked, Vec<UploadDiagnostic>>> {
    let reader = context.store.open_upload(upload).await?;
    let (format, limits) = (upload.format, context.limits);
    let unpack = move || archive::unpack(reader, format, &limits);
    let unpacked = context.host.compute(unpack).await?;
    let mut tree = match unpacked {
        Ok(tree) => tree,
        Err(archive::UnpackError::Refused(diagnostics)) => return Ok(Err(diagnostics)),
        Err(archive::UnpackError::Io(error)) => {
            return Err(error).context("the upload can't be read");
        }
    };
    let completed = prebuilt::complete(context, &upload.environment, arrival, &mut tree);
    let origin = match completed.await? {
        Ok(origin) => origin,
        Err(diagnostics) => return Ok(Err(diagnostics)),
    };
    let held = held_of_current(context, &upload.environment).await?;
    let lacking = find_lacking(context, &tree, &held).await?;
    if !lacking.is_empty() {
        return Ok(Err(lacking));
    }
    let contents = read_contents(context, &tree, &held).await?;
    let warnings = tree.warnings;
    let files = Arc::new(contents);
    let check = move || (check::check_tree(&files), Site::of(&files));
    let (found, site) = context.host.compute(check).await?;
    let mut diagnostics = warnings;
    diagnostics.extend(found);
    diagnostics.sort_by(|a, b| {
        (a.severity, &a.file, a.line, a.column).cmp(&(b.severity, &b.file, b.line, b.column))
    });
    let rollout = tree.rollout;
    let is_publication = tree.prebuilt.is_some();
    let manifest = ReleaseManifest::new(tree.files);
    Ok(Ok(Checked {
        origin,
        is_publication,
        rollout,
        manifest,
        blobs: tree.blobs,
        held,
        diagnostics,
        site,
    }))
}

/// The blobs of the environment's current release: next to all of a push are among them. None when
/// there is no release, or its bundle can't be used; each blob is then asked for.
async fn held_of_current(context: &Context, name: &EnvironmentName) -> anyhow::Result<Held> {
    let Some(environment) = context.store.environment(name).await? else {
        return Ok(Held::default());
    };
    let bundle = context
        .store
        .release_bundle(name, environment.release)
        .await;
    match bundle {
        Ok(bundle) => Ok(context.host.compute(move || Held::of(bundle)).await?),
        Err(error) if error.is_retryable() => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the current release is no help");
            Ok(Held::default())
        }
    }
}

/// Files of a thin push whose content is neither in the upload nor in the store, or has another
/// size than the manifest says.
async fn find_lacking(
    context: &Context,
    tree: &Tree,
    held: &Held,
) -> anyhow::Result<Vec<UploadDiagnostic>> {
    let elsewhere: Vec<_> = tree
        .files
        .iter()
        .filter(|(_, entry)| !tree.blobs.contains_key(&entry.digest))
        .collect();
    let digests = elsewhere.iter().map(|(_, entry)| entry.digest);
    let asked: Vec<Digest> = digests
        .filter(|digest| held.size(*digest).is_none())
        .collect();
    let sizes = context.store.keep_blobs(asked).await?;
    let mut lacking = Vec::new();
    for (path, entry) in elsewhere {
        let digest = &entry.digest;
        let size = held.size(*digest).or_else(|| sizes.get(digest).copied());
        let message = match size {
            Some(size) if size == entry.size => continue,
            Some(size) => format!(
                "the manifest says {} bytes, the content has {size}",
                entry.size
            ),
            None => "its content is neither in the upload nor in the store".to_owned(),
        };
        lacking.push(UploadDiagnostic::error(message).in_file(path.as_str()));
    }
    Ok(lacking)
}

/// The contents of the files that are checked, whether they came with the upload or lie in the
/// store.
async fn read_contents(
    context: &Context,
    tree: &Tree,
    held: &Held,
) -> anyhow::Result<BTreeMap<String, Bytes>> {
    let wanted: Vec<(String, Digest)> = tree
        .files
        .iter()
        .filter(|(path, _)| check::looks_at(path))
        .map(|(path, entry)| (path.to_string(), entry.digest))
        .collect();
    let files = stream::iter(wanted)
        .map(|(path, digest)| async move {
            let at_hand = tree.blobs.get(&digest).or_else(|| held.content(digest));
            let bytes = match at_hand {
                Some(bytes) => bytes.clone(),
                None => context.store.blob(digest).await?,
            };
            anyhow::Ok((path, bytes))
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    Ok(files)
}

impl Site {
    /// What is wrong with the files is among the findings of the checks.
    fn of(files: &BTreeMap<String, Bytes>) -> Self {
        let facts = files.iter().filter(|(path, _)| plan::is_facts_file(path));
        let settings = files
            .get(check::SITE_SETTINGS)
            .map(|bytes| check::settings(check::SITE_SETTINGS, bytes).unwrap_or_default());
        Self {
            seeds: facts
                .filter_map(|(path, bytes)| SiteFacts::parse(path, bytes).ok())
                .map(|facts| facts.certname)
                .collect(),
            settings: settings.unwrap_or_default(),
        }
    }
}

fn refuse(
    context: &Context,
    upload: &UploadKey,
    arrival: &Arrival,
    diagnostics: Vec<UploadDiagnostic>,
) -> UploadResult {
    tracing::info!(%upload, findings = diagnostics.len(), "upload refused");
    UploadResult {
        version: bunraku_farm::documents::VERSION,
        upload: upload.id().to_owned(),
        stamp: arrival.stamp.clone(),
        environment: upload.environment.clone(),
        accepted: false,
        superseded: false,
        release: None,
        rollout: None,
        sequence: 0,
        files: 0,
        new_blobs: 0,
        diagnostics,
        nodes: Vec::new(),
        finished_at: context.host.now(),
    }
}

/// Stores the release and lets it in. The order matters: whoever sees the environment
/// finds the release, whoever sees the result finds the plan in the queue. `None`: it is to be checked anew.
async fn accept(
    context: &Context,
    upload: &UploadKey,
    arrival: &Arrival,
    checked: Checked,
) -> anyhow::Result<Option<UploadResult>> {
    let Checked {
        origin,
        is_publication,
        manifest,
        blobs,
        mut held,
        mut diagnostics,
        site,
        rollout,
    } = checked;
    let environment = &upload.environment;
    let release = manifest.release;
    let new_blobs = context.store.put_blobs(blobs.values().cloned()).await?;
    for (digest, content) in blobs {
        held.add(digest, content);
    }
    context
        .store
        .seal_release_with(environment, &manifest, &held)
        .await?;
    let entered = match rollout {
        Some(request) => {
            let newcomer = Newcomer {
                environment,
                release,
                upload: Some(arrival),
                origin,
                settings: site.settings,
            };
            enroll(context, &newcomer, &request).await?
        }
        None => {
            let base = origin.map(|origin| origin.release);
            let newcomer = Pushed {
                release,
                base,
                is_publication,
            };
            swing(context, upload, arrival, newcomer, site).await?
        }
    };
    let entered = match entered {
        Entry::In(entered) => entered,
        Entry::Refused(reason) => {
            diagnostics.insert(0, UploadDiagnostic::error(reason));
            return Ok(Some(refuse(context, upload, arrival, diagnostics)));
        }
        Entry::Overtaken => return Ok(None),
    };
    tracing::info!(%upload, release = release.short(), entered.sequence, new_blobs, "upload accepted");
    Ok(Some(UploadResult {
        version: bunraku_farm::documents::VERSION,
        upload: upload.id().to_owned(),
        stamp: arrival.stamp.clone(),
        environment: upload.environment.clone(),
        accepted: true,
        superseded: entered.superseded,
        release: Some(release),
        rollout: entered.rollout,
        sequence: entered.sequence,
        files: manifest.files.len() as u64,
        new_blobs: new_blobs as u64,
        diagnostics,
        nodes: entered.nodes,
        finished_at: context.host.now(),
    }))
}

/// Has a release rolled out.
async fn enroll(
    context: &Context,
    newcomer: &Newcomer<'_>,
    request: &RolloutRequest,
) -> anyhow::Result<Entry> {
    let now = context.host.now();
    let enrolled = newcomer.enroll(&context.store, request, now).await?;
    let environment = newcomer.environment.clone();
    context
        .queue
        .send(AdvanceTask { environment }.into())
        .await?;
    Ok(match enrolled {
        Enrolled::In(name) => Entry::In(Entered {
            rollout: Some(name),
            sequence: 0,
            superseded: false,
            nodes: Vec::new(),
        }),
        Enrolled::Refused(reason) => Entry::Refused(reason),
        Enrolled::Overtaken => Entry::Overtaken,
    })
}

/// A release that all nodes are to have at once.
struct Pushed {
    release: Digest,
    /// The one that it was made from.
    base: Option<Digest>,
    is_publication: bool,
}

impl Pushed {
    /// Why it may not come in now. Code comes in over rollouts that are held: these wait for a person anyway. They
    /// would take a publication back, since they were made without it.
    fn objection(&self, environment: &EnvironmentDoc) -> Option<String> {
        let waits = |rollout: &&Rollout| self.is_publication && !rollout.state.is_over();
        if let Some(rollout) = environment.rollout_under_way() {
            return Some(format!(
                "rollout {} is under way: wait for its end, or end it with `bunraku rollout abort` or `undo`; a rollout \
                 (`bunraku rollout start`, `bunraku publish --rollout`) comes after it",
                rollout.name
            ));
        }
        let held = environment.rollouts.iter().find(waits)?;
        Some(format!(
            "rollout {} waits, and would take this back: end it with `bunraku rollout abort {}`, or publish with --rollout \
             to come after it",
            held.name, held.name
        ))
    }
}

/// Makes a release the current one, unless another one came in since the one that it was made from.
async fn swing(
    context: &Context,
    upload: &UploadKey,
    arrival: &Arrival,
    newcomer: Pushed,
    site: Site,
) -> anyhow::Result<Entry> {
    let environment = &upload.environment;
    let now = context.host.now();
    let release = newcomer.release;
    let mut is_overtaken = false;
    let updated = context
        .store
        .update_environment(environment, |current| {
            let next = EnvironmentDoc::advance(current, release, Some(arrival), now)?;
            is_overtaken = prebuilt::base(current, false) != newcomer.base;
            if is_overtaken || current.is_some_and(|current| newcomer.objection(current).is_some())
            {
                return None;
            }
            Some(next.with_settings(site.settings.clone()))
        })
        .await?;
    if is_overtaken {
        return Ok(Entry::Overtaken);
    }
    let current = updated
        .value
        .context("the environment vanished while it was written")?;
    // A repeated upload may find a newer release in its place: its own change counts then. One that
    // was overtaken has none; its nodes go to the release of the one that came later.
    let applied = current.applied(arrival).map(|change| change.sequence);
    if let (None, Some(objection)) = (applied, newcomer.objection(&current))
        && !current.supersedes(arrival)
    {
        return Ok(Entry::Refused(objection));
    }
    let sequence = applied.unwrap_or(current.sequence);
    if updated.written {
        context.counters.releases_swung.increment();
        let key = Key::Environment(environment.clone());
        context.queue.announce(&key.to_string()).await;
    }
    let task = PlanTask {
        environment: environment.clone(),
        release,
        sequence,
        cause: Cause::Push {
            upload: upload.id().to_owned(),
        },
        nodes: NodeSelection::All,
    };
    context.queue.send(task.into()).await?;
    let known = context.store.known_nodes_in(environment).await?;
    let nodes = plan::select(&NodeSelection::All, known, site.seeds);
    Ok(Entry::In(Entered {
        rollout: None,
        sequence,
        superseded: applied.is_none(),
        nodes: nodes.into_iter().collect(),
    }))
}
