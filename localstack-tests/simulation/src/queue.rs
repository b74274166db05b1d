//! The queue as a process reaches it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::messages::{Channel, Message};
use bunraku_queue::{Announcements, Delivery, Depth, Queue, QueueError, QueuedMessage, Receipt};

use crate::bill::Request;
use crate::process::{Process, Refused};
use crate::weather::Fault;
use crate::world::World;

/// How late a message is at most, in milliseconds.
const LATEST: u64 = 20_000;
/// Messages of one request.
const BATCH: usize = 10;
/// Requests of one batch under way at once, as to SQS.
const AT_ONCE: u64 = 16;

/// One process's way to the queue.
#[derive(Debug)]
pub(crate) struct QueueLink {
    process: Arc<Process>,
    taker: usize,
}

fn refused(Refused(reason): Refused) -> QueueError {
    QueueError::Unavailable {
        reason: reason.to_owned(),
    }
}

impl QueueLink {
    pub(crate) fn new(process: Arc<Process>) -> Self {
        let taker = process.world.step(|_, witness| witness.new_taker());
        Self { process, taker }
    }

    fn world(&self) -> &Arc<World> {
        &self.process.world
    }
}

fn send_later(world: &Arc<World>, message: Message) {
    let (world, wait) = (Arc::clone(world), world.chance.milliseconds(1, LATEST));
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        world.step(|_, witness| witness.sent(&message));
        // The queue in memory takes everything.
        let _ = world.queue.send(message).await;
    });
}

#[async_trait]
impl Queue for QueueLink {
    async fn send_batch(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let world = self.world();
        let requests = messages.len().div_ceil(BATCH) as u64;
        world.requests.add(Request::Send, requests);
        self.process.before().await.map_err(refused)?;
        let half = messages.len() > 1 && world.weather.strikes(Fault::HalfSent, &world.chance);
        let sent = match half {
            true => world.chance.below(messages.len()),
            false => messages.len(),
        };
        for _ in 1..requests.div_ceil(AT_ONCE) {
            self.process.wait_for_request().await;
        }
        let mut now = Vec::with_capacity(sent);
        for message in messages.into_iter().take(sent) {
            if world.weather.strikes(Fault::Duplicate, &world.chance) {
                send_later(world, message.clone());
            }
            if world.weather.strikes(Fault::Late, &world.chance) {
                send_later(world, message);
            } else {
                now.push(message);
            }
        }
        world.step(|_, witness| now.iter().for_each(|message| witness.sent(message)));
        world.queue.send_batch(now).await?;
        self.process.after().await.map_err(refused)?;
        match half {
            true => Err(refused(Refused("a part of the batch was refused"))),
            false => Ok(()),
        }
    }

    async fn receive(
        &self,
        channels: &[Channel],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let world = self.world();
        world.requests.count(Request::Receive);
        self.process.before().await.map_err(refused)?;
        let deliveries = world.queue.receive(channels, max, wait).await?;
        if !deliveries.is_empty() && world.look(|_, witness| witness.watches_lanes()) {
            let depths = world.queue.depths().await?;
            let left: BTreeMap<Channel, usize> = depths
                .into_iter()
                .map(|(channel, depth)| (channel, depth.waiting))
                .collect();
            // Who does not hear of what it took can't count it.
            self.process.after().await.map_err(refused)?;
            world.step(|_, witness| witness.took(self.taker, channels, &deliveries, &left));
            return Ok(deliveries);
        }
        self.process.after().await.map_err(refused)?;
        Ok(deliveries)
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), QueueError> {
        self.world().requests.count(Request::Settle);
        self.process.before().await.map_err(refused)?;
        self.world().queue.ack(receipt).await?;
        self.process.after().await.map_err(refused)
    }

    async fn release(
        &self,
        receipt: &Receipt,
        delay: Duration,
        error: &str,
    ) -> Result<(), QueueError> {
        self.world().requests.count(Request::Settle);
        self.process.before().await.map_err(refused)?;
        self.world().queue.release(receipt, delay, error).await?;
        self.process.after().await.map_err(refused)
    }

    async fn extend(&self, receipt: &Receipt, lease: Duration) -> Result<(), QueueError> {
        self.world().requests.count(Request::Settle);
        self.process.before().await.map_err(refused)?;
        self.world().queue.extend(receipt, lease).await?;
        self.process.after().await.map_err(refused)
    }

    async fn announce(&self, key: &str) {
        // Best effort: whoever asks for it hears of no failure.
        if self.process.before().await.is_ok() {
            self.world().news.tell(self.world(), key);
        }
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, QueueError> {
        self.process.before().await.map_err(refused)?;
        let listening = self.world().news.listen(&self.process);
        self.process.after().await.map_err(refused)?;
        Ok(listening)
    }

    async fn depths(&self) -> Result<BTreeMap<Channel, Depth>, QueueError> {
        self.world().queue.depths().await
    }

    async fn list(&self, channel: Channel, limit: usize) -> Result<Vec<QueuedMessage>, QueueError> {
        self.world().queue.list(channel, limit).await
    }

    async fn redrive(&self, channel: Option<Channel>) -> Result<usize, QueueError> {
        self.world().queue.redrive(channel).await
    }
}
