//! `bunraku watch`: runs the agent when a new catalog of this node is published.

mod agent_lock;
mod damper;
mod edges;
mod options;
mod puppet_conf;
mod state;
mod stream;
#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use bunraku_farm::Reason;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::up::stop_signal;
use crate::backoff::{Backoff, jitter};
use crate::console;
use crate::failure::{Failure, Result};
use damper::Damper;
use edges::{End, Stream};
use options::Settings;
pub(crate) use options::Watch;
use state::State;
use stream::Item;

/// Bound of the wait after a first failure; doubled after each.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest of these.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A stream that lasted so long was well: what comes after it is a first failure.
const LASTING: Duration = Duration::from_secs(60);
/// How often a run is tried that another agent got ahead of.
const TRIES: u32 = 3;
/// What `puppet agent --detailed-exitcodes` says when it changed something.
const CHANGED: i32 = 2;

/// Watches until it is told to stop; with `--once`, until there is nothing to catch up with.
pub(crate) async fn run(options: &Watch, json: bool) -> Result<ExitCode> {
    let stop = CancellationToken::new();
    let told = stop.clone();
    let signal = tokio::spawn(async move {
        stop_signal().await;
        told.cancel();
    });
    let watcher = Watcher {
        settings: options.settle()?,
        state: State::open(options.state.clone())?,
        options: options.clone(),
        json,
        stop,
        damper: Damper::default(),
        began: Instant::now(),
    };
    let done = watcher.watch().await;
    signal.abort();
    done
}

struct Watcher {
    options: Watch,
    settings: Settings,
    state: State,
    json: bool,
    stop: CancellationToken,
    damper: Damper,
    began: Instant,
}

/// A new catalog of this node.
struct News {
    catalog: String,
    data: String,
}

/// What came of a stream.
enum Visit {
    /// The command ran, and was it well?
    Ran(bool),
    /// There is nothing new.
    Current,
    /// It ended; the time within which to begin another.
    Ended(Duration),
    /// A run must wait: so many in a row are a loop.
    Paused(Duration),
    /// It broke, or could not be begun.
    Failed(String, Option<Duration>),
    /// We were told to stop.
    Stopped,
}

