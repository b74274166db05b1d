//! How new pointers are heard of, whoever wrote them.

use std::path::Path;
use std::sync::Arc;

use bunraku_store::{Key, Store};
use notify::{RecursiveMode, Watcher as _};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use crate::commands::edge::announcements::follow_announcements;
use crate::commands::edge::published;
use crate::failure::{Failure, Result};

/// From where new pointers are told.
pub(super) enum Hearing {
    Topic(tokio::task::JoinHandle<()>),
    Directory {
        _watcher: notify::RecommendedWatcher,
    },
    Nowhere,
}

impl Hearing {
    /// Whether every new pointer is told.
    pub(super) fn is_live(&self) -> bool {
        !matches!(self, Self::Nowhere)
    }

    /// Ends it, and leaves nothing behind.
    pub(super) async fn end(self) {
        if let Self::Topic(task) = self {
            // Its subscription is ended before the process is.
            let _ = task.await;
        }
    }
}

/// Begins to hear of pointers: from a topic (the farm's queues, and its ARN), or of files in the store's directory.
pub(super) async fn hear(
    topic: Option<(&str, &str)>,
    store: &Store,
    changes: &Arc<Changes>,
    stop: &CancellationToken,
) -> Result<Hearing> {
    if let Some((queue, topic)) = topic {
        let source = published(queue, topic).await?;
        let (changes, stop) = (Arc::clone(changes), stop.clone());
        return Ok(Hearing::Topic(tokio::spawn(async move {
            follow_announcements(changes.as_ref(), source.as_ref(), stop.cancelled()).await;
        })));
    }
    match store.root() {
        Some(root) => watch_directory(root, changes),
        None => Ok(Hearing::Nowhere),
    }
}

/// Hears of files that other processes put into the store's directory.
fn watch_directory(root: &Path, changes: &Arc<Changes>) -> Result<Hearing> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::unreachable(format!("{}: {error}", root.display()))
    };
    let root = root.canonicalize().map_err(|error| failed(&error))?;
    let pointers = root.join("pointers");
    std::fs::create_dir_all(&pointers).map_err(|error| failed(&error))?;
    let changes = Arc::clone(changes);
    let told = move |event: notify::Result<notify::Event>| match event {
        Ok(event) if event.need_rescan() => changes.add_all(),
        Ok(event) if !event.kind.is_access() => {
            for path in event.paths {
                match path
                    .strip_prefix(&root)
                    .ok()
                    .and_then(|path| path.to_str()?.parse().ok())
                {
                    Some(Key::Pointer {
                        environment,
                        certname,
                    }) => changes.add((environment, certname)),
                    // A new environment: files may have come before it was watched.
                    _ if path.is_dir() => changes.add_all(),
                    _ => {}
                }
            }
        }
        Ok(_) => {}
        Err(_) => changes.add_all(),
    };
    let mut watcher = notify::recommended_watcher(told).map_err(|error| failed(&error))?;
    watcher
        .watch(&pointers, RecursiveMode::Recursive)
        .map_err(|error| failed(&error))?;
    Ok(Hearing::Directory { _watcher: watcher })
}
