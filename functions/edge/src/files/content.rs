//! `file_metadata(s)`, `file_content` and `static_file_content`.

use std::io::Write as _;

use bunraku_farm::{Certname, Digest, EnvironmentName};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::StatusCode;
use serde::Serialize;

use super::metadata::FileMetadata;
use super::mount::Target;
use super::options::Options;
use super::tree::SharedTree;
use crate::edge::Shared;
use crate::farm::Listing;
use crate::http::accept::{json_type, takes_bytes, takes_gzip};
use crate::http::call::Call;
use crate::http::reply::{
    Problem, Reply, bytes, gzipped, no_environment, not_acceptable, not_found, server_error, text,
};
use crate::routes::{environment_name, store_problem};

const OCTETS: &str = "application/octet-stream";
/// Bodies smaller than this are not worth compressing.
const LEAST_GZIP: usize = 1024;

/// `GET file_metadata/MOUNT/PATH`
pub(crate) async fn metadata(shared: &Shared, call: &Call, key: &str) -> Result<Reply, Problem> {
    let (_, tree) = tree(shared, call).await?;
    let options = Options::read(&call.query)?;
    let content_type = json_type(&call.headers).ok_or_else(|| not_acceptable(&call.headers))?;
    let missing = || not_found(format!("Could not find file_metadata {key}"));
    let path = Target::parse(key)
        .and_then(|target| target.find(&tree))
        .ok_or_else(missing)?;
    let mut metadata =
        FileMetadata::one(&tree, &shared.config.codedir, &path, &options).ok_or_else(missing)?;
    fill_checksum(shared, &mut metadata, &options).await?;
    respond(call, content_type, to_json(&metadata)?).await
}

/// `GET file_metadatas/MOUNT[/PATH]`
pub(crate) async fn metadatas(shared: &Shared, call: &Call, key: &str) -> Result<Reply, Problem> {
    let (environment, tree) = tree(shared, call).await?;
    let options = Options::read(&call.query)?;
    let content_type = json_type(&call.headers).ok_or_else(|| not_acceptable(&call.headers))?;
    let missing = || {
        not_found(format!(
            "Could not find instances in file_metadata with '{key}'"
        ))
    };
    let target = Target::parse(key).ok_or_else(missing)?;
    let listing = Listing {
        environment,
        release: tree.release,
        target,
        options,
    };
    let gzip = takes_gzip(&call.headers);
    if gzip && let Some(body) = shared.farm.listings.get(&listing) {
        return Ok(gzipped(content_type, body));
    }
    let (options, codedir) = (&listing.options, &shared.config.codedir);
    let mut list = match listing.target.search(&tree).ok_or_else(missing)? {
        Ok(roots) => FileMetadata::many(&tree, codedir, &roots, options)?,
        Err(root) => vec![FileMetadata::bare_root(&tree, codedir, &root, options)],
    };
    for metadata in &mut list {
        fill_checksum(shared, metadata, options).await?;
    }
    let body = to_json(&list)?;
    if gzip && body.len() >= LEAST_GZIP {
        let body = compress(body).await?;
        shared.farm.listings.insert(listing, body.clone());
        return Ok(gzipped(content_type, body));
    }
    Ok(bytes(content_type, body))
}

/// `GET file_content/MOUNT/PATH`
pub(crate) async fn content(shared: &Shared, call: &Call, key: &str) -> Result<Reply, Problem> {
    let (_, tree) = tree(shared, call).await?;
    if !takes_bytes(&call.headers) {
        return Err(not_acceptable(&call.headers));
    }
    let missing = || not_found(format!("Could not find file_content {key}"));
    let path = Target::parse(key)
        .and_then(|target| target.find(&tree))
        .ok_or_else(missing)?;
    send(shared, &tree, &path).await?.ok_or_else(missing)
}

