//! Where the farm's queue is, for the commands that look into it.

use std::path::Path;
use std::sync::Arc;

use bunraku_queue::{Queue, QueueError};
use clap::Args;

use crate::failure::{Failure, Result};

/// Where the farm's queue is.
#[derive(Debug, Args)]
pub(crate) struct QueueArgs {
    /// The queue: `sqs://PREFIX` (a stack's output QueueUrl), `amqp://HOST`, `nats://HOST`, or the file
    /// of a local farm's queue.
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_QUEUE",
        hide_env_values = true,
        default_value = ".bunraku/queue.redb"
    )]
    pub(crate) queue: String,
}

impl QueueArgs {
    /// The queue's file, if it should be one and is not there.
    pub(crate) fn missing(&self) -> Option<&str> {
        let file = self.queue.strip_prefix("file://").unwrap_or(&self.queue);
        (!file.contains("://") && !Path::new(file).is_file()).then_some(file)
    }
}

/// Opens a queue that must be there already.
pub(crate) async fn open(args: &QueueArgs) -> Result<Arc<dyn Queue>> {
    if let Some(file) = args.missing() {
        return Err(Failure::unreachable(format!(
            "{file}: no queue here; `bunraku up` makes one, --queue says where it is"
        )));
    }
    bunraku_queue::open(&args.queue).await.map_err(failure)
}

/// Why the queue can't be looked into, and what to do.
pub(crate) fn failure(error: QueueError) -> Failure {
    match error {
        QueueError::InUse { .. } => Failure::unreachable(format!(
            "{error}, most likely `bunraku up`: stop that (nothing in the queue is lost), run this, and \
             start it again"
        )),
        QueueError::Invalid { .. } => Failure::input(error),
        other => Failure::unreachable(other),
    }
}
