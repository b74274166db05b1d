//! A real agent: Debian's `puppet agent`, with directories of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::farm::text;

/// One agent.
pub struct Agent {
    /// Its directories.
    pub dir: PathBuf,
    /// Its name.
    pub certname: String,
    /// Facts that it is told to have, by name.
    pub facts: Vec<(String, String)>,
    /// The ports of its servers, all on localhost, in the order in which it tries them.
    pub ports: Vec<u16>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// With detailed exit codes: 0 no change, 2 changes, 1, 4 and 6 failures.
    pub code: i32,
    /// What it printed.
    pub output: String,
}

impl Agent {
    /// An agent that asks `localhost:port`, with everything below `dir`.
    #[must_use]
    pub fn new(dir: &Path, certname: &str, port: u16) -> Self {
        Self {
            dir: dir.to_owned(),
            certname: certname.to_owned(),
            facts: Vec::new(),
            ports: vec![port],
        }
    }

    /// One run, `puppet agent --test`.
    #[must_use]
    pub fn run(&self) -> Run {
        let mut agent = Command::new("puppet");
        agent.args(["agent", "--test"]).args(self.settings());
        for (name, value) in &self.facts {
            agent.env(format!("FACTER_{name}"), value);
        }
        let output = agent.output().expect("puppet: ./test installs it");
        Run {
            code: output.status.code().unwrap_or(-1),
            output: text(&output),
        }
    }
}

impl Agent {
    /// The line for a shell that makes one run, as `bunraku watch` makes it.
    #[must_use]
    pub fn line(&self) -> String {
        let words = ["puppet", "agent", "--onetime", "--no-daemonize"].map(str::to_owned);
        let words: Vec<String> = words.into_iter().chain(self.settings()).collect();
        words.join(" ")
    }

    /// Where a run that is going on says so.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.dir.join("var/state/agent_catalog_run.lock")
    }

    fn settings(&self) -> Vec<String> {
        let mut settings: Vec<String> = [
            "--color=false",
            "--waitforcert",
            "0",
            "--certname",
            &self.certname,
        ]
        .map(str::to_owned)
        .into();
        settings.extend(match self.ports[..] {
            [port] => [
                "--server=localhost".to_owned(),
                format!("--serverport={port}"),
            ],
            _ => {
                let servers = self.ports.iter().map(|port| format!("localhost:{port}"));
                let servers: Vec<_> = servers.collect();
                ["--server_list".to_owned(), servers.join(",")]
            }
        });
        for (setting, sub) in [
            ("--confdir", "conf"),
            ("--vardir", "var"),
            ("--ssldir", "ssl"),
            ("--rundir", "run"),
            ("--logdir", "log"),
            ("--publicdir", "public"),
            ("--codedir", "code"),
        ] {
            settings.push(setting.to_owned());
            settings.push(self.dir.join(sub).display().to_string());
        }
        settings
    }
}

impl Run {
    /// Checks how the run ended.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[track_caller]
    pub fn assert_code(&self, code: i32) {
        assert_eq!(self.code, code, "{}", self.output);
    }
}
