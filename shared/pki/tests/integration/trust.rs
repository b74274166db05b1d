//! An authority known by its certificates and revocation lists alone, chains as Puppet has them among them.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use bunraku_pki::{Autosign, Ca, CaOptions, Credentials, Identity, PemSource, ServerTls, Trust};
use rcgen::{
    BasicConstraints, Certificate, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::handshake::{agent, handshake};
use crate::support::{authority, key, params};

const TLS: &rustls::SupportedProtocolVersion = &rustls::version::TLS13;

fn file(path: impl Into<PathBuf>) -> PemSource {
    PemSource::File(path.into())
}

fn open(ca: &Path) -> Trust {
    Trust::open(&file(ca.join("ca_crt.pem")), &file(ca.join("ca_crl.pem"))).unwrap()
}

fn identity(pem: &str) -> Identity {
    Identity::from_der(&CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap()
}

#[test]
fn clients_of_the_authority_come_in_until_its_list_has_them() {
    let (dir, ca) = authority(Autosign::All);
    let trust = open(&dir.path().join("ca"));
    assert_eq!(trust.certificate_pem(), ca.trust().certificate_pem());
    let server = ca.server_credentials("edge.example.test", &[]).unwrap();
    let tls = ServerTls::new(&trust, server).unwrap();
    let (bad, good) = (agent(&ca, "a"), agent(&ca, "b"));
    assert!(handshake(&ca, &tls, Some(&bad), TLS).is_ok());
    ca.revoke("a").unwrap();
    assert!(!trust.is_revoked(&identity(&bad.0)));
    assert!(trust.refresh().unwrap());
    assert!(trust.is_revoked(&identity(&bad.0)) && !trust.is_revoked(&identity(&good.0)));
    assert!(!trust.refresh().unwrap());
    tls.reload(&trust).unwrap();
    assert!(handshake(&ca, &tls, Some(&bad), TLS).is_err());
    assert!(handshake(&ca, &tls, Some(&good), TLS).is_ok());
}

#[test]
fn a_list_that_is_broken_or_another_authoritys_is_not_taken_over() {
    let (dir, ca) = authority(Autosign::All);
    let (other_dir, _other) = authority(Autosign::All);
    let path = dir.path().join("ca");
    let bad = agent(&ca, "a");
    ca.revoke("a").unwrap();
    let trust = open(&path);
    let stranger = TempDir::new().unwrap();
    let options = CaOptions {
        name: "Puppet CA: other".to_owned(),
        ..CaOptions::default()
    };
    Ca::open(stranger.path(), options).unwrap();
    let foreign = std::fs::read_to_string(stranger.path().join("ca_crl.pem")).unwrap();
    for text in ["", "no list", foreign.as_str()] {
        std::fs::write(path.join("ca_crl.pem"), text).unwrap();
        let error = trust.refresh().unwrap_err().to_string();
        assert!(error.contains("ca_crl.pem"), "{error}");
        assert!(trust.is_revoked(&identity(&bad.0)));
    }
    let certificates = file(other_dir.path().join("ca/ca_crt.pem"));
    assert!(Trust::open(&certificates, &PemSource::Text(foreign)).is_err());
}

#[test]
fn documents_are_files_or_the_text_itself() {
    let (dir, ca) = authority(Autosign::All);
    let read = |name: &str| std::fs::read_to_string(dir.path().join("ca").join(name)).unwrap();
    let server = ca.server_credentials("edge.example.test", &[]).unwrap();
    let text = |text: &str| PemSource::from_str(text).unwrap();
    let trust = Trust::open(&text(&read("ca_crt.pem")), &text(&read("ca_crl.pem"))).unwrap();
    assert!(!trust.refresh().unwrap());
    let credentials =
        Credentials::open(&text(&server.certificate_pem), &text(&server.key_pem)).unwrap();
    assert_eq!(credentials.certname, "edge.example.test");
    let tls = ServerTls::new(&trust, credentials).unwrap();
    assert!(handshake(&ca, &tls, Some(&agent(&ca, "a")), TLS).is_ok());
    // A key of somebody else is found out, and never shown.
    let wrong = ca.admin_credentials("admin").unwrap();
    let error = Credentials::open(&text(&server.certificate_pem), &text(&wrong.key_pem))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("the private key given as text"),
        "{error}"
    );
    assert!(!format!("{:?}", text(&wrong.key_pem)).contains("BEGIN"));
    let missing = text("/nowhere/key.pem");
    assert_eq!(missing, file("/nowhere/key.pem"));
    assert!(Credentials::open(&text(&server.certificate_pem), &missing).is_err());
}

#[test]
fn keys_are_taken_in_the_form_that_puppet_writes_them() {
    let (_dir, ca) = authority(Autosign::All);
    let dir = TempDir::new().unwrap();
    let (key_file, csr_file) = (dir.path().join("key.pem"), dir.path().join("csr.pem"));
    let openssl = |arguments: &[&str]| {
        let status = std::process::Command::new("openssl")
            .args(arguments)
            .current_dir(dir.path())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{arguments:?}");
    };
    openssl(&["genrsa", "-traditional", "-out", "key.pem", "2048"]);
    openssl(&[
        "req", "-new", "-key", "key.pem", "-subj", "/CN=edge", "-out", "csr.pem",
    ]);
    let key_pem = std::fs::read_to_string(&key_file).unwrap();
    assert!(key_pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    ca.submit("edge", &std::fs::read_to_string(csr_file).unwrap())
        .unwrap();
    let certificate = PemSource::Text(ca.certificate("edge").unwrap().unwrap());
    let credentials = Credentials::open(&certificate, &file(key_file)).unwrap();
    assert!(ServerTls::new(ca.trust(), credentials).is_ok());
}

/// A CA of a chain that is made by hand.
struct Link {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

fn link(name: &str, serial: u8, above: Option<&Link>) -> Link {
    let key = key();
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from_slice(&[serial]));
    let certificate = match above {
        None => params.self_signed(&key).unwrap(),
        Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
    };
    Link {
        certificate,
        issuer: Issuer::new(params, key),
    }
}

impl Link {
    fn client(&self, name: &str, serial: u8) -> (String, String) {
        let key = key();
        let mut params = params(name);
        params.serial_number = Some(SerialNumber::from_slice(&[serial]));
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn crl(&self, revoked: &[u8]) -> String {
        let now = OffsetDateTime::now_utc();
        let params = CertificateRevocationListParams {
            this_update: now - Duration::days(1),
            next_update: now + Duration::days(1),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&[*serial]),
                    revocation_time: now,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

#[test]
fn each_ca_of_a_chain_revokes_its_own_certificates_alone() {
    let root = link("root", 1, None);
    let middle = link("middle", 2, Some(&root));
    let bundle = [middle.certificate.pem(), root.certificate.pem()].concat();
    let (_dir, edge) = authority(Autosign::All);
    let server = edge.server_credentials("edge.example.test", &[]).unwrap();
    let of = |lists: [String; 2]| {
        let trust = Trust::open(
            &PemSource::Text(bundle.clone()),
            &PemSource::Text(lists.concat()),
        )
        .unwrap();
        let tls = ServerTls::new(&trust, server.clone()).unwrap();
        (trust, tls)
    };
    let (of_middle, of_root) = (middle.client("a", 7), root.client("b", 7));
    // Serial 7 of the root is revoked, that of the CA below it is not.
    let (trust, tls) = of([middle.crl(&[]), root.crl(&[7])]);
    assert!(!trust.is_revoked(&identity(&of_middle.0)));
    assert!(trust.is_revoked(&identity(&of_root.0)));
    assert!(handshake(&edge, &tls, Some(&of_middle), TLS).is_ok());
    assert!(handshake(&edge, &tls, Some(&of_root), TLS).is_err());
    // A CA that the root revoked has no clients any more.
    let (_, tls) = of([middle.crl(&[]), root.crl(&[2])]);
    assert!(handshake(&edge, &tls, Some(&of_middle), TLS).is_err());
    assert!(handshake(&edge, &tls, Some(&of_root), TLS).is_ok());
}
