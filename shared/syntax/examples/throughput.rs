//! How fast all modules of Debian are parsed and validated, on one core.
//!
//! `shared/syntax/tests/fetch-modules`, then `cargo run --release -p bunraku-syntax --example throughput [DIRECTORY]`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads files and the clock, and tells what it found"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use bunraku_syntax::{ParseOptions, SourceFile, parse_epp, parse_manifest};

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/puppet-modules");

/// Each measurement is the best of so many runs: what disturbs a run only ever makes it slower.
const RUNS: usize = 15;

fn main() {
    let root = std::env::args().nth(1).unwrap_or(MODULES.to_owned());
    let mut sources = Vec::new();
    read(root.as_ref(), &mut sources);
    let bytes: usize = sources.iter().map(|(text, _)| text.len()).sum();
    println!("{} files, {bytes} bytes", sources.len());
    for (what, validate) in [("parse", false), ("parse and validate", true)] {
        let options = ParseOptions {
            validate,
            ..ParseOptions::default()
        };
        let best = (0..RUNS)
            .map(|_| run(&sources, &options))
            .min()
            .unwrap_or(Duration::MAX);
        let rate = bytes as f64 / best.as_secs_f64() / 1e6;
        println!("{what}: {:.1} ms, {rate:.1} MB/s", best.as_secs_f64() * 1e3);
    }
}

fn run(sources: &[(String, bool)], options: &ParseOptions) -> Duration {
    let start = Instant::now();
    for (text, template) in sources {
        let source = SourceFile::new(None, text.as_str());
        let parse = if *template { parse_epp } else { parse_manifest };
        std::hint::black_box(parse(&source, options));
    }
    start.elapsed()
}

/// Manifests and templates below a directory, and which of both they are.
fn read(directory: &Path, sources: &mut Vec<(String, bool)>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let template = path.extension().is_some_and(|extension| extension == "epp");
        let manifest = path.extension().is_some_and(|extension| extension == "pp");
        if path.is_dir() {
            read(&path, sources);
        } else if (template || manifest)
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            sources.push((text, template));
        }
    }
}
