//! A worker: takes messages, has the farm's handlers deal with them, and tells the queue.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bunraku_compile::{Compile, Engine};
use bunraku_farm::Counters;
use bunraku_farm::lanes::LaneOrder;
use bunraku_farm::messages::{AdvanceTask, Channel, Lane, Message};
use bunraku_queue::{Delivery, Queue, QueueError};

use crate::engine::{AtOnce, Pace, StandIn};
use crate::process::Process;

/// How long a receiver waits for a message.
const POLL: Duration = Duration::from_secs(20);
/// How long after the queue failed.
const TROUBLE: Duration = Duration::from_secs(2);
/// How long a lease lasts from each sign of life.
pub(crate) const LEASE: Duration = Duration::from_secs(20);
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    Ingest,
    Plan,
    /// Collects garbage.
    Collect,
    /// Is the clock of rollouts, as an edge is.
    Remind,
    /// Compiles tasks of all lanes; with the farm's own compiler or the stand-in.
    Compile {
        native: bool,
    },
    /// Compiles what agents wait for.
    CompileUrgent {
        native: bool,
    },
}

/// The handlers of one process.
pub(crate) struct Handlers {
    ingest: bunraku_ingest::Context,
    plan: bunraku_plan::Context,
    compile: Compile,
}

impl Handlers {
    /// With the farm's own compiler.
    fn native(process: &Arc<Process>, counters: &Arc<Counters>) -> Self {
        Self::with(process, counters, Arc::new(AtOnce::new(process)))
    }

    /// With the stand-in, which takes its time.
    pub(crate) fn paced(process: &Arc<Process>, counters: &Arc<Counters>, pace: Pace) -> Self {
        let engine = StandIn::new(process, pace, false);
        Self::with(process, counters, Arc::new(engine))
    }

    /// With the stand-in, whose nodes export and collect.
    fn stand_in(process: &Arc<Process>, counters: &Arc<Counters>) -> Self {
        let engine = StandIn::new(process, Pace::default(), true);
        Self::with(process, counters, Arc::new(engine))
    }

    fn with(process: &Arc<Process>, counters: &Arc<Counters>, engine: Arc<dyn Engine>) -> Self {
        let (store, queue) = (process.store(), process.queue());
        let counters = || Arc::clone(counters);
        Self {
            compile: Compile::with_engine(engine, store.clone(), Arc::clone(&queue), counters()),
            ingest: bunraku_ingest::Context::new(store.clone(), Arc::clone(&queue), counters()),
            plan: bunraku_plan::Context::new(store, queue, counters()),
        }
    }

    pub(crate) async fn handle(&self, message: Message) -> Result<(), String> {
        let text = |error: &dyn Display| error.to_string();
        match message {
            Message::UploadCreated(upload) => bunraku_ingest::handle(&self.ingest, &upload)
                .await
                .map_err(|error| text(&error)),
            Message::Plan(task) => bunraku_plan::plan(&self.plan, &task)
                .await
                .map_err(|error| text(&error)),
            Message::Gather(_) => bunraku_plan::gather(&self.plan)
                .await
                .map_err(|error| text(&error)),
            Message::Collect(_) => bunraku_plan::collect(&self.plan, None)
                .await
                .map_err(|error| text(&error)),
            Message::Advance(task) => bunraku_plan::advance(&self.plan, &task)
                .await
                .map_err(|error| text(&error)),
            Message::Compile(task) => self
                .compile
                .handle(&task, None)
                .await
                .map(|_| ())
                .map_err(|error| text(&error)),
        }
    }
}

/// Works until the process ends.
pub(crate) async fn work(process: Arc<Process>, duty: Duty, counters: Arc<Counters>) {
    match duty {
        Duty::Collect => collect(&process).await,
        Duty::Remind => remind(&process).await,
        _ => take_messages(process, duty, counters).await,
    }
}

/// Collects garbage, sometimes often and sometimes seldom, and so slowly that much happens between its mark
/// and its sweep.
async fn collect(process: &Arc<Process>) {
    let (store, chance) = (process.store(), &process.world.chance);
    loop {
        let pause = Duration::from_secs(4 << chance.below(8));
        tokio::time::sleep(pause).await;
        process.set_tardiness(chance.between(0, 4_000));
        // The next one goes on.
        let _ = store.collect_garbage(false).await;
    }
}

/// Reminds the farm of its rollouts: as often as over a directory, or as over a bucket.
async fn remind(process: &Arc<Process>) {
    let (store, queue) = (process.store(), process.queue());
    let every = match process.world.chance.per_mille(500) {
        true => Duration::from_secs(2),
        false => Duration::from_secs(30),
    };
    loop {
        tokio::time::sleep(every).await;
        for environment in store.environments().await.unwrap_or_default() {
            if let Ok(Some(document)) = store.environment(&environment).await
                && document.has_rollouts()
            {
                // The next one comes soon.
                let _ = queue.send(AdvanceTask { environment }.into()).await;
            }
        }
    }
}

async fn take_messages(process: Arc<Process>, duty: Duty, counters: Arc<Counters>) {
    let native = matches!(
        duty,
        Duty::Compile { native: true } | Duty::CompileUrgent { native: true }
    );
    let handlers = match native {
        true => Handlers::native(&process, &counters),
        false => Handlers::stand_in(&process, &counters),
    };
    let queue = process.queue();
    let mut lanes = LaneOrder::default();
    loop {
        let channels: Vec<Channel> = match duty {
            Duty::Ingest => vec![Channel::Uploads],
            Duty::Plan => vec![Channel::Plans],
            Duty::Compile { .. } => lanes.now().map(Channel::Compile).to_vec(),
            Duty::CompileUrgent { .. } => vec![Channel::Compile(Lane::Urgent)],
            Duty::Collect | Duty::Remind => Vec::new(),
        };
        let Ok(deliveries) = queue.receive(&channels, 1, POLL).await else {
            tokio::time::sleep(TROUBLE).await;
            continue;
        };
        for delivery in deliveries {
            if let Channel::Compile(lane) = delivery.message.channel() {
                lanes.took(lane);
            }
            let (task, before) = (delivery.message.clone(), process.requests());
            // What the queue is not told of comes again.
            let _ = finish(queue.as_ref(), &handlers, delivery).await;
            let made = process.requests() - before;
            process
                .world
                .step(|objects, witness| witness.handled(objects, &task, made));
        }
    }
}

async fn finish(
    queue: &dyn Queue,
    handlers: &Handlers,
    delivery: Delivery,
) -> Result<(), QueueError> {
    let Delivery {
        message,
        attempt,
        receipt,
        ..
    } = delivery;
    let mut work = std::pin::pin!(handlers.handle(message));
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut work => break outcome,
            () = tokio::time::sleep(HEARTBEAT) => {
                if let Err(QueueError::LeaseLost) = queue.extend(&receipt, LEASE).await {
                    return Err(QueueError::LeaseLost);
                }
            }
        }
    };
    match outcome {
        Ok(()) => queue.ack(&receipt).await,
        Err(error) => {
            let delay = Duration::from_secs(1 << attempt.min(6));
            queue.release(&receipt, delay, &error).await
        }
    }
}
