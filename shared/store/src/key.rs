//! The names of everything in the store. Built of checked names only, so that no key escapes.

use std::fmt;
use std::str::FromStr;

use bunraku_farm::documents::UploadKey;
use bunraku_farm::{Certname, Digest, EnvironmentName};

use crate::StoreError;

/// The key of an object, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `blobs/<sha256>`: a file's content.
    Blob(Digest),
    /// `releases/<env>/<release>.json`: the sealed tree.
    Release {
        /// The environment.
        environment: EnvironmentName,
        /// The release.
        release: Digest,
    },
    /// `releases/<env>/<release>.bundle`: what a compile can read, in one object.
    Bundle {
        /// The environment.
        environment: EnvironmentName,
        /// The release.
        release: Digest,
    },
    /// `environments/<env>.json`: the current release.
    Environment(EnvironmentName),
    /// `facts/<certname>.json`: last facts.
    Facts(Certname),
    /// `members/<env>/<certname>`: empty; the node's last facts name this environment. Tells an
    /// environment's nodes by one listing.
    Member {
        /// The environment.
        environment: EnvironmentName,
        /// The node.
        certname: Certname,
    },
    /// `pointers/<env>/<certname>.json`: the node's catalog.
    Pointer {
        /// The environment.
        environment: EnvironmentName,
        /// The node.
        certname: Certname,
    },
    /// `catalogs/<sha256>.json.gz`: a catalog, under the digest of its JSON.
    Catalog(Digest),
    /// `uploads/<env>/<id>.tar.zst` or `.tar.gz`: what a user pushed.
    Upload(UploadKey),
    /// `uploads/<env>/<id>.result.json`: what came of it.
    UploadResult {
        /// The environment.
        environment: EnvironmentName,
        /// The upload's id.
        id: String,
    },
    /// `reports/<certname>/<time>.json.gz`: an agent's report.
    Report {
        /// The node.
        certname: Certname,
        /// Which report.
        id: ReportId,
    },
    /// `bucket/<sha256>`: a file that an agent saved.
    Bucket(Digest),
    /// `exports/<env>/<certname>.json`: what a node exports and collects.
    Exchange {
        /// The environment.
        environment: EnvironmentName,
        /// The node.
        certname: Certname,
    },
    /// `rollouts/<env>/<sequence>.json`: who is in which stage.
    Rollout {
        /// The environment.
        environment: EnvironmentName,
        /// The rollout's sequence.
        sequence: u64,
    },
    /// `outcomes/<env>/<certname>.json`: a node's last runs while a rollout goes on.
    Outcome {
        /// The environment.
        environment: EnvironmentName,
        /// The node.
        certname: Certname,
    },
    /// `pool/current.json`: which exported resources there are.
    Pool,
    /// `pool/<sha256>.json.gz`: a part of the pool, under the digest of its JSON.
    PoolPart(Digest),
    /// `garbage/last.json`: when garbage was last collected.
    Collection,
}

/// A report's arrival in nanoseconds since 1970, which names it among its node's reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(pub u64);

impl fmt::Display for ReportId {
    /// 20 digits, so that the order of names is that of time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}", self.0)
    }
}

impl Key {
    /// The key of a pointer.
    pub fn pointer(environment: &EnvironmentName, certname: &Certname) -> Self {
        Self::Pointer {
            environment: environment.clone(),
            certname: certname.clone(),
        }
    }

    /// The key of what a node exports and collects.
    pub fn exchange(environment: &EnvironmentName, certname: &Certname) -> Self {
        Self::Exchange {
            environment: environment.clone(),
            certname: certname.clone(),
        }
    }

    /// The key of a node's last runs.
    pub fn outcome(environment: &EnvironmentName, certname: &Certname) -> Self {
        Self::Outcome {
            environment: environment.clone(),
            certname: certname.clone(),
        }
    }

    /// The key of a release's manifest.
    pub fn release(environment: &EnvironmentName, release: Digest) -> Self {
        Self::Release {
            environment: environment.clone(),
            release,
        }
    }

    /// The key of a release's bundle.
    pub fn bundle(environment: &EnvironmentName, release: Digest) -> Self {
        Self::Bundle {
            environment: environment.clone(),
            release,
        }
    }

    /// The key of an upload's result.
    pub fn upload_result(upload: &UploadKey) -> Self {
        Self::UploadResult {
            environment: upload.environment.clone(),
            id: upload.id().to_owned(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(digest) => write!(f, "blobs/{digest}"),
            Self::Release {
                environment,
                release,
            } => {
                write!(f, "releases/{environment}/{release}.json")
            }
            Self::Bundle {
                environment,
                release,
            } => {
                write!(f, "releases/{environment}/{release}.bundle")
            }
            Self::Environment(name) => write!(f, "environments/{name}.json"),
            Self::Facts(certname) => write!(f, "facts/{certname}.json"),
            Self::Member {
                environment,
                certname,
            } => write!(f, "members/{environment}/{certname}"),
            Self::Pointer {
                environment,
                certname,
            } => {
                write!(f, "pointers/{environment}/{certname}.json")
            }
            Self::Catalog(digest) => write!(f, "catalogs/{digest}.json.gz"),
            Self::Upload(key) => write!(f, "{key}"),
            Self::UploadResult { environment, id } => {
                write!(f, "uploads/{environment}/{id}.result.json")
            }
            Self::Report { certname, id } => write!(f, "reports/{certname}/{id}.json.gz"),
            Self::Bucket(digest) => write!(f, "bucket/{digest}"),
            Self::Exchange {
                environment,
                certname,
            } => write!(f, "exports/{environment}/{certname}.json"),
            Self::Rollout {
                environment,
                sequence,
            } => write!(f, "rollouts/{environment}/{sequence}.json"),
            Self::Outcome {
                environment,
                certname,
            } => write!(f, "outcomes/{environment}/{certname}.json"),
            Self::Pool => f.write_str("pool/current.json"),
            Self::Collection => f.write_str("garbage/last.json"),
            Self::PoolPart(digest) => write!(f, "pool/{digest}.json.gz"),
        }
    }
}

impl FromStr for Key {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(100).collect();
            StoreError::invalid(format!("{shown:?} is no key of the store"))
        })
    }
}

