//! The body of a watcher's reply: what the room puts into its outbox.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::task::AtomicWaker;
use hyper::body::{Body, Frame};

use super::message;
use super::room::Visit;

/// How many messages may wait for a slow client. One that lags behind further is sent away: when it comes again, it
/// is told all that counts.
const MOST: usize = 8;

/// What a watcher is yet to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Bytes>,
    ended: bool,
}

impl Outbox {
    /// Sends a message.
    pub(super) fn send(&self, message: Bytes) {
        let mut state = self.state();
        if state.messages.len() < MOST {
            state.messages.push_back(message);
        } else {
            state.ended = true;
        }
        drop(state);
        self.waker.wake();
    }

    /// Shows that the edge is there, unless that will be seen anyway.
    pub(super) fn beat(&self) {
        let mut state = self.state();
        if state.messages.is_empty() {
            state.messages.push_back(message::heartbeat());
            drop(state);
            self.waker.wake();
        }
    }

    /// Ends the stream when all is sent.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.waker.wake();
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        self.waker.register(context.waker());
        let mut state = self.state();
        match state.messages.pop_front() {
            Some(message) => {
                if state.messages.is_empty() {
                    // Thousands of these are empty nearly always.
                    state.messages = VecDeque::new();
                }
                Poll::Ready(Some(message))
            }
            None if state.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reply's body that lasts. When it is dropped, the watcher has left.
pub(crate) struct Events {
    outbox: Arc<Outbox>,
    _visit: Visit,
}

impl Events {
    pub(super) fn new(outbox: Arc<Outbox>, visit: Visit) -> Self {
        Self {
            outbox,
            _visit: visit,
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.outbox
            .poll(context)
            .map(|message| message.map(|message| Ok(Frame::data(message))))
    }
}
