use super::*;

const LANE: &str = "farm-urgent";
const DEAD: &str = "farm-urgent-dead";

fn attributes(values: &[(QueueAttributeName, &str)]) -> Attributes {
    Attributes {
        url: String::new(),
        values: values
            .iter()
            .map(|(name, value)| (name.clone(), (*value).to_owned()))
            .collect(),
    }
}

/// As the template makes it, with some attributes otherwise.
fn lane(changed: &[(QueueAttributeName, &str)]) -> Attributes {
    let mut lane = attributes(&[
        (
            QueueAttributeName::RedrivePolicy,
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:farm-urgent-dead","maxReceiveCount":5}"#,
        ),
        (QueueAttributeName::VisibilityTimeout, "390"),
        (QueueAttributeName::SqsManagedSseEnabled, "true"),
        (QueueAttributeName::ApproximateNumberOfMessages, "3"),
        (
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            "1",
        ),
    ]);
    lane.values.extend(attributes(changed).values);
    lane
}

fn dead(changed: &[(QueueAttributeName, &str)]) -> Attributes {
    let mut dead = attributes(&[
        (
            QueueAttributeName::RedriveAllowPolicy,
            r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:1:farm-urgent"]}"#,
        ),
        (QueueAttributeName::KmsMasterKeyId, "alias/farm"),
        (QueueAttributeName::MessageRetentionPeriod, "1209600"),
        (QueueAttributeName::ApproximateNumberOfMessages, "0"),
    ]);
    dead.values.extend(attributes(changed).values);
    dead
}

fn of_lane(changed: &[(QueueAttributeName, &str)]) -> Vec<Finding> {
    lane_findings(LANE, DEAD, &lane(changed))
}

fn of_dead(changed: &[(QueueAttributeName, &str)], oldest: Option<Duration>) -> Vec<Finding> {
    let source = Source {
        name: LANE,
        channel: "urgent".parse().unwrap(),
        retention: Some(864_000),
    };
    dead_findings(DEAD, &source, &dead(changed), oldest)
}

/// One finding of this state whose detail holds this text.
fn one(findings: &[Finding], level: Level, text: &str) {
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].level, level, "{findings:?}");
    assert!(findings[0].detail.contains(text), "{findings:?}");
}

#[test]
fn queues_as_the_template_makes_them_are_fine() {
    let expected = "3 waiting, 1 in work; hidden for 390 s, dead after 5 tries";
    one(&of_lane(&[]), Level::Ok, expected);
    one(&of_dead(&[], None), Level::Ok, "no dead letters");
}

#[test]
fn each_fault_of_a_lane_is_found_alone() {
    use QueueAttributeName as Name;
    let policy = |arn: &str, count: &str| {
        format!(
            r#"{{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:{arn}","maxReceiveCount":{count}}}"#
        )
    };
    let text = policy(DEAD, "\"5\"");
    one(
        &of_lane(&[(Name::RedrivePolicy, &text)]),
        Level::Ok,
        "dead after 5",
    );
    one(
        &of_lane(&[(Name::RedrivePolicy, "")]),
        Level::Error,
        "no redrive policy",
    );
    let other = policy("other-farm-urgent-dead", "5");
    one(
        &of_lane(&[(Name::RedrivePolicy, &other)]),
        Level::Error,
        "not to farm-urgent-dead",
    );
    let once = policy(DEAD, "1");
    one(
        &of_lane(&[(Name::RedrivePolicy, &once)]),
        Level::Warning,
        "tried only once",
    );
    one(
        &of_lane(&[(Name::VisibilityTimeout, "30")]),
        Level::Warning,
        "hidden for 30 s only",
    );
    one(
        &of_lane(&[(Name::SqsManagedSseEnabled, "false")]),
        Level::Error,
        "not encrypted",
    );
}

#[test]
fn each_fault_of_dead_letters_is_found_alone() {
    use QueueAttributeName as Name;
    let closed = r#"{"redrivePermission":"denyAll"}"#;
    one(
        &of_dead(&[(Name::RedriveAllowPolicy, closed)], None),
        Level::Error,
        "of no queue",
    );
    let other = r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:1:x-farm-urgent"]}"#;
    one(
        &of_dead(&[(Name::RedriveAllowPolicy, other)], None),
        Level::Error,
        "does not name farm-urgent",
    );
    // Without a policy any queue may send its dead letters.
    one(
        &of_dead(&[(Name::RedriveAllowPolicy, "")], None),
        Level::Ok,
        "",
    );
    one(
        &of_dead(&[(Name::KmsMasterKeyId, "")], None),
        Level::Error,
        "not encrypted",
    );
    let short = [(Name::MessageRetentionPeriod, "864000")];
    one(
        &of_dead(&short, None),
        Level::Warning,
        "gone before anybody looks",
    );
}

