//! What was given up: put aside with its reason, looked at, sent again.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message as Letter,
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
    QueueAttributeName,
};
use bunraku_farm::messages::Channel;
use futures::{StreamExt, TryStreamExt, stream};

use super::body::Body;
use super::failure::{refused, strange, unsendable};
use super::queues::Queues;
use super::send::{MOST_MESSAGES, send_bodies};
use super::{REASON, SqsQueue, trace};
use crate::{QueueError, QueuedMessage, Standing};

/// The attribute of a dead letter that says how often it was tried.
const ATTEMPTS: &str = "attempts";
/// Longest reason kept, in bytes.
const LONGEST_REASON: usize = 4096;
/// What is known of a letter that SQS itself put aside.
const NO_ANSWER: &str = "the worker gave no answer before its lease ran out, each time";
/// How long letters are hidden from others while they are looked at or moved.
const IN_HAND: Duration = Duration::from_secs(60);
/// How many hands move letters at a time.
const HANDS: usize = 8;

/// Puts a message among the dead letters of its channel, as it came, with the reason.
pub(super) async fn bury(
    queue: &SqsQueue,
    channel: Channel,
    body: &str,
    reason: &str,
    attempts: Option<u32>,
) -> Result<(), QueueError> {
    let name = queue.queues.dead_name(channel);
    let attempts = attempts
        .map(|attempts| attribute("Number", attempts.to_string()))
        .transpose()?;
    let mut request = queue
        .queues
        .client
        .send_message()
        .queue_url(&*queue.queues.url(&name).await?)
        .message_body(body)
        .message_attributes(REASON, attribute("String", sendable(reason))?);
    if let Some(attempts) = attempts {
        request = request.message_attributes(ATTEMPTS, attempts);
    }
    if let Some(trace) = trace::attribute()? {
        let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
        request = request.message_system_attributes(name, trace);
    }
    let sent = request.send().await;
    sent.map(drop).map_err(|error| refused(&name, error))
}

/// The dead letters of a channel, oldest first, at most `limit`. They are taken for a moment and
/// put back.
pub(super) async fn list(
    queue: &SqsQueue,
    channel: Channel,
    limit: usize,
) -> Result<Vec<QueuedMessage>, QueueError> {
    let queues = &*queue.queues;
    let most = queues.settings(channel).await?.max_attempts;
    let name = queues.dead_name(channel);
    let mut listed = Vec::new();
    let mut taken: Vec<Letter> = Vec::new();
    let mut seen = HashSet::new();
    let outcome = loop {
        if listed.len() >= limit {
            break Ok(());
        }
        let letters = match take(queues, &name, MOST_MESSAGES).await {
            Ok(letters) => letters,
            Err(error) => break Err(error),
        };
        let before = seen.len();
        for letter in letters {
            if seen.insert(letter.message_id().unwrap_or_default().to_owned()) {
                let sent_at = sent_at(&letter);
                listed.extend(shown(channel, &letter, most).map(|shown| (sent_at, shown)));
            }
            taken.push(letter);
        }
        // None, or only such as come again because this takes long.
        if seen.len() == before {
            break Ok(());
        }
    };
    put_back(queues, &name, &taken).await?;
    outcome?;
    listed.sort_by_key(|(sent_at, _)| *sent_at);
    Ok(listed
        .into_iter()
        .map(|(_, shown)| shown)
        .take(limit)
        .collect())
}

/// What a letter holds; nothing, with a warning, if that can't be read.
fn shown(
    channel: Channel,
    letter: &Letter,
    most: Option<u32>,
) -> impl Iterator<Item = QueuedMessage> {
    let attribute = |name: &str| {
        let attributes = letter.message_attributes()?;
        attributes.get(name)?.string_value().map(str::to_owned)
    };
    let attempts = attribute(ATTEMPTS).and_then(|count| count.parse().ok());
    let reason = attribute(REASON).unwrap_or_else(|| NO_ANSWER.to_owned());
    let messages = match Body::parse(letter.body().unwrap_or_default()) {
        Ok(Body::Messages(messages)) => messages,
        Ok(Body::Nothing) => Vec::new(),
        Err(error) => {
            let id = letter.message_id().unwrap_or_default();
            tracing::warn!(%channel, id, reason, %error, "a dead letter is no message of the farm");
            Vec::new()
        }
    };
    messages.into_iter().map(move |message| QueuedMessage {
        standing: Standing::Dead,
        // SQS moves a letter after the most attempts there are.
        attempts: attempts.or(most).unwrap_or_default(),
        last_error: Some(reason.clone()),
        message,
    })
}

/// When a letter was sent, in milliseconds of SQS's clock.
fn sent_at(letter: &Letter) -> u64 {
    letter
        .attributes()
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::SentTimestamp))
        .and_then(|time| time.parse().ok())
        .unwrap_or_default()
}

