//! How AWS is talked to.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};

/// Longer than the longest poll (20 seconds), so that only a dead connection is cut off.
const ATTEMPT: Duration = Duration::from_secs(30);

/// Region, credentials and endpoint of the surroundings, as the AWS CLI finds them. What is
/// throttled or fails for a moment is tried again, with growing pauses.
pub(super) fn configuration() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(6))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(3 * ATTEMPT)
                .build(),
        )
}
