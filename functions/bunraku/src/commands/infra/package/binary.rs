//! What a binary needs of the system it runs on, and whether Lambda's `provided.al2023` has it.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use tempfile::NamedTempFile;

use crate::failure::{Failure, Result};

/// The glibc of Amazon Linux 2023.
const GLIBC: [u32; 2] = [2, 34];
/// Shared libraries that the runtime has; the names that follow are prefixes up to the version.
const LIBRARIES: [&str; 4] = ["libc.so.", "libm.so.", "libgcc_s.so.", "ld-linux-"];

/// A processor that Lambda runs functions on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// `x86_64` of the template's parameter.
    X86_64,
    /// `arm64` of the template's parameter.
    Aarch64,
}

impl Machine {
    /// The machine of a Rust target triple; this machine's for none.
    pub(crate) fn of_target(target: Option<&str>) -> Result<Self> {
        let triple = target.unwrap_or(std::env::consts::ARCH);
        match triple.split('-').next() {
            Some("x86_64") => Ok(Self::X86_64),
            Some("aarch64") => Ok(Self::Aarch64),
            _ => Err(Failure::input(format!(
                "{triple}: Lambda runs x86_64 and aarch64; give one with --target \
                 (x86_64-unknown-linux-gnu, aarch64-unknown-linux-gnu)"
            ))),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// The machine of a 64-bit little-endian ELF header; an error says what the file is instead.
    fn of_header(header: &[u8]) -> std::result::Result<Self, String> {
        const CLASS_64_LITTLE_ENDIAN: [u8; 2] = [2, 1];
        if !header.starts_with(b"\x7fELF") {
            return Err("is no ELF executable: Lambda runs Linux binaries".to_owned());
        }
        let machine = header.get(18..20);
        match (header.get(4..6), machine) {
            (Some(class), Some([62, 0])) if class == CLASS_64_LITTLE_ENDIAN => Ok(Self::X86_64),
            (Some(class), Some([183, 0])) if class == CLASS_64_LITTLE_ENDIAN => Ok(Self::Aarch64),
            _ => Err("is built for a machine that Lambda does not have".to_owned()),
        }
    }
}

/// A version of glibc, or of anything with numbers and dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GlibcVersion(Vec<u32>);

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// A version of a glibc symbol, with a symbol that asks for it where one does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Need {
    /// As in `GLIBC_2.34`, `GLIBC_ABI_DT_RELR`, `GLIBC_PRIVATE`: what stands after `GLIBC_`.
    version: String,
    symbol: Option<String>,
}

impl Need {
    fn number(&self) -> Option<GlibcVersion> {
        let numbers = self.version.split('.').map(str::parse);
        numbers
            .collect::<std::result::Result<_, _>>()
            .ok()
            .map(GlibcVersion)
    }
}

/// What a binary needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binary {
    machine: std::result::Result<Machine, String>,
    libraries: Vec<String>,
    needs: Vec<Need>,
}

impl Binary {
    /// The highest version of glibc that a symbol asks for; none for a static binary.
    pub(crate) fn highest_glibc(&self) -> Option<GlibcVersion> {
        self.needs.iter().filter_map(Need::number).max()
    }

    /// Why the runtime could not start the binary `name`; empty when it can.
    pub(crate) fn problems(&self, name: &str, wanted: Machine) -> Vec<String> {
        let mut problems = Vec::new();
        match &self.machine {
            Ok(machine) if *machine == wanted => {}
            Ok(machine) => problems.push(format!(
                "{name} is built for {}, not for {}",
                machine.as_str(),
                wanted.as_str()
            )),
            Err(reason) => problems.push(format!("{name} {reason}")),
        }
        for library in &self.libraries {
            if !LIBRARIES.iter().any(|known| library.starts_with(known)) {
                problems.push(format!(
                    "{name} needs the shared library {library}, which Lambda's runtime does not have"
                ));
            }
        }
        let limit = GlibcVersion(GLIBC.to_vec());
        for need in &self.needs {
            if need.number().is_some_and(|version| version <= limit) {
                continue;
            }
            let symbol = need.symbol.as_ref().map_or_else(
                || "the binary".to_owned(),
                |symbol| format!("symbol {symbol}"),
            );
            problems.push(format!(
                "{name}: {symbol} needs GLIBC_{}; the limit is {limit} (Amazon Linux 2023): build on \
                 an older system, or for a target whose C library is older",
                need.version
            ));
        }
        problems
    }
}

