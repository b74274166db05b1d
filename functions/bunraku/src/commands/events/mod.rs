//! `bunraku events`: tells others of each published catalog.

mod changes;
mod deliver;
mod standings;
#[cfg(test)]
mod tests;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_store::Store;
use clap::Args;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::hearing::{Hearing, Places, hear};
use super::up::stop_signal;
use crate::failure::Result;
use crate::hook::Hook;
use changes::{Changes, Node};
use deliver::Audience;
use standings::Standings;
use webhook::Webhook;

/// How often what others know is written down.
const SAVE: Duration = Duration::from_secs(1);
/// How often all pointers are looked at where each new one is told.
const LOOK: Duration = Duration::from_secs(600);
/// The same where they are not told.
const BLIND_LOOK: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// The farm's store: `s3://BUCKET`, `gs://BUCKET`, `az://CONTAINER` or a directory.
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_STORE",
        default_value = ".bunraku/store"
    )]
    store: String,
    /// With a bucket: the farm's queue, which tells of new catalogs: `amqp://` or `nats://`, or `sqs://PREFIX` with
    /// the topic.
    #[arg(long, value_name = "URL", env = "BUNRAKU_QUEUE")]
    queue: Option<String>,
    /// The topic of published catalogs (the stack's output PublishedTopicArn).
    #[arg(
        long,
        value_name = "TOPIC_ARN",
        env = "BUNRAKU_EVENTS",
        requires = "queue"
    )]
    events: Option<String>,
    /// Only this environment; may be given more than once.
    #[arg(long = "environment", short, value_name = "NAME")]
    environments: Vec<EnvironmentName>,
    /// A line for the shell, run for each event with its JSON on standard input.
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,
    /// A web service that gets a POST with each event.
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_WEBHOOK",
        hide_env_values = true
    )]
    webhook: Option<String>,
    /// The secret that events to the web service are signed with.
    #[arg(
        long,
        value_name = "SECRET",
        env = "BUNRAKU_WEBHOOK_SECRET",
        hide_env_values = true,
        requires = "webhook"
    )]
    secret: Option<String>,
    /// How many events are delivered at once, those of one node one after the other: with a command
    /// that waits for the agent's run, as many nodes run at a time.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    at_once: u32,
    /// Where to remember what was told, so that a restart neither misses nor repeats events.
    #[arg(long, value_name = "FILE", env = "BUNRAKU_EVENTS_STATE")]
    state: Option<PathBuf>,
}

/// Tells of what is published, until it is told to stop.
pub(crate) async fn run(options: &Events, json: bool) -> Result<ExitCode> {
    let store = Store::open(&options.store).await?;
    store.environments().await?;
    let webhook = match &options.webhook {
        Some(url) => Some(Webhook::new(url, options.secret.as_deref())?),
        None => None,
    };
    let (standings, is_new) = Standings::open(options.state.clone())?;
    let changes = Arc::new(Changes::default());
    let stop = CancellationToken::new();
    let queue = match &options.queue {
        Some(url) => Some((url.as_str(), bunraku_queue::open(url).await?)),
        None => None,
    };
    let places = Places {
        store: &store,
        queue,
        topic: options.events.as_deref(),
    };
    // Before the first look: nothing is missed between.
    let hearing = hear(places, &changes, &stop).await?;
    let teller = Teller {
        store,
        environments: options.environments.clone(),
        audience: Audience {
            webhook,
            command: options.exec.clone().map(Hook::Shell),
            json,
        },
        standings: Mutex::new(standings),
        changes,
        at_once: usize::try_from(options.at_once).unwrap_or(usize::MAX),
    };
    if is_new {
        teller.take_as_known().await?;
    }
    teller.changes.add_all();
    let result = tokio::select! {
        result = teller.work(&hearing) => result,
        () = stop_signal() => Ok(()),
    };
    stop.cancel();
    hearing.end().await;
    result?;
    teller.standings.lock().await.save()?;
    Ok(ExitCode::SUCCESS)
}

/// Looks at pointers, and tells of them.
struct Teller {
    store: Store,
    environments: Vec<EnvironmentName>,
    audience: Audience,
    standings: Mutex<Standings>,
    changes: Arc<Changes>,
    at_once: usize,
}

impl Teller {
    /// Takes what is there for known: it is no news.
    async fn take_as_known(&self) -> Result<()> {
        let mut standings = self.standings.lock().await;
        for (environment, certname) in self.all().await? {
            if let Some(pointer) = self.store.pointer(&environment, &certname).await? {
                standings.told(&environment, &pointer);
            }
        }
        standings.save()
    }

    async fn work(&self, hearing: &Hearing) -> Result<()> {
        let mut looks = FuturesUnordered::new();
        let mut save = tokio::time::interval(SAVE);
        save.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut all = tokio::time::interval(BLIND_LOOK);
        all.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looked_at = Instant::now();
        loop {
            if self.changes.take_all() {
                match self.all().await {
                    Ok(nodes) => nodes.into_iter().for_each(|node| self.changes.add(node)),
                    Err(failure) => tracing::warn!(%failure, "pointers could not be listed"),
                }
            }
            while looks.len() < self.at_once
                && let Some(node) = self.changes.next()
            {
                looks.push(self.look(node));
            }
            tokio::select! {
                Some(()) = looks.next() => {}
                () = self.changes.some() => {}
                _ = save.tick() => self.standings.lock().await.save()?,
                _ = all.tick() => {
                    let told = hearing.sees_files() || self.changes.are_told();
                    if !told || looked_at.elapsed() >= LOOK {
                        looked_at = Instant::now();
                        self.changes.add_all();
                    }
                }
            }
        }
    }

    /// The nodes of all environments that are told of.
    async fn all(&self) -> Result<Vec<Node>> {
        let environments = match self.environments.is_empty() {
            true => self.store.environments().await?,
            false => self.environments.clone(),
        };
        let mut nodes = Vec::new();
        for environment in environments {
            let certnames = self.store.pointers(&environment).await?;
            nodes.extend(
                certnames
                    .into_iter()
                    .map(|name| (environment.clone(), name)),
            );
        }
        Ok(nodes)
    }

    async fn look(&self, node: Node) {
        let (environment, certname) = &node;
        if self.environments.is_empty() || self.environments.contains(environment) {
            match self.store.pointer(environment, certname).await {
                Ok(Some(pointer)) => {
                    let news = self.standings.lock().await.news(environment, &pointer);
                    if let Some(publication) = news {
                        self.audience.tell(&publication).await;
                    }
                    self.standings.lock().await.told(environment, &pointer);
                }
                Ok(None) => self.standings.lock().await.forget(environment, certname),
                // The next look at all comes to it again.
                Err(error) => {
                    tracing::warn!(%error, node = %certname, "a pointer could not be read")
                }
            }
        }
        self.changes.done(&node);
    }
}
