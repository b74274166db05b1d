//! From a release to the nodes that must be brought to it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::documents::{EnvironmentDoc, FileEntry, Pointer, ReleaseManifest};
use crate::messages::{CompileTask, Lane, NodeSelection, PlanTask};
use crate::{Certname, CodePath};

/// What a plan task becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The compile tasks, in the order of the nodes given.
    pub tasks: Vec<CompileTask>,
    /// Nodes that are where they should be.
    pub skipped: Vec<Certname>,
}

/// Plans: one task in lane `normal` for each of `nodes` (each with its pointer) that is not yet at
/// the environment's sequence.
///
/// The plan is for the environment's current release, which may be newer than the task's: a late
/// plan does the work of the one behind it, never an older one. A pointer that names the release
/// but an older sequence gets a task too: a worker that is busy with a release between the two must
/// find the pointer ahead of it.
pub fn plan(
    task: &PlanTask,
    environment: &EnvironmentDoc,
    nodes: impl IntoIterator<Item = (Certname, Option<Pointer>)>,
    now: Timestamp,
) -> Plan {
    let mut plan = Plan::default();
    for (certname, pointer) in nodes {
        if pointer.is_some_and(|pointer| pointer.sequence >= environment.sequence) {
            plan.skipped.push(certname);
            continue;
        }
        plan.tasks.push(CompileTask {
            environment: task.environment.clone(),
            certname,
            release: environment.release,
            sequence: environment.sequence,
            lane: Lane::Normal,
            cause: task.cause.clone(),
            enqueued_at: now,
        });
    }
    plan
}

/// The nodes of a plan: those `known` in the environment and those that the release brings facts
/// of, as far as the task selects them.
pub fn select(
    selection: &NodeSelection,
    known: impl IntoIterator<Item = Certname>,
    seeded: impl IntoIterator<Item = Certname>,
) -> BTreeSet<Certname> {
    match selection {
        NodeSelection::All => known.into_iter().chain(seeded).collect(),
        NodeSelection::Nodes(nodes) => nodes.iter().cloned().collect(),
    }
}

/// The facts documents that a release brings: `facts/*.json`.
pub fn facts_files(manifest: &ReleaseManifest) -> impl Iterator<Item = (&CodePath, &FileEntry)> {
    manifest
        .files
        .iter()
        .filter(|(path, _)| is_facts_file(path))
}

/// Whether `path` is that of a facts document in a release.
pub fn is_facts_file(path: &str) -> bool {
    path.strip_prefix("facts/")
        .and_then(|file| file.strip_suffix(".json"))
        .is_some_and(|stem| !stem.is_empty() && !stem.contains('/'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::messages::Cause;
    use crate::{Digest, EnvironmentName};

    fn name(text: &str) -> Certname {
        Certname::parse(text).unwrap()
    }

    fn pointer(certname: &str, sequence: u64, release: Digest) -> Pointer {
        let json =
            serde_json::json!({"certname": certname, "sequence": sequence, "release": release});
        serde_json::from_str(&json.to_string()).unwrap()
    }

    #[test]
    fn nodes_at_the_sequence_are_left_out_and_all_others_get_the_current_release() {
        let now = Timestamp::UNIX_EPOCH;
        let one = EnvironmentDoc::advance(None, Digest::of("1"), None, now).unwrap();
        let two = EnvironmentDoc::advance(Some(&one), Digest::of("2"), None, now).unwrap();
        let three = EnvironmentDoc::advance(Some(&two), Digest::of("1"), None, now).unwrap();
        let late = PlanTask {
            environment: EnvironmentName::parse("production").unwrap(),
            release: Digest::of("2"),
            sequence: 2,
            cause: Cause::Manual,
            nodes: NodeSelection::All,
        };
        let nodes = [
            (name("never"), None),
            (name("old"), Some(pointer("old", 2, Digest::of("2")))),
            (
                name("same-release-old-sequence"),
                Some(pointer("s", 1, Digest::of("1"))),
            ),
            (name("there"), Some(pointer("there", 3, Digest::of("1")))),
        ];
        let plan = plan(&late, &three, nodes, now);
        let planned: Vec<&str> = plan
            .tasks
            .iter()
            .map(|task| task.certname.as_str())
            .collect();
        assert_eq!(planned, ["never", "old", "same-release-old-sequence"]);
        assert!(plan.tasks.iter().all(|task| task.release == Digest::of("1")
            && task.sequence == 3
            && task.lane == Lane::Normal));
        assert_eq!(plan.skipped, [name("there")]);
    }

    #[test]
    fn a_selection_narrows_and_all_means_known_and_seeded() {
        let all = select(
            &NodeSelection::All,
            [name("b"), name("a")],
            [name("c"), name("a")],
        );
        assert_eq!(
            all.into_iter().collect::<Vec<_>>(),
            [name("a"), name("b"), name("c")]
        );
        let some = select(
            &NodeSelection::Nodes(vec![name("x")]),
            [name("b")],
            [name("c")],
        );
        assert_eq!(some.into_iter().collect::<Vec<_>>(), [name("x")]);
    }

    #[test]
    fn only_json_files_right_under_facts_are_facts_documents() {
        let entry = FileEntry {
            digest: Digest::of(""),
            size: 0,
            mode: 0o644,
        };
        let paths = [
            "facts/a.json",
            "facts/.json",
            "facts/sub/b.json",
            "facts/c.yaml",
            "x/facts/d.json",
        ];
        let files: BTreeMap<_, _> = paths
            .into_iter()
            .map(|path| (CodePath::parse(path).unwrap(), entry))
            .collect();
        let manifest = ReleaseManifest::new(files);
        let found: Vec<&str> = facts_files(&manifest)
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(found, ["facts/a.json"]);
    }
}
