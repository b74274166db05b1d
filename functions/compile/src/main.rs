//! The function that compiles: messages of the lanes, from AWS Lambda.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bunraku_compile::Compile;
use bunraku_farm::Counters;
use bunraku_farm::messages::CompileTask;
use bunraku_lambda::{Deadline, Function, Settings};
use bunraku_queue::sqs::SqsQueue;
use bunraku_store::Store;

/// How many nodes of one event are brought to their release at once: they wait for the store more
/// than they compute.
const CONCURRENCY: usize = 8;
/// With less time left than this, a look at how long the node's last compile took is worth a request.
const SCARCE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    bunraku_lambda::main(run()).await
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let store = Store::open(&settings.store).await?;
    let queue = SqsQueue::connect(&settings.queue).await?;
    let counters = Arc::new(Counters::default());
    let compile = Compile::new(store.clone(), Arc::clone(&counters));
    let handle = move |task: CompileTask, deadline: Deadline| {
        let (store, compile) = (store.clone(), compile.clone());
        async move {
            check_time(&store, &task, deadline).await?;
            let handled = compile.handle(&task).await?;
            tracing::info!(?handled, lane = %task.lane, "handled");
            Ok(())
        }
    };
    Function::new(settings, counters)
        .concurrency(CONCURRENCY)
        .run(queue, handle)
        .await
}

/// Gives a task back whose compile would be cut off, as far as the last one tells.
async fn check_time(store: &Store, task: &CompileTask, deadline: Deadline) -> anyhow::Result<()> {
    if deadline.left() < SCARCE
        && let Some(pointer) = store.pointer(&task.environment, &task.certname).await?
    {
        deadline.check(Duration::from_millis(pointer.duration_ms))?;
    }
    Ok(())
}
