//! The streams.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use bunraku_farm::messages::{Channel, Message};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::time::{Instant, timeout};

use super::connection::PATIENCE;
use crate::{Depth, QueueError, QueueOptions};

/// After how long a silence a holder is taken for dead, at most.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How long the server may look for messages, at first.
const SHORTEST_LOOK: Duration = Duration::from_millis(5);
/// The consumer that all workers share.
const WORKERS: &str = "workers";
const NO_LIMIT: i64 = -1;

/// After how long a silence the server gives a message to the next.
pub(super) fn silence(options: QueueOptions) -> Duration {
    options.lease.min(LONGEST_SILENCE)
}

fn silent() -> QueueError {
    QueueError::unavailable("NATS gave no answer in time")
}

/// The subject of a channel's dead letters.
pub(super) fn dead_subject(prefix: &str, channel: Channel) -> String {
    format!("{prefix}.{channel}.dead")
}

/// The streams of all channels.
#[derive(Debug)]
pub(super) struct Lanes {
    jetstream: Context,
    lanes: BTreeMap<Channel, Lane>,
}

/// The streams of one channel.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) subject: String,
    workers: Consumer<pull::Config>,
    pub(super) dead: Stream,
    pub(super) dead_subject: String,
}

impl Lanes {
    /// Streams and consumers, made unless they are there.
    pub(super) async fn make(
        jetstream: &Context,
        prefix: &str,
        options: QueueOptions,
    ) -> Result<Self, QueueError> {
        let mut lanes = BTreeMap::new();
        for channel in Channel::ALL {
            lanes.insert(
                channel,
                Lane::make(jetstream, prefix, channel, options).await?,
            );
        }
        Ok(Self {
            jetstream: jetstream.clone(),
            lanes,
        })
    }

    pub(super) fn of(&self, channel: Channel) -> &Lane {
        // Each channel has one, see `make`.
        &self.lanes[&channel]
    }

    /// Sends messages; the server has stored them when this returns.
    pub(super) async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        let mut stored = Vec::with_capacity(messages.len());
        for message in messages {
            let body = serde_json::to_vec(message).map_err(QueueError::unavailable)?;
            let subject = self.of(message.channel()).subject.clone();
            let sent = self.jetstream.publish(subject, body.into()).await;
            stored.push(sent.map_err(QueueError::unavailable)?);
        }
        for stored in stored {
            stored.await.map_err(QueueError::unavailable)?;
        }
        Ok(())
    }

    /// Sends one body to a channel.
    pub(super) async fn send_body(&self, channel: Channel, body: Bytes) -> Result<(), QueueError> {
        let subject = self.of(channel).subject.clone();
        let sent = self.jetstream.publish(subject, body).await;
        let stored = sent.map_err(QueueError::unavailable)?.await;
        stored.map(drop).map_err(QueueError::unavailable)
    }
}

impl Lane {
    async fn make(
        jetstream: &Context,
        prefix: &str,
        channel: Channel,
        options: QueueOptions,
    ) -> Result<Self, QueueError> {
        let name = format!("{prefix}-{channel}");
        let subject = format!("{prefix}.{channel}");
        let dead_subject = dead_subject(prefix, channel);
        let stream = |name: String, subject: &str, retention| Config {
            name,
            subjects: vec![subject.to_owned()],
            retention,
            storage: StorageType::File,
            ..Config::default()
        };
        let work = stream(name.clone(), &subject, RetentionPolicy::WorkQueue);
        let work = jetstream.get_or_create_stream(work).await;
        let work = work.map_err(QueueError::unavailable)?;
        let dead = stream(
            format!("{name}-dead"),
            &dead_subject,
            RetentionPolicy::Limits,
        );
        let dead = jetstream.get_or_create_stream(dead).await;
        let workers = work.create_consumer(pull::Config {
            durable_name: Some(WORKERS.to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: silence(options),
            max_deliver: NO_LIMIT,
            max_ack_pending: NO_LIMIT,
            ..pull::Config::default()
        });
        Ok(Self {
            subject,
            workers: workers.await.map_err(QueueError::unavailable)?,
            dead: dead.map_err(QueueError::unavailable)?,
            dead_subject,
        })
    }

    /// Takes what waits, at most `max`, without waiting for more.
    pub(super) async fn take(&self, max: usize) -> Result<Vec<jetstream::Message>, QueueError> {
        let give_up = Instant::now() + PATIENCE;
        let mut time = SHORTEST_LOOK;
        let mut was_silent = false;
        loop {
            let Some(taken) = self.fetch(max, time).await? else {
                // While others make the same consumer, as when a farm starts, a request can be lost.
                if was_silent {
                    return Err(silent());
                }
                was_silent = true;
                continue;
            };
            // A busy server may let the time pass before it has looked: its own count says so.
            if !taken.is_empty() || self.pending().await? == 0 || Instant::now() >= give_up {
                return Ok(taken);
            }
            time *= 2;
        }
    }

    /// Takes what the server finds in `time`; `None` when it does not answer. A request that the server need not answer in a time
    /// ("no wait") is answered never, when another receiver gets what was there for it.
    async fn fetch(
        &self,
        max: usize,
        time: Duration,
    ) -> Result<Option<Vec<jetstream::Message>>, QueueError> {
        let fetched = self.workers.fetch().max_messages(max).expires(time);
        let Ok(fetched) = timeout(PATIENCE, fetched.messages()).await else {
            return Ok(None);
        };
        let mut fetched = fetched.map_err(QueueError::unavailable)?;
        let mut taken = Vec::new();
        loop {
            match timeout(PATIENCE, fetched.next()).await {
                Ok(Some(Ok(message))) => taken.push(message),
                Ok(None) => return Ok(Some(taken)),
                // What came is ours, whatever became of the rest.
                _ if !taken.is_empty() => return Ok(Some(taken)),
                Ok(Some(Err(error))) => return Err(QueueError::unavailable(error)),
                Err(_) => return Ok(None),
            }
        }
    }

    /// How many messages nobody was given yet.
    async fn pending(&self) -> Result<u64, QueueError> {
        let workers = self.workers.get_info().await;
        Ok(workers.map_err(QueueError::unavailable)?.num_pending)
    }

    pub(super) async fn depth(&self) -> Result<Depth, QueueError> {
        let workers = self.workers.get_info().await;
        let workers = workers.map_err(QueueError::unavailable)?;
        let dead = self
            .dead
            .get_info()
            .await
            .map_err(QueueError::unavailable)?;
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Ok(Depth {
            waiting: count(workers.num_pending),
            delayed: 0,
            leased: workers.num_ack_pending,
            dead: count(dead.state.messages),
        })
    }
}
