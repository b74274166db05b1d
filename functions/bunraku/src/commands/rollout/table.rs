//! The status of rollouts as people read it.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::administration::{RolloutView, StageView, View, time};
use crate::commands::inventory::cells;
use crate::console;

/// How many nodes in trouble are named.
const NAMED: usize = 20;
/// How many lines of a log are shown.
const LINES: usize = 8;

/// All of it.
pub(super) fn render(view: &View, now: Timestamp) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    if view.rollouts.is_empty() {
        let _ = writeln!(
            text,
            "No rollout in environment {}: all nodes have release {}.",
            view.environment,
            view.release.short()
        );
    }
    for rollout in &view.rollouts {
        write_rollout(&mut text, rollout, now);
        text.push('\n');
    }
    for (node, pin) in &view.pins {
        let _ = writeln!(
            text,
            "{node} is pinned at release {} by {} since {}",
            pin.release.short(),
            pin.by,
            time(pin.at)
        );
    }
    text
}

fn write_rollout(text: &mut String, rollout: &RolloutView, now: Timestamp) {
    let from = rollout
        .former
        .map(|former| format!(" after {}", former.short()));
    let _ = writeln!(
        text,
        "Rollout {}: release {}{}, {}",
        rollout.name,
        rollout.release.short(),
        from.unwrap_or_default(),
        rollout.state.to_uppercase()
    );
    if let Some(why) = &rollout.why {
        let _ = writeln!(text, "Why:  {why}");
    }
    if let Some(next) = &rollout.next {
        let at = match next.at {
            Some(at) if at > now => {
                format!(", {} (in {})", time(at), about(at.duration_since(now)))
            }
            Some(_) => ", now".to_owned(),
            None => String::new(),
        };
        let _ = writeln!(text, "Next: {}{at}", next.what);
    }
    if rollout.next.is_some() && !rollout.stages.is_empty() {
        text.push_str(&stages(rollout, now));
    }
    for trouble in rollout.trouble.iter().take(NAMED) {
        let first = trouble.what.lines().next().unwrap_or_default();
        let _ = writeln!(text, "! {}: {first}", trouble.node);
    }
    if rollout.trouble.len() > NAMED {
        let _ = writeln!(text, "! and {} more", rollout.trouble.len() - NAMED);
    }
    let hidden = rollout.log.len().saturating_sub(LINES);
    for line in rollout.log.iter().skip(hidden) {
        let _ = writeln!(text, "  {}  {}: {}", time(line.at), line.who, line.what);
    }
}

fn stages(rollout: &RolloutView, now: Timestamp) -> String {
    let mut rows = vec![cells([
        "STAGE",
        "WHO",
        "NODES",
        "STATE",
        "CATALOGS",
        "REPORTED",
        "FAILED",
        "CORRECTIVE",
        "SILENT",
    ])];
    for stage in &rollout.stages {
        let of = |count: u64| format!("{count} of {}", stage.nodes);
        let mut row = vec![
            stage.stage.to_string(),
            stage.name.clone(),
            stage.nodes.to_string(),
            state(stage, now),
            of(stage.catalogs),
        ];
        // Before a stage is open its runs are with the release before: they are there to compare with.
        let runs = stage.runs;
        row.extend(
            [runs.reported, runs.failed, runs.corrective, runs.silent].map(|count| {
                match stage.opened_at {
                    Some(_) => count.to_string(),
                    None => format!("({count})"),
                }
            }),
        );
        rows.push(row);
    }
    console::table(&rows)
}

fn state(stage: &StageView, now: Timestamp) -> String {
    match stage.opened_at {
        Some(at) => format!("open for {}", about(now.duration_since(at))),
        None if stage.by_hand => "closed, by hand".to_owned(),
        None => "closed".to_owned(),
    }
}

/// A length of time in its two largest units.
fn about(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}
