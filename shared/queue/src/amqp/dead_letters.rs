//! Looking at dead letters, and putting them back.

use std::time::Duration;

use bunraku_farm::messages::Channel;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::types::FieldTable;

use super::names::{attempts, reason};
use super::session::Session;
use crate::{QueueError, QueuedMessage, Standing, broker};

/// How often to look whether what was given back is counted again.
const LOOK: Duration = Duration::from_millis(20);
/// How many times at most: others may have taken it.
const LOOKS: usize = 100;

/// The dead letters of a channel, at most `limit`; those that are no messages at all are left out.
/// They are taken for as long as this lasts, and come back by themselves if this process dies.
pub(super) async fn list(
    session: &Session,
    channel: Channel,
    limit: usize,
) -> Result<Vec<QueuedMessage>, QueueError> {
    let dead = session.names.dead(channel);
    let mut taken = Vec::new();
    let mut listed = Vec::new();
    while listed.len() < limit {
        let Some(letter) = session.take(&dead).await? else {
            break;
        };
        if let Ok(message) = broker::read(channel, &letter.delivery.data) {
            listed.push(QueuedMessage {
                standing: Standing::Dead,
                attempts: attempts(&letter.delivery.properties),
                last_error: reason(&letter.delivery.properties),
                message,
            });
        }
        taken.push(letter);
    }
    let given_back = taken.len();
    for letter in taken {
        let options = BasicNackOptions {
            requeue: true,
            ..BasicNackOptions::default()
        };
        session.answer(letter.delivery.acker.nack(options)).await?;
    }
    // A quorum queue counts them a moment later, and whoever redrives goes by the count.
    for _ in 0..LOOKS {
        if session.count(&dead).await? >= given_back {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(listed)
}

/// Puts the dead letters of a channel back as if they were new; says how many. Each is sent before
/// it is taken away: whoever dies in between leaves it twice, not lost.
pub(super) async fn redrive(session: &Session, channel: Channel) -> Result<usize, QueueError> {
    let dead = session.names.dead(channel);
    // Counted at first: what dies again meanwhile is not put back without end.
    let there = session.count(&dead).await?;
    for moved in 0..there {
        let Some(letter) = session.take(&dead).await? else {
            return Ok(moved);
        };
        let to = (session.names.exchange(), channel.as_str());
        let body = &letter.delivery.data;
        session.publish(to, body, FieldTable::default()).await?;
        let acked = letter.delivery.acker.ack(BasicAckOptions::default());
        session.answer(acked).await?;
    }
    Ok(there)
}
