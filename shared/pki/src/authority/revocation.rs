//! The revocation lists: reading, asking, and issuing them anew.

use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::Ca;
use super::files::{CA_CRL, signed_file};
use crate::crl::{Crl, trim};
use crate::dir::{Access, Dir};
use crate::error::{PkiError, Result};
use crate::name::printable;
use crate::pem;

/// The revocation lists as clients get them.
#[derive(Clone, Debug)]
pub struct CrlBundle {
    /// One PEM block per CA of the bundle.
    pub pem: Arc<str>,
    /// When it was last changed; for `If-Modified-Since`.
    pub modified: SystemTime,
    pub(crate) ders: Vec<CertificateRevocationListDer<'static>>,
    own: Arc<Crl>,
}

impl Ca {
    /// The revocation lists, as last read or written by this process.
    #[must_use]
    pub fn crl(&self) -> CrlBundle {
        self.inner
            .crl
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether the certificate with this serial number (big-endian) was revoked.
    #[must_use]
    pub fn is_revoked(&self, serial: &[u8]) -> bool {
        self.inner
            .crl
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .own
            .contains(serial)
    }

    /// Looks whether another process changed the revocation list, and reads it if so. One `stat` when not.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn refresh(&self) -> Result<bool> {
        let modified = self.inner.dir.modified(CA_CRL)?;
        if modified == self.crl().modified {
            return Ok(false);
        }
        self.set_crl(read_crl(&self.inner.dir, self.signer()?)?);
        Ok(true)
    }

    /// Revokes the certificate of `certname`: the list is issued anew with the next number.
    ///
    /// # Errors
    /// [`PkiError::Conflict`] when there is no such certificate.
    pub fn revoke(&self, certname: &str) -> Result<()> {
        let _lock = self.inner.dir.lock()?;
        let pem = self.stored(certname, signed_file)?.ok_or_else(|| {
            PkiError::Conflict(format!(
                "Cannot revoke certificate for host {} - no certificate exists on disk.",
                printable(certname)
            ))
        })?;
        self.revoke_pem(&pem)
    }

    /// The caller holds the lock.
    pub(super) fn revoke_pem(&self, pem: &str) -> Result<()> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| PkiError::damaged("the certificate", error))?;
        let (_, certificate) = X509Certificate::from_der(&der)
            .map_err(|error| PkiError::damaged("the certificate", error))?;
        // The file is the truth: another process may have revoked since.
        let dir = &self.inner.dir;
        let current = read_crl(dir, self.signer()?)?;
        let mut own = Crl::clone(&current.own);
        let now = OffsetDateTime::now_utc();
        let new = own
            .revoked
            .insert(trim(certificate.raw_serial()).to_vec(), now)
            .is_none();
        if new {
            own.advance();
            let mut pem = own.sign(&self.inner.issuer, &self.inner.key_id, now)?;
            for other in self.foreign_crls(&current)? {
                pem.push_str(&pem::encode("X509 CRL", other));
            }
            dir.write(CA_CRL, &pem, Access::Public)?;
        }
        self.set_crl(read_crl(dir, self.signer()?)?);
        Ok(())
    }

    /// The lists of the other CAs in the bundle: kept as they are.
    fn foreign_crls<'a>(&self, bundle: &'a CrlBundle) -> Result<Vec<&'a [u8]>> {
        let signer = self.signer()?;
        Ok(bundle
            .ders
            .iter()
            .map(AsRef::as_ref)
            .filter(|der| !is_from(der, signer))
            .collect())
    }

    fn set_crl(&self, crl: CrlBundle) {
        *self
            .inner
            .crl
            .write()
            .unwrap_or_else(PoisonError::into_inner) = crl;
    }
}

pub(super) fn read_crl(dir: &Dir, signer: &[u8]) -> Result<CrlBundle> {
    // The time first: a change in between is then seen by the next refresh.
    let modified = dir.modified(CA_CRL)?;
    let pem = dir.require(CA_CRL)?;
    let ders = CertificateRevocationListDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| PkiError::damaged(CA_CRL, error))?;
    let own = ders
        .iter()
        .find(|der| is_from(der, signer))
        .ok_or_else(|| PkiError::damaged(CA_CRL, "no list of this CA in it"))?;
    Ok(CrlBundle {
        own: Arc::new(Crl::from_der(own)?),
        pem: pem.into(),
        modified,
        ders,
    })
}

/// Whether a CRL was issued by the owner of a certificate.
fn is_from(crl: &[u8], signer: &[u8]) -> bool {
    let Ok((_, list)) = CertificateRevocationList::from_der(crl) else {
        return false;
    };
    X509Certificate::from_der(signer)
        .is_ok_and(|(_, signer)| list.issuer().as_raw() == signer.subject().as_raw())
}
