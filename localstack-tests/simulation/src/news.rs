//! What the queue announces of written objects: quick, and not to be relied upon.

use std::sync::Arc;

use async_trait::async_trait;
use bunraku_queue::{Announcements, QueueError};
use tokio::sync::broadcast;

use crate::process::Process;
use crate::weather::Fault;
use crate::world::World;

/// How late news is at most, in milliseconds.
const LATEST: u64 = 3_000;
/// How many keys are kept for a listener that does not keep up.
const KEPT: usize = 64;

/// Who tells, if anybody does.
#[derive(Debug)]
pub(crate) struct News(Option<broadcast::Sender<String>>);

impl News {
    pub(crate) fn new(tells: bool) -> Self {
        Self(tells.then(|| broadcast::Sender::new(KEPT)))
    }

    /// Tells those who listen now: once, twice, late or not at all.
    pub(crate) fn tell(&self, world: &World, key: &str) {
        let Some(sender) = &self.0 else { return };
        let strikes = |fault| world.weather.strikes(fault, &world.chance);
        if strikes(Fault::LostNews) {
            return;
        }
        let times = if strikes(Fault::Duplicate) { 2 } else { 1 };
        let wait = match strikes(Fault::Late) {
            true => world.chance.milliseconds(1, LATEST),
            false => world.chance.milliseconds(0, 20),
        };
        let (sender, key) = (sender.clone(), key.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            for _ in 0..times {
                // That nobody listens is no error.
                let _ = sender.send(key.clone());
            }
        });
    }

    /// Listens from now on.
    pub(crate) fn listen(&self, process: &Arc<Process>) -> Option<Box<dyn Announcements>> {
        let heard = self.0.as_ref()?.subscribe();
        let process = Arc::clone(process);
        Some(Box::new(Listening { process, heard }))
    }
}

/// One process that listens.
#[derive(Debug)]
struct Listening {
    process: Arc<Process>,
    heard: broadcast::Receiver<String>,
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<Vec<String>, QueueError> {
        let World {
            weather, chance, ..
        } = &*self.process.world;
        let missed = |reason: String| QueueError::Unavailable { reason };
        let key = self.heard.recv().await;
        if weather.strikes(Fault::Throttled, chance) {
            return Err(missed("the connection broke".to_owned()));
        }
        key.map(|key| vec![key])
            .map_err(|error| missed(error.to_string()))
    }

    async fn close(self: Box<Self>) -> Result<(), QueueError> {
        Ok(())
    }
}