/// Sends the dead letters of a channel to their channel again, without their reasons, and says how
/// many: as many at most as SQS counts when it begins, so that letters that fail at once again do
/// not go round for ever. One that can't be read goes back too, as it is.
pub(super) async fn redrive(queue: &SqsQueue, channel: Channel) -> Result<usize, QueueError> {
    let queues = &*queue.queues;
    let (from, to) = (queues.dead_name(channel), queues.name(channel));
    let budget = AtomicUsize::new(visible(queues, &from).await?);
    let moved = AtomicUsize::new(0);
    stream::iter(0..HANDS)
        .map(Ok)
        .try_for_each_concurrent(HANDS, |_| move_letters(queues, &from, &to, &budget, &moved))
        .await?;
    Ok(moved.into_inner())
}

/// Moves letters until there are none left, in the queue or in the budget.
async fn move_letters(
    queues: &Queues,
    from: &str,
    to: &str,
    budget: &AtomicUsize,
    moved: &AtomicUsize,
) -> Result<(), QueueError> {
    loop {
        let before = budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(left.saturating_sub(MOST_MESSAGES))
            })
            .unwrap_or_default();
        let share = before.min(MOST_MESSAGES);
        if share == 0 {
            return Ok(());
        }
        let letters = take(queues, from, share).await?;
        if letters.is_empty() {
            return Ok(());
        }
        budget.fetch_add(share - letters.len().min(share), Ordering::Relaxed);
        let bodies = letters.iter().flat_map(Letter::body).map(str::to_owned);
        // Deleted after they were sent: whoever dies in between leaves them twice, not lost.
        send_bodies(queues, to, bodies.collect()).await?;
        remove(queues, from, &letters).await?;
        moved.fetch_add(letters.len(), Ordering::Relaxed);
    }
}

/// How many dead letters nobody has in hand.
async fn visible(queues: &Queues, name: &str) -> Result<usize, QueueError> {
    let wanted = QueueAttributeName::ApproximateNumberOfMessages;
    let attributes = queues.attributes(name, [wanted.clone()]).await?;
    let count = attributes.get(&wanted).and_then(|count| count.parse().ok());
    count.ok_or_else(|| strange(name, "SQS did not say how many messages it holds"))
}

/// Takes some letters; waits a second, so that SQS looks everywhere.
async fn take(queues: &Queues, name: &str, most: usize) -> Result<Vec<Letter>, QueueError> {
    let answer = queues
        .client
        .receive_message()
        .queue_url(&*queues.url(name).await?)
        .max_number_of_messages(i32::try_from(most).unwrap_or(1))
        .wait_time_seconds(1)
        .visibility_timeout(i32::try_from(IN_HAND.as_secs()).unwrap_or(i32::MAX))
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
        .send()
        .await
        .map_err(|error| refused(name, error))?;
    Ok(answer.messages.unwrap_or_default())
}

/// Makes letters visible again at once. One that can't be put back comes back by itself.
async fn put_back(queues: &Queues, name: &str, letters: &[Letter]) -> Result<(), QueueError> {
    let url = queues.url(name).await?;
    for letters in letters.chunks(MOST_MESSAGES) {
        let entries = letters.iter().enumerate().map(|(number, letter)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(letter.receipt_handle().unwrap_or_default())
                .visibility_timeout(0)
                .build()
                .map_err(unsendable)
        });
        queues
            .client
            .change_message_visibility_batch()
            .queue_url(&*url)
            .set_entries(Some(entries.collect::<Result<_, _>>()?))
            .send()
            .await
            .map_err(|error| refused(name, error))?;
    }
    Ok(())
}

/// Deletes letters, ten at most.
async fn remove(queues: &Queues, name: &str, letters: &[Letter]) -> Result<(), QueueError> {
    let entries = letters.iter().enumerate().map(|(number, letter)| {
        DeleteMessageBatchRequestEntry::builder()
            .id(number.to_string())
            .receipt_handle(letter.receipt_handle().unwrap_or_default())
            .build()
            .map_err(unsendable)
    });
    let deleted = queues
        .client
        .delete_message_batch()
        .queue_url(&*queues.url(name).await?)
        .set_entries(Some(entries.collect::<Result<_, _>>()?))
        .send()
        .await
        .map_err(|error| refused(name, error))?;
    match deleted.failed.first() {
        None => Ok(()),
        Some(failed) => Err(strange(
            name,
            &format!(
                "a letter was sent again but could not be deleted: {}",
                failed.message().unwrap_or(failed.code())
            ),
        )),
    }
}

fn attribute(kind: &str, value: String) -> Result<MessageAttributeValue, QueueError> {
    let built = MessageAttributeValue::builder()
        .data_type(kind)
        .string_value(value)
        .build();
    built.map_err(unsendable)
}

/// SQS takes no empty text and no control characters but tab and line ends.
fn sendable(reason: &str) -> String {
    let mut text: String = reason
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    text.truncate(text.floor_char_boundary(LONGEST_REASON));
    match text.is_empty() {
        true => "no reason given".to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_and_cleaned_to_what_sqs_takes() {
        assert_eq!(
            sendable("line 1\n\tline 2\u{0}\u{1b}[0m"),
            "line 1\n\tline 2[0m"
        );
        assert_eq!(sendable("\u{0}"), "no reason given");
        let long = sendable(&"ä".repeat(LONGEST_REASON));
        assert_eq!(long.len(), LONGEST_REASON);
        assert_eq!(sendable(&format!("a{long}")).len(), LONGEST_REASON - 1);
    }
}
