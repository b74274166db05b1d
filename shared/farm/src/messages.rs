//! What the queue carries: small JSON messages that name digests, never bodies.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::documents::UploadKey;
use crate::{Certname, Digest, EnvironmentName};

/// How soon a compile matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// An agent is waiting, or the node is marked critical.
    Urgent,
    /// After a push.
    Normal,
    /// Whenever there is time.
    Bulk,
}

impl Lane {
    /// All lanes, most urgent first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Bulk];

    /// Its name: `urgent`, `normal` or `bulk`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Bulk => "bulk",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| format!("unknown lane {text:?}; lanes are urgent, normal and bulk"))
    }
}

/// One of the farm's queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// [`UploadCreated`]: for `ingest`.
    Uploads,
    /// [`PlanTask`], [`GatherTask`], [`CollectTask`] and [`AdvanceTask`]: for `plan`.
    Plans,
    /// [`CompileTask`]s of one lane: for `compile`.
    Compile(Lane),
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 5] = [
        Self::Uploads,
        Self::Plans,
        Self::Compile(Lane::Urgent),
        Self::Compile(Lane::Normal),
        Self::Compile(Lane::Bulk),
    ];

    /// Its name: `uploads`, `plans`, `urgent`, `normal` or `bulk`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploads => "uploads",
            Self::Plans => "plans",
            Self::Compile(lane) => lane.as_str(),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Channel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == text)
            .ok_or_else(|| format!("unknown queue {text:?}"))
    }
}

/// Why work is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause {
    /// A push brought a new release.
    Push {
        /// The upload's id.
        upload: String,
    },
    /// An agent asked for its catalog.
    Request,
    /// A stable fact changed.
    Facts,
    /// Other nodes export something else than what the node collected.
    Exports,
    /// Someone asked for it by command.
    Manual,
    /// A stage of a rollout opened, or a rollout was taken back.
    Rollout {
        /// What it is called.
        name: String,
    },
    /// A stage of a rollout is to open: its catalogs are made and not served yet.
    Stage {
        /// The stage, counted from 0.
        stage: usize,
    },
}

/// An object came to lie under `uploads/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadCreated {
    /// Its key.
    pub key: UploadKey,
}

/// The nodes that a plan is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeSelection {
    /// Every node that is known in the environment.
    All,
    /// These.
    Nodes(Vec<Certname>),
}

/// Bring nodes of an environment up to a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanTask {
    /// The environment.
    pub environment: EnvironmentName,
    /// The release to bring them to.
    pub release: Digest,
    /// The environment's sequence at which `release` came in.
    pub sequence: u64,
    /// Why.
    pub cause: Cause,
    /// Which nodes.
    pub nodes: NodeSelection,
}

/// Bring one node up to a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompileTask {
    /// The environment.
    pub environment: EnvironmentName,
    /// The node.
    pub certname: Certname,
    /// The release to bring it to.
    pub release: Digest,
    /// The environment's sequence at which `release` came in.
    pub sequence: u64,
    /// The lane it travels in.
    pub lane: Lane,
    /// Why.
    pub cause: Cause,
    /// When it was first put into the queue.
    pub enqueued_at: Timestamp,
}

/// Nodes may export something else than before, or be somewhere else: gather what all export. It names
/// none of them; whoever gathers looks at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatherTask {}

/// A day may have passed since garbage was collected: remove from the store what no document names. Where somebody did so
/// of late there is nothing to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CollectTask {}

/// A rollout may have to go on: look at those of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdvanceTask {
    /// The environment.
    pub environment: EnvironmentName,
}

/// Anything that the queue carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "message")]
pub enum Message {
    /// For `ingest`.
    UploadCreated(UploadCreated),
    /// For `plan`.
    Plan(PlanTask),
    /// For `plan`.
    Gather(GatherTask),
    /// For `plan`.
    Collect(CollectTask),
    /// For `plan`.
    Advance(AdvanceTask),
    /// For `compile`.
    Compile(CompileTask),
}

