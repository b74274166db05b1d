//! Names that come from outside and become parts of store keys: certnames, environments, paths.
//!
//! Each is a newtype whose only way in is its check, so that a key built of them can't escape.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a name was refused; the text is fit for a client's eyes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} {name:?}: {reason}")]
pub struct NameError {
    /// `certname`, `environment name` or `path`.
    pub what: &'static str,
    /// The name as given, cut to 100 characters.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Longest certname in bytes: a file name (255) less the longest suffix that a key adds.
pub const MAX_CERTNAME: usize = 240;
/// Longest environment name in bytes.
pub const MAX_ENVIRONMENT: usize = 200;
/// Longest path of a code file in bytes (Linux's `PATH_MAX` is 4096).
pub const MAX_PATH: usize = 1024;
/// Longest part of such a path in bytes (Linux's `NAME_MAX`).
pub const MAX_PATH_PART: usize = 255;

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and takes it as a name.
            pub fn parse(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                match $check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(reason) => {
                        Err(NameError { what: $what, name: text.chars().take(100).collect(), reason })
                    }
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

name_type!(
    /// A node's name, as its certificate says: lower-case letters, digits, `-`, `_` and `.`.
    ///
    /// Stricter than Puppet's `/\A[ -.0-~]+\Z/` (`puppet/ssl/base.rb`) with its demand of lower
    /// case, because certnames are parts of keys: no `..`, no dot or hyphen in front.
    Certname,
    "certname",
    check_certname
);
name_type!(
    /// An environment's name: letters, digits and `_` (`Puppet::Node::Environment.valid_name?`).
    EnvironmentName,
    "environment name",
    check_environment
);
name_type!(
    /// What a pre-built catalog is called: letters, digits and any of `-_.`, a letter or digit first.
    PrebuiltName,
    "name of a pre-built catalog",
    check_prebuilt
);
name_type!(
    /// A file's path in a release, relative to the environment's root, parts divided by `/`.
    ///
    /// Never absolute, no empty part, no `.` or `..`, no control characters.
    CodePath,
    "path",
    check_path
);

fn check_certname(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > MAX_CERTNAME {
        return Err("it is too long");
    }
    if !text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
    {
        return Err("only lower-case letters, digits, '-', '_' and '.' are allowed");
    }
    if text.contains("..") {
        return Err("'..' is not allowed");
    }
    if text.starts_with(['.', '-']) {
        return Err("it must start with a letter, a digit or '_'");
    }
    Ok(())
}

fn check_prebuilt(text: &str) -> Result<(), &'static str> {
    let fits = (1..=100).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    match fits {
        true => Ok(()),
        false => Err("it must be 1 to 100 letters, digits and any of -_., a letter or digit first"),
    }
}

fn check_environment(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > MAX_ENVIRONMENT {
        return Err("it is too long");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err("only letters, digits and '_' are allowed");
    }
    Ok(())
}

fn check_path(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > MAX_PATH {
        return Err("it is too long");
    }
    if text.starts_with('/') {
        return Err("it is absolute");
    }
    if text.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    for part in text.split('/') {
        match part {
            "" => return Err("it has an empty part"),
            "." | ".." => return Err("it has a part '.' or '..'"),
            _ if part.len() > MAX_PATH_PART => return Err("a part of it is too long"),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn certnames_as_sites_have_them_are_taken() {
        for good in [
            "web1.example.test",
            "a",
            "_x",
            "0",
            "node-1_b.c",
            &"a".repeat(MAX_CERTNAME),
        ] {
            assert!(Certname::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn certnames_that_could_escape_or_clash_are_refused() {
        let long = "a".repeat(MAX_CERTNAME + 1);
        for bad in [
            "", ".", "..", "../x", "a/b", "a..b", "A", "ä", "a b", "-a", ".a", "a\0", "a\n",
            "a%2f", &long,
        ] {
            assert!(Certname::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn environment_names_follow_puppets_rule() {
        for good in ["production", "Feature_1", "0"] {
            assert!(EnvironmentName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a-b", "a.b", "../x", "a/b", "é", "a\n"] {
            assert!(EnvironmentName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        for good in [
            "manifests/site.pp",
            ".fixtures.yml",
            "a b/ü.pp",
            "a\\b",
            "..a/b..",
            "...",
        ] {
            assert!(CodePath::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/", "/a", "a/", "a//b", "./a", "a/./b", "../a", "a/..", "a\0b", "a\nb",
        ] {
            assert!(CodePath::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_refused_name_is_an_error_of_the_document_too() {
        assert!(serde_json::from_str::<Certname>("\"../x\"").is_err());
        assert_eq!(serde_json::from_str::<Certname>("\"x\"").unwrap(), "x");
    }

    proptest! {
        #[test]
        fn no_accepted_path_resolves_outside(text in "[./a\\\\]{0,12}") {
            if let Ok(path) = CodePath::parse(text) {
                let mut depth = 0_i32;
                for part in std::path::Path::new(path.as_str()).components() {
                    prop_assert!(matches!(part, std::path::Component::Normal(_)));
                    depth += 1;
                }
                prop_assert!(depth > 0);
            }
        }

        #[test]
        fn any_text_is_refused_or_safe_as_a_file_name(text in any::<String>()) {
            if let Ok(name) = Certname::parse(text) {
                prop_assert!(!name.contains('/') && name.as_str() != "." && name.as_str() != "..");
            }
        }
    }
}
