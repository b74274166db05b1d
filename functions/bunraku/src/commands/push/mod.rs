//! `bunraku push`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bunraku_farm::documents::{
    ArchiveFormat, Severity, UploadDiagnostic, UploadKey, UploadManifest, UploadResult,
};
use bunraku_farm::{Certname, CodePath, Digest, EnvironmentName};
use bunraku_ingest::check;
use bunraku_store::Store;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use super::inventory::open_store;
use crate::cli::Push;
use crate::commands::diagnostics;
use crate::console;
use crate::failure::{Failure, Result};
use crate::local::{LocalFile, read_tree};

/// How often to look for news of the farm.
const LOOK: Duration = Duration::from_millis(50);
/// How many nodes without a new catalog are met before the look ends: they are compiled roughly in
/// order, and looking at all of a large fleet would slow its compiles down.
const MOST_OPEN: usize = 16;
/// Compression of uploads: the network of a laptop is slower than this.
const COMPRESSION: i32 = 3;

/// What came of a push; `--json` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// The release that the environment serves now.
    release: Digest,
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
    let environment = EnvironmentName::parse(options.environment.environment.as_str())?;
    let tree = match checked_tree(&options.directory)? {
        Ok(tree) => tree,
        Err(findings) => return Ok(refused(&findings, json)),
    };
    let store = open_store(&options.environment.store).await?;
    let sent = send(&store, &environment, tree).await?;
    if options.no_wait {
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
    let pushed = wait(
        &store,
        &environment,
        sent,
        Duration::from_secs(options.timeout),
    )
    .await?;
    Ok(report(&pushed, json))
}

type Tree = BTreeMap<CodePath, LocalFile>;

/// A directory's files, or what is wrong with them, found before anything is sent.
fn checked_tree(directory: &Path) -> Result<std::result::Result<Tree, Vec<UploadDiagnostic>>> {
    let tree = read_tree(directory)?;
    let files = tree
        .iter()
        .filter(|(path, _)| check::looks_at(path.as_str()))
        .map(|(path, file)| (path.as_str().to_owned(), file.content.clone().into()))
        .collect();
    let findings = check::check_tree(&files);
    let wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Err(findings) } else { Ok(tree) })
}

/// Uploads the manifest of a tree and what the store lacks of it.
async fn send(store: &Store, environment: &EnvironmentName, tree: Tree) -> Result<Sent> {
    let digests: BTreeSet<Digest> = tree.values().map(|file| file.entry.digest).collect();
    let missing: BTreeSet<Digest> = store.missing_blobs(digests).await?.into_iter().collect();
    let files = tree.len();
    let new = tree
        .values()
        .filter(|file| missing.contains(&file.entry.digest));
    let (uploaded, bytes) = new.fold((0, 0), |(count, bytes), file| {
        (count + 1, bytes + file.entry.size)
    });
    let archive = pack(tree, &missing)
        .map_err(|error| Failure::input(format!("the upload can't be packed: {error}")))?;
    let at = Timestamp::now();
    // Ids sort by time; the process makes those of one millisecond differ.
    let id = format!("{:013x}-{:x}", at.as_millisecond(), std::process::id());
    let key = UploadKey::new(environment.clone(), id, ArchiveFormat::TarZstd)?;
    store.create_upload(&key, archive).await?;
    Ok(Sent {
        key,
        at,
        files,
        uploaded,
        bytes,
    })
}

fn pack(tree: Tree, missing: &BTreeSet<Digest>) -> std::io::Result<Vec<u8>> {
    let mut blobs = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for (path, file) in tree {
        if missing.contains(&file.entry.digest) {
            blobs.entry(file.entry.digest).or_insert(file.content);
        }
        entries.insert(path, file.entry);
    }
    let manifest = serde_json::to_vec(&UploadManifest::new(entries))?;
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), COMPRESSION)?);
    append(&mut archive, UploadManifest::PATH, &manifest)?;
    for (digest, content) in blobs {
        append(
            &mut archive,
            &format!("{}{digest}", UploadManifest::BLOBS),
            &content,
        )?;
    }
    archive.into_inner()?.finish()
}

fn append<W: std::io::Write>(
    archive: &mut tar::Builder<W>,
    path: &str,
    content: &[u8],
) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, content)
}

/// Waits until the upload is dealt with and every node has been brought to its release.
async fn wait(
    store: &Store,
    environment: &EnvironmentName,
    sent: Sent,
    timeout: Duration,
) -> Result<Pushed> {
    let began = Instant::now();
    let in_time = |what: &str| {
        if began.elapsed() < timeout {
            return Ok(());
        }
        Err(Failure::unreachable(format!(
            "{what} within {} s; is `bunraku up` running on this store? The upload {} waits for it",
            timeout.as_secs(),
            sent.key
        )))
    };
    let result = loop {
        if let Some(result) = store.upload_result(&sent.key).await? {
            break result;
        }
        in_time("the farm did not take the upload up")?;
        tokio::time::sleep(LOOK).await;
    };
    let Some(release) = result.release.filter(|_| result.accepted) else {
        return Ok(Pushed::Refused(result.diagnostics));
    };
    let mut summary = Summary {
        release,
        files: sent.files,
        uploaded: sent.uploaded,
        bytes: sent.bytes,
        nodes: result.nodes.len(),
        compiled: 0,
        reused: 0,
        failed: Vec::new(),
    };
    let progress = progress(result.nodes.len());
    let mut open: Vec<Certname> = result.nodes.clone();
    loop {
        let mut still_open = Vec::new();
        for certname in open {
            let is_open = still_open.len() >= MOST_OPEN
                || !account(
                    store,
                    environment,
                    &certname,
                    &result,
                    sent.at,
                    &mut summary,
                )
                .await?;
            if is_open {
                still_open.push(certname);
            }
        }
        progress.set_position((summary.nodes - still_open.len()) as u64);
        open = still_open;
        if open.is_empty() {
            break;
        }
        in_time(&format!("{} catalogs were not in place", open.len()))?;
        tokio::time::sleep(LOOK).await;
    }
    progress.finish_and_clear();
    Ok(Pushed::Released(summary))
}

/// Counts a node that has been brought to the release of `result`; says whether it has.
async fn account(
    store: &Store,
    environment: &EnvironmentName,
    certname: &Certname,
    result: &UploadResult,
    since: Timestamp,
    summary: &mut Summary,
) -> Result<bool> {
    let Some(pointer) = store.pointer(environment, certname).await? else {
        return Ok(false);
    };
    if pointer.sequence < result.sequence {
        return Ok(false);
    }
    match pointer.failure {
        Some(failure) => summary.failed.push(FailedNode {
            node: certname.clone(),
            error: failure.error,
        }),
        None if pointer.compiled_at.is_some_and(|at| at >= since) => summary.compiled += 1,
        None => summary.reused += 1,
    }
    Ok(true)
}

fn progress(nodes: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(nodes as u64), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {pos}/{len} catalogs in place, {elapsed}")
    {
        bar.set_style(style);
    }
    bar
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

/// Pushes a directory to a store, for `bunraku up`.
pub(crate) async fn push_directory(
    store: &Store,
    environment: &EnvironmentName,
    directory: &Path,
) -> Result<Pushed> {
    let tree = match checked_tree(directory)? {
        Ok(tree) => tree,
        Err(findings) => return Ok(Pushed::Refused(findings)),
    };
    let sent = send(store, environment, tree).await?;
    wait(store, environment, sent, Duration::from_secs(600)).await
}
