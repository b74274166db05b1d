//! `bunraku publish`, `unpublish`: pre-built catalogs.

mod list;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bunraku_farm::documents::{FileEntry, Patterns, Prebuilt, PrebuiltChange};
use bunraku_farm::rollout::RolloutRequest;
use bunraku_farm::{Digest, PrebuiltName};
use clap::Args;
use flate2::read::GzDecoder;
use jiff::Timestamp;

use super::push::{Destination, Tree, Wish, deliver};
use super::rollout::{read_plan, who};
use crate::failure::{Failure, Result};
use crate::local::LocalFile;

/// Options of `bunraku publish`.
#[derive(Debug, Args)]
#[command(
    after_help = "The catalog is one of Puppet's in JSON, made anywhere: by `bunraku compile`, `puppet catalog compile`, \
    another compiler, or by hand. It becomes a part of the environment's release, in the place of what would be compiled for \
    these nodes: it is served with the nodes' own names, goes with rollouts, and a push of code leaves it as it is. Of several \
    for a node the newest counts. `bunraku unpublish NAME` takes it back.\n\n\
    Examples:\n  bunraku publish appliance.json --nodes 'box*.example.com'\n  \
    bunraku publish web.json --nodes '*' --fact role=web --template --rollout\n  \
    bunraku publish --list"
)]
pub(crate) struct Publish {
    /// The catalog: a file with JSON, or gzip of it; `-` for standard input.
    #[arg(value_name = "CATALOG", required_unless_present = "list")]
    catalog: Option<PathBuf>,
    /// List what is published, and for how many nodes; nothing else is done.
    #[arg(long, conflicts_with_all = ["catalog", "nodes", "facts", "name", "template", "digest", "rollout", "plan"])]
    list: bool,
    /// The nodes it is for: names, or patterns with `*` and `?`, with commas between.
    #[arg(
        long,
        value_name = "SELECTOR",
        required_unless_present = "list",
        value_delimiter = ','
    )]
    nodes: Vec<String>,
    /// Only nodes with such a fact, by its dotted path; repeatable, and then each must hold.
    #[arg(long = "fact", value_name = "PATH=PATTERN")]
    facts: Vec<String>,
    /// What to call it; one of the same name is replaced. Without it, the file's name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Put the name of each node in the place of `%{certname}`.
    #[arg(long)]
    template: bool,
    /// Refuse it unless this is the SHA-256 of the JSON, hexadecimal: what whoever made it says.
    #[arg(long, value_name = "SHA256")]
    digest: Option<String>,
    #[command(flatten)]
    rollout: InStages,
    #[command(flatten)]
    destination: Destination,
}

/// Options of `bunraku unpublish`.
#[derive(Debug, Args)]
pub(crate) struct Unpublish {
    /// What it was published as.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    rollout: InStages,
    #[command(flatten)]
    destination: Destination,
}

/// Whether nodes get it stage by stage.
#[derive(Debug, Args)]
struct InStages {
    /// Roll it out stage by stage, as the site's plan says.
    #[arg(long)]
    rollout: bool,
    /// Roll it out by the plan in this file.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

/// Publishes a catalog.
pub(crate) async fn publish(options: &Publish, json: bool) -> Result<ExitCode> {
    let Some(path) = &options.catalog else {
        return list::run(&options.destination, json).await;
    };
    let content = read(path)?;
    let digest = Digest::of(&content);
    if let Some(expected) = &options.digest
        && *expected != digest.to_hex()
    {
        return Err(Failure::input(format!(
            "{}: its SHA-256 is {digest}, not {expected}",
            path.display()
        )));
    }
    let name = match &options.name {
        Some(name) => name.clone(),
        None => name_of(path)?,
    };
    let prebuilt = Prebuilt {
        name: PrebuiltName::parse(name)?,
        catalog: digest,
        certname: patterns(&options.nodes)?,
        fact: facts(&options.facts)?,
        template: options.template,
        by: who(),
        at: Timestamp::now(),
    };
    let entry = FileEntry {
        digest,
        size: content.len() as u64,
        mode: 0o644,
    };
    let file = LocalFile { entry, content };
    let tree = Tree::from([(Prebuilt::path(&prebuilt.name)?, file)]);
    let change = PrebuiltChange::Publish(prebuilt);
    send(tree, change, &options.rollout, &options.destination, json).await
}

/// Takes one back.
pub(crate) async fn unpublish(options: &Unpublish, json: bool) -> Result<ExitCode> {
    let change = PrebuiltChange::Unpublish(PrebuiltName::parse(options.name.as_str())?);
    send(
        Tree::new(),
        change,
        &options.rollout,
        &options.destination,
        json,
    )
    .await
}

async fn send(
    tree: Tree,
    change: PrebuiltChange,
    stages: &InStages,
    destination: &Destination,
    json: bool,
) -> Result<ExitCode> {
    let mut wish = Wish {
        prebuilt: Some(change),
        rollout: None,
    };
    if stages.rollout || stages.plan.is_some() {
        let plan = match stages.plan.as_deref().map(read_plan).transpose()? {
            Some(None) => return Ok(ExitCode::from(1)),
            Some(plan) => plan,
            None => None,
        };
        wish.rollout = Some(RolloutRequest {
            name: None,
            plan,
            pins: BTreeMap::new(),
            by: who(),
        });
    }
    deliver(destination, tree, wish, json).await
}

/// The JSON of a file or of standard input.
fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Failure::input(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    match path == Path::new("-") {
        true => std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(drop),
        false => std::fs::read(path).map(|read| bytes = read),
    }
    .map_err(failed)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut json = Vec::new();
    std::io::Read::read_to_end(&mut GzDecoder::new(bytes.as_slice()), &mut json).map_err(failed)?;
    Ok(json)
}

/// `appliance` of `/some/where/appliance.json.gz`.
fn name_of(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    let stem = name.and_then(|name| name.split(".json").next());
    stem.filter(|stem| !stem.is_empty() && *stem != "-")
        .map(str::to_owned)
        .ok_or_else(|| Failure::input("call it something: --name NAME"))
}

fn patterns(texts: &[String]) -> Result<Patterns> {
    Patterns::of(texts).ok_or_else(|| Failure::input("--nodes: which nodes is it for?"))
}

fn facts(texts: &[String]) -> Result<BTreeMap<String, Patterns>> {
    let fact = |text: &String| {
        let (path, pattern) = text.split_once('=').ok_or_else(|| {
            Failure::input(format!(
                "--fact {text}: PATH=PATTERN is wanted, such as role=web"
            ))
        })?;
        Ok((path.to_owned(), patterns(&[pattern.to_owned()])?))
    };
    texts.iter().map(fact).collect()
}
