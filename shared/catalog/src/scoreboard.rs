//! The result of comparing many nodes' catalogs with the reference's.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::diff::{Difference, render};

/// What `bunraku verify --json` prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scoreboard {
    /// The nodes in the order in which they were compared.
    pub nodes: Vec<NodeScore>,
    /// How many of them are equal.
    pub equal: usize,
    /// How many there are.
    pub total: usize,
}

/// The comparison of one node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeScore {
    /// The certname, or what else names the case.
    pub node: String,
    /// True if both catalogs are the same, or both compilers refused with the same message.
    pub equal: bool,
    /// Where the catalogs differ; native is the left side, the reference the right.
    pub differences: Vec<Difference>,
    /// Why there is nothing to compare: one or both compilers failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ScoreError>,
    /// Milliseconds of the native compile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_ms: Option<f64>,
    /// Milliseconds of the reference's compile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_ms: Option<f64>,
}

/// The messages of failed compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreError {
    /// Of the native compiler, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    /// Of the reference, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl Scoreboard {
    /// Adds a node.
    pub fn push(&mut self, score: NodeScore) {
        self.total += 1;
        self.equal += usize::from(score.equal);
        self.nodes.push(score);
    }

    /// True if every node is equal and there is one at least.
    #[must_use]
    pub fn is_perfect(&self) -> bool {
        self.equal == self.total && self.total > 0
    }

    /// The scoreboard for people: a line a node, then the differences of each, then the sum.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        let width = self
            .nodes
            .iter()
            .map(|score| score.node.len())
            .max()
            .unwrap_or(0);
        for score in &self.nodes {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{:width$}  {}", score.node, score.verdict());
            for line in render(&score.differences).lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
        let _ = writeln!(out, "{} of {} equal", self.equal, self.total);
        out
    }
}

impl NodeScore {
    fn verdict(&self) -> String {
        let timing = match (self.native_ms, self.reference_ms) {
            (Some(native), Some(reference)) => {
                format!(" ({native:.1} ms, reference {reference:.1} ms)")
            }
            _ => String::new(),
        };
        match &self.error {
            None if self.equal => format!("equal{timing}"),
            None => format!("{} differences{timing}", self.differences.len()),
            Some(_) if self.equal => "equal: both refuse".to_owned(),
            Some(error) => {
                let side = |name: &str, message: &Option<String>| match message {
                    Some(message) => format!("{name}: {message}"),
                    None => format!("{name} compiles"),
                };
                let native = side("native", &error.native);
                format!("error: {native}; {}", side("reference", &error.reference))
            }
        }
    }
}
