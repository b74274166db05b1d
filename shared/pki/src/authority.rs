//! The certificate authority: requests in, certificates and the revocation list out.

mod credentials;
mod files;
mod options;
mod revocation;

use std::path::Path;
use std::sync::Arc;

use rcgen::{Issuer, KeyPair, PublicKeyData, SanType};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

pub use credentials::Credentials;
pub use options::{CaOptions, Submission};

use crate::crl::trim;
use crate::csr::{AltName, Extension, Request};
use crate::dir::{Access, Dir};
use crate::error::{PkiError, Result};
use crate::issue::{self, Leaf};
use crate::name::{is_valid_certname, printable, validate_subject};
use crate::pem;
use crate::status::CertificateStatus;
use crate::trust::{Trust, parse_certificates};
use files::{
    CA_CERTIFICATE, CA_CRL, CA_KEY, INVENTORY, LIFETIME, create, inventory_line, next_serial,
    request_file, signed_file,
};
use revocation::read_crl;

/// A certificate authority in a directory. Cheap to clone; every process that opens the same directory sees the
/// same authority.
#[derive(Clone)]
pub struct Ca {
    inner: Arc<Inner>,
}

struct Inner {
    dir: Dir,
    options: CaOptions,
    trust: Trust,
    issuer: Issuer<'static, KeyPair>,
    key_id: Vec<u8>,
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ca")
            .field("dir", &self.inner.dir)
            .finish_non_exhaustive()
    }
}

impl Ca {
    /// Opens the authority in `dir`, making a new one when the directory holds none.
    ///
    /// The layout is that of Puppet Server's `cadir` (`ca_crt.pem`, `ca_key.pem`, `ca_crl.pem`, `serial`,
    /// `inventory.txt`, `signed/`, `requests/`), so a site's existing CA can be copied in.
    ///
    /// # Errors
    /// When files can't be read or written, or only a part of an authority is there.
    pub fn open(dir: impl AsRef<Path>, options: CaOptions) -> Result<Self> {
        let dir = Dir::open(dir.as_ref())?;
        let lock = dir.lock()?;
        // The certificate is written last: with it, everything is there.
        if dir.read(CA_CERTIFICATE)?.is_none() {
            create(&dir, &options)?;
        }
        let certificate_pem = dir.require(CA_CERTIFICATE)?;
        let certificates = parse_certificates(CA_CERTIFICATE, &certificate_pem)?;
        let signer = certificates.first().ok_or_else(no_certificate)?;
        let key = KeyPair::from_pem(&dir.require(CA_KEY)?)?;
        check_key(signer, &key)?;
        let (issuer, key_id) = issue::issuer(signer, key)?;
        let crl = read_crl(&dir, &certificates)?;
        let crl_file = Some(dir.path(CA_CRL));
        drop(lock);
        Ok(Self {
            inner: Arc::new(Inner {
                dir,
                options,
                trust: Trust::new(certificate_pem, certificates, crl, crl_file),
                issuer,
                key_id,
            }),
        })
    }

