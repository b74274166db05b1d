//! `bunraku tasks`: what waits in the farm's queues, and what was given up.

use std::collections::BTreeMap;
use std::process::ExitCode;

use bunraku_queue::{Channel, Depth, Message, Queue, QueueError, QueuedMessage, Standing};
use clap::Args;
use serde_json::{Value, json};

use super::queue::{self, QueueArgs};
use crate::console;
use crate::failure::Result;

/// Options of `bunraku tasks`.
#[derive(Debug, Args)]
#[command(
    after_help = "Dead letters are messages that failed too often; `bunraku redrive` puts them back. On SQS \
    the numbers are approximate, and only the dead letters can be listed."
)]
pub(crate) struct Tasks {
    #[command(flatten)]
    queue: QueueArgs,
    /// List the dead letters, with the reason of each.
    #[arg(long)]
    dead: bool,
    /// List at most this many dead letters of each queue.
    #[arg(long, value_name = "N", default_value_t = 100, requires = "dead")]
    limit: usize,
}

/// Shows the depths, and on request the dead letters.
pub(crate) async fn run(options: &Tasks, json: bool) -> Result<ExitCode> {
    let queue = queue::open(&options.queue).await?;
    let depths = queue.depths().await.map_err(queue::failure)?;
    let mut letters = Vec::new();
    if options.dead {
        for (&channel, depth) in &depths {
            let dead = dead_letters(queue.as_ref(), channel, depth, options.limit).await;
            letters.extend(dead.map_err(queue::failure)?);
        }
    }
    let by_name: BTreeMap<&str, &Depth> = depths
        .iter()
        .map(|(channel, depth)| (channel.as_str(), depth))
        .collect();
    let mut result = json!({ "queues": by_name });
    if options.dead {
        result["dead_letters"] = letters.iter().map(letter_json).collect();
    }
    console::result(json, &result, || {
        let mut text = depth_table(&depths);
        if options.dead {
            text.push('\n');
            text.push_str(&letter_table(&letters));
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

/// The dead letters of a channel; a list holds what is open before them.
async fn dead_letters(
    queue: &dyn Queue,
    channel: Channel,
    depth: &Depth,
    limit: usize,
) -> Result<Vec<QueuedMessage>, QueueError> {
    if depth.dead == 0 {
        return Ok(Vec::new());
    }
    let listed = queue
        .list(channel, depth.open().saturating_add(limit))
        .await?;
    let dead = |listed: &QueuedMessage| listed.standing == Standing::Dead;
    Ok(listed.into_iter().filter(dead).take(limit).collect())
}

fn depth_table(depths: &BTreeMap<Channel, Depth>) -> String {
    let mut rows = vec![
        ["QUEUE", "WAITING", "DELAYED", "IN WORK", "DEAD"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(depths.iter().map(|(channel, depth)| {
        let mut row = vec![channel.to_string()];
        let counts = [depth.waiting, depth.delayed, depth.leased, depth.dead];
        row.extend(counts.map(|count| count.to_string()));
        row
    }));
    console::table(&rows)
}

fn letter_table(letters: &[QueuedMessage]) -> String {
    if letters.is_empty() {
        return "No dead letters.\n".to_owned();
    }
    let mut rows = vec![
        ["QUEUE", "TRIES", "WHAT", "REASON"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(letters.iter().map(|letter| {
        let reason = letter.last_error.as_deref().unwrap_or("not known");
        vec![
            letter.message.channel().to_string(),
            letter.attempts.to_string(),
            what(&letter.message),
            reason.lines().next().unwrap_or_default().to_owned(),
        ]
    }));
    console::table(&rows)
}

/// What a message is about, in a few words.
fn what(message: &Message) -> String {
    match message {
        Message::UploadCreated(upload) => upload.key.to_string(),
        Message::Plan(task) => format!("{} {}", task.environment, task.release.short()),
        Message::Gather(_) => "exported resources".to_owned(),
        Message::Collect(_) => "garbage".to_owned(),
        Message::Advance(task) => format!("{} rollouts", task.environment),
        Message::Compile(task) => format!("{}/{}", task.environment, task.certname),
    }
}

fn letter_json(letter: &QueuedMessage) -> Value {
    json!({
        "queue": letter.message.channel().as_str(), "attempts": letter.attempts,
        "reason": letter.last_error, "message": letter.message,
    })
}
