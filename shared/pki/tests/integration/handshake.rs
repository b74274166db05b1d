//! TLS handshakes in memory: who comes in, and as whom.

use std::sync::Arc;

use bunraku_pki::{Autosign, Ca, Identity, ServerTls};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{authority, csr, key, params};

pub(crate) fn agent(ca: &Ca, name: &str) -> (String, String) {
    let key = key();
    ca.submit(name, &csr(&params(name), &key)).unwrap();
    (ca.certificate(name).unwrap().unwrap(), key.serialize_pem())
}

pub(crate) fn handshake(
    ca: &Ca,
    tls: &ServerTls,
    client: Option<&(String, String)>,
    version: &'static rustls::SupportedProtocolVersion,
) -> Result<Option<Identity>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in ca.trust().certificates() {
        roots.add(certificate.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let mut client =
        ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(tls.current()).unwrap();
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    assert!(!server.is_handshaking());
    Ok(server
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|der| Identity::from_der(der).unwrap()))
}

#[test]
fn clients_come_in_with_their_certificate_or_without_one() {
    let (_dir, ca) = authority(Autosign::All);
    let server = ca.server_credentials("edge.example.test", &[]).unwrap();
    let tls = ServerTls::new(ca.trust(), server).unwrap();
    let agent = agent(&ca, "a.example.test");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert_eq!(handshake(&ca, &tls, None, version).unwrap(), None);
        let identity = handshake(&ca, &tls, Some(&agent), version)
            .unwrap()
            .unwrap();
        assert_eq!(identity.certname, "a.example.test");
    }
}

#[test]
fn a_revoked_certificate_is_refused_once_the_list_is_reloaded() {
    let (_dir, ca) = authority(Autosign::All);
    let server = ca.server_credentials("edge.example.test", &[]).unwrap();
    let tls = ServerTls::new(ca.trust(), server).unwrap();
    let revoked = agent(&ca, "a");
    let good = agent(&ca, "b");
    ca.revoke("a").unwrap();
    tls.reload(ca.trust()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert!(handshake(&ca, &tls, Some(&revoked), version).is_err());
        assert!(handshake(&ca, &tls, Some(&good), version).is_ok());
    }
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let (_dir, ca) = authority(Autosign::All);
    let (_other_dir, other) = authority(Autosign::All);
    let server = ca.server_credentials("edge.example.test", &[]).unwrap();
    let tls = ServerTls::new(ca.trust(), server).unwrap();
    let stranger = agent(&other, "a");
    assert!(handshake(&ca, &tls, Some(&stranger), &rustls::version::TLS13).is_err());
}