    /// The authority as those see it who only trust it: its certificates and revocation lists.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.inner.trust
    }

    /// Takes a certificate request for `certname`, and signs it if autosign says so.
    ///
    /// # Errors
    /// [`PkiError::Refused`] with Puppet Server's text for the client; nothing was stored then, but a request
    /// that only autosign may not sign (alternative names, authorization extensions) waits for a person.
    pub fn submit(&self, certname: &str, pem: &str) -> Result<Submission> {
        let request = Request::from_pem(pem)?;
        let _lock = self.inner.dir.lock()?;
        validate_subject(certname, &request.subject)?;
        self.check_duplicate(certname)?;
        let dir = &self.inner.dir;
        if dir.names("requests")?.len() >= self.inner.options.pending_limit {
            return Err(PkiError::Refused(
                "Too many certificate requests are waiting".to_owned(),
            ));
        }
        let stored = pem::encode("CERTIFICATE REQUEST", &request.der);
        dir.write(&request_file(certname), &stored, Access::Public)?;
        if !self.inner.options.autosign.allows(certname) {
            return Ok(Submission::Pending);
        }
        request.check_extensions(
            self.inner.options.allow_subject_alt_names,
            self.inner.options.allow_authorization_extensions,
        )?;
        self.sign_request(certname, &request)?;
        Ok(Submission::Signed)
    }

    /// Signs the waiting request of `certname`.
    ///
    /// # Errors
    /// [`PkiError::Conflict`] when none waits, or it asks for what is not allowed.
    pub fn sign(&self, certname: &str) -> Result<()> {
        let options = &self.inner.options;
        self.sign_allowing(
            certname,
            options.allow_subject_alt_names,
            options.allow_authorization_extensions,
        )
    }

    /// Signs the waiting request of `certname`, with a person's word for what the options would refuse.
    ///
    /// # Errors
    /// As [`Ca::sign`].
    pub fn sign_allowing(
        &self,
        certname: &str,
        alt_names: bool,
        authorization: bool,
    ) -> Result<()> {
        let _lock = self.inner.dir.lock()?;
        let pem = self.stored(certname, request_file)?.ok_or_else(|| {
            PkiError::Conflict(format!(
                "Cannot sign certificate for host {} - no certificate signing request exists on disk.",
                printable(certname)
            ))
        })?;
        let conflict = |error| match error {
            PkiError::Refused(message) => PkiError::Conflict(message),
            other => other,
        };
        let request = Request::from_pem(&pem).map_err(conflict)?;
        validate_subject(certname, &request.subject).map_err(conflict)?;
        request
            .check_extensions(alt_names, authorization)
            .map_err(conflict)?;
        self.sign_request(certname, &request)
    }

    /// Revokes the certificate of `certname` if there is one and removes it and any waiting request, so that the
    /// host can ask again.
    ///
    /// # Errors
    /// [`PkiError::NotFound`] when there is neither.
    pub fn clean(&self, certname: &str) -> Result<()> {
        let _lock = self.inner.dir.lock()?;
        let certificate = self.stored(certname, signed_file)?;
        let request = self.stored(certname, request_file)?;
        if certificate.is_none() && request.is_none() {
            return Err(PkiError::NotFound(format!(
                "Could not find files for {}",
                printable(certname)
            )));
        }
        if let Some(pem) = certificate {
            self.revoke_pem(&pem)?;
            self.inner.dir.remove(&signed_file(certname))?;
        }
        self.inner.dir.remove(&request_file(certname))?;
        Ok(())
    }

    /// Removes the waiting request of `certname`.
    ///
    /// # Errors
    /// [`PkiError::NotFound`] when none waits.
    pub fn delete_request(&self, certname: &str) -> Result<()> {
        let _lock = self.inner.dir.lock()?;
        let removed =
            is_valid_certname(certname) && self.inner.dir.remove(&request_file(certname))?;
        if removed {
            Ok(())
        } else {
            Err(PkiError::NotFound(format!(
                "No certificate request for {}",
                printable(certname)
            )))
        }
    }

    /// The certificate of `certname`, PEM.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn certificate(&self, certname: &str) -> Result<Option<String>> {
        self.stored(certname, signed_file)
    }

    /// The waiting request of `certname`, PEM.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn request(&self, certname: &str) -> Result<Option<String>> {
        self.stored(certname, request_file)
    }

    /// The state of `certname`'s certificate, or else of its request.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn status(&self, certname: &str) -> Result<Option<CertificateStatus>> {
        if let Some(pem) = self.certificate(certname)? {
            let revoked = |serial: &[u8]| self.has_revoked(serial);
            return CertificateStatus::of_certificate(certname, &pem, revoked).map(Some);
        }
        self.request(certname)?
            .map(|pem| CertificateStatus::of_request(certname, &pem))
            .transpose()
    }

    /// All waiting requests, then all certificates, by name.
    ///
    /// # Errors
    /// When the directory can't be read.
    pub fn list(&self) -> Result<Vec<CertificateStatus>> {
        let mut list = Vec::new();
        for name in self.inner.dir.names("requests")? {
            if let Some(pem) = self.request(&name)? {
                list.push(CertificateStatus::of_request(&name, &pem)?);
            }
        }
        for name in self.inner.dir.names("signed")? {
            if let Some(pem) = self.certificate(&name)? {
                let revoked = |serial: &[u8]| self.has_revoked(serial);
                list.push(CertificateStatus::of_certificate(&name, &pem, revoked)?);
            }
        }
        Ok(list)
    }

    fn check_duplicate(&self, certname: &str) -> Result<()> {
        let state = match self.certificate(certname)? {
            Some(pem) => {
                let der = CertificateDer::from_pem_slice(pem.as_bytes())
                    .map_err(|error| PkiError::damaged(signed_file(certname), error))?;
                let (_, certificate) = X509Certificate::from_der(&der)
                    .map_err(|error| PkiError::damaged(signed_file(certname), error))?;
                if self.has_revoked(certificate.raw_serial())? {
                    "revoked"
                } else {
                    "signed"
                }
            }
            None if self.request(certname)?.is_some() => "requested",
            None => return Ok(()),
        };
        Err(PkiError::Refused(format!(
            "{certname} already has a {state} certificate; ignoring certificate request"
        )))
    }

    /// Signs and removes a request. The caller holds the lock and has checked it.
    fn sign_request(&self, certname: &str, request: &Request) -> Result<()> {
        let mut names = vec![SanType::DnsName(certname.try_into()?)];
        for name in &request.alt_names {
            let name = match name {
                AltName::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
                AltName::Ip(address) => SanType::IpAddress(*address),
                AltName::Other => continue,
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let extensions = request.kept_extensions().cloned().collect();
        self.issue(certname, &request.public_key, names, extensions)?;
        self.inner.dir.remove(&request_file(certname))?;
        Ok(())
    }

    /// Issues and stores a certificate. The caller holds the lock.
    fn issue(
        &self,
        certname: &str,
        public_key: &impl PublicKeyData,
        alt_names: Vec<SanType>,
        extensions: Vec<Extension>,
    ) -> Result<String> {
        let dir = &self.inner.dir;
        let serial = next_serial(dir)?;
        let now = OffsetDateTime::now_utc();
        let pem = Leaf {
            certname,
            serial: trim(&serial.to_be_bytes()),
            alt_names,
            extensions,
            now,
            lifetime: LIFETIME,
        }
        .sign(public_key, &self.inner.issuer)?
        .pem();
        let mut inventory = dir.read(INVENTORY)?.unwrap_or_default();
        inventory.push_str(&inventory_line(serial, now, certname));
        dir.write(INVENTORY, &inventory, Access::Public)?;
        dir.write(&signed_file(certname), &pem, Access::Public)?;
        Ok(pem)
    }

    fn signer(&self) -> Result<&CertificateDer<'static>> {
        let certificates = self.inner.trust.certificates();
        certificates.first().ok_or_else(no_certificate)
    }

    /// Reads a file named after a certname; a name that could lead elsewhere has none.
    fn stored(&self, certname: &str, file: fn(&str) -> String) -> Result<Option<String>> {
        if is_valid_certname(certname) {
            self.inner.dir.read(&file(certname))
        } else {
            Ok(None)
        }
    }
}

fn no_certificate() -> PkiError {
    PkiError::damaged(CA_CERTIFICATE, "no certificate in it")
}

fn check_key(certificate: &[u8], key: &KeyPair) -> Result<()> {
    let (_, certificate) = X509Certificate::from_der(certificate)
        .map_err(|error| PkiError::damaged("a certificate", error))?;
    if certificate.public_key().raw == key.subject_public_key_info() {
        Ok(())
    } else {
        Err(PkiError::damaged(
            "a key",
            "it does not belong to its certificate",
        ))
    }
}
