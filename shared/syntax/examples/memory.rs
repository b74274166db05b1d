//! How much memory the trees of all modules of Debian take, relative to their sources.
//!
//! `shared/syntax/tests/fetch-modules`, then `cargo run --release -p bunraku-syntax --example memory [DIRECTORY]`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads files and tells what it found"
)]

use std::alloc::System;
use std::path::Path;

use bunraku_syntax::{ParseOptions, SourceFile, parse_epp, parse_manifest};
use cap::Cap;

/// Counts what is allocated and not freed.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/puppet-modules");

fn main() {
    let root = std::env::args().nth(1).unwrap_or(MODULES.to_owned());
    let mut total = Total::default();
    measure(root.as_ref(), &mut total);
    let ratio = |bytes: usize| bytes as f64 / total.source as f64;
    println!(
        "{} files, {} bytes: trees without their text {:.1} times that, with it {:.1} times; the largest ratio of a file of 1 KiB or more {:.1}",
        total.files,
        total.source,
        ratio(total.tree - total.source),
        ratio(total.tree),
        total.worst
    );
}

#[derive(Default)]
struct Total {
    files: usize,
    source: usize,
    tree: usize,
    worst: f64,
}

fn measure(directory: &Path, total: &mut Total) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let parse = match path.extension().and_then(std::ffi::OsStr::to_str) {
            _ if path.is_dir() => {
                measure(&path, total);
                continue;
            }
            Some("pp") => parse_manifest,
            Some("epp") => parse_epp,
            _ => continue,
        };
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let before = ALLOCATOR.allocated();
        let parsed = parse(
            &SourceFile::new(None, text.as_str()),
            &ParseOptions::default(),
        );
        let tree = ALLOCATOR.allocated() - before;
        drop(parsed);
        total.files += 1;
        total.source += text.len();
        total.tree += tree;
        if text.len() >= 1024 {
            total.worst = total.worst.max(tree as f64 / text.len() as f64);
        }
    }
}
