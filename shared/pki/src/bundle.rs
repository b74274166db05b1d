//! A bundle of revocation lists: one for each CA of a chain, as Puppet's `crl.pem` has them.

use std::sync::Arc;
use std::time::SystemTime;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use crate::crl::Crl;
use crate::error::{PkiError, Result};
use crate::source::Stamp;

/// The revocation lists as clients get them.
#[derive(Clone, Debug)]
pub struct CrlBundle {
    /// One PEM block per CA of the bundle.
    pub pem: Arc<str>,
    /// When it was last changed; for `If-Modified-Since`.
    pub modified: SystemTime,
    pub(crate) stamp: Stamp,
    lists: Arc<[IssuedList]>,
}

/// A list and who issued it.
#[derive(Debug)]
struct IssuedList {
    der: CertificateRevocationListDer<'static>,
    /// The issuer's name as in its certificate, DER.
    issuer: Vec<u8>,
    list: Crl,
}

impl CrlBundle {
    /// Reads the lists of a PEM document; one must be of the first of `authorities`, whose certificates clients
    /// have. `named` is for messages.
    pub(crate) fn parse(
        named: &str,
        pem: String,
        stamp: Stamp,
        authorities: &[CertificateDer<'_>],
    ) -> Result<Self> {
        let damaged = |why: &dyn std::fmt::Display| PkiError::damaged(named, why.to_string());
        let mut lists = Vec::new();
        for der in CertificateRevocationListDer::pem_slice_iter(pem.as_bytes()) {
            let der = der.map_err(|error| damaged(&error))?;
            let (_, list) =
                CertificateRevocationList::from_der(&der).map_err(|error| damaged(&error))?;
            let (issuer, list) = (list.issuer().as_raw().to_vec(), Crl::of(&list));
            lists.push(IssuedList { der, issuer, list });
        }
        let bundle = Self {
            pem: pem.into(),
            modified: stamp.modified,
            stamp,
            lists: lists.into(),
        };
        match authorities.first() {
            Some(signer) if bundle.of(signer).is_none() => {
                Err(damaged(&"no list of this CA in it"))
            }
            _ => Ok(bundle),
        }
    }

    /// Whether a certificate, named by its issuer's name (DER) and its serial number (big-endian), was revoked.
    pub(crate) fn is_revoked(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.lists
            .iter()
            .any(|issued| issued.issuer == issuer && issued.list.contains(serial))
    }

    /// The list of the owner of a certificate.
    pub(crate) fn of(&self, certificate: &[u8]) -> Option<&Crl> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let name = certificate.subject().as_raw();
        self.lists
            .iter()
            .find(|issued| issued.issuer == name)
            .map(|issued| &issued.list)
    }

    /// The lists of all others than the owner of a certificate.
    pub(crate) fn others(&self, certificate: &[u8]) -> Vec<&[u8]> {
        let name = X509Certificate::from_der(certificate)
            .map(|(_, certificate)| certificate.subject().as_raw().to_vec())
            .unwrap_or_default();
        self.lists
            .iter()
            .filter(|issued| issued.issuer != name)
            .map(|issued| issued.der.as_ref())
            .collect()
    }

    /// The lists, DER.
    pub(crate) fn ders(&self) -> Vec<CertificateRevocationListDer<'static>> {
        self.lists.iter().map(|issued| issued.der.clone()).collect()
    }

    /// Whether a CA's certificate was revoked by the CA above it.
    pub(crate) fn has_revoked(&self, certificate: &[u8]) -> bool {
        X509Certificate::from_der(certificate).is_ok_and(|(_, certificate)| {
            self.is_revoked(certificate.issuer().as_raw(), certificate.raw_serial())
        })
    }
}
