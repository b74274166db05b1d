//! How a fleet comes to rest, once the weather is good.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::Certname;
use bunraku_farm::documents::EnvironmentDoc;
use bunraku_farm::messages::{GatherTask, Message, UploadCreated};
use bunraku_farm::rollout::RolloutState;
use bunraku_farm::rollout::advance::{Action, Seen, Wait, next};
use bunraku_store::Key;
use tokio::task::JoinSet;

use crate::agent::{self, Answer};
use crate::events::environments;
use crate::fleet::Fleet;
use crate::people::{Act, Person};
use crate::process::{GRACE, Process};
use crate::witness::Violation;
use crate::world::World;

/// How long it takes at most until nothing is left to do, once the weather is good.
pub(crate) const SETTLING: Duration = Duration::from_secs(1800);
/// How much longer where releases come stage by stage.
const STAGES: Duration = Duration::from_secs(3600);
/// How often someone looks.
const LOOK: Duration = Duration::from_secs(5);
/// How often agents run meanwhile, while a rollout goes on: so many looks.
const RUNS: u32 = 12;
/// How often people let a rollout go on that is paused again and again.
const PATIENCE: u32 = 3;

/// A fleet that comes to rest.
pub(crate) struct Settling<'a> {
    pub(crate) world: &'a Arc<World>,
    pub(crate) fleet: &'a Fleet,
}

