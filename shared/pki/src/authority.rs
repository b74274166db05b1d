//! The certificate authority: requests in, certificates and the revocation list out.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rcgen::{Issuer, KeyPair, PublicKeyData, RsaKeySize, SanType};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use crate::autosign::Autosign;
use crate::crl::{Crl, trim};
use crate::csr::{AltName, Extension, Request};
use crate::dir::{Access, Dir};
use crate::error::{PkiError, Result};
use crate::issue::{self, Leaf};
use crate::name::{is_valid_certname, printable, validate_subject};
use crate::oid;
use crate::status::CertificateStatus;

const CA_CERTIFICATE: &str = "ca_crt.pem";
const CA_KEY: &str = "ca_key.pem";
const CA_CRL: &str = "ca_crl.pem";
const SERIAL: &str = "serial";
const INVENTORY: &str = "inventory.txt";
/// Lifetime of the CA and of every certificate, Puppet's default `ca_ttl`.
const LIFETIME: Duration = Duration::days(5 * 365);
/// Certificates of our own are made again when they end within this time.
const RENEW_BEFORE: Duration = Duration::days(30);

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

/// A certificate with its private key.
#[derive(Clone)]
pub struct Credentials {
    /// The common name.
    pub certname: String,
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The private key, PKCS #8 PEM.
    pub key_pem: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("certname", &self.certname)
            .finish_non_exhaustive()
    }
}

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

/// A certificate authority in a directory. Cheap to clone; every process that opens the same directory sees the
/// same authority.
#[derive(Clone)]
pub struct Ca {
    inner: Arc<Inner>,
}

struct Inner {
    dir: Dir,
    options: CaOptions,
    certificate_pem: Arc<str>,
    /// The CA certificates, the signing one first.
    certificates: Vec<CertificateDer<'static>>,
    issuer: Issuer<'static, KeyPair>,
    key_id: Vec<u8>,
    crl: RwLock<CrlBundle>,
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
        let certificates = certificates(&certificate_pem)?;
        let signer = certificates
            .first()
            .ok_or_else(|| PkiError::damaged(CA_CERTIFICATE, "no certificate in it"))?;
        let key = KeyPair::from_pem(&dir.require(CA_KEY)?)?;
        check_key(signer, &key)?;
        let (issuer, key_id) = issue::issuer(signer, key)?;
        let crl = read_crl(&dir, signer)?;
        drop(lock);
        Ok(Self {
            inner: Arc::new(Inner {
                dir,
                options,
                certificate_pem: certificate_pem.into(),
                certificates,
                issuer,
                key_id,
                crl: RwLock::new(crl),
            }),
        })
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
        let stored = pem_block("CERTIFICATE REQUEST", &request.der);
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
        let revoked = |serial: &[u8]| self.is_revoked(serial);
        if let Some(pem) = self.certificate(certname)? {
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
                let revoked = |serial: &[u8]| self.is_revoked(serial);
                list.push(CertificateStatus::of_certificate(&name, &pem, revoked)?);
            }
        }
        Ok(list)
    }

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
            && !self.is_revoked(certificate.raw_serial())
            && certificate.validity().not_after.to_datetime() > soon
            && alt_names.iter().all(|wanted| {
                has.iter().any(|name| match (name, wanted) {
                    (AltName::Dns(name), SanType::DnsName(wanted)) => name == wanted.as_str(),
                    (AltName::Ip(name), SanType::IpAddress(wanted)) => name == wanted,
                    _ => false,
                })
            })
    }

    fn check_duplicate(&self, certname: &str) -> Result<()> {
        let state = match self.certificate(certname)? {
            Some(pem) => {
                let der = CertificateDer::from_pem_slice(pem.as_bytes())
                    .map_err(|error| PkiError::damaged(signed_file(certname), error))?;
                let (_, certificate) = X509Certificate::from_der(&der)
                    .map_err(|error| PkiError::damaged(signed_file(certname), error))?;
                if self.is_revoked(certificate.raw_serial()) {
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

    /// The caller holds the lock.
    fn revoke_pem(&self, pem: &str) -> Result<()> {
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
                pem.push_str(&pem_block("X509 CRL", other));
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

    fn signer(&self) -> Result<&CertificateDer<'static>> {
        self.inner
            .certificates
            .first()
            .ok_or_else(|| PkiError::damaged(CA_CERTIFICATE, "no certificate in it"))
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

/// Makes the files of a new authority.
fn create(dir: &Dir, options: &CaOptions) -> Result<()> {
    if dir.read(CA_KEY)?.is_some() && !dir.names("signed")?.is_empty() {
        return Err(PkiError::damaged(
            CA_CERTIFICATE,
            "missing, though the authority has a key and has signed certificates",
        ));
    }
    // RSA, since old agents take nothing else; 2048 bits are made in about 0.1 s, more would be felt at the first
    // start and outlive the certificate's five years for nothing.
    let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let key_pem = key.serialize_pem();
    let now = OffsetDateTime::now_utc();
    let certificate = issue::root(&options.name, &key, now, LIFETIME)?;
    let (issuer, key_id) = issue::issuer(certificate.der(), key)?;
    let crl = Crl::default().sign(&issuer, &key_id, now)?;
    dir.write(CA_KEY, &key_pem, Access::Secret)?;
    dir.write(CA_CRL, &crl, Access::Public)?;
    dir.write(SERIAL, "0002", Access::Public)?;
    dir.write(
        INVENTORY,
        &inventory_line(1, now, &options.name),
        Access::Public,
    )?;
    dir.write(CA_CERTIFICATE, &certificate.pem(), Access::Public)
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

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| PkiError::damaged(CA_CERTIFICATE, error))
}

fn read_crl(dir: &Dir, signer: &[u8]) -> Result<CrlBundle> {
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

pub(crate) fn alt_names_of(certificate: &X509Certificate<'_>) -> Vec<AltName> {
    certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|extension| {
            extension
                .value
                .general_names
                .iter()
                .map(AltName::read)
                .collect()
        })
        .unwrap_or_default()
}

/// Takes the next serial number; the file holds it in hexadecimal, as Puppet's does.
fn next_serial(dir: &Dir) -> Result<u64> {
    let text = dir.require(SERIAL)?;
    let damaged = || PkiError::damaged(SERIAL, "not a hexadecimal number");
    let serial = u64::from_str_radix(text.trim(), 16).map_err(|_| damaged())?;
    let next = serial.checked_add(1).ok_or_else(damaged)?;
    dir.write(SERIAL, &format!("{next:04X}"), Access::Public)?;
    Ok(serial)
}

/// A line of Puppet's inventory: serial, first and last moment, name.
fn inventory_line(serial: u64, now: OffsetDateTime, name: &str) -> String {
    let from = crate::status::show_time(now - Duration::days(1));
    let to = crate::status::show_time(now + LIFETIME);
    format!("0x{serial:04x} {from} {to} /CN={name}\n")
}

fn pem_block(label: &str, der: &[u8]) -> String {
    crate::pem::encode(label, der)
}

fn signed_file(certname: &str) -> String {
    format!("signed/{certname}.pem")
}

fn request_file(certname: &str) -> String {
    format!("requests/{certname}.pem")
}
