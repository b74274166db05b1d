//! Whom to trust: an authority's certificates and revocation lists, without its key.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::bundle::CrlBundle;
use crate::error::{PkiError, Result};
use crate::identity::Identity;
use crate::source::{PemSource, Stamp};

/// The certificates of an authority and what it revoked. Cheap to clone; clones see the same revocation lists.
#[derive(Clone)]
pub struct Trust {
    inner: Arc<Inner>,
}

struct Inner {
    certificate_pem: Arc<str>,
    certificates: Vec<CertificateDer<'static>>,
    crl_file: Option<PathBuf>,
    crl: RwLock<CrlBundle>,
}

impl Trust {
    /// Reads the certificates of an authority (Puppet's `ca.pem`, the signing one first where there is a chain)
    /// and its revocation lists (`crl.pem`, one for each certificate of the chain). A file of lists is read again
    /// by [`Trust::refresh`].
    ///
    /// # Errors
    /// When a file can't be read, or holds no certificates, or no list of theirs.
    pub fn open(certificates: &PemSource, crl: &PemSource) -> Result<Self> {
        let named = certificates.name("CA certificate");
        let pem = certificates.read()?;
        let (text, stamp, file) = match crl {
            PemSource::Text(text) => (text.clone(), Stamp::of_text(text), None),
            PemSource::File(path) => {
                // The time first: a change in between is then seen by the next refresh.
                let stamp = Stamp::of_file(path)?;
                (crl.read()?, stamp, Some(path.clone()))
            }
        };
        let parsed = parse_certificates(&named, &pem)?;
        let bundle = CrlBundle::parse(&crl.name("revocation list"), text, stamp, &parsed)?;
        Ok(Self::new(pem, parsed, bundle, file))
    }

    pub(crate) fn new(
        certificate_pem: String,
        certificates: Vec<CertificateDer<'static>>,
        crl: CrlBundle,
        crl_file: Option<PathBuf>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                certificate_pem: certificate_pem.into(),
                certificates,
                crl_file,
                crl: RwLock::new(crl),
            }),
        }
    }

    /// The CA certificates, PEM: what `certificate/ca` answers.
    #[must_use]
    pub fn certificate_pem(&self) -> Arc<str> {
        Arc::clone(&self.inner.certificate_pem)
    }

    /// The CA certificates, DER, the signing one first.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.inner.certificates
    }

    /// The revocation lists, as last read or written by this process.
    #[must_use]
    pub fn crl(&self) -> CrlBundle {
        self.inner
            .crl
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a client's certificate was revoked by the one who issued it.
    #[must_use]
    pub fn is_revoked(&self, identity: &Identity) -> bool {
        self.inner
            .crl
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_revoked(&identity.issuer, &identity.serial)
    }

    /// Looks whether the file of revocation lists was changed, by whomever, and reads it if so. One `stat` when
    /// not. A file that can't be used leaves the former lists in force, and is read again the next time.
    ///
    /// # Errors
    /// When the file can't be read or is no list of this authority.
    pub fn refresh(&self) -> Result<bool> {
        let Some(path) = &self.inner.crl_file else {
            return Ok(false);
        };
        let stamp = Stamp::of_file(path)?;
        if stamp == self.crl().stamp {
            return Ok(false);
        }
        self.reload(stamp)?;
        Ok(true)
    }

    /// Reads the file of revocation lists, whose state is `stamp`.
    pub(crate) fn reload(&self, stamp: Stamp) -> Result<()> {
        let Some(path) = &self.inner.crl_file else {
            return Ok(());
        };
        let source = PemSource::File(path.clone());
        let named = source.name("revocation list");
        let crl = CrlBundle::parse(&named, source.read()?, stamp, self.certificates())?;
        *self
            .inner
            .crl
            .write()
            .unwrap_or_else(PoisonError::into_inner) = crl;
        Ok(())
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust")
            .field("certificates", &self.inner.certificates.len())
            .field("crl_file", &self.inner.crl_file)
            .finish_non_exhaustive()
    }
}

/// The certificates of a PEM document; there must be one.
pub(crate) fn parse_certificates(named: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| PkiError::damaged(named, error))?;
    if certificates.is_empty() {
        return Err(PkiError::damaged(named, "no certificate in it"));
    }
    Ok(certificates)
}
