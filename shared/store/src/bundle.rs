//! All of a release that a compile usually reads, in one object.
//!
//! [`FORM`], then zstd with a checksum over postcard of the manifest (as JSON, so that it may grow)
//! and the files.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use bunraku_farm::documents::{FileEntry, ReleaseManifest};
use bunraku_farm::{CodePath, Digest};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A release's manifest, and contents of its files by their paths. What a release has besides (see
/// [`Bundle::takes`]) is read from its blob when something asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Every file of the release.
    pub manifest: ReleaseManifest,
    /// The contents that are in the bundle.
    pub files: BTreeMap<CodePath, Bytes>,
}

/// Bytes are not the bundle of the release that they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DamagedBundle {
    /// What is wrong with them.
    pub reason: String,
}

/// What a bundle's bytes begin with.
const FORM: &[u8] = b"bunraku bundle 1\n";
/// What the bytes of earlier bundles, which had no manifest, began with: zstd's own mark.
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// What is compressed.
#[derive(Serialize, Deserialize)]
struct Packed {
    manifest: Bytes,
    files: BTreeMap<CodePath, Bytes>,
}

/// Files up to this size are bundled from `files/` directories, for the `file` function.
const SMALL: u64 = 16 * 1024;
/// No single file above this size is bundled, in bytes.
const LARGE: u64 = 8 * 1024 * 1024;
/// No bundle is unpacked to more than this, in bytes.
const MAX_UNPACKED: u64 = 1024 * 1024 * 1024;

