//! Where the environment's modules are, for the checks of where a definition may be.

use std::collections::BTreeMap;

use bunraku_syntax::environment_conf::EnvironmentConf;
use bytes::Bytes;

/// The environment's settings.
pub(super) const ENVIRONMENT_CONF: &str = "environment.conf";

/// The module directories of the tree, with `/` behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ModulePath(Vec<String>);

impl ModulePath {
    /// From `environment.conf`; without one it is `modules`.
    pub(super) fn of(files: &BTreeMap<String, Bytes>) -> Self {
        let text = files
            .get(ENVIRONMENT_CONF)
            .and_then(|bytes| std::str::from_utf8(bytes).ok());
        // Directories outside the tree, and `$basemodulepath`, are no concern of the push.
        let inside = EnvironmentConf::parse(text.unwrap_or_default())
            .modulepath
            .into_iter()
            .filter(|entry| !entry.is_empty() && !entry.starts_with(['/', '$']));
        Self(inside.map(|entry| format!("{entry}/")).collect())
    }

    /// `ntp/manifests/init.pp` for `modules/ntp/manifests/init.pp`, when Puppet would autoload it.
    pub(super) fn relative<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = self
            .0
            .iter()
            .find_map(|directory| path.strip_prefix(directory.as_str()))?;
        let (_, in_module) = rest.split_once('/')?;
        let autoloaded = ["manifests/", "functions/", "types/", "plans/"];
        autoloaded
            .iter()
            .any(|prefix| in_module.starts_with(prefix))
            .then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_where_the_environment_says() {
        let conf = "# x\n modulepath = site-modules:./modules/:$basemodulepath:/opt/m\n";
        let files = BTreeMap::from([(ENVIRONMENT_CONF.to_owned(), Bytes::from(conf))]);
        let path = ModulePath::of(&files);
        assert_eq!(
            path,
            ModulePath(vec!["site-modules/".into(), "modules/".into()])
        );
        let relative = |text| path.relative(text);
        assert_eq!(
            relative("site-modules/role/manifests/a.pp"),
            Some("role/manifests/a.pp")
        );
        assert_eq!(relative("modules/ntp/examples/a.pp"), None);
        assert_eq!(relative("manifests/site.pp"), None);
        let default = ModulePath::of(&BTreeMap::new());
        assert_eq!(
            default.relative("modules/ntp/types/a.pp"),
            Some("ntp/types/a.pp")
        );
    }
}
