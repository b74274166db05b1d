//! `bunraku infra package`: from source to the zips that the template deploys.

mod archive;
mod binary;
mod build;
mod workspace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bunraku_farm::Digest;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::console;
use crate::failure::{Failure, Result};
use binary::Objdump;

/// The functions; `bunraku-NAME` is the binary, `NAME.zip` the package.
const FUNCTIONS: [&str; 3] = ["ingest", "plan", "compile"];
/// Bytes of the largest zip: what a cold start has to fetch.
const LARGEST_ZIP: usize = 15_000_000;

/// Options of `bunraku infra package`.
#[derive(Debug, Args)]
#[command(
    after_help = "Run it in a checkout of Bunraku. The zips are what infra/template.yaml and the \
    Terraform module deploy. The same binary always gives the same zip, so that a deployment \
    changes only what changed.\n\nExample:\n  bunraku infra package\n  sam deploy --template-file \
    infra/template.yaml ..."
)]
pub(crate) struct Package {
    /// Cargo's profile: `dist` is what to deploy, `dev` what is built soonest (packed without names for backtraces).
    #[arg(long, value_name = "PROFILE", default_value = "dist")]
    profile: Profile,
    /// Where the zips go; `infra/dist` of the checkout if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Rust's target triple, for another architecture than this machine's
    /// (`aarch64-unknown-linux-gnu` for Graviton).
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

/// Cargo's profiles that a function can be packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// Optimised across crates.
    Dist,
    /// Optimised.
    Release,
    /// Not optimised.
    Dev,
}

impl Profile {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Dist => "dist",
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }
}

/// One packed function, as it is reported.
#[derive(Debug, Serialize)]
struct Packed {
    name: &'static str,
    zip: PathBuf,
    bytes: usize,
    sha256: Digest,
    /// The highest version of glibc that it needs; none for a static binary.
    glibc: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    functions: Vec<Packed>,
}

/// Builds, checks and packs.
pub(crate) fn run(options: &Package, json: bool) -> Result<ExitCode> {
    let here = std::env::current_dir().map_err(Failure::input)?;
    let root = workspace::find(&here)?;
    let machine = binary::Machine::of_target(options.target.as_deref())?;
    let objdump = Objdump::find(machine)?;
    let out = match &options.out {
        Some(out) => out.clone(),
        None => root.join("infra").join("dist"),
    };
    // A zip of an earlier build must not be deployed for one that failed.
    remove_old(&out)?;
    let executables = build::build(&root, options.profile.as_str(), options.target.as_deref())?;

    let mut functions = Vec::new();
    let mut problems = Vec::new();
    for (name, executable) in FUNCTIONS.into_iter().zip(&executables) {
        let stripped;
        let executable = match options.profile {
            Profile::Dist | Profile::Release => executable,
            Profile::Dev => {
                stripped = objdump.stripped(executable)?;
                stripped.path()
            }
        };
        match pack(name, executable, machine, &objdump, &out)? {
            Ok(packed) => functions.push(packed),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        remove_old(&out)?;
        return Err(Failure::input(problems.join("\n")));
    }
    let report = Report { functions };
    console::result(json, &report, || table(&report));
    Ok(ExitCode::SUCCESS)
}

/// Checks a binary and writes its zip; the inner error holds what is wrong with it.
fn pack(
    name: &'static str,
    executable: &Path,
    machine: binary::Machine,
    objdump: &Objdump,
    out: &Path,
) -> Result<std::result::Result<Packed, Vec<String>>> {
    let file = build::binary_name(name);
    let binary = objdump.inspect(executable)?;
    let mut problems = binary.problems(&file, machine);
    let content = std::fs::read(executable)
        .map_err(|error| Failure::input(format!("{}: {error}", executable.display())))?;
    let packed = archive::pack(&content)?;
    let bytes = packed.len();
    if bytes > LARGEST_ZIP {
        problems.push(format!(
            "{name}.zip has {bytes} bytes; the limit is {LARGEST_ZIP}, so that cold starts stay short"
        ));
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let zip = zip_path(out, name);
    archive::write_whole(&zip, &packed)?;
    Ok(Ok(Packed {
        name,
        zip,
        bytes,
        sha256: Digest::of(&packed),
        glibc: binary.highest_glibc().map(|version| version.to_string()),
    }))
}

fn zip_path(out: &Path, name: &str) -> PathBuf {
    out.join(format!("{name}.zip"))
}

fn remove_old(out: &Path) -> Result<()> {
    for name in FUNCTIONS {
        let zip = zip_path(out, name);
        match std::fs::remove_file(&zip) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::input(format!("{}: {error}", zip.display())));
            }
            _ => {}
        }
    }
    Ok(())
}

fn table(report: &Report) -> String {
    let mut rows = vec![
        ["FUNCTION", "BYTES", "GLIBC", "SHA256", "ZIP"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(report.functions.iter().map(|packed| {
        vec![
            packed.name.to_owned(),
            packed.bytes.to_string(),
            packed.glibc.clone().unwrap_or_else(|| "-".to_owned()),
            packed.sha256.short(),
            packed.zip.display().to_string(),
        ]
    }));
    console::table(&rows)
}
