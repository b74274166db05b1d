//! Earlier versions of an object.

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{DeleteMarkerEntry, MetadataDirective, ObjectVersion as Stored};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{Bucket, code};
use crate::{Key, StoreError};

/// One version of an object in a bucket that keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// S3's name of it; for [`Bucket::restore`].
    pub id: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Its size in bytes; 0 for a deletion.
    pub size: u64,
    /// Whether it is what readers get now.
    pub latest: bool,
    /// Whether the object was deleted then.
    pub deleted: bool,
}

impl Bucket {
    /// All versions of an object that the bucket still has, the newest first.
    pub async fn versions(&self, key: &Key) -> Result<Vec<ObjectVersion>, StoreError> {
        let object = self.object(key);
        let mut found = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_object_versions()
                .bucket(self.name())
                .prefix(&object)
                .set_key_marker(key_marker)
                .set_version_id_marker(id_marker)
                .send()
                .await
                .map_err(|error| self.failed(key, &error))?;
            // Longer names begin alike; they come after all versions of this one.
            let ours = |name: Option<&str>| name == Some(object.as_str());
            let stored = page.versions().iter().filter(|at| ours(at.key()));
            found.extend(stored.map(from_stored));
            let deletions = page.delete_markers().iter().filter(|at| ours(at.key()));
            found.extend(deletions.map(from_deletion));
            let more = page.is_truncated() == Some(true) && ours(page.next_key_marker());
            if !more {
                break;
            }
            key_marker = page.next_key_marker().map(str::to_owned);
            id_marker = page.next_version_id_marker().map(str::to_owned);
        }
        // Of one instant, the latest stands first, and else the order that S3 gave.
        found.sort_by_key(|at| std::cmp::Reverse((at.latest, at.written_at)));
        Ok(found)
    }

    /// Makes an old version of an object the current one, by a copy: whatever was written since
    /// stays among the versions. Unlike all other writes of documents this compares nothing: it is
    /// for people, when the current version is wrong.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such version, or it is a deletion.
    pub async fn restore(&self, key: &Key, version_id: &str) -> Result<(), StoreError> {
        let object = self.object(key);
        let parts: Vec<String> = object.split('/').map(encoded).collect();
        let source = format!(
            "{}/{}?versionId={}",
            self.name(),
            parts.join("/"),
            encoded(version_id)
        );
        let copied = self
            .client
            .copy_object()
            .bucket(self.name())
            .key(&object)
            .copy_source(source)
            // No writer's id comes along; and not every server copies an object onto itself else.
            .metadata_directive(MetadataDirective::Replace)
            .send()
            .await;
        match copied {
            Ok(_) => Ok(()),
            Err(error) => Err(match code(&error) {
                Some(
                    "NoSuchVersion" | "NoSuchKey" | "NotFound" | "InvalidArgument"
                    | "InvalidRequest" | "MethodNotAllowed",
                ) => StoreError::NotFound {
                    key: format!("version {version_id} of {key}"),
                },
                _ => self.failed(key, &error),
            }),
        }
    }
}

impl Bucket {
    /// Removes one version of an object, for good: what was written since stays. Says whether it was
    /// there. A version before it, if the bucket still has one, is what readers get then.
    pub(crate) async fn remove_version(
        &self,
        key: &str,
        version: &str,
    ) -> Result<bool, StoreError> {
        let removed = self
            .client
            .delete_object()
            .bucket(self.name())
            .key(self.object(key))
            .version_id(version)
            .send()
            .await;
        match removed {
            Ok(_) => Ok(true),
            Err(error) if code(&error) == Some("NoSuchVersion") => Ok(false),
            Err(error) => Err(self.failed(key, &error)),
        }
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn from_stored(at: &Stored) -> ObjectVersion {
    ObjectVersion {
        id: at.version_id().unwrap_or_default().to_owned(),
        written_at: timestamp(at.last_modified()),
        size: at
            .size()
            .and_then(|size| u64::try_from(size).ok())
            .unwrap_or(0),
        latest: at.is_latest() == Some(true),
        deleted: false,
    }
}

fn from_deletion(at: &DeleteMarkerEntry) -> ObjectVersion {
    ObjectVersion {
        id: at.version_id().unwrap_or_default().to_owned(),
        written_at: timestamp(at.last_modified()),
        size: 0,
        latest: at.is_latest() == Some(true),
        deleted: true,
    }
}

fn timestamp(at: Option<&DateTime>) -> Timestamp {
    at.and_then(|at| Timestamp::from_nanosecond(at.as_nanos()).ok())
        .unwrap_or_default()
}
