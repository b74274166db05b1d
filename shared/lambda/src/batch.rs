//! The items of one event: handled, and settled one by one.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bunraku_queue::{QueueError, sqs};
use futures::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;
use tracing::Instrument as _;

use crate::coalesce::{Work, coalesce};
use crate::event::Item;
use crate::feedback::Feedback;
use crate::task::{self, Task};

use crate::{Deadline, WouldOverrun};

/// What handles the items of every event of a function.
#[derive(Debug)]
pub(crate) struct Worker<F, H> {
    /// The queues.
    pub(crate) feedback: F,
    /// The handler of one task.
    pub(crate) handler: H,
    /// On which attempt a message that fails is given up.
    pub(crate) max_attempts: u32,
    /// How many tasks are handled at once.
    pub(crate) concurrency: usize,
}

/// What came of an event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Messages of SQS.
    pub(crate) items: u64,
    /// Those whose handler failed or was cut off.
    pub(crate) failed: u64,
    /// Those put among the dead letters.
    pub(crate) buried: u64,
    /// Ids of those that come again.
    pub(crate) given_back: Vec<String>,
}

/// Why an item is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Undone {
    reason: String,
    /// When it may come again.
    again: Again,
    /// Whether its handler was at it and failed.
    failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    AtOnce,
    Later,
    Never,
}

/// What happened to an item in the end.
enum Settled {
    Done,
    Buried,
    GivenBack,
}

impl<F: Feedback, H: Send + Sync + 'static> Worker<F, H> {
    /// Handles the items of an event. Ends before `deadline`.
    pub(crate) async fn handle<T, W>(
        self: &Arc<Self>,
        items: &[Item],
        deadline: Deadline,
    ) -> Summary
    where
        T: Task,
        H: Fn(T, Deadline) -> W,
        W: Future<Output = anyhow::Result<()>> + Send,
    {
        let slots = Semaphore::new(self.concurrency);
        let work = coalesce(items);
        let ends = work.iter().map(|work| self.attempt(work, deadline, &slots));
        let ends = join_all(ends).await;
        let mut undone: Vec<Option<Undone>> = items.iter().map(unreadable).collect();
        for (work, end) in work.iter().zip(ends) {
            let Err(why) = end else { continue };
            for &place in &work.items {
                if let Some(item) = undone.get_mut(place) {
                    item.get_or_insert_with(|| why.clone());
                }
            }
        }
        let settling = items.iter().zip(&undone).map(|(item, undone)| {
            let span = tracing::info_span!("item", trace = item.trace, message_id = item.id);
            let settling = self
                .settle(item, undone.as_ref(), deadline)
                .instrument(span);
            sqs::with_trace(item.trace.clone(), settling)
        });
        let mut summary = Summary {
            items: items.len() as u64,
            failed: undone.iter().flatten().filter(|why| why.failed).count() as u64,
            ..Summary::default()
        };
        for (item, settled) in items.iter().zip(join_all(settling).await) {
            match settled {
                Settled::Done => {}
                Settled::Buried => summary.buried += 1,
                Settled::GivenBack => summary.given_back.push(item.id.clone()),
            }
        }
        summary
    }

    /// Has one task handled, in a task of its own: a panic ends that one only.
    async fn attempt<T, W>(
        self: &Arc<Self>,
        work: &Work,
        deadline: Deadline,
        slots: &Semaphore,
    ) -> Result<(), Undone>
    where
        T: Task,
        H: Fn(T, Deadline) -> W,
        W: Future<Output = anyhow::Result<()>> + Send,
    {
        let slot = timeout_at(deadline.work_ends(), slots.acquire()).await;
        if slot.is_err() || deadline.left().is_zero() {
            return Err(Undone {
                reason: format!(
                    "was not started before the function's timeout of {} s",
                    deadline.timeout().as_secs()
                ),
                again: Again::AtOnce,
                failed: false,
            });
        }
        let span = task::span(&work.message, work.trace.as_deref());
        let (worker, message) = (Arc::clone(self), work.message.clone());
        let handling = async move {
            match T::of(message) {
                Some(task) => (worker.handler)(task, deadline).await,
                // Messages of other kinds are not taken as work.
                None => Ok(()),
            }
        };
        let handling = sqs::with_trace(work.trace.clone(), handling.instrument(span));
        let mut running = tokio::spawn(handling);
        let failed = |reason| Undone {
            reason,
            again: Again::Later,
            failed: true,
        };
        match timeout_at(deadline.work_ends(), &mut running).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(match error.is::<WouldOverrun>() {
                true => Undone {
                    reason: error.to_string(),
                    again: Again::AtOnce,
                    failed: false,
                },
                false => failed(format!("{error:#}")),
            }),
            Ok(Err(ended)) => Err(failed(match ended.try_into_panic() {
                Ok(panic) => format!("the handler panicked: {}", panic_text(&*panic)),
                Err(ended) => format!("the handler was ended: {ended}"),
            })),
            Err(_) => {
                running.abort();
                Err(failed(deadline.overrun().to_string()))
            }
        }
    }

    /// Tells the queues what came of an item. An item that they can't be told of counts as given
    /// back: it comes again when its visibility timeout ends.
    async fn settle(&self, item: &Item, undone: Option<&Undone>, deadline: Deadline) -> Settled {
        let Some(why) = undone else {
            return Settled::Done;
        };
        let (reason, attempt, channel) = (&*why.reason, item.attempt, item.channel);
        let last = attempt >= self.max_attempts;
        let delay = match why.again {
            Again::Never => None,
            _ if last => None,
            Again::AtOnce => Some(Duration::ZERO),
            Again::Later => Some(backoff(attempt)),
        };
        let (told, settled) = match delay {
            None => {
                tracing::error!(%channel, attempt, reason, "a message is given up as a dead letter");
                let bury = self.feedback.bury(channel, &item.body, reason);
                (in_time(deadline, bury).await, Settled::Buried)
            }
            Some(delay) => {
                tracing::warn!(%channel, attempt, reason, delay_s = delay.as_secs(), "a message is given back");
                let delay = self.feedback.delay(channel, &item.receipt, delay);
                (in_time(deadline, delay).await, Settled::GivenBack)
            }
        };
        match told {
            Ok(()) => settled,
            Err(error) => {
                tracing::error!(%channel, attempt, error, "the queue could not be told of a message");
                Settled::GivenBack
            }
        }
    }
}

fn unreadable(item: &Item) -> Option<Undone> {
    let reason = item.messages.as_ref().err()?;
    Some(Undone {
        reason: reason.clone(),
        again: Again::Never,
        failed: false,
    })
}

async fn in_time(
    deadline: Deadline,
    telling: impl Future<Output = Result<(), QueueError>>,
) -> Result<(), String> {
    match timeout_at(deadline.answer_due(), telling).await {
        Ok(told) => told.map_err(|error| error.to_string()),
        Err(_) => Err("the function's timeout is near".to_owned()),
    }
}

/// How long to wait after a failed attempt, counted from 1: two seconds, doubled to about a minute.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.clamp(1, 6))
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it did not say why")
}

#[cfg(test)]
mod tests;
