//! Waiting until the farm has dealt with an upload and brought every node to its release.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bunraku_edge::api::{Brought, Expected};
use bunraku_farm::documents::UploadResult;
use bunraku_farm::{Certname, EnvironmentName};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::target::Target;
use super::{FailedNode, Pushed, Sent, Summary};
use crate::failure::{Failure, Result};

/// Waits for what comes of an upload.
pub(super) async fn wait(
    target: &Target,
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
            "{what} within {} s; {}",
            timeout.as_secs(),
            target.advice()
        )))
    };
    let result = loop {
        if let Some(result) = target.upload_result(&sent.key).await? {
            break result;
        }
        in_time(&format!("the farm did not take up {}", sent.key))?;
        tokio::time::sleep(target.pause()).await;
    };
    let Some(release) = result.release.filter(|_| result.accepted) else {
        return Ok(Pushed::Refused(result.diagnostics));
    };
    let mut summary = Summary {
        release,
        rollout: result.rollout.clone(),
        superseded: result.superseded,
        files: sent.files,
        uploaded: sent.uploaded,
        bytes: sent.bytes,
        nodes: result.nodes.len(),
        compiled: 0,
        reused: 0,
        failed: Vec::new(),
    };
    let progress = progress(result.nodes.len());
    // Clocks differ: what was dealt with before it was sent was sent by a clock ahead of the farm's.
    let since = sent.at.min(result.finished_at);
    let mut open: Vec<Certname> = result.nodes.clone();
    while !open.is_empty() {
        let expected = expected(environment, &result, &open);
        let brought = target.brought(&expected).await?;
        let names: BTreeSet<&Certname> = brought.iter().map(|node| &node.certname).collect();
        open.retain(|certname| !names.contains(certname));
        let all = names.len() == expected.nodes.len();
        for node in brought {
            account(node, since, &mut summary);
        }
        progress.set_position((summary.nodes - open.len()) as u64);
        if !open.is_empty() && !all {
            in_time(&format!("{} catalogs were not in place", open.len()))?;
            tokio::time::sleep(target.pause()).await;
        }
    }
    progress.finish_and_clear();
    Ok(Pushed::Released(summary))
}

fn expected(environment: &EnvironmentName, result: &UploadResult, open: &[Certname]) -> Expected {
    Expected {
        environment: environment.clone(),
        sequence: result.sequence,
        nodes: open.iter().take(Expected::MOST).cloned().collect(),
    }
}

/// Counts a node that was brought to the release.
fn account(node: Brought, since: Timestamp, summary: &mut Summary) {
    match node.error {
        Some(error) => summary.failed.push(FailedNode {
            node: node.certname,
            error,
        }),
        None if node.compiled_at.is_some_and(|at| at >= since) => summary.compiled += 1,
        None => summary.reused += 1,
    }
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