impl Watcher {
    async fn watch(mut self) -> Result<ExitCode> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut failures = 0;
        loop {
            let began = Instant::now();
            let visit = self.visit().await?;
            if began.elapsed() >= LASTING {
                backoff.reset();
            }
            failures = match visit {
                Visit::Failed(..) => failures + 1,
                _ => 0,
            };
            let wait = match visit {
                Visit::Stopped => return Ok(ExitCode::SUCCESS),
                Visit::Ran(well) if self.options.once => {
                    return Ok(ExitCode::from(u8::from(!well)));
                }
                Visit::Current if self.options.once => return Ok(ExitCode::SUCCESS),
                Visit::Failed(reason, _)
                    if self.options.once && failures >= self.settings.edges.count() =>
                {
                    return Err(Failure::unreachable(reason));
                }
                // What happened during the run is caught up with at once.
                Visit::Ran(_) | Visit::Current => {
                    backoff.reset();
                    Duration::ZERO
                }
                // Two that watch as the same node end each other's streams: ever less often.
                Visit::Ended(within) => backoff.next(Some(jitter(within))),
                Visit::Paused(wait) => {
                    let seconds = wait.as_secs();
                    console::say(&format!(
                        "Each run brings a new catalog; the next is made in {seconds} s."
                    ));
                    wait
                }
                Visit::Failed(reason, least) => {
                    self.settings.edges.turn();
                    let all = failures.is_multiple_of(self.settings.edges.count().max(1));
                    if all {
                        self.settle_again();
                    }
                    // That one edge is busy keeps nobody from asking another.
                    let wait = backoff.next(least.filter(|_| all));
                    console::say(&format!(
                        "{reason}; trying again in {:.1} s",
                        wait.as_secs_f64()
                    ));
                    wait
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return Ok(ExitCode::SUCCESS),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// All edges failed: the agent may have a new certificate or other servers by now.
    fn settle_again(&mut self) {
        match self.options.settle() {
            Ok(settings) => self.settings = settings,
            Err(failure) => console::say(&format!("{failure}; going on as before")),
        }
    }

    /// One stream: until there is a new catalog and the command ran for it.
    async fn visit(&mut self) -> Result<Visit> {
        let stop = self.stop.clone();
        let opening = self
            .settings
            .edges
            .open(self.settings.environment.as_deref(), self.state.catalog());
        let opened = tokio::select! {
            () = stop.cancelled() => return Ok(Visit::Stopped),
            opened = opening => opened,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(refusal) => return Ok(Visit::Failed(refusal.reason, refusal.retry_after)),
        };
        let mut within = FIRST_WAIT;
        let news = loop {
            let item = tokio::select! {
                () = stop.cancelled() => return Ok(Visit::Stopped),
                item = stream.next() => item,
            };
            match item {
                Ok(Item::Retry(time)) => within = time,
                Ok(Item::Event { name, id, data }) => match (name.as_str(), id) {
                    ("catalog", Some(catalog)) => break News { catalog, data },
                    ("served", Some(catalog)) => self.state.set(&catalog)?,
                    ("current", _) if self.options.once => return Ok(Visit::Current),
                    _ => {}
                },
                Err(End::Ended) => return Ok(Visit::Ended(within)),
                Err(End::Broken(reason)) => {
                    return Ok(Visit::Failed(format!("the stream broke: {reason}"), None));
                }
            }
        };
        let told = told(&news.data);
        let pause = match told.cause {
            // Whatever this node did, others did that.
            Some(Reason::Exports) => Duration::ZERO,
            _ => self.damper.wait(self.began.elapsed(), told.sequence),
        };
        if !pause.is_zero() {
            return Ok(Visit::Paused(pause));
        }
        self.catch_up(&mut stream, &news).await
    }

    /// Runs the command for a new catalog, unless an agent that runs already gets that one.
    async fn catch_up(&mut self, stream: &mut Stream, news: &News) -> Result<Visit> {
        if self.json {
            console::out(&news.data);
        }
        let mut served = Vec::new();
        let mut code = None;
        for _ in 0..TRIES {
            let (lock, stop) = (self.settings.lock.clone(), self.stop.clone());
            tokio::select! {
                () = stop.cancelled() => return Ok(Visit::Stopped),
                () = listen(stream, &mut served, lock.released()) => {}
            }
            if let Some(catalog) = served.last() {
                // If that is not the newest, the next stream says so.
                self.state.set(catalog)?;
                return Ok(Visit::Ran(true));
            }
            let began = Instant::now();
            console::say(&format!(
                "Catalog {} is new: running.",
                short(&news.catalog)
            ));
            // A signal to stop waits for it: an agent must not be ended in its middle.
            let command = self.settings.command.clone();
            let running = command.run(&news.data, self.json);
            let status = listen(stream, &mut served, running).await;
            code = Some(status.map(|status| status.code()));
            let well = is_well(code.as_ref());
            self.report(&news.catalog, code.as_ref(), began.elapsed());
            if well || !self.settings.lock.is_held() {
                break;
            }
            // Another agent was quicker: it has the lock, and ours did nothing.
        }
        self.damper.ran(self.began.elapsed());
        // A catalog that the agent was given during the run is the one that it has now.
        let has = served.last().unwrap_or(&news.catalog).clone();
        self.state.set(&has)?;
        Ok(Visit::Ran(is_well(code.as_ref())))
    }

    fn report(&self, catalog: &str, code: Option<&std::io::Result<Option<i32>>>, took: Duration) {
        let failed = match code {
            _ if is_well(code) => None,
            Some(Ok(Some(code))) => Some(format!("it ended with exit code {code}")),
            Some(Err(error)) => Some(format!("it could not be started: {error}")),
            _ => Some("it was ended by a signal".to_owned()),
        };
        if let Some(failed) = &failed {
            console::say(&format!(
                "The run for catalog {} failed: {failed}. The next new catalog is tried again.",
                short(catalog)
            ));
        }
        if self.json {
            let code = code.and_then(|code| code.as_ref().ok().copied().flatten());
            let line = json!({
                "version": 1, "run": {"catalog": catalog, "exit_code": code, "seconds": took.as_secs_f64(),
                "failed": failed.is_some()},
            });
            console::out(&line.to_string());
        }
    }
}

fn is_well(code: Option<&std::io::Result<Option<i32>>>) -> bool {
    matches!(code, Some(Ok(Some(0 | CHANGED))))
}

/// Does `work` to its end, and notes meanwhile which catalogs the node's agent is given. A stream that ends meanwhile
/// says no more; the next one tells what was missed.
async fn listen<T>(
    stream: &mut Stream,
    served: &mut Vec<String>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    let mut open = true;
    loop {
        tokio::select! {
            done = &mut work => return done,
            item = stream.next(), if open => match item {
                Ok(Item::Event { name, id: Some(id), .. }) if name == "served" => served.push(id),
                Ok(_) => {}
                Err(_) => open = false,
            },
        }
    }
}

/// What of an event says whether to run at once.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Told {
    /// The environment's sequence that it is of.
    sequence: u64,
    cause: Option<Reason>,
}

/// The same of an event's data; nothing of what this version can't read.
fn told(data: &str) -> Told {
    serde_json::from_str(data).unwrap_or_default()
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
