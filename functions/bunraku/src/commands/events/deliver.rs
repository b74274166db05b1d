//! Delivery of an event: tried again until it is taken, or refused for good.

use std::time::Duration;

use bunraku_farm::Publication;

use super::webhook::Webhook;
use crate::backoff::Backoff;
use crate::console;
use crate::hook::Hook;

/// Bound of the wait after a first failure; doubled after each.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest of these.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often a command that fails is tried.
const TRIES: u32 = 4;

/// Who is told.
pub(super) struct Audience {
    pub(super) webhook: Option<Webhook>,
    pub(super) command: Option<Hook>,
    pub(super) json: bool,
}

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The event was taken.
    Well,
    /// It will never be.
    Refused(String),
    /// It may be later; the other side may have said when.
    Later(String, Option<Duration>),
}

impl Audience {
    /// Tells all of a catalog. A web service out of order is waited for; whoever waits may be dropped.
    pub(super) async fn tell(&self, publication: &Publication) {
        let body = serde_json::to_string(publication).unwrap_or_default();
        if self.json {
            console::out(&body);
        } else if self.webhook.is_none() && self.command.is_none() {
            console::out(&line(publication));
        }
        let id = format!(
            "{}/{}/{}",
            publication.environment, publication.node, publication.catalog
        );
        if let Some(webhook) = &self.webhook {
            patiently(webhook.name(), &id, None, || webhook.tell(&id, &body)).await;
        }
        if let Some(command) = &self.command {
            patiently("the command", &id, Some(TRIES), || {
                run(command, &body, self.json)
            })
            .await;
        }
    }
}

async fn run(command: &Hook, body: &str, json: bool) -> Told {
    match command.run(body, json).await {
        Ok(status) if status.success() => Told::Well,
        Ok(status) => Told::Later(status.to_string(), None),
        Err(error) => Told::Later(error.to_string(), None),
    }
}

/// Tries until it is well, or said to be of no use, or `tries` are done.
async fn patiently<T: Future<Output = Told>>(
    whom: &str,
    what: &str,
    tries: Option<u32>,
    mut tell: impl FnMut() -> T,
) {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    for number in 1.. {
        let (reason, least) = match tell().await {
            Told::Well => return,
            Told::Refused(reason) => {
                console::say(&format!("{whom} refuses {what}: {reason}"));
                return;
            }
            Told::Later(reason, least) => (reason, least),
        };
        if Some(number) == tries {
            console::say(&format!("{whom} was not told of {what}: {reason}"));
            return;
        }
        let wait = backoff.next(least);
        console::say(&format!(
            "{whom} could not be told of {what}: {reason}; trying again in {:.1} s",
            wait.as_secs_f64()
        ));
        tokio::time::sleep(wait).await;
    }
}

/// An event for people.
fn line(publication: &Publication) -> String {
    let at = publication.at.map(|at| at.to_string()).unwrap_or_default();
    format!(
        "{at} {} {} {}",
        publication.environment,
        publication.node,
        publication.catalog.short()
    )
}
