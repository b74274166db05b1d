//! From a release to the nodes that must be brought to it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::documents::{EnvironmentDoc, FileEntry, ReleaseManifest};
use crate::messages::{Cause, CompileTask, Lane, NodeSelection, PlanTask};
use crate::{Certname, CodePath};

/// Plans: one task for each of `nodes`, in its lane, the most urgent first. Nodes that are `seeded`,
/// whose facts come with the release, may have new facts, and their tasks say so.
///
/// The plan is for the environment's current release, which may be newer than the task's: a late
/// plan does the work of the one behind it, never an older one. Whether a node is there already is
/// not asked here: after a push next to none is, and the task finds out with the one read that it
/// makes anyway.
pub fn plan(
    task: &PlanTask,
    environment: &EnvironmentDoc,
    nodes: impl IntoIterator<Item = (Certname, Lane)>,
    seeded: &BTreeSet<Certname>,
    now: Timestamp,
) -> Vec<CompileTask> {
    let compile = |(certname, lane)| CompileTask {
        environment: task.environment.clone(),
        release: environment.release,
        sequence: environment.sequence,
        lane,
        cause: match seeded.contains(&certname) {
            true => Cause::Facts,
            false => task.cause.clone(),
        },
        enqueued_at: now,
        certname,
    };
    let mut tasks: Vec<_> = nodes.into_iter().map(compile).collect();
    tasks.sort_by_key(|task| task.lane);
    tasks
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
    node_of_facts_file(path).is_some()
}

/// The node that a facts document is for by its name; what it says inside has the last word.
pub fn node_of_facts_file(path: &str) -> Option<&str> {
    path.strip_prefix("facts/")
        .and_then(|file| file.strip_suffix(".json"))
        .filter(|stem| !stem.is_empty() && !stem.contains('/'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Digest, EnvironmentName};

    fn name(text: &str) -> Certname {
        Certname::parse(text).unwrap()
    }

    #[test]
    fn every_node_gets_a_task_for_the_current_release_however_late_the_plan() {
        let now = Timestamp::UNIX_EPOCH;
        let one = EnvironmentDoc::advance(None, Digest::of("1"), None, now).unwrap();
        let two = EnvironmentDoc::advance(Some(&one), Digest::of("2"), None, now).unwrap();
        let late = PlanTask {
            environment: EnvironmentName::parse("production").unwrap(),
            release: Digest::of("1"),
            sequence: 1,
            cause: Cause::Manual,
            nodes: NodeSelection::All,
        };
        let seeded = BTreeSet::from([name("b")]);
        let nodes = [(name("b"), Lane::Normal), (name("a"), Lane::Urgent)];
        let tasks = plan(&late, &two, nodes, &seeded, now);
        let causes: Vec<_> = tasks.iter().map(|task| task.cause.clone()).collect();
        assert_eq!(causes, [Cause::Manual, Cause::Facts]);
        let planned = |task: &CompileTask| (task.certname.to_string(), task.lane);
        let planned: Vec<_> = tasks.iter().map(planned).collect();
        let expected = [("a", Lane::Urgent), ("b", Lane::Normal)];
        assert_eq!(
            planned,
            expected.map(|(node, lane)| (node.to_owned(), lane))
        );
        let two = |task: &CompileTask| task.release == Digest::of("2") && task.sequence == 2;
        assert!(tasks.iter().all(two));
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