/// The program that reads binaries.
#[derive(Clone, Debug)]
pub(crate) struct Objdump {
    program: String,
}

impl Objdump {
    /// The objdump for a machine: this machine's own, or that of the cross tools.
    pub(crate) fn find(machine: Machine) -> Result<Self> {
        let native = machine.as_str() == std::env::consts::ARCH;
        let (program, package) = if native {
            ("objdump".to_owned(), "binutils".to_owned())
        } else {
            let system = format!("{}-linux-gnu", machine.as_str());
            let package = format!("binutils-{}", system.replace('_', "-"));
            (format!("{system}-objdump"), package)
        };
        Self::named(program, &package)
    }

    fn named(program: String, package: &str) -> Result<Self> {
        match Command::new(&program).arg("--version").output() {
            Ok(output) if output.status.success() => Ok(Self { program }),
            _ => Err(Failure::input(format!(
                "{program} is not there, which checks what the binaries need of glibc: \
                 apt-get install {package}"
            ))),
        }
    }

    /// Reads what a binary needs.
    pub(crate) fn inspect(&self, path: &Path) -> Result<Binary> {
        let mut header = Vec::new();
        File::open(path)
            .and_then(|file| file.take(64).read_to_end(&mut header))
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        let machine = Machine::of_header(&header);
        if machine.is_err() {
            return Ok(Binary {
                machine,
                libraries: Vec::new(),
                needs: Vec::new(),
            });
        }
        let headers = self.run("-p", path)?;
        let symbols = self.run("-T", path)?;
        Ok(Binary {
            machine,
            libraries: libraries(&headers),
            needs: needs(&headers, &symbols),
        })
    }

    /// A copy of a binary without what only debuggers and backtraces read: not optimised, it would be too
    /// large with it.
    pub(crate) fn stripped(&self, path: &Path) -> Result<NamedTempFile> {
        let stripped = NamedTempFile::new().map_err(Failure::input)?;
        // Of the same package.
        let objcopy = self.program.replace("objdump", "objcopy");
        let mut command = Command::new(objcopy);
        finish(command.arg("--strip-all").arg(path).arg(stripped.path()))?;
        Ok(stripped)
    }

    fn run(&self, option: &str, path: &Path) -> Result<String> {
        finish(Command::new(&self.program).arg(option).arg(path))
    }
}

/// Runs a command to its end; what it printed.
fn finish(command: &mut Command) -> Result<String> {
    let failed = |command: &Command, reason: &str| Failure::input(format!("{command:?}: {reason}"));
    let output = command.env("LC_ALL", "C").output();
    let output = output.map_err(|error| failed(command, &error.to_string()))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(failed(command, reason.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The shared libraries that `objdump -p` names.
fn libraries(headers: &str) -> Vec<String> {
    headers
        .lines()
        .filter_map(|line| line.trim().strip_prefix("NEEDED"))
        .map(|name| name.trim().to_owned())
        .collect()
}

/// The versions of glibc that the loader will ask for (`objdump -p`), with the symbols that need
/// them (`objdump -T`). One symbol is named for each version.
fn needs(headers: &str, symbols: &str) -> Vec<Need> {
    let references = headers
        .lines()
        .skip_while(|line| !line.starts_with("Version References"));
    let mut needs: Vec<Need> = references
        .filter_map(|line| line.split_whitespace().last()?.strip_prefix("GLIBC_"))
        .map(|version| Need {
            version: version.to_owned(),
            symbol: None,
        })
        .collect();
    for line in symbols.lines() {
        let Some((_, undefined)) = line.split_once("*UND*") else {
            continue;
        };
        let mut words = undefined.split_whitespace().skip(1);
        let (Some(version), Some(symbol)) = (words.next(), words.next()) else {
            continue;
        };
        let version = version.trim_start_matches('(').trim_end_matches(')');
        let Some(version) = version.strip_prefix("GLIBC_") else {
            continue;
        };
        match needs.iter_mut().find(|need| need.version == version) {
            Some(need) => {
                need.symbol.get_or_insert_with(|| symbol.to_owned());
            }
            None => needs.push(Need {
                version: version.to_owned(),
                symbol: Some(symbol.to_owned()),
            }),
        }
    }
    needs
}

#[cfg(test)]
mod tests;
