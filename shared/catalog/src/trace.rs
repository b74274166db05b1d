//! The trace: every read that a compile made of its world, with the digest of the answer.
//!
//! A catalog holds as long as every read still answers the same.

use std::collections::BTreeMap;

use bunraku_pcore::Value;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use crate::digest::AnswerDigest;
pub use crate::read::{Read, ReadError};

/// Digest of an answer: the same for a fact read from JSON and for the Puppet value made of it.
#[must_use]
pub fn answer_digest(answer: &Value) -> AnswerDigest {
    AnswerDigest::of_value(answer)
}

/// Reads with the digests of their answers, sorted by read. JSON: an object of strings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace {
    reads: BTreeMap<Read, AnswerDigest>,
}

/// A read that no longer answers what it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What was read.
    pub read: Read,
    /// Digest of the answer that the catalog rests on.
    pub was: AnswerDigest,
    /// Digest of the answer now.
    pub now: AnswerDigest,
}

/// How one read differs between two traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadChange {
    /// Only the newer trace has it.
    Added(Read),
    /// Only the older trace has it.
    Removed(Read),
    /// Both have it, with different answers.
    Changed(Broken),
}

impl Trace {
    /// An empty trace.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a read. The first answer stays: within one compile the world does not change.
    pub fn record(&mut self, read: Read, answer: AnswerDigest) {
        self.reads.entry(read).or_insert(answer);
    }

    /// The digest of what a read answered, if it was made.
    #[must_use]
    pub fn get(&self, read: &Read) -> Option<AnswerDigest> {
        self.reads.get(read).copied()
    }

    /// All reads in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Read, AnswerDigest)> {
        self.reads.iter().map(|(read, digest)| (read, *digest))
    }

    /// Number of different reads.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reads.len()
    }

    /// True if nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reads.is_empty()
    }

    /// Asks every read again and lists those that answer otherwise. `answer` says `None` for a
    /// read that it does not speak for, which is then taken to hold.
    ///
    /// # Errors
    /// The broken reads, in order.
    pub fn holds_by(
        &self,
        mut answer: impl FnMut(&Read) -> Option<AnswerDigest>,
    ) -> Result<(), Vec<Broken>> {
        let broken: Vec<Broken> = self
            .iter()
            .filter_map(|(read, was)| {
                let now = answer(read)?;
                (now != was).then(|| Broken {
                    read: read.clone(),
                    was,
                    now,
                })
            })
            .collect();
        if broken.is_empty() {
            Ok(())
        } else {
            Err(broken)
        }
    }

    /// Do the reads of facts and trusted data still answer the same? (What an edge can check.)
    /// `facts` is the object of values by name, `trusted` the `$trusted` hash.
    ///
    /// # Errors
    /// The broken reads, in order.
    pub fn facts_hold(&self, facts: &Json, trusted: &Json) -> Result<(), Vec<Broken>> {
        self.holds_by(|read| match read {
            Read::Fact(path) => Some(AnswerDigest::of_json_option(dig(facts, path))),
            Read::Trusted(path) => Some(AnswerDigest::of_json_option(dig(trusted, path))),
            _ => None,
        })
    }
}

impl FromIterator<(Read, AnswerDigest)> for Trace {
    fn from_iter<I: IntoIterator<Item = (Read, AnswerDigest)>>(reads: I) -> Self {
        let mut trace = Self::new();
        for (read, answer) in reads {
            trace.record(read, answer);
        }
        trace
    }
}

/// Follows keys into a structure: names into objects, decimal numbers into arrays.
#[must_use]
pub fn dig<'a, K: AsRef<str>>(root: &'a Json, path: &[K]) -> Option<&'a Json> {
    path.iter().try_fold(root, |at, key| match at {
        Json::Object(map) => map.get(key.as_ref()),
        Json::Array(items) => items.get(key.as_ref().parse::<usize>().ok()?),
        _ => None,
    })
}

/// What changed from one trace to the next, in order of the reads: why a catalog was recompiled.
#[must_use]
pub fn diff_reads(old: &Trace, new: &Trace) -> Vec<ReadChange> {
    let mut changes: Vec<(Read, ReadChange)> = Vec::new();
    for (read, was) in old.iter() {
        match new.get(read) {
            None => changes.push((read.clone(), ReadChange::Removed(read.clone()))),
            Some(now) if now != was => {
                let broken = Broken {
                    read: read.clone(),
                    was,
                    now,
                };
                changes.push((read.clone(), ReadChange::Changed(broken)));
            }
            Some(_) => {}
        }
    }
    for (read, _) in new.iter().filter(|(read, _)| old.get(read).is_none()) {
        changes.push((read.clone(), ReadChange::Added(read.clone())));
    }
    changes.sort_by(|(a, _), (b, _)| a.cmp(b));
    changes.into_iter().map(|(_, change)| change).collect()
}
