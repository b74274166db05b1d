//! Certificates as Puppet's authority makes them.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType,
    DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PublicKeyData, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::csr::Extension;
use crate::error::{PkiError, Result};
use crate::oid;

/// Netscape comment: Puppet marks its certificates with one.
const NETSCAPE_COMMENT: [u64; 7] = [2, 16, 840, 1, 113_730, 1, 13];
const COMMENT: &[u8] = b"Puppet Server Internal Certificate";

/// The certificate to sign with: its name exactly as it is in the CA certificate, and its key.
pub(crate) fn issuer(ca_der: &[u8], key: KeyPair) -> Result<(Issuer<'static, KeyPair>, Vec<u8>)> {
    let (_, certificate) = X509Certificate::from_der(ca_der)
        .map_err(|error| PkiError::damaged("the CA certificate", error))?;
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(&certificate)?;
    let key_id = certificate
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => {
                Some(id.0.to_vec())
            }
            _ => None,
        })
        .unwrap_or_else(|| params.key_identifier(&key));
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id.clone());
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    Ok((Issuer::new(params, key), key_id))
}

/// The subject of the CA with its string types kept: verifiers compare names byte by byte.
fn distinguished_name(certificate: &X509Certificate<'_>) -> Result<DistinguishedName> {
    let unusable = || PkiError::damaged("the CA certificate", "its name can't be copied");
    let mut name = DistinguishedName::new();
    for attribute in certificate.subject().iter_attributes() {
        let id = oid::components(&attribute.attr_type().to_id_string()).ok_or_else(unusable)?;
        let text = attribute.as_str().map_err(|_| unusable())?;
        let value = match attribute.attr_value().tag().0 {
            19 => DnValue::PrintableString(text.try_into().map_err(|_| unusable())?),
            22 => DnValue::Ia5String(text.try_into().map_err(|_| unusable())?),
            12 => DnValue::Utf8String(text.to_owned()),
            _ => return Err(unusable()),
        };
        let kind = if id == [2, 5, 4, 3] {
            DnType::CommonName
        } else {
            DnType::CustomDnType(id)
        };
        name.push(kind, value);
    }
    Ok(name)
}

/// A self-signed root.
pub(crate) fn root(
    name: &str,
    key: &KeyPair,
    now: OffsetDateTime,
    lifetime: Duration,
) -> Result<Certificate> {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = now - Duration::days(1);
    params.not_after = now + lifetime;
    params.serial_number = Some(SerialNumber::from_slice(&[1]));
    params.use_authority_key_identifier_extension = true;
    params.custom_extensions = vec![comment()];
    Ok(params.self_signed(key)?)
}

/// What a certificate of a host says.
pub(crate) struct Leaf<'a> {
    pub(crate) certname: &'a str,
    pub(crate) serial: &'a [u8],
    pub(crate) alt_names: Vec<SanType>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) now: OffsetDateTime,
    pub(crate) lifetime: Duration,
}

impl Leaf<'_> {
    /// Signs a certificate for `public_key`, with the extensions that Puppet Server gives to agents.
    pub(crate) fn sign(
        self,
        public_key: &impl PublicKeyData,
        issuer: &Issuer<'_, KeyPair>,
    ) -> Result<Certificate> {
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(self.certname);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.not_before = self.now - Duration::days(1);
        params.not_after = self.now + self.lifetime;
        params.serial_number = Some(SerialNumber::from_slice(self.serial));
        params.use_authority_key_identifier_extension = true;
        params.subject_alt_names = self.alt_names;
        params.custom_extensions = vec![comment()];
        for extension in self.extensions {
            let id = oid::components(&extension.oid)
                .ok_or_else(|| PkiError::damaged("an extension's identifier", &extension.oid))?;
            let mut custom = CustomExtension::from_oid_content(&id, extension.value);
            custom.set_criticality(extension.critical);
            params.custom_extensions.push(custom);
        }
        Ok(params.signed_by(public_key, issuer)?)
    }
}

/// Names a certificate answers to: addresses as such, all else as DNS names, each once.
pub(crate) fn alt_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<SanType>> {
    let mut list = Vec::new();
    for name in names {
        let entry = match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.try_into()?),
        };
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
    Ok(list)
}

/// The DER of a UTF8String, as extension values are written.
pub(crate) fn utf8_string(text: &str) -> Vec<u8> {
    string(0x0c, text.as_bytes())
}

fn string(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u8::try_from(bytes.len()) {
        Ok(length) if length < 0x80 => der.push(length),
        _ => {
            let length = bytes.len().to_be_bytes();
            let length = crate::crl::trim(&length);
            // At most eight length bytes.
            der.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
            der.extend_from_slice(length);
        }
    }
    der.extend_from_slice(bytes);
    der
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn comment() -> CustomExtension {
    CustomExtension::from_oid_content(&NETSCAPE_COMMENT, string(0x16, COMMENT))
}
