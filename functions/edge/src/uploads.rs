//! `/bunraku/v1/uploads/ENV/ID.tar.zst`: what users push.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::documents::UploadKey;
use bunraku_store::StoreError;
use hyper::body::Incoming;
use hyper::{Method, StatusCode};
use serde_json::json;

use crate::admin::JSON;
use crate::api::UploadPlace;
use crate::edge::Shared;
use crate::http::body;
use crate::http::call::Call;
use crate::http::reply::{
    Problem, Reply, bad_request, json as json_reply, not_found, status, text,
};
use crate::routes::{only, store_problem};

/// An upload of the largest size may take this long: at 1 MB/s.
const UPLOAD_TIME: Duration = Duration::from_secs(600);

/// Where uploads can be put without passing through the edge, as with presigned requests of a bucket.
#[async_trait]
pub trait UploadPlaces: Debug + Send + Sync {
    /// A place for one upload, good for a while, that takes no other object and replaces none.
    async fn place(&self, upload: &UploadKey) -> Result<UploadPlace, StoreError>;
}

/// Answers an administrator's request.
pub(crate) async fn answer(
    shared: &Shared,
    call: &Call,
    key: &str,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    only(call, &[Method::GET, Method::POST, Method::PUT])?;
    let upload: UploadKey = format!("uploads/{key}")
        .parse()
        .map_err(|error: bunraku_farm::NameError| bad_request(error.to_string()))?;
    match call.method {
        Method::POST => place(shared, &upload).await,
        Method::PUT => put(shared, call, &upload, incoming).await,
        _ => result(shared, &upload).await,
    }
}

/// Where to put an upload: 200 with the place, or 204 for 'here'.
async fn place(shared: &Shared, upload: &UploadKey) -> Result<Reply, Problem> {
    let Some(places) = &shared.services.upload_places else {
        return Ok(status(StatusCode::NO_CONTENT));
    };
    let place = places.place(upload).await;
    let place = place.map_err(|error| store_problem(shared, &error))?;
    tracing::info!(%upload, "a place for an upload was given out");
    Ok(json_reply(JSON, &place))
}

async fn put(
    shared: &Shared,
    call: &Call,
    upload: &UploadKey,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let time = shared.config.body_timeout.max(UPLOAD_TIME);
    let archive = body::read(incoming, shared.config.max_upload, time).await?;
    match shared.farm.store.create_upload(upload, archive).await {
        Ok(_) => {}
        Err(StoreError::AlreadyExists { .. }) => {
            return Err(text(
                StatusCode::CONFLICT,
                "This upload's id was used for something else",
            ));
        }
        Err(error) => return Err(store_problem(shared, &error)),
    }
    tracing::info!(%upload, by = call.certname(), "an upload came in");
    let mut reply = json_reply(JSON, &json!({"upload": upload}));
    *reply.status_mut() = StatusCode::CREATED;
    Ok(reply)
}

/// What came of an upload, or 202 while it is being dealt with.
async fn result(shared: &Shared, upload: &UploadKey) -> Result<Reply, Problem> {
    let failed = |error| store_problem(shared, &error);
    let store = &shared.farm.store;
    if let Some(result) = store.upload_result(upload).await.map_err(failed)? {
        return Ok(json_reply(JSON, &result));
    }
    if store.arrival(upload).await.map_err(failed)?.is_none() {
        return Err(not_found(format!("Could not find {upload}")));
    }
    let mut reply = json_reply(JSON, &json!({"upload": upload}));
    *reply.status_mut() = StatusCode::ACCEPTED;
    Ok(reply)
}