#[test]
fn dead_letters_are_told_with_age_and_what_to_do() {
    let some = [(QueueAttributeName::ApproximateNumberOfMessages, "2")];
    let day = Duration::from_secs(86_400);
    let findings = of_dead(&some, Some(3 * day));
    one(
        &findings,
        Level::Warning,
        "2 dead letters, the oldest seen 3 days old: `bunraku tasks --dead`",
    );
    assert!(findings[0].detail.contains("bunraku redrive --lane urgent"));
    let findings = of_dead(&some, Some(13 * day));
    one(
        &findings,
        Level::Warning,
        "13 days old, gone for good in 24 hours",
    );
    one(&of_dead(&some, None), Level::Warning, "2 dead letters: ");
}

#[test]
fn attributes_that_are_no_numbers_or_json_are_no_crash() {
    use QueueAttributeName as Name;
    let findings = of_lane(&[(Name::RedrivePolicy, "{"), (Name::VisibilityTimeout, "x")]);
    let levels: Vec<Level> = findings.iter().map(|finding| finding.level).collect();
    assert_eq!(levels, [Level::Error, Level::Warning]);
}

/// Queues of a farm on the emulator, made and removed by the test.
mod on_a_server {
    use aws_sdk_sqs::Client;

    use super::*;

    async fn make(client: &Client, name: &str, values: &[(QueueAttributeName, String)]) -> String {
        let mut request = client.create_queue().queue_name(name);
        for (name, value) in values {
            request = request.attributes(name.clone(), value);
        }
        request.send().await.unwrap().queue_url.unwrap()
    }

    async fn arn(client: &Client, url: &str) -> String {
        let answer = client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .unwrap();
        answer.attributes.unwrap()[&QueueAttributeName::QueueArn].clone()
    }

    async fn client() -> Client {
        let endpoint = std::env::var("BUNRAKU_TEST_ENDPOINT").expect("BUNRAKU_TEST_ENDPOINT");
        let config = aws_config::from_env().endpoint_url(endpoint).load().await;
        Client::new(&config)
    }

    #[tokio::test]
    #[ignore = "needs an S3 and SQS server: localstack-tests/run"]
    async fn a_farm_is_checked_queue_by_queue() {
        let client = client().await;
        let prefix = format!("doctor{}", std::process::id());
        let queue = SqsQueue::new(client.clone(), &prefix);

        let absent = queue.check().await.unwrap();
        assert_eq!(absent.len(), 10);
        assert!(absent.iter().all(|finding| finding.level == Level::Error));
        assert!(absent[0].detail.contains("no such queue"), "{absent:?}");

        let encrypted = (QueueAttributeName::SqsManagedSseEnabled, "true".to_owned());
        let mut urls = Vec::new();
        for channel in Channel::ALL {
            let retention = (
                QueueAttributeName::MessageRetentionPeriod,
                "1209600".to_owned(),
            );
            let dead = make(
                &client,
                &queue.queues.dead_name(channel),
                &[encrypted.clone(), retention],
            )
            .await;
            let policy = format!(
                r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"5"}}"#,
                arn(&client, &dead).await
            );
            let values = [
                encrypted.clone(),
                (QueueAttributeName::RedrivePolicy, policy),
                (QueueAttributeName::VisibilityTimeout, "390".to_owned()),
            ];
            let lane = make(&client, &queue.queues.name(channel), &values).await;
            urls.extend([lane, dead]);
        }
        let fine = queue.check().await.unwrap();
        assert_eq!(fine.len(), 10);
        assert!(
            fine.iter().all(|finding| finding.level == Level::Ok),
            "{fine:#?}"
        );

        queue.bury(Channel::Plans, "{}", "a reason").await.unwrap();
        let findings = queue.check().await.unwrap();
        let bad: Vec<&Finding> = findings.iter().filter(|it| it.level != Level::Ok).collect();
        assert_eq!(bad.len(), 1, "{bad:?}");
        assert_eq!(bad[0].what, queue.queues.dead_name(Channel::Plans));
        assert!(
            bad[0]
                .detail
                .starts_with("1 dead letters, the oldest seen "),
            "{bad:?}"
        );
        // The look left the dead letter where it was.
        assert_eq!(
            queue
                .check()
                .await
                .unwrap()
                .iter()
                .filter(|it| it.level != Level::Ok)
                .count(),
            1
        );

        for url in urls {
            client.delete_queue().queue_url(url).send().await.unwrap();
        }
    }
}
