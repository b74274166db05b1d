//! `bunraku rollout`: a release comes to the nodes stage by stage.

mod status;
mod table;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bunraku_farm::documents::{EnvironmentDoc, SiteSettings};
use bunraku_farm::rollout::command::{self, Actor, Done};
use bunraku_farm::rollout::{Plan, RolloutRequest};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_ingest::{Enrolled, Newcomer, check};
use bunraku_store::Store;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::inventory::open_store;
use super::{diagnostics, push};
use crate::cli::{EnvironmentArgs, StoreArgs};
use crate::console;
use crate::edge_client::ClientOptions;
use crate::failure::{Failure, Result};

/// What can be done about rollouts.
#[derive(Debug, Subcommand)]
pub(crate) enum RolloutCommand {
    /// Roll a release out: a directory, or one that the farm has. It begins at once, or after those before it.
    Start(Box<Start>),
    /// The stages, how the nodes fare, and what is next.
    Status(EnvironmentArgs),
    /// Stop where it is; nodes that have the release keep it.
    Pause(PauseOptions),
    /// Let it go on: what is paused or held, or a stage that waits for a person.
    Resume(EnvironmentArgs),
    /// End one that is not done; nodes that have its release get the one before.
    Abort(Abort),
    /// Take the newest back, done or not; nodes that have its release get the one before.
    Undo(EnvironmentArgs),
    /// Let nodes stay at a release, whatever comes.
    Pin(PinOptions),
    /// Let nodes go with the others again.
    Unpin(UnpinOptions),
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
    environment: EnvironmentArgs,
    #[command(flatten)]
    client: ClientOptions,
}

/// Options of `bunraku rollout pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseOptions {
    #[command(flatten)]
    environment: EnvironmentArgs,
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
    environment: EnvironmentArgs,
}

/// Options of `bunraku rollout pin`.
#[derive(Debug, Args)]
pub(crate) struct PinOptions {
    /// Nodes, each at what it has now or at a release.
    #[arg(value_name = "NODE[=RELEASE]", required = true)]
    nodes: Vec<String>,
    #[command(flatten)]
    environment: EnvironmentArgs,
}

/// Options of `bunraku rollout unpin`.
#[derive(Debug, Args)]
pub(crate) struct UnpinOptions {
    /// Nodes.
    #[arg(value_name = "NODE", required = true)]
    nodes: Vec<String>,
    #[command(flatten)]
    environment: EnvironmentArgs,
}

/// Does what is asked.
pub(crate) async fn run(command: &RolloutCommand, json: bool) -> Result<ExitCode> {
    match command {
        RolloutCommand::Start(options) => start(options, json).await,
        RolloutCommand::Status(options) => status::run(&Place::open(options).await?, json).await,
        RolloutCommand::Pause(options) => {
            let place = Place::open(&options.environment).await?;
            place
                .change(json, |document, by| {
                    command::pause(document, &options.why, by)
                })
                .await
        }
        RolloutCommand::Resume(options) => {
            Place::open(options)
                .await?
                .change(json, command::resume)
                .await
        }
        RolloutCommand::Abort(options) => {
            let place = Place::open(&options.environment).await?;
            let name = options.name.as_deref();
            place
                .change(json, |document, by| command::abort(document, name, by))
                .await
        }
        RolloutCommand::Undo(options) => {
            Place::open(options)
                .await?
                .change(json, command::undo)
                .await
        }
        RolloutCommand::Pin(options) => pin(options, json).await,
        RolloutCommand::Unpin(options) => unpin(options, json).await,
    }
}

/// An environment in a store.
struct Place {
    store: Store,
    name: EnvironmentName,
}

impl Place {
    async fn open(args: &EnvironmentArgs) -> Result<Self> {
        if args.store.store.starts_with("https://") {
            return Err(Failure::input(
                "rollouts are steered at the farm's store: --store names its directory or bucket; through an edge only \
                 `rollout start DIR` goes",
            ));
        }
        Ok(Self {
            store: open_store(&args.store).await?,
            name: EnvironmentName::parse(args.environment.as_str())?,
        })
    }

