//! Where every node has to be in the end.

mod uploads;

use std::collections::{BTreeMap, BTreeSet};

use bunraku_farm::documents::{EnvironmentDoc, ExchangeDoc, FactsDoc, Pointer};
use bunraku_store::Key;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::agent::Asking;
use crate::code::{Code, Expected};
use crate::fleet::{Fleet, Push};
use crate::objects::Objects;
use crate::scenario::Scenario;
use crate::site;
use crate::witness::{Violation, Witness};
use crate::world::World;
use uploads::Uploads;

/// What is exported, by title.
type Exported = BTreeMap<String, Option<String>>;

/// Looks whether every environment serves what was pushed last, and every node has a catalog of that
/// for its facts of now, or the code's error.
pub(crate) fn check(scenario: &Scenario, world: &World, fleet: &Fleet) -> Result<(), Violation> {
    let pushes = fleet.pushes();
    let names: BTreeSet<_> = pushes.iter().map(|push| &push.upload.environment).collect();
    world.look(|objects, witness| {
        for name in names {
            let of_name = |push: &&Push| push.upload.environment == *name;
            let uploads = Uploads {
                objects,
                name,
                pushes: pushes.iter().filter(of_name).collect(),
                removals: fleet.removals(),
                staged: scenario.staged,
            };
            uploads.check().map_err(|detail| Violation {
                invariant: "an environment serves what was pushed last",
                detail: format!("{name}: {detail}"),
            })?;
        }
        let exported = exported(objects, witness, fleet);
        for number in 0..fleet.len() {
            let Some(asking) = fleet.asking(number) else {
                continue;
            };
            let key = Key::Environment(asking.environment.clone());
            let document = objects.document::<EnvironmentDoc>(&key);
            if let Some(document) = document.filter(|document| document.removed_at.is_none())
                && let Err(detail) = reached(objects, &asking, &document, &exported)
            {
                return Err(Violation {
                    invariant: "every node ends at its target",
                    detail: format!("{} in {}: {detail}", asking.certname, asking.environment),
                });
            }
        }
        Ok(())
    })
}

/// What the nodes' catalogs export, by title; `None` of nodes that may or may not: whose code is
/// broken, since the exports of their last compile stay, whose environment is removed, since theirs go when
/// garbage is collected, and whose exports are those of an attempt that was cut off before its pointer.
fn exported(objects: &Objects, witness: &Witness, fleet: &Fleet) -> Exported {
    let one = |number| {
        let certname = fleet.asking(number)?.certname;
        let facts: FactsDoc = objects.document(&Key::Facts(certname.clone()))?;
        let pointer: Option<Pointer> =
            objects.document(&Key::pointer(&facts.environment, &certname));
        let title = format!("from {certname}");
        let written: Option<ExchangeDoc> =
            objects.document(&Key::exchange(&facts.environment, &certname));
        let was_cut_off = written.is_some_and(|written| {
            let position = (written.sequence, written.facts_generation);
            !witness.was_at(&facts.environment, &certname, position)
        });
        if was_cut_off {
            return Some((title, None));
        }
        let Some(pointer) = pointer.filter(|pointer| pointer.failure.is_none()) else {
            return Some((title, None));
        };
        pointer.exports?;
        let said = site::said(&catalog(objects, &pointer)?)?;
        Some((title, Some(said.mood)))
    };
    (0..fleet.len()).filter_map(one).collect()
}

fn catalog(objects: &Objects, pointer: &Pointer) -> Option<Value> {
    let key = Key::Catalog(pointer.catalog?.digest).to_string();
    serde_json::from_reader(GzDecoder::new(objects.bytes(&key)?.as_ref())).ok()
}

fn reached(
    objects: &Objects,
    asking: &Asking,
    document: &EnvironmentDoc,
    exported: &Exported,
) -> Result<(), String> {
    let Asking {
        certname,
        environment,
        facts,
    } = asking;
    let stored: FactsDoc = objects
        .document(&Key::Facts(certname.clone()))
        .ok_or("no facts")?;
    for name in ["role", "mood"] {
        if stored.values.get(name) != facts.get(name) {
            return Err(format!("the facts stored are others: {:?}", stored.values));
        }
    }
    let pointer: Pointer = objects
        .document(&Key::pointer(environment, certname))
        .ok_or("no pointer")?;
    // A catalog may hold for facts that it was not compiled for.
    let (at, goal) = (pointer.sequence, document.sequence);
    if at != goal || pointer.facts_generation > stored.generation {
        return Err(format!("its pointer is at {at}, not {goal}"));
    }
    // No rollout goes on.
    let pin = document.pins.get(certname);
    let release = pin.map_or(document.release, |pin| pin.release);
    let code = Code::read(objects, environment, release).ok_or("its release is not there")?;
    // A node that was pinned to what it had may have that aside.
    let pointer = pointer.of_release(release);
    let wanted = match code.expected(certname, facts) {
        Expected::Says(wanted) => wanted,
        Expected::Broken => {
            return match &pointer.failure {
                Some(_) => Ok(()),
                None => Err("its code is broken, and its pointer does not say so".to_owned()),
            };
        }
    };
    // One of other facts, which the node had meanwhile, says nothing of the catalog that holds for these.
    let failure = pointer.failure.as_ref();
    if let Some(failure) = failure.filter(|it| it.facts_digest == Some(stored.digest)) {
        return Err(format!("its pointer says {}", failure.error));
    }
    let catalog = catalog(objects, pointer).ok_or("its catalog is not there")?;
    let said = site::said(&catalog);
    if said.as_ref() != Some(&wanted) {
        return Err(format!("its catalog says {said:?}, not {wanted:?}"));
    }
    let collected = site::collected(&catalog);
    let collects = facts.get("role").and_then(Value::as_str) == Some(site::COLLECTS);
    // What is published collects nothing.
    let is_published = wanted.mood == certname.as_str();
    let lacks = |(title, mood): (&String, &Option<String>)| {
        mood.is_some() && collected.get(title) != mood.as_ref()
    };
    let strange = collected.keys().any(|title| !exported.contains_key(title));
    if collects && !is_published && (strange || exported.iter().any(lacks)) {
        return Err(format!("it has collected {collected:?} of {exported:?}"));
    }
    Ok(())
}
