//! What a function takes from the machine that it runs on: the time, threads for long work, and programs
//! that a site has in the place of ours.
//!
//! A [`Host`] is given to every handler and to the store. The system's has the system's clock, and runs
//! what takes a processor for a while beside the async threads. A simulated one has a clock of its own,
//! which may go wrong, and no thread but the caller's: the same run is the same again.

mod program;

use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use tokio::runtime::Handle;

pub use program::{Answer, Program, ProgramError};

/// Tells the time of day.
pub trait Clock: Debug + Send + Sync {
    /// The time now, as this clock has it.
    fn now(&self) -> Timestamp;
}

/// The machine that a function runs on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Host {
    clock: Arc<dyn Clock>,
    threads: Threads,
}

#[derive(Clone, Copy, Debug)]
enum Threads {
    /// The runtime's, for work that blocks.
    Beside,
    /// None but the caller's.
    Here,
}

/// The thread of some work ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work was cut off")]
pub struct CutOff;

impl Default for Host {
    /// The system's.
    fn default() -> Self {
        Self {
            clock: Arc::new(System),
            threads: Threads::Beside,
        }
    }
}

impl Host {
    /// One with this clock, on which everything happens on the caller's thread.
    #[must_use]
    pub fn simulated(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            threads: Threads::Here,
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Does work that takes a processor for a while, or blocks, without keeping others waiting.
    ///
    /// # Errors
    /// When it panicked, or the process ends.
    pub async fn compute<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, CutOff> {
        match self.threads {
            Threads::Beside => tokio::task::spawn_blocking(work).await.map_err(|_| CutOff),
            Threads::Here => Ok(work()),
        }
    }

    /// What lets work within [`Host::compute`] wait for something asynchronous. To be called where the
    /// runtime is, outside of that work.
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        Waiter(match self.threads {
            Threads::Beside => Some(Handle::current()),
            Threads::Here => None,
        })
    }
}

/// Waits within [`Host::compute`].
#[derive(Clone, Debug)]
pub struct Waiter(Option<Handle>);

impl Waiter {
    /// Blocks until there is an answer. On a simulated host the answer must come of itself: neither
    /// time nor anybody else moves meanwhile.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        if let Some(runtime) = &self.0 {
            return runtime.block_on(future);
        }
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
                return answer;
            }
        }
    }
}

/// The system's clock.
#[derive(Debug)]
struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still.
impl Clock for Timestamp {
    fn now(&self) -> Timestamp {
        *self
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn work_is_done_beside_the_async_threads_and_may_wait_there() {
        let host = Host::default();
        let waiter = host.waiter();
        let here = thread::current().id();
        let work = move || (thread::current().id(), waiter.wait(async { 7 }));
        let (there, answer) = host.compute(work).await.unwrap();
        assert!(here != there && answer == 7);
        let panicked = host.compute(|| panic!("as a test")).await;
        assert_eq!(panicked, Err::<(), _>(CutOff));
    }

    #[tokio::test]
    async fn a_simulated_host_has_its_own_time_and_no_other_thread() {
        let host = Host::simulated(Arc::new(Timestamp::UNIX_EPOCH));
        assert_eq!(host.now(), Timestamp::UNIX_EPOCH);
        let (here, waiter) = (thread::current().id(), host.waiter());
        let late = async {
            tokio::task::yield_now().await;
            7
        };
        let work = move || (thread::current().id(), waiter.wait(late));
        assert_eq!(host.compute(work).await.unwrap(), (here, 7));
    }
}
