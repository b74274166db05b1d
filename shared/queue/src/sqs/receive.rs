//! Messages are taken in the order of channels, and no request that may bring some is dropped.
//!
//! A long poll whose future is dropped may have its answer on the way: its messages would be hidden
//! until their leases run out. So each request runs in a task of its own to its end, and what comes
//! when nobody wants it any more is put back at once (`SqsTicket`). For the same reason there are
//! never long polls of several channels at a time, of which one would win: one channel is polled
//! for as long as SQS allows; of several, the first named for a second at a time, with a look at
//! the others in between. So the first is answered at once and the others within a second or so.
//! A look that does not wait asks some of the servers of SQS only: it may miss a message, and the
//! next finds it.

use std::mem::discriminant;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName as Attribute;
use bunraku_farm::messages::{Channel, Message};
use tokio::time::Instant;

use super::body::Body;
use super::failure::refused;
use super::send::{MOST_MESSAGES, send_bodies};
use super::settle::delete;
use super::ticket::SqsTicket;
use super::{SqsQueue, dead_letters};
use crate::receipt::{Receipt, Ticket};
use crate::state::after;
use crate::{Delivery, QueueError};

/// The longest that SQS lets a request wait.
pub(super) const LONGEST_POLL: Duration = Duration::from_secs(20);
/// How long the first of several channels is waited for before the others are looked at again.
const SLICE: Duration = Duration::from_secs(1);

