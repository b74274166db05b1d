//! Where administrators' orders go: to a store, or through an edge that has one.

use bunraku_edge::api::{Order, SignedOrder};
use bunraku_edge::{Administration as _, OrderError};
use bunraku_farm::EnvironmentName;
use serde::de::DeserializeOwned;

use super::inventory::open_store;
use crate::administration::AtStore;
use crate::cli::StoreArgs;
use crate::edge_client::{ClientOptions, EdgeClient};
use crate::failure::{Failure, Result};

/// Where orders about an environment go, and who gives them.
pub(super) struct Desk {
    environment: EnvironmentName,
    by: String,
    place: Place,
}

enum Place {
    /// A store that this process can write.
    Store(AtStore),
    /// An edge, with an administrator's certificate.
    Edge(EdgeClient),
}

impl Desk {
    /// Opens what `--store` names.
    pub(super) async fn open(
        store: &str,
        environment: &str,
        client: &ClientOptions,
    ) -> Result<Self> {
        let url = store.to_owned();
        Ok(Self {
            environment: EnvironmentName::parse(environment)?,
            by: super::rollout::who(),
            place: match url.starts_with("https://") {
                true => Place::Edge(EdgeClient::new(&url, client)?),
                false => Place::Store(AtStore(open_store(&StoreArgs { store: url }).await?)),
            },
        })
    }

    /// Has an order carried out.
    pub(super) async fn order<T: DeserializeOwned>(&self, order: Order) -> Result<T> {
        let (environment, by) = (&self.environment, &self.by);
        let store = match &self.place {
            Place::Store(store) => store,
            Place::Edge(edge) => {
                let by = by.clone();
                return edge.order(environment, &SignedOrder { by, order }).await;
            }
        };
        match store.perform(environment, by, order).await {
            Ok(answer) => serde_json::from_value(answer).map_err(Failure::input),
            Err(OrderError::Refused(reason)) => Err(Failure::input(reason)),
            Err(OrderError::Store(error)) => Err(error.into()),
        }
    }
}