impl Bundle {
    /// Whether a bundle holds the file: code, data and templates always (up to 8 MiB), what lies in
    /// `files/` directories when it is small.
    pub fn takes(path: &str, entry: &FileEntry) -> bool {
        if entry.size > LARGE {
            return false;
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
        let by_kind = matches!(
            extension,
            "pp" | "epp" | "erb" | "yaml" | "yml" | "json" | "conf" | "rb" | "eyaml" | "hocon"
        );
        by_kind || path.split('/').any(|part| part == "templates") || entry.size <= SMALL
    }

    /// The files of `manifest` that its bundle holds.
    pub fn selection(manifest: &ReleaseManifest) -> impl Iterator<Item = (&CodePath, &FileEntry)> {
        manifest
            .files
            .iter()
            .filter(|(path, entry)| Self::takes(path, entry))
    }

    /// The sum of its files' sizes in bytes.
    pub fn size(&self) -> u64 {
        self.files
            .values()
            .fold(0, |sum, bytes| sum.saturating_add(bytes.len() as u64))
    }

    /// Whether each of its files has the digest that the manifest says. [`Bundle::decode`] trusts
    /// its source that far; one who does not asks this.
    pub fn has_right_contents(&self) -> bool {
        self.files.iter().all(|(path, bytes)| {
            let entry = self.manifest.file(path.as_str());
            entry.is_some_and(|entry| entry.digest == Digest::of(bytes))
        })
    }

    /// The object's bytes.
    pub(crate) fn encode(self) -> std::io::Result<Vec<u8>> {
        let packed = Packed {
            manifest: serde_json::to_vec(&self.manifest)?.into(),
            files: self.files,
        };
        let plain = postcard::to_stdvec(&packed).map_err(std::io::Error::other)?;
        let mut encoder = zstd::Encoder::new(FORM.to_vec(), 3)?;
        encoder.include_checksum(true)?;
        encoder.set_pledged_src_size(Some(plain.len() as u64))?;
        encoder.write_all(&plain)?;
        encoder.finish()
    }

    /// Reads the bytes of [`crate::Store::release_bundle_bytes`].
    ///
    /// # Errors
    /// When they are damaged, or another release's: the manifest must have the digest `release`,
    /// and each file the size that the manifest says.
    pub fn decode(bytes: &[u8], release: Digest) -> Result<Self, DamagedBundle> {
        let damaged = |reason: &dyn std::fmt::Display| DamagedBundle {
            reason: reason.to_string(),
        };
        let Some(packed) = bytes.strip_prefix(FORM) else {
            return Err(damaged(&if bytes.starts_with(ZSTD) {
                "it has the form of an earlier version, without the release's manifest: remove \
                 the release and push its code again"
            } else {
                "it is no bundle"
            }));
        };
        let decoder = zstd::Decoder::with_buffer(packed).map_err(|error| damaged(&error))?;
        let mut plain = Vec::new();
        decoder
            .take(MAX_UNPACKED + 1)
            .read_to_end(&mut plain)
            .map_err(|error| damaged(&error))?;
        if plain.len() as u64 > MAX_UNPACKED {
            return Err(damaged(&"it unpacks to more than 1 GiB"));
        }
        let packed: Packed = postcard::from_bytes(&plain).map_err(|error| damaged(&error))?;
        let manifest: ReleaseManifest =
            serde_json::from_slice(&packed.manifest).map_err(|error| damaged(&error))?;
        if manifest.release != release || !manifest.is_consistent() {
            return Err(damaged(&"it is of another release"));
        }
        for (path, content) in &packed.files {
            let size = manifest.file(path.as_str()).map(|entry| entry.size);
            if size != Some(content.len() as u64) {
                return Err(damaged(&format_args!(
                    "{path} is not as long as the release's manifest says"
                )));
            }
        }
        Ok(Self {
            manifest,
            files: packed.files,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(files: &[(&str, &str)]) -> Bundle {
        let files: BTreeMap<CodePath, Bytes> = files
            .iter()
            .map(|(path, text)| {
                (
                    CodePath::parse(*path).unwrap(),
                    Bytes::from((*text).to_owned()),
                )
            })
            .collect();
        let entries = files.iter().map(|(path, bytes)| {
            let entry = FileEntry {
                digest: Digest::of(bytes),
                size: bytes.len() as u64,
                mode: 0o644,
            };
            (path.clone(), entry)
        });
        Bundle {
            manifest: ReleaseManifest::new(entries.collect()),
            files,
        }
    }

    fn site() -> Bundle {
        bundle(&[
            ("manifests/site.pp", "node default { }"),
            ("data/common.yaml", "--- {}"),
        ])
    }

    #[test]
    fn a_bundle_comes_back_as_it_was_and_damage_is_noticed() {
        let (bundle, release) = (site(), site().manifest.release);
        let bytes = bundle.clone().encode().unwrap();
        assert_eq!(Bundle::decode(&bytes, release).unwrap(), bundle);
        assert!(bundle.has_right_contents());
        assert_eq!(bundle.size(), 22);
        assert!(Bundle::decode(&bytes[..bytes.len() - 3], release).is_err());
        assert!(Bundle::decode(b"no bundle", release).is_err());
        for at in FORM.len()..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            let decoded = Bundle::decode(&flipped, release);
            assert!(
                decoded.is_err_and(|error| !error.reason.is_empty()),
                "byte {at}"
            );
        }
    }

    #[test]
    fn a_bundle_is_of_the_release_that_was_asked_for() {
        let bytes = site().encode().unwrap();
        let other = Bundle::decode(&bytes, Digest::of("other")).unwrap_err();
        assert!(other.reason.contains("another release"), "{other}");
        let mut forged = site();
        forged.manifest.release = Digest::of("forged");
        let forged = forged.encode().unwrap();
        assert!(Bundle::decode(&forged, Digest::of("forged")).is_err());
    }

    #[test]
    fn files_are_those_of_the_manifest() {
        let decoded = |change: &dyn Fn(&mut Bundle)| {
            let mut bundle = site();
            change(&mut bundle);
            let bytes = bundle.encode().unwrap();
            Bundle::decode(&bytes, site().manifest.release)
        };
        let path = || CodePath::parse("data/common.yaml").unwrap();
        let longer = decoded(&|bundle| {
            bundle
                .files
                .insert(path(), Bytes::from_static(b"longer than before"));
        });
        assert!(longer.unwrap_err().reason.contains("data/common.yaml"));
        let more = decoded(&|bundle| {
            let more = CodePath::parse("data/more.yaml").unwrap();
            bundle.files.insert(more, Bytes::new());
        });
        assert!(more.is_err());
        let fewer = decoded(&|bundle| {
            bundle.files.remove("data/common.yaml");
        });
        assert_eq!(fewer.unwrap().files.len(), 1);
        let changed = decoded(&|bundle| {
            bundle.files.insert(path(), Bytes::from_static(b"--- []"));
        });
        assert!(!changed.unwrap().has_right_contents());
    }

    #[test]
    fn the_earlier_form_is_named() {
        let plain = postcard::to_stdvec(&site().files).unwrap();
        let bytes = zstd::bulk::compress(&plain, 3).unwrap();
        let error = Bundle::decode(&bytes, site().manifest.release).unwrap_err();
        assert!(error.reason.contains("earlier version"), "{error}");
    }

    #[test]
    fn big_files_for_agents_stay_out() {
        let entry = |size| FileEntry {
            digest: Digest::of(""),
            size,
            mode: 0o644,
        };
        assert!(Bundle::takes("modules/a/files/motd", &entry(100)));
        assert!(!Bundle::takes("modules/a/files/jdk.tar", &entry(SMALL + 1)));
        assert!(Bundle::takes("modules/a/templates/big", &entry(SMALL + 1)));
        assert!(Bundle::takes(
            "modules/a/manifests/init.pp",
            &entry(SMALL + 1)
        ));
        assert!(!Bundle::takes("data/huge.yaml", &entry(LARGE + 1)));
    }
}