    async fn document(&self) -> Result<EnvironmentDoc> {
        let document = self.store.environment(&self.name).await?;
        document.ok_or_else(|| Failure::input(format!("there is no environment {}", self.name)))
    }

    /// Changes the environment's document, unless the rules say why not.
    async fn update<T>(
        &self,
        change: impl Fn(&EnvironmentDoc, Actor<'_>) -> std::result::Result<(EnvironmentDoc, T), String>
        + Send
        + Sync,
    ) -> Result<T>
    where
        T: Send,
    {
        let who = who();
        let by = Actor {
            who: &who,
            at: Timestamp::now(),
        };
        let mut outcome = Err(format!("there is no environment {}", self.name));
        let update = |current: Option<&EnvironmentDoc>| {
            let current = current.filter(|document| document.removed_at.is_none())?;
            match change(current, by) {
                Ok((document, told)) => {
                    outcome = Ok(told);
                    Some(document)
                }
                Err(reason) => {
                    outcome = Err(reason);
                    None
                }
            }
        };
        self.store.update_environment(&self.name, update).await?;
        outcome.map_err(Failure::input)
    }

    async fn change(
        &self,
        json: bool,
        change: impl Fn(&EnvironmentDoc, Actor<'_>) -> std::result::Result<Done, String> + Send + Sync,
    ) -> Result<ExitCode> {
        let done = self.update(|document, by| {
            change(document, by).map(|done| (done.document, (done.rollout, done.what)))
        });
        let (rollout, what) = done.await?;
        tell(json, &self.name, &rollout, &what);
        Ok(ExitCode::SUCCESS)
    }

    /// The release that a text names by its first characters.
    async fn release(&self, text: &str) -> Result<Digest> {
        let releases = self.store.releases(&self.name).await?.into_iter();
        let named: Vec<Digest> = releases
            .filter(|release| release.to_hex().starts_with(text))
            .collect();
        match named[..] {
            [release] => Ok(release),
            [] => Err(Failure::input(format!(
                "environment {} has no release {text}; `bunraku releases` lists them",
                self.name
            ))),
            _ => Err(Failure::input(format!(
                "{text} may be one of {} releases",
                named.len()
            ))),
        }
    }

    /// Nodes with the releases that are named for them.
    async fn pins(&self, texts: &[String]) -> Result<BTreeMap<Certname, Option<Digest>>> {
        let mut pins = BTreeMap::new();
        for (certname, release) in split(texts)? {
            let release = match release {
                Some(release) => Some(self.release(release).await?),
                None => None,
            };
            pins.insert(certname, release);
        }
        Ok(pins)
    }

    /// What a release says of itself.
    async fn settings(&self, release: Digest) -> Result<SiteSettings> {
        let manifest = self.store.release_manifest(&self.name, release).await?;
        let Some(entry) = manifest.file(check::SITE_SETTINGS) else {
            return Ok(SiteSettings::default());
        };
        let bytes = self.store.blob(entry.digest).await?;
        Ok(check::settings(check::SITE_SETTINGS, &bytes).unwrap_or_default())
    }
}

/// Nodes, each with the release that is named for it.
fn split(texts: &[String]) -> Result<Vec<(Certname, Option<&str>)>> {
    let mut nodes = Vec::new();
    for text in texts {
        let (node, release) = match text.split_once('=') {
            Some((node, release)) => (node, Some(release)),
            None => (text.as_str(), None),
        };
        nodes.push((Certname::parse(node)?, release));
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

fn tell(json: bool, environment: &EnvironmentName, rollout: &str, what: &str) {
    let result = json!({ "environment": environment, "rollout": rollout, "what": what });
    console::result(json, &result, || format!("Rollout {rollout}: {what}"));
}

async fn start(options: &Start, json: bool) -> Result<ExitCode> {
    let plan = options.plan.as_deref().map(read_plan).transpose()?;
    let Some(plan) = plan.map_or(Some(None), |plan| plan.map(Some)) else {
        return Ok(ExitCode::from(1));
    };
    let mut request = RolloutRequest {
        name: options.name.clone(),
        plan,
        pins: BTreeMap::new(),
        by: who(),
    };
    let args = &options.environment;
    let environment = EnvironmentName::parse(args.environment.as_str())?;
    let through_edge = args.store.store.starts_with("https://");
    if let (Some(directory), true) = (&options.directory, through_edge) {
        for (certname, release) in split(&options.pins)? {
            let release = release.map(Digest::parse).transpose();
            request
                .pins
                .insert(certname, release.map_err(Failure::input)?);
        }
        return start_directory(options, &environment, directory, request, json).await;
    }
    let place = Place::open(args).await?;
    request.pins = place.pins(&options.pins).await?;
    let Some(text) = &options.release else {
        let directory = options.directory.as_deref().unwrap_or(Path::new("."));
        return start_directory(options, &environment, directory, request, json).await;
    };
    let release = place.release(text).await?;
    let newcomer = Newcomer {
        environment: &environment,
        release,
        upload: None,
        origin: None,
        settings: place.settings(release).await?,
    };
    let enrolled = newcomer
        .enroll(&place.store, &request, Timestamp::now())
        .await?;
    let name = match enrolled {
        Enrolled::In(name) => name,
        Enrolled::Refused(reason) => return Err(Failure::input(reason)),
        Enrolled::Overtaken => {
            return Err(Failure::input(
                "another release came in meanwhile; try again",
            ));
        }
    };
    started(json, &environment, &name, release);
    Ok(ExitCode::SUCCESS)
}

async fn start_directory(
    options: &Start,
    environment: &EnvironmentName,
    directory: &Path,
    request: RolloutRequest,
    json: bool,
) -> Result<ExitCode> {
    let StoreArgs { store } = &options.environment.store;
    let target = (store.as_str(), &options.client);
    match push::roll_out(target, environment, directory, request, json).await? {
        Some((name, release)) => {
            started(json, environment, &name, release);
            Ok(ExitCode::SUCCESS)
        }
        None => Ok(ExitCode::from(1)),
    }
}

fn started(json: bool, environment: &EnvironmentName, name: &str, release: Digest) {
    let result = json!({ "environment": environment, "rollout": name, "release": release });
    console::result(json, &result, || {
        format!(
            "Rollout {name} of release {} is on its way; `bunraku rollout status` shows how it goes",
            release.short()
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
    let place = Place::open(&options.environment).await?;
    let mut pins = BTreeMap::new();
    let document = place.document().await?;
    for (certname, release) in place.pins(&options.nodes).await? {
        let pointer = place.store.pointer(&place.name, &certname).await?;
        let has = document.aim(&certname, pointer.as_ref()).release;
        pins.insert(certname, release.unwrap_or(has));
    }
    place
        .update(|document, by| {
            let pinned = pins
                .iter()
                .fold(document.clone(), |document, (node, release)| {
                    command::pin(&document, node, *release, by)
                });
            Ok((pinned, ()))
        })
        .await?;
    console::result(
        json,
        &json!({ "environment": place.name, "pins": pins }),
        || {
            let line = |(node, release): (&Certname, &Digest)| {
                format!(
                    "{node} stays at release {} until it is unpinned",
                    release.short()
                )
            };
            pins.iter().map(line).collect::<Vec<_>>().join("\n")
        },
    );
    Ok(ExitCode::SUCCESS)
}

async fn unpin(options: &UnpinOptions, json: bool) -> Result<ExitCode> {
    let place = Place::open(&options.environment).await?;
    let nodes: Vec<Certname> = options
        .nodes
        .iter()
        .map(|node| Certname::parse(node.as_str()))
        .collect::<std::result::Result<_, _>>()?;
    place
        .update(|document, by| {
            let mut document = document.clone();
            for node in &nodes {
                document = command::unpin(&document, node, by)
                    .ok_or_else(|| format!("{node} is not pinned"))?;
            }
            Ok((document, ()))
        })
        .await?;
    console::result(
        json,
        &json!({ "environment": place.name, "unpinned": nodes }),
        || {
            let names: Vec<&str> = nodes.iter().map(Certname::as_str).collect();
            format!("{} go with the others again", names.join(", "))
        },
    );
    Ok(ExitCode::SUCCESS)
}
