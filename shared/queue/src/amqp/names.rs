//! What the queues are called, and what a message's headers say.

use bunraku_farm::messages::Channel;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

/// How often a message was tried before it was sent (again), or became a dead letter.
pub(super) const ATTEMPTS: &str = "bunraku-attempts";
/// Why it is a dead letter.
pub(super) const REASON: &str = "bunraku-reason";
/// How often the broker gave it out to holders that died.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// The names of a farm's queues.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The exchange that all is sent to, with the channel as routing key.
    pub(super) fn exchange(&self) -> &str {
        &self.prefix
    }

    /// The exchange that everything announced is sent to.
    pub(super) fn published(&self) -> String {
        format!("{}-published", self.prefix)
    }

    pub(super) fn of(&self, channel: Channel) -> String {
        format!("{}-{channel}", self.prefix)
    }

    pub(super) fn dead(&self, channel: Channel) -> String {
        format!("{}-{channel}-dead", self.prefix)
    }
}

/// Headers of a message that was tried before.
pub(super) fn headers(attempts: u32, reason: Option<&str>) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert(ATTEMPTS.into(), AMQPValue::LongUInt(attempts));
    if let Some(reason) = reason {
        headers.insert(REASON.into(), AMQPValue::LongString(reason.into()));
    }
    headers
}

fn header<'a>(properties: &'a BasicProperties, name: &str) -> Option<&'a AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}

fn count(properties: &BasicProperties, name: &str) -> u32 {
    let count = match header(properties, name) {
        Some(AMQPValue::LongUInt(count)) => Some(i64::from(*count)),
        Some(AMQPValue::LongInt(count)) => Some(i64::from(*count)),
        Some(AMQPValue::LongLongInt(count)) => Some(*count),
        Some(AMQPValue::ShortShortInt(count)) => Some(i64::from(*count)),
        Some(AMQPValue::ShortShortUInt(count)) => Some(i64::from(*count)),
        Some(AMQPValue::ShortInt(count)) => Some(i64::from(*count)),
        Some(AMQPValue::ShortUInt(count)) => Some(i64::from(*count)),
        _ => None,
    };
    count
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or(0)
}

/// How often a dead letter was tried.
pub(super) fn attempts(properties: &BasicProperties) -> u32 {
    count(properties, ATTEMPTS)
}

/// How often a message was given out before.
pub(super) fn deliveries(properties: &BasicProperties) -> u32 {
    attempts(properties).saturating_add(count(properties, DELIVERY_COUNT))
}

/// Why a message is a dead letter.
pub(super) fn reason(properties: &BasicProperties) -> Option<String> {
    match header(properties, REASON)? {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        _ => None,
    }
}
