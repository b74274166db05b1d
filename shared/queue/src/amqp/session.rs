//! Connections, one after the other: each is used until it breaks, the next is made when somebody
//! wants something.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::messages::{Channel, Message};
use futures::StreamExt as _;
use lapin::message::BasicGetMessage;
use lapin::options::{
    BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel as AmqpChannel, Confirmation, Connection, Consumer, ExchangeKind,
};
use tokio::sync::{Mutex, Notify};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::announcements;
use super::connect::connect;
use super::names::Names;
use crate::QueueError;
use crate::broker::Address;

/// How long the broker may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long no connection is tried after one could not be made; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
const PERSISTENT: u8 = 2;
/// We give a message up ourselves, and count its attempts; the broker shall not.
const NO_LIMIT: i32 = i32::MAX;

/// The connection of the moment.
#[derive(Debug)]
pub(super) struct Sessions {
    address: Address,
    state: Mutex<State>,
    /// Tells receivers that something came.
    news: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<Arc<Session>>,
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    error: QueueError,
    pause: Duration,
    until: Instant,
}

impl Sessions {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            state: Mutex::default(),
            news: Arc::default(),
        }
    }

    pub(super) fn news(&self) -> &Notify {
        &self.news
    }

    /// A session that works, as far as is known. While none can be had, the answer is that at once,
    /// and the broker is asked again after pauses that grow.
    pub(super) async fn get(&self) -> Result<Arc<Session>, QueueError> {
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.as_ref().filter(|it| it.is_alive()) {
            return Ok(Arc::clone(session));
        }
        state.session = None;
        let now = Instant::now();
        if let Some(trouble) = state.trouble.as_ref().filter(|it| now < it.until) {
            return Err(trouble.error.clone());
        }
        match Session::open(&self.address, &self.news).await {
            Ok(session) => {
                let session = Arc::new(session);
                state.session = Some(Arc::clone(&session));
                state.trouble = None;
                Ok(session)
            }
            Err(error) => {
                let pause = state.trouble.as_ref().map_or(FIRST_PAUSE, |trouble| {
                    (trouble.pause * 2).min(LONGEST_PAUSE)
                });
                state.trouble = Some(Trouble {
                    error: error.clone(),
                    pause,
                    until: Instant::now() + pause,
                });
                Err(error)
            }
        }
    }
}

/// A connection with its channels; messages taken through it are the broker's again when it breaks.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) names: Names,
    place: String,
    connection: Connection,
    publishing: AmqpChannel,
    /// For announcements, which nobody confirms.
    pub(super) telling: AmqpChannel,
    taking: AmqpChannel,
    listener: AbortHandle,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Session {
    /// Connects to the first host that answers, and makes what is not there yet.
    async fn open(address: &Address, news: &Arc<Notify>) -> Result<Self, QueueError> {
        let mut refusals = Vec::new();
        for host in &address.hosts {
            match open_at(address, host, news).await {
                Ok(session) => return Ok(session),
                Err(error) => refusals.push(error),
            }
        }
        Err(QueueError::unavailable(format!(
            "{address}: {}",
            refusals.join("; ")
        )))
    }

    pub(super) fn is_alive(&self) -> bool {
        self.connection.status().connected()
            && self.publishing.status().connected()
            && self.taking.status().connected()
            && self.telling.status().connected()
    }

    /// Waits for an answer of the broker, within bounds.
    pub(super) async fn answer<T>(
        &self,
        what: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, QueueError> {
        within(what).await.map_err(|error| self.trouble(error))
    }

    /// Sends messages; they are confirmed when this returns.
    pub(super) async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        let mut confirmations = Vec::with_capacity(messages.len());
        for message in messages {
            let body = serde_json::to_vec(message).map_err(QueueError::unavailable)?;
            let to = (self.names.exchange(), message.channel().as_str());
            confirmations.push(self.hand_over(to, &body, FieldTable::default()).await?);
        }
        for confirmation in confirmations {
            self.confirmed(confirmation).await?;
        }
        Ok(())
    }

    /// Publishes one body to (exchange, routing key); it is confirmed when this returns.
    pub(super) async fn publish(
        &self,
        to: (&str, &str),
        body: &[u8],
        headers: FieldTable,
    ) -> Result<(), QueueError> {
        let confirmation = self.hand_over(to, body, headers).await?;
        self.confirmed(confirmation).await
    }

    async fn hand_over(
        &self,
        (exchange, key): (&str, &str),
        body: &[u8],
        headers: FieldTable,
    ) -> Result<lapin::PublisherConfirm, QueueError> {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/json".into())
            .with_headers(headers);
        let handed =
            self.publishing
                .basic_publish(exchange.into(), key.into(), options, body, properties);
        self.answer(handed).await
    }

    async fn confirmed(&self, confirmation: lapin::PublisherConfirm) -> Result<(), QueueError> {
        match self.answer(confirmation).await? {
            Confirmation::Ack(None) => Ok(()),
            _ => Err(QueueError::unavailable(format!(
                "{}: the broker did not take a message (is its queue there, and not full?)",
                self.place
            ))),
        }
    }

    /// A channel of one's own.
    pub(super) async fn channel(&self) -> Result<AmqpChannel, QueueError> {
        self.answer(self.connection.create_channel()).await
    }

    /// What is wrong, and with which host.
    pub(super) fn trouble(&self, what: impl std::fmt::Display) -> QueueError {
        QueueError::unavailable(format!("{}: {what}", self.place))
    }

    /// Takes the first message of a queue.
    pub(super) async fn take(&self, queue: &str) -> Result<Option<BasicGetMessage>, QueueError> {
        let got = self
            .taking
            .basic_get(queue.into(), BasicGetOptions::default());
        self.answer(got).await
    }

    /// How many messages of a queue nobody has in hand. Asked where they are taken and given back: what this process gave
    /// back before counts.
    pub(super) async fn count(&self, queue: &str) -> Result<usize, QueueError> {
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let declared = self
            .taking
            .queue_declare(queue.into(), options, FieldTable::default());
        let declared = self.answer(declared).await?;
        Ok(usize::try_from(declared.message_count()).unwrap_or(usize::MAX))
    }
}

