//! What a compile can read, and the string that names it.

use std::fmt;
use std::str::FromStr;

use ecow::EcoString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// One read that a compile made through its `Inputs`.
///
/// Its string form is stable: a word, and for most a colon and what was read. A path into a
/// structure joins its keys with dots (`fact:os.release.major`, `fact:processors.models.0`); a dot
/// or backslash within a key is escaped with a backslash, an empty key is `\e`. No keys at all
/// (`fact:`) means the structure as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Read {
    /// A fact by the keys to it: `fact:os.family`.
    Fact(Vec<EcoString>),
    /// Trusted data by the keys to it: `trusted:extensions.pp_role`.
    Trusted(Vec<EcoString>),
    /// A key of `$server_facts`: `server_fact:serverversion`.
    ServerFact(Vec<EcoString>),
    /// Content of a file of the release: `file:manifests/site.pp`.
    File(EcoString),
    /// Whether there is a file or directory, whatever it holds: `exists:data/nodes/web1.yaml`.
    Exists(EcoString),
    /// Names within a directory of the release: `listing:manifests`.
    Listing(EcoString),
    /// One top-level key of a Hiera data file: `data:data/common.yaml:ntp::servers` (a colon or
    /// backslash of the path is escaped with a backslash).
    Data {
        /// Code path of the data file.
        path: EcoString,
        /// The key, as written in the file.
        key: EcoString,
    },
    /// What Puppet tells of a served file: `metadata:modules/ntp/files/ntp.conf`.
    FileMetadata(EcoString),
    /// A setting of Puppet: `setting:strict_variables`.
    Setting(EcoString),
    /// A key of what a node classifier says: `classification:classes`.
    Classification(EcoString),
    /// A query for exported resources, as [`crate::ExportQuery`] writes it: `exported:["Sshkey"]`.
    Exported(EcoString),
    /// Which pre-built catalogs of the release may be the node's, by its name: `prebuilt`. Read of nodes for which
    /// there are some.
    Prebuilt,
    /// All code and data of the release, whatever of it was looked at: `release`. Read by compilers of a site's own.
    Release,
    /// The time: `clock`.
    Clock,
    /// Random numbers: `random`.
    Random,
    /// An environment variable: `env:LANG`.
    Environment(EcoString),
}

/// A string that names no read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a read of a catalog's trace: {0:?}")]
pub struct ReadError(pub String);

impl Read {
    /// A fact by the keys that lead to it.
    pub fn fact<K: Into<EcoString>>(path: impl IntoIterator<Item = K>) -> Self {
        Self::Fact(path.into_iter().map(Into::into).collect())
    }

    /// Trusted data by the keys that lead to it.
    pub fn trusted<K: Into<EcoString>>(path: impl IntoIterator<Item = K>) -> Self {
        Self::Trusted(path.into_iter().map(Into::into).collect())
    }
}

fn write_path(f: &mut fmt::Formatter<'_>, word: &str, path: &[EcoString]) -> fmt::Result {
    write!(f, "{word}:")?;
    for (at, key) in path.iter().enumerate() {
        if at > 0 {
            f.write_str(".")?;
        }
        if key.is_empty() {
            f.write_str("\\e")?;
        } else {
            write_escaped(f, key, '.')?;
        }
    }
    Ok(())
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, separator: char) -> fmt::Result {
    use fmt::Write as _;
    for c in text.chars() {
        if c == separator || c == '\\' {
            f.write_str("\\")?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(path) => write_path(f, "fact", path),
            Self::Trusted(path) => write_path(f, "trusted", path),
            Self::ServerFact(path) => write_path(f, "server_fact", path),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Exists(path) => write!(f, "exists:{path}"),
            Self::Listing(path) => write!(f, "listing:{path}"),
            Self::Data { path, key } => {
                f.write_str("data:")?;
                write_escaped(f, path, ':')?;
                write!(f, ":{key}")
            }
            Self::FileMetadata(path) => write!(f, "metadata:{path}"),
            Self::Setting(name) => write!(f, "setting:{name}"),
            Self::Classification(key) => write!(f, "classification:{key}"),
            Self::Exported(query) => write!(f, "exported:{query}"),
            Self::Prebuilt => f.write_str("prebuilt"),
            Self::Release => f.write_str("release"),
            Self::Clock => f.write_str("clock"),
            Self::Random => f.write_str("random"),
            Self::Environment(name) => write!(f, "env:{name}"),
        }
    }
}

/// Undoes the escapes of a path; `None` when an escape is unknown or cut off.
fn parse_path(text: &str) -> Option<Vec<EcoString>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let mut keys = vec![EcoString::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => keys.push(EcoString::new()),
            '\\' => match chars.next()? {
                'e' => {}
                c @ ('.' | '\\') => keys.last_mut()?.push(c),
                _ => return None,
            },
            c => keys.last_mut()?.push(c),
        }
    }
    Some(keys)
}

fn parse_data(text: &str) -> Option<Read> {
    let mut path = EcoString::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            ':' => {
                return Some(Read::Data {
                    path,
                    key: chars.as_str().into(),
                });
            }
            '\\' => path.push(chars.next()?),
            c => path.push(c),
        }
    }
}

impl FromStr for Read {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        let parsed = match text.split_once(':') {
            None => match text {
                "prebuilt" => Some(Self::Prebuilt),
                "release" => Some(Self::Release),
                "clock" => Some(Self::Clock),
                "random" => Some(Self::Random),
                _ => None,
            },
            Some((word, rest)) => match word {
                "fact" => parse_path(rest).map(Self::Fact),
                "trusted" => parse_path(rest).map(Self::Trusted),
                "server_fact" => parse_path(rest).map(Self::ServerFact),
                "file" => Some(Self::File(rest.into())),
                "exists" => Some(Self::Exists(rest.into())),
                "listing" => Some(Self::Listing(rest.into())),
                "data" => parse_data(rest),
                "metadata" => Some(Self::FileMetadata(rest.into())),
                "setting" => Some(Self::Setting(rest.into())),
                "classification" => Some(Self::Classification(rest.into())),
                "exported" => Some(Self::Exported(rest.into())),
                "env" => Some(Self::Environment(rest.into())),
                _ => None,
            },
        };
        parsed.ok_or_else(|| ReadError(text.to_owned()))
    }
}

impl Serialize for Read {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
