//! All of a release that a compile usually reads, in one object: zstd over postcard.

use std::collections::BTreeMap;

use bunraku_farm::CodePath;
use bunraku_farm::documents::{FileEntry, ReleaseManifest};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Contents of files by their paths. What a release has besides (see [`Bundle::takes`]) is read from
/// its blob when something asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The files.
    pub files: BTreeMap<CodePath, Bytes>,
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

    /// The object's bytes.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, String> {
        let plain = postcard::to_stdvec(self).map_err(|error| error.to_string())?;
        zstd::bulk::compress(&plain, 3).map_err(|error| error.to_string())
    }

    /// Reads the object's bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        use std::io::Read as _;
        let decoder = zstd::Decoder::new(bytes).map_err(|error| error.to_string())?;
        let mut plain = Vec::new();
        decoder
            .take(MAX_UNPACKED + 1)
            .read_to_end(&mut plain)
            .map_err(|error| error.to_string())?;
        if plain.len() as u64 > MAX_UNPACKED {
            return Err("it unpacks to more than 1 GiB".to_owned());
        }
        postcard::from_bytes(&plain).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use bunraku_farm::Digest;

    use super::*;

    #[test]
    fn a_bundle_comes_back_as_it_was_and_damage_is_noticed() {
        let files = [
            ("manifests/site.pp", "node default { }"),
            ("data/common.yaml", "--- {}"),
        ];
        let bundle = Bundle {
            files: files
                .iter()
                .map(|(path, text)| {
                    (
                        CodePath::parse(*path).unwrap(),
                        Bytes::from_static(text.as_bytes()),
                    )
                })
                .collect(),
        };
        let bytes = bundle.encode().unwrap();
        assert_eq!(Bundle::decode(&bytes).unwrap(), bundle);
        assert!(Bundle::decode(&bytes[..bytes.len() - 3]).is_err());
        assert!(Bundle::decode(b"no bundle").is_err());
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
