//! For tests: brokers of Debian's packages as child processes, each with a directory and ports of its
//! own on loopback, and gone when the process that started them is, however that ends.

// Helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Runs a server in a process group of its own until standard input ends, and clears up; a line of
/// input ends it, too, but lets its files be.
const SUPERVISOR: &str = r#"
directory=$1; shift
if [ -n "${ERL_EPMD_PORT:-}" ]; then setsid epmd & epmd=$!; fi
setsid "$@" >"$directory/log" 2>&1 & server=$!
read -r keep
kill -9 "-$server" ${epmd:+"-$epmd"}
wait
[ -n "$keep" ] || rm -rf "$directory"
"#;

/// Which broker.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `rabbitmq-server`.
    RabbitMq,
    /// `nats-server`.
    Nats,
}

impl Kind {
    /// Of the URL of a broker that has no lock.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::RabbitMq => "amqp",
            Self::Nats => "nats",
        }
    }
}

/// Where brokers listen: below the ports that systems give to connections that go out. In these, a
/// client that tries again and again to reach a broker that is down can be given the broker's own
/// port, so that the broker finds it taken when it starts again.
const PORTS: Range<u16> = 10_000..32_768;

/// A port of loopback that nobody listens on.
///
/// # Panics
///
/// When all are taken.
pub fn free_port() -> u16 {
    let size = u128::from(PORTS.end - PORTS.start);
    let drawn = std::iter::repeat_with(|| uuid::Uuid::new_v4().as_u128() % size)
        .map(|number| PORTS.start + u16::try_from(number).unwrap());
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    drawn.take(1000).find(is_free).expect("a free port")
}

/// Makes a broker take encrypted connections alone, of one user.
#[derive(Clone, Debug)]
pub struct Lock {
    /// PEM files of its certificate, which is good for 127.0.0.1, and of the private key.
    pub certificate: PathBuf,
    /// See `certificate`.
    pub key: PathBuf,
    /// The user.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// A broker that runs, or was ended and may be started again with its files and ports.
#[derive(Debug)]
pub struct Broker {
    kind: Kind,
    lock: Option<Lock>,
    directory: PathBuf,
    ports: [u16; 3],
    supervisor: Option<Child>,
}

impl Broker {
    /// Starts a broker. It may not listen yet; whoever uses it tries again.
    ///
    /// # Panics
    ///
    /// When its package is not installed.
    pub fn start(kind: Kind) -> Self {
        let mut broker = Self::prepare(kind, None);
        broker.start_again();
        broker
    }

    /// Prepares a broker for [`Self::start_again`].
    ///
    /// # Panics
    ///
    /// When its package is not installed.
    pub fn prepare(kind: Kind, lock: Option<Lock>) -> Self {
        let (package, program) = match kind {
            Kind::RabbitMq => ("rabbitmq-server", RABBITMQ),
            Kind::Nats => ("nats-server", NATS),
        };
        assert!(
            Path::new(program).exists(),
            "{program} is missing: sudo apt-get install {package}"
        );
        let ports = [(); 3].map(|()| free_port());
        let directory = std::env::temp_dir().join(format!("bunraku-{package}-{}", ports[0]));
        std::fs::create_dir_all(&directory).unwrap();
        Self {
            kind,
            lock,
            directory,
            ports,
            supervisor: None,
        }
    }

    /// Its host and port.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    /// The URL of its queues under a prefix, if it has no lock.
    pub fn url(&self, prefix: &str) -> String {
        format!("{}://{}?prefix={prefix}", self.kind.scheme(), self.host())
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        let mut supervisor = self.supervisor.take().expect("it runs");
        supervisor
            .stdin
            .take()
            .unwrap()
            .write_all(b"keep\n")
            .unwrap();
        supervisor.wait().unwrap();
    }

    /// Starts it, after [`Self::prepare`] or [`Self::kill`].
    pub fn start_again(&mut self) {
        let mut command = Command::new("sh");
        command
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(&self.directory)
            // A signal to the tests' group (Ctrl-C) must not end whoever clears up after them.
            .process_group(0)
            .stdin(Stdio::piped());
        let [port, port_of_names, port_of_nodes] = self.ports.map(|port| port.to_string());
        match self.kind {
            Kind::Nats => {
                command
                    .args([NATS, "-a", "127.0.0.1", "-p", &port, "-js", "-sd"])
                    .arg(self.directory.join("data"));
                if let Some(lock) = &self.lock {
                    command
                        .args(["--tls", "--user", &lock.user, "--pass", &lock.password])
                        .arg("--tlscert")
                        .arg(&lock.certificate)
                        .arg("--tlskey")
                        .arg(&lock.key);
                }
            }
            Kind::RabbitMq => {
                let configuration = self.directory.join("rabbitmq.conf");
                let listening = match &self.lock {
                    None => format!("listeners.tcp.1 = 127.0.0.1:{port}\n"),
                    Some(lock) => format!(
                        "listeners.tcp = none\n\
                         listeners.ssl.1 = 127.0.0.1:{port}\n\
                         ssl_options.certfile = {}\n\
                         ssl_options.keyfile = {}\n\
                         default_user = {}\n\
                         default_pass = {}\n",
                        lock.certificate.display(),
                        lock.key.display(),
                        lock.user,
                        lock.password
                    ),
                };
                let settings = format!(
                    "{listening}\
                     disk_free_limit.absolute = 10MB\n\
                     raft.wal_max_size_bytes = 16777216\n"
                );
                std::fs::write(&configuration, settings).unwrap();
                command
                    .arg(RABBITMQ)
                    .env("HOME", &self.directory)
                    .env("ERL_EPMD_ADDRESS", "127.0.0.1")
                    .env("ERL_EPMD_PORT", port_of_names)
                    .env("RABBITMQ_DIST_PORT", port_of_nodes)
                    .env("RABBITMQ_NODENAME", format!("bunraku{port}@localhost"))
                    .env("RABBITMQ_MNESIA_BASE", self.directory.join("data"))
                    .env("RABBITMQ_LOG_BASE", self.directory.join("logs"))
                    .env("RABBITMQ_PID_FILE", self.directory.join("pid"))
                    .env(
                        "RABBITMQ_ENABLED_PLUGINS_FILE",
                        self.directory.join("plugins"),
                    )
                    .env("RABBITMQ_CONFIG_FILE", configuration);
            }
        }
        self.supervisor = Some(command.spawn().expect("sh starts"));
    }
}

/// Ends the broker and clears up. One that is never dropped (in a static) ends with its process.
impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
        } else {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// Debian's command is for root and the service's user alone: this is what it calls.
const RABBITMQ: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const NATS: &str = "/usr/sbin/nats-server";
