//! Certificate signing requests: read, verified, checked against the rules.

use rcgen::{PublicKeyData, SignatureAlgorithm};
use rustls_pki_types::CertificateSigningRequestDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use crate::error::{PkiError, Result};
use crate::oid;

/// Subject alternative names.
const SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// Least RSA modulus that TLS peers accept, in bits.
const LEAST_RSA_BITS: usize = 2048;
/// Greatest RSA modulus that TLS peers accept, in bits.
const GREATEST_RSA_BITS: usize = 8192;

/// A public key as it goes into a certificate.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    algorithm: &'static SignatureAlgorithm,
    bytes: Vec<u8>,
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// An extension as the request has it: dotted identifier and DER of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) oid: String,
    pub(crate) critical: bool,
    pub(crate) value: Vec<u8>,
}

/// A request whose signature was verified.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The common name: the one attribute of the subject.
    pub(crate) subject: String,
    pub(crate) public_key: PublicKey,
    pub(crate) extensions: Vec<Extension>,
    /// As Puppet Server prints them: `DNS:a`, `IP:1.2.3.4`.
    pub(crate) alt_names: Vec<AltName>,
    pub(crate) der: Vec<u8>,
}

/// A subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AltName {
    Dns(String),
    Ip(std::net::IpAddr),
    Other,
}

impl AltName {
    /// `DNS:name` or `IP:address`, as Puppet Server lists them.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Dns(name) => format!("DNS:{name}"),
            Self::Ip(address) => format!("IP:{address}"),
            Self::Other => "other".to_owned(),
        }
    }

    pub(crate) fn read(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::DNSName(name) => Self::Dns((*name).to_owned()),
            GeneralName::IPAddress(bytes) => match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).map_or(Self::Other, |b| Self::Ip(b.into())),
                16 => <[u8; 16]>::try_from(*bytes).map_or(Self::Other, |b| Self::Ip(b.into())),
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

