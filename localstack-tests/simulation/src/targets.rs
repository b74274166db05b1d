//! Where every node has to be in the end.

use std::collections::BTreeMap;

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{EnvironmentDoc, FactsDoc, Pointer};
use bunraku_store::Key;
use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::agent::Asking;
use crate::fleet::{Fleet, Push, Removal};
use crate::objects::Objects;
use crate::site::{self, Site};
use crate::witness::Violation;
use crate::world::World;

/// What is exported, by title.
type Exported = BTreeMap<String, Option<String>>;

/// Looks whether every environment serves what was pushed last, and every node has a catalog of that
/// for its facts of now, or the code's error.
pub(crate) fn check(world: &World, fleet: &Fleet) -> Result<(), Violation> {
    // Pushes are in the order of their arrival: the last one stays.
    let mut last: BTreeMap<EnvironmentName, Push> = fleet
        .pushes()
        .into_iter()
        .map(|push| (push.upload.environment.clone(), push))
        .collect();
    world.look(|objects, _| {
        for (name, push) in &last {
            let document: Option<EnvironmentDoc> = read(objects, &Key::Environment(name.clone()));
            let removals = fleet.removals().into_iter();
            let removals: Vec<Removal> = removals.filter(|it| it.environment == *name).collect();
            let right = document.is_some_and(|document| {
                // What happens at the same time may be in either order.
                match document.removed_at {
                    Some(_) => removals.iter().any(|removal| removal.before >= push.at),
                    None => document.release == push.site.release(),
                }
            });
            if !right {
                return Err(Violation {
                    invariant: "an environment serves what was pushed last",
                    detail: name.to_string(),
                });
            }
        }
        last.retain(|name, _| {
            let document: Option<EnvironmentDoc> = read(objects, &Key::Environment(name.clone()));
            document.is_some_and(|document| document.removed_at.is_none())
        });
        let exported = exported(objects, fleet);
        for number in 0..fleet.len() {
            let Some(asking) = fleet.asking(number) else {
                continue;
            };
            if let Some(push) = last.get(&asking.environment)
                && let Err(detail) = reached(objects, &asking, &push.site, &exported)
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
/// broken, since the exports of their last compile stay, and whose environment is removed, since theirs go when
/// garbage is collected.
fn exported(objects: &Objects, fleet: &Fleet) -> Exported {
    let one = |number| {
        let certname = fleet.asking(number)?.certname;
        let facts: FactsDoc = read(objects, &Key::Facts(certname.clone()))?;
        let pointer: Option<Pointer> = read(objects, &Key::pointer(&facts.environment, &certname));
        let title = format!("from {certname}");
        let Some(pointer) = pointer.filter(|pointer| pointer.failure.is_none()) else {
            return Some((title, None));
        };
        pointer.exports?;
        let (_, mood) = site::said(&catalog(objects, &pointer)?)?;
        Some((title, Some(mood)))
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
    site: &Site,
    exported: &Exported,
) -> Result<(), String> {
    let Asking {
        certname,
        environment,
        facts,
    } = asking;
    let document: EnvironmentDoc =
        read(objects, &Key::Environment(environment.clone())).ok_or("no environment")?;
    let stored: FactsDoc = read(objects, &Key::Facts(certname.clone())).ok_or("no facts")?;
    for name in ["role", "mood"] {
        if stored.values.get(name) != facts.get(name) {
            return Err(format!("the facts stored are others: {:?}", stored.values));
        }
    }
    let pointer: Pointer =
        read(objects, &Key::pointer(environment, certname)).ok_or("no pointer")?;
    // A catalog may hold for facts that it was not compiled for.
    let (at, goal) = (pointer.sequence, document.sequence);
    if at != goal || pointer.facts_generation > stored.generation {
        return Err(format!("its pointer is at {at}, not {goal}"));
    }
    let role = site.role(facts);
    if role.broken {
        return match &pointer.failure {
            Some(_) => Ok(()),
            None => Err("its code is broken, and its pointer does not say so".to_owned()),
        };
    }
    // One of other facts, which the node had meanwhile, says nothing of the catalog that holds for these.
    let failure = pointer.failure.as_ref();
    if let Some(failure) = failure.filter(|it| it.facts_digest == Some(stored.digest)) {
        return Err(format!("its pointer says {}", failure.error));
    }
    let catalog = catalog(objects, &pointer).ok_or("its catalog is not there")?;
    let mood = facts
        .get("mood")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let wanted = (format!("motto {}", role.motto), mood.to_owned());
    let said = site::said(&catalog);
    if said.as_ref() != Some(&wanted) {
        return Err(format!("its catalog says {said:?}, not {wanted:?}"));
    }
    let collected = site::collected(&catalog);
    let collects = facts.get("role").and_then(Value::as_str) == Some(site::COLLECTS);
    let lacks = |(title, mood): (&String, &Option<String>)| {
        mood.is_some() && collected.get(title) != mood.as_ref()
    };
    let strange = collected.keys().any(|title| !exported.contains_key(title));
    if collects && (strange || exported.iter().any(lacks)) {
        return Err(format!("it has collected {collected:?} of {exported:?}"));
    }
    Ok(())
}

fn read<T: DeserializeOwned>(objects: &Objects, key: &Key) -> Option<T> {
    serde_json::from_slice(objects.bytes(&key.to_string())?).ok()
}
