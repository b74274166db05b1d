//! Whether a bucket's settings are what a farm needs. No requests here.

use std::time::Duration;

use aws_sdk_s3::types::{
    BucketVersioningStatus, Event, ExpirationStatus, FilterRuleName, LifecycleRule,
    NotificationConfigurationFilter, PublicAccessBlockConfiguration, QueueConfiguration,
    ServerSideEncryption, ServerSideEncryptionRule, TopicConfiguration,
};

use super::Finding;

/// What to do about most findings.
const DEPLOY: &str = "deploy the farm's template, which sets this";
/// A clock that is wrong by more than this is reported; S3 refuses above 15 minutes.
const SKEW: Duration = Duration::from_secs(5 * 60);

pub(super) const VERSIONING: &str = "versioning";
pub(super) const ENCRYPTION: &str = "encryption";
pub(super) const PUBLIC_ACCESS: &str = "public access";
pub(super) const LIFECYCLE_PARTS: &str = "lifecycle of parts";
pub(super) const LIFECYCLE_UPLOADS: &str = "lifecycle of uploads";
pub(super) const NOTIFY_UPLOADS: &str = "notifications of uploads";
pub(super) const NOTIFY_POINTERS: &str = "notifications of pointers";
pub(super) const CLOCK: &str = "clock";

pub(super) fn versioning(status: Option<&BucketVersioningStatus>) -> Finding {
    match status {
        Some(BucketVersioningStatus::Enabled) => Finding::ok(VERSIONING, "on"),
        _ => Finding::warning(
            VERSIONING,
            "off: what is overwritten or deleted can't be restored",
            DEPLOY,
        ),
    }
}

pub(super) fn encryption(rules: &[ServerSideEncryptionRule]) -> Finding {
    let default = rules
        .iter()
        .find_map(ServerSideEncryptionRule::apply_server_side_encryption_by_default);
    let Some(default) = default else {
        return Finding::error(ENCRYPTION, "there is none by default", DEPLOY);
    };
    match (default.sse_algorithm(), default.kms_master_key_id()) {
        (ServerSideEncryption::AwsKms | ServerSideEncryption::AwsKmsDsse, Some(key)) => {
            Finding::ok(ENCRYPTION, format!("with the key {key}"))
        }
        (algorithm, _) => Finding::warning(
            ENCRYPTION,
            format!("{algorithm}, without a key of the farm's own"),
            DEPLOY,
        ),
    }
}

pub(super) fn public_access(block: Option<&PublicAccessBlockConfiguration>) -> Finding {
    let blocks = |block: &PublicAccessBlockConfiguration| {
        [
            block.block_public_acls(),
            block.ignore_public_acls(),
            block.block_public_policy(),
            block.restrict_public_buckets(),
        ]
        .iter()
        .all(|set| *set == Some(true))
    };
    match block {
        Some(block) if blocks(block) => Finding::ok(PUBLIC_ACCESS, "blocked"),
        Some(_) => Finding::error(PUBLIC_ACCESS, "blocked in part only", DEPLOY),
        None => Finding::error(PUBLIC_ACCESS, "not blocked", DEPLOY),
    }
}

/// `uploads` is the prefix of uploads in the bucket.
pub(super) fn lifecycle(rules: &[LifecycleRule], uploads: &str) -> Vec<Finding> {
    let enabled = || {
        rules
            .iter()
            .filter(|rule| *rule.status() == ExpirationStatus::Enabled)
    };
    let aborts = enabled().any(|rule| {
        rule.abort_incomplete_multipart_upload().is_some() && uploads.starts_with(prefix_of(rule))
    });
    let expires = enabled().any(|rule| {
        let expiration = rule.expiration();
        expiration.is_some_and(|at| at.days().is_some() || at.date().is_some())
            && uploads.starts_with(prefix_of(rule))
    });
    let finding = |holds, what, missed: &str| {
        if holds {
            Finding::ok(what, "set")
        } else {
            Finding::warning(what, missed, DEPLOY)
        }
    };
    vec![
        finding(
            aborts,
            LIFECYCLE_PARTS,
            "no rule removes the parts of uploads that were cut off: they cost and are not seen",
        ),
        finding(
            expires,
            LIFECYCLE_UPLOADS,
            "no rule removes old uploads: they stay for ever",
        ),
    ]
}

