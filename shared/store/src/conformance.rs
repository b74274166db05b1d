//! One suite for every back end; then what only a directory can get wrong.

mod documents;
mod files;
#[cfg(feature = "gcs")]
mod google;
mod objects;
pub(crate) mod server;

use std::fs;
use std::path::Path;

use bunraku_farm::{Certname, EnvironmentName};
use tempfile::TempDir;

use crate::Store;

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

fn node(name: &str) -> Certname {
    Certname::parse(name).unwrap()
}

async fn on_directory() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().to_str().unwrap())
        .await
        .unwrap();
    (directory, store)
}

/// A part of its own in Azurite's container, as the environment says.
#[cfg(feature = "azure")]
async fn on_azurite() -> Store {
    let url = format!("az://conformance/{}/a", uuid::Uuid::new_v4());
    Store::open(&url).await.unwrap()
}

/// All files below a directory, temporary ones and locks too.
fn all_files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Makes a test of each function for memory, for a directory and for each cloud.
macro_rules! conformance {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                async fn check($store: Store) $body

                #[tokio::test(flavor = "multi_thread")]
                async fn in_memory() {
                    check(Store::memory()).await;
                }

                #[tokio::test(flavor = "multi_thread")]
                async fn on_a_directory() {
                    let (_directory, store) = on_directory().await;
                    check(store).await;
                }

                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs an S3 and SQS server: localstack-tests/run"]
                async fn on_s3() {
                    check(server::store().await).await;
                }

                #[cfg(feature = "gcs")]
                #[tokio::test(flavor = "multi_thread")]
                async fn on_google() {
                    check(google::store().await).await;
                }

                #[cfg(feature = "azure")]
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs Azurite: localstack-tests/run azurite"]
                async fn on_azure() {
                    check(on_azurite().await).await;
                }
            }
        )*
    };
}
use conformance;
