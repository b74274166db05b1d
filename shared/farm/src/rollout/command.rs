//! What a person may do about rollouts. Each gives the document to write, or says why not.

use jiff::Timestamp;

use super::document::{Former, Pin, Rollout, RolloutState};
use super::plan::Plan;
use crate::documents::{Arrival, EnvironmentDoc, ReleaseChange, SiteSettings};
use crate::{Certname, Digest};

/// Who does something, and when.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// `user@host`.
    pub who: &'a str,
    /// When.
    pub at: Timestamp,
}

/// A rollout that is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What to call it, if anything.
    pub name: Option<String>,
    /// The release.
    pub release: Digest,
    /// The upload that brought it.
    pub upload: Option<Arrival>,
    /// The release that it has a part of, if it was made from one.
    pub made_from: Option<Digest>,
    /// What the release says of itself.
    pub settings: SiteSettings,
    /// How it goes.
    pub plan: Plan,
}

/// What was written down, and what to tell the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The document.
    pub document: EnvironmentDoc,
    /// The rollout that it is about.
    pub rollout: String,
    /// What happened.
    pub what: String,
}

/// Puts a rollout behind those that are there. The first begins by itself.
pub fn start(document: &EnvironmentDoc, asked: Asked, by: Actor<'_>) -> Result<Done, String> {
    let mut next = document.clone();
    let name = match asked.name {
        Some(name) => name,
        None => free_name(document, asked.release),
    };
    if document.rollouts.iter().any(|rollout| rollout.name == name) {
        return Err(format!(
            "there is a rollout {name} already; --name gives another name"
        ));
    }
    let waiting: Vec<&Rollout> = document
        .rollouts
        .iter()
        .filter(|rollout| !rollout.state.is_over())
        .collect();
    let before = waiting.last();
    let base = before.map_or(document.release, |rollout| rollout.release);
    if base == asked.release {
        return Err(match before {
            Some(rollout) => format!("rollout {} brings this release already", rollout.name),
            None => "all nodes have this release already".to_owned(),
        });
    }
    let what = match before {
        None => "begins".to_owned(),
        Some(rollout) => format!("waits for {}", rollout.name),
    };
    let mut rollout = Rollout {
        name: name.clone(),
        release: asked.release,
        upload: asked.upload,
        made_from: asked.made_from,
        settings: asked.settings,
        plan: asked.plan,
        state: RolloutState::Queued { held: false },
        sequence: 0,
        stages: Vec::new(),
        began_at: None,
        resolved: false,
        judged_from: None,
        former: None,
        settled: false,
        log: Vec::new(),
    };
    rollout.note(
        by.at,
        by.who,
        format!("asked for release {}", asked.release.short()),
    );
    next.rollouts.push(rollout);
    Ok(Done {
        document: next,
        rollout: name,
        what,
    })
}

/// The first characters of the release, and a number if another one is called so.
fn free_name(document: &EnvironmentDoc, release: Digest) -> String {
    let short = release.short();
    let is_free = |name: &String| {
        document
            .rollouts
            .iter()
            .all(|rollout| rollout.name != *name)
    };
    let numbered = (2..).map(|number: u32| format!("{short}-{number}"));
    std::iter::once(short.clone())
        .chain(numbered)
        .find(is_free)
        .unwrap_or(short)
}

/// Stops the rollout that goes on; nodes that have its release keep it.
pub fn pause(document: &EnvironmentDoc, why: &str, by: Actor<'_>) -> Result<Done, String> {
    change_active(document, |rollout| {
        if let RolloutState::Paused { why, .. } = &rollout.state {
            return Err(format!("rollout {} is paused already: {why}", rollout.name));
        }
        rollout.state = RolloutState::Paused {
            by_gate: false,
            why: why.to_owned(),
        };
        rollout.note(by.at, by.who, format!("paused: {why}"));
        Ok("paused".to_owned())
    })
}

/// Lets a rollout go on: one that is paused or held, or whose next stage waits for a person. What the gate has seen
/// until now is not judged again.
pub fn resume(document: &EnvironmentDoc, by: Actor<'_>) -> Result<Done, String> {
    if document.rollout().is_none() {
        return release_queue(document, by);
    }
    change_active(document, |rollout| {
        let opened = rollout.opened();
        let stage = rollout.stages.get_mut(opened);
        let what = match &rollout.state {
            RolloutState::Paused { by_gate, .. } => {
                if let Some(stage) = stage {
                    stage.errors_seen |= *by_gate;
                }
                rollout.judged_from = Some(by.at);
                "resumed".to_owned()
            }
            _ => match stage.filter(|stage| stage.plan.by_hand && !stage.approved) {
                Some(stage) => {
                    stage.approved = true;
                    format!("let stage {} ({}) open", opened + 1, stage.plan.title())
                }
                None => {
                    return Err(format!(
                        "rollout {} goes on by itself; there is nothing to resume",
                        rollout.name
                    ));
                }
            },
        };
        rollout.state = RolloutState::Running;
        rollout.note(by.at, by.who, what.clone());
        Ok(what)
    })
}

fn release_queue(document: &EnvironmentDoc, by: Actor<'_>) -> Result<Done, String> {
    let mut next = document.clone();
    let held = |rollout: &&mut Rollout| rollout.state == RolloutState::Queued { held: true };
    let mut names = Vec::new();
    for rollout in next.rollouts.iter_mut().filter(held) {
        rollout.state = RolloutState::Queued { held: false };
        rollout.note(by.at, by.who, "released");
        names.push(rollout.name.clone());
    }
    match names.first().cloned() {
        Some(rollout) => Ok(Done {
            document: next,
            rollout,
            what: "its turn has come".to_owned(),
        }),
        None => Err("no rollout is paused".to_owned()),
    }
}