/// `GET static_file_content/PATH?code_id=`: a file of any release, by the path in a catalog's `content_uri`.
pub(crate) async fn static_content(
    shared: &Shared,
    call: &Call,
    key: &str,
) -> Result<Reply, Problem> {
    let (Some(environment), Some(code_id), false) = (
        call.query.get("environment"),
        call.query.get("code_id"),
        key.is_empty(),
    ) else {
        return Err(text(
            StatusCode::BAD_REQUEST,
            "Error: A /static_file_content request requires a non-empty environment, code-id, and file-path parameter.",
        ));
    };
    let environment = environment_name(Some(environment))?;
    let missing = || text(StatusCode::NOT_FOUND, "Not Found");
    if !is_static_path(key) {
        return Err(text(
            StatusCode::FORBIDDEN,
            "Request Denied: A /static_file_content request must be for a file within the files directory of a module.",
        ));
    }
    let release = Digest::parse(code_id).map_err(|_| missing())?;
    let tree = match shared.farm.tree(&environment, release).await {
        Ok(tree) => tree,
        Err(error) if error.is_not_found() => return Err(missing()),
        Err(error) => return Err(store_problem(shared, &error)),
    };
    send(shared, &tree, key).await?.ok_or_else(missing)
}

/// Puppet Server's rule: `DIR/MODULE/files/**`, or `environments/ENV/...` which we don't have.
fn is_static_path(path: &str) -> bool {
    let mut parts = path.split('/');
    let named = parts.next().is_some_and(|part| !part.is_empty())
        && parts.next().is_some_and(|part| !part.is_empty());
    named
        && parts.next() == Some("files")
        && parts.next().is_some()
        && !path.split('/').any(|part| part == "..")
}

async fn send(shared: &Shared, tree: &SharedTree, path: &str) -> Result<Option<Reply>, Problem> {
    let content = shared
        .farm
        .file(tree, path)
        .await
        .map_err(|error| store_problem(shared, &error))?;
    Ok(content.map(|content| {
        shared.counters.files_served.increment();
        bytes(OCTETS, content)
    }))
}

/// The files of the release that the client is to have of the request's environment.
async fn tree(shared: &Shared, call: &Call) -> Result<(EnvironmentName, SharedTree), Problem> {
    let failed = |error| store_problem(shared, &error);
    let name = environment_name(call.query.get("environment"))?;
    let environment = shared
        .farm
        .environment(&name)
        .await
        .map_err(failed)?
        .ok_or_else(|| no_environment(&name))?;
    let release = match Certname::parse(call.certname()) {
        Ok(certname) => {
            let aim = shared.farm.aim(&name, &environment, &certname).await;
            aim.map_err(failed)?.release
        }
        Err(_) => environment.release,
    };
    let tree = shared.farm.tree(&name, release).await.map_err(failed)?;
    Ok((name, tree))
}

async fn fill_checksum(
    shared: &Shared,
    metadata: &mut FileMetadata,
    options: &Options,
) -> Result<(), Problem> {
    if let Some(digest) = metadata.content {
        let value = shared
            .farm
            .checksum(digest, options.checksum_type)
            .await
            .map_err(|error| store_problem(shared, &error))?;
        metadata.checksum = super::metadata::checksum(options.checksum_type.as_str(), &value);
    }
    Ok(())
}

fn to_json(document: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(document)
        .map(Bytes::from)
        .map_err(|error| server_error(error.to_string()))
}

async fn respond(call: &Call, content_type: &'static str, body: Bytes) -> Result<Reply, Problem> {
    if takes_gzip(&call.headers) && body.len() >= LEAST_GZIP {
        return Ok(gzipped(content_type, compress(body).await?));
    }
    Ok(bytes(content_type, body))
}

async fn compress(body: Bytes) -> Result<Bytes, Problem> {
    let work = move || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::new(6));
        encoder.write_all(&body)?;
        encoder.finish()
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(compressed)) => Ok(compressed.into()),
        Ok(Err(_)) | Err(_) => Err(crate::server::internal()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_static_path;

    #[test]
    fn static_content_is_of_files_directories_alone() {
        assert!(is_static_path("modules/ntp/files/ntp.conf"));
        assert!(is_static_path("site/ntp/files/a/b"));
        for path in [
            "modules/ntp/manifests/init.pp",
            "data/common.yaml",
            "modules/ntp/files",
            "/ntp/files/x",
            "modules/ntp/files/../manifests/init.pp",
        ] {
            assert!(!is_static_path(path), "{path}");
        }
    }
}
