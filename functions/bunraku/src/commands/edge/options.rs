//! What an edge is told on the command line, or by the environment of its container.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bunraku_edge::{Authority, EdgeConfig, EdgePki};
use bunraku_pki::{Ca, CaOptions, Credentials, PemSource, Trust};
use clap::Args;

use super::watching::Watching;
use crate::commands::up::autosign;
use crate::failure::{Failure, Result};
use crate::farm::hostname;

/// The administrator's certificate that an authority of ours makes.
const ADMIN: &str = "bunraku-admin";
/// Agents read for ten minutes at most.
const LONGEST_WAIT: u64 = 540;

#[derive(Debug, Args)]
pub(crate) struct Edge {
    /// The farm's store: `s3://BUCKET`, `gs://BUCKET`, `az://CONTAINER` or a directory.
    #[arg(long, value_name = "URL", env = "BUNRAKU_STORE")]
    pub(super) store: String,
    /// The farm's queue: `sqs://PREFIX`, `amqp://HOST`, `nats://HOST` or the file of an embedded queue.
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_QUEUE",
        hide_env_values = true
    )]
    pub(super) queue: String,
    /// Where to listen.
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "BUNRAKU_LISTEN",
        default_value = "0.0.0.0:8140"
    )]
    pub(super) listen: SocketAddr,
    /// Be the certificate authority, too: its directory, in the layout of Puppet Server's `cadir`;
    /// made when it holds none.
    #[arg(
        long,
        value_name = "DIR",
        env = "BUNRAKU_CA_DIR",
        required_unless_present = "certificate",
        conflicts_with_all = ["certificate", "key", "ca_certificate", "crl"]
    )]
    ca_dir: Option<PathBuf>,
    /// Which certificate requests are signed at once: `off`, `all`, certnames and globs with commas
    /// between, or a file of them. Without it: all when the edge listens on this machine alone
    /// (a loopback address), else none.
    #[arg(long, value_name = "off|all|GLOBS|FILE", requires = "ca_dir")]
    autosign: Option<String>,
    /// Further names that agents may call this machine by (in the edge's certificate).
    #[arg(long = "name", value_name = "HOST", requires = "ca_dir")]
    names: Vec<String>,
    /// The edge's certificate where the authority is elsewhere: a PEM file or its text.
    #[arg(
        long,
        value_name = "PEM",
        env = "BUNRAKU_CERTIFICATE",
        hide_env_values = true,
        requires_all = ["key", "ca_certificate", "crl"]
    )]
    certificate: Option<PemSource>,
    /// The certificate's private key: a PEM file or its text.
    #[arg(
        long,
        value_name = "PEM",
        env = "BUNRAKU_KEY",
        hide_env_values = true,
        requires = "certificate"
    )]
    key: Option<PemSource>,
    /// The authority's certificate, the signing one first in a chain: a PEM file or its text.
    #[arg(
        long,
        value_name = "PEM",
        env = "BUNRAKU_CA_CERTIFICATE",
        hide_env_values = true,
        requires = "certificate"
    )]
    ca_certificate: Option<PemSource>,
    /// The authority's revocation list, or lists of a chain: a PEM file, read again when it changes,
    /// or its text.
    #[arg(
        long,
        value_name = "PEM",
        env = "BUNRAKU_CRL",
        hide_env_values = true,
        requires = "certificate"
    )]
    crl: Option<PemSource>,
    /// The topic of published catalogs (the stack's output PublishedTopicArn): agents that wait get
    /// theirs at once.
    #[arg(long, value_name = "TOPIC_ARN", env = "BUNRAKU_EVENTS")]
    pub(super) events: Option<String>,
    /// A certname that may administer the farm, besides those whose certificates say so.
    #[arg(
        long = "admin",
        value_name = "CERTNAME",
        env = "BUNRAKU_ADMINS",
        value_delimiter = ','
    )]
    admins: Vec<String>,
    /// Serve the last good catalog when a compile fails, takes too long or can't be begun.
    #[arg(long, env = "BUNRAKU_SERVE_LAST_GOOD")]
    serve_last_good: bool,
    /// How long an agent waits for a compile before it is told to come again.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "BUNRAKU_WAIT",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=LONGEST_WAIT)
    )]
    wait: u64,
    /// How long to take connections on after SIGTERM, with a status that says so, until a load
    /// balancer has noticed.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "BUNRAKU_GRACE",
        default_value_t = 0
    )]
    grace: u64,
    #[command(flatten)]
    watching: Watching,
}

impl Edge {
    /// Settings of the edge.
    pub(super) fn config(&self) -> EdgeConfig {
        let mut admins = self.admins.clone();
        admins.retain(|certname| !certname.is_empty());
        if self.ca_dir.is_some() {
            admins.push(ADMIN.to_owned());
        }
        let config = EdgeConfig {
            admins,
            serve_last_good: self.serve_last_good,
            wait: Duration::from_secs(self.wait),
            grace: Duration::from_secs(self.grace),
            ..EdgeConfig::default()
        };
        self.watching.limit(config)
    }

    /// The topic, unless it is empty as a template's parameter that was left out.
    pub(super) fn topic(&self) -> Option<&str> {
        self.events.as_deref().filter(|topic| !topic.is_empty())
    }

    /// The edge's own certificate, and whose certificates clients have.
    pub(super) fn pki(&self) -> Result<EdgePki> {
        if let Some(directory) = &self.ca_dir {
            let options = CaOptions {
                autosign: autosign(self.autosign.as_deref(), self.listen)?,
                ..CaOptions::default()
            };
            let ca = Ca::open(directory, options)?;
            let credentials = ca.server_credentials(&hostname(), &self.names)?;
            ca.admin_credentials(ADMIN)?;
            return Ok(EdgePki {
                authority: Authority::Here(ca),
                credentials,
            });
        }
        let (Some(certificate), Some(key), Some(authority), Some(crl)) = (
            &self.certificate,
            &self.key,
            &self.ca_certificate,
            &self.crl,
        ) else {
            return Err(Failure::input(
                "an edge needs --ca-dir, or --certificate, --key, --ca-certificate and --crl",
            ));
        };
        Ok(EdgePki {
            credentials: Credentials::open(certificate, key)?,
            authority: Authority::Elsewhere(Trust::open(authority, crl)?),
        })
    }
}
