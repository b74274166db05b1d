//! What the agent's own configuration says: the settings of puppet.conf that a watcher shares with it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where packages keep it.
const PLACES: [&str; 2] = [
    "/etc/puppetlabs/puppet/puppet.conf",
    "/etc/puppet/puppet.conf",
];

/// Settings of `[agent]`, and of `[main]` where that has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PuppetConf {
    settings: HashMap<String, String>,
}

impl PuppetConf {
    /// Reads a file that is named, or the first of those that packages have; none is none.
    pub(super) fn open(file: Option<&Path>) -> std::io::Result<Self> {
        match file {
            Some(file) => std::fs::read_to_string(file).map(|text| Self::parse(&text)),
            None => {
                let texts = PLACES.iter().map(std::fs::read_to_string);
                Ok(texts
                    .flatten()
                    .next()
                    .map_or_else(Self::default, |text| Self::parse(&text)))
            }
        }
    }

    /// Reads the text. Values that refer to other settings (`$vardir/ssl`) are left out.
    fn parse(text: &str) -> Self {
        let (mut section, mut sections) = ("main", HashMap::<_, HashMap<_, _>>::new());
        for line in text.lines().map(str::trim) {
            if line.starts_with('#') {
                continue;
            }
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'))
            {
                section = name.trim();
            } else if let Some((name, value)) = line.split_once('=') {
                // A comment may follow a value, and quotes may stand around it.
                let value = value.split(" #").next().unwrap_or_default().trim();
                let value = value.trim_matches(['"', '\'']);
                if !value.is_empty() && !value.contains('$') {
                    let settings = sections.entry(section).or_default();
                    settings.insert(name.trim().to_owned(), value.to_owned());
                }
            }
        }
        let mut settings = sections.remove("main").unwrap_or_default();
        settings.extend(sections.remove("agent").unwrap_or_default());
        Self { settings }
    }

    /// A setting.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// The servers to ask in turn, `HOST` or `HOST:PORT`: `server_list`, or else `server`.
    pub(super) fn servers(&self) -> Vec<String> {
        let list = self.get("server_list").or_else(|| self.get("server"));
        let list = list.unwrap_or("puppet").split(',').map(str::trim);
        list.map(str::to_owned).collect()
    }

    /// The port where a server has none of its own.
    pub(super) fn port(&self) -> Option<u16> {
        let names = ["serverport", "masterport"];
        names.iter().find_map(|name| self.get(name)?.parse().ok())
    }

    /// The lock of a running agent.
    pub(super) fn lock(&self) -> Option<PathBuf> {
        let below = |setting: &str, path: &str| Some(Path::new(self.get(setting)?).join(path));
        self.get("agent_catalog_run_lockfile")
            .map(PathBuf::from)
            .or_else(|| below("statedir", "agent_catalog_run.lock"))
            .or_else(|| below("vardir", "state/agent_catalog_run.lock"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_section_goes_before_main_and_others_do_not_count() {
        let conf = PuppetConf::parse(
            "server = early\n[main]\n  server = puppet1 # ours\n  vardir = /var/x\n  ssldir = $vardir/ssl\n# port = 1\n\
             [agent]\nserver_list = a.example.test:8141, b.example.test\nmasterport = 8142\n[server]\nserverport = 1\n",
        );
        assert_eq!(conf.get("server"), Some("puppet1"));
        assert_eq!(conf.servers(), ["a.example.test:8141", "b.example.test"]);
        assert_eq!(conf.port(), Some(8142));
        assert_eq!(conf.get("ssldir"), None);
        assert_eq!(
            conf.lock(),
            Some("/var/x/state/agent_catalog_run.lock".into())
        );
        assert_eq!(PuppetConf::parse("").servers(), ["puppet"]);
    }
}
