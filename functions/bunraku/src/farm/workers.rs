//! The functions behind the edge, each taking its messages from the queue: what `bunraku up` and
//! `bunraku work` have in common.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::messages::{Channel, Lane};
use tokio::task::JoinSet;

use super::functions::{Function, Functions};
use super::worker::{self, Stop};
use super::{collections, gatherings, uploads};

/// How long work that is begun may take when a stop is asked for; the rest is given back.
const BOUND: Duration = Duration::from_secs(60);

/// Workers on one store and queue.
pub(crate) struct Workers {
    functions: Functions,
    stop: Stop,
    tasks: JoinSet<()>,
}

impl Workers {
    /// None yet.
    pub(crate) fn new(functions: Functions) -> Self {
        Self {
            functions,
            stop: Stop::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Tells the queue of new uploads, where nobody else does, and of removed nodes; has garbage collected.
    pub(crate) fn announce(&mut self) {
        let Functions { store, queue, .. } = &self.functions;
        let (store, queue) = (store.clone(), Arc::clone(queue));
        let stop = || self.stop.asked();
        let announced = uploads::announce(store.clone(), Arc::clone(&queue), stop());
        self.tasks.spawn(announced);
        let reminded = gatherings::remind(store.clone(), queue, stop());
        self.tasks.spawn(reminded);
        self.tasks.spawn(collections::collect(store, stop()));
    }

    /// Has one worker do all of a function's work.
    pub(crate) fn run(&mut self, function: Function) {
        self.work(function.channels());
    }

    /// Compiles tasks of these lanes, the most urgent first, so many at a time; and one more that an
    /// agent waits for, if all of these are taken by others.
    pub(crate) fn compile(&mut self, lanes: &[Lane], jobs: usize) {
        let mut lanes = lanes.to_vec();
        lanes.sort_unstable();
        lanes.dedup();
        for _ in 0..jobs {
            self.work(lanes.iter().copied().map(Channel::Compile).collect());
        }
        if lanes.len() > 1 && lanes.first() == Some(&Lane::Urgent) {
            self.work(vec![Channel::Compile(Lane::Urgent)]);
        }
    }

    /// A worker that takes one message of these channels after the other.
    fn work(&mut self, channels: Vec<Channel>) {
        let (functions, stop) = (self.functions.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let queue = Arc::clone(&functions.queue);
            let handle = move |message| {
                let functions = functions.clone();
                async move { functions.handle(message).await }
            };
            worker::run(queue, &channels, stop, handle).await;
        });
    }

    /// Takes no more work, finishes what is begun within a bound, and gives the rest back.
    pub(crate) async fn stop(mut self) {
        self.stop.ask();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(BOUND, ended).await.is_err() {
            self.stop.insist();
            while self.tasks.join_next().await.is_some() {}
        }
    }
}

/// Compiles at the same time: what was asked for, or as many as there are processors.
pub(crate) fn jobs(asked: Option<usize>) -> usize {
    asked
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
        .max(1)
}
