//! The edge's TLS settings, with a revocation list that can be exchanged while it serves.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::authority::Credentials;
use crate::error::{PkiError, Result};
use crate::trust::{Trust, parse_certificates};

/// TLS 1.2 and 1.3 with the server's certificate; clients may come without a certificate, but one that they show
/// must be of this authority and not revoked, or the handshake fails.
pub struct ServerTls {
    credentials: Credentials,
    current: RwLock<Arc<ServerConfig>>,
}

impl ServerTls {
    /// Builds the settings from the authority's certificates and its present revocation list.
    ///
    /// # Errors
    /// [`PkiError::Tls`] when rustls refuses the certificates.
    pub fn new(trust: &Trust, credentials: Credentials) -> Result<Self> {
        let config = server_config(trust, &credentials)?;
        Ok(Self {
            credentials,
            current: RwLock::new(config),
        })
    }

    /// The settings for the next connection.
    #[must_use]
    pub fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over the authority's present revocation list, for connections from now on.
    ///
    /// # Errors
    /// As [`ServerTls::new`]; the former settings stay then.
    pub fn reload(&self, trust: &Trust) -> Result<()> {
        let config = server_config(trust, &self.credentials)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }
}

fn server_config(trust: &Trust, credentials: &Credentials) -> Result<Arc<ServerConfig>> {
    let tls = |error: &dyn std::fmt::Display| PkiError::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let crl = trust.crl();
    // Each certificate of the chain is an anchor, since clients send their own alone; one that the CA above it
    // revoked is none.
    let mut roots = RootCertStore::empty();
    for certificate in trust.certificates() {
        if !crl.has_revoked(certificate) {
            roots
                .add(certificate.clone())
                .map_err(|error| tls(&error))?;
        }
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .with_crls(crl.ders())
            .allow_unauthenticated()
            .build()
            .map_err(|error| tls(&error))?;
    let mut chain = parse_certificates("the server's certificate", &credentials.certificate_pem)?;
    // Intermediate CAs go along; the root (the last) every agent has.
    let authorities = trust.certificates();
    for certificate in authorities.iter().take(authorities.len().saturating_sub(1)) {
        if !chain.contains(certificate) {
            chain.push(certificate.clone());
        }
    }
    let key = PrivateKeyDer::from_pem_slice(credentials.key_pem.as_bytes())
        .map_err(|error| tls(&error))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(&error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| tls(&error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session would not be checked against the revocation list again; agents don't resume.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
