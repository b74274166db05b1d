//! `/status/v1`: for load balancers; open to everyone, says nothing of the inside.

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::edge::{Authority, Shared};
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, bytes, json};
use crate::routes::{no_handler, only};

/// Answers `simple` and `services`.
pub(crate) fn answer(shared: &Shared, call: &Call, what: &str) -> Result<Reply, Problem> {
    only(call, &[Method::GET, Method::HEAD])?;
    let stopping = *shared.stopping.borrow();
    let mut reply = match what {
        "simple" => bytes(
            "text/plain;charset=utf-8",
            if stopping { "stopping" } else { "running" },
        ),
        "services" => {
            let service = json!({
                "service_version": env!("CARGO_PKG_VERSION"),
                "service_status_version": 1,
                "detail_level": "info",
                "state": if stopping { "stopping" } else { "running" },
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
    if stopping {
        *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(reply)
}
