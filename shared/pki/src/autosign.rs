//! Which certificate requests are signed at once.

/// Puppet's `autosign` setting, without commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Autosign {
    /// Every request waits for `bunraku ca sign`.
    #[default]
    Off,
    /// Requests whose name matches a line: an exact name, `*.domain`, or `*`.
    Globs(Vec<String>),
    /// Every request.
    All,
}

impl Autosign {
    /// Whether a request for `certname` is signed at once.
    #[must_use]
    pub fn allows(&self, certname: &str) -> bool {
        match self {
            Self::Off => false,
            Self::All => true,
            Self::Globs(lines) => lines.iter().any(|line| matches(line, certname)),
        }
    }

    /// Reads `true`, `false`, or a comma or line separated list of names and globs (`#` starts a comment line).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "" | "false" | "off" => Self::Off,
            "true" | "all" => Self::All,
            list => Self::Globs(
                list.split(['\n', ','])
                    .map(str::trim)
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .map(str::to_owned)
                    .collect(),
            ),
        }
    }
}

/// One line of autosign.conf, as Puppet Server reads it: the star stands for any number of labels in front,
/// none included (`*.baz` matches `baz`).
fn matches(line: &str, certname: &str) -> bool {
    if line.contains('#') || line.contains(' ') {
        return false;
    }
    if line == "*" {
        return true;
    }
    if !line.starts_with('*') {
        return line == certname;
    }
    let line = line.to_ascii_lowercase();
    let certname = certname.to_ascii_lowercase();
    let mut labels = certname.rsplit('.');
    line.split('.')
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .all(|label| labels.next() == Some(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Puppet Server's own `glob-matches?`.
    #[test]
    fn globs_match_as_in_puppet_server() {
        assert!(matches("*.foo.bar", "agent.foo.bar"));
        assert!(matches("*.baz", "baz"));
        assert!(matches("*.QUX", "0.1.qux"));
        assert!(!matches("*.foo.bar", "agent.xfoo.bar"));
        assert!(!matches("*.foo.bar", "bar"));
        assert!(matches("*", "anything"));
        assert!(matches("a.b", "a.b"));
        assert!(!matches("a.b", "x.a.b"));
        assert!(!matches("* # all", "a"));
    }

    #[test]
    fn the_setting_reads_booleans_and_lists() {
        assert_eq!(Autosign::parse("true"), Autosign::All);
        assert_eq!(Autosign::parse("false"), Autosign::Off);
        assert_eq!(
            Autosign::parse("a.b, *.c\n# no\n"),
            Autosign::Globs(vec!["a.b".into(), "*.c".into()])
        );
        assert!(!Autosign::Off.allows("a"));
    }
}
