//! Readers of bodies; then the chain from bucket to edge, on an emulator.

use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter,
    S3KeyFilter, TopicConfiguration,
};

use super::*;
use crate::sqs::Cloud;

const POINTER: &str = "pointers/production/web 1+2.json";

fn created(key: &str) -> String {
    serde_json::json!({
        "Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}}],
    })
    .to_string()
}

#[test]
fn raw_and_wrapped_notifications_are_understood() {
    let raw = created("pointers/production/web+1.json");
    assert_eq!(keys(&raw), ["pointers/production/web 1.json"]);
    let wrap = |message: &str| {
        serde_json::json!({"Type": "Notification", "TopicArn": "t", "Message": message}).to_string()
    };
    assert_eq!(keys(&wrap(&raw)), ["pointers/production/web 1.json"]);
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#;
    for nothing in [
        test,
        &wrap(test),
        "",
        "{}",
        &wrap("hello"),
        &wrap(&wrap(&raw)),
    ] {
        assert_eq!(keys(nothing), [""; 0], "{nothing}");
    }
}

/// A bucket whose pointers are announced to a topic, as the stack makes it.
struct Published {
    cloud: Cloud,
    sns: Sns,
    s3: aws_sdk_s3::Client,
    topic_arn: String,
}

impl Published {
    async fn new() -> Self {
        let cloud = Cloud::new().await;
        let sns = Sns::new(&cloud.config);
        let s3 = aws_sdk_s3::config::Builder::from(&cloud.config);
        let s3 = aws_sdk_s3::Client::from_conf(s3.force_path_style(true).build());
        let topic = sns
            .create_topic()
            .name(format!("{}-published", cloud.prefix));
        let topic_arn = topic.send().await.unwrap().topic_arn.unwrap();
        s3.create_bucket()
            .bucket(&cloud.prefix)
            .send()
            .await
            .unwrap();
        let pointers = FilterRule::builder()
            .name(FilterRuleName::Prefix)
            .value("pointers/");
        let filter = S3KeyFilter::builder().filter_rules(pointers.build());
        let filter = NotificationConfigurationFilter::builder().key(filter.build());
        let topic = TopicConfiguration::builder()
            .topic_arn(&topic_arn)
            .events(Event::S3ObjectCreated)
            .filter(filter.build());
        let topics =
            NotificationConfiguration::builder().topic_configurations(topic.build().unwrap());
        s3.put_bucket_notification_configuration()
            .bucket(&cloud.prefix)
            .notification_configuration(topics.build())
            .send()
            .await
            .unwrap();
        Self {
            cloud,
            sns,
            s3,
            topic_arn,
        }
    }

    async fn subscribe(&self) -> Announced {
        let (sns, queue) = (self.sns.clone(), self.cloud.queue());
        let subscribed = Announced::subscribe_through(sns, &self.topic_arn, &queue);
        subscribed.await.unwrap()
    }

    async fn put(&self, key: &str) {
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"{}");
        let put = self.s3.put_object().bucket(&self.cloud.prefix);
        put.key(key).body(body).send().await.unwrap();
    }

    /// Endpoints of the topic's subscriptions.
    async fn endpoints(&self) -> Vec<String> {
        let list = self.sns.list_subscriptions_by_topic();
        let list = list.topic_arn(&self.topic_arn).send().await.unwrap();
        let endpoints = list.subscriptions().iter().flat_map(|it| it.endpoint());
        endpoints.map(str::to_owned).collect()
    }

    async fn queues(&self) -> usize {
        let list = self.cloud.sqs.list_queues();
        let list = list.queue_name_prefix(format!("{}-edge-", self.cloud.prefix));
        list.send().await.unwrap().queue_urls().len()
    }
}

/// What comes before a pause.
async fn all(announcements: &mut Announced, expected: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < expected {
        let keys = announcements.next().await.unwrap();
        assert!(!keys.is_empty(), "only {all:?} came in twenty seconds");
        all.extend(keys);
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn each_edge_hears_of_every_pointer_and_leaves_nothing() {
    let published = Published::new().await;
    let (mut first, mut second) = (published.subscribe().await, published.subscribe().await);
    published.put("catalogs/x").await;
    published.put(POINTER).await;
    published.put("pointers/production/web1.json").await;
    let expected = [POINTER, "pointers/production/web1.json"];
    assert_eq!(all(&mut first, 2).await, expected);
    assert_eq!(all(&mut second, 2).await, expected);
    Box::new(first).close().await.unwrap();
    assert_eq!(published.endpoints().await.len(), 1);
    published.put(POINTER).await;
    assert_eq!(all(&mut second, 1).await, [POINTER]);
    Box::new(second).close().await.unwrap();
    assert_eq!(
        (published.endpoints().await.len(), published.queues().await),
        (0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_wrapped_delivery_is_understood_too() {
    let published = Published::new().await;
    let mut announcements = published.subscribe().await;
    published
        .sns
        .set_subscription_attributes()
        .subscription_arn(&announcements.inbox.subscription)
        .attribute_name("RawMessageDelivery")
        .attribute_value("false")
        .send()
        .await
        .unwrap();
    published.put(POINTER).await;
    assert_eq!(all(&mut announcements, 1).await, [POINTER]);
    Box::new(announcements).close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn queues_of_dead_edges_are_removed_and_a_sleeper_makes_itself_another() {
    let published = Published::new().await;
    let mut sleeper = published.subscribe().await;
    let alive = published.subscribe().await;
    let tag = published
        .cloud
        .sqs
        .tag_queue()
        .queue_url(&sleeper.inbox.url);
    tag.tags("bunraku:alive", "1000000000")
        .send()
        .await
        .unwrap();
    let late = published.subscribe().await;
    let endpoints = published.endpoints().await;
    let has = |edge: &Announced| endpoints.iter().any(|it| it.ends_with(&edge.inbox.name));
    assert_eq!(
        (has(&sleeper), has(&alive), has(&late)),
        (false, true, true)
    );
    assert_eq!(published.queues().await, 2);
    assert_eq!(sleeper.next().await.unwrap(), [""; 0]);
    published.put(POINTER).await;
    assert_eq!(all(&mut sleeper, 1).await, [POINTER]);
    for edge in [sleeper, alive, late] {
        Box::new(edge).close().await.unwrap();
    }
    assert_eq!(published.queues().await, 0);
}
