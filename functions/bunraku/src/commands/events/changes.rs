//! Which pointers may have changed: a set, so that however much happens, each node waits in it once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bunraku_farm::{Certname, EnvironmentName};
use bunraku_store::Key;
use std::collections::{BTreeSet, VecDeque};
use tokio::sync::Notify;

use crate::commands::hearing::Listener;

/// A node in an environment.
pub(super) type Node = (EnvironmentName, Certname);

/// What is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Changes {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    line: VecDeque<Node>,
    waiting: BTreeSet<Node>,
    /// Being looked at; another change of these waits until that is done.
    busy: BTreeSet<Node>,
    /// Any may have changed.
    all: bool,
    /// Each new pointer is told.
    told: bool,
}

impl Changes {
    /// A pointer may have changed.
    pub(super) fn add(&self, node: Node) {
        let mut state = self.state();
        if state.waiting.insert(node.clone()) {
            state.line.push_back(node);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// All may have changed.
    pub(super) fn add_all(&self) {
        self.state().all = true;
        self.changed.notify_one();
    }

    /// Whether each new pointer is told for now.
    pub(super) fn are_told(&self) -> bool {
        self.state().told
    }

    /// Whether all are to be looked for; asked once.
    pub(super) fn take_all(&self) -> bool {
        std::mem::take(&mut self.state().all)
    }

    /// The next to look at.
    pub(super) fn next(&self) -> Option<Node> {
        let mut state = self.state();
        let free = state
            .line
            .iter()
            .position(|node| !state.busy.contains(node))?;
        let node = state.line.remove(free)?;
        state.waiting.remove(&node);
        state.busy.insert(node.clone());
        Some(node)
    }

    /// A look is done.
    pub(super) fn done(&self, node: &Node) {
        self.state().busy.remove(node);
    }

    /// Completes when there may be something to look at.
    pub(super) async fn some(&self) {
        self.changed.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Changes {
    fn written(&self, key: Key) {
        if let Key::Pointer {
            environment,
            certname,
        } = key
        {
            self.add((environment, certname));
        }
    }

    fn any(&self) {
        self.add_all();
    }

    fn live(&self, live: bool) {
        self.state().told = live;
        if live {
            self.add_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_waits_once_and_not_while_it_is_looked_at() {
        let changes = Changes::default();
        let node = |name: &str| {
            (
                EnvironmentName::parse("production").unwrap(),
                Certname::parse(name).unwrap(),
            )
        };
        for name in ["a", "b", "a"] {
            changes.add(node(name));
        }
        assert_eq!(changes.next(), Some(node("a")));
        changes.add(node("a"));
        assert_eq!(changes.next(), Some(node("b")));
        assert_eq!(changes.next(), None);
        changes.done(&node("a"));
        assert_eq!(changes.next(), Some(node("a")));
        assert_eq!(changes.next(), None);
    }
}
