//! One node's catalog as a file.

use bunraku_catalog::wire::{self, Format};
use bunraku_compile::ENVIRONMENTS;
use bunraku_farm::documents::{CatalogRef, Pointer};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Mirror, Store};
use bytes::Bytes;

use super::index::{Index, Node};
use crate::failure::{Failure, Result};

/// What became of a node.
pub(super) struct Made {
    pub(super) certname: Certname,
    /// Its catalog's entry, if it has one.
    pub(super) node: Option<Node>,
    /// Whether its file was written.
    pub(super) written: bool,
    /// Why its last compile failed.
    pub(super) failure: Option<String>,
}

/// Where the files of a catalog's sources are for the node that applies it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) environment: &'a EnvironmentName,
    /// Where the node has this export; if it is not said, its code is where Puppet has it.
    pub(super) at: Option<&'a str>,
}

/// Writes a node's catalog, unless the `former` export has it.
pub(super) async fn export(
    store: &Store,
    pointer: &Pointer,
    former: Option<&Index>,
    place: Place<'_>,
    mirror: &Mirror,
) -> Result<Made> {
    let mut made = Made {
        certname: pointer.certname.clone(),
        node: None,
        written: false,
        failure: pointer
            .failure
            .as_ref()
            .map(|failure| failure.error.clone()),
    };
    let (Some(CatalogRef { digest, .. }), Some(release)) = (pointer.catalog, pointer.release)
    else {
        return Ok(made);
    };
    let kept = former.and_then(|former| former.nodes.get(&made.certname));
    // Another release's files may be elsewhere.
    let kept = kept
        .filter(|node| node.catalog == digest && (place.at.is_none() || node.release == release));
    let (file, sha256, bytes) = match kept {
        Some(node) => (node.file.clone(), node.sha256, node.bytes),
        None => {
            let json = store.catalog_json(digest).await?;
            let json = place
                .put(json, release)
                .map_err(|error| Failure::input(format!("{}: {error}", made.certname)))?;
            let file = format!("catalogs/{}.json", made.certname);
            let written = (file.clone(), Digest::of(&json), json.len() as u64);
            mirror.write(&file, json).await?;
            made.written = true;
            written
        }
    };
    made.node = Some(Node {
        file,
        sha256,
        bytes,
        catalog: digest,
        release,
        compiled_at: pointer.compiled_at,
    });
    Ok(made)
}

impl Place<'_> {
    /// A catalog whose sources name their files where they will be. `puppet apply` reads a file from the path that
    /// its inlined metadata names; without that, it finds no `puppet:///` source of a catalog that it did not compile.
    fn put(self, json: Bytes, release: Digest) -> std::result::Result<Bytes, wire::WireError> {
        let Some(at) = self.at else {
            return Ok(json);
        };
        let mut catalog = wire::from_json(&json)?;
        let there = format!("{ENVIRONMENTS}/{}/", self.environment);
        let here = format!("{at}/code/{release}/{}/", self.environment);
        let trees = catalog.recursive_metadata.values_mut();
        let trees = trees.flat_map(|trees| trees.values_mut().flatten());
        for metadata in catalog.metadata.values_mut().chain(trees) {
            if let Some(path) = metadata.path.strip_prefix(&there) {
                metadata.path = format!("{here}{path}").into();
            }
        }
        Ok(wire::to_json(&catalog, Format::Rich)?.into())
    }
}