fn prefix_of(rule: &LifecycleRule) -> &str {
    let filter = rule.filter();
    filter
        .and_then(|filter| {
            filter
                .prefix()
                .or_else(|| filter.and().and_then(|and| and.prefix()))
        })
        .unwrap_or_default()
}

pub(super) fn notify_uploads(queues: &[QueueConfiguration], uploads: &str) -> Finding {
    let missing: Vec<&str> = [".tar.zst", ".tar.gz"]
        .into_iter()
        .filter(|suffix| {
            !queues
                .iter()
                .any(|queue| reaches(queue.events(), queue.filter(), uploads, suffix))
        })
        .collect();
    if missing.is_empty() {
        return Finding::ok(NOTIFY_UPLOADS, "sent to a queue");
    }
    Finding::error(
        NOTIFY_UPLOADS,
        format!(
            "no queue hears of {uploads}*{}: pushes stay where they are",
            missing.join(&format!(" and {uploads}*"))
        ),
        DEPLOY,
    )
}

pub(super) fn notify_pointers(topics: &[TopicConfiguration], pointers: &str) -> Finding {
    let sent = topics
        .iter()
        .any(|topic| reaches(topic.events(), topic.filter(), pointers, ".json"));
    if sent {
        return Finding::ok(NOTIFY_POINTERS, "sent to a topic");
    }
    Finding::error(
        NOTIFY_POINTERS,
        format!("no topic hears of {pointers}*: edges learn of new catalogs late"),
        DEPLOY,
    )
}

/// Whether every object created under `prefix` with `suffix` is told, however it was written.
fn reaches(
    events: &[Event],
    filter: Option<&NotificationConfigurationFilter>,
    prefix: &str,
    suffix: &str,
) -> bool {
    let created = |event: &Event| events.contains(event);
    let told = created(&Event::S3ObjectCreated)
        || (created(&Event::S3ObjectCreatedPut)
            && created(&Event::S3ObjectCreatedCompleteMultipartUpload));
    let rules = filter
        .and_then(NotificationConfigurationFilter::key)
        .map(|key| key.filter_rules())
        .unwrap_or_default();
    let passes = rules.iter().all(|rule| {
        let value = rule.value().unwrap_or_default();
        // S3 gives these names with a capital, the SDK knows them in small letters.
        let name = rule.name().map(|name| name.as_str().to_ascii_lowercase());
        match name.as_deref() {
            Some(name) if name == FilterRuleName::Prefix.as_str() => prefix.starts_with(value),
            Some(name) if name == FilterRuleName::Suffix.as_str() => suffix.ends_with(value),
            _ => false,
        }
    });
    told && passes
}

