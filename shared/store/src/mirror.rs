//! Files for others than the farm, by path: what `bunraku export` writes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bunraku_farm::documents::ReleaseManifest;
use bunraku_farm::{Digest, EnvironmentName};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::backend::{Backend as _, Objects};
use crate::store::{directory, objects};
use crate::{Store, StoreError};

/// How often a file is written anew that others write at the same time.
const ATTEMPTS: usize = 8;
/// Files of a release that are written at the same time.
const AT_ONCE: usize = 16;

/// A directory, or a part of a bucket, with plain files. A file is there as a whole or not at all; unlike a
/// [`crate::Store`]'s, files are replaced as they come, and on a disk nothing waits until it is safe from a power cut.
#[derive(Debug)]
pub struct Mirror(Place);

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Objects(Objects),
}

impl Mirror {
    /// Opens a directory (a path or `file://`), which the first file makes, or a bucket by any URL that
    /// [`crate::Store::open`] knows.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(objects) = objects(url).await? {
            return Ok(Self(Place::Objects(objects)));
        }
        Ok(Self(Place::Directory(directory(url)?)))
    }

    /// The content of a file; `None` when it is not there. Paths are relative, with `/` between their parts.
    pub async fn read(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        match &self.0 {
            Place::Objects(objects) => Ok(objects.read(path).await?.map(|(bytes, _)| bytes)),
            Place::Directory(directory) => {
                match on_disk(directory, path, |at| std::fs::read(at)).await {
                    Ok(bytes) => Ok(Some(bytes.into())),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(StoreError::unavailable(path, error)),
                }
            }
        }
    }

    /// Writes a file, over what was there.
    pub async fn write(&self, path: &str, bytes: Bytes) -> Result<(), StoreError> {
        match &self.0 {
            Place::Objects(objects) => replace(objects, path, bytes).await,
            Place::Directory(directory) => {
                let written = on_disk(directory, path, move |at| replace_file(at, &bytes)).await;
                written.map_err(|error| StoreError::unavailable(path, error))
            }
        }
    }

    /// Writes the files of a release below the directory `at`, as an environment of Puppet's; answers its manifest.
    pub async fn write_release(
        &self,
        store: &Store,
        environment: &EnvironmentName,
        release: Digest,
        at: &str,
    ) -> Result<ReleaseManifest, StoreError> {
        let manifest = store.release_manifest(environment, release).await?;
        let files = manifest.files.iter();
        let files: Vec<_> = files
            .map(|(path, file)| (format!("{at}/{path}"), file.digest))
            .collect();
        stream::iter(files)
            .map(|(at, digest)| async move { self.write(&at, store.blob(digest).await?).await })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok(manifest)
    }

    /// Removes a file; that it is not there is no error.
    pub async fn remove(&self, path: &str) -> Result<(), StoreError> {
        match &self.0 {
            Place::Objects(objects) => objects.delete(path).await.map(drop),
            Place::Directory(directory) => {
                match on_disk(directory, path, |at| std::fs::remove_file(at)).await {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        Err(StoreError::unavailable(path, error))
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

async fn on_disk<T: Send + 'static>(
    directory: &Path,
    path: &str,
    what: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    let at = directory.join(path);
    let done = tokio::task::spawn_blocking(move || what(&at)).await;
    done.map_err(std::io::Error::other)?
}

fn replace_file(at: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = at.parent().unwrap_or(at);
    std::fs::create_dir_all(directory)?;
    let mut name = at.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = directory.join(name);
    std::fs::write(&new, bytes)?;
    std::fs::rename(&new, at)
}

async fn replace(objects: &Objects, path: &str, bytes: Bytes) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS {
        let there = objects.read(path).await?;
        if there.as_ref().is_some_and(|(content, _)| *content == bytes) {
            return Ok(());
        }
        let version = there.map(|(_, version)| version);
        if objects
            .swap(path, bytes.clone(), version.as_ref())
            .await?
            .is_some()
        {
            return Ok(());
        }
    }
    Err(StoreError::unavailable(
        path,
        "others write it at the same time, again and again",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn files_come_change_and_go(mirror: Mirror) {
        let bytes = |text: &str| Bytes::from(text.to_owned());
        assert_eq!(mirror.read("a/b.json").await.unwrap(), None);
        mirror.remove("a/b.json").await.unwrap();
        mirror.write("a/b.json", bytes("1")).await.unwrap();
        mirror.write("a/b.json", bytes("2")).await.unwrap();
        assert_eq!(mirror.read("a/b.json").await.unwrap(), Some(bytes("2")));
        mirror.remove("a/b.json").await.unwrap();
        assert_eq!(mirror.read("a/b.json").await.unwrap(), None);
    }

    #[tokio::test]
    async fn in_a_directory_files_come_change_and_go_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path().join("new");
        files_come_change_and_go(Mirror::open(at.to_str().unwrap()).await.unwrap()).await;
        let mut left = std::fs::read_dir(at.join("a")).unwrap();
        assert!(left.next().is_none());
    }

    #[tokio::test]
    async fn in_objects_files_come_change_and_go() {
        files_come_change_and_go(Mirror::open("memory://").await.unwrap()).await;
    }
}
