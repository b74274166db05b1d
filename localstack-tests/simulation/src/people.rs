//! What people do about rollouts: plans, and commands as `bunraku rollout` gives them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::{EnvironmentDoc, SiteSettings};
use bunraku_farm::rollout::command::{self, Actor, Done};
use bunraku_farm::rollout::{Plan, RolloutRequest};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_ingest::Newcomer;
use bunraku_store::StoreError;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::fleet::Fleet;
use crate::process::Process;
use crate::world::World;

/// Who does it.
const WHO: &str = "somebody";

/// What can be done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Pause,
    Resume,
    Abort,
    AbortLast,
    Undo,
    Pin,
    PinFormer,
    Unpin,
    StartFormer,
}

/// How often each is done, in a hundred times.
const ACTS: [(Act, usize); 9] = [
    (Act::Pause, 8),
    (Act::Resume, 30),
    (Act::Abort, 6),
    (Act::AbortLast, 4),
    (Act::Undo, 14),
    (Act::Pin, 10),
    (Act::PinFormer, 8),
    (Act::Unpin, 12),
    (Act::StartFormer, 8),
];

/// A plan that fits into a life of minutes.
pub(crate) fn plan(world: &World) -> Plan {
    let chance = &world.chance;
    let stage = |_| {
        let mut stage = match chance.below(6) {
            0 => json!({ "percent": 1 + chance.below(40) }),
            1 => json!({ "percent": 50 + chance.below(51) }),
            2 => json!({ "certname": ["*0.example.test", "*3.example.test"] }),
            3 => json!({ "fact": { "role": format!("role{}", chance.below(3)) } }),
            4 => json!({ "class": "role*", "percent": 30 }),
            _ => json!({ "fact": { "role": "role[1]" }, "percent": 50 }),
        };
        stage["hold"] = json!(format!("{}s", chance.below(45)));
        stage["by_hand"] = json!(chance.per_mille(150));
        stage
    };
    let stages: Vec<Value> = (0..chance.below(4)).map(stage).collect();
    let pick = |texts: &[&str]| {
        texts
            .get(chance.below(texts.len()))
            .map(ToString::to_string)
    };
    let gate = json!({
        "failed": pick(&["5%", "50%", "100%"]),
        "corrective": pick(&["20%", "100%"]),
        "silent": pick(&["20%", "100%"]),
        "silence": pick(&["0", "30s", "5m"]),
        "errors": pick(&["0", "2", "100%"]),
        "reports": pick(&["0", "0", "1", "50%"]),
    });
    let zone = pick(&["UTC", "Europe/Zurich", "Pacific/Auckland"]).unwrap_or_default();
    let local = |minutes: u64| {
        let rules = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        let ahead = SignedDuration::from_secs(60 * minutes.cast_signed());
        let at = world.now().checked_add(ahead).unwrap_or_default();
        at.to_zoned(rules).datetime()
    };
    let mut plan = json!({ "stages": stages, "gate": gate, "time_zone": zone });
    if chance.per_mille(150) {
        let (from, to) = (local(0), local(chance.between(1, 3)));
        let text = |at: jiff::civil::DateTime| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        plan["freezes"] = json!([{ "from": text(from), "to": text(to), "why": "a test" }]);
    }
    if chance.per_mille(150) {
        let (from, to) = (local(chance.between(0, 2)), local(chance.between(3, 40)));
        let text = |at: jiff::civil::DateTime| at.strftime("%H:%M").to_string();
        plan["windows"] = json!([{ "from": text(from), "to": text(to) }]);
    }
    if chance.per_mille(300) {
        plan["new_nodes"] = json!("new");
    }
    serde_json::from_value(plan).unwrap_or_default()
}

/// Nodes that a rollout is to leave out.
pub(crate) fn pins(world: &World, fleet: &Fleet) -> BTreeMap<Certname, Option<Digest>> {
    let chance = &world.chance;
    let count = if chance.per_mille(200) { 2 } else { 0 };
    let nodes = (0..count).filter_map(|_| fleet.certname(chance.below(fleet.len())));
    nodes.map(|certname| (certname, None)).collect()
}

