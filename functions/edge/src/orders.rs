//! `POST /bunraku/v1/orders/ENV`: what administrators ask besides pushing, of a farm whose store they can't reach.

use std::fmt::Debug;

use async_trait::async_trait;
use bunraku_farm::EnvironmentName;
use bunraku_store::StoreError;
use hyper::StatusCode;
use hyper::body::Incoming;
use serde_json::Value;

use crate::admin::{JSON, read};
use crate::api::{Order, SignedOrder};
use crate::edge::Shared;
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, json as json_reply, text};
use crate::routes::{no_handler, store_problem};

/// How much of what a client says of itself comes into a log.
const SHOWN: usize = 100;

/// What carries out orders.
#[async_trait]
pub trait Administration: Debug + Send + Sync {
    /// Carries an order out; the answer is a document, which depends on the order. `who` is for the log.
    async fn perform(
        &self,
        environment: &EnvironmentName,
        who: &str,
        order: Order,
    ) -> Result<Value, OrderError>;
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// It makes no sense now; in words for the person.
    #[error("{0}")]
    Refused(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has an administrator's order carried out: 200 with the answer, or 409 with the reason why not.
pub(crate) async fn answer(
    shared: &Shared,
    call: &Call,
    environment: &EnvironmentName,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let Some(administration) = &shared.services.administration else {
        return Err(no_handler(&call.path));
    };
    let SignedOrder { by, order } = read(shared, incoming).await?;
    let who = who(&by, call.certname());
    if order.changes() {
        tracing::info!(%environment, who, ?order, "an order came in");
    }
    match administration.perform(environment, &who, order).await {
        Ok(answer) => Ok(json_reply(JSON, &answer)),
        Err(OrderError::Refused(reason)) => Err(text(StatusCode::CONFLICT, reason)),
        Err(OrderError::Store(error)) => Err(store_problem(shared, &error)),
    }
}

/// The person as the client says, and the certificate, which is certain.
fn who(by: &str, certname: &str) -> String {
    let shown: String = by.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    format!("{shown} (certificate {certname})")
}
