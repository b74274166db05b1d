//! The topic that a bucket on AWS tells of new pointers.

use async_trait::async_trait;
use bunraku_queue::sqs::{Announced, SqsQueue};
use bunraku_queue::{Announcements, QueueError};

use super::announcements::Source;

/// The topic of published catalogs.
pub(super) struct Topic {
    pub(super) arn: String,
    /// The farm's queue, whose prefix the listener's own has.
    pub(super) queue: SqsQueue,
}

#[async_trait]
impl Source for Topic {
    async fn subscribe(&self) -> Result<Option<Box<dyn Announcements>>, QueueError> {
        let announced = Announced::subscribe(&self.arn, &self.queue).await?;
        Ok(Some(Box::new(announced)))
    }
}
