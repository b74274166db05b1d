//! What people upload: code, or a change of the published catalogs; for all nodes at once or stage by stage.

use std::collections::BTreeMap;

use bunraku_farm::documents::{FileEntry, Prebuilt, PrebuiltChange, UploadManifest};
use bunraku_farm::rollout::RolloutRequest;
use bunraku_farm::{CodePath, Digest};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::site::Site;

/// An upload's content.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) change: Change,
    /// How it is rolled out, if it is.
    pub(crate) rollout: Option<RolloutRequest>,
}

/// What it changes.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The code.
    Code(Site),
    /// A catalog comes in, with its text.
    Publish(Prebuilt, String),
    /// A catalog is taken back.
    Unpublish(bunraku_farm::PrebuiltName),
}

impl Parcel {
    /// The archive.
    pub(crate) fn archive(&self) -> std::io::Result<Bytes> {
        let files: BTreeMap<String, String> = match &self.change {
            Change::Code(site) if self.rollout.is_none() => return pack(site.files()),
            Change::Code(site) => site.files(),
            Change::Publish(prebuilt, text) => {
                let path = Prebuilt::path(&prebuilt.name).map_err(std::io::Error::other)?;
                BTreeMap::from([(path.to_string(), text.clone())])
            }
            Change::Unpublish(_) => BTreeMap::new(),
        };
        let entries = files.iter().map(|(path, text)| {
            let path = CodePath::parse(path.as_str()).map_err(std::io::Error::other)?;
            Ok((path, entry(text)))
        });
        let mut manifest = UploadManifest::new(entries.collect::<std::io::Result<_>>()?);
        manifest.rollout.clone_from(&self.rollout);
        manifest.prebuilt = match &self.change {
            Change::Code(_) => None,
            Change::Publish(prebuilt, _) => Some(PrebuiltChange::Publish(prebuilt.clone())),
            Change::Unpublish(name) => Some(PrebuiltChange::Unpublish(name.clone())),
        };
        let manifest = serde_json::to_string(&manifest)?;
        let blobs = files.into_values().map(|text| {
            let name = format!("{}{}", UploadManifest::BLOBS, Digest::of(&text));
            (name, text)
        });
        let blobs: BTreeMap<String, String> = blobs.collect();
        pack(std::iter::once((UploadManifest::PATH.to_owned(), manifest)).chain(blobs))
    }
}

/// A file of a release.
pub(crate) fn entry(text: &str) -> FileEntry {
    FileEntry {
        digest: Digest::of(text),
        size: text.len() as u64,
        mode: 0o644,
    }
}

fn pack(files: impl IntoIterator<Item = (String, String)>) -> std::io::Result<Bytes> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, path, text.as_bytes())?;
    }
    Ok(builder.into_inner()?.finish()?.into())
}

/// A catalog to publish; each node finds its own name in it.
pub(crate) fn catalog(motto: &str) -> String {
    let notify = |title: &str, message: &str| json!({ "type": "Notify", "title": title, "parameters": { "message": message } });
    json!({
        "name": "anybody", "version": 1, "environment": "any", "edges": [],
        "resources": [notify("motto", motto), notify("mood", "%{certname}")],
    })
    .to_string()
}
