//! OpenSSL, which agents verify with, accepts what the authority makes, revocation lists checked for the whole chain.

use std::path::Path;
use std::process::Command;

use bunraku_pki::Autosign;

use crate::support::{authority, csr, params, rsa_key};

fn verify(dir: &Path, file: &Path) -> (bool, String) {
    let ca = dir.join("ca");
    let output = Command::new("openssl")
        .args(["verify", "-x509_strict", "-crl_check_all", "-CAfile"])
        .arg(ca.join("ca_crt.pem"))
        .arg("-CRLfile")
        .arg(ca.join("ca_crl.pem"))
        .arg(file)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn openssl_text(arguments: &[&str], file: &Path) -> String {
    let output = Command::new("openssl")
        .args(arguments)
        .arg("-in")
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_chain_verifies_until_the_certificate_is_revoked() {
    let (dir, ca) = authority(Autosign::All);
    let pem = csr(
        &params("a.example.test"),
        &rsa_key(rcgen::RsaKeySize::_2048),
    );
    ca.submit("a.example.test", &pem).unwrap();
    ca.server_credentials("edge.example.test", &[]).unwrap();
    let agent = dir.path().join("ca/signed/a.example.test.pem");
    let edge = dir.path().join("ca/signed/edge.example.test.pem");
    for file in [&agent, &edge] {
        let (good, text) = verify(dir.path(), file);
        assert!(good, "{text}");
    }
    ca.revoke("a.example.test").unwrap();
    let (good, text) = verify(dir.path(), &agent);
    assert!(!good && text.contains("certificate revoked"), "{text}");
    let (good, text) = verify(dir.path(), &edge);
    assert!(good, "{text}");
    let crl = openssl_text(
        &["crl", "-noout", "-text"],
        &dir.path().join("ca/ca_crl.pem"),
    );
    assert!(
        crl.contains("X509v3 CRL Number: \n                1\n"),
        "{crl}"
    );
}

#[test]
fn a_certificate_has_the_extensions_that_puppet_server_gives() {
    let (dir, ca) = authority(Autosign::All);
    let pem = csr(&params("a"), &rsa_key(rcgen::RsaKeySize::_2048));
    ca.submit("a", &pem).unwrap();
    let text = openssl_text(
        &["x509", "-noout", "-text"],
        &dir.path().join("ca/signed/a.pem"),
    );
    for expected in [
        "Puppet Server Internal Certificate",
        "CA:FALSE",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "Digital Signature, Key Encipherment",
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
        "DNS:a",
        "Subject: CN = a\n",
        "Issuer: CN = Puppet CA: bunraku\n",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
}
