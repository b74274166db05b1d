//! What is signed, refused, revoked and kept.

use bunraku_pki::{Autosign, Ca, CaOptions, CertificateState, Identity, PkiError, Submission, oid};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::support::{authority, csr, extension, key, params, rsa_key, simple_csr};

const PP_ROLE: &[u64] = &[1, 3, 6, 1, 4, 1, 34380, 1, 1, 13];
const PP_AUTH_ROLE: &[u64] = &[1, 3, 6, 1, 4, 1, 34380, 1, 3, 13];
const PP_CLI_AUTH: &[u64] = &[1, 3, 6, 1, 4, 1, 34380, 1, 3, 39];

fn refused(ca: &Ca, name: &str, pem: &str) -> String {
    match ca.submit(name, pem) {
        Err(PkiError::Refused(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn identity(ca: &Ca, name: &str) -> Identity {
    let pem = ca.certificate(name).unwrap().unwrap();
    Identity::from_der(&CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_request_waits_until_it_is_signed() {
    let (_dir, ca) = authority(Autosign::Off);
    assert_eq!(
        ca.submit("a.example.test", &simple_csr("a.example.test"))
            .unwrap(),
        Submission::Pending
    );
    assert!(ca.certificate("a.example.test").unwrap().is_none());
    assert!(ca.request("a.example.test").unwrap().is_some());
    ca.sign("a.example.test").unwrap();
    assert!(ca.request("a.example.test").unwrap().is_none());
    let status = ca.status("a.example.test").unwrap().unwrap();
    assert_eq!(status.state, CertificateState::Signed);
    assert_eq!(status.subject_alt_names, ["DNS:a.example.test"]);
    assert_eq!(status.serial_number, Some(2));
    assert_eq!(identity(&ca, "a.example.test").certname, "a.example.test");
}

#[test]
fn autosign_signs_the_names_of_its_globs_alone() {
    let (_dir, ca) = authority(Autosign::Globs(vec!["*.example.test".into()]));
    assert_eq!(
        ca.submit("a.example.test", &simple_csr("a.example.test"))
            .unwrap(),
        Submission::Signed
    );
    assert_eq!(
        ca.submit("a.other.test", &simple_csr("a.other.test"))
            .unwrap(),
        Submission::Pending
    );
}

#[test]
fn bad_names_are_refused_and_nothing_is_stored() {
    let (_dir, ca) = authority(Autosign::All);
    for name in [
        "../evil",
        "a/b",
        "A.example.test",
        "*.example.test",
        "a..b",
        "ca",
        "a\0b",
        "",
    ] {
        refused(&ca, name, &simple_csr(name));
        assert!(ca.certificate(name).unwrap().is_none());
        assert!(ca.request(name).unwrap().is_none());
    }
    assert_eq!(
        refused(&ca, "mine", &simple_csr("yours")),
        "Instance name \"yours\" does not match requested key \"mine\""
    );
    let mut two = params("a");
    two.distinguished_name
        .push(rcgen::DnType::OrganizationName, "Evil");
    refused(&ca, "a", &csr(&two, &key()));
    assert_eq!(ca.list().unwrap(), []);
}

#[test]
fn a_request_signed_with_another_key_is_refused() {
    let (_dir, ca) = authority(Autosign::All);
    let pem = simple_csr("a");
    let der =
        rustls_pki_types::CertificateSigningRequestDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut bytes = der.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let text = pem_of(&bytes);
    assert_eq!(
        refused(&ca, "a", &text),
        "CSR contains a public key that does not correspond to the signing key"
    );
    refused(&ca, "a", "garbage");
    refused(
        &ca,
        "a",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    );
    assert_eq!(ca.list().unwrap(), []);
}

fn pem_of(der: &[u8]) -> String {
    use std::io::Write as _;
    let mut child = std::process::Command::new("base64")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(der).unwrap();
    let out = child.wait_with_output().unwrap();
    format!(
        "-----BEGIN CERTIFICATE REQUEST-----\n{}-----END CERTIFICATE REQUEST-----\n",
        String::from_utf8(out.stdout).unwrap()
    )
}

#[test]
fn a_second_request_is_ignored_in_puppet_servers_words() {
    let (_dir, ca) = authority(Autosign::Off);
    ca.submit("a", &simple_csr("a")).unwrap();
    assert_eq!(
        refused(&ca, "a", &simple_csr("a")),
        "a already has a requested certificate; ignoring certificate request"
    );
    ca.sign("a").unwrap();
    assert_eq!(
        refused(&ca, "a", &simple_csr("a")),
        "a already has a signed certificate; ignoring certificate request"
    );
    ca.revoke("a").unwrap();
    assert_eq!(
        refused(&ca, "a", &simple_csr("a")),
        "a already has a revoked certificate; ignoring certificate request"
    );
}

#[test]
fn alternative_names_and_authorization_are_not_signed_unless_allowed() {
    let (_dir, ca) = authority(Autosign::All);
    let mut names = params("a");
    names.subject_alt_names = vec![rcgen::SanType::DnsName("puppet".try_into().unwrap())];
    let message = refused(&ca, "a", &csr(&names, &key()));
    assert!(
        message.starts_with(
            "CSR 'a' contains extra subject alternative names (DNS:puppet), which are disallowed."
        ),
        "{message}"
    );
    assert!(ca.certificate("a").unwrap().is_none());
    assert!(matches!(ca.sign("a"), Err(PkiError::Conflict(_))));
    ca.sign_allowing("a", true, false).unwrap();
    let status = ca.status("a").unwrap().unwrap();
    assert_eq!(status.dns_alt_names, ["DNS:a", "DNS:puppet"]);

    let mut role = params("b");
    role.custom_extensions = vec![extension(PP_AUTH_ROLE, "boss")];
    let message = refused(&ca, "b", &csr(&role, &key()));
    assert!(
        message.starts_with("CSR 'b' contains an authorization extension, which is disallowed.")
    );

    let mut own = params("c");
    own.subject_alt_names = vec![rcgen::SanType::DnsName("c".try_into().unwrap())];
    assert_eq!(
        ca.submit("c", &csr(&own, &key())).unwrap(),
        Submission::Signed
    );
}

#[test]
fn no_request_makes_an_administrator_even_when_authorization_is_allowed() {
    let (_dir, ca) = authority(Autosign::Off);
    let mut admin = params("a");
    admin.custom_extensions = vec![extension(PP_CLI_AUTH, "true")];
    ca.submit("a", &csr(&admin, &key())).unwrap();
    match ca.sign_allowing("a", true, true) {
        Err(PkiError::Conflict(message)) => assert_eq!(
            message,
            format!(
                "Found extensions that are not permitted: {}",
                oid::PP_CLI_AUTH
            )
        ),
        other => panic!("{other:?}"),
    }
    let own = ca.admin_credentials("bunraku-admin").unwrap();
    let der = CertificateDer::from_pem_slice(own.certificate_pem.as_bytes()).unwrap();
    assert!(Identity::from_der(&der).unwrap().is_admin());
    ca.submit("b", &simple_csr("b")).unwrap();
    ca.sign("b").unwrap();
    assert!(!identity(&ca, "b").is_admin());
}

#[test]
fn a_request_to_become_an_authority_is_refused() {
    let (_dir, ca) = authority(Autosign::All);
    let mut authority = params("a");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    assert_eq!(
        refused(&ca, "a", &csr(&authority, &key())),
        "Found extensions that are not permitted: 2.5.29.19"
    );
}

#[test]
fn trusted_extensions_are_kept_by_their_short_names() {
    let (_dir, ca) = authority(Autosign::All);
    let mut role = params("a");
    role.custom_extensions = vec![
        extension(PP_ROLE, "web"),
        extension(&[1, 3, 6, 1, 4, 1, 34380, 1, 2, 1], "private"),
    ];
    ca.submit("a", &csr(&role, &key())).unwrap();
    let extensions = identity(&ca, "a").extensions;
    assert_eq!(extensions["pp_role"], "web");
    assert_eq!(extensions["1.3.6.1.4.1.34380.1.2.1"], "private");
    assert_eq!(extensions.len(), 2);
}

#[test]
fn keys_that_tls_would_not_take_are_refused() {
    let (_dir, ca) = authority(Autosign::All);
    let output = std::process::Command::new("openssl")
        .args([
            "req",
            "-new",
            "-newkey",
            "rsa:1024",
            "-nodes",
            "-subj",
            "/CN=a",
            "-keyout",
            "/dev/null",
        ])
        .output()
        .unwrap();
    let pem = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        refused(&ca, "a", &pem),
        "RSA keys must have 2048 to 8192 bits"
    );
    let pem = csr(&params("b"), &rsa_key(rcgen::RsaKeySize::_4096));
    assert_eq!(ca.submit("b", &pem).unwrap(), Submission::Signed);
}

#[test]
fn cleaning_revokes_and_lets_the_host_ask_again() {
    let (_dir, ca) = authority(Autosign::All);
    ca.submit("a", &simple_csr("a")).unwrap();
    let cleaned = identity(&ca, "a");
    ca.clean("a").unwrap();
    assert!(ca.trust().is_revoked(&cleaned));
    assert!(ca.status("a").unwrap().is_none());
    ca.submit("a", &simple_csr("a")).unwrap();
    assert!(!ca.trust().is_revoked(&identity(&ca, "a")));
    assert!(matches!(ca.clean("nobody"), Err(PkiError::NotFound(_))));
    assert!(matches!(ca.revoke("nobody"), Err(PkiError::Conflict(_))));
}

#[test]
fn another_process_sees_the_same_authority_and_its_revocations() {
    let (dir, ca) = authority(Autosign::All);
    ca.submit("a", &simple_csr("a")).unwrap();
    let other = Ca::open(dir.path().join("ca"), CaOptions::default()).unwrap();
    let trust = ca.trust();
    assert_eq!(other.trust().certificate_pem(), trust.certificate_pem());
    assert!(!trust.refresh().unwrap());
    other.revoke("a").unwrap();
    let revoked = identity(&ca, "a");
    assert!(!trust.is_revoked(&revoked));
    assert!(trust.refresh().unwrap());
    assert!(trust.is_revoked(&revoked));
}

#[test]
fn own_certificates_are_kept_until_they_lack_a_name_or_are_revoked() {
    let (_dir, ca) = authority(Autosign::Off);
    let hosts = vec!["puppet".to_owned()];
    let first = ca.server_credentials("edge.example.test", &hosts).unwrap();
    let again = ca.server_credentials("edge.example.test", &hosts).unwrap();
    assert_eq!(first.certificate_pem, again.certificate_pem);
    let more = vec!["puppet".to_owned(), "10.1.2.3".to_owned()];
    let wider = ca.server_credentials("edge.example.test", &more).unwrap();
    assert_ne!(first.certificate_pem, wider.certificate_pem);
    ca.revoke("edge.example.test").unwrap();
    let new = ca.server_credentials("edge.example.test", &more).unwrap();
    assert_ne!(new.certificate_pem, wider.certificate_pem);
}

#[cfg(unix)]
#[test]
fn keys_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, ca) = authority(Autosign::Off);
    ca.admin_credentials("admin").unwrap();
    for file in ["ca/ca_key.pem", "ca/private/admin.pem"] {
        let mode = std::fs::metadata(dir.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn waiting_requests_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let options = CaOptions {
        pending_limit: 1,
        ..CaOptions::default()
    };
    let ca = Ca::open(dir.path(), options).unwrap();
    ca.submit("a", &simple_csr("a")).unwrap();
    assert_eq!(
        refused(&ca, "b", &simple_csr("b")),
        "Too many certificate requests are waiting"
    );
}
