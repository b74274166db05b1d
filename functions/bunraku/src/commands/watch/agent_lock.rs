//! The lock of a running agent (`agent_catalog_run_lockfile`), as Puppet's util/pidlock.rb reads it.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Below which names agents of different packages keep it.
const PLACES: [&str; 3] = [
    "/opt/puppetlabs/puppet/cache/state/agent_catalog_run.lock",
    "/var/cache/puppet/state/agent_catalog_run.lock",
    "/var/lib/puppet/state/agent_catalog_run.lock",
];
/// How often it is looked at: nobody tells when it is gone.
const POLL: Duration = Duration::from_millis(500);

/// Where an agent that runs says so.
#[derive(Clone, Debug)]
pub(super) struct AgentLock {
    files: Vec<PathBuf>,
}

impl AgentLock {
    /// A file that is named, or else the places where packages keep it.
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self {
            files: match file {
                Some(file) => vec![file],
                None => PLACES.map(PathBuf::from).to_vec(),
            },
        }
    }

    /// Whether an agent runs.
    pub(super) fn is_held(&self) -> bool {
        self.files.iter().any(|file| is_held(file))
    }

    /// Completes when none does.
    pub(super) async fn released(&self) {
        while self.is_held() {
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Whether the file names a process that lives and is Puppet's: one that was killed leaves its lock behind, and the
/// number may be another process's by now.
fn is_held(file: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(file) else {
        return false;
    };
    let Ok(process) = text.trim().parse::<u32>() else {
        return false;
    };
    let command = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command).contains("puppet")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn a_lock_is_held_as_long_as_its_agent_lives() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("agent.lock");
        let lock = AgentLock::new(Some(file.clone()));
        assert!(!lock.is_held());
        std::fs::write(&file, "no number").unwrap();
        assert!(!lock.is_held());
        // This test is no agent.
        std::fs::write(&file, std::process::id().to_string()).unwrap();
        assert!(!lock.is_held());
        let mut agent = Command::new("/bin/sh")
            .args(["-c", "read line", "puppet agent"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        std::fs::write(&file, format!("{}\n", agent.id())).unwrap();
        assert!(lock.is_held());
        drop(agent.stdin.take());
        agent.wait().unwrap();
        lock.released().await;
    }
}
