//! The code of a release as files.

use bunraku_farm::{Digest, EnvironmentName};
use bunraku_store::{Mirror, Store};

use super::index::Code;
use crate::failure::Result;

/// Writes the files of a release, as an environment of Puppet's.
pub(super) async fn write(
    store: &Store,
    environment: &EnvironmentName,
    release: Digest,
    mirror: &Mirror,
) -> Result<Code> {
    let environmentpath = format!("code/{release}");
    let at = format!("{environmentpath}/{environment}");
    let manifest = mirror
        .write_release(store, environment, release, &at)
        .await?;
    Ok(Code {
        environmentpath,
        files: manifest.files.keys().map(ToString::to_string).collect(),
    })
}
