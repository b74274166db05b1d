//! The code of a release as files.

use bunraku_farm::{Digest, EnvironmentName};
use bunraku_store::{Mirror, Store};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::AT_ONCE;
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
    let manifest = store.release_manifest(environment, release).await?;
    stream::iter(&manifest.files)
        .map(|(path, file)| {
            let at = format!("{environmentpath}/{environment}/{path}");
            async move { mirror.write(&at, store.blob(file.digest).await?).await }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(Code {
        environmentpath,
        files: manifest.files.keys().map(ToString::to_string).collect(),
    })
}
