//! The kinds of messages that functions handle.

use bunraku_farm::messages::{Cause, CompileTask, Message, Planning, UploadCreated};
use tracing::Span;

/// A kind of message; each function handles one.
pub trait Task: Send + Sized + 'static {
    /// What it is called in errors.
    const KIND: &'static str;

    /// The task in a message, if it is of this kind.
    fn of(message: Message) -> Option<Self>;
}

impl Task for UploadCreated {
    const KIND: &'static str = "an upload";

    fn of(message: Message) -> Option<Self> {
        match message {
            Message::UploadCreated(task) => Some(task),
            Message::Plan(_)
            | Message::Gather(_)
            | Message::Collect(_)
            | Message::Advance(_)
            | Message::Compile(_) => None,
        }
    }
}

impl Task for Planning {
    const KIND: &'static str = "a plan task";

    fn of(message: Message) -> Option<Self> {
        match message {
            Message::Plan(task) => Some(Self::Plan(task)),
            Message::Gather(_) => Some(Self::Gather),
            Message::Collect(_) => Some(Self::Collect),
            Message::Advance(task) => Some(Self::Advance(task)),
            Message::UploadCreated(_) | Message::Compile(_) => None,
        }
    }
}

impl Task for CompileTask {
    const KIND: &'static str = "a compile task";

    fn of(message: Message) -> Option<Self> {
        match message {
            Message::Compile(task) => Some(task),
            Message::UploadCreated(_)
            | Message::Plan(_)
            | Message::Gather(_)
            | Message::Collect(_)
            | Message::Advance(_) => None,
        }
    }
}

/// Of messages with the same coalescing key, the one with the highest rank does the work of all:
/// whoever insists more has even a failed compile looked at anew (`bunraku_farm::reuse::decide`).
pub(crate) fn rank(message: &Message) -> (u8, u64) {
    match message {
        Message::UploadCreated(_)
        | Message::Gather(_)
        | Message::Collect(_)
        | Message::Advance(_) => (0, 0),
        Message::Plan(task) => (insistence(&task.cause), task.sequence),
        Message::Compile(task) => (insistence(&task.cause), task.sequence),
    }
}

const fn insistence(cause: &Cause) -> u8 {
    match cause {
        Cause::Push { .. }
        | Cause::Rollout { .. }
        | Cause::Stage { .. }
        | Cause::Facts
        | Cause::Exports => 0,
        Cause::Request => 1,
        Cause::Manual => 2,
    }
}

/// A span that names what a message is about, and its X-Ray header.
pub(crate) fn span(message: &Message, trace: Option<&str>) -> Span {
    match message {
        Message::UploadCreated(task) => tracing::info_span!(
            "upload",
            trace,
            upload = %task.key,
            environment = %task.key.environment,
        ),
        Message::Plan(task) => tracing::info_span!(
            "plan",
            trace,
            environment = %task.environment,
            release = task.release.short(),
        ),
        Message::Gather(_) => tracing::info_span!("gather", trace),
        Message::Collect(_) => tracing::info_span!("garbage", trace),
        Message::Advance(task) => tracing::info_span!(
            "rollouts",
            trace,
            environment = %task.environment,
        ),
        Message::Compile(task) => tracing::info_span!(
            "compile",
            trace,
            node = %task.certname,
            environment = %task.environment,
            release = task.release.short(),
        ),
    }
}
