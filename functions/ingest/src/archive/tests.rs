use proptest::prelude::*;

use super::*;

pub(crate) enum Put<'a> {
    File(&'a str, &'a str),
    Mode(&'a str, u32),
    Directory(&'a str),
    Link(&'a str, &'a str),
    Hard(&'a str, &'a str),
    Pipe(&'a str),
}
use Put::*;

/// A tar archive, with paths as they are given: `tar`'s own writer would not write the bad ones.
pub(crate) fn tar(puts: &[Put<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for put in puts {
        let (path, kind, mode, target, bytes) = match put {
            File(path, text) => (path, tar::EntryType::Regular, 0o644, "", *text),
            Mode(path, mode) => (path, tar::EntryType::Regular, *mode, "", "x"),
            Directory(path) => (path, tar::EntryType::Directory, 0o755, "", ""),
            Link(path, target) => (path, tar::EntryType::Symlink, 0o777, *target, ""),
            Hard(path, target) => (path, tar::EntryType::Link, 0o644, *target, ""),
            Pipe(path) => (path, tar::EntryType::Fifo, 0o644, "", ""),
        };
        let mut header = tar::Header::new_gnu();
        let old = header.as_old_mut();
        old.name[..path.len()].copy_from_slice(path.as_bytes());
        old.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, bytes.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn zstd(tar: &[u8]) -> Vec<u8> {
    // Like `zstd`, with a checksum.
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    io::Write::write_all(&mut encoder, tar).unwrap();
    encoder.finish().unwrap()
}

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut encoder, tar).unwrap();
    encoder.finish().unwrap()
}

const SMALL: Limits = Limits {
    files: 8,
    file_bytes: 1000,
    total_bytes: 2000,
};

fn tree(puts: &[Put<'_>]) -> Tree {
    match unpack(&*zstd(&tar(puts)), ArchiveFormat::TarZstd, &SMALL) {
        Ok(tree) => tree,
        Err(error) => panic!("{error:?}"),
    }
}

fn refused(bytes: &[u8], format: ArchiveFormat) -> Vec<String> {
    match unpack(bytes, format, &SMALL) {
        Err(UnpackError::Refused(found)) => {
            assert!(!found.is_empty());
            let show =
                |it: UploadDiagnostic| format!("{}: {}", it.file.unwrap_or_default(), it.message);
            found.into_iter().map(show).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn refused_tar(puts: &[Put<'_>]) -> Vec<String> {
    refused(&zstd(&tar(puts)), ArchiveFormat::TarZstd)
}

fn paths(tree: &Tree) -> Vec<&str> {
    tree.files.keys().map(CodePath::as_str).collect()
}

#[test]
fn a_plain_tree_is_taken_with_its_modes() {
    let puts = [
        Directory("./"),
        File("./manifests/site.pp", "node default { }"),
        Mode("x.sh", 0o4755),
        File(".git/config", "secret"),
        File(".bunraku/data", "secret"),
        File(".fixtures.yml", ""),
    ];
    let found = tree(&puts);
    assert_eq!(
        paths(&found),
        [".fixtures.yml", "manifests/site.pp", "x.sh"]
    );
    assert_eq!(found.files["x.sh"].mode, 0o755);
    let site = found.files["manifests/site.pp"];
    assert_eq!(
        (site.size, site.mode, site.digest),
        (16, 0o644, Digest::of("node default { }"))
    );
    assert_eq!(found.blobs[&site.digest], "node default { }");
    let same = unpack(&*gzip(&tar(&puts)), ArchiveFormat::TarGzip, &SMALL).unwrap();
    assert_eq!(same, found);
}

#[test]
fn what_could_escape_or_is_no_file_is_refused_every_one_of_it() {
    let found = refused_tar(&[
        File("../up", ""),
        File("/etc/passwd", ""),
        File("a/../../b", ""),
        Link("out", "../../etc/passwd"),
        Pipe("pipe"),
        Hard("hard", "/etc/passwd"),
        File("good", ""),
    ]);
    let files: Vec<&str> = found
        .iter()
        .map(|text| text.split_once(':').unwrap().0)
        .collect();
    assert_eq!(
        files,
        ["../up", "/etc/passwd", "a/../../b", "pipe", "hard", "out"],
        "{found:?}"
    );
}

#[test]
fn links_inside_become_their_content() {
    let found = tree(&[
        Link("a/link", "../b/file"),
        Mode("b/file", 0o600),
        Hard("b/hard", "./b/file"),
        Link("c", "b"),
        Link("nowhere", "gone"),
    ]);
    assert_eq!(
        paths(&found),
        ["a/link", "b/file", "b/hard", "c/file", "c/hard"]
    );
    assert_eq!(found.files["a/link"], found.files["b/file"]);
    assert_eq!(found.warnings.len(), 1);
    assert_eq!(found.warnings[0].file.as_deref(), Some("nowhere"));
}

#[test]
fn a_file_can_not_be_a_directory_too() {
    assert_eq!(
        refused_tar(&[File("a", ""), File("a/b", "")]),
        ["a/b: a part of the path is a file"]
    );
    // A link that takes the place of a file goes for it.
    assert_eq!(
        paths(&tree(&[File("a", "1"), File("b", "2"), Link("a", "b")])),
        ["a", "b"]
    );
}

#[test]
fn bounds_hold() {
    let big = "x".repeat(1001);
    assert_eq!(
        refused_tar(&[File("a", &big)]),
        ["a: the file is larger than 1000 bytes"]
    );
    let half = "x".repeat(900);
    let three = [File("a", &half), File("b", &half), File("c", &half)];
    assert!(refused_tar(&three)[0].contains("2000 bytes in all"));
    let names: Vec<String> = (0..9).map(|n| n.to_string()).collect();
    let many: Vec<Put<'_>> = names.iter().map(|name| File(name, "")).collect();
    assert!(refused_tar(&many)[0].contains("more than 8 entries"));
    assert!(refused_tar(&[Directory("a")])[0].contains("no files"));
    // A bomb ends when the bound is reached, not when the memory is.
    let mut header = tar::Header::new_gnu();
    header.set_path("bomb").unwrap();
    header.set_mode(0o644);
    header.set_size(64 << 20);
    header.set_cksum();
    let mut bomb = header.as_bytes().to_vec();
    bomb.resize(64 << 20, 0);
    assert_eq!(
        refused(&zstd(&bomb), ArchiveFormat::TarZstd),
        ["bomb: the file is larger than 1000 bytes"]
    );
    let padded = [tar(&[File("a", "")]), vec![0; 64 << 20]].concat();
    assert!(refused(&zstd(&padded), ArchiveFormat::TarZstd)[0].contains("more than is allowed"));
}

#[test]
fn damaged_archives_are_refused() {
    let whole = tar(&[File("a", "content"), File("b", "content")]);
    for (bytes, format) in [
        (zstd(&whole), ArchiveFormat::TarZstd),
        (gzip(&whole), ArchiveFormat::TarGzip),
    ] {
        unpack(&*bytes, format, &SMALL).unwrap();
        for length in 0..bytes.len() {
            refused(&bytes[..length], format);
        }
        refused(b"this is no archive at all", format);
    }
}

#[test]
fn an_error_of_the_store_is_not_taken_for_a_bad_archive() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "the disk"))
        }
    }
    for format in [ArchiveFormat::TarZstd, ArchiveFormat::TarGzip] {
        for length in [0, 10, 60] {
            let packed = match format {
                ArchiveFormat::TarZstd => zstd(&tar(&[File("a", "content")])),
                ArchiveFormat::TarGzip => gzip(&tar(&[File("a", "content")])),
            };
            let reader = (&packed[..length]).chain(Failing);
            let result = unpack(reader, format, &SMALL);
            assert!(
                matches!(result, Err(UnpackError::Io(_))),
                "{format:?} {length}: {result:?}"
            );
        }
    }
}

fn thin(files: &[(&str, &str)]) -> String {
    let entry = |text: &str| {
        let (digest, size) = (Digest::of(text), text.len());
        serde_json::json!({"digest": digest, "size": size, "mode": 0o644})
    };
    let files: serde_json::Map<_, _> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), entry(text)))
        .collect();
    serde_json::json!({ "files": files }).to_string()
}

