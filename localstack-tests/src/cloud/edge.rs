//! `bunraku edge` on this host, before a stack's store and lanes.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Stack;
use super::proxy::Proxy;
use crate::farm::free_port;
use crate::https::Client;
use crate::wait_for;

/// A running edge. Its process is killed when this is dropped.
pub struct Edge {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    child: Child,
}

impl Edge {
    /// Starts an edge with the given options about certificates, and waits until it answers.
    #[must_use]
    pub fn start(stack: &Stack, log: &Path, options: &[&str]) -> Self {
        Self::start_on(stack, log, options, free_port())
    }

    /// The same on a given port.
    #[must_use]
    pub fn start_on(stack: &Stack, log: &Path, options: &[&str], port: u16) -> Self {
        Self::spawn(stack.command(&[]), log, options, port)
    }

    /// The same, whose requests to AWS go through a proxy.
    #[must_use]
    pub fn start_through(proxy: &Proxy, stack: &Stack, log: &Path, options: &[&str]) -> Self {
        let mut command = stack.command(&[]);
        command.env("AWS_ENDPOINT_URL", proxy.endpoint());
        Self::spawn(command, log, options, free_port())
    }

    fn spawn(mut bunraku: Command, log: &Path, options: &[&str], port: u16) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let child = bunraku
            .args(["edge", "--listen", &format!("127.0.0.1:{port}")])
            .args(options)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let edge = Self { port, child };
        wait_for("the edge", Duration::from_secs(60), || {
            let answer = Client::anonymous(port)
                .get("/puppet-ca/v1/certificate/ca")
                .ok()?;
            (answer.status == 200).then_some(())
        });
        edge
    }

    /// Kills it (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.kill();
    }
}
