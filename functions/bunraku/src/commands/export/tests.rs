//! What an export holds, and what a second one changes.

use std::collections::BTreeMap;

use bunraku_catalog::{Catalog, FileMetadata, Version, wire};
use bunraku_farm::documents::{CatalogRef, EnvironmentDoc, FileEntry, Pointer, ReleaseManifest};
use bunraku_farm::{CodePath, Digest};
use serde_json::{Value, json};

use super::*;

/// A farm with a release and some nodes' catalogs.
struct Site {
    store: Store,
    environment: EnvironmentName,
}

impl Site {
    async fn new() -> Self {
        let site = Self {
            store: Store::memory(),
            environment: EnvironmentName::parse("production").unwrap(),
        };
        site.release("modulepath = modules:$basemodulepath\n").await;
        site
    }

    async fn release(&self, conf: &str) -> Digest {
        let mut files = BTreeMap::new();
        for (path, text) in [
            ("environment.conf", conf),
            ("modules/a/files/motd", "hello"),
        ] {
            let (digest, _) = self.store.put_blob(text.to_owned()).await.unwrap();
            let entry = FileEntry {
                digest,
                size: text.len() as u64,
                mode: 0o644,
            };
            files.insert(CodePath::parse(path).unwrap(), entry);
        }
        let manifest = ReleaseManifest::new(files);
        self.store
            .seal_release(&self.environment, &manifest)
            .await
            .unwrap();
        let release = manifest.release;
        let advance = |current: Option<&EnvironmentDoc>| {
            EnvironmentDoc::advance(current, release, None, Timestamp::UNIX_EPOCH)
        };
        self.store
            .update_environment(&self.environment, advance)
            .await
            .unwrap();
        release
    }

    async fn node(&self, name: &str, release: Digest, change: Value) {
        let mut catalog = Catalog::new(name, "production");
        catalog.code_id = Some(release.to_hex().into());
        let motd: FileMetadata = serde_json::from_value(json!({
            "path": "/etc/puppetlabs/code/environments/production/modules/a/files/motd",
            "relative_path": null, "links": "manage", "owner": 0, "group": 0, "mode": 420,
            "checksum": {"type": "sha256", "value": "{sha256}00"}, "type": "file", "destination": null,
        }))
        .unwrap();
        let tree = [("puppet:///modules/a/t".into(), vec![motd.clone()])];
        catalog.metadata.insert("/motd".into(), motd);
        catalog
            .recursive_metadata
            .insert("/t".into(), tree.into_iter().collect());
        catalog.version = Version::Str(change.to_string().into());
        let json = wire::to_json(&catalog, wire::Format::Rich).unwrap();
        let size = json.len() as u64;
        let digest = self.store.put_catalog(json).await.unwrap();
        let catalog = CatalogRef {
            digest,
            plain_digest: None,
            size,
        };
        let mut pointer: Pointer =
            serde_json::from_value(json!({ "certname": name, "sequence": 1 })).unwrap();
        pointer.catalog = Some(catalog);
        pointer.release = Some(release);
        let certname = Certname::parse(name).unwrap();
        self.store
            .update_pointer(&self.environment, &certname, |_| Some(pointer.clone()))
            .await
            .unwrap();
    }

    async fn current(&self) -> Digest {
        self.store
            .environment(&self.environment)
            .await
            .unwrap()
            .unwrap()
            .release
    }

    fn place<'a>(&'a self, at: Option<&'a str>) -> Place<'a> {
        Place {
            environment: &self.environment,
            at,
        }
    }

    async fn export(&self, to: &std::path::Path, code: bool) -> Exported {
        let mirror = Mirror::open(to.to_str().unwrap()).await.unwrap();
        export(&self.store, self.place(None), |_| true, code, &mirror)
            .await
            .unwrap()
    }
}

fn read(directory: &std::path::Path, path: &str) -> Option<String> {
    std::fs::read_to_string(directory.join(path)).ok()
}

fn index(directory: &std::path::Path) -> Value {
    serde_json::from_str(&read(directory, "index.json").unwrap()).unwrap()
}

