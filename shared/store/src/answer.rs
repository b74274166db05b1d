//! What the errors of object stores say: S3, Google and Azure answer with the same elements.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

/// The longest text of others that is shown, in characters.
const SHOWN: usize = 300;

/// The error code in the text of an answer.
pub(crate) fn code_in(text: &str) -> Option<&str> {
    element(text, "<Code>", "</Code>")
}

/// S3's code that an answer without a body would have had.
pub(crate) fn code_of_status(text: &str) -> Option<&'static str> {
    [
        ("403 Forbidden", "AccessDenied"),
        ("301 Moved Permanently", "PermanentRedirect"),
        ("redirect without LOCATION", "PermanentRedirect"),
        ("503 Service Unavailable", "SlowDown"),
    ]
    .into_iter()
    .find_map(|(said, code)| text.contains(said).then_some(code))
}

/// An error's own words in one line: the message of the answer in its `text`, or its first cause.
pub(crate) fn said(error: &(dyn Error + 'static), text: &str) -> String {
    element(text, "<Message>", "</Message>").map_or_else(|| root_cause(error), one_line)
}

/// The first cause of an error, in one line.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    one_line(&deepest.to_string())
}

/// The error of a kind among an error and its causes.
pub(crate) fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// Whether no answer came at all.
pub(crate) fn is_missing(error: &(dyn Error + 'static)) -> bool {
    let kind = find::<HttpError>(error).map(HttpError::kind);
    matches!(
        kind,
        Some(HttpErrorKind::Connect | HttpErrorKind::Request | HttpErrorKind::Timeout)
    )
}

fn element<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inner, _)| inner)
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(SHOWN).collect()
}
