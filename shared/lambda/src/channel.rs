//! Which of the farm's queues an event comes from.

use bunraku_farm::messages::Channel;

/// The channel of `PREFIX-<channel>` in `arn:aws:sqs:REGION:ACCOUNT:PREFIX-<channel>`.
pub(crate) fn of_queue(arn: &str, prefix: &str) -> Option<Channel> {
    let (_, name) = arn.rsplit_once(':')?;
    name.strip_prefix(prefix)?.strip_prefix('-')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use bunraku_farm::messages::Lane;

    use super::*;

    #[test]
    fn the_queue_s_name_tells_the_channel() {
        let of = |name: &str| {
            of_queue(
                &format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
                "my-farm",
            )
        };
        assert_eq!(of("my-farm-urgent"), Some(Channel::Compile(Lane::Urgent)));
        assert_eq!(of("my-farm-uploads"), Some(Channel::Uploads));
        for other in [
            "my-farm-urgent-dead",
            "farm-urgent",
            "my-farmurgent",
            "my-farm",
            "my-farm-x-urgent",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of_queue("my-farm-urgent", "my-farm"), None, "no ARN");
    }
}
