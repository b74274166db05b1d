//! The X-Ray header travels with the messages.

use aws_sdk_sqs::types::MessageSystemAttributeValue;

use super::failure::unsendable;
use crate::QueueError;

tokio::task_local! {
    static TRACE: Option<String>;
}

/// Runs `future`; whatever it sends to SQS, in this task, carries `header` as the system attribute
/// `AWSTraceHeader`, so that X-Ray shows the work that follows as part of the same trace.
pub async fn with_trace<F: Future>(header: Option<String>, future: F) -> F::Output {
    TRACE.scope(header, future).await
}

/// The attribute for what is sent now, if there is a trace.
pub(super) fn attribute() -> Result<Option<MessageSystemAttributeValue>, QueueError> {
    let header = TRACE.try_with(Clone::clone).ok().flatten();
    header
        .map(|header| {
            MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(header)
                .build()
        })
        .transpose()
        .map_err(unsendable)
}
