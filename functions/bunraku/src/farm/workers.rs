//! The functions behind the edge, each taking its messages from the queue: what `bunraku up` and
//! `bunraku work` have in common.

use std::sync::Arc;
use std::time::Duration;

use bunraku_compile::Compile;
use bunraku_farm::Counters;
use bunraku_farm::messages::{Channel, Lane, Message};
use bunraku_queue::Queue;
use bunraku_store::Store;
use tokio::task::JoinSet;

use super::worker::{self, Stop};
use super::{collections, gatherings, uploads};

/// How long work that is begun may take when a stop is asked for; the rest is given back.
const BOUND: Duration = Duration::from_secs(60);

/// Workers on one store and queue.
pub(crate) struct Workers {
    store: Store,
    queue: Arc<dyn Queue>,
    counters: Arc<Counters>,
    stop: Stop,
    tasks: JoinSet<()>,
}

impl Workers {
    /// None yet.
    pub(crate) fn new(store: Store, queue: Arc<dyn Queue>, counters: Arc<Counters>) -> Self {
        Self {
            store,
            queue,
            counters,
            stop: Stop::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Tells the queue of new uploads, where nobody else does, and of removed nodes; has garbage collected.
    pub(crate) fn announce(&mut self) {
        let (store, queue) = (self.store.clone(), Arc::clone(&self.queue));
        let stop = self.stop.asked();
        self.tasks.spawn(uploads::announce(store, queue, stop));
        let (store, queue) = (self.store.clone(), Arc::clone(&self.queue));
        let stop = self.stop.asked();
        self.tasks.spawn(gatherings::remind(store, queue, stop));
        let (store, stop) = (self.store.clone(), self.stop.asked());
        self.tasks.spawn(collections::collect(store, stop));
    }

    /// Takes uploads in, and plans; each in a worker of its own.
    pub(crate) fn ingest_and_plan(&mut self) {
        let (store, counters) = (&self.store, &self.counters);
        let (queue, stop) = (Arc::clone(&self.queue), self.stop.clone());
        let context =
            bunraku_ingest::Context::new(store.clone(), Arc::clone(&queue), Arc::clone(counters));
        self.tasks.spawn(async move {
            let handle = move |message| {
                let context = context.clone();
                async move {
                    match message {
                        Message::UploadCreated(upload) => {
                            bunraku_ingest::handle(&context, &upload).await
                        }
                        _ => Ok(()),
                    }
                }
            };
            worker::run(queue, &[Channel::Uploads], stop, handle).await;
        });
        let (queue, stop) = (Arc::clone(&self.queue), self.stop.clone());
        let context =
            bunraku_plan::Context::new(store.clone(), Arc::clone(&queue), Arc::clone(counters));
        self.tasks.spawn(async move {
            let handle = move |message| {
                let context = context.clone();
                async move {
                    match message {
                        Message::Plan(task) => bunraku_plan::plan(&context, &task).await,
                        Message::Gather(_) => bunraku_plan::gather(&context).await,
                        Message::Collect(_) => bunraku_plan::collect(&context, None).await,
                        Message::Advance(task) => bunraku_plan::advance(&context, &task).await,
                        _ => Ok(()),
                    }
                }
            };
            worker::run(queue, &[Channel::Plans], stop, handle).await;
        });
    }

    /// Compiles tasks of these lanes, the most urgent first, so many at a time; and one more that an
    /// agent waits for, if all of these are taken by others.
    pub(crate) fn compile(&mut self, lanes: &[Lane], jobs: usize) {
        let mut lanes = lanes.to_vec();
        lanes.sort_unstable();
        lanes.dedup();
        let compile = Compile::new(
            self.store.clone(),
            Arc::clone(&self.queue),
            Arc::clone(&self.counters),
        );
        for _ in 0..jobs {
            self.compile_one(&compile, &lanes);
        }
        if lanes.len() > 1 && lanes.first() == Some(&Lane::Urgent) {
            self.compile_one(&compile, &[Lane::Urgent]);
        }
    }

    fn compile_one(&mut self, compile: &Compile, lanes: &[Lane]) {
        let channels: Vec<Channel> = lanes.iter().copied().map(Channel::Compile).collect();
        let (queue, stop) = (Arc::clone(&self.queue), self.stop.clone());
        let compile = compile.clone();
        self.tasks.spawn(async move {
            let handle = move |message| {
                let compile = compile.clone();
                async move {
                    match message {
                        Message::Compile(task) => compile.handle(&task, None).await.map(|_| ()),
                        _ => Ok(()),
                    }
                }
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
