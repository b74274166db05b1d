//! Where a push goes: to a store, or through an edge that has one.

use std::collections::BTreeSet;
use std::time::Duration;

use bunraku_edge::api::{Brought, Expected};
use bunraku_farm::documents::{UploadKey, UploadResult};
use bunraku_farm::{Digest, EnvironmentName};
use bunraku_store::Store;
use bytes::Bytes;

use crate::cli::StoreArgs;
use crate::commands::inventory::open_store;
use crate::edge_client::{ClientOptions, EdgeClient};
use crate::failure::Result;

/// How often to look for news in a directory, where looking costs nothing.
const LOOK_NEARBY: Duration = Duration::from_millis(50);
/// How often to look over the network.
const LOOK_AFAR: Duration = Duration::from_secs(1);

/// Where a push goes.
pub(super) enum Target {
    /// A store that this process can write.
    Store(Store),
    /// An edge, with an administrator's certificate.
    Edge(EdgeClient),
}

impl Target {
    /// Opens what `--store` names.
    pub(super) async fn open(store: &str, client: &ClientOptions) -> Result<Self> {
        let url = store.to_owned();
        if url.starts_with("https://") {
            return Ok(Self::Edge(EdgeClient::new(&url, client)?));
        }
        Ok(Self::Store(open_store(&StoreArgs { store: url }).await?))
    }

    /// Those of the contents of a push that are not there.
    pub(super) async fn missing_blobs(
        &self,
        environment: &EnvironmentName,
        digests: BTreeSet<Digest>,
    ) -> Result<BTreeSet<Digest>> {
        Ok(match self {
            Self::Store(store) => store.missing_blobs_of_push(environment, digests).await?,
            Self::Edge(edge) => {
                let digests = digests.into_iter().collect();
                let missing = edge.missing_blobs(environment, digests).await?;
                missing.into_iter().collect()
            }
        })
    }

    /// Puts an upload.
    pub(super) async fn upload(&self, key: &UploadKey, archive: Bytes) -> Result<()> {
        match self {
            Self::Store(store) => {
                store.create_upload(key, archive).await?;
                Ok(())
            }
            Self::Edge(edge) => edge.upload(key, archive).await,
        }
    }

    /// What came of an upload; `None` as long as it is not dealt with.
    pub(super) async fn upload_result(&self, key: &UploadKey) -> Result<Option<UploadResult>> {
        Ok(match self {
            Self::Store(store) => store.upload_result(key).await?,
            Self::Edge(edge) => edge.upload_result(key).await?,
        })
    }

    /// Those of some nodes that were brought to a sequence.
    pub(super) async fn brought(&self, expected: &Expected) -> Result<Vec<Brought>> {
        let brought = match self {
            Self::Store(store) => expected.look(store).await?,
            Self::Edge(edge) => edge.brought(expected).await?,
        };
        Ok(brought.nodes)
    }

    /// How often to look for news.
    pub(super) fn pause(&self) -> Duration {
        match self {
            Self::Store(store) if store.root().is_some() => LOOK_NEARBY,
            _ => LOOK_AFAR,
        }
    }

    /// What to look at when the farm does nothing.
    pub(super) fn advice(&self) -> String {
        match self {
            Self::Store(store) if store.root().is_some() => {
                "is `bunraku up` running on this store?".to_owned()
            }
            Self::Store(_) => {
                "is the farm deployed on this bucket? `bunraku infra doctor` checks it, and what \
                               failed is among its dead letters"
                    .to_owned()
            }
            Self::Edge(edge) => format!(
                "does the farm behind {} run? What failed is among its dead letters; `bunraku infra doctor` checks a \
                 farm on AWS",
                edge.url()
            ),
        }
    }
}
