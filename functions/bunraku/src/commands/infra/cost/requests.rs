//! What each step of the farm asks of S3 and SQS, on average: the numbers that the bill rests on.
//!
//! They are the one place to correct when a step changes; the end-to-end tests compare them with the
//! requests that they count at a proxy (`bunraku infra cost --json`, `assumptions`).

use std::ops::Add;

use serde::Serialize;

/// Requests by how they are charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Requests {
    /// S3: GET and HEAD.
    pub(crate) get: f64,
    /// S3: PUT, COPY, POST.
    pub(crate) put: f64,
    /// S3: LIST, at the price of a PUT.
    pub(crate) list: f64,
    /// SQS: send, receive and delete; ten messages of a batch are one request.
    pub(crate) messages: f64,
}

impl Requests {
    const fn get(count: f64) -> Self {
        Self::of(count, 0.0, 0.0, 0.0)
    }

    const fn put(count: f64) -> Self {
        Self::of(0.0, count, 0.0, 0.0)
    }

    const fn list(count: f64) -> Self {
        Self::of(0.0, 0.0, count, 0.0)
    }

    const fn messages(count: f64) -> Self {
        Self::of(0.0, 0.0, 0.0, count)
    }

    const fn of(get: f64, put: f64, list: f64, messages: f64) -> Self {
        Self {
            get,
            put,
            list,
            messages,
        }
    }

    /// The sum of steps.
    const fn all(steps: &[Self]) -> Self {
        let mut sum = Self::of(0.0, 0.0, 0.0, 0.0);
        let mut next = 0;
        while next < steps.len() {
            let step = &steps[next];
            sum = Self::of(
                sum.get + step.get,
                sum.put + step.put,
                sum.list + step.list,
                sum.messages + step.messages,
            );
            next += 1;
        }
        sum
    }

    /// The same, `count` times.
    pub(crate) const fn times(self, count: f64) -> Self {
        Self::of(
            self.get * count,
            self.put * count,
            self.list * count,
            self.messages * count,
        )
    }
}

impl Add for Requests {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::all(&[self, other])
    }
}

// ---- A node, on a push ----

/// A compile task: `plan` sends it, Lambda receives and deletes it, ten at once.
const TASK: Requests = Requests::messages(3.0 / BATCH);
/// `compile` reads the node's pointer, to verify its trace or to see what is there.
const POINTER_READ: Requests = Requests::get(1.0);
/// `compile` writes the pointer, by compare and swap.
const POINTER_WRITTEN: Requests = Requests::put(1.0);
/// `compile` reads the node's facts when it has to compile.
const FACTS_READ: Requests = Requests::get(1.0);
/// `compile` stores the catalog, create-only: it does not look for it before.
const CATALOG_WRITTEN: Requests = Requests::put(1.0);
/// `compile` stores the catalog's form for agents without rich data, of the catalogs that have one.
const PLAIN_CATALOG_WRITTEN: Requests = Requests::put(0.2);

/// A node whose catalog still holds after a push.
pub(crate) const PER_UNCHANGED_NODE: Requests =
    Requests::all(&[TASK, POINTER_READ, POINTER_WRITTEN]);

/// A node whose catalog has to be compiled.
pub(crate) const PER_COMPILED_NODE: Requests = Requests::all(&[
    TASK,
    POINTER_READ,
    FACTS_READ,
    CATALOG_WRITTEN,
    PLAIN_CATALOG_WRITTEN,
    POINTER_WRITTEN,
]);

// ---- A push ----

