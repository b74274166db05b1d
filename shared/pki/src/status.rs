//! The document that `certificate_status` answers with.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateSigningRequestDer};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::csr::alt_names_of;
use crate::csr::{AltName, Request};
use crate::error::{PkiError, Result};
use crate::identity::extension_value;
use crate::oid;

/// The state of a certificate or a request, in Puppet Server's shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// The certname.
    pub name: String,
    /// `requested`, `signed` or `revoked`.
    pub state: CertificateState,
    /// `DNS:name` each.
    pub dns_alt_names: Vec<String>,
    /// `DNS:name` or `IP:address` each.
    pub subject_alt_names: Vec<String>,
    /// Short name or dotted identifier -> value.
    pub authorization_extensions: BTreeMap<String, String>,
    /// SHA-256, upper case, colons between bytes.
    pub fingerprint: String,
    /// The same by `SHA1`, `SHA256`, `SHA512` and `default`.
    pub fingerprints: BTreeMap<String, String>,
    /// Of certificates: last moment, `2031-01-31T12:00:00UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Of certificates: first moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Of certificates: the serial number when it fits 64 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<u64>,
}

/// Where a certname stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateState {
    /// A request waits.
    Requested,
    /// The certificate is good.
    Signed,
    /// The certificate was revoked.
    Revoked,
}

impl CertificateState {
    /// The word of the documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Signed => "signed",
            Self::Revoked => "revoked",
        }
    }
}

impl CertificateStatus {
    pub(crate) fn of_certificate(
        name: &str,
        pem: &str,
        revoked: impl Fn(&[u8]) -> Result<bool>,
    ) -> Result<Self> {
        let damaged = || PkiError::damaged(format!("the certificate of {name}"), "unreadable");
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| damaged())?;
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| damaged())?;
        let extensions = certificate
            .iter_extensions()
            .map(|extension| (extension.oid.to_id_string(), extension.value));
        let state = if revoked(certificate.raw_serial())? {
            CertificateState::Revoked
        } else {
            CertificateState::Signed
        };
        let mut status = Self::new(name, state, &der, &alt_names_of(&certificate), extensions);
        let validity = certificate.validity();
        status.not_after = Some(show_time(validity.not_after.to_datetime()));
        status.not_before = Some(show_time(validity.not_before.to_datetime()));
        status.serial_number = serial_number(certificate.raw_serial());
        Ok(status)
    }

    pub(crate) fn of_request(name: &str, pem: &str) -> Result<Self> {
        let der = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| PkiError::damaged(format!("the request of {name}"), error))?;
        let request = Request::from_pem(pem)?;
        let extensions = request
            .extensions
            .iter()
            .map(|extension| (extension.oid.clone(), extension.value.as_slice()));
        Ok(Self::new(
            name,
            CertificateState::Requested,
            &der,
            &request.alt_names,
            extensions,
        ))
    }

    fn new<'a>(
        name: &str,
        state: CertificateState,
        der: &[u8],
        alt_names: &[AltName],
        extensions: impl Iterator<Item = (String, &'a [u8])>,
    ) -> Self {
        let fingerprint = fingerprint(&digest::SHA256, der);
        Self {
            name: name.to_owned(),
            state,
            dns_alt_names: alt_names
                .iter()
                .filter(|name| matches!(name, AltName::Dns(_)))
                .map(AltName::show)
                .collect(),
            subject_alt_names: alt_names.iter().map(AltName::show).collect(),
            authorization_extensions: extensions
                .filter(|(id, _)| oid::is_authorization(id))
                .map(|(id, value)| (oid::short_name(&id).to_owned(), extension_value(value)))
                .collect(),
            fingerprints: BTreeMap::from([
                (
                    "SHA1".to_owned(),
                    self::fingerprint(&digest::SHA1_FOR_LEGACY_USE_ONLY, der),
                ),
                ("SHA256".to_owned(), fingerprint.clone()),
                ("SHA512".to_owned(), self::fingerprint(&digest::SHA512, der)),
                ("default".to_owned(), fingerprint.clone()),
            ]),
            fingerprint,
            not_after: None,
            not_before: None,
            serial_number: None,
        }
    }
}

fn fingerprint(algorithm: &'static digest::Algorithm, der: &[u8]) -> String {
    digest::digest(algorithm, der)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(":")
}

fn serial_number(bytes: &[u8]) -> Option<u64> {
    let bytes = crate::crl::trim(bytes);
    (bytes.len() <= 8).then(|| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    })
}

/// A time as Puppet Server and Puppet's inventory write it: `2031-01-31T12:00:00UTC`.
pub(crate) fn show_time(time: OffsetDateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}UTC",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
