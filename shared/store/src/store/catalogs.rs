//! Catalogs: gzip under the digest of their JSON.

use std::io::{Read, Write};

use bunraku_farm::Digest;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Store, Written};
use crate::{Key, StoreError};

/// No catalog is unpacked to more than this, in bytes.
const MAX_CATALOG: u64 = 512 * 1024 * 1024;

impl Store {
    /// Compresses a catalog's JSON and stores it under the JSON's digest.
    pub async fn put_catalog(&self, json: impl Into<Bytes>) -> Result<Digest, StoreError> {
        let json = json.into();
        let digest = Digest::of(&json);
        let gzip = self.blocking("catalog", move || compress(&json)).await?;
        self.put_catalog_gzip(digest, gzip).await?;
        Ok(digest)
    }

    /// Stores a catalog that is compressed already; `digest` is that of the JSON in it.
    pub async fn put_catalog_gzip(
        &self,
        digest: Digest,
        gzip: impl Into<Bytes>,
    ) -> Result<Written, StoreError> {
        // Another compressor's bytes of the same JSON are as good as these.
        self.create_kept(&Key::Catalog(digest), gzip.into()).await
    }

    /// A catalog as gzip, to be copied to an agent as it is.
    pub async fn catalog_gzip(&self, digest: Digest) -> Result<Bytes, StoreError> {
        self.bytes(&Key::Catalog(digest)).await
    }

    /// A catalog's JSON. [`StoreError::Corrupt`] when it is not what its digest says.
    pub async fn catalog_json(&self, digest: Digest) -> Result<Bytes, StoreError> {
        let key = Key::Catalog(digest);
        let gzip = self.bytes(&key).await?;
        let json = self
            .blocking("catalog", move || decompress(&gzip))
            .await
            .map_err(|error| StoreError::corrupt(&key, error))?;
        if Digest::of(&json) != digest {
            return Err(StoreError::corrupt(key, "its content has another digest"));
        }
        Ok(json)
    }
}

/// gzip with no time and no name in it: the same JSON gives the same bytes.
pub(super) fn compress(json: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::new(6));
    encoder.write_all(json)?;
    encoder.finish().map(Bytes::from)
}

pub(super) fn decompress(gzip: &[u8]) -> std::io::Result<Bytes> {
    let mut json = Vec::new();
    MultiGzDecoder::new(gzip)
        .take(MAX_CATALOG + 1)
        .read_to_end(&mut json)?;
    if json.len() as u64 > MAX_CATALOG {
        return Err(std::io::Error::other("it unpacks to more than 512 MiB"));
    }
    Ok(Bytes::from(json))
}
