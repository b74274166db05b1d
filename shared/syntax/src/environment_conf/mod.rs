//! `environment.conf`: where an environment keeps its modules and its main manifest.

mod check;
mod ini;

pub use self::check::{Finding, check};
use self::ini::{Line, Value, lines};

/// The settings of `environment.conf` that decide which code a compile sees, with Puppet's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentConf {
    /// Directories of modules in order, as written: relative to the environment, absolute, or `$basemodulepath`.
    pub modulepath: Vec<String>,
    /// The main manifest, a file or a directory, as written: relative to the environment or absolute.
    pub manifest: String,
    /// `environment_data_provider`: how an environment without `hiera.yaml` once named its data.
    pub data_provider: Option<String>,
}

impl Default for EnvironmentConf {
    fn default() -> Self {
        Self {
            modulepath: vec!["modules".to_owned(), BASE_MODULE_PATH.to_owned()],
            manifest: "manifests".to_owned(),
            data_provider: None,
        }
    }
}

/// The settings that Puppet knows in the file (`Puppet::Settings::EnvironmentConf::VALID_SETTINGS`).
const SETTINGS: [&str; 7] = [
    "modulepath",
    "manifest",
    "config_version",
    "environment_timeout",
    "environment_data_provider",
    "static_catalogs",
    "rich_data",
];

/// Stands in a module path for the directories that all environments share.
pub const BASE_MODULE_PATH: &str = "$basemodulepath";

impl EnvironmentConf {
    /// Reads the text of an `environment.conf`. The first line of a setting counts, and only those of no section but
    /// `main` (`Puppet::Settings::ConfigFile`); other settings and whatever is no setting are left alone.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut settings: Vec<(&str, String)> = Vec::new();
        let mut in_main = true;
        for (_, line) in lines(text) {
            match line {
                Line::Section(name) => in_main = name == MAIN,
                Line::Setting { name, value } if in_main => {
                    let value = match value {
                        Value::Boolean(value) => value.to_string(),
                        Value::Text(text) | Value::Unreadable(text) => text,
                    };
                    settings.push((name, value));
                }
                Line::Setting { .. } | Line::Broken => {}
            }
        }
        let first = |name: &str| settings.iter().find(|(known, _)| *known == name);
        let value = |name: &str| first(name).map(|(_, value)| value.as_str());
        let default = Self::default();
        let paths = |text: &str| {
            let entries = text.split(':').filter(|entry| !entry.is_empty());
            entries.map(clean).collect()
        };
        Self {
            modulepath: value("modulepath").map_or(default.modulepath, paths),
            manifest: value("manifest").map_or(default.manifest, clean),
            data_provider: value("environment_data_provider").map(str::to_owned),
        }
    }
}

/// The section that settings are in without any.
const MAIN: &str = "main";

/// A path without `.` and `..` segments and slashes that mean nothing.
fn clean(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|last| *last != "..") => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::EnvironmentConf;

    #[test]
    fn what_is_not_set_has_the_default_of_puppet() {
        assert_eq!(
            EnvironmentConf::parse("# modulepath = x\n\n"),
            EnvironmentConf::default()
        );
    }

    #[test]
    fn paths_are_split_and_cleaned() {
        let conf = EnvironmentConf::parse(
            "modulepath = ./site:modules/:$basemodulepath\nmanifest=manifests/./site.pp\n",
        );
        assert_eq!(conf.modulepath, ["site", "modules", "$basemodulepath"]);
        assert_eq!(conf.manifest, "manifests/site.pp");
    }
}