impl Settling<'_> {
    /// Waits until nothing is left to do, as people and reminders see to it.
    pub(crate) async fn settle(&self) -> Result<(), Violation> {
        let world = self.world;
        let begin = world.elapsed();
        let queue = Process::start(world).queue();
        let send = async |message: Message| {
            let sent = queue.send(message).await;
            sent.map_err(|error| trouble(&error))
        };
        send(GatherTask {}.into()).await?;
        let mut looks = 0;
        loop {
            let store = Process::start(world).store();
            let waiting = store.waiting_uploads().await;
            let waiting = waiting.map_err(|error| trouble(&error))?;
            let dead = queue.redrive(None).await.map_err(|error| trouble(&error))?;
            let depths = queue.depths().await.map_err(|error| trouble(&error))?;
            let open: usize = depths.values().map(bunraku_queue::Depth::open).sum();
            let rollouts = self.rollouts();
            if waiting.is_empty() && dead == 0 && open == 0 && rollouts.is_empty() {
                return Ok(());
            }
            let long = if looks < RUNS {
                SETTLING
            } else {
                SETTLING + STAGES
            };
            if world.elapsed() - begin > long {
                let rollouts: Vec<_> = rollouts.iter().map(|it| &it.rollouts).collect();
                return Err(Violation {
                    invariant: "the farm comes to rest",
                    detail: format!("{depths:?}, {} uploads wait, {rollouts:?}", waiting.len()),
                });
            }
            if open == 0 {
                for key in waiting {
                    send(UploadCreated { key }.into()).await?;
                }
            }
            if !rollouts.is_empty() {
                looks += 1;
                self.see_to_rollouts().await?;
                if looks % RUNS == 0 {
                    self.everybody_runs(SETTLING).await?;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The environments where rollouts are to go on.
    fn rollouts(&self) -> Vec<EnvironmentDoc> {
        let names = environments(self.world).into_iter();
        let documents = names.filter_map(|name| {
            let key = Key::Environment(name);
            self.world
                .look(|objects, _| objects.document::<EnvironmentDoc>(&key))
        });
        documents.filter(EnvironmentDoc::has_rollouts).collect()
    }

    /// What waits for a person is let go on, or taken back when that was done too often, or would take too long.
    async fn see_to_rollouts(&self) -> Result<(), Violation> {
        let world = self.world;
        for environment in environments(world) {
            let key = Key::Environment(environment.clone());
            let document = world.look(|objects, _| objects.document::<EnvironmentDoc>(&key));
            let Some(document) = document.filter(EnvironmentDoc::has_rollouts) else {
                continue;
            };
            let resumed = |rollout: &bunraku_farm::rollout::Rollout| {
                let lines = rollout.log.iter();
                lines.filter(|line| line.what == "resumed").count()
            };
            let tired = document
                .rollout()
                .is_some_and(|it| resumed(it) >= PATIENCE as usize);
            let act = match next(&document, world.now(), &Seen::default()) {
                Action::Wait(Wait::Resume) if tired => Act::Undo,
                Action::Wait(Wait::Resume | Wait::Release | Wait::Hand) => Act::Resume,
                _ if is_held_up(&document, world) => Act::Abort,
                _ => match document.rollout().map(|rollout| &rollout.state) {
                    // It is looked at what comes before that.
                    Some(RolloutState::Running) if waits_for_hand(&document) => Act::Resume,
                    _ => continue,
                },
            };
            let process = Process::start(world);
            let person = Person {
                process: &process,
                fleet: self.fleet,
                environment,
            };
            let done = person.does(act).await;
            done.map_err(|error| trouble(&error))?;
        }
        Ok(())
    }

    /// Each agent runs once more, as it does every half hour: it must get an answer.
    pub(crate) async fn everybody_runs(&self, patience: Duration) -> Result<(), Violation> {
        let mut runs = JoinSet::new();
        for number in 0..self.fleet.len() {
            let Some(asking) = self.fleet.asking(number) else {
                continue;
            };
            let process = Process::start(self.world);
            runs.spawn(async move {
                let certname = asking.certname.clone();
                let answer = agent::run_and_report(&process, asking, patience).await;
                (certname, answer)
            });
        }
        while let Some(run) = runs.join_next().await {
            let Ok((certname, answer)) = run else {
                continue;
            };
            if let Err(detail) = answered(&certname, answer) {
                return Err(Violation {
                    invariant: "every agent is answered",
                    detail,
                });
            }
        }
        Ok(())
    }

    /// Garbage is collected when all of it is old: nothing may be left of it.
    pub(crate) async fn collect(&self) -> Result<(), Violation> {
        // Pointers of a removed environment go first, and what they named after them.
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(2 * GRACE)).await;
            let store = Process::start(self.world).store();
            let collected = store.collect_garbage(false).await;
            collected.map_err(|error| trouble(&error))?;
        }
        let left = self
            .world
            .look(|objects, witness| witness.unreferenced(objects));
        match left {
            None => Ok(()),
            Some(key) => Err(Violation {
                invariant: "nothing that nobody refers to is kept for ever",
                detail: key,
            }),
        }
    }
}

/// Whether the next stage waits for a person.
fn waits_for_hand(document: &EnvironmentDoc) -> bool {
    let coming = document
        .rollout()
        .and_then(|rollout| rollout.stages.get(rollout.opened()));
    coming.is_some_and(|stage| stage.plan.by_hand && !stage.approved)
}

/// Whether the calendar lets nothing open for a long time.
fn is_held_up(document: &EnvironmentDoc, world: &World) -> bool {
    let now = world.now();
    let soon = now.checked_add(Duration::from_secs(600)).unwrap_or(now);
    let running = document
        .rollout()
        .filter(|rollout| rollout.state == RolloutState::Running);
    running.is_some_and(|rollout| {
        rollout.opened() < rollout.stages.len()
            && !rollout.plan.is_open(now)
            && rollout
                .plan
                .next_opening(now)
                .is_none_or(|opening| opening > soon)
    })
}

fn trouble(error: &dyn std::fmt::Display) -> Violation {
    Violation {
        invariant: "in good weather everything works",
        detail: error.to_string(),
    }
}

fn answered(certname: &Certname, answer: Result<Answer, agent::Trouble>) -> Result<(), String> {
    match answer {
        Ok(Answer::Catalog(_) | Answer::Failed | Answer::NoEnvironment) => Ok(()),
        Ok(Answer::Later) => Err(format!("{certname} waited for nothing")),
        Err(error) => Err(format!("{certname}: {error}")),
    }
}
