//! The function that plans: messages of the queue `plans`, from AWS Lambda.

use std::process::ExitCode;
use std::sync::Arc;

use bunraku_farm::Counters;
use bunraku_farm::messages::Planning;
use bunraku_lambda::{Deadline, Function, Settings};
use bunraku_plan::{Context, handle};
use bunraku_queue::sqs::SqsQueue;
use bunraku_store::Store;

#[tokio::main]
async fn main() -> ExitCode {
    bunraku_lambda::main(run()).await
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let store = Store::open(&settings.store).await?;
    let queue = SqsQueue::connect(&settings.queue).await?;
    let counters = Arc::new(Counters::default());
    let context = Context::new(store, Arc::new(queue.clone()), Arc::clone(&counters));
    let plan = move |planning: Planning, deadline: Deadline| {
        let context = context.clone();
        async move { handle(&context, &planning, Some(deadline.left())).await }
    };
    Function::new(settings, counters).run(queue, plan).await
}