#[tokio::test]
async fn the_second_export_writes_what_changed_and_removes_what_is_gone() {
    let (site, directory) = (Site::new().await, tempfile::tempdir().unwrap());
    let to = directory.path();
    let release = site.current().await;
    site.node("a.test", release, json!(1)).await;
    site.node("b.test", release, json!(1)).await;
    let first = site.export(to, false).await;
    assert_eq!((first.nodes, first.written, first.removed), (2, 2, 0));
    let a = read(to, "catalogs/a.test.json").unwrap();
    let said = &index(to)["nodes"]["a.test"];
    assert_eq!(said["sha256"], Digest::of(&a).to_hex());
    assert_eq!(
        (&said["bytes"], &said["file"]),
        (&json!(a.len()), &json!("catalogs/a.test.json"))
    );

    let before = index(to);
    let same = site.export(to, false).await;
    assert_eq!((same.written, same.removed, index(to)), (0, 0, before));

    site.node("a.test", release, json!(2)).await;
    site.store
        .delete(&bunraku_store::Key::pointer(
            &site.environment,
            &Certname::parse("b.test").unwrap(),
        ))
        .await
        .unwrap();
    let next = site.export(to, false).await;
    assert_eq!((next.nodes, next.written, next.removed), (1, 1, 1));
    assert_ne!(read(to, "catalogs/a.test.json").unwrap(), a);
    assert_eq!(read(to, "catalogs/b.test.json"), None);
}

#[tokio::test]
async fn sources_are_named_where_the_node_has_them() {
    let (site, directory) = (Site::new().await, tempfile::tempdir().unwrap());
    let to = directory.path();
    let release = site.current().await;
    site.node("a.test", release, json!(1)).await;
    let mirror = Mirror::open(to.to_str().unwrap()).await.unwrap();
    let path = |tree: bool| {
        let a: Value = serde_json::from_str(&read(to, "catalogs/a.test.json").unwrap()).unwrap();
        let metadata = match tree {
            true => &a["recursive_metadata"]["/t"]["puppet:///modules/a/t"][0],
            false => &a["metadata"]["/motd"],
        };
        metadata["path"].as_str().unwrap().to_owned()
    };
    for (at, root) in [
        (
            None,
            "/etc/puppetlabs/code/environments/production".to_owned(),
        ),
        (Some("/mnt"), format!("/mnt/code/{release}/production")),
        (Some("/srv"), format!("/srv/code/{release}/production")),
        (
            None,
            "/etc/puppetlabs/code/environments/production".to_owned(),
        ),
    ] {
        export(&site.store, site.place(at), |_| true, true, &mirror)
            .await
            .unwrap();
        let expected = format!("{root}/modules/a/files/motd");
        assert_eq!([path(false), path(true)], [expected.clone(), expected]);
    }
}

#[tokio::test]
async fn code_comes_with_each_release_that_a_catalog_holds_for() {
    let (site, directory) = (Site::new().await, tempfile::tempdir().unwrap());
    let to = directory.path();
    let old = site.current().await;
    site.node("a.test", old, json!(1)).await;
    let first = site.export(to, true).await;
    assert_eq!(first.code_files, 2);
    let motd = format!("code/{old}/production/modules/a/files/motd");
    assert_eq!(read(to, &motd).as_deref(), Some("hello"));
    let said = &index(to)["code"][old.to_hex()];
    assert_eq!(said["environmentpath"], format!("code/{old}"));

    let new = site.release("modulepath = modules\n").await;
    site.node("b.test", new, json!(1)).await;
    assert_eq!(site.export(to, true).await.code_files, 2);
    assert!(read(to, &motd).is_some());
    site.node("a.test", new, json!(1)).await;
    assert_eq!(site.export(to, true).await.removed, 2);
    assert_eq!(read(to, &motd), None);
}

#[tokio::test]
async fn what_is_another_ones_is_not_written_over() {
    let (site, directory) = (Site::new().await, tempfile::tempdir().unwrap());
    let mirror = Mirror::open(directory.path().to_str().unwrap())
        .await
        .unwrap();
    for other in ["<html>", r#"{"version": 1}"#] {
        mirror.write("index.json", other.into()).await.unwrap();
        let refused = export(&site.store, site.place(None), |_| true, false, &mirror).await;
        assert!(refused.unwrap_err().to_string().contains("another place"));
        assert_eq!(read(directory.path(), "index.json").unwrap(), other);
    }
}
