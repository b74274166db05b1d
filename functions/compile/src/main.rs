//! The function that compiles: messages of the lanes, from AWS Lambda.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use bunraku_compile::{Compile, CompileError, Handled, Releases};
use bunraku_farm::Counters;
use bunraku_farm::messages::CompileTask;
use bunraku_lambda::{Deadline, Function, Settings};
use bunraku_queue::sqs::SqsQueue;
use bunraku_store::Store;

/// How many nodes of one event are brought to their release at once: they wait for the store more
/// than they compute.
const CONCURRENCY: usize = 8;
/// Room for bundles below the temporary directory, in bytes; Lambda's `/tmp` has 512 MB.
const DISK: u64 = 256 << 20;

#[tokio::main]
async fn main() -> ExitCode {
    bunraku_lambda::main(run()).await
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let store = Store::open(&settings.store).await?;
    let queue = SqsQueue::connect(&settings.queue).await?;
    let counters = Arc::new(Counters::default());
    let bundles = std::env::temp_dir().join("bunraku-bundles");
    let releases = Releases::with_disk(store.clone(), bundles, DISK);
    let compile = Compile::with_releases(
        releases,
        store,
        Arc::new(queue.clone()),
        Arc::clone(&counters),
    );
    let handle = move |task: CompileTask, deadline: Deadline| {
        let compile = compile.clone();
        async move {
            let handled = handle(&compile, &task, deadline).await?;
            tracing::info!(?handled, lane = %task.lane, "handled");
            Ok(())
        }
    };
    Function::new(settings, counters)
        .concurrency(CONCURRENCY)
        .run(queue, handle)
        .await
}

/// Gives a task back whose compile would be cut off, as far as the last one tells, unless no
/// invocation has the time.
async fn handle(
    compile: &Compile,
    task: &CompileTask,
    deadline: Deadline,
) -> anyhow::Result<Handled> {
    let by = Instant::now() + deadline.left();
    match compile.handle(task, Some(by)).await {
        Err(CompileError::NoTime { needed, .. }) => {
            deadline.check(needed)?;
            Ok(compile.handle(task, None).await?)
        }
        handled => Ok(handled?),
    }
}
