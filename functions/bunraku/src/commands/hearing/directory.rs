//! Files that other processes put into the store's directory.

use std::path::Path;
use std::sync::Arc;

use bunraku_store::Key;
use notify::{RecursiveMode, Watcher as _};

use super::Listener;
use crate::failure::{Failure, Result};

/// What is looked at: environments, so that a release is heard of, and pointers.
const LOOKED_AT: [&str; 2] = ["environments", "pointers"];

/// Tells a listener of what is written below a store's directory, by this machine's processes: of what others write
/// into a shared one, the system tells nothing.
pub(super) fn watch<L: Listener + 'static>(
    root: &Path,
    listener: Arc<L>,
) -> Result<notify::RecommendedWatcher> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::unreachable(format!("{}: {error}", root.display()))
    };
    let root = root.canonicalize().map_err(|error| failed(&error))?;
    let below = root.clone();
    let told = move |event: notify::Result<notify::Event>| match event {
        Ok(event) if event.need_rescan() => listener.any(),
        Ok(event) if !event.kind.is_access() => {
            for path in event.paths {
                let key = path.strip_prefix(&below).ok();
                match key.and_then(|path| path.to_str()?.parse::<Key>().ok()) {
                    Some(key) => listener.written(key),
                    // A new environment: files may have come before it was watched.
                    None if path.is_dir() => listener.any(),
                    None => {}
                }
            }
        }
        Ok(_) => {}
        Err(_) => listener.any(),
    };
    let mut watcher = notify::recommended_watcher(told).map_err(|error| failed(&error))?;
    for directory in LOOKED_AT.map(|name| root.join(name)) {
        std::fs::create_dir_all(&directory).map_err(|error| failed(&error))?;
        let watched = watcher.watch(&directory, RecursiveMode::Recursive);
        watched.map_err(|error| failed(&error))?;
    }
    Ok(watcher)
}
