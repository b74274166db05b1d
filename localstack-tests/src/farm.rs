//! A farm under test: `bunraku up` on a free loopback port, with a data directory of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value as Json;

use crate::https::{Client, Credentials};
use crate::{tree, wait_for};

const METRICS: &str = "/bunraku/v1/metrics";

/// The `bunraku` program, built once in the profile of the test that asks.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // target/PROFILE/deps/this-test
        let test = std::env::current_exe().unwrap();
        let profile = test
            .ancestors()
            .nth(2)
            .expect("a test in a target directory");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // As `cargo test --workspace` builds it: with other features every dependency would be built anew.
        build.args(["build", "--quiet", "--workspace", "--tests", "--target-dir"]);
        build
            .arg(profile.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().unwrap().success(),
            "cargo build --bin bunraku"
        );
        profile.join("bunraku")
    })
}

/// A command line of the program.
#[must_use]
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(args).stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

/// Runs a command line of the program to its end.
#[must_use]
pub fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// Both outputs of a program as text.
#[must_use]
pub fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

/// The JSON that a program printed.
#[must_use]
pub fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

/// A running farm. Its process is killed when this is dropped.
pub struct Farm {
    /// Where it keeps everything.
    pub data: PathBuf,
    /// Where its edge listens, on 127.0.0.1.
    pub port: u16,
    child: Child,
}

impl Farm {
    /// Starts a farm in `data`, and waits until it answers. If it is given a `site` to push, waits
    /// until every node that the site has facts for has its catalog. Requests for certificates are
    /// signed at once.
    #[must_use]
    pub fn start(data: &Path, site: Option<&Path>) -> Self {
        let port = free_port();
        let farm = Self::start_on(data, site, port, &[]);
        if let Some(site) = site {
            let nodes = tree::files(&site.join("facts")).len();
            wait_for("the site's catalogs", Duration::from_secs(300), || {
                (tree::files(&farm.pointers()).len() >= nodes).then_some(())
            });
        }
        farm
    }

    /// Starts a farm with more options of `bunraku up`, and pushes nothing.
    #[must_use]
    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        Self::start_on(data, None, free_port(), options)
    }

    /// Starts a farm that compiles one catalog at a time, so that a test can be quicker than it.
    #[must_use]
    pub fn start_slow(data: &Path) -> Self {
        Self::start_on(data, None, free_port(), &["--jobs", "1"])
    }

    fn start_on(data: &Path, site: Option<&Path>, port: u16, options: &[&str]) -> Self {
        fs::create_dir_all(data).unwrap();
        let log = File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))
            .unwrap();
        let mut up = command(&["up"]);
        up.args(site)
            .arg("--data")
            .arg(data)
            .args(["--autosign", "all"])
            .args(options);
        up.arg("--listen").arg(format!("127.0.0.1:{port}"));
        let child = up
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut farm = Self {
            data: data.to_owned(),
            port,
            child,
        };
        wait_for("the edge", Duration::from_secs(60), || {
            assert!(
                farm.child.try_wait().unwrap().is_none(),
                "up ended: {}",
                farm.log()
            );
            let answer = Client::anonymous(port)
                .get("/puppet-ca/v1/certificate/ca")
                .ok()?;
            (answer.status == 200).then_some(())
        });
        farm
    }

    /// Kills the process (SIGKILL), and starts a new one with the same data and port.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        *self = Self::start_on(&self.data.clone(), None, self.port, &[]);
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What the process printed.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }

    /// Where the embedded object store is.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// Where the certificate authority is.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.data.join("ca")
    }

    /// A push of `site` to environment `production`.
    #[must_use]
    pub fn push_command(&self, site: &Path) -> Command {
        let mut push = command(&["push"]);
        push.arg(site)
            .args(["--environment", "production", "--json", "--store"]);
        push.arg(format!("file://{}", self.store().display()));
        push
    }

    /// Pushes `site` and waits until every catalog is in place.
    #[must_use]
    pub fn push(&self, site: &Path) -> Output {
        self.push_command(site).output().unwrap()
    }

    /// `bunraku ca ARGS`, on this farm's authority.
    #[must_use]
    pub fn ca(&self, args: &[&str]) -> Output {
        let data = self.data.to_string_lossy();
        run(&[&["ca"], args, &["--data", &data]].concat())
    }

    /// The pointers of environment `production`: one for each node that has a catalog.
    #[must_use]
    pub fn pointers(&self) -> PathBuf {
        self.store().join("pointers/production")
    }

    /// A client with an administrator's certificate. The farm has made one for itself; it is the
    /// one of its own certificates that may ask for the metrics.
    #[must_use]
    pub fn administrator(&self) -> Client {
        let own = tree::files(&self.authority().join("private"));
        own.into_iter()
            .find_map(|(name, key)| {
                let certificate = self.authority().join("signed").join(name);
                let certificate = fs::read_to_string(certificate).ok()?;
                let key = String::from_utf8(key).ok()?;
                let client = Client::with(self.port, &Credentials { certificate, key });
                (client.get(METRICS).ok()?.status == 200).then_some(client)
            })
            .expect("a certificate of the farm that may administer it")
    }

    /// The counters of the process by name (`compiles`, `catalogs_served`...).
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let answer = self.administrator().get(METRICS).unwrap();
        answer.text().lines().filter_map(metric).collect()
    }

    /// One counter.
    ///
    /// # Panics
    /// When there is no such counter.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        let counters = self.counters();
        *counters
            .get(name)
            .unwrap_or_else(|| panic!("no counter {name} in {counters:?}"))
    }
}

/// A port of 127.0.0.1 that nothing listens on.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A line of Prometheus' text format: `bunraku_compiles_total 3`.
fn metric(line: &str) -> Option<(String, u64)> {
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.rsplit_once(' ')?;
    let name = name.strip_prefix("bunraku_").unwrap_or(name);
    let name = name.strip_suffix("_total").unwrap_or(name);
    Some((name.to_owned(), value.parse().ok()?))
}

impl Drop for Farm {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.len().saturating_sub(8000);
            let tail = log.get(tail..).unwrap_or(&log);
            let _ = std::io::Write::write_all(&mut std::io::stderr(), tail.as_bytes());
        }
    }
}
