//! `environment.conf`: where an environment keeps its modules and its main manifest.

use crate::similar::nearest;

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

/// Something in an `environment.conf` that Puppet ignores, with a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The name of a setting, or of a section.
    pub name: String,
    /// It is a section: the file has none.
    pub is_section: bool,
    /// Its line, from 1.
    pub line: u32,
    /// The setting that was most likely meant.
    pub meant: Option<&'static str>,
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
    /// Reads the text of an `environment.conf`. A later line wins; other settings and whatever is no setting are
    /// left alone, as Puppet leaves them (`Puppet::Settings::IniFile`).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut conf = Self::default();
        let settings = text.lines().filter_map(|line| {
            let line = line.trim();
            if line.starts_with(['#', '[']) {
                None
            } else {
                line.split_once('=')
            }
        });
        for (name, value) in settings {
            let value = value.trim();
            match name.trim() {
                "modulepath" => {
                    conf.modulepath = value
                        .split(':')
                        .filter(|part| !part.is_empty())
                        .map(clean)
                        .collect();
                }
                "manifest" => conf.manifest = clean(value),
                "environment_data_provider" => conf.data_provider = Some(value.to_owned()),
                _ => {}
            }
        }
        conf
    }
}

/// What Puppet ignores in the text of an `environment.conf`: sections, and settings that are none of this file.
#[must_use]
pub fn ignored(text: &str) -> Vec<Ignored> {
    let mut found = Vec::new();
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        let section = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next());
        let (name, is_section) = match (section, line.split_once('=')) {
            (Some("main"), _) => continue,
            (Some(section), _) => (section, true),
            (None, Some((name, _))) if !line.starts_with('#') => (name.trim(), false),
            (None, _) => continue,
        };
        if is_section || !SETTINGS.contains(&name) {
            found.push(Ignored {
                name: name.to_owned(),
                is_section,
                line: number,
                meant: nearest(name, SETTINGS).filter(|_| !is_section),
            });
        }
    }
    found
}

/// A path without `.` segments and slashes that mean nothing.
fn clean(path: &str) -> String {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty() && *segment != ".")
        .collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{EnvironmentConf, ignored};

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

    #[test]
    fn what_puppet_ignores_is_found_with_its_line() {
        let found = ignored("modulepath = a\n# x = y\n[agent]\nmodulpath=b\n[main]\nfoo = 1\n");
        let shown: Vec<_> = found
            .iter()
            .map(|found| {
                (
                    found.name.as_str(),
                    found.is_section,
                    found.line,
                    found.meant,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("agent", true, 3, None),
                ("modulpath", false, 4, Some("modulepath")),
                ("foo", false, 6, None)
            ]
        );
    }
}