fn blob(text: &str) -> String {
    format!("{}{}", UploadManifest::BLOBS, Digest::of(text))
}

#[test]
fn a_thin_push_brings_the_whole_tree_and_some_contents() {
    let manifest = thin(&[("a", "one"), ("b", "two")]);
    let (one, unused) = (blob("one"), blob("unused"));
    let found = tree(&[
        File(UploadManifest::PATH, &manifest),
        Directory(".bunraku/blobs/"),
        File(&one, "one"),
        File(&unused, "unused"),
    ]);
    assert_eq!(paths(&found), ["a", "b"]);
    assert_eq!(found.blobs.into_values().collect::<Vec<_>>(), ["one"]);
}

#[test]
fn a_thin_push_that_lies_is_refused() {
    let name = blob("one");
    let honest = thin(&[("a", "one")]);
    let found = refused_tar(&[
        File(UploadManifest::PATH, &honest),
        File(&name, "other"),
        File("manifests/site.pp", ""),
        Link(".bunraku/blobs/x", "/etc/passwd"),
    ]);
    assert_eq!(found.len(), 3, "{found:?}");
    let wrong_size = honest.replace("\"size\":3", "\"size\":4");
    let found = refused_tar(&[File(UploadManifest::PATH, &wrong_size), File(&name, "one")]);
    assert!(found[0].contains("4 bytes"), "{found:?}");
    let escaping = honest.replace("\"a\"", "\"../a\"");
    for manifest in [escaping.as_str(), "{", r#"{"files": {}}"#] {
        refused_tar(&[File(UploadManifest::PATH, manifest)]);
    }
}

proptest! {
    #[test]
    fn whatever_the_archive_says_no_path_of_the_tree_escapes(
        entries in proptest::collection::vec(("[ab./]{1,8}", 0..4_u8, "[ab./]{0,8}"), 1..8)
    ) {
        let puts: Vec<Put<'_>> = entries
            .iter()
            .map(|(path, kind, target)| match kind {
                0 | 1 => File(path, target),
                2 => Link(path, target),
                _ => Hard(path, target),
            })
            .collect();
        if let Ok(tree) = unpack(&*zstd(&tar(&puts)), ArchiveFormat::TarZstd, &SMALL) {
            for (path, entry) in &tree.files {
                prop_assert!(CodePath::parse(path.as_str()).is_ok());
                let content = &tree.blobs[&entry.digest];
                prop_assert_eq!((Digest::of(content), content.len() as u64), (entry.digest, entry.size));
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_are_refused_and_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for format in [ArchiveFormat::TarZstd, ArchiveFormat::TarGzip] {
            let _ = unpack(&*bytes, format, &SMALL);
            // Bad tar in good compression.
            let packed = if format == ArchiveFormat::TarZstd { zstd(&bytes) } else { gzip(&bytes) };
            let _ = unpack(&*packed, format, &SMALL);
        }
    }
}
