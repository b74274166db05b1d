//! What a watcher is told on the command line, by the environment of its service, or by the agent's configuration.

use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::agent_lock::AgentLock;
use super::edges::Edges;
use super::puppet_conf::PuppetConf;
use crate::edge_client::{ClientOptions, Connection, ssl_directories};
use crate::failure::{Failure, Result};
use crate::hook::Hook;

/// What a node runs.
const AGENT: &[&str] = &["puppet", "agent", "--onetime", "--no-daemonize"];
/// Agents' port.
const PORT: u16 = 8140;

#[derive(Clone, Debug, Args)]
pub(crate) struct Watch {
    /// What to run when this node has a new catalog: a line for the shell, which gets the event as JSON on its
    /// standard input. By default `puppet agent --onetime --no-daemonize`.
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,
    /// An edge; more of them, with commas between, are tried in turn. By default what puppet.conf
    /// says.
    #[arg(
        long = "server",
        value_name = "HOST[:PORT]",
        env = "BUNRAKU_SERVER",
        value_delimiter = ','
    )]
    servers: Vec<String>,
    /// The edges' port; 8140 if puppet.conf has no other.
    #[arg(long, visible_alias = "serverport", value_name = "PORT")]
    port: Option<u16>,
    /// The agent's certificates, keys and CA, if they are in no usual place.
    #[arg(long, value_name = "DIR")]
    ssldir: Option<PathBuf>,
    /// The name of this node's certificate, if its `ssldir` has several.
    #[arg(long, value_name = "NAME")]
    certname: Option<String>,
    #[command(flatten)]
    client: ClientOptions,
    /// The node's environment; by default the one that its agent asked for last.
    #[arg(long, short, value_name = "NAME")]
    environment: Option<String>,
    /// The agent's puppet.conf, if it is in no usual place.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The lock of a running agent, which is waited for, if it is in no usual place.
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Where to remember which catalog was applied last.
    #[arg(
        long,
        value_name = "FILE",
        env = "BUNRAKU_WATCH_STATE",
        default_value = "/var/lib/bunraku-watch/state.json"
    )]
    pub(super) state: PathBuf,
    /// Catch up and leave: run if there is a catalog that was not applied yet.
    #[arg(long)]
    pub(super) once: bool,
}

/// All of it, settled.
pub(super) struct Settings {
    pub(super) edges: Edges,
    pub(super) environment: Option<String>,
    pub(super) lock: AgentLock,
    pub(super) command: Hook,
}

impl Watch {
    /// Settles what is said with what the agent's configuration says.
    pub(super) fn settle(&self) -> Result<Settings> {
        let conf = PuppetConf::open(self.config.as_deref())
            .map_err(|error| Failure::input(format!("puppet.conf can't be read: {error}")))?;
        let own = |name: &str| conf.get(name).map(str::to_owned);
        let directories = match self
            .ssldir
            .clone()
            .or_else(|| own("ssldir").map(PathBuf::from))
        {
            Some(directory) => vec![directory],
            None => ssl_directories(),
        };
        let certname = self.certname.clone().or_else(|| own("certname"));
        let tls = self.client.tls_of(&directories, certname.as_deref())?;
        let port = self.port.or_else(|| conf.port()).unwrap_or(PORT);
        let servers = match self.servers.is_empty() {
            true => conf.servers(),
            false => self.servers.clone(),
        };
        let edges = servers.iter().map(|server| {
            let url = edge_url(server, port)?;
            let tls = tls.clone();
            let connection = Connection::new(&url, || Ok(tls)).map_err(Failure::input)?;
            Ok((url.to_string(), connection))
        });
        Ok(Settings {
            edges: Edges::new(edges.collect::<Result<_>>()?),
            environment: self.environment.clone().or_else(|| own("environment")),
            lock: AgentLock::new(self.lock.clone().or_else(|| conf.lock())),
            command: match &self.exec {
                Some(line) => Hook::Shell(line.clone()),
                None => Hook::Program(AGENT),
            },
        })
    }
}

fn edge_url(server: &str, port: u16) -> Result<Url> {
    let wrong = || Failure::input(format!("{server}: a server is HOST or HOST:PORT"));
    let mut url = Url::parse(&format!("https://{server}")).map_err(|_| wrong())?;
    if url.path() != "/" {
        return Err(wrong());
    }
    if url.port().is_none() {
        url.set_port(Some(port)).map_err(|()| wrong())?;
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_name_its_port() {
        let url = |server| edge_url(server, 8140).map(|url| url.to_string());
        assert_eq!(
            url("a.example.test").unwrap(),
            "https://a.example.test:8140/"
        );
        assert_eq!(url("a:8141").unwrap(), "https://a:8141/");
        assert_eq!(url("[::1]").unwrap(), "https://[::1]:8140/");
        assert!(url("a/b").is_err() && url("").is_err());
    }
}
