//! With which certificate an edge is asked, and whose certificates are believed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bunraku_pki::{Credentials, PemSource};
use clap::Args;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::failure::{Failure, Result};

/// A client's certificate. Without these options, what the Puppet agent of this machine has.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClientOptions {
    /// For an edge: this client's certificate (to push, an administrator's), a PEM file or its text.
    /// Without it, that of the Puppet agent of this machine.
    #[arg(
        long,
        value_name = "PEM",
        env = "BUNRAKU_CERTIFICATE",
        hide_env_values = true,
        requires = "key"
    )]
    certificate: Option<PemSource>,
    /// The certificate's private key, a PEM file or its text.
    #[arg(
        long,
        value_name = "PEM",
        env = "BUNRAKU_KEY",
        hide_env_values = true,
        requires = "certificate"
    )]
    key: Option<PemSource>,
    /// The certificate of the authority that the edge's certificate is of, a PEM file or its text.
    #[arg(
        long = "ca",
        value_name = "PEM",
        env = "BUNRAKU_CA_CERTIFICATE",
        hide_env_values = true
    )]
    ca: Option<PemSource>,
}

/// The three documents that a client needs.
#[derive(Debug)]
struct Documents {
    certificate: PemSource,
    key: PemSource,
    ca: PemSource,
}

impl ClientOptions {
    #[cfg(test)]
    pub(super) fn given(
        certificate: Option<PemSource>,
        key: Option<PemSource>,
        ca: Option<PemSource>,
    ) -> Self {
        Self {
            certificate,
            key,
            ca,
        }
    }

    /// TLS as these options say.
    pub(crate) fn tls(&self) -> Result<Arc<ClientConfig>> {
        self.tls_of(&ssl_directories(), None)
    }

    /// The same with the agent's certificate from one of these directories: that of a name, if one is given.
    pub(crate) fn tls_of(
        &self,
        directories: &[PathBuf],
        certname: Option<&str>,
    ) -> Result<Arc<ClientConfig>> {
        let documents = self.documents(directories, certname)?;
        let credentials = Credentials::open(&documents.certificate, &documents.key)?;
        let named = documents.ca.name("CA certificate");
        let unusable = |error: &dyn std::fmt::Display| {
            Failure::input(format!("{named} is not usable: {error}"))
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(documents.ca.read()?.as_bytes()) {
            let certificate = certificate.map_err(|error| unusable(&error))?;
            roots.add(certificate).map_err(|error| unusable(&error))?;
        }
        if roots.is_empty() {
            return Err(unusable(&"no certificate in it"));
        }
        let chain = CertificateDer::pem_slice_iter(credentials.certificate_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(Failure::input)?;
        let key = PrivateKeyDer::from_pem_slice(credentials.key_pem.as_bytes())
            .map_err(Failure::input)?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Failure::input)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(Failure::input)?;
        Ok(Arc::new(config))
    }

    fn documents(&self, directories: &[PathBuf], certname: Option<&str>) -> Result<Documents> {
        let agent = directories.iter().find_map(|directory| match certname {
            Some(certname) => of_name(directory, certname),
            None => of_agent(directory, &crate::farm::hostname()),
        });
        let missing = |option: &str| {
            Failure::input(format!(
                "an edge wants a certificate: no Puppet agent's was found on this machine, and --{option} is not given"
            ))
        };
        let (agent_pair, agent_ca) = match agent {
            Some(agent) => (Some((agent.certificate, agent.key)), Some(agent.ca)),
            None => (None, None),
        };
        let (certificate, key) = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            _ => agent_pair.ok_or_else(|| missing("certificate"))?,
        };
        let ca = self.ca.clone().or(agent_ca).ok_or_else(|| missing("ca"))?;
        Ok(Documents {
            certificate,
            key,
            ca,
        })
    }
}

/// The cryptography of all TLS here.
pub(super) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Where Puppet agents have their certificates: this user's first, then the machine's.
pub(crate) fn ssl_directories() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    home.iter()
        .flat_map(|home| {
            [
                home.join(".puppetlabs/etc/puppet/ssl"),
                home.join(".puppet/ssl"),
            ]
        })
        .chain(["/etc/puppetlabs/puppet/ssl", "/var/lib/puppet/ssl"].map(PathBuf::from))
        .collect()
}

/// The documents of the agent whose `ssldir` this is: of the name of this machine, or the only ones there.
fn of_agent(directory: &Path, hostname: &str) -> Option<Documents> {
    let mut names: Vec<String> = std::fs::read_dir(directory.join("private_keys"))
        .ok()?
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            Some(name.to_str()?.strip_suffix(".pem")?.to_owned())
        })
        .filter(|name| directory.join(format!("certs/{name}.pem")).is_file())
        .collect();
    let of_host = |name: &String| {
        name == hostname
            || name
                .strip_prefix(hostname)
                .is_some_and(|domain| domain.starts_with('.'))
    };
    if names.len() > 1 {
        names.retain(of_host);
    }
    let [name] = names.as_slice() else {
        return None;
    };
    of_name(directory, name)
}

/// The documents of a name in a `ssldir`.
fn of_name(directory: &Path, name: &str) -> Option<Documents> {
    let file = |path: String| Some(directory.join(path)).filter(|path| path.is_file());
    Some(Documents {
        certificate: PemSource::File(file(format!("certs/{name}.pem"))?),
        key: PemSource::File(file(format!("private_keys/{name}.pem"))?),
        ca: PemSource::File(file("certs/ca.pem".to_owned())?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(names: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for sub in ["certs", "private_keys"] {
            std::fs::create_dir(directory.path().join(sub)).unwrap();
            for name in names {
                std::fs::write(directory.path().join(format!("{sub}/{name}.pem")), "").unwrap();
            }
        }
        std::fs::write(directory.path().join("certs/ca.pem"), "").unwrap();
        directory
    }

    fn found(names: &[&str]) -> Option<PathBuf> {
        let directory = agent(names);
        match of_agent(directory.path(), "web1")?.certificate {
            PemSource::File(path) => Some(path.strip_prefix(directory.path()).unwrap().to_owned()),
            PemSource::Text(_) => None,
        }
    }

    #[test]
    fn the_agents_certificate_is_the_only_one_or_that_of_the_machine() {
        assert_eq!(found(&["x"]), Some("certs/x.pem".into()));
        assert_eq!(
            found(&["x", "web1.example.test"]),
            Some("certs/web1.example.test.pem".into())
        );
        assert_eq!(found(&["x", "y"]), None);
        assert_eq!(found(&[]), None);
        let two = agent(&["x", "y"]);
        assert!(of_name(two.path(), "y").is_some());
        assert!(of_name(two.path(), "z").is_none());
    }

    #[test]
    fn what_is_missing_is_named() {
        let options = ClientOptions {
            certificate: None,
            key: None,
            ca: None,
        };
        let failure = options.documents(&[], None).unwrap_err().to_string();
        assert!(failure.contains("--certificate is not given"), "{failure}");
        let given = ClientOptions {
            certificate: Some(PemSource::File("c".into())),
            key: Some(PemSource::File("k".into())),
            ca: None,
        };
        let failure = given.documents(&[], None).unwrap_err().to_string();
        assert!(failure.contains("--ca is not given"), "{failure}");
        let agent = agent(&["x"]);
        let documents = given.documents(&[agent.path().to_owned()], None).unwrap();
        assert_eq!(documents.certificate, PemSource::File("c".into()));
        assert_eq!(
            documents.ca,
            PemSource::File(agent.path().join("certs/ca.pem"))
        );
    }
}
