//! What administrators ask of a farm besides pushing, done at its store: by the command line over a store, and by an
//! edge for those who have none.

mod published;
mod status;
mod steering;

use async_trait::async_trait;
use bunraku_edge::api::Order;
use bunraku_edge::{Administration, OrderError};
use bunraku_farm::EnvironmentName;
use bunraku_store::{Store, StoreError};
use serde::Serialize;
use serde_json::Value;

pub(crate) use published::Line;
pub(crate) use status::{RolloutView, StageView, View, time};
use steering::Steering;
pub(crate) use steering::{Changed, Pinned, Started, Unpinned};

/// A store that orders are carried out at.
#[derive(Clone, Debug)]
pub(crate) struct AtStore(pub(crate) Store);

#[async_trait]
impl Administration for AtStore {
    async fn perform(
        &self,
        environment: &EnvironmentName,
        who: &str,
        order: Order,
    ) -> Result<Value, OrderError> {
        let (store, name) = (&self.0, environment);
        let steering = Steering { store, name, who };
        match order {
            Order::Status => document(status::view(store, name).await?),
            Order::Published => document(published::lines(store, name).await?),
            Order::Release { named } => document(steering.release(&named).await?.release),
            Order::Start(asked) => document(steering.start(*asked).await?),
            Order::Pause { why } => document(steering.pause(&why).await?),
            Order::Resume => document(steering.resume().await?),
            Order::Abort { name } => document(steering.abort(name.as_deref()).await?),
            Order::Undo => document(steering.undo().await?),
            Order::Pin { nodes } => document(steering.pin(nodes).await?),
            Order::Unpin { nodes } => document(steering.unpin(nodes).await?),
        }
    }
}

fn document(answer: impl Serialize) -> Result<Value, OrderError> {
    let unwritable = |error| StoreError::Invalid {
        reason: format!("the answer can't be written: {error}"),
    };
    Ok(serde_json::to_value(answer).map_err(unwritable)?)
}

fn no_environment(name: &EnvironmentName) -> OrderError {
    OrderError::Refused(format!("there is no environment {name}"))
}
