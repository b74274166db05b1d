//! `/status/v1`: for load balancers; open to everyone, says nothing of the inside.

use std::time::{Duration, Instant};

use bunraku_farm::EnvironmentName;
use bunraku_store::Store;
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::sync::Mutex;

use crate::edge::{Authority, Shared};
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, bytes, json};
use crate::routes::{no_handler, only};

/// Answers `simple` and `services`; 503 tells an agent with several servers to ask the next.
pub(crate) async fn answer(shared: &Shared, call: &Call, what: &str) -> Result<Reply, Problem> {
    only(call, &[Method::GET, Method::HEAD])?;
    let state = state(shared).await;
    let mut reply = match what {
        "simple" => bytes("text/plain;charset=utf-8", state),
        "services" => {
            let service = json!({
                "service_version": env!("CARGO_PKG_VERSION"),
                "service_status_version": 1,
                "detail_level": "info",
                "state": state,
                "status": {"puppet_version": shared.config.puppet_version},
                "active_alerts": [],
            });
            let document = match shared.authority {
                Authority::Here(_) => json!({"server": service, "ca": service}),
                Authority::Elsewhere(_) => json!({"server": service}),
            };
            json("application/json;charset=utf-8", &document)
        }
        _ => return Err(no_handler(&call.path)),
    };
    if state != RUNNING {
        *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(reply)
}

const RUNNING: &str = "running";

/// One of the states that Puppet Server's `trapperkeeper-status` knows.
async fn state(shared: &Shared) -> &'static str {
    if *shared.stopping.borrow() {
        "stopping"
    } else if shared.store_watch.answers(&shared.farm.store).await {
        RUNNING
    } else {
        "error"
    }
}

/// Whether the store can be reached, asked for when somebody wants to know, and not all the time:
/// load balancers ask often.
#[derive(Debug, Default)]
pub(crate) struct StoreWatch(Mutex<Option<(Instant, bool)>>);

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_secs(5);
/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(2);

impl StoreWatch {
    async fn answers(&self, store: &Store) -> bool {
        let mut last = self.0.lock().await;
        if let Some((_, answers)) = last.filter(|(at, _)| at.elapsed() < BELIEVED) {
            return answers;
        }
        // That there is no such environment is an answer, too.
        let asked = match EnvironmentName::parse("production") {
            Ok(name) => tokio::time::timeout(PATIENCE, store.environment(&name))
                .await
                .ok(),
            Err(_) => None,
        };
        let answers = match asked {
            Some(Err(error)) => !error.is_retryable(),
            Some(Ok(_)) => true,
            None => false,
        };
        *last = Some((Instant::now(), answers));
        answers
    }
}