/// `push` reads what the current release names, asks for each content that it does not, and uploads the
/// archive.
const UPLOADED: Requests = Requests::of(2.0 + NEW_FILES_PER_PUSH, 1.0, 0.0, 0.0);
/// `push` asks for the result until it is there.
const RESULT_AWAITED: Requests = Requests::get(3.0);
/// The bucket's event of the upload: Lambda receives and deletes it.
const UPLOAD_TASK: Requests = Requests::messages(2.0);
/// `ingest` looks for a result of the same upload and asks when it arrived, before and after, and reads it.
const UPLOAD_READ: Requests = Requests::get(5.0);
/// `ingest` reads the current release, most of whose files the push shares.
const CURRENT_READ: Requests = Requests::get(2.0);
/// `ingest` stores the files that are new, each by its digest.
const FILES_STORED: Requests = Requests::put(NEW_FILES_PER_PUSH);
/// `ingest` seals the release, if it is new: its manifest and its bundle.
const RELEASE_SEALED: Requests = Requests::of(1.0, 2.0, 0.0, 0.0);
/// `ingest` makes it the environment's current release.
const ENVIRONMENT_SWUNG: Requests = Requests::of(1.0, 1.0, 0.0, 0.0);
/// `ingest` writes the result that `push` waits for. (Deleting the upload is free.)
const RESULT_WRITTEN: Requests = Requests::put(1.0);
/// `ingest` sends the plan, Lambda receives and deletes it.
const PLAN_TASK: Requests = Requests::messages(3.0);
/// `plan` reads the environment and the manifests of the release and of the one before.
const PLAN_READ: Requests = Requests::get(3.0);
/// Each worker of the lane `normal`, ten by default, reads the environment and the release's bundle.
const RELEASE_OPENED: Requests = Requests::get(20.0);

/// A push, whatever the number of nodes.
pub(crate) const PER_PUSH: Requests = Requests::all(&[
    UPLOADED,
    RESULT_AWAITED,
    UPLOAD_TASK,
    UPLOAD_READ,
    CURRENT_READ,
    FILES_STORED,
    RELEASE_SEALED,
    ENVIRONMENT_SWUNG,
    RESULT_WRITTEN,
    PLAN_TASK,
    PLAN_READ,
    RELEASE_OPENED,
]);

/// `push` waits until a node's pointer has reached the release: it looks once at most of them, and again at
/// those that are still to come.
pub(crate) const PER_AWAITED_NODE: Requests = Requests::get(2.0);

/// `ingest` and `plan` each list the environment's members, a thousand nodes in one answer.
pub(crate) const PER_THOUSAND_NODES_LISTED: Requests = Requests::list(2.0);

// ---- What happens by itself ----

/// The schedule has exported resources gathered once an hour: Lambda receives and deletes its message, and `plan`
/// lists what nodes export and where they are members, a thousand nodes in one answer.
pub(crate) const PER_GATHERING: Requests = Requests::messages(2.0);
pub(crate) const PER_GATHERING_AND_THOUSAND_NODES: Requests = Requests::list(2.0);
/// The schedule has garbage collected once a day: Lambda receives and deletes its message, and `plan` reads what was last done
/// and writes that down, twice.
pub(crate) const PER_COLLECTION: Requests = Requests::of(2.0, 2.0, 0.0, 2.0);
/// It reads each pointer.
pub(crate) const PER_COLLECTION_AND_NODE: Requests = POINTER_READ;
/// It lists pointers and catalogs, a thousand in one answer.
pub(crate) const PER_COLLECTION_AND_THOUSAND_NODES: Requests = Requests::list(2.0);
/// It looks at each catalog that nobody names any more, lists its versions, and removes them. (Deleting is free.)
pub(crate) const PER_COLLECTED_CATALOG: Requests = Requests::of(1.0, 0.0, 1.0, 0.0);

// ---- A rollout ----

/// A stage opens: a task lets the node's two catalogs change places.
pub(crate) const PER_PLACED_NODE: Requests = Requests::all(&[TASK, POINTER_READ, POINTER_WRITTEN]);
/// While a rollout goes on an edge takes a run down, by compare and swap, and `plan` reads it once.
pub(crate) const PER_OUTCOME: Requests = Requests::of(2.0, 1.0, 0.0, 0.0);
/// An edge reminds of it: `plan` reads the environment and who is in which stage.
pub(crate) const PER_LOOK: Requests = Requests::of(2.0, 0.0, 0.0, 3.0);
/// It lists the environment's members and what was taken down, a thousand in one answer.
pub(crate) const PER_LOOK_AND_THOUSAND_NODES: Requests = Requests::list(2.0);
/// An edge reminds twice a minute.
pub(crate) const LOOKS_PER_HOUR: f64 = 120.0;

// ---- Exported resources, and mirrors ----

