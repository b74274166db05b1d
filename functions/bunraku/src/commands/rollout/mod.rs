//! `bunraku rollout`: a release comes to the nodes stage by stage.

mod table;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bunraku_edge::api::{Order, StartOrder};
use bunraku_farm::rollout::{Plan, RolloutRequest};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_ingest::check;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::desk::Desk;
use super::{diagnostics, push};
use crate::administration::{Changed, Pinned, Started, Unpinned, View};
use crate::console;
use crate::edge_client::ClientOptions;
use crate::failure::{Failure, Result};

/// What can be done about rollouts: at the farm's store, or through an edge.
#[derive(Debug, Subcommand)]
pub(crate) enum RolloutCommand {
    /// Roll a release out: a directory, or one that the farm has. It begins at once, or after those before it.
    Start(Box<Start>),
    /// The stages, how the nodes fare, and what is next.
    Status(Place),
    /// Stop where it is; nodes that have the release keep it.
    Pause(PauseOptions),
    /// Let it go on: what is paused or held, or a stage that waits for a person.
    Resume(Place),
    /// End one that is not done; nodes that have its release get the one before.
    Abort(Abort),
    /// Take the newest back, done or not; nodes that have its release get the one before.
    Undo(Place),
    /// Let nodes stay at a release, whatever comes.
    Pin(PinOptions),
    /// Let nodes go with the others again.
    Unpin(UnpinOptions),
}

/// The environment, and where the farm is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The farm: its directory, `s3://BUCKET`, `gs://BUCKET` or `az://CONTAINER`, or an edge, `https://HOST[:PORT]` (with an
    /// administrator's certificate).
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_STORE",
        default_value = ".bunraku/store"
    )]
    store: String,
    /// The environment.
    #[arg(long, short, value_name = "NAME", default_value = "production")]
    environment: String,
    #[command(flatten)]
    client: ClientOptions,
}

/// Options of `bunraku rollout start`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --plan the release's own goes (`rollout:` in its bunraku.yaml), or else: 1% of the nodes, \
    after an hour 10%, then 50%, then all, at least half of them having reported, and no more than 5% having failed.\n\n\
    Example:\n  bunraku rollout start ~/control-repo --plan rollout.yaml --pin db1.example.com"
)]
pub(crate) struct Start {
    /// The control repo or environment.
    #[arg(value_name = "DIR", required_unless_present = "release")]
    directory: Option<PathBuf>,
    /// A release that the farm has, by the first characters of its digest (`bunraku releases`).
    #[arg(long, value_name = "RELEASE", conflicts_with = "directory")]
    release: Option<String>,
    /// Stages, gate and times, YAML.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// What to call it; the first characters of the release if it is not given.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A node that stays at what it has, or at a release, until `rollout unpin`.
    #[arg(long = "pin", value_name = "NODE[=RELEASE]")]
    pins: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// Options of `bunraku rollout pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseOptions {
    #[command(flatten)]
    place: Place,
    /// What to tell others.
    #[arg(long, value_name = "TEXT", default_value = "a person paused it")]
    why: String,
}

