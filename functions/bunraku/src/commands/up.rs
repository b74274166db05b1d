//! `bunraku up`

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_pki::Autosign;
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::push::{self, Pushed};
use crate::cli::Up;
use crate::console;
use crate::failure::{Failure, Result};
use crate::farm::{Farm, FarmOptions};

/// How long files must be quiet before they are pushed again.
const QUIET: Duration = Duration::from_millis(300);

/// Runs the farm until it is told to stop.
pub(crate) async fn run(options: &Up) -> Result<ExitCode> {
    let environment = EnvironmentName::parse(options.environment.as_str())?;
    let farm = Farm::start(FarmOptions {
        data: options.data.clone(),
        listen: options.listen,
        jobs: options.jobs,
        autosign: autosign(options.autosign.as_deref(), options.listen)?,
        names: options.names.clone(),
        watching: options.watching.clone(),
        substitutes: options.substitutes.clone(),
    })
    .await?;
    console::out(&farm.describe());
    if let Some(site) = &options.site {
        push_site(&farm, &environment, site).await;
    }
    match &options.site {
        Some(site) if options.watch => {
            tokio::select! {
                () = stop_signal() => {}
                result = push_on_change(&farm, &environment, site) => result?,
            }
        }
        _ => stop_signal().await,
    }
    console::say("Stopping: open requests and compiles are finished first.");
    farm.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// What `--autosign` says, or what is safe where the edge listens.
pub(super) fn autosign(option: Option<&str>, listen: SocketAddr) -> Result<Autosign> {
    let Some(text) = option else {
        return Ok(if listen.ip().is_loopback() {
            Autosign::All
        } else {
            Autosign::Off
        });
    };
    let path = Path::new(text);
    if path.is_file() {
        let list = std::fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("{text}: {error}")))?;
        return Ok(Autosign::parse(&list));
    }
    Ok(Autosign::parse(if text == "all" { "true" } else { text }))
}

async fn push_site(farm: &Farm, environment: &EnvironmentName, site: &Path) {
    match push::push_directory(farm.store(), environment, site).await {
        Ok(pushed) => {
            push::report(&pushed, false);
            if let Pushed::Released(_) = pushed {
                console::out(&farm.invitation());
            }
        }
        Err(failure) => console::error(&failure),
    }
}

/// Pushes the site again whenever its files changed and came to rest.
async fn push_on_change(farm: &Farm, environment: &EnvironmentName, site: &Path) -> Result<()> {
    let changed = Arc::new(Notify::new());
    let news = Arc::clone(&changed);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            news.notify_one();
        }
    })
    .map_err(Failure::unreachable)?;
    watcher
        .watch(site, RecursiveMode::Recursive)
        .map_err(|error| Failure::input(format!("{}: {error}", site.display())))?;
    loop {
        changed.notified().await;
        while tokio::time::timeout(QUIET, changed.notified())
            .await
            .is_ok()
        {}
        push_site(farm, environment, site).await;
    }
}

/// Waits for the signals that end a service.
pub(super) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).ok();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = async {
            match &mut terminate {
                Some(signal) => { signal.recv().await; }
                None => std::future::pending().await,
            }
        } => {}
    }
}