/// A node exports something else: `compile` writes that down by compare and swap and asks for a gathering, which reads it and
/// the pool and writes the pool with a part for a type.
pub(crate) const PER_CHANGED_EXPORT: Requests = Requests::of(5.0, 5.0, 0.0, 3.0);

/// `bunraku export` reads each pointer.
pub(crate) const PER_MIRRORED_NODE: Requests = POINTER_READ;
/// It lists them, a thousand in one answer.
pub(crate) const PER_MIRROR_AND_THOUSAND_NODES: Requests = Requests::list(1.0);
/// It reads each catalog that is new, and writes it into the mirror.
pub(crate) const PER_MIRRORED_CATALOG: Requests = Requests::of(1.0, 1.0, 0.0, 0.0);

// ---- An agent's run ----

/// The edge stores the agent's report.
const REPORT_STORED: Requests = Requests::put(1.0);
/// The edge reads the catalog's bytes, unless it served them lately.
const CATALOG_READ: Requests = Requests::get(1.0);

/// The edge compares the facts that come in with the stored ones, unless it remembers these.
const FACTS_COMPARED: Requests = Requests::get(1.0);

/// An agent's run whose catalog holds, at an edge that remembers nothing of the node; without the
/// environment and its release, which edges read for all nodes.
pub(crate) const PER_AGENT_RUN: Requests =
    Requests::all(&[POINTER_READ, FACTS_COMPARED, CATALOG_READ, REPORT_STORED]);

/// An edge reads the environment when an agent asks for its node, and again for its catalog, but once in
/// [`ENVIRONMENT_SECONDS`] at most, whatever the number of runs.
pub(crate) const ENVIRONMENT_READ: Requests = Requests::get(1.0);
pub(crate) const ENVIRONMENT_READS_PER_RUN: f64 = 2.0;
/// How long an edge takes an environment as read.
pub(crate) const ENVIRONMENT_SECONDS: f64 = 2.0;

// ---- What is published, and polling ----

/// SNS puts a published pointer into an edge's queue; the edge receives and deletes ten at once.
pub(crate) const PER_PUBLISHED_POINTER_AND_EDGE: Requests = Requests::messages(1.0 + 2.0 / BATCH);
/// Long polls of 20 seconds by the pollers that Lambda keeps for each queue of a function: five each.
pub(crate) const POLLS_PER_SECOND: f64 = 5.0 * 5.0 / 20.0;
/// An edge's long polls of 20 seconds for what is published.
pub(crate) const POLLS_PER_SECOND_AND_EDGE: f64 = 1.0 / 20.0;

/// Messages in one batch, of SQS and of the functions.
pub(crate) const BATCH: f64 = 10.0;
/// Files of a usual push that the store does not have yet.
const NEW_FILES_PER_PUSH: f64 = 10.0;

/// All of the above that a test can count, as `--json` gives it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Assumptions {
    per_compiled_node: Requests,
    per_unchanged_node: Requests,
    per_push: Requests,
    per_awaited_node: Requests,
    per_agent_run: Requests,
    per_thousand_nodes_listed: Requests,
    per_published_pointer_and_edge: Requests,
}

impl Assumptions {
    pub(crate) fn now() -> Self {
        Self {
            per_compiled_node: PER_COMPILED_NODE,
            per_unchanged_node: PER_UNCHANGED_NODE,
            per_push: PER_PUSH,
            per_awaited_node: PER_AWAITED_NODE,
            per_agent_run: PER_AGENT_RUN,
            per_thousand_nodes_listed: PER_THOUSAND_NODES_LISTED,
            per_published_pointer_and_edge: PER_PUBLISHED_POINTER_AND_EDGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_node_costs_fewer_than_three_requests() {
        let node = PER_UNCHANGED_NODE;
        assert!(
            node.get + node.put + node.list + node.messages < 3.0,
            "{node:?}"
        );
    }

    #[test]
    fn steps_add_up() {
        let sum = Requests::of(1.0, 2.0, 3.0, 4.0) + Requests::of(1.0, 1.0, 1.0, 1.0).times(2.0);
        assert_eq!(sum, Requests::of(3.0, 4.0, 5.0, 6.0));
        assert_eq!(PER_COMPILED_NODE.get, 2.0);
        assert_eq!(PER_COMPILED_NODE.put, 2.2);
    }
}
