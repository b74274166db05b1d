//! Certificates with their keys: those that the authority itself makes and keeps (the edge's and the
//! administrators'), and those that somebody else made.

use rcgen::{KeyPair, SanType};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Ca, check_key};
use crate::csr::{AltName, Extension, alt_names_of};
use crate::dir::Access;
use crate::error::{PkiError, Result};
use crate::identity::Identity;
use crate::issue;
use crate::name::{is_valid_certname, printable};
use crate::oid;
use crate::source::PemSource;
use crate::trust::parse_certificates;

/// Certificates of our own are made again when they end within this time.
const RENEW_BEFORE: Duration = Duration::days(30);

/// A certificate with its private key.
#[derive(Clone)]
pub struct Credentials {
    /// The common name.
    pub certname: String,
    /// The certificate, PEM; those of intermediate CAs may follow it.
    pub certificate_pem: String,
    /// The private key, PEM.
    pub key_pem: String,
}

impl Credentials {
    /// Reads a certificate and its key that somebody else made, in any of the forms of PEM that Puppet and OpenSSL
    /// write.
    ///
    /// # Errors
    /// When one can't be read, or the key is not the certificate's.
    pub fn open(certificate: &PemSource, key: &PemSource) -> Result<Self> {
        let (named, named_key) = (certificate.name("certificate"), key.name("private key"));
        let (certificate_pem, key_pem) = (certificate.read()?, key.read()?);
        let chain = parse_certificates(&named, &certificate_pem)?;
        let der = chain
            .first()
            .ok_or_else(|| PkiError::damaged(&*named, "no certificate in it"))?;
        let identity = Identity::from_der(der).map_err(|error| PkiError::damaged(named, error))?;
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())
            .map_err(|error| PkiError::damaged(&*named_key, error))?;
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        CertifiedKey::from_der(chain, key, &provider)
            .map_err(|error| PkiError::damaged(named_key, error))?;
        Ok(Self {
            certname: identity.certname,
            certificate_pem,
            key_pem,
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("certname", &self.certname)
            .finish_non_exhaustive()
    }
}

impl Ca {
    /// The edge's own certificate, for the given host names and addresses besides `certname`; made on first use
    /// and again when it nears its end, was revoked, or lacks a name.
    ///
    /// # Errors
    /// When it can't be read or made.
    pub fn server_credentials(&self, certname: &str, hosts: &[String]) -> Result<Credentials> {
        let mut names = vec![certname, "localhost", "127.0.0.1", "::1"];
        names.extend(hosts.iter().map(String::as_str));
        self.credentials(certname, &issue::alt_names(names)?, false)
    }

    /// A certificate whose owner may administer the farm (`pp_cli_auth`), made on first use.
    ///
    /// # Errors
    /// When it can't be read or made.
    pub fn admin_credentials(&self, certname: &str) -> Result<Credentials> {
        self.credentials(certname, &issue::alt_names([certname])?, true)
    }

    fn credentials(
        &self,
        certname: &str,
        alt_names: &[SanType],
        admin: bool,
    ) -> Result<Credentials> {
        if !is_valid_certname(certname) {
            return Err(PkiError::Refused(format!(
                "{:?} is not a valid certname",
                printable(certname)
            )));
        }
        let _lock = self.inner.dir.lock()?;
        let key_file = format!("private/{certname}.pem");
        let key_pem = self.inner.dir.read(&key_file)?;
        if let Some(key_pem) = &key_pem
            && let Some(certificate_pem) = self.certificate(certname)?
            && self.is_fit(&certificate_pem, key_pem, alt_names)
        {
            return Ok(Credentials {
                certname: certname.to_owned(),
                certificate_pem,
                key_pem: key_pem.clone(),
            });
        }
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let key_pem = key.serialize_pem();
        self.inner.dir.write(&key_file, &key_pem, Access::Secret)?;
        let extensions = if admin {
            vec![Extension {
                oid: oid::PP_CLI_AUTH.to_owned(),
                critical: false,
                value: issue::utf8_string("true"),
            }]
        } else {
            Vec::new()
        };
        let certificate_pem = self.issue(certname, &key, alt_names.to_vec(), extensions)?;
        Ok(Credentials {
            certname: certname.to_owned(),
            certificate_pem,
            key_pem,
        })
    }

    /// Whether a stored certificate of our own can be used on.
    fn is_fit(&self, certificate_pem: &str, key_pem: &str, alt_names: &[SanType]) -> bool {
        let (Ok(der), Ok(key)) = (
            CertificateDer::from_pem_slice(certificate_pem.as_bytes()),
            KeyPair::from_pem(key_pem),
        ) else {
            return false;
        };
        let Ok((_, certificate)) = X509Certificate::from_der(&der) else {
            return false;
        };
        let has = alt_names_of(&certificate);
        let soon = OffsetDateTime::now_utc() + RENEW_BEFORE;
        check_key(&der, &key).is_ok()
            && self
                .has_revoked(certificate.raw_serial())
                .is_ok_and(|revoked| !revoked)
            && certificate.validity().not_after.to_datetime() > soon
            && alt_names.iter().all(|wanted| {
                has.iter().any(|name| match (name, wanted) {
                    (AltName::Dns(name), SanType::DnsName(wanted)) => name == wanted.as_str(),
                    (AltName::Ip(name), SanType::IpAddress(wanted)) => name == wanted,
                    _ => false,
                })
            })
    }
}