/// Ends a rollout that is not done: the one that goes on, or by its name one that waits. Nodes that have its release
/// get the one before.
pub fn abort(document: &EnvironmentDoc, name: Option<&str>, by: Actor<'_>) -> Result<Done, String> {
    let place = document.rollouts.iter().position(|rollout| match name {
        Some(name) => rollout.name == name,
        None => rollout.state.is_active(),
    });
    let place = place.ok_or_else(|| match name {
        Some(name) => format!("there is no rollout {name}"),
        None => "no rollout goes on; --name ends one that waits".to_owned(),
    })?;
    // What is done is taken back with all that came after it, or not at all.
    if let Some(rollout) = document.rollouts.get(place)
        && rollout.state == RolloutState::Done
    {
        return Err(format!(
            "rollout {} is done; as long as nothing came after it, undo takes it back",
            rollout.name
        ));
    }
    end(document, place, RolloutState::Aborted, by)
}

/// Takes the newest rollout back whose turn came, done or not: nodes that have its release get the one before.
pub fn undo(document: &EnvironmentDoc, by: Actor<'_>) -> Result<Done, String> {
    let active = document
        .rollouts
        .iter()
        .position(|rollout| rollout.state.is_active());
    let done = || {
        document
            .rollouts
            .iter()
            .rposition(|rollout| document.returns_from(rollout))
    };
    let place = active.or_else(done).ok_or_else(|| {
        let last = document
            .rollouts
            .iter()
            .rev()
            .find(|rollout| rollout.state == RolloutState::Done);
        match last {
            Some(rollout) => format!(
                "the release of rollout {} is no longer that of the nodes: something came after it",
                rollout.name
            ),
            None => "there is no rollout to undo".to_owned(),
        }
    })?;
    end(document, place, RolloutState::Undone, by)
}

fn end(
    document: &EnvironmentDoc,
    place: usize,
    state: RolloutState,
    by: Actor<'_>,
) -> Result<Done, String> {
    let mut next = document.clone();
    let reached = document.reached();
    let gone = || "there is no such rollout".to_owned();
    let rollout = next.rollouts.get_mut(place).ok_or_else(gone)?;
    let word = state.word();
    let was_done = document.returns_from(rollout);
    if rollout.state.is_over() && !was_done {
        return Err(format!(
            "rollout {} is over: {}",
            rollout.name,
            rollout.state.word()
        ));
    }
    let went_wrong = rollout.state.is_active() || was_done;
    let has_nodes = rollout.opened() > 0 && went_wrong;
    rollout.state = state;
    // Nodes that have its release are yet to be told.
    rollout.settled = !has_nodes;
    let (name, former) = (rollout.name.clone(), rollout.former.clone());
    let mut what = match &former {
        Some(former) if has_nodes => {
            format!("{word}: nodes get release {} again", former.release.short())
        }
        _ => format!("{word} before any node had its release"),
    };
    rollout.note(by.at, by.who, what.clone());
    if went_wrong {
        for waiting in &mut next.rollouts {
            if waiting.state == (RolloutState::Queued { held: false }) {
                waiting.state = RolloutState::Queued { held: true };
                waiting.note(by.at, by.who, format!("held, since {name} was {word}"));
            }
        }
    }
    if let Some(former) = former.filter(|_| has_nodes) {
        let Former { release, settings } = former;
        if next.release != release {
            next.previous = Some(next.release);
        }
        // Beyond what any node has: it is no step back.
        next.become_current(
            ReleaseChange {
                sequence: reached.saturating_add(1),
                release,
                upload: None,
                at: by.at,
            },
            settings,
        );
    }
    for withdrawn in next.withdraw(&format!("rollout {name} was {word}"), by.at) {
        what.push_str(&format!(
            "; rollout {withdrawn}, that was made from it, is ended too"
        ));
    }
    Ok(Done {
        document: next,
        rollout: name,
        what,
    })
}

/// Pins a node at a release, or at what it has now.
pub fn pin(
    document: &EnvironmentDoc,
    certname: &Certname,
    release: Digest,
    by: Actor<'_>,
) -> EnvironmentDoc {
    let mut next = document.clone();
    let pin = Pin {
        release,
        by: by.who.to_owned(),
        at: by.at,
    };
    next.pins.insert(certname.clone(), pin);
    if let Some(rollout) = next.active_mut() {
        rollout.note(
            by.at,
            by.who,
            format!("pinned {certname} at {}", release.short()),
        );
    }
    next
}

/// Lets a node go with the others again; `None` when it is not pinned.
pub fn unpin(
    document: &EnvironmentDoc,
    certname: &Certname,
    by: Actor<'_>,
) -> Option<EnvironmentDoc> {
    let mut next = document.clone();
    next.pins.remove(certname)?;
    if let Some(rollout) = next.active_mut() {
        rollout.note(by.at, by.who, format!("unpinned {certname}"));
    }
    Some(next)
}

fn change_active(
    document: &EnvironmentDoc,
    change: impl FnOnce(&mut Rollout) -> Result<String, String>,
) -> Result<Done, String> {
    let mut next = document.clone();
    let Some(rollout) = next.active_mut() else {
        return Err("no rollout goes on".to_owned());
    };
    let what = change(rollout)?;
    let name = rollout.name.clone();
    Ok(Done {
        document: next,
        rollout: name,
        what,
    })
}
