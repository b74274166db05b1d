//! The queue that a URL names.

use std::path::PathBuf;
use std::sync::Arc;

use crate::sqs::SqsQueue;
use crate::{EmbeddedQueue, MemoryQueue, Queue, QueueError, QueueOptions};

/// Opens the queue of a URL: `sqs://PREFIX`, `amqp://` and `amqps://` (RabbitMQ), `nats://` and `tls://`
/// (NATS JetStream), a path or `file://` of the embedded queue's file, or `memory://` (a new
/// one, which nobody else sees).
///
/// SQS and brokers are not asked anything yet; whether they can be reached shows at the first use.
pub async fn open(url: &str) -> Result<Arc<dyn Queue>, QueueError> {
    let path = match url.split_once("://") {
        Some(("sqs", _)) => return Ok(Arc::new(SqsQueue::connect(url).await?)),
        Some(("amqp" | "amqps", _)) => return amqp(url),
        Some(("nats" | "tls", _)) => return nats(url).await,
        Some(("memory", "")) => return Ok(Arc::new(MemoryQueue::default())),
        Some(("file", path)) if path.starts_with('/') => decoded(path),
        None if !url.is_empty() => PathBuf::from(url),
        _ => {
            return Err(QueueError::Invalid {
                reason: format!(
                    "{url:?} is no queue: it is sqs://PREFIX (the stack's output QueueUrl), \
                     amqp://HOST, nats://HOST, the path of a queue's file, file:///PATH, or memory://"
                ),
            });
        }
    };
    let opened =
        tokio::task::spawn_blocking(move || EmbeddedQueue::open(path, QueueOptions::default()));
    Ok(Arc::new(opened.await.map_err(QueueError::unavailable)??))
}

#[cfg(feature = "amqp")]
fn amqp(url: &str) -> Result<Arc<dyn Queue>, QueueError> {
    let queue = crate::amqp::AmqpQueue::connect(url, QueueOptions::default())?;
    Ok(Arc::new(queue))
}

#[cfg(not(feature = "amqp"))]
fn amqp(_url: &str) -> Result<Arc<dyn Queue>, QueueError> {
    Err(left_out("AMQP", "amqp"))
}

#[cfg(feature = "nats")]
async fn nats(url: &str) -> Result<Arc<dyn Queue>, QueueError> {
    let queue = crate::nats::NatsQueue::connect(url, QueueOptions::default()).await?;
    Ok(Arc::new(queue))
}

#[cfg(not(feature = "nats"))]
async fn nats(_url: &str) -> Result<Arc<dyn Queue>, QueueError> {
    Err(left_out("NATS", "nats"))
}

#[cfg(not(all(feature = "amqp", feature = "nats")))]
fn left_out(name: &str, feature: &str) -> QueueError {
    QueueError::Invalid {
        reason: format!(
            "this program was built without queues on {name}: build it with the feature `{feature}`"
        ),
    }
}

/// The path of a file URL: a space is `%20` there.
fn decoded(path: &str) -> PathBuf {
    let path = percent_encoding::percent_decode_str(path);
    PathBuf::from(path.decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Channel;

    #[tokio::test]
    async fn paths_file_urls_and_memory_are_queues() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a queue.redb");
        let path = path.to_str().unwrap();
        for url in [
            path.to_owned(),
            format!("file://{}", path.replace(' ', "%20")),
            "memory://".to_owned(),
        ] {
            let queue = open(&url).await.unwrap();
            assert_eq!(queue.depths().await.unwrap()[&Channel::Plans].open(), 0);
        }
        assert!(std::path::Path::new(path).exists());
    }

    #[tokio::test]
    async fn anything_else_is_refused_with_the_forms_there_are() {
        for url in [
            "",
            "sqs://",
            "sqs://a/b",
            "gopher://host",
            "file://relative",
            "memory://x",
        ] {
            let error = open(url).await.unwrap_err();
            assert!(matches!(error, QueueError::Invalid { .. }), "{url}");
            assert!(error.to_string().contains("sqs://PREFIX"), "{error}");
        }
    }
}
