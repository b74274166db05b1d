//! A thin push: the manifest of the whole tree, and the blobs that the store lacked.

use std::collections::BTreeMap;

use bunraku_farm::Digest;
use bunraku_farm::documents::{UploadDiagnostic, UploadManifest};

use super::plain::find_clashes;
use super::{Kind, Limits, Member, Tree, UnpackError, shown};

/// `members` start with the manifest.
pub(super) fn tree(members: Vec<Member>, limits: &Limits) -> Result<Tree, UnpackError> {
    let mut members = members.into_iter();
    let manifest = read_manifest(members.next(), limits)?;
    let mut tree = Tree {
        files: manifest.files,
        blobs: BTreeMap::new(),
        warnings: Vec::new(),
        rollout: manifest.rollout,
        prebuilt: manifest.prebuilt,
    };
    let mut errors = Vec::new();
    for member in members {
        let mut refuse = |message: &str| {
            errors.push(UploadDiagnostic::error(message).in_file(shown(&member.path)));
        };
        let bytes = match member.kind {
            Kind::Directory => continue,
            Kind::File { bytes, .. } => bytes,
            _ => {
                refuse("a thin push holds files only");
                continue;
            }
        };
        let named = member
            .path
            .strip_prefix(UploadManifest::BLOBS)
            .map(Digest::parse);
        let Some(Ok(digest)) = named else {
            refuse("a thin push holds a manifest and blobs only");
            continue;
        };
        if Digest::of(&bytes) == digest {
            tree.blobs.insert(digest, bytes);
        } else {
            refuse("the content has another digest than its name says");
        }
    }
    errors.extend(check_entries(&mut tree));
    errors.extend(find_clashes(&tree.files));
    if tree.files.is_empty() && tree.prebuilt.is_none() {
        errors.push(UploadDiagnostic::error("the manifest names no files"));
    }
    if errors.is_empty() {
        Ok(tree)
    } else {
        Err(UnpackError::Refused(errors))
    }
}

fn read_manifest(member: Option<Member>, limits: &Limits) -> Result<UploadManifest, UnpackError> {
    let Some(Member {
        kind: Kind::File { bytes, .. },
        ..
    }) = member
    else {
        return Err(UnpackError::refused("the manifest is no file"));
    };
    let manifest: UploadManifest = serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("the manifest can't be read: {error}");
        UnpackError::Refused(vec![
            UploadDiagnostic::error(message).in_file(UploadManifest::PATH),
        ])
    })?;
    if manifest.files.len() > limits.files {
        return Err(UnpackError::refused(format!(
            "the tree has more than {} files",
            limits.files
        )));
    }
    let total = manifest
        .files
        .values()
        .fold(0_u64, |sum, entry| sum.saturating_add(entry.size));
    if total > limits.total_bytes {
        return Err(UnpackError::refused(format!(
            "the files are larger than {} bytes in all",
            limits.total_bytes
        )));
    }
    Ok(manifest)
}

/// Sizes must be those of the contents that came along, which must all be used.
fn check_entries(tree: &mut Tree) -> Vec<UploadDiagnostic> {
    let mut errors = Vec::new();
    let mut used = BTreeMap::new();
    for (path, entry) in &mut tree.files {
        entry.mode &= 0o777;
        let Some(bytes) = tree.blobs.get(&entry.digest) else {
            continue;
        };
        if bytes.len() as u64 != entry.size {
            let message = format!(
                "the manifest says {} bytes, the content has {}",
                entry.size,
                bytes.len()
            );
            errors.push(UploadDiagnostic::error(message).in_file(path.as_str()));
        }
        used.insert(entry.digest, bytes.clone());
    }
    // Blobs of no file would lie in the store for ever.
    tree.blobs = used;
    errors
}