pub(super) async fn receive(
    queue: &SqsQueue,
    channels: &[Channel],
    max: usize,
    wait: Duration,
) -> Result<Vec<Delivery>, QueueError> {
    let deadline = after(Instant::now(), wait);
    if channels.is_empty() || max == 0 {
        tokio::time::sleep_until(deadline).await;
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut looked = false;
    loop {
        let patience = match channels.len() {
            1 => LONGEST_POLL,
            _ if looked => SLICE,
            // What already waits is taken in order before anything is waited for.
            _ => Duration::ZERO,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let poll = left.min(patience).as_secs();
        if looked && poll == 0 {
            // SQS waits whole seconds.
            tokio::time::sleep(left).await;
        }
        match look(queue, channels, max, poll, &mut found).await {
            Err(error) if found.is_empty() => return Err(error),
            Err(error) => tracing::warn!(%error, "not all queues could be looked at"),
            Ok(()) => {}
        }
        if !found.is_empty() || Instant::now() >= deadline {
            break;
        }
        looked = true;
    }
    Ok(found.into_iter().map(Found::delivery).collect())
}

/// A message, still put back if it is dropped.
struct Found {
    letter: Letter,
    message: Message,
}

impl Found {
    fn delivery(self) -> Delivery {
        let Letter { ticket, trace } = self.letter;
        ticket.is_answered_for();
        Delivery {
            message: self.message,
            attempt: ticket.attempt,
            receipt: Receipt(Ticket::Sqs(ticket)),
            trace,
        }
    }
}

/// What SQS gave, unread.
struct Letter {
    ticket: Arc<SqsTicket>,
    trace: Option<String>,
}

/// Empties the channels in order until there are `max`; waits `poll` seconds for the first.
async fn look(
    queue: &SqsQueue,
    channels: &[Channel],
    max: usize,
    poll: u64,
    found: &mut Vec<Found>,
) -> Result<(), QueueError> {
    let mut poll = poll;
    for channel in channels {
        while found.len() < max {
            let wanted = (max - found.len()).min(MOST_MESSAGES);
            let letters = take(queue, *channel, wanted, std::mem::take(&mut poll)).await?;
            if letters.is_empty() {
                break;
            }
            for letter in letters {
                found.extend(read(queue, letter).await);
            }
        }
    }
    Ok(())
}

/// One request for messages; see the module's words on why it is a task.
async fn take(
    queue: &SqsQueue,
    channel: Channel,
    wanted: usize,
    poll: u64,
) -> Result<Vec<Letter>, QueueError> {
    let settings = queue.queues.settings(channel).await?;
    let url = queue.queues.url(&queue.queues.name(channel)).await?;
    let queues = Arc::clone(&queue.queues);
    let request = tokio::spawn(async move {
        let answer = queues
            .client
            .receive_message()
            .queue_url(&*url)
            .max_number_of_messages(i32::try_from(wanted).unwrap_or(1))
            .wait_time_seconds(i32::try_from(poll).unwrap_or(0))
            .message_system_attribute_names(Attribute::ApproximateReceiveCount)
            .message_system_attribute_names(Attribute::AwsTraceHeader)
            .send()
            .await
            .map_err(|error| refused(&queues.name(channel), error))?;
        let received = Instant::now();
        let letters = answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(|mut message| {
                let mut attributes = message.attributes.take().unwrap_or_default();
                let attempt = attributes
                    .get(&Attribute::ApproximateReceiveCount)
                    .and_then(|count| count.parse().ok());
                let ticket = SqsTicket {
                    queues: Arc::clone(&queues),
                    channel,
                    url: Arc::clone(&url),
                    handle: message.receipt_handle.unwrap_or_default(),
                    body: message.body.unwrap_or_default(),
                    attempt: attempt.unwrap_or(1),
                    received,
                    lease_end: Mutex::new(after(received, settings.lease)),
                    answered_for: AtomicBool::new(false),
                };
                Letter {
                    ticket: Arc::new(ticket),
                    trace: attributes.remove(&Attribute::AwsTraceHeader),
                }
            });
        Ok(letters.collect())
    });
    request.await.map_err(QueueError::unavailable)?
}

/// Reads a letter. One that is no message of this channel is dealt with here; when that fails, it
/// comes again as soon as its lease has run out.
async fn read(queue: &SqsQueue, letter: Letter) -> Option<Found> {
    let ticket = &letter.ticket;
    let dealt_with = match Body::parse(&ticket.body) {
        Ok(Body::Messages(messages)) => match stray(ticket.channel, &messages) {
            Some(reason) => bury(queue, ticket, &reason).await,
            None => match <[Message; 1]>::try_from(messages) {
                Ok([message]) => return Some(Found { letter, message }),
                Err(messages) => split(ticket, messages).await,
            },
        },
        Ok(Body::Nothing) => delete(ticket).await,
        Err(error) => bury(queue, ticket, &error.to_string()).await,
    };
    if let Err(error) = dealt_with {
        tracing::warn!(channel = %ticket.channel, %error, "a message that is no task could not be put aside");
        ticket.is_answered_for();
    }
    None
}

/// Why messages can't be for this channel. The lanes are one kind: a task may be moved between
/// them.
fn stray(channel: Channel, messages: &[Message]) -> Option<String> {
    let of = messages.iter().map(Message::channel);
    let stray = of
        .into_iter()
        .find(|of| discriminant(of) != discriminant(&channel))?;
    Some(format!(
        "a message for the queue {stray} came to the queue {channel}"
    ))
}

async fn bury(queue: &SqsQueue, ticket: &SqsTicket, reason: &str) -> Result<(), QueueError> {
    tracing::warn!(channel = %ticket.channel, reason, "a message goes to the dead letters");
    let attempts = Some(ticket.attempt);
    dead_letters::bury(queue, ticket.channel, &ticket.body, reason, attempts).await?;
    delete(ticket).await
}

/// A notification of several uploads becomes a message for each, so that each has its own lease
/// and attempts.
async fn split(ticket: &SqsTicket, messages: Vec<Message>) -> Result<(), QueueError> {
    let bodies: Result<Vec<String>, _> = messages.iter().map(serde_json::to_string).collect();
    let bodies = bodies.map_err(QueueError::unavailable)?;
    send_bodies(&ticket.queues, &ticket.queues.name(ticket.channel), bodies).await?;
    delete(ticket).await
}
