//! `bunraku push`

mod pack;
mod target;
mod wait;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bunraku_farm::documents::{
    ArchiveFormat, PrebuiltChange, Severity, UploadDiagnostic, UploadKey,
};
use bunraku_farm::rollout::RolloutRequest;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_ingest::check;
use bunraku_store::Store;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::commands::diagnostics;
use crate::console;
use crate::edge_client::ClientOptions;
use crate::failure::{Failure, Result};
use crate::local::read_tree;
pub(crate) use pack::Tree;
use target::Target;

#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The control repo or environment.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    destination: Destination,
}

/// Where an upload goes, and whether it is waited for.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    /// Where to: a directory, `s3://BUCKET`, `gs://BUCKET` or `az://CONTAINER` (with credentials for it), or an edge,
    /// `https://HOST[:PORT]` (with an administrator's certificate).
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_STORE",
        default_value = ".bunraku/store"
    )]
    pub(crate) store: String,
    /// The environment.
    #[arg(long, short, value_name = "NAME", default_value = "production")]
    pub(crate) environment: String,
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    /// Leave when the upload is there, without waiting for what comes of it.
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for the farm, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
}

/// What an upload is, if it is no push of code that all nodes get at once.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// It is to be rolled out.
    pub(crate) rollout: Option<RolloutRequest>,
    /// It changes the pre-built catalogs alone.
    pub(crate) prebuilt: Option<PrebuiltChange>,
}

/// What came of a push; `--json` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// The release that was pushed.
    release: Digest,
    /// The rollout that brings it to the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<String>,
    /// Whether a push that arrived later was taken before: the nodes are at that one's release.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    superseded: bool,
    /// Files of the tree.
    files: usize,
    /// Files whose content the store did not have.
    uploaded: usize,
    /// Bytes of these, before compression.
    bytes: u64,
    /// Nodes that were brought to the release, failed ones too.
    nodes: usize,
    /// Nodes with a new catalog.
    compiled: usize,
    /// Nodes whose catalog still holds.
    reused: usize,
    /// Nodes whose code has an error.
    failed: Vec<FailedNode>,
}

#[derive(Debug, Serialize)]
struct FailedNode {
    node: Certname,
    error: String,
}

/// An upload on its way.
struct Sent {
    key: UploadKey,
    at: Timestamp,
    files: usize,
    uploaded: usize,
    bytes: u64,
}

/// A push ended: with a release, or with what is wrong with the code.
pub(crate) enum Pushed {
    /// The release is served.
    Released(Summary),
    /// The code has errors; nothing changed.
    Refused(Vec<UploadDiagnostic>),
}

/// Checks, uploads and waits.
pub(crate) async fn run(options: &Push, json: bool) -> Result<ExitCode> {
    let tree = read_tree(&options.directory)?;
    deliver(&options.destination, tree, Wish::default(), json).await
}

/// Checks files, uploads them, and waits for what comes of it, unless that is not wanted.
pub(crate) async fn deliver(
    destination: &Destination,
    tree: Tree,
    wish: Wish,
    json: bool,
) -> Result<ExitCode> {
    let environment = EnvironmentName::parse(destination.environment.as_str())?;
    let tree = match checked(tree) {
        Ok(tree) => tree,
        Err(findings) => return Ok(refused(&findings, json)),
    };
    let target = Target::open(&destination.store, &destination.client).await?;
    let sent = send(&target, &environment, tree, wish).await?;
    if destination.no_wait {
        console::result(
            json,
            &serde_json::json!({ "upload": sent.key, "uploaded": sent.uploaded }),
            || {
                format!(
                    "uploaded {} of {} files ({} bytes) as {}",
                    sent.uploaded, sent.files, sent.bytes, sent.key
                )
            },
        );
        return Ok(ExitCode::SUCCESS);
    }
    let timeout = Duration::from_secs(destination.timeout);
    let pushed = wait::wait(&target, &environment, sent, timeout).await?;
    Ok(report(&pushed, json))
}

/// Files, or what is wrong with them, found before anything is sent.
fn checked(tree: Tree) -> std::result::Result<Tree, Vec<UploadDiagnostic>> {
    let files = tree
        .iter()
        .filter(|(path, _)| check::looks_at(path.as_str()))
        .map(|(path, file)| (path.as_str().to_owned(), file.content.clone().into()))
        .collect();
    let findings = check::check_tree(&files);
    let wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    if wrong { Err(findings) } else { Ok(tree) }
}