/// `off` is how far the two clocks are apart, whichever is ahead.
pub(super) fn clock(off: Duration) -> Finding {
    let seconds = off.as_secs();
    if off < SKEW {
        return Finding::ok(CLOCK, format!("{seconds} s from the store's"));
    }
    Finding::error(
        CLOCK,
        format!("{seconds} s from the store's; above 900 s requests are refused"),
        "set this machine's clock, by NTP",
    )
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::{
        AbortIncompleteMultipartUpload, FilterRule, LifecycleExpiration, LifecycleRuleFilter,
        S3KeyFilter, ServerSideEncryptionByDefault,
    };

    use super::*;
    use crate::Level;

    fn filter(prefix: &str, suffix: &str) -> NotificationConfigurationFilter {
        let rule = |name: &str, value: &str| {
            FilterRule::builder()
                .name(FilterRuleName::from(name))
                .value(value)
                .build()
        };
        let key = S3KeyFilter::builder()
            .filter_rules(rule("Prefix", prefix))
            .filter_rules(rule("suffix", suffix));
        NotificationConfigurationFilter::builder()
            .key(key.build())
            .build()
    }

    fn queue(suffix: &str, events: &[Event]) -> QueueConfiguration {
        QueueConfiguration::builder()
            .queue_arn("arn")
            .set_events(Some(events.to_vec()))
            .filter(filter("uploads/", suffix))
            .build()
            .unwrap()
    }

    #[test]
    fn both_suffixes_must_reach_a_queue_by_every_kind_of_write() {
        let all = [Event::S3ObjectCreated];
        let good = [queue(".tar.zst", &all), queue(".tar.gz", &all)];
        assert_eq!(notify_uploads(&good, "uploads/").level, Level::Ok);
        assert_eq!(notify_uploads(&good, "other/uploads/").level, Level::Error);
        let half = notify_uploads(&good[..1], "uploads/");
        assert_eq!(half.level, Level::Error);
        assert!(half.detail.contains("uploads/*.tar.gz"), "{}", half.detail);
        let puts = [Event::S3ObjectCreatedPut];
        let puts = [queue(".tar.zst", &puts), queue(".tar.gz", &all)];
        assert_eq!(notify_uploads(&puts, "uploads/").level, Level::Error);
        let topic = TopicConfiguration::builder()
            .topic_arn("arn")
            .events(Event::S3ObjectCreated)
            .filter(filter("pointers/", ""))
            .build()
            .unwrap();
        assert_eq!(notify_pointers(&[topic], "pointers/").level, Level::Ok);
        assert_eq!(notify_pointers(&[], "pointers/").level, Level::Error);
    }

    #[test]
    fn lifecycle_rules_must_be_on_and_cover_uploads() {
        let rule = |status, prefix: &str| {
            LifecycleRule::builder()
                .status(status)
                .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
                .expiration(LifecycleExpiration::builder().days(7).build())
                .abort_incomplete_multipart_upload(
                    AbortIncompleteMultipartUpload::builder().build(),
                )
                .build()
                .unwrap()
        };
        let levels = |rules: &[LifecycleRule]| {
            let found = lifecycle(rules, "uploads/");
            found.iter().map(|one| one.level).collect::<Vec<_>>()
        };
        let (on, off) = (ExpirationStatus::Enabled, ExpirationStatus::Disabled);
        assert_eq!(levels(&[rule(on.clone(), "uploads/")]), [Level::Ok; 2]);
        assert_eq!(levels(&[rule(on.clone(), "")]), [Level::Ok; 2]);
        assert_eq!(levels(&[rule(off, "uploads/")]), [Level::Warning; 2]);
        assert_eq!(levels(&[rule(on, "reports/")]), [Level::Warning; 2]);
        assert_eq!(levels(&[]), [Level::Warning; 2]);
    }

    #[test]
    fn encryption_is_with_a_key_of_ones_own() {
        let rule = |algorithm, key: Option<&str>| {
            let default = ServerSideEncryptionByDefault::builder()
                .sse_algorithm(algorithm)
                .set_kms_master_key_id(key.map(str::to_owned))
                .build()
                .unwrap();
            ServerSideEncryptionRule::builder()
                .apply_server_side_encryption_by_default(default)
                .build()
        };
        let level = |rules: &[ServerSideEncryptionRule]| encryption(rules).level;
        assert_eq!(
            level(&[rule(ServerSideEncryption::AwsKms, Some("key"))]),
            Level::Ok
        );
        assert_eq!(
            level(&[rule(ServerSideEncryption::AwsKms, None)]),
            Level::Warning
        );
        assert_eq!(
            level(&[rule(ServerSideEncryption::Aes256, None)]),
            Level::Warning
        );
        assert_eq!(level(&[]), Level::Error);
    }

    #[test]
    fn public_access_is_blocked_wholly() {
        let all = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true);
        let part = all.clone().restrict_public_buckets(false).build();
        let all = all.restrict_public_buckets(true).build();
        assert_eq!(public_access(Some(&all)).level, Level::Ok);
        assert_eq!(public_access(Some(&part)).level, Level::Error);
        assert_eq!(public_access(None).level, Level::Error);
    }

    #[test]
    fn versions_are_kept_and_clocks_agree() {
        let on = Some(&BucketVersioningStatus::Enabled);
        assert_eq!(versioning(on).level, Level::Ok);
        let off = Some(&BucketVersioningStatus::Suspended);
        assert_eq!(versioning(off).level, Level::Warning);
        assert_eq!(clock(Duration::from_secs(299)).level, Level::Ok);
        assert_eq!(clock(Duration::from_secs(300)).level, Level::Error);
    }
}
