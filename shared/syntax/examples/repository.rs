//! How long the check of a whole control repo takes on all processors: files are read, parsed, validated and diagnosed, as
//! `bunraku validate` does it.
//!
//! `shared/syntax/tests/fetch-modules`, then `cargo run --release -p bunraku-syntax --example repository [DIRECTORY [FILES]]`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads files and the clock, and tells what it found"
)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bunraku_syntax::{Language, ParseOptions, SourceFile, diagnose};

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/puppet-modules");

/// The best of so many runs: what disturbs a run only ever makes it slower.
const RUNS: usize = 9;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().unwrap_or(MODULES.to_owned());
    let most = arguments.next().and_then(|text| text.parse().ok());
    let mut files = Vec::new();
    list(root.as_ref(), &mut files);
    files.sort_by(|(left, _), (right, _)| left.cmp(right));
    files.truncate(most.unwrap_or(2000));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let best = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let bytes = check(&files, threads);
            (start.elapsed(), bytes)
        })
        .min();
    if let Some((time, bytes)) = best {
        let milliseconds = time.as_secs_f64() * 1e3;
        let count = files.len();
        println!("{count} files, {bytes} bytes: {milliseconds:.1} ms on {threads} processors");
    }
}

/// Checks all files; their bytes.
fn check(files: &[(PathBuf, Language)], threads: usize) -> usize {
    let next = AtomicUsize::new(0);
    let bytes = AtomicUsize::new(0);
    let worker = || {
        while let Some((path, language)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Ok(text) = std::fs::read_to_string(path) else {
                continue;
            };
            bytes.fetch_add(text.len(), Ordering::Relaxed);
            let source = SourceFile::new(None, text);
            std::hint::black_box(diagnose(&source, &ParseOptions::default(), *language));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
    bytes.into_inner()
}

fn list(directory: &Path, files: &mut Vec<(PathBuf, Language)>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            list(&path, files);
            continue;
        }
        let language = match path.extension().and_then(|extension| extension.to_str()) {
            Some("pp") => Language::Manifest,
            Some("epp") => Language::Template,
            _ => continue,
        };
        files.push((path, language));
    }
}
