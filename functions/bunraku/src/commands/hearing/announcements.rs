//! What other processes announce.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_queue::{Announcements, Queue, QueueError};

use super::Listener;

/// The wait after a failure; doubled after each, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A place to subscribe at.
#[async_trait]
pub(super) trait Source: Send + Sync {
    /// Subscribes: what is published from now on is told. `None` where nothing ever is.
    async fn subscribe(&self) -> Result<Option<Box<dyn Announcements>>, QueueError>;
}

/// A queue whose workers announce what they write.
#[async_trait]
impl Source for Arc<dyn Queue> {
    async fn subscribe(&self) -> Result<Option<Box<dyn Announcements>>, QueueError> {
        self.announcements().await
    }
}

/// Tells a listener what is published, until `stop` completes. A subscription that fails is logged and made anew,
/// ever later: who listens works without it, only slower. Ends as well where nothing is ever told.
pub(super) async fn follow(
    listener: &impl Listener,
    source: &dyn Source,
    stop: impl Future<Output = ()>,
) {
    let mut stop = std::pin::pin!(stop);
    let mut wait = FIRST_WAIT;
    loop {
        let subscribed = tokio::select! {
            () = &mut stop => return,
            subscribed = source.subscribe() => subscribed,
        };
        match subscribed {
            Err(error) => trouble(&error),
            Ok(None) => return,
            Ok(Some(mut subscription)) => {
                listener.live(true);
                let ended = tokio::select! {
                    () = &mut stop => None,
                    error = tell(listener, subscription.as_mut(), &mut wait) => Some(error),
                };
                listener.live(false);
                if let Some(error) = &ended {
                    trouble(error);
                }
                if let Err(error) = subscription.close().await {
                    tracing::warn!(%error, "a subscription could not be ended");
                }
                if ended.is_none() {
                    return;
                }
            }
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

/// Tells what comes until something fails, which is returned.
async fn tell(
    listener: &impl Listener,
    subscription: &mut dyn Announcements,
    wait: &mut Duration,
) -> QueueError {
    loop {
        match subscription.next().await {
            Ok(keys) => {
                *wait = FIRST_WAIT;
                // Other objects are no concern of those who listen.
                let known = keys.iter().filter_map(|key| key.parse().ok());
                known.for_each(|key| listener.written(key));
            }
            Err(error) => return error,
        }
    }
}

fn trouble(error: &dyn Display) {
    tracing::warn!(%error, "new catalogs are not announced for now; agents wait for them a little longer");
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use tokio::time::Instant;

    use super::super::tests::Log;
    use super::*;

    type Answer = Result<Vec<String>, QueueError>;

    /// Subscriptions by a script: each a list of answers, after which nothing comes any more.
    struct Script {
        log: Log,
        subscriptions: Mutex<VecDeque<Result<VecDeque<Answer>, QueueError>>>,
    }

    #[derive(Debug)]
    struct Scripted {
        log: Log,
        answers: VecDeque<Answer>,
    }

    #[async_trait]
    impl Source for Script {
        async fn subscribe(&self) -> Result<Option<Box<dyn Announcements>>, QueueError> {
            let next = self.subscriptions.lock().unwrap().pop_front();
            let answers = next.unwrap_or_else(|| Ok(VecDeque::new()))?;
            Ok(Some(Box::new(Scripted {
                log: self.log.clone(),
                answers,
            })))
        }
    }

    #[async_trait]
    impl Announcements for Scripted {
        async fn next(&mut self) -> Answer {
            match self.answers.pop_front() {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }

        async fn close(self: Box<Self>) -> Result<(), QueueError> {
            self.log.add("closed");
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_told_and_a_failed_subscription_is_made_anew_ever_later() {
        let log = Log::default();
        let key = "pointers/production/a.json".to_owned();
        let lost = || QueueError::LeaseLost;
        let source = Script {
            log: log.clone(),
            subscriptions: Mutex::new(VecDeque::from([
                Err(lost()),
                Err(lost()),
                Ok(VecDeque::from([
                    Ok(vec![key.clone(), "something/else".to_owned()]),
                    Err(lost()),
                ])),
                Ok(VecDeque::from([Ok(vec![key.clone()])])),
            ])),
        };
        let began = Instant::now();
        let stop = tokio::time::sleep(Duration::from_secs(5));
        follow(&log, &source, stop).await;
        let happened = log.told();
        let once = ["live", &key, "not live", "closed"];
        assert_eq!(happened, [once, once].concat());
        // 1 s and 2 s after the failures to subscribe, 1 s after the loss.
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}