/// Errors of lapin name no password.
pub(super) async fn within<T>(what: impl Future<Output = lapin::Result<T>>) -> Result<T, String> {
    match timeout(PATIENCE, what).await {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time (is the broker out of memory or disk space?)".to_owned()),
    }
}

async fn open_at(address: &Address, host: &str, news: &Arc<Notify>) -> Result<Session, String> {
    let connection = within(connect(address, host))
        .await
        .map_err(|error| format!("{host}: {error}"))?;
    let names = Names::new(&address.prefix);
    let publishing = within(connection.create_channel()).await?;
    within(publishing.confirm_select(ConfirmSelectOptions::default())).await?;
    declare(&publishing, &names).await?;
    announcements::declare(&publishing, &names).await?;
    let telling = within(connection.create_channel()).await?;
    let taking = within(connection.create_channel()).await?;
    let listener = listen(&connection, &names, Arc::clone(news)).await?;
    Ok(Session {
        names,
        place: format!("{}://{host}", address.scheme),
        connection,
        publishing,
        telling,
        taking,
        listener,
    })
}

/// Makes the exchange and the queues, unless they are there.
async fn declare(channel: &AmqpChannel, names: &Names) -> Result<(), String> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    within(channel.exchange_declare(
        names.exchange().into(),
        ExchangeKind::Direct,
        durable,
        FieldTable::default(),
    ))
    .await?;
    let mut quorum = FieldTable::default();
    quorum.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    quorum.insert("x-delivery-limit".into(), AMQPValue::LongInt(NO_LIMIT));
    for of in Channel::ALL {
        for queue in [names.of(of), names.dead(of)] {
            let options = QueueDeclareOptions::durable();
            within(channel.queue_declare(queue.into(), options, quorum.clone())).await?;
        }
        bind(channel, &names.of(of), (names.exchange(), of.as_str())).await?;
    }
    Ok(())
}

async fn bind(
    channel: &AmqpChannel,
    queue: &str,
    (exchange, key): (&str, &str),
) -> Result<(), String> {
    within(channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    ))
    .await
}

/// Copies of what is sent to each (exchange, key), in a queue of this connection alone that keeps `most` of them, the
/// newest, and goes with its consumer.
pub(super) async fn overhear(
    channel: &AmqpChannel,
    most: i32,
    sent_to: &[(&str, &str)],
) -> Result<Consumer, String> {
    let mut bounded = FieldTable::default();
    bounded.insert("x-max-length".into(), AMQPValue::LongInt(most));
    let options = QueueDeclareOptions::exclusive();
    let queue = within(channel.queue_declare("".into(), options, bounded)).await?;
    for to in sent_to {
        bind(channel, queue.name().as_str(), *to).await?;
    }
    let options = BasicConsumeOptions {
        no_ack: true,
        exclusive: true,
        ..BasicConsumeOptions::default()
    };
    within(channel.basic_consume(
        queue.name().clone(),
        "".into(),
        options,
        FieldTable::default(),
    ))
    .await
}

/// Hears of everything that is sent: that something came is enough.
async fn listen(
    connection: &Connection,
    names: &Names,
    news: Arc<Notify>,
) -> Result<AbortHandle, String> {
    let channel = within(connection.create_channel()).await?;
    let all = Channel::ALL.map(|of| (names.exchange(), of.as_str()));
    let mut consumer = overhear(&channel, 1, &all).await?;
    let listener = tokio::spawn(async move {
        let _channel = channel;
        while let Some(Ok(_)) = consumer.next().await {
            news.notify_waiters();
        }
        // The connection is gone: receivers find that out, and make the next.
        news.notify_waiters();
    });
    Ok(listener.abort_handle())
}
