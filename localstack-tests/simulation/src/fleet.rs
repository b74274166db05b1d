//! The nodes, and what people pushed for them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bunraku_farm::documents::{Patterns, Prebuilt, UploadKey};
use bunraku_farm::{Certname, Digest, EnvironmentName, PrebuiltName};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::agent::Asking;
use crate::chance::Chance;
use crate::parcel::{self, Change, Parcel};
use crate::site::{self, Site};

/// What is there to be compiled: nodes with their facts, and environments with their code.
#[derive(Debug)]
pub(crate) struct Fleet(Mutex<State>);

#[derive(Debug)]
struct State {
    nodes: Vec<Node>,
    /// The latest code that someone works on.
    sites: BTreeMap<EnvironmentName, Site>,
    /// The code of former pushes.
    former: Vec<Site>,
    pushes: Vec<Push>,
    /// How many catalogs were published.
    published: u32,
    removals: Vec<Removal>,
}

#[derive(Clone, Debug)]
struct Node {
    certname: Certname,
    environment: EnvironmentName,
    role: usize,
    mood: u64,
    uptime: u64,
}

/// A push, once it has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) upload: UploadKey,
    pub(crate) parcel: Parcel,
    pub(crate) at: Timestamp,
}

/// Someone removed an environment, if it was there.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    pub(crate) environment: EnvironmentName,
    pub(crate) before: Timestamp,
}

impl Fleet {
    pub(crate) fn new(
        nodes: usize,
        roles: usize,
        environments: &[EnvironmentName],
        chance: &Chance,
    ) -> Self {
        let node = |number| {
            let certname = Certname::parse(format!("n{number:07}.example.test")).ok()?;
            Some(Node {
                certname,
                environment: environments.get(chance.below(environments.len()))?.clone(),
                role: chance.below(roles),
                mood: 0,
                uptime: 0,
            })
        };
        let sites = environments
            .iter()
            .map(|name| (name.clone(), Site::new(roles)))
            .collect();
        Self(Mutex::new(State {
            nodes: (0..nodes).filter_map(node).collect(),
            sites,
            former: Vec::new(),
            pushes: Vec::new(),
            published: 0,
            removals: Vec::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().nodes.len()
    }

    /// What a node says when it runs now.
    pub(crate) fn asking(&self, number: usize) -> Option<Asking> {
        let mut state = self.lock();
        let node = state.nodes.get_mut(number)?;
        node.uptime += 1;
        Some(Asking {
            certname: node.certname.clone(),
            environment: node.environment.clone(),
            facts: node.facts(),
        })
    }

    /// A node changes: its mood, its role, or the environment it is in.
    pub(crate) fn change_node(&self, number: usize, chance: &Chance) {
        let mut state = self.lock();
        let environments: Vec<EnvironmentName> = state.sites.keys().cloned().collect();
        let roles = state.sites.values().map(|site| site.roles.len()).max();
        let Some(node) = state.nodes.get_mut(number) else {
            return;
        };
        match chance.below(6) {
            0 => node.role = chance.below(roles.unwrap_or(1)),
            1 => {
                if let Some(environment) = environments.get(chance.below(environments.len())) {
                    node.environment = environment.clone();
                }
            }
            _ => node.mood += 1,
        }
    }

    /// Someone changes the code of an environment, for a push: a role, all of them, none; or breaks one,
    /// puts it right, or takes back all that was done since.
    pub(crate) fn change_site(&self, chance: &Chance) -> Option<(EnvironmentName, Site)> {
        let mut state = self.lock();
        let names: Vec<EnvironmentName> = state.sites.keys().cloned().collect();
        let name = names.get(chance.below(names.len()))?.clone();
        let undo = match chance.per_mille(300) {
            true => state.former.get(chance.below(state.former.len())).cloned(),
            false => None,
        };
        let site = state.sites.get_mut(&name)?;
        if let Some(former) = undo {
            *site = former;
        } else {
            change(site, chance);
        }
        let site = site.clone();
        state.former.push(site.clone());
        Some((name, site))
    }

    /// Someone publishes a catalog, or takes one back.
    pub(crate) fn change_catalogs(&self, chance: &Chance) -> Option<Change> {
        let names = ["one", "two", "three"];
        let name = PrebuiltName::parse(*names.get(chance.below(names.len()))?).ok()?;
        if chance.per_mille(300) {
            return Some(Change::Unpublish(name));
        }
        let mut state = self.lock();
        state.published += 1;
        let text = parcel::catalog(&format!("{name} {}", state.published));
        let patterns = [
            "n*",
            "*1.example.test",
            "n000000[2]*",
            "n000000?.example.test",
        ];
        let pattern = *patterns.get(chance.below(patterns.len()))?;
        let mut fact = BTreeMap::new();
        if chance.per_mille(400) {
            let role = format!("role{}", chance.below(3));
            fact.insert("role".to_owned(), Patterns::of(&[role])?);
        }
        let prebuilt = Prebuilt {
            name,
            catalog: Digest::of(&text),
            certname: Patterns::of(&[pattern.to_owned()])?,
            fact,
            template: true,
            by: "somebody".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        Some(Change::Publish(prebuilt, text))
    }

    /// The name of a node.
    pub(crate) fn certname(&self, number: usize) -> Option<Certname> {
        let state = self.lock();
        state.nodes.get(number).map(|node| node.certname.clone())
    }

    /// An upload has arrived in the store.
    pub(crate) fn arrived(&self, upload: UploadKey, parcel: Parcel, at: Timestamp) {
        self.lock().pushes.push(Push { upload, parcel, at });
    }

    /// An environment was removed.
    pub(crate) fn removed(&self, removal: Removal) {
        self.lock().removals.push(removal);
    }

    /// The removals so far.
    pub(crate) fn removals(&self) -> Vec<Removal> {
        self.lock().removals.clone()
    }

    /// One of the environments.
    pub(crate) fn environment(&self, chance: &Chance) -> Option<EnvironmentName> {
        let state = self.lock();
        let number = chance.below(state.sites.len());
        state.sites.keys().nth(number).cloned()
    }

    /// The pushes, in the order in which they arrived.
    pub(crate) fn pushes(&self) -> Vec<Push> {
        self.lock().pushes.clone()
    }
}

impl Node {
    fn facts(&self) -> Map<String, Value> {
        site::facts(self.role, self.mood, self.uptime)
    }
}

fn change(site: &mut Site, chance: &Chance) {
    let number = chance.below(site.roles.len());
    match chance.below(8) {
        0 => site.readme += 1,
        1 => {
            for role in &mut site.roles {
                role.motto += 1;
            }
        }
        2 => {
            if let Some(role) = site.roles.get_mut(number) {
                role.broken = !role.broken;
            }
        }
        _ => {
            if let Some(role) = site.roles.get_mut(number) {
                role.motto += 1;
            }
        }
    }
}
