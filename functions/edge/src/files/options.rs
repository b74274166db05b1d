//! Parameters of file requests.

use crate::http::params::Params;
use crate::http::reply::{Problem, server_error};

use super::checksum::ChecksumType;

/// What a metadata request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Options {
    pub(crate) follow_links: bool,
    pub(crate) checksum_type: ChecksumType,
    /// Whether the source's owner and mode are wanted.
    pub(crate) use_permissions: bool,
    pub(crate) recurse: bool,
    pub(crate) recurse_limit: Option<usize>,
    /// Names to leave out.
    pub(crate) ignore: Vec<String>,
    /// Most entries, when above zero.
    pub(crate) max_files: i64,
}

/// Most `ignore` patterns, and their greatest length: each is matched with each name.
const MOST_PATTERNS: usize = 64;
const LONGEST_PATTERN: usize = 256;

impl Options {
    /// Reads the parameters. Those missing mean what they mean to the reference: links managed, permissions of the
    /// server (agents of 2.x and 3.x, which know no such parameter, are not served by this API).
    pub(crate) fn read(params: &Params) -> Result<Self, Problem> {
        let follow_links = match params.get("links") {
            None | Some("manage" | "ignore") => false,
            Some("follow") => true,
            Some(_) => return Err(server_error(":links can only be set to :manage or :follow")),
        };
        let use_permissions = match params.get("source_permissions") {
            None | Some("ignore") => false,
            Some("use" | "use_when_creating") => true,
            Some(other) => {
                return Err(server_error(format!(
                    "Unsupported source_permission {other}"
                )));
            }
        };
        let checksum_type = match params.get("checksum_type") {
            None => ChecksumType::Sha256,
            Some(name) => ChecksumType::parse(name)
                .ok_or_else(|| server_error(format!("Unsupported checksum type {name}")))?,
        };
        Ok(Self {
            follow_links,
            checksum_type,
            use_permissions,
            recurse: params.is_true("recurse"),
            recurse_limit: params
                .get("recurselimit")
                .and_then(|limit| limit.parse().ok()),
            ignore: params
                .all("ignore")
                .filter(|pattern| pattern.len() <= LONGEST_PATTERN)
                .take(MOST_PATTERNS)
                .map(str::to_owned)
                .collect(),
            max_files: params
                .get("max_files")
                .and_then(|most| most.parse().ok())
                .unwrap_or(0),
        })
    }

    pub(crate) fn links(&self) -> &'static str {
        if self.follow_links {
            "follow"
        } else {
            "manage"
        }
    }
}
