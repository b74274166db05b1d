//! For tests: queues on an emulator, made as the stack makes them, under a prefix of their own; and
//! an SQS that answers what a test wants.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use bunraku_farm::messages::Channel;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{SqsQueue, configuration};

/// The emulator that `localstack-tests/run` has started.
pub(crate) struct Cloud {
    pub(crate) config: SdkConfig,
    pub(crate) sqs: Client,
    pub(crate) prefix: String,
}

impl Cloud {
    pub(crate) async fn new() -> Self {
        let endpoint = std::env::var("BUNRAKU_TEST_ENDPOINT")
            .expect("BUNRAKU_TEST_ENDPOINT names an S3 and SQS server");
        let config = configuration::configuration()
            .endpoint_url(endpoint)
            .load()
            .await;
        let random = uuid::Uuid::new_v4().simple().to_string();
        Self {
            sqs: Client::new(&config),
            config,
            prefix: format!("test-{}", &random[..12]),
        }
    }

    /// With the queues of all channels.
    pub(crate) async fn with_queues(lease: Duration, max_attempts: u32) -> Self {
        let cloud = Self::new().await;
        for channel in Channel::ALL {
            let dead = format!("{}-{channel}-dead", cloud.prefix);
            let dead = cloud.sqs.create_queue().queue_name(dead).send();
            let url = dead.await.unwrap().queue_url.unwrap();
            let arn = cloud.sqs.get_queue_attributes().queue_url(url);
            let arn = arn.attribute_names(Attribute::QueueArn).send().await;
            let arn = arn.unwrap().attributes.unwrap()[&Attribute::QueueArn].clone();
            let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": max_attempts});
            cloud
                .sqs
                .create_queue()
                .queue_name(format!("{}-{channel}", cloud.prefix))
                .attributes(Attribute::VisibilityTimeout, lease.as_secs().to_string())
                .attributes(Attribute::RedrivePolicy, redrive.to_string())
                .send()
                .await
                .unwrap();
        }
        cloud
    }

    pub(crate) fn queue(&self) -> SqsQueue {
        SqsQueue::new(self.sqs.clone(), &self.prefix)
    }

    /// Sends a body as it is, as S3 and users do.
    pub(crate) async fn send_raw(&self, name: &str, body: &str) {
        let url = self.queue().queues.url(name).await.unwrap();
        let sent = self.sqs.send_message().queue_url(&*url).message_body(body);
        sent.send().await.unwrap();
    }

    /// Deletes the queues. What a failed test leaves goes with the emulator.
    pub(crate) async fn remove(self) {
        let list = self.sqs.list_queues().queue_name_prefix(&self.prefix);
        for url in list.send().await.unwrap().queue_urls() {
            self.sqs.delete_queue().queue_url(url).send().await.unwrap();
        }
    }
}

/// A queue on a server that answers each request with what `answer` says to its operation
/// (`SendMessageBatch`) and body: a status and a body.
pub(super) async fn answering(
    answer: impl Fn(&str, Value) -> (u16, Value) + Send + Sync + 'static,
) -> SqsQueue {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move { serve(connection, &*answer).await });
        }
    });
    at(&format!("http://{address}"))
}

/// A queue at an endpoint, of which nothing is tried twice.
pub(super) fn at(endpoint: &str) -> SqsQueue {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint);
    SqsQueue::new(Client::from_conf(config.build()), "farm")
}

/// HTTP/1.1, as far as the SDK needs it.
async fn serve(connection: TcpStream, answer: &(impl Fn(&str, Value) -> (u16, Value) + Sync)) {
    let mut connection = BufReader::new(connection);
    loop {
        let (mut operation, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => operation = value.replace("AmazonSQS.", ""),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await.unwrap();
        let (status, body) = answer(&operation, serde_json::from_slice(&body).unwrap());
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let sent = connection.write_all((head + &body).as_bytes()).await;
        if sent.is_err() {
            return;
        }
    }
}
