//! Revocation: the authority's list issued anew.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Ca;
use super::files::{CA_CRL, signed_file};
use crate::bundle::CrlBundle;
use crate::crl::{Crl, trim};
use crate::dir::{Access, Dir};
use crate::error::{PkiError, Result};
use crate::name::printable;
use crate::pem;
use crate::source::Stamp;

impl Ca {
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
        let (dir, signer) = (&self.inner.dir, self.signer()?);
        let current = read_crl(dir, std::slice::from_ref(signer))?;
        let mut own = current.of(signer).cloned().unwrap_or_default();
        let now = OffsetDateTime::now_utc();
        let new = own
            .revoked
            .insert(trim(certificate.raw_serial()).to_vec(), now)
            .is_none();
        if new {
            own.advance();
            self.write_crl(&own, &current, now)?;
        }
        self.inner.trust.reload(Stamp::of_file(&dir.path(CA_CRL))?)
    }

    /// Writes the authority's own list, and those of the other CAs in the bundle as they are.
    fn write_crl(&self, own: &Crl, bundle: &CrlBundle, now: OffsetDateTime) -> Result<()> {
        let mut pem = own.sign(&self.inner.issuer, &self.inner.key_id, now)?;
        for other in bundle.others(self.signer()?) {
            pem.push_str(&pem::encode("X509 CRL", other));
        }
        self.inner.dir.write(CA_CRL, &pem, Access::Public)
    }

    /// Whether a certificate of this authority (its serial number, big-endian) was revoked.
    pub(super) fn has_revoked(&self, serial: &[u8]) -> Result<bool> {
        let crl = self.inner.trust.crl();
        Ok(crl
            .of(self.signer()?)
            .is_some_and(|own| own.contains(serial)))
    }
}

pub(super) fn read_crl(dir: &Dir, authorities: &[CertificateDer<'_>]) -> Result<CrlBundle> {
    // The time first: a change in between is then seen by the next refresh.
    let stamp = Stamp::of_file(&dir.path(CA_CRL))?;
    CrlBundle::parse(CA_CRL, dir.require(CA_CRL)?, stamp, authorities)
}
