//! Requests as agents make them.

use bunraku_pki::{Autosign, Ca, CaOptions};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair, RsaKeySize};
use tempfile::TempDir;

pub(crate) fn authority(autosign: Autosign) -> (TempDir, Ca) {
    let dir = tempfile::tempdir().unwrap();
    let options = CaOptions {
        autosign,
        ..CaOptions::default()
    };
    let ca = Ca::open(dir.path().join("ca"), options).unwrap();
    (dir, ca)
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

pub(crate) fn rsa_key(size: RsaKeySize) -> KeyPair {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap()
}

pub(crate) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// An extension as `csr_attributes.yaml` gives it: a UTF8String.
pub(crate) fn extension(oid: &[u64], value: &str) -> CustomExtension {
    let mut der = vec![0x0c, u8::try_from(value.len()).unwrap()];
    der.extend_from_slice(value.as_bytes());
    CustomExtension::from_oid_content(oid, der)
}

pub(crate) fn csr(params: &CertificateParams, key: &KeyPair) -> String {
    params.serialize_request(key).unwrap().pem().unwrap()
}

pub(crate) fn simple_csr(name: &str) -> String {
    csr(&params(name), &key())
}
