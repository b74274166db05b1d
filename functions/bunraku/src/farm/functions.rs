//! The functions behind the edge: ours, or what a site has in their place.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bunraku_compile::{Compile, Own};
use bunraku_farm::Counters;
use bunraku_farm::messages::{Channel, Lane, Message};
use bunraku_host::Program;
use bunraku_queue::Queue;
use bunraku_store::Store;

use super::filter;
use super::substitutes::Substitutes;

/// A function behind the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// Takes uploads in.
    Ingest,
    /// Says what is to be compiled.
    Plan,
    /// Makes catalogs.
    Compile,
}

impl Function {
    const ALL: [Self; 3] = [Self::Ingest, Self::Plan, Self::Compile];

    /// Its name.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Plan => "plan",
            Self::Compile => "compile",
        }
    }

    /// Whose messages a channel carries.
    const fn of(channel: Channel) -> Self {
        match channel {
            Channel::Uploads => Self::Ingest,
            Channel::Plans => Self::Plan,
            Channel::Compile(_) => Self::Compile,
        }
    }

    /// The channels that carry its messages, the most urgent first.
    pub(super) fn channels(self) -> Vec<Channel> {
        match self {
            Self::Ingest => vec![Channel::Uploads],
            Self::Plan => vec![Channel::Plans],
            Self::Compile => Lane::ALL.map(Channel::Compile).to_vec(),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Function {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|function| function.as_str() == text)
            .ok_or_else(|| {
                format!("unknown function {text:?}; functions are ingest, plan and compile")
            })
    }
}

/// The functions of a farm, on one store and queue.
#[derive(Clone)]
pub(crate) struct Functions {
    pub(super) store: Store,
    pub(super) queue: Arc<dyn Queue>,
    ingest: bunraku_ingest::Context,
    plan: bunraku_plan::Context,
    compile: Compile,
    filters: Arc<[(Function, Program)]>,
}

impl Functions {
    /// Ours, but for what `substitutes` names. Their programs get these environment variables.
    pub(crate) fn new(
        store: Store,
        queue: Arc<dyn Queue>,
        counters: Arc<Counters>,
        substitutes: &Substitutes,
        variables: &[(&'static str, String)],
    ) -> Self {
        let informed = |program: Program| {
            let variables = variables.iter();
            variables.fold(program, |program, (name, value)| {
                program.with_variable(name, value)
            })
        };
        let filters = Function::ALL.into_iter().filter_map(|function| {
            let program = substitutes.filter(function)?;
            Some((function, informed(program)))
        });
        let (ours, theirs) = (Arc::clone(&queue), Arc::clone(&counters));
        let compile = match substitutes.compiler() {
            None => Compile::new(store.clone(), ours, theirs),
            Some(program) => {
                let engine = Own::new(informed(program), store.clone());
                Compile::with_engine(Arc::new(engine), store.clone(), ours, theirs)
            }
        };
        Self {
            ingest: bunraku_ingest::Context::new(
                store.clone(),
                Arc::clone(&queue),
                Arc::clone(&counters),
            ),
            plan: bunraku_plan::Context::new(store.clone(), Arc::clone(&queue), counters),
            compile,
            filters: filters.collect(),
            store,
            queue,
        }
    }

    /// Has a message dealt with by whose it is.
    ///
    /// # Errors
    /// When it could not be: it is to come again.
    pub(crate) async fn handle(&self, message: Message) -> anyhow::Result<()> {
        let function = Function::of(message.channel());
        let mut filters = self.filters.iter();
        match filters.find(|(filtered, _)| *filtered == function) {
            None => self.ours(message).await,
            Some((_, program)) => {
                filter::run(program, &message, |next| self.pass(function, next)).await
            }
        }
    }

    /// What the program in front of `function` printed: for ours behind it, or for others.
    async fn pass(&self, function: Function, message: Message) -> anyhow::Result<()> {
        if Function::of(message.channel()) == function {
            return self.ours(message).await;
        }
        Ok(self.queue.send(message).await?)
    }

    async fn ours(&self, message: Message) -> anyhow::Result<()> {
        match message {
            Message::UploadCreated(upload) => bunraku_ingest::handle(&self.ingest, &upload).await?,
            Message::Plan(task) => bunraku_plan::plan(&self.plan, &task).await?,
            Message::Gather(_) => bunraku_plan::gather(&self.plan).await?,
            Message::Collect(_) => bunraku_plan::collect(&self.plan, None).await?,
            Message::Advance(task) => bunraku_plan::advance(&self.plan, &task).await?,
            Message::Compile(task) => drop(self.compile.handle(&task, None).await?),
        }
        Ok(())
    }
}
