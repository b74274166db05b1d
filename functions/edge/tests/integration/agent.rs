//! Debian's own agent against the edge.

use std::process::Command;

use bunraku_farm::Certname;

use crate::support::TestFarm;

/// Runs `puppet` with directories of its own. Needs the package `puppet-agent`.
pub(crate) async fn puppet(farm: &TestFarm, arguments: &[&str]) -> (Option<i32>, String) {
    let home = farm.dir.path().join("agent");
    let port = farm.address.port().to_string();
    let arguments: Vec<String> = arguments
        .iter()
        .map(|&argument| argument.to_owned())
        .collect();
    let output = tokio::task::spawn_blocking(move || {
        let directory = |name: &str| home.join(name).display().to_string();
        Command::new("puppet")
            .args(arguments)
            .args([
                "--certname",
                "agent1.example.test",
                "--server",
                "localhost",
                "--serverport",
                &port,
            ])
            .args([
                "--waitforcert",
                "0",
                "--keylength",
                "2048",
                "--color",
                "false",
            ])
            .args([
                "--confdir",
                &directory("conf"),
                "--vardir",
                &directory("var"),
            ])
            .args([
                "--ssldir",
                &directory("ssl"),
                "--rundir",
                &directory("run"),
                "--logdir",
                &directory("log"),
            ])
            .output()
    })
    .await
    .unwrap()
    .expect("puppet must be installed: apt-get install puppet-agent");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), text)
}

/// The agent makes a key, hands in its request, verifies the chain and the revocation list with Ruby's OpenSSL,
/// syncs plugins, sends its facts, takes its catalog and reports.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_agent_gets_its_certificate_plugins_and_catalog_and_reports() {
    let farm = TestFarm::new().await;
    farm.push(&[
        ("manifests/site.pp", ""),
        (
            "modules/a/lib/facter/from_plugin.rb",
            "Facter.add(:from_plugin) { setcode { 'synced' } }",
        ),
        ("modules/a/facts.d/external.yaml", "external: true"),
    ])
    .await;
    let (status, text) = puppet(&farm, &["ssl", "bootstrap"]).await;
    assert_eq!(status, Some(0), "{text}");
    assert!(
        farm.ca
            .certificate("agent1.example.test")
            .unwrap()
            .is_some(),
        "{text}"
    );

    let (status, text) = puppet(&farm, &["agent", "--test", "--environment", "production"]).await;
    assert_eq!(status, Some(0), "{text}");
    // What Facter can't read of this machine is no concern of the edge.
    let complaints: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("Error:") || line.starts_with("Warning:"))
        .filter(|line| !line.starts_with("Error: Facter:"))
        .collect();
    assert!(complaints.is_empty(), "{text}");
    for synced in [
        "facts.d/external.yaml",
        "lib/facter/from_plugin.rb",
        "Applied catalog",
    ] {
        assert!(text.contains(synced), "{synced}: {text}");
    }
    let certname = Certname::parse("agent1.example.test").unwrap();
    let facts = farm.store.facts(&certname).await.unwrap().unwrap();
    assert_eq!(facts.values["from_plugin"], "synced", "{text}");
    assert_eq!(
        farm.store.reports(&certname).await.unwrap().len(),
        1,
        "{text}"
    );
    assert_eq!(farm.edge_counters.errors.get(), 0);
}
