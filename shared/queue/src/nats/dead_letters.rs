//! Looking at dead letters, and putting them back.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessageErrorKind;
use bunraku_farm::messages::Channel;

use super::lanes::{Lane, Lanes};
use crate::{QueueError, QueuedMessage, Standing, broker};

/// How often the message was tried.
pub(super) const ATTEMPTS: &str = "Bunraku-Attempts";
/// Why it is a dead letter, as JSON text.
pub(super) const REASON: &str = "Bunraku-Reason";

/// The first dead letter from `sequence` on.
async fn next(lane: &Lane, sequence: u64) -> Result<Option<StreamMessage>, QueueError> {
    let found = lane
        .dead
        .raw_message_builder()
        .sequence(sequence)
        .next_by_subject(lane.dead_subject.clone())
        .send()
        .await;
    match found {
        Ok(letter) => Ok(Some(letter)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(QueueError::unavailable(error)),
    }
}

/// The dead letters of a channel, at most `limit`; those that are no messages at all are left out.
pub(super) async fn list(
    lane: &Lane,
    channel: Channel,
    limit: usize,
) -> Result<Vec<QueuedMessage>, QueueError> {
    let mut listed = Vec::new();
    let mut sequence = 1;
    while listed.len() < limit {
        let Some(letter) = next(lane, sequence).await? else {
            break;
        };
        sequence = letter.sequence + 1;
        let header = |name| letter.headers.get(name).map(ToString::to_string);
        if let Ok(message) = broker::read(channel, &letter.payload) {
            listed.push(QueuedMessage {
                standing: Standing::Dead,
                attempts: header(ATTEMPTS)
                    .and_then(|attempts| attempts.parse().ok())
                    .unwrap_or(0),
                last_error: header(REASON).and_then(|reason| serde_json::from_str(&reason).ok()),
                message,
            });
        }
    }
    Ok(listed)
}

/// Puts the dead letters of a channel back as if they were new; says how many. Each is stored before
/// it is deleted: whoever dies in between leaves it twice, not lost.
pub(super) async fn redrive(lanes: &Lanes, channel: Channel) -> Result<usize, QueueError> {
    let lane = lanes.of(channel);
    let dead = lane
        .dead
        .get_info()
        .await
        .map_err(QueueError::unavailable)?;
    // What dies again meanwhile comes after this, and is left.
    let last = dead.state.last_sequence;
    let (mut moved, mut sequence) = (0, 1);
    while let Some(letter) = next(lane, sequence).await? {
        if letter.sequence > last {
            break;
        }
        sequence = letter.sequence + 1;
        lanes.send_body(channel, letter.payload).await?;
        let deleted = lane.dead.delete_message(letter.sequence).await;
        deleted.map_err(QueueError::unavailable)?;
        moved += 1;
    }
    Ok(moved)
}