/// Someone does something, and tries again when the store fails, but not when the own machine does.
pub(crate) async fn act(world: Arc<World>, fleet: Arc<Fleet>, at: Duration) {
    tokio::time::sleep(at).await;
    let Some(environment) = fleet.environment(&world.chance) else {
        return;
    };
    let process = Process::start(&world);
    let mut number = world.chance.below(100);
    let act = ACTS.into_iter().find(|(_, share)| {
        let found = number < *share;
        number = number.saturating_sub(*share);
        found
    });
    let Some((act, _)) = act else { return };
    let person = Person {
        process: &process,
        fleet: &fleet,
        environment,
    };
    tokio::select! {
        () = process.crashed() => {}
        _ = person.does(act) => {}
    }
}

/// Someone who steers an environment's rollouts at the farm's store.
pub(crate) struct Person<'a> {
    pub(crate) process: &'a Arc<Process>,
    pub(crate) fleet: &'a Fleet,
    pub(crate) environment: EnvironmentName,
}

impl Person<'_> {
    /// What does not go is told to the person, who leaves it at that.
    pub(crate) async fn does(&self, act: Act) -> Result<(), StoreError> {
        match act {
            Act::Pause => {
                self.change(|document, by| command::pause(document, "why not", by))
                    .await
            }
            Act::Resume => self.change(command::resume).await,
            Act::Abort => {
                self.change(|document, by| command::abort(document, None, by))
                    .await
            }
            Act::AbortLast => {
                self.change(|document, by| {
                    let last = document
                        .rollouts
                        .last()
                        .map(|rollout| rollout.name.as_str());
                    command::abort(document, last, by)
                })
                .await
            }
            Act::Undo => self.change(command::undo).await,
            Act::Pin => self.pin(false).await,
            Act::PinFormer => self.pin(true).await,
            Act::Unpin => self.unpin().await,
            Act::StartFormer => self.start_former().await,
        }
    }

    fn now(&self) -> Timestamp {
        self.process.now()
    }

    async fn update(
        &self,
        change: impl Fn(&EnvironmentDoc, Actor<'_>) -> Option<EnvironmentDoc> + Send + Sync,
    ) -> Result<(), StoreError> {
        let by = Actor {
            who: WHO,
            at: self.now(),
        };
        let update = |current: Option<&EnvironmentDoc>| {
            let current = current.filter(|document| document.removed_at.is_none())?;
            change(current, by)
        };
        let store = self.process.store();
        store.update_environment(&self.environment, update).await?;
        Ok(())
    }

    async fn change(
        &self,
        change: impl Fn(&EnvironmentDoc, Actor<'_>) -> Result<Done, String> + Send + Sync,
    ) -> Result<(), StoreError> {
        self.update(|document, by| Some(change(document, by).ok()?.document))
            .await
    }

    fn somebody(&self) -> Option<Certname> {
        let chance = &self.process.world.chance;
        self.fleet.certname(chance.below(self.fleet.len()))
    }

    /// A release of the environment's past.
    fn former(&self, document: &EnvironmentDoc) -> Option<Digest> {
        let chance = &self.process.world.chance;
        let number = chance.below(document.history.len());
        document.history.get(number).map(|change| change.release)
    }

    /// Pins a node at what it has, or at a release of the past.
    async fn pin(&self, former: bool) -> Result<(), StoreError> {
        let store = self.process.store();
        let (Some(document), Some(certname)) =
            (store.environment(&self.environment).await?, self.somebody())
        else {
            return Ok(());
        };
        let pointer = store.pointer(&self.environment, &certname).await?;
        let has = document.aim(&certname, pointer.as_ref()).release;
        let release = self.former(&document).filter(|_| former).unwrap_or(has);
        self.update(|document, by| Some(command::pin(document, &certname, release, by)))
            .await
    }

    async fn unpin(&self) -> Result<(), StoreError> {
        let somebody = self.somebody();
        self.update(|document, by| {
            let pinned = document
                .pins
                .keys()
                .find(|it| Some(*it) >= somebody.as_ref());
            command::unpin(document, pinned.or(document.pins.keys().next())?, by)
        })
        .await
    }

    /// Rolls a release of the past out.
    async fn start_former(&self) -> Result<(), StoreError> {
        let store = self.process.store();
        let Some(document) = store.environment(&self.environment).await? else {
            return Ok(());
        };
        let Some(release) = self.former(&document) else {
            return Ok(());
        };
        let newcomer = Newcomer {
            environment: &self.environment,
            release,
            upload: None,
            origin: None,
            settings: SiteSettings::default(),
        };
        let request = RolloutRequest {
            name: None,
            plan: Some(plan(&self.process.world)),
            pins: BTreeMap::new(),
            by: WHO.to_owned(),
        };
        newcomer.enroll(&store, &request, self.now()).await?;
        Ok(())
    }
}
