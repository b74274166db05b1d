//! The store that a URL names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Store;
use crate::StoreError;
#[cfg(feature = "azure")]
use crate::backend::AzureUrl;
#[cfg(feature = "gcs")]
use crate::backend::GcsUrl;
use crate::backend::{Files, Objects, S3Url};

impl Store {
    /// Opens `s3://BUCKET[/PREFIX]`, `gs://BUCKET[/PREFIX]`, `az://CONTAINER[/PREFIX]`,
    /// `file:///a/directory`, a plain path, or `memory://`. A directory that is not there is made; a
    /// bucket must be there, which its first use will tell. Region, credentials and endpoint of a
    /// bucket are those of the environment, by the names of its cloud (see README.md). Other schemes
    /// are [`StoreError::Unsupported`]; `gs` and `az` without the feature `gcs` or `azure` are
    /// [`StoreError::Invalid`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        match objects(url).await? {
            Some(objects) => Ok(Self::over(Arc::new(objects))),
            None => Self::open_directory(&directory(url)?).await,
        }
    }

    /// Opens a directory as a store, or makes it.
    pub async fn open_directory(path: &Path) -> Result<Self, StoreError> {
        if path.as_os_str().is_empty() {
            return Err(StoreError::invalid("the store's directory is empty text"));
        }
        let (path, shown): (PathBuf, _) = (path.to_owned(), path.display().to_string());
        let opened = tokio::task::spawn_blocking(move || Files::open(&path)).await;
        match opened {
            Ok(Ok(files)) => Ok(Self::over(Arc::new(files))),
            Ok(Err(error)) => Err(StoreError::unavailable(shown, error)),
            Err(error) => Err(StoreError::unavailable(shown, error)),
        }
    }
}

/// The objects that a URL names; `None` of a directory's.
pub(crate) async fn objects(url: &str) -> Result<Option<Objects>, StoreError> {
    Ok(match url.split_once("://") {
        None | Some(("file", _)) => None,
        Some(("memory", _)) => Some(Objects::memory()),
        Some(("s3", rest)) => Some(S3Url::parse(rest)?.open().await?),
        Some(("gs", rest)) => Some(google(rest)?),
        Some(("az", rest)) => Some(azure(rest)?),
        Some((scheme, _)) => {
            return Err(StoreError::Unsupported {
                scheme: scheme.to_owned(),
            });
        }
    })
}

/// The directory that a path or a `file://` URL names.
pub(crate) fn directory(url: &str) -> Result<PathBuf, StoreError> {
    if !url.contains("://") {
        return Ok(PathBuf::from(url));
    }
    let parsed = url::Url::parse(url).ok();
    parsed
        .and_then(|url| url.to_file_path().ok())
        .ok_or_else(|| StoreError::invalid(format!("{url:?} is no file:// URL of a directory")))
}

#[cfg(feature = "gcs")]
fn google(rest: &str) -> Result<Objects, StoreError> {
    GcsUrl::parse(rest)?.open()
}

#[cfg(not(feature = "gcs"))]
fn google(_rest: &str) -> Result<Objects, StoreError> {
    Err(left_out("Google Cloud Storage", "gcs"))
}

#[cfg(feature = "azure")]
fn azure(rest: &str) -> Result<Objects, StoreError> {
    AzureUrl::parse(rest)?.open()
}

#[cfg(not(feature = "azure"))]
fn azure(_rest: &str) -> Result<Objects, StoreError> {
    Err(left_out("Azure Blob Storage", "azure"))
}

#[cfg(not(all(feature = "gcs", feature = "azure")))]
fn left_out(name: &str, feature: &str) -> StoreError {
    StoreError::invalid(format!(
        "this program was built without stores on {name}: build it with the feature `{feature}`"
    ))
}
