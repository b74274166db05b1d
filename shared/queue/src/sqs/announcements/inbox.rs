//! The queue of one edge: made, fed, marked as in use, removed.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sns::Client as Sns;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde_json::json;

use super::unix_seconds;
use crate::QueueError;
use crate::sqs::failure::{is_no_queue, refused, strange};
use crate::sqs::queues::Queues;

/// The tag that says which stack's edge a queue belongs to.
const OWNER: &str = "bunraku:stack";
/// The tag that says, in seconds since 1970, when its edge was last alive.
const ALIVE: &str = "bunraku:alive";

#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) subscription: String,
}

impl Inbox {
    /// Makes a queue that takes messages from the topic only, and subscribes it.
    pub(super) async fn create(
        sns: &Sns,
        topic_arn: &str,
        queues: &Queues,
    ) -> Result<Self, QueueError> {
        let random = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{}{random}", name_prefix(queues));
        let created = queues
            .client
            .create_queue()
            .queue_name(&name)
            .attributes(Attribute::MessageRetentionPeriod, "300")
            .attributes(Attribute::VisibilityTimeout, "10")
            // SNS can't use the key of an AWS managed KMS key; this encryption needs no key.
            .attributes(Attribute::SqsManagedSseEnabled, "true")
            .tags(OWNER, &queues.prefix)
            .tags(ALIVE, unix_seconds().to_string())
            .send()
            .await
            .map_err(|error| refused(&name, error))?;
        let url = created
            .queue_url
            .ok_or_else(|| strange(&name, "SQS gave no URL for the new queue"))?;
        match feed(sns, topic_arn, queues, &name, &url).await {
            Ok(subscription) => Ok(Self {
                name,
                url,
                subscription,
            }),
            Err(error) => {
                // Nobody would find it: it is found by its subscription.
                if let Err(error) = delete_queue(queues, &name, &url).await {
                    tracing::warn!(%error, "a queue that was not subscribed is left behind");
                }
                Err(error)
            }
        }
    }

    /// Marks the queue as in use.
    pub(super) async fn mark(&self, queues: &Queues) -> Result<(), QueueError> {
        let marked = queues
            .client
            .tag_queue()
            .queue_url(&self.url)
            .tags(ALIVE, unix_seconds().to_string())
            .send()
            .await;
        match marked {
            Err(error) if !is_no_queue(&error) => Err(refused(&self.name, error)),
            // That it is gone shows, and is mended, at the next look for messages.
            _ => Ok(()),
        }
    }

    pub(super) async fn remove(&self, sns: &Sns, queues: &Queues) -> Result<(), QueueError> {
        unsubscribe(sns, &self.name, &self.subscription).await?;
        delete_queue(queues, &self.name, &self.url).await
    }
}

/// What the names of all edges' queues begin with.
fn name_prefix(queues: &Queues) -> String {
    format!("{}-edge-", queues.prefix)
}

/// Lets the topic, and nothing else, send to the queue, and subscribes it with raw delivery.
async fn feed(
    sns: &Sns,
    topic_arn: &str,
    queues: &Queues,
    name: &str,
    url: &str,
) -> Result<String, QueueError> {
    let answer = queues
        .client
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(Attribute::QueueArn)
        .send()
        .await
        .map_err(|error| refused(name, error))?;
    let arn = answer
        .attributes
        .and_then(|mut attributes| attributes.remove(&Attribute::QueueArn))
        .ok_or_else(|| strange(name, "SQS did not say the new queue's ARN"))?;
    queues
        .client
        .set_queue_attributes()
        .queue_url(url)
        .attributes(Attribute::Policy, policy(&arn, topic_arn))
        .send()
        .await
        .map_err(|error| refused(name, error))?;
    let subscribed = sns
        .subscribe()
        .topic_arn(topic_arn)
        .protocol("sqs")
        .endpoint(arn)
        .attributes("RawMessageDelivery", "true")
        .return_subscription_arn(true)
        .send()
        .await
        .map_err(|error| refused(topic_arn, error))?;
    subscribed
        .subscription_arn
        .ok_or_else(|| strange(topic_arn, "SNS did not name the new subscription"))
}

fn policy(queue_arn: &str, topic_arn: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }],
    })
    .to_string()
}

/// Removes the queues of edges that gave no sign of life for `dead`, with their subscriptions.
///
/// They are found by the topic's subscriptions: to list queues would need a right on all queues of
/// the account.
pub(super) async fn remove_dead(
    sns: &Sns,
    topic_arn: &str,
    queues: &Queues,
    dead: Duration,
) -> Result<(), QueueError> {
    let mut pages = sns
        .list_subscriptions_by_topic()
        .topic_arn(topic_arn)
        .into_paginator()
        .items()
        .send();
    while let Some(subscription) = pages.next().await {
        let subscription = subscription.map_err(|error| refused(topic_arn, error))?;
        let endpoint = subscription.endpoint().unwrap_or_default();
        let name = endpoint.rsplit(':').next().unwrap_or_default();
        if !name.starts_with(&name_prefix(queues)) {
            continue;
        }
        let arn = subscription.subscription_arn().unwrap_or_default();
        match queues.client.get_queue_url().queue_name(name).send().await {
            // Its edge was killed while it tidied up.
            Err(error) if is_no_queue(&error) => unsubscribe(sns, name, arn).await?,
            Err(error) => return Err(refused(name, error)),
            Ok(found) => {
                let url = found.queue_url.unwrap_or_default();
                if is_dead(queues, name, &url, dead).await? {
                    tracing::info!(queue = name, "removing the queue of a dead edge");
                    unsubscribe(sns, name, arn).await?;
                    delete_queue(queues, name, &url).await?;
                }
            }
        }
    }
    Ok(())
}

/// Whether a queue is that of an edge of this stack that gave no sign of life for long. A queue
/// without our tags is someone else's.
async fn is_dead(
    queues: &Queues,
    name: &str,
    url: &str,
    dead: Duration,
) -> Result<bool, QueueError> {
    let answer = queues.client.list_queue_tags().queue_url(url).send().await;
    let tags: HashMap<String, String> = match answer {
        Ok(answer) => answer.tags.unwrap_or_default(),
        Err(error) if is_no_queue(&error) => return Ok(false),
        Err(error) => return Err(refused(name, error)),
    };
    let ours = tags.get(OWNER) == Some(&queues.prefix);
    let alive: Option<u64> = tags.get(ALIVE).and_then(|seconds| seconds.parse().ok());
    Ok(ours && alive.is_some_and(|alive| unix_seconds().saturating_sub(alive) >= dead.as_secs()))
}

async fn unsubscribe(sns: &Sns, name: &str, arn: &str) -> Result<(), QueueError> {
    let ended = sns.unsubscribe().subscription_arn(arn).send().await;
    match ended {
        // Another edge was quicker.
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_not_found_exception()) =>
        {
            Ok(())
        }
        ended => ended.map(drop).map_err(|error| refused(name, error)),
    }
}

async fn delete_queue(queues: &Queues, name: &str, url: &str) -> Result<(), QueueError> {
    let deleted = queues.client.delete_queue().queue_url(url).send().await;
    match deleted {
        Err(error) if !is_no_queue(&error) => Err(refused(name, error)),
        _ => Ok(()),
    }
}
