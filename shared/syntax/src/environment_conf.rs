//! `environment.conf`: where an environment keeps its modules and its main manifest.

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
