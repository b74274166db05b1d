//! What can go wrong in the certificate authority, by what the caller should do about it.

use std::io;
use std::path::PathBuf;

/// An error of the certificate authority.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The request can't be granted as it is; the text is Puppet Server's. Answer 400 and show it.
    #[error("{0}")]
    Refused(String),
    /// The request contradicts the state of the authority (nothing to sign, nothing to revoke). Answer 409.
    #[error("{0}")]
    Conflict(String),
    /// No such certificate or request. Answer 404.
    #[error("{0}")]
    NotFound(String),
    /// A file of the authority can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's words.
        #[source]
        source: io::Error,
    },
    /// A file of the authority, or a certificate, is not what it should be.
    #[error("{what} is not usable: {why}")]
    Damaged {
        /// Which document.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// Keys or certificates could not be made.
    #[error("cannot issue a certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// TLS can't be set up with these certificates.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// A result of the certificate authority.
pub type Result<T, E = PkiError> = std::result::Result<T, E>;

impl PkiError {
    pub(crate) fn damaged(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Damaged {
            what: what.into(),
            why: why.to_string(),
        }
    }
}
