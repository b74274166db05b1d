//! A function between Lambda's runtime API and its handler.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::anyhow;
use aws_lambda_events::sqs::SqsBatchResponse;
use bunraku_farm::Counters;
use bunraku_farm::messages::{Channel, Lane};
use bunraku_queue::sqs::SqsQueue;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::batch::Worker;
use crate::event::{self, EventError, Item};
use crate::feedback::Feedback;
use crate::metrics::Invocation;
use crate::{Deadline, Settings, Task, logging};

/// What a function's `main` does: starts the log, and logs why `run` ended.
pub async fn main(run: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    logging::start();
    match run.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A function on AWS Lambda that handles the messages of SQS queues.
#[derive(Debug)]
pub struct Function {
    settings: Settings,
    counters: Arc<Counters>,
    concurrency: usize,
}

/// A function with its handler.
struct Running<F, H> {
    settings: Settings,
    counters: Arc<Counters>,
    worker: Arc<Worker<F, H>>,
    /// Whether there was an invocation already.
    warm: AtomicBool,
}

impl Function {
    /// A function that handles one message after the other; `counters` are those that its handler
    /// counts in.
    #[must_use]
    pub const fn new(settings: Settings, counters: Arc<Counters>) -> Self {
        Self {
            settings,
            counters,
            concurrency: 1,
        }
    }

    /// Handles as many messages of an event at once.
    #[must_use]
    pub const fn concurrency(mut self, messages: usize) -> Self {
        self.concurrency = messages;
        self
    }

    /// Takes events from Lambda for as long as the process lives, and has each of their messages
    /// handled by `handler`. A message whose handler fails comes again, later each time; one that
    /// failed too often becomes a dead letter with its error.
    ///
    /// # Errors
    /// When the runtime API fails.
    pub async fn run<T, H, W>(self, queue: SqsQueue, handler: H) -> anyhow::Result<()>
    where
        T: Task,
        H: Fn(T, Deadline) -> W + Send + Sync + 'static,
        W: Future<Output = anyhow::Result<()>> + Send,
    {
        let worker = Worker {
            feedback: queue,
            handler,
            max_attempts: self.settings.max_attempts,
            concurrency: self.concurrency,
        };
        let running = Running {
            settings: self.settings,
            counters: self.counters,
            worker: Arc::new(worker),
            warm: AtomicBool::new(false),
        };
        let invoke = service_fn(|event| running.invoke::<T, W>(event));
        let ran = Runtime::new(invoke).run().await;
        ran.map_err(|error| anyhow!("Lambda's runtime API failed: {error}"))
    }
}

impl<F: Feedback, H: Send + Sync + 'static> Running<F, H> {
    /// Handles one event. An error of the event as a whole is one of the function's configuration.
    async fn invoke<T, W>(&self, event: LambdaEvent<Value>) -> Result<SqsBatchResponse, Diagnostic>
    where
        T: Task,
        H: Fn(T, Deadline) -> W,
        W: Future<Output = anyhow::Result<()>> + Send,
    {
        let deadline = Deadline::of_invocation(event.context.deadline());
        let (event, context) = event.into_parts();
        let span = tracing::info_span!(
            "invocation",
            request_id = context.request_id,
            trace = context.xray_trace_id,
        );
        let answered = self.answer::<T, W>(event, context.xray_trace_id, deadline);
        answered.instrument(span).await.map_err(|error| Diagnostic {
            error_type: "EventError".to_owned(),
            error_message: error.to_string(),
        })
    }

    async fn answer<T, W>(
        &self,
        event: Value,
        trace: Option<String>,
        deadline: Deadline,
    ) -> Result<SqsBatchResponse, EventError>
    where
        T: Task,
        H: Fn(T, Deadline) -> W,
        W: Future<Output = anyhow::Result<()>> + Send,
    {
        let began = Instant::now();
        let cold_start = !self.warm.swap(true, Ordering::Relaxed);
        let before = self.counters.snapshot();
        let mut items = event::items::<T>(event, self.settings.prefix())?;
        for item in &mut items {
            // A message's own header wins over the invocation's.
            if item.trace.is_none() {
                item.trace.clone_from(&trace);
            }
        }
        let summary = self.worker.handle::<T, W>(&items, deadline).await;
        Invocation {
            function: &self.settings.function,
            lane: items.first().and_then(lane),
            summary: &summary,
            counted: (before, self.counters.snapshot()),
            duration: began.elapsed(),
            cold_start,
        }
        .write();
        let mut response = SqsBatchResponse::default();
        response.set_failures(summary.given_back);
        Ok(response)
    }
}

/// The lane of an event, whose items all come from one queue.
fn lane(item: &Item) -> Option<Lane> {
    match item.channel {
        Channel::Compile(lane) => Some(lane),
        Channel::Uploads | Channel::Plans => None,
    }
}
