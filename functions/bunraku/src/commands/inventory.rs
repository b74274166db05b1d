//! `bunraku status`, `releases`: what the farm holds.

use std::process::ExitCode;

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{EnvironmentDoc, Pointer};
use bunraku_store::Store;
use serde_json::json;

use crate::cli::{EnvironmentArgs, StoreArgs};
use crate::console;
use crate::failure::Result;

pub(crate) fn cells<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Opens a store that must be there already.
pub(crate) async fn open_store(args: &StoreArgs) -> Result<Store> {
    let directory = args.store.strip_prefix("file://").unwrap_or(&args.store);
    if !args.store.contains("://") || args.store.starts_with("file://") {
        let directory = std::path::Path::new(directory);
        if !directory.is_dir() {
            return Err(crate::failure::Failure::unreachable(format!(
                "{}: no store here; `bunraku up` makes one, --store says where it is",
                directory.display()
            )));
        }
    }
    Ok(Store::open(&args.store).await?)
}

/// Counts of everything.
pub(crate) async fn status(args: &StoreArgs, json: bool) -> Result<ExitCode> {
    let store = open_store(args).await?;
    let mut environments = Vec::new();
    for name in store.environments().await? {
        let Some(document) = store.environment(&name).await? else {
            continue;
        };
        let (mut current, mut behind, mut failed) = (0, 0, 0);
        for certname in store.pointers(&name).await? {
            match store.pointer(&name, &certname).await? {
                Some(pointer) if pointer.failure.is_some() => failed += 1,
                Some(pointer) if is_current(&document, &pointer) => current += 1,
                _ => behind += 1,
            }
        }
        environments.push(json!({
            "environment": name, "release": document.release, "updated_at": document.updated_at,
            "current": current, "behind": behind, "failed": failed,
        }));
    }
    let known = store.known_nodes().await?.len();
    let uploads = store.waiting_uploads().await?.len();
    let result =
        json!({ "nodes": known, "uploads_waiting": uploads, "environments": environments });
    console::result(json, &result, || {
        let mut rows = vec![cells([
            "ENVIRONMENT",
            "RELEASE",
            "CURRENT",
            "BEHIND",
            "FAILED",
            "SINCE",
        ])];
        for line in &environments {
            let text = |name: &str| match &line[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let release: String = text("release").chars().take(12).collect();
            rows.push(vec![
                text("environment"),
                release,
                text("current"),
                text("behind"),
                text("failed"),
                text("updated_at"),
            ]);
        }
        format!(
            "{known} nodes known, {uploads} uploads waiting\n{}",
            console::table(&rows)
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// Whether a node has the catalog of the release that it is to have now.
pub(crate) fn is_current(document: &EnvironmentDoc, pointer: &Pointer) -> bool {
    let aim = document.aim(&pointer.certname, Some(pointer));
    pointer.holds_for(aim.release)
}

/// The releases of an environment.
pub(crate) async fn releases(args: &EnvironmentArgs, json: bool) -> Result<ExitCode> {
    let store = open_store(&args.store).await?;
    let environment = EnvironmentName::parse(args.environment.as_str())?;
    let current = store
        .environment(&environment)
        .await?
        .map(|document| document.release);
    let mut releases = Vec::new();
    let mut rows = vec![cells(["RELEASE", "FILES", "BYTES", ""])];
    for digest in store.releases(&environment).await? {
        let manifest = store.release_manifest(&environment, digest).await?;
        let is_current = current == Some(digest);
        rows.push(vec![
            digest.short(),
            manifest.files.len().to_string(),
            manifest.total_size().to_string(),
            if is_current { "current" } else { "" }.to_owned(),
        ]);
        releases.push(json!({
            "release": digest, "files": manifest.files.len(), "bytes": manifest.total_size(), "current": is_current,
        }));
    }
    console::result(json, &releases, || console::table(&rows));
    Ok(ExitCode::SUCCESS)
}
