//! `bunraku work`

use std::process::ExitCode;
use std::sync::Arc;

use bunraku_farm::Counters;
use bunraku_farm::messages::Lane;
use bunraku_store::Store;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::queue;
use super::up::stop_signal;
use crate::console;
use crate::failure::Result;
use crate::farm::{Function, Functions, Substitutes, Workers, jobs};

/// Options of `bunraku work`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --lane it does all that `bunraku up` does but serve agents: it takes uploads in, \
    plans, and compiles. Start as many as you like, and kill them as you like: what one leaves, another \
    takes.\n\nExample:\n  bunraku work --store /srv/bunraku --queue amqp://USER:PASSWORD@rabbit1,rabbit2/farm"
)]
pub(crate) struct Work {
    /// The farm's store: `s3://BUCKET`, `gs://BUCKET`, `az://CONTAINER`, or a directory that all workers and
    /// edges share.
    #[arg(long, value_name = "URL", env = "BUNRAKU_STORE")]
    store: String,
    /// The farm's queue: `amqp://HOST`, `nats://HOST` (several hosts with commas between, `amqps://` and
    /// `tls://` encrypted, `?cacertfile=FILE` for a site's own authority, `?prefix=NAME` for a second
    /// farm) or `sqs://PREFIX`.
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_QUEUE",
        hide_env_values = true
    )]
    queue: String,
    /// Only compile, and only tasks of this lane; repeatable.
    #[arg(
        long = "lane",
        value_name = "LANE",
        value_parser = PossibleValuesParser::new(Lane::ALL.map(Lane::as_str))
            .try_map(|name| name.parse::<Lane>())
    )]
    lanes: Vec<Lane>,
    /// Leave a function's messages to a program of yours that reads the queue itself: `ingest`, `plan` or
    /// `compile`; repeatable.
    #[arg(long, value_name = "FUNCTION", conflicts_with = "lanes")]
    without: Vec<Function>,
    #[command(flatten)]
    substitutes: Substitutes,
    /// Compiles at the same time; as many as there are processors if not given. With several lanes,
    /// urgent tasks have one more.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

/// Works until it is told to stop.
pub(crate) async fn run(options: &Work) -> Result<ExitCode> {
    let store = Store::open(&options.store).await?;
    let opened = bunraku_queue::open(&options.queue).await;
    let queue = opened.map_err(queue::failure)?;
    // Better found out now, by whoever starts the worker.
    store.environments().await?;
    queue.depths().await.map_err(queue::failure)?;
    let counters = Arc::new(Counters::default());
    let variables = [
        ("BUNRAKU_STORE", options.store.clone()),
        ("BUNRAKU_QUEUE", options.queue.clone()),
    ];
    let functions = Functions::new(store, queue, counters, &options.substitutes, &variables);
    let mut workers = Workers::new(functions);
    let jobs = jobs(options.jobs);
    let does = |function| !options.without.contains(&function);
    if options.lanes.is_empty() {
        // A bucket tells SQS of uploads; other queues hear of them from nobody.
        if !options.queue.starts_with("sqs://") {
            workers.announce();
        }
        for function in [Function::Ingest, Function::Plan] {
            if does(function) {
                workers.run(function);
            }
        }
    }
    let lanes: &[Lane] = match options.lanes.as_slice() {
        [] => &Lane::ALL,
        some => some,
    };
    if does(Function::Compile) {
        workers.compile(lanes, jobs);
        console::out(&format!("Bunraku works, {jobs} compiles at a time"));
    } else {
        console::out("Bunraku works, and compiles nothing");
    }
    stop_signal().await;
    console::say("Stopping: what is begun is finished first.");
    workers.stop().await;
    Ok(ExitCode::SUCCESS)
}