fn parse(text: &str) -> Option<Key> {
    let (kind, rest) = text.split_once('/')?;
    let digest = |text: &str| Digest::parse(text).ok();
    let pair = || rest.split_once('/');
    Some(match kind {
        "blobs" => Key::Blob(digest(rest)?),
        "bucket" => Key::Bucket(digest(rest)?),
        "catalogs" => Key::Catalog(digest(rest.strip_suffix(".json.gz")?)?),
        "environments" => {
            Key::Environment(EnvironmentName::parse(rest.strip_suffix(".json")?).ok()?)
        }
        "exports" => {
            let (environment, file) = pair()?;
            Key::Exchange {
                environment: EnvironmentName::parse(environment).ok()?,
                certname: Certname::parse(file.strip_suffix(".json")?).ok()?,
            }
        }
        "outcomes" => {
            let (environment, file) = pair()?;
            Key::Outcome {
                environment: EnvironmentName::parse(environment).ok()?,
                certname: Certname::parse(file.strip_suffix(".json")?).ok()?,
            }
        }
        "rollouts" => {
            let (environment, file) = pair()?;
            let digits = file.strip_suffix(".json")?;
            let sequence: u64 = digits.parse().ok()?;
            Key::Rollout {
                environment: EnvironmentName::parse(environment).ok()?,
                // One text for each number.
                sequence: (sequence.to_string() == digits).then_some(sequence)?,
            }
        }
        "pool" if rest == "current.json" => Key::Pool,
        "garbage" if rest == "last.json" => Key::Collection,
        "pool" => Key::PoolPart(digest(rest.strip_suffix(".json.gz")?)?),
        "facts" => Key::Facts(Certname::parse(rest.strip_suffix(".json")?).ok()?),
        "members" => {
            let (environment, certname) = pair()?;
            Key::Member {
                environment: EnvironmentName::parse(environment).ok()?,
                certname: Certname::parse(certname).ok()?,
            }
        }
        "releases" => {
            let (environment, file) = pair()?;
            let environment = EnvironmentName::parse(environment).ok()?;
            match file.split_once('.')? {
                (release, "json") => Key::Release {
                    environment,
                    release: digest(release)?,
                },
                (release, "bundle") => Key::Bundle {
                    environment,
                    release: digest(release)?,
                },
                _ => return None,
            }
        }
        "pointers" => {
            let (environment, file) = pair()?;
            Key::Pointer {
                environment: EnvironmentName::parse(environment).ok()?,
                certname: Certname::parse(file.strip_suffix(".json")?).ok()?,
            }
        }
        "reports" => {
            let (certname, file) = pair()?;
            let id = file.strip_suffix(".json.gz")?;
            let digits = id.len() == 20 && id.bytes().all(|b| b.is_ascii_digit());
            Key::Report {
                certname: Certname::parse(certname).ok()?,
                id: ReportId(if digits {
                    id.parse().ok()?
                } else {
                    return None;
                }),
            }
        }
        "uploads" => match text.strip_suffix(".result.json") {
            // An id is what an upload's key takes for one.
            Some(stem) => {
                let key: UploadKey = format!("{stem}.tar.gz").parse().ok()?;
                Key::upload_result(&key)
            }
            None => Key::Upload(text.parse().ok()?),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_key_comes_back_from_its_text() {
        let digest = Digest::of("x");
        for text in [
            format!("blobs/{digest}"),
            format!("bucket/{digest}"),
            format!("catalogs/{digest}.json.gz"),
            "environments/production.json".to_owned(),
            "facts/web1.example.test.json".to_owned(),
            "members/production/web1.example.test".to_owned(),
            "exports/production/web1.example.test.json".to_owned(),
            "outcomes/production/web1.example.test.json".to_owned(),
            "rollouts/production/12.json".to_owned(),
            "pool/current.json".to_owned(),
            "garbage/last.json".to_owned(),
            format!("pool/{digest}.json.gz"),
            format!("releases/production/{digest}.json"),
            format!("releases/production/{digest}.bundle"),
            "pointers/production/web1.example.test.json".to_owned(),
            "uploads/production/0190-x.tar.zst".to_owned(),
            "uploads/production/0190-x.result.json".to_owned(),
            "reports/web1/00000000000000000007.json.gz".to_owned(),
        ] {
            let key: Key = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(key.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn no_key_escapes_the_store(
            kind in "(blobs|exports|facts|members|outcomes|rollouts|pool|pointers|uploads|releases|environments|reports|\\.\\.)",
            rest in "[a-z./%]{0,16}",
            end in "(|\\.json|\\.tar\\.gz|\\.result\\.json|\\.json\\.gz)",
        ) {
            if let Ok(key) = format!("{kind}/{rest}{end}").parse::<Key>() {
                let text = key.to_string();
                prop_assert!(text.split('/').all(|part| !part.is_empty() && !part.starts_with('.')), "{}", text);
            }
        }
    }
}
