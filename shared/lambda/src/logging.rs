//! The log: one JSON object a line, on standard error.

mod json;

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use json::JsonLines;

/// What is logged when `RUST_LOG` does not say.
const FILTER: &str = "info";

/// Starts the log, with what `RUST_LOG` lets through; panics are logged, too. Called once, first.
///
/// A line holds `time`, `level`, `message`, the `function` and its `version`, `request_id` and `trace` of
/// the invocation, `node`, `environment`, `release` or `upload` of the message at hand, and what else
/// the event says.
pub(crate) fn start() {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let wanted = variable("RUST_LOG");
    let filter = EnvFilter::try_new(wanted.as_deref().unwrap_or(FILTER));
    let refused = filter.as_ref().err().map(ToString::to_string);
    let about = [
        ("function", variable("AWS_LAMBDA_FUNCTION_NAME")),
        ("version", variable("AWS_LAMBDA_FUNCTION_VERSION")),
    ];
    // An error means that there is a log already.
    let started = tracing_subscriber::registry()
        .with(filter.unwrap_or_else(|_| EnvFilter::new(FILTER)))
        .with(JsonLines::new(about, io::stderr))
        .try_init();
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            let text = panic.payload_as_str().unwrap_or_default();
            tracing::error!(place, "panic: {text}");
        }));
    }
    if let Some(reason) = refused {
        tracing::warn!(reason, "RUST_LOG is not understood; {FILTER:?} is used");
    }
}
