//! Announcements: a fanout exchange, `PREFIX-published`, from which each listener's own queue gets a
//! copy; that queue is gone with the listener's connection.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _};
use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel as AmqpChannel, Consumer, ExchangeKind};

use super::names::Names;
use super::session::{Session, overhear, within};
use crate::{Announcements, QueueError};

/// How many announcements the broker keeps for a listener that does not keep up; then the oldest go.
const BACKLOG: i32 = 100_000;
/// How many are taken at once.
const MOST: usize = 1000;

/// Makes the exchange, unless it is there.
pub(super) async fn declare(channel: &AmqpChannel, names: &Names) -> Result<(), String> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    within(channel.exchange_declare(
        names.published().into(),
        ExchangeKind::Fanout,
        durable,
        FieldTable::default(),
    ))
    .await
}

/// Tells all who listen.
pub(super) async fn announce(session: &Session, key: &str) -> Result<(), QueueError> {
    let exchange = session.names.published();
    let told = session.telling.basic_publish(
        exchange.into(),
        "".into(),
        BasicPublishOptions::default(),
        key.as_bytes(),
        BasicProperties::default(),
    );
    session.answer(told).await.map(drop)
}

/// A queue of one's own.
#[derive(Debug)]
pub(super) struct Listening {
    session: Arc<Session>,
    channel: AmqpChannel,
    consumer: Consumer,
}

impl Listening {
    /// Listens from now on.
    pub(super) async fn on(session: Arc<Session>) -> Result<Self, QueueError> {
        let channel = session.channel().await?;
        let published = session.names.published();
        let consumer = overhear(&channel, BACKLOG, &[(&published, "")]).await;
        let consumer = consumer.map_err(|error| session.trouble(error))?;
        Ok(Self {
            session,
            channel,
            consumer,
        })
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<Vec<String>, QueueError> {
        let mut came = vec![self.consumer.next().await];
        while came.len() < MOST
            && let Some(more) = self.consumer.next().now_or_never()
        {
            let is_end = !matches!(more, Some(Ok(_)));
            came.push(more);
            if is_end {
                break;
            }
        }
        let mut keys = Vec::new();
        for delivery in came {
            let Some(Ok(delivery)) = delivery else {
                return Err(self.session.trouble("the connection was lost"));
            };
            keys.extend(String::from_utf8(delivery.data));
        }
        Ok(keys)
    }

    async fn close(self: Box<Self>) -> Result<(), QueueError> {
        // The queue goes with its only consumer, or with the connection.
        let closed = self.channel.close(200, "done".into());
        self.session.answer(closed).await
    }
}
