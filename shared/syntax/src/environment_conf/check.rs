//! What Puppet says of an `environment.conf` (`Puppet::Settings::EnvironmentConf`).

use super::ini::{Line, Value, lines};
use super::{MAIN, SETTINGS};
use crate::Severity;
use crate::similar::nearest;

/// Something that is wrong in an `environment.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// An error where Puppet does not load the environment; a warning for what it ignores.
    pub severity: Severity,
    /// Its line, from 1.
    pub line: u32,
    /// In Puppet's words, where it has any.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// What is wrong with the text of the `environment.conf` at `path`: lines that are no settings, values that can't be, and
/// what is ignored, in the order of the lines.
#[must_use]
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut check = Check::default();
    for (number, line) in lines(text) {
        match line {
            Line::Section(name) => check.section(number, name),
            Line::Setting { name, value } => check.setting(number, name, &value),
            Line::Broken => check.broken(number, text),
        }
    }
    check.finish(path)
}

#[derive(Default)]
struct Check<'t> {
    found: Vec<Finding>,
    section: Option<&'t str>,
    /// Sections and settings that are ignored, and the line of the first.
    sections: Option<(u32, Vec<&'t str>)>,
    unknown: Option<(u32, Vec<&'t str>)>,
    seen: Vec<&'t str>,
}

impl<'t> Check<'t> {
    fn section(&mut self, line: u32, name: &'t str) {
        self.section = (name != MAIN).then_some(name);
        if name == MAIN {
            return;
        }
        let (_, names) = self.sections.get_or_insert((line, Vec::new()));
        if !names.contains(&name) {
            names.push(name);
        }
    }

    fn setting(&mut self, line: u32, name: &'t str, value: &Value) {
        if let Value::Unreadable(problem) = value {
            let hint = "braces hold the owner, group and mode of a file; `*` stands for directories of any name";
            self.error(line, problem.clone(), Some(hint.to_owned()));
            return;
        }
        if self.section.is_some() {
            return;
        }
        if !SETTINGS.contains(&name) {
            let (_, names) = self.unknown.get_or_insert((line, Vec::new()));
            names.push(name);
        } else if self.seen.contains(&name) {
            let message = format!("'{name}' is set twice; the first line counts");
            self.found.push(Finding {
                severity: Severity::Warning,
                line,
                message,
                hint: None,
            });
        } else {
            self.seen.push(name);
            self.value(line, name, value);
        }
    }

    fn value(&mut self, line: u32, name: &str, value: &Value) {
        match (name, value) {
            ("environment_timeout", _) if !is_time_to_live(value) => {
                let shown = match value {
                    Value::Boolean(value) => value.to_string(),
                    Value::Text(text) | Value::Unreadable(text) => format!("{text:?}"),
                };
                let message =
                    format!("Invalid 'time to live' format '{shown}' for parameter: {name}");
                let hint = "write a number with or without y, d, h, m or s behind it, such as `0` or `3m`, or `unlimited`";
                self.error(line, message, Some(hint.to_owned()));
            }
            ("environment_data_provider", _) => self.data_provider(line, value),
            ("modulepath", Value::Boolean(_)) => {
                let message = "modulepath takes directories with `:` between them".to_owned();
                self.error(line, message, None);
            }
            ("static_catalogs" | "rich_data", Value::Text(text)) => {
                let message = format!("{name} is true or false; Puppet takes '{text}' for true");
                self.found.push(Finding {
                    severity: Severity::Warning,
                    line,
                    message,
                    hint: None,
                });
            }
            _ => {}
        }
    }

    fn data_provider(&mut self, line: u32, value: &Value) {
        let provider = match value {
            Value::Boolean(value) => value.to_string(),
            Value::Text(text) | Value::Unreadable(text) => text.clone(),
        };
        let message = format!(
            "Defining environment_data_provider='{provider}' in environment.conf is deprecated. A 'hiera.yaml' file should be used instead"
        );
        self.found.push(Finding {
            severity: Severity::Deprecation,
            line,
            message,
            hint: None,
        });
        if !["none", "hiera", "function"].contains(&provider.as_str()) {
            let message = format!("cannot find environment_data_provider '{provider}'");
            self.error(
                line,
                message,
                Some("it is none, hiera or function".to_owned()),
            );
        }
    }

    fn broken(&mut self, line: u32, text: &str) {
        let index = usize::try_from(line).unwrap_or(usize::MAX) - 1;
        let shown = text.lines().nth(index).unwrap_or_default();
        let hint = match shown.trim_start().chars().next() {
            Some(';') => "a comment starts with `#`",
            Some('\u{feff}') => "save the file without a byte order mark",
            Some('[') => "the file has no sections",
            _ => "a line is `name = value`, or a comment behind `#`; a value ends with its line",
        };
        let message = format!("Could not match line {}", shown.trim_end());
        self.error(line, message, Some(hint.to_owned()));
    }

    fn error(&mut self, line: u32, message: String, hint: Option<String>) {
        self.found.push(Finding {
            severity: Severity::Error,
            line,
            message,
            hint,
        });
    }

    fn finish(mut self, path: &str) -> Vec<Finding> {
        if let Some((line, names)) = self.sections.take() {
            let message = format!(
                "Invalid sections in environment.conf at '{path}'. Environment conf may not have sections. The following sections are being ignored: '{}'",
                names.join(",")
            );
            self.found.push(Finding {
                severity: Severity::Warning,
                line,
                message,
                hint: None,
            });
        }
        if let Some((line, names)) = self.unknown.take() {
            let message = format!(
                "Invalid settings in environment.conf at '{path}'. The following unknown setting(s) are being ignored: {}",
                names.join(", ")
            );
            let meant = names.iter().find_map(|name| nearest(name, SETTINGS));
            let hint = meant.map(|meant| format!("did you mean `{meant}`?"));
            self.found.push(Finding {
                severity: Severity::Warning,
                line,
                message,
                hint,
            });
        }
        self.found.sort_by_key(|found| found.line);
        self.found
    }
}

/// A number of seconds, or of what its unit says, or `unlimited` (`Puppet::Settings::TTLSetting`).
fn is_time_to_live(value: &Value) -> bool {
    let Value::Text(text) = value else {
        return false;
    };
    let digits = text.strip_suffix(['y', 'd', 'h', 'm', 's']).unwrap_or(text);
    text == "unlimited" || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
