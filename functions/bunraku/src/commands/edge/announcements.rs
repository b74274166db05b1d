//! What other processes published, told to the edge.

use std::fmt::Display;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_edge::Edge;
use bunraku_store::Key;

/// The wait after a failure; doubled after each, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A place to subscribe at.
#[async_trait]
pub(in crate::commands) trait Source: Send + Sync {
    /// Subscribes: what is published from now on is told.
    async fn subscribe(&self) -> Result<Box<dyn Subscription>, String>;
}

/// What is published, as it comes.
#[async_trait]
pub(in crate::commands) trait Subscription: Send {
    /// The keys of objects that were published; none when nothing was for a while.
    async fn next(&mut self) -> Result<Vec<String>, String>;

    /// Ends the subscription and leaves nothing behind.
    async fn close(self: Box<Self>) -> Result<(), String>;
}

/// Who is told.
pub(in crate::commands) trait Listener: Send + Sync {
    /// An object was written.
    fn written(&self, key: Key);

    /// Whether every new object is told from now on.
    fn live(&self, live: bool);
}

impl Listener for Edge {
    fn written(&self, key: Key) {
        self.announce(key);
    }

    fn live(&self, live: bool) {
        self.announcements(live);
    }
}

/// Tells a listener what is published, until `stop` completes. A subscription that fails is logged and made anew,
/// ever later: an edge works without it, only slower.
pub(in crate::commands) async fn follow_announcements(
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
            Ok(mut subscription) => {
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
                    tracing::warn!(error, "a subscription could not be ended");
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
    subscription: &mut dyn Subscription,
    wait: &mut Duration,
) -> String {
    loop {
        match subscription.next().await {
            Ok(keys) => {
                *wait = FIRST_WAIT;
                // Other objects of the bucket are no concern of an edge.
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
    use std::sync::{Arc, Mutex};

    use tokio::time::Instant;

    use super::*;

    /// What happened, in order.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Log {
        fn add(&self, what: impl Into<String>) {
            self.0.lock().unwrap().push(what.into());
        }
    }

    impl Listener for Log {
        fn written(&self, key: Key) {
            self.add(key.to_string());
        }

        fn live(&self, live: bool) {
            self.add(if live { "live" } else { "not live" });
        }
    }

    type Answer = Result<Vec<String>, String>;

    /// Subscriptions by a script: each a list of answers, after which nothing comes any more.
    struct Script {
        log: Log,
        subscriptions: Mutex<VecDeque<Result<VecDeque<Answer>, String>>>,
    }

    struct Scripted {
        log: Log,
        answers: VecDeque<Answer>,
    }

    #[async_trait]
    impl Source for Script {
        async fn subscribe(&self) -> Result<Box<dyn Subscription>, String> {
            let next = self.subscriptions.lock().unwrap().pop_front();
            let answers = next.unwrap_or_else(|| Ok(VecDeque::new()))?;
            Ok(Box::new(Scripted {
                log: self.log.clone(),
                answers,
            }))
        }
    }

    #[async_trait]
    impl Subscription for Scripted {
        async fn next(&mut self) -> Answer {
            match self.answers.pop_front() {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }

        async fn close(self: Box<Self>) -> Result<(), String> {
            self.log.add("closed");
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_told_and_a_failed_subscription_is_made_anew_ever_later() {
        let log = Log::default();
        let key = "pointers/production/a.json".to_owned();
        let lost = || "lost".to_owned();
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
        follow_announcements(&log, &source, stop).await;
        let happened = log.0.lock().unwrap().clone();
        let once = ["live", &key, "not live", "closed"];
        assert_eq!(happened, [once, once].concat());
        // 1 s and 2 s after the failures to subscribe, 1 s after the loss.
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}
