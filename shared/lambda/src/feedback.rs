//! What a function tells the queues of messages that it did not handle.

use std::time::Duration;

use bunraku_farm::messages::Channel;
use bunraku_queue::QueueError;
use bunraku_queue::sqs::SqsQueue;

/// The two answers to a message besides 'done'.
pub trait Feedback: Send + Sync + 'static {
    /// Puts the message among the dead letters of its channel, with the reason.
    fn bury(
        &self,
        channel: Channel,
        body: &str,
        reason: &str,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Makes the message come again after `delay`. `receipt` is SQS's receipt handle.
    fn delay(
        &self,
        channel: Channel,
        receipt: &str,
        delay: Duration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

impl Feedback for SqsQueue {
    async fn bury(&self, channel: Channel, body: &str, reason: &str) -> Result<(), QueueError> {
        Self::bury(self, channel, body, reason).await
    }

    async fn delay(
        &self,
        channel: Channel,
        receipt: &str,
        delay: Duration,
    ) -> Result<(), QueueError> {
        Self::delay(self, channel, receipt, delay).await
    }
}
