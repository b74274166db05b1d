//! What becomes of a message that was received: done, given back, kept longer.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::messages::Channel;

use super::failure::{is_void, refused};
use super::queues::Queues;
use super::ticket::SqsTicket;
use super::{SqsQueue, dead_letters};
use crate::QueueError;
use crate::receipt::{Receipt, Ticket};

/// The ticket of a receipt, unless that is void.
fn held(receipt: &Receipt) -> Option<&Arc<SqsTicket>> {
    match &receipt.0 {
        Ticket::Sqs(ticket) if ticket.holds() => Some(ticket),
        _ => None,
    }
}

pub(super) async fn ack(receipt: &Receipt) -> Result<(), QueueError> {
    match held(receipt) {
        Some(ticket) => delete(ticket).await,
        None => Ok(()),
    }
}

/// On the last attempt the message goes to the dead letters with its reason: left to SQS it would
/// go there without.
pub(super) async fn release(
    queue: &SqsQueue,
    receipt: &Receipt,
    delay: Duration,
    error: &str,
) -> Result<(), QueueError> {
    let Some(ticket) = held(receipt) else {
        return Ok(());
    };
    let settings = queue.queues.settings(ticket.channel).await?;
    if settings
        .max_attempts
        .is_some_and(|max| ticket.attempt >= max)
    {
        let attempts = Some(ticket.attempt);
        dead_letters::bury(queue, ticket.channel, &ticket.body, error, attempts).await?;
        return delete(ticket).await;
    }
    match ticket.hide(delay).await {
        Ok(_) | Err(QueueError::LeaseLost) => {
            ticket.lease_for(Duration::ZERO);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn extend(receipt: &Receipt, lease: Duration) -> Result<(), QueueError> {
    let ticket = held(receipt).ok_or(QueueError::LeaseLost)?;
    let lease = ticket.hide(lease).await?;
    ticket.lease_for(lease);
    Ok(())
}

/// Deletes a message that is dealt with.
pub(super) async fn delete(ticket: &SqsTicket) -> Result<(), QueueError> {
    let deleted = ticket
        .queues
        .client
        .delete_message()
        .queue_url(&*ticket.url)
        .receipt_handle(&ticket.handle)
        .send()
        .await;
    match deleted {
        Err(error) if !is_void(&error) => Err(refused(&ticket.queues.name(ticket.channel), error)),
        _ => {
            ticket.lease_for(Duration::ZERO);
            ticket.is_answered_for();
            Ok(())
        }
    }
}

/// Hides a received message for `duration`, in whole seconds, rounded up; says for how long it is.
/// [`QueueError::LeaseLost`] when the receipt handle stands for nothing any more.
pub(super) async fn hide(
    queues: &Queues,
    channel: Channel,
    url: &str,
    handle: &str,
    duration: Duration,
) -> Result<Duration, QueueError> {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    let changed = queues
        .client
        .change_message_visibility()
        .queue_url(url)
        .receipt_handle(handle)
        .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
        .send()
        .await;
    match changed {
        Ok(_) => Ok(Duration::from_secs(seconds)),
        Err(error) if is_void(&error) => Err(QueueError::LeaseLost),
        Err(error) => Err(refused(&queues.name(channel), error)),
    }
}