/// What `plan` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planning {
    /// A release becomes compile tasks.
    Plan(PlanTask),
    /// Changed exports become compile tasks.
    Gather,
    /// What nobody names goes.
    Collect,
    /// Rollouts go on.
    Advance(AdvanceTask),
}

impl Message {
    /// The queue it belongs to.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::UploadCreated(_) => Channel::Uploads,
            Self::Plan(_) | Self::Gather(_) | Self::Collect(_) | Self::Advance(_) => Channel::Plans,
            Self::Compile(task) => Channel::Compile(task.lane),
        }
    }

    /// Messages of one channel with the same key say the same or supersede each other: of those
    /// that wait, the newest replaces the rest. `None`: never.
    pub fn coalescing_key(&self) -> Option<String> {
        match self {
            Self::UploadCreated(upload) => Some(upload.key.to_string()),
            Self::Plan(task) => match &task.nodes {
                NodeSelection::All => Some(task.environment.to_string()),
                NodeSelection::Nodes(_) => None,
            },
            // No environment has this name.
            Self::Gather(_) => Some("/exports".to_owned()),
            Self::Collect(_) => Some("/garbage".to_owned()),
            Self::Advance(task) => Some(format!("/rollouts/{}", task.environment)),
            // What a stage needs is not what the node is served.
            Self::Compile(CompileTask {
                environment,
                certname,
                cause: Cause::Stage { .. },
                ..
            }) => Some(format!("{environment}/{certname}/stage")),
            Self::Compile(task) => Some(format!("{}/{}", task.environment, task.certname)),
        }
    }
}

impl From<UploadCreated> for Message {
    fn from(message: UploadCreated) -> Self {
        Self::UploadCreated(message)
    }
}

impl From<PlanTask> for Message {
    fn from(message: PlanTask) -> Self {
        Self::Plan(message)
    }
}

impl From<GatherTask> for Message {
    fn from(message: GatherTask) -> Self {
        Self::Gather(message)
    }
}

impl From<CollectTask> for Message {
    fn from(message: CollectTask) -> Self {
        Self::Collect(message)
    }
}

impl From<AdvanceTask> for Message {
    fn from(message: AdvanceTask) -> Self {
        Self::Advance(message)
    }
}

impl From<CompileTask> for Message {
    fn from(message: CompileTask) -> Self {
        Self::Compile(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(lane: Lane) -> CompileTask {
        CompileTask {
            environment: EnvironmentName::parse("production").unwrap(),
            certname: Certname::parse("web1").unwrap(),
            release: Digest::of("r"),
            sequence: 7,
            lane,
            cause: Cause::Push { upload: "u".into() },
            enqueued_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_task_travels_in_its_lane_and_is_replaced_by_a_newer_one_for_the_node() {
        let message = Message::from(task(Lane::Bulk));
        assert_eq!(message.channel(), Channel::Compile(Lane::Bulk));
        assert_eq!(message.coalescing_key().as_deref(), Some("production/web1"));
    }

    #[test]
    fn messages_come_back_from_json_as_they_were() {
        let plan = PlanTask {
            environment: EnvironmentName::parse("production").unwrap(),
            release: Digest::of("r"),
            sequence: 1,
            cause: Cause::Manual,
            nodes: NodeSelection::Nodes(vec![Certname::parse("a").unwrap()]),
        };
        let upload = UploadCreated {
            key: "uploads/production/x.tar.gz".parse().unwrap(),
        };
        for message in [
            Message::from(task(Lane::Urgent)),
            plan.into(),
            GatherTask {}.into(),
            CollectTask {}.into(),
            AdvanceTask {
                environment: EnvironmentName::parse("production").unwrap(),
            }
            .into(),
            upload.into(),
        ] {
            let json = serde_json::to_string(&message).unwrap();
            assert_eq!(
                serde_json::from_str::<Message>(&json).unwrap(),
                message,
                "{json}"
            );
        }
    }

    #[test]
    fn channels_and_lanes_have_names() {
        for channel in Channel::ALL {
            assert_eq!(channel.as_str().parse::<Channel>(), Ok(channel));
        }
        assert!("slow".parse::<Lane>().is_err());
    }
}
