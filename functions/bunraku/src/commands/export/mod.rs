//! `bunraku export`: the fleet's catalogs as static files.

mod catalog;
mod code;
mod index;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use bunraku_farm::documents::Patterns;
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_store::{Mirror, Store};
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;

use super::inventory::open_store;
use crate::cli::EnvironmentArgs;
use crate::console;
use crate::failure::{Failure, Result};
use catalog::Place;
use index::Index;

/// How many files are read and written at once.
const AT_ONCE: usize = 16;

/// Options of `bunraku export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Writes catalogs/NODE.json and index.json. A second export to the same place writes what changed, and \
    removes what is gone. index.json is written last: who reads it first finds all that it names.\n\n\
    A node without a network applies its catalog with Puppet's own\n  \
    puppet apply --catalog catalogs/NODE.json --environmentpath code/RELEASE\n\
    where --code brings the modules (files, types and providers), and index.json tells each node's release. Files with a \
    puppet:/// source are read from where --at says that the node has the export; without it, the code has to lie in \
    /etc/puppetlabs/code/environments/ENVIRONMENT.\n\n\
    Examples:\n  bunraku export --to /srv/mirror --code --at /srv/mirror\n  \
    bunraku export --to s3://mirror/puppet --node 'web*'"
)]
pub(crate) struct Export {
    /// Where to: a directory, or a bucket as `s3://BUCKET/PREFIX`, `gs://` or `az://`.
    #[arg(long, value_name = "DIR|URL")]
    to: String,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Only nodes with such a name (`*` and `?` stand for others); repeatable.
    #[arg(long = "node", value_name = "PATTERN")]
    nodes: Vec<String>,
    /// With the code that the catalogs refer to: `code/RELEASE/ENVIRONMENT/`.
    #[arg(long)]
    code: bool,
    /// Where nodes will have the export, mounted or copied.
    #[arg(long, value_name = "PATH", requires = "code")]
    at: Option<String>,
}

/// What came of an export; `--json` prints it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Exported {
    /// Nodes with a catalog.
    nodes: usize,
    /// Catalogs that were written.
    written: usize,
    /// Files of code that were written.
    code_files: usize,
    /// Files that were removed.
    removed: usize,
    /// Nodes whose last compile failed.
    failed: usize,
}

/// Exports.
pub(crate) async fn run(options: &Export, json: bool) -> Result<ExitCode> {
    let store = open_store(&options.environment.store).await?;
    let environment = EnvironmentName::parse(options.environment.environment.as_str())?;
    let mirror = Mirror::open(&options.to).await?;
    let patterns = Patterns::of(&options.nodes);
    let wanted = |certname: &Certname| {
        let like = |patterns: &Patterns| patterns.hold_for(certname.as_str());
        patterns.as_ref().is_none_or(like)
    };
    let place = Place {
        environment: &environment,
        at: options.at.as_deref().map(|at| at.trim_end_matches('/')),
    };
    let exported = export(&store, place, wanted, options.code, &mirror).await?;
    console::result(json, &exported, || {
        format!(
            "{} nodes: {} catalogs written, {} files of code, {} removed; {} nodes failed to compile",
            exported.nodes,
            exported.written,
            exported.code_files,
            exported.removed,
            exported.failed
        )
    });
    Ok(ExitCode::SUCCESS)
}

async fn export(
    store: &Store,
    place: Place<'_>,
    wanted: impl Fn(&Certname) -> bool,
    with_code: bool,
    mirror: &Mirror,
) -> Result<Exported> {
    let environment = place.environment;
    let Some(document) = store.environment(environment).await? else {
        return Err(Failure::input(format!(
            "there is no environment {environment}"
        )));
    };
    let former = former(mirror, environment).await?;
    let mut index = Index::new(environment.clone(), document.release, Timestamp::now());
    index.at = place.at.map(str::to_owned);
    let moved = |former: &&Index| former.at == index.at;
    let unmoved = former.as_ref().filter(moved);
    let names = store.pointers(environment).await?.into_iter();
    let made = stream::iter(names.filter(wanted)).map(|certname| async move {
        let pointer = store.pointer(environment, &certname).await?;
        match pointer {
            Some(pointer) => catalog::export(store, &pointer, unmoved, place, mirror)
                .await
                .map(Some),
            None => Ok(None),
        }
    });
    let mut made = made.buffer_unordered(AT_ONCE);
    let mut written = 0;
    while let Some(made) = made.try_next().await? {
        let Some(made) = made else { continue };
        written += usize::from(made.written);
        index
            .nodes
            .extend(made.node.map(|node| (made.certname.clone(), node)));
        index
            .failed
            .extend(made.failure.map(|error| (made.certname, error)));
    }
    drop(made);
    let mut code_files = 0;
    if with_code {
        for release in index.releases() {
            let there = former.as_ref().and_then(|former| former.code.get(&release));
            let code = match there {
                Some(code) => code.clone(),
                None => {
                    let code = code::write(store, environment, release, mirror).await?;
                    code_files += code.files.len();
                    code
                }
            };
            index.code.insert(release, code);
        }
    }
    // Who reads the former index while this runs finds what it names, or news of it.
    let changed = !former
        .as_ref()
        .is_some_and(|former| index.says_the_same(former));
    if changed {
        let mut text = serde_json::to_vec_pretty(&index).map_err(Failure::input)?;
        text.push(b'\n');
        mirror.write(index::PATH, text.into()).await?;
    }
    let stale = former.map_or_else(Vec::new, |former| index.stale(&former));
    let removed = stale.len();
    stream::iter(stale)
        .map(|path| async move { mirror.remove(&path).await })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(Exported {
        nodes: index.nodes.len(),
        written,
        code_files,
        removed,
        failed: index.failed.len(),
    })
}

/// The index that is there. Another environment's, or something else of this name, is not written over.
async fn former(mirror: &Mirror, environment: &EnvironmentName) -> Result<Option<Index>> {
    let Some(bytes) = mirror.read(index::PATH).await? else {
        return Ok(None);
    };
    let former: Index = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::input(format!(
            "there is an {} that is no index of an export ({error}): export to another place",
            index::PATH
        ))
    })?;
    if former.environment != *environment {
        return Err(Failure::input(format!(
            "environment {} was exported to this place: each needs one of its own",
            former.environment
        )));
    }
    Ok(Some(former))
}