/// Options of `bunraku rollout abort`.
#[derive(Debug, Args)]
pub(crate) struct Abort {
    /// The rollout; the one that goes on if none is named.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Options of `bunraku rollout pin`.
#[derive(Debug, Args)]
pub(crate) struct PinOptions {
    /// Nodes, each at what it has now or at a release.
    #[arg(value_name = "NODE[=RELEASE]", required = true)]
    nodes: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// Options of `bunraku rollout unpin`.
#[derive(Debug, Args)]
pub(crate) struct UnpinOptions {
    /// Nodes.
    #[arg(value_name = "NODE", required = true)]
    nodes: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// Does what is asked.
pub(crate) async fn run(command: &RolloutCommand, json: bool) -> Result<ExitCode> {
    match command {
        RolloutCommand::Start(options) => start(options, json).await,
        RolloutCommand::Status(place) => status(place, json).await,
        RolloutCommand::Pause(options) => {
            let why = options.why.clone();
            change(&options.place, Order::Pause { why }, json).await
        }
        RolloutCommand::Resume(place) => change(place, Order::Resume, json).await,
        RolloutCommand::Abort(options) => {
            let name = options.name.clone();
            change(&options.place, Order::Abort { name }, json).await
        }
        RolloutCommand::Undo(place) => change(place, Order::Undo, json).await,
        RolloutCommand::Pin(options) => pin(options, json).await,
        RolloutCommand::Unpin(options) => unpin(options, json).await,
    }
}

impl Place {
    async fn desk(&self) -> Result<Desk> {
        Desk::open(&self.store, &self.environment, &self.client).await
    }
}

async fn change(place: &Place, order: Order, json: bool) -> Result<ExitCode> {
    let changed: Changed = place.desk().await?.order(order).await?;
    console::result(json, &changed, || {
        format!("Rollout {}: {}", changed.rollout, changed.what)
    });
    Ok(ExitCode::SUCCESS)
}

/// Shows how rollouts go; exit code 1 when a gate has paused one.
async fn status(place: &Place, json: bool) -> Result<ExitCode> {
    let view: View = place.desk().await?.order(Order::Status).await?;
    console::result(json, &view, || table::render(&view, Timestamp::now()));
    let stopped = view.rollouts.iter().any(|rollout| rollout.by_gate);
    Ok(ExitCode::from(u8::from(stopped)))
}

/// Nodes, each with the release that is named for it.
fn split(texts: &[String]) -> Result<BTreeMap<Certname, Option<String>>> {
    let mut nodes = BTreeMap::new();
    for text in texts {
        let (node, release) = match text.split_once('=') {
            Some((node, release)) => (node, Some(release.to_owned())),
            None => (text.as_str(), None),
        };
        nodes.insert(Certname::parse(node)?, release);
    }
    Ok(nodes)
}

/// Who does it, for the log.
pub(in crate::commands) fn who() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter();
    let user = named
        .filter_map(|name| std::env::var(name).ok())
        .find(|user| !user.is_empty());
    let user = user.unwrap_or_else(|| match std::fs::metadata("/proc/self") {
        Ok(process) => format!("uid-{}", process.uid()),
        Err(_) => "unknown".to_owned(),
    });
    format!("{user}@{}", crate::farm::hostname())
}

async fn start(options: &Start, json: bool) -> Result<ExitCode> {
    let plan = options.plan.as_deref().map(read_plan).transpose()?;
    let Some(plan) = plan.map_or(Some(None), |plan| plan.map(Some)) else {
        return Ok(ExitCode::from(1));
    };
    let (name, pins) = (options.name.clone(), split(&options.pins)?);
    let Some(release) = &options.release else {
        return start_directory(options, plan, pins, json).await;
    };
    let order = Order::Start(Box::new(StartOrder {
        release: release.clone(),
        name,
        plan,
        pins,
    }));
    let started: Started = options.place.desk().await?.order(order).await?;
    tell_started(json, &started);
    Ok(ExitCode::SUCCESS)
}

/// Uploads a directory, and has its release rolled out.
async fn start_directory(
    options: &Start,
    plan: Option<Plan>,
    pins: BTreeMap<Certname, Option<String>>,
    json: bool,
) -> Result<ExitCode> {
    let Place {
        store,
        environment,
        client,
    } = &options.place;
    let mut request = RolloutRequest {
        name: options.name.clone(),
        plan,
        pins: BTreeMap::new(),
        by: who(),
    };
    if !pins.is_empty() {
        let desk = options.place.desk().await?;
        for (certname, named) in pins {
            let release: Option<Digest> = match named {
                Some(named) => Some(desk.order(Order::Release { named }).await?),
                None => None,
            };
            request.pins.insert(certname, release);
        }
    }
    let name = EnvironmentName::parse(environment.as_str())?;
    let directory = options.directory.as_deref().unwrap_or(Path::new("."));
    let target = (store.as_str(), client);
    match push::roll_out(target, &name, directory, request, json).await? {
        Some((rollout, release)) => {
            tell_started(json, &Started::new(name, rollout, release));
            Ok(ExitCode::SUCCESS)
        }
        None => Ok(ExitCode::from(1)),
    }
}

fn tell_started(json: bool, started: &Started) {
    console::result(json, started, || {
        format!(
            "Rollout {} of release {} is on its way; `bunraku rollout status` shows how it goes",
            started.rollout,
            started.release.short()
        )
    });
}

/// A plan from a file; `None` when it is wrong and the person was told why.
pub(in crate::commands) fn read_plan(path: &Path) -> Result<Option<Plan>> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| Failure::input(format!("{shown}: {error}")))?;
    match check::rollout_plan(&shown, &bytes) {
        Ok(plan) => Ok(Some(plan)),
        Err(findings) => {
            console::say(diagnostics::render(&findings).trim_end());
            Ok(None)
        }
    }
}

async fn pin(options: &PinOptions, json: bool) -> Result<ExitCode> {
    let nodes = split(&options.nodes)?;
    let pinned: Pinned = options
        .place
        .desk()
        .await?
        .order(Order::Pin { nodes })
        .await?;
    console::result(json, &pinned, || {
        let line = |(node, release): (&Certname, &Digest)| {
            format!(
                "{node} stays at release {} until it is unpinned",
                release.short()
            )
        };
        pinned.pins.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

async fn unpin(options: &UnpinOptions, json: bool) -> Result<ExitCode> {
    let nodes: std::result::Result<Vec<Certname>, _> = options
        .nodes
        .iter()
        .map(|node| Certname::parse(node.as_str()))
        .collect();
    let order = Order::Unpin { nodes: nodes? };
    let unpinned: Unpinned = options.place.desk().await?.order(order).await?;
    console::result(json, &unpinned, || {
        let names: Vec<&str> = unpinned.unpinned.iter().map(Certname::as_str).collect();
        format!("{} go with the others again", names.join(", "))
    });
    Ok(ExitCode::SUCCESS)
}
