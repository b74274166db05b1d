//! A tree packed for its way: a manifest, and the contents that are not there yet.

use std::collections::{BTreeMap, BTreeSet};

use bunraku_farm::documents::UploadManifest;
use bunraku_farm::{CodePath, Digest};

use super::Wish;
use crate::local::LocalFile;

/// Compression of uploads: the network of a laptop is slower than this.
const COMPRESSION: i32 = 3;

/// The files of a directory.
pub(crate) type Tree = BTreeMap<CodePath, LocalFile>;

/// Packs the manifest of a tree, with what is wished for, and those of its contents that are missing, as `.tar.zst`.
pub(super) fn pack(tree: Tree, missing: &BTreeSet<Digest>, wish: Wish) -> std::io::Result<Vec<u8>> {
    let mut blobs = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for (path, file) in tree {
        if missing.contains(&file.entry.digest) {
            blobs.entry(file.entry.digest).or_insert(file.content);
        }
        entries.insert(path, file.entry);
    }
    let manifest = UploadManifest {
        rollout: wish.rollout,
        prebuilt: wish.prebuilt,
        ..UploadManifest::new(entries)
    };
    let manifest = serde_json::to_vec(&manifest)?;
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), COMPRESSION)?);
    append(&mut archive, UploadManifest::PATH, &manifest)?;
    for (digest, content) in blobs {
        append(
            &mut archive,
            &format!("{}{digest}", UploadManifest::BLOBS),
            &content,
        )?;
    }
    archive.into_inner()?.finish()
}

fn append<W: std::io::Write>(
    archive: &mut tar::Builder<W>,
    path: &str,
    content: &[u8],
) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, content)
}