/// Uploads the manifest of a tree and what the store lacks of it.
async fn send(
    target: &Target,
    environment: &EnvironmentName,
    tree: Tree,
    wish: Wish,
) -> Result<Sent> {
    let digests: BTreeSet<Digest> = tree.values().map(|file| file.entry.digest).collect();
    let missing = target.missing_blobs(environment, digests).await?;
    let files = tree.len();
    let new = tree
        .values()
        .filter(|file| missing.contains(&file.entry.digest));
    let (uploaded, bytes) = new.fold((0, 0), |(count, bytes), file| {
        (count + 1, bytes + file.entry.size)
    });
    let archive = pack::pack(tree, &missing, wish)
        .map_err(|error| Failure::input(format!("the upload can't be packed: {error}")))?;
    let at = Timestamp::now();
    // Ids sort by time; the process makes those of one millisecond differ.
    let id = format!("{:013x}-{:x}", at.as_millisecond(), std::process::id());
    let key = UploadKey::new(environment.clone(), id, ArchiveFormat::TarZstd)?;
    target.upload(&key, archive.into()).await?;
    Ok(Sent {
        key,
        at,
        files,
        uploaded,
        bytes,
    })
}

fn refused(findings: &[UploadDiagnostic], json: bool) -> ExitCode {
    if json {
        console::json(&serde_json::json!({ "accepted": false, "diagnostics": findings }));
    }
    console::say(diagnostics::render(findings).trim_end());
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    console::say(&format!(
        "Refused: {errors} errors. The environment stays as it is."
    ));
    ExitCode::from(1)
}

/// Tells what came of a push; exit code 1 when it was refused or a node failed.
pub(crate) fn report(pushed: &Pushed, json: bool) -> ExitCode {
    let summary = match pushed {
        Pushed::Refused(findings) => return refused(findings, json),
        Pushed::Released(summary) => summary,
    };
    console::result(json, summary, || summary.to_string());
    for failure in &summary.failed {
        console::say(&format!("Error: {}: {}", failure.node, failure.error));
    }
    ExitCode::from(u8::from(!summary.failed.is_empty()))
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "release {}: {} files, {} new ({} bytes)",
            self.release.short(),
            self.files,
            self.uploaded,
            self.bytes
        )?;
        if self.superseded {
            writeln!(
                f,
                "overtaken: the environment serves a push that arrived later"
            )?;
        }
        if let Some(rollout) = &self.rollout {
            return write!(
                f,
                "rollout {rollout} brings it to the nodes: `bunraku rollout status` shows how it goes"
            );
        }
        write!(
            f,
            "{} nodes: {} compiled, {} reused, {} failed",
            self.nodes,
            self.compiled,
            self.reused,
            self.failed.len()
        )
    }
}

/// Uploads a directory whose release is to be rolled out; gives the rollout's name and the release, or `None` when it
/// was refused and the person was told why.
pub(crate) async fn roll_out(
    (store, client): (&str, &ClientOptions),
    environment: &EnvironmentName,
    directory: &Path,
    request: RolloutRequest,
    json: bool,
) -> Result<Option<(String, Digest)>> {
    let tree = match checked(read_tree(directory)?) {
        Ok(tree) => tree,
        Err(findings) => {
            refused(&findings, json);
            return Ok(None);
        }
    };
    let target = Target::open(store, client).await?;
    let wish = Wish {
        rollout: Some(request),
        ..Wish::default()
    };
    let sent = send(&target, environment, tree, wish).await?;
    match wait::wait(&target, environment, sent, Duration::from_secs(600)).await? {
        Pushed::Released(Summary {
            rollout: Some(name),
            release,
            ..
        }) => Ok(Some((name, release))),
        Pushed::Released(_) => Err(Failure::input(
            "the farm took this for a push: its functions are older than this program",
        )),
        Pushed::Refused(findings) => {
            refused(&findings, json);
            Ok(None)
        }
    }
}

/// Pushes a directory to a store, for `bunraku up`.
pub(crate) async fn push_directory(
    store: &Store,
    environment: &EnvironmentName,
    directory: &Path,
) -> Result<Pushed> {
    let tree = match checked(read_tree(directory)?) {
        Ok(tree) => tree,
        Err(findings) => return Ok(Pushed::Refused(findings)),
    };
    let target = Target::Store(store.clone());
    let sent = send(&target, environment, tree, Wish::default()).await?;
    wait::wait(&target, environment, sent, Duration::from_secs(600)).await
}
