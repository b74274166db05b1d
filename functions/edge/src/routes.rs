//! Which request goes where, and who may make it: Puppet Server's stock `auth.conf`, in code.

use bunraku_farm::{Certname, EnvironmentName};
use bunraku_store::StoreError;
use hyper::body::Incoming;
use hyper::{Method, StatusCode};

use crate::edge::Shared;
use crate::http::call::{Call, split_path};
use crate::http::reply::{
    IssueKind, Problem, Reply, bad_request, busy, issue, no_method, server_error, text,
};
use crate::{admin, bucket, ca, catalog, files, node, report, status, watching};

/// Answers a request.
pub(crate) async fn answer(
    shared: &Shared,
    call: Call,
    raw_query: &str,
    body: Incoming,
) -> Result<Reply, Problem> {
    let Some((parts, key)) = split_path(&call.path, 3) else {
        return Err(if call.identity.is_some() {
            bad_request("The path is not valid UTF-8")
        } else {
            forbidden(&call)
        });
    };
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["puppet-ca", "v1", indirection] => ca::answer(shared, call, indirection, key, body).await,
        ["status", "v1", what] => status::answer(shared, &call, what).await,
        // All else is for those who have a certificate.
        _ if call.identity.is_none() => Err(forbidden(&call)),
        ["puppet", "v3", indirection] => {
            puppet(
                shared,
                call,
                raw_query,
                indirection,
                key.unwrap_or_default(),
                body,
            )
            .await
        }
        ["bunraku", "v1", "watch"] if key.is_none() => watching::request::watch(shared, call).await,
        ["bunraku", "v1", what] => {
            if !is_admin(shared, &call) {
                return Err(forbidden(&call));
            }
            admin::answer(shared, call, what, key, body).await
        }
        _ => Err(no_handler(&call.path)),
    }
}

async fn puppet(
    shared: &Shared,
    call: Call,
    raw_query: &str,
    indirection: &str,
    key: String,
    body: Incoming,
) -> Result<Reply, Problem> {
    match (indirection, call.method.as_str()) {
        ("catalog", "GET" | "POST") => {
            let name = own_name(&call, &key)?;
            catalog::handler::catalog(shared, call, raw_query.as_bytes(), name, body).await
        }
        ("node", "GET") => node::node(shared, &call, own_name(&call, &key)?).await,
        ("facts", "PUT") => {
            let name = own_name(&call, &key)?;
            report::facts(shared, &call, name, body).await
        }
        ("report", "PUT") => {
            let name = own_name(&call, &key)?;
            report::report(shared, &call, name, body).await
        }
        ("file_metadata", "GET") => files::content::metadata(shared, &call, &key).await,
        ("file_metadatas", "GET") => files::content::metadatas(shared, &call, &key).await,
        ("file_content", "GET") => files::content::content(shared, &call, &key).await,
        ("static_file_content", "GET") => files::content::static_content(shared, &call, &key).await,
        ("file_bucket_file", "GET" | "HEAD" | "PUT") => {
            bucket::answer(shared, &call, &key, body).await
        }
        ("environments", "GET") => node::environments(shared).await,
        (
            "catalog"
            | "node"
            | "facts"
            | "report"
            | "file_metadata"
            | "file_metadatas"
            | "file_content"
            | "static_file_content"
            | "file_bucket_file"
            | "environments",
            _,
        ) => Err(no_method(&call.method)),
        _ => Err(issue(
            StatusCode::NOT_FOUND,
            format!(
                "Could not find indirection '{}'",
                indirection.escape_debug()
            ),
            IssueKind::HandlerNotFound,
        )),
    }
}

/// The name in the path, which must be the client's own: nobody gets another node's data.
fn own_name(call: &Call, key: &str) -> Result<Certname, Problem> {
    let name = Certname::parse(key).map_err(|_| forbidden(call))?;
    if name.as_str() == call.certname() {
        Ok(name)
    } else {
        Err(forbidden(call))
    }
}

/// Whether the client may administer the farm.
pub(crate) fn is_admin(shared: &Shared, call: &Call) -> bool {
    call.identity.as_ref().is_some_and(|identity| {
        identity.is_admin() || shared.config.admins.contains(&identity.certname)
    })
}

/// 403 in Puppet Server's words.
pub(crate) fn forbidden(call: &Call) -> Problem {
    let path: String = call.path.chars().take(1024).collect();
    text(
        StatusCode::FORBIDDEN,
        format!(
            "Forbidden request: {path} (method :{}). Please see the server logs for details.",
            call.method.as_str().to_ascii_lowercase()
        ),
    )
}

/// 404 of a path that leads nowhere.
pub(crate) fn no_handler(path: &str) -> Problem {
    let path: String = path.chars().take(1024).collect();
    issue(
        StatusCode::NOT_FOUND,
        format!("No route for {path}"),
        IssueKind::HandlerNotFound,
    )
}

/// The environment of a request, checked as the reference does.
pub(crate) fn environment_name(name: Option<&str>) -> Result<EnvironmentName, Problem> {
    let name = name.ok_or_else(|| bad_request("An environment parameter must be specified"))?;
    EnvironmentName::parse(name).map_err(|_| {
        let shown: String = name.chars().take(100).collect();
        bad_request(format!(
            "The environment must be purely alphanumeric, not '{}'",
            shown.escape_debug()
        ))
    })
}

/// What a failure of the store means for a client.
pub(crate) fn store_problem(shared: &Shared, error: &StoreError) -> Problem {
    tracing::error!(%error, "the store failed");
    if error.is_retryable() {
        unavailable(shared)
    } else {
        server_error("The farm's store does not have what it should; see the server's log")
    }
}

/// 503: try again.
pub(crate) fn unavailable(shared: &Shared) -> Problem {
    shared.farm_counters.requests_shed.increment();
    busy(&shared.config.retry_after)
}

/// Allows only the methods of a resource.
pub(crate) fn only(call: &Call, methods: &[Method]) -> Result<(), Problem> {
    if methods.contains(&call.method) {
        Ok(())
    } else {
        Err(no_method(&call.method))
    }
}
