//! How an authority behaves, and what it answers to a request.

use crate::autosign::Autosign;

/// How an authority behaves.
#[derive(Clone, Debug)]
pub struct CaOptions {
    /// Common name of a new CA certificate.
    pub name: String,
    /// Which requests are signed at once.
    pub autosign: Autosign,
    /// Whether requests with subject alternative names beyond the certname may be signed.
    pub allow_subject_alt_names: bool,
    /// Whether requests with authorization extensions (`pp_auth_role`) may be signed.
    pub allow_authorization_extensions: bool,
    /// How many requests may wait: anyone can submit one, and the disk is finite.
    pub pending_limit: usize,
}

impl Default for CaOptions {
    fn default() -> Self {
        Self {
            name: "Puppet CA: bunraku".to_owned(),
            autosign: Autosign::Off,
            allow_subject_alt_names: false,
            allow_authorization_extensions: false,
            pending_limit: 10_000,
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    /// It waits to be signed.
    Pending,
    /// It was signed at once.
    Signed,
}