impl Request {
    /// Reads a PEM request and verifies that it was signed with the key it carries.
    ///
    /// # Errors
    /// [`PkiError::Refused`] with a text for the client when it is not a request, its signature is wrong, its
    /// subject is not one common name, or its key is of no kind that agents have.
    pub(crate) fn from_pem(pem: &str) -> Result<Self> {
        let refused = |message: &str| PkiError::Refused(message.to_owned());
        let der = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| refused("The request body is not a certificate request in PEM"))?;
        let (rest, csr) = X509CertificationRequest::from_der(&der)
            .map_err(|_| refused("The certificate request cannot be read"))?;
        if !rest.is_empty() {
            return Err(refused("The certificate request cannot be read"));
        }
        let info = &csr.certification_request_info;
        // The key first: a signature of a kind of key that is not supported could not be verified.
        let public_key = public_key(&info.subject_pki)?;
        csr.verify_signature().map_err(|_| {
            refused("CSR contains a public key that does not correspond to the signing key")
        })?;
        let subject = only_common_name(&info.subject)
            .ok_or_else(|| refused("Subject must be exactly one common name"))?;
        let mut extensions = Vec::new();
        let mut alt_names = Vec::new();
        for attribute in info.iter_attributes() {
            let ParsedCriAttribute::ExtensionRequest(request) = attribute.parsed_attribute() else {
                continue;
            };
            for extension in &request.extensions {
                if let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension()
                {
                    alt_names.extend(names.general_names.iter().map(AltName::read));
                }
                extensions.push(Extension {
                    oid: extension.oid.to_id_string(),
                    critical: extension.critical,
                    value: extension.value.to_vec(),
                });
            }
        }
        Ok(Self {
            subject,
            public_key,
            extensions,
            alt_names,
            der: der.to_vec(),
        })
    }

    /// Checks what may not be granted unless it is allowed, in Puppet Server's order and words.
    pub(crate) fn check_extensions(&self, alt_names: bool, authorization: bool) -> Result<()> {
        let refuse = |message| Err(PkiError::Refused(message));
        let own = AltName::Dns(self.subject.clone());
        if !alt_names && !self.alt_names.is_empty() && self.alt_names != [own.clone()] {
            let extra: Vec<_> = self
                .alt_names
                .iter()
                .filter(|name| **name != own)
                .map(AltName::show)
                .collect();
            return refuse(format!(
                "CSR '{}' contains extra subject alternative names ({}), which are disallowed. \
                 To allow subject alternative names, set allow-subject-alt-names to true. \
                 Then try signing this certificate again.",
                self.subject,
                extra.join(", ")
            ));
        }
        if !authorization
            && self
                .extensions
                .iter()
                .any(|e| oid::is_authorization(&e.oid))
        {
            return refuse(format!(
                "CSR '{}' contains an authorization extension, which is disallowed. \
                 To allow authorization extensions, set allow-authorization-extensions to true. \
                 Then try signing this certificate again.",
                self.subject
            ));
        }
        // pp_cli_auth makes an administrator: the authority alone gives it, to certificates of its own making.
        let foreign: Vec<_> = self
            .extensions
            .iter()
            .map(|extension| extension.oid.as_str())
            .filter(|id| {
                *id != SUBJECT_ALT_NAME && (!oid::is_puppet(id) || *id == oid::PP_CLI_AUTH)
            })
            .collect();
        if !foreign.is_empty() {
            return refuse(format!(
                "Found extensions that are not permitted: {}",
                foreign.join(", ")
            ));
        }
        if self.alt_names.contains(&AltName::Other) {
            return refuse(
                "Only DNS and IP names are allowed in the Subject Alternative Names extension"
                    .to_owned(),
            );
        }
        for name in &self.alt_names {
            if let AltName::Dns(name) = name
                && name.contains('*')
            {
                return refuse(format!(
                    "Cert subjectAltName contains a wildcard, which is not allowed: {name}"
                ));
            }
        }
        Ok(())
    }

    /// The extensions that go into the certificate: Puppet's own.
    pub(crate) fn kept_extensions(&self) -> impl Iterator<Item = &Extension> {
        self.extensions
            .iter()
            .filter(|extension| oid::is_puppet(&extension.oid))
    }
}

/// The common name when it is the only attribute of `name`.
pub(crate) fn only_common_name(name: &X509Name<'_>) -> Option<String> {
    let mut attributes = name.iter_attributes();
    let first = attributes.next()?;
    let alone = attributes.next().is_none();
    (alone && *first.attr_type() == oid_registry::OID_X509_COMMON_NAME)
        .then(|| first.as_str().ok().map(str::to_owned))
        .flatten()
}

fn public_key(info: &SubjectPublicKeyInfo<'_>) -> Result<PublicKey> {
    let refused = |message: &str| PkiError::Refused(message.to_owned());
    let id = &info.algorithm.algorithm;
    let algorithm = if *id == oid_registry::OID_PKCS1_RSAENCRYPTION {
        let bits = info.parsed().map_or(0, |key| key.key_size());
        if !(LEAST_RSA_BITS..=GREATEST_RSA_BITS).contains(&bits) {
            return Err(refused("RSA keys must have 2048 to 8192 bits"));
        }
        &rcgen::PKCS_RSA_SHA256
    } else if *id == oid_registry::OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = info
            .algorithm
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.as_oid().ok());
        match curve {
            Some(curve) if curve == oid_registry::OID_EC_P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Some(curve) if curve == oid_registry::OID_NIST_EC_P384 => {
                &rcgen::PKCS_ECDSA_P384_SHA384
            }
            _ => return Err(refused("The elliptic curve of the key is not supported")),
        }
    } else {
        return Err(refused("The key is neither RSA nor elliptic curve"));
    };
    Ok(PublicKey {
        algorithm,
        bytes: info.subject_public_key.data.to_vec(),
    })
}

/// The subject alternative names of a certificate.
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
