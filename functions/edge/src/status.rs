//! `/status/v1`: for load balancers; open to everyone, says nothing of the inside.

use hyper::Method;
use serde_json::json;

use crate::edge::Shared;
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, bytes, json};
use crate::routes::{no_handler, only};

/// Answers `simple` and `services`.
pub(crate) fn answer(shared: &Shared, call: &Call, what: &str) -> Result<Reply, Problem> {
    only(call, &[Method::GET, Method::HEAD])?;
    match what {
        "simple" => Ok(bytes("text/plain;charset=utf-8", "running")),
        "services" => {
            let service = json!({
                "service_version": env!("CARGO_PKG_VERSION"),
                "service_status_version": 1,
                "detail_level": "info",
                "state": "running",
                "status": {"puppet_version": shared.config.puppet_version},
                "active_alerts": [],
            });
            let document = json!({"server": service, "ca": service});
            Ok(json("application/json;charset=utf-8", &document))
        }
        _ => Err(no_handler(&call.path)),
    }
}
