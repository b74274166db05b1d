//! The state machine behind a lock, with waiting receivers and a journal.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bunraku_farm::messages::{Channel, Message};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::journal::{Journal, Written};
use crate::state::{Change, State, after};
use crate::{Delivery, Depth, QueueError, QueuedMessage, Receipt};

/// What both queues are made of; without a journal it is the one in memory.
#[derive(Debug)]
pub(crate) struct Engine {
    state: Mutex<State>,
    /// Wakes all receivers: something may be ready.
    changed: Notify,
    journal: Option<Journal>,
}

impl Engine {
    pub(crate) fn new(state: State, journal: Option<Journal>) -> Self {
        Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            journal,
        }
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>, QueueError> {
        if let Some(journal) = &self.journal {
            journal.check()?;
        }
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands changes to the journal. Called with the state locked, so that the journal's order is
    /// the state's.
    fn keep(&self, changes: Vec<Change>) -> Written {
        match &self.journal {
            Some(journal) if !changes.is_empty() => journal.append(changes),
            _ => Written::at_once(),
        }
    }

    /// Applies an operation; returns when its changes are durable.
    async fn apply<R>(
        &self,
        operation: impl FnOnce(&mut State) -> (R, Vec<Change>) + Send,
    ) -> Result<R, QueueError> {
        let (result, written) = {
            let mut state = self.lock()?;
            let (result, changes) = operation(&mut state);
            (result, self.keep(changes))
        };
        self.changed.notify_waiters();
        written.await_durable().await?;
        Ok(result)
    }

    pub(crate) async fn send_batch(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        self.apply(|state| ((), state.send(messages))).await
    }

    pub(crate) async fn receive(
        &self,
        channels: &[Channel],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let deadline = after(Instant::now(), wait);
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Registered before the look, so that what comes between look and wait wakes us.
            changed.as_mut().enable();
            let (deliveries, timer) = self.try_receive(channels, max)?;
            if !deliveries.is_empty() || Instant::now() >= deadline {
                return Ok(deliveries);
            }
            let until = timer.map_or(deadline, |timer| timer.min(deadline));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// The count of attempts goes to the journal without waiting for it: a delivery may be counted
    /// too little by a crash within these milliseconds, never lost.
    fn try_receive(
        &self,
        channels: &[Channel],
        max: usize,
    ) -> Result<(Vec<Delivery>, Option<Instant>), QueueError> {
        let mut state = self.lock()?;
        let (deliveries, changes) = state.receive(channels, max, Instant::now());
        drop(self.keep(changes));
        Ok((deliveries, state.next_timer()))
    }

    pub(crate) async fn ack(&self, receipt: &Receipt) -> Result<(), QueueError> {
        self.apply(|state| ((), state.ack(receipt, Instant::now())))
            .await
    }

    pub(crate) async fn release(
        &self,
        receipt: &Receipt,
        delay: Duration,
        error: &str,
    ) -> Result<(), QueueError> {
        self.apply(|state| ((), state.release(receipt, delay, error, Instant::now())))
            .await
    }

    pub(crate) async fn extend(
        &self,
        receipt: &Receipt,
        lease: Duration,
    ) -> Result<(), QueueError> {
        self.apply(|state| state.extend(receipt, lease, Instant::now()))
            .await?
    }

    pub(crate) async fn depths(&self) -> Result<BTreeMap<Channel, Depth>, QueueError> {
        self.apply(|state| {
            let changes = state.tick(Instant::now());
            (state.depths(), changes)
        })
        .await
    }

    pub(crate) async fn list(
        &self,
        channel: Channel,
        limit: usize,
    ) -> Result<Vec<QueuedMessage>, QueueError> {
        self.apply(|state| {
            let changes = state.tick(Instant::now());
            (state.list(channel, limit), changes)
        })
        .await
    }

    pub(crate) async fn redrive(&self, channel: Option<Channel>) -> Result<usize, QueueError> {
        self.apply(|state| state.redrive(channel)).await
    }
}

/// Implements [`crate::Queue`] for a type with a field `engine`.
macro_rules! queue_over_engine {
    ($queue:ty) => {
        #[async_trait::async_trait]
        impl $crate::Queue for $queue {
            async fn send_batch(
                &self,
                messages: Vec<$crate::Message>,
            ) -> Result<(), $crate::QueueError> {
                self.engine.send_batch(messages).await
            }

            async fn receive(
                &self,
                channels: &[$crate::Channel],
                max: usize,
                wait: std::time::Duration,
            ) -> Result<Vec<$crate::Delivery>, $crate::QueueError> {
                self.engine.receive(channels, max, wait).await
            }

            async fn ack(&self, receipt: &$crate::Receipt) -> Result<(), $crate::QueueError> {
                self.engine.ack(receipt).await
            }

            async fn release(
                &self,
                receipt: &$crate::Receipt,
                delay: std::time::Duration,
                error: &str,
            ) -> Result<(), $crate::QueueError> {
                self.engine.release(receipt, delay, error).await
            }

            async fn extend(
                &self,
                receipt: &$crate::Receipt,
                lease: std::time::Duration,
            ) -> Result<(), $crate::QueueError> {
                self.engine.extend(receipt, lease).await
            }

            async fn depths(
                &self,
            ) -> Result<
                std::collections::BTreeMap<$crate::Channel, $crate::Depth>,
                $crate::QueueError,
            > {
                self.engine.depths().await
            }

            async fn list(
                &self,
                channel: $crate::Channel,
                limit: usize,
            ) -> Result<Vec<$crate::QueuedMessage>, $crate::QueueError> {
                self.engine.list(channel, limit).await
            }

            async fn redrive(
                &self,
                channel: Option<$crate::Channel>,
            ) -> Result<usize, $crate::QueueError> {
                self.engine.redrive(channel).await
            }
        }
    };
}
pub(crate) use queue_over_engine;
