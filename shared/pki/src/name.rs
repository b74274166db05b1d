//! Which names a certificate may have.

use crate::error::{PkiError, Result};

/// Longest certname accepted, in bytes: it becomes a file name with a suffix.
const LONGEST: usize = 240;

/// Whether `name` may be a certname: Puppet Server's host name rule. Lower-case letters, digits, `-`, `_` and
/// single dots inside, a letter or digit at both ends, no dot beside a `-` on its left or right as the rule has it.
/// `ca` is taken by the authority itself.
#[must_use]
pub fn is_valid_certname(name: &str) -> bool {
    name != "ca" && check_format(name)
}

fn check_format(name: &str) -> bool {
    let bytes = name.as_bytes();
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| alphanumeric(*byte));
    if bytes.len() > LONGEST || !ends(bytes.first()) || !ends(bytes.last()) {
        return false;
    }
    bytes.windows(2).all(|pair| match pair {
        [before, b'.'] => *before != b'-' && *before != b'.',
        [b'.', after] => *after != b'-',
        _ => true,
    }) && bytes
        .iter()
        .all(|byte| alphanumeric(*byte) || matches!(byte, b'-' | b'_' | b'.'))
}

/// Checks the subject of a CSR against the name asked for, in Puppet Server's order and words.
pub(crate) fn validate_subject(requested: &str, subject: &str) -> Result<()> {
    let refuse = |message: String| Err(PkiError::Refused(message));
    if requested != subject {
        return refuse(format!(
            "Instance name \"{}\" does not match requested key \"{}\"",
            printable(subject),
            printable(requested)
        ));
    }
    if requested.chars().any(char::is_uppercase) {
        return refuse("Certificate names must be lower case.".to_owned());
    }
    if subject.contains('*') {
        return refuse(format!(
            "Subject contains a wildcard, which is not allowed: {}",
            printable(subject)
        ));
    }
    if !is_valid_certname(subject) {
        return refuse("Subject hostname format is invalid".to_owned());
    }
    Ok(())
}

/// A name from outside, fit for a message: no control characters, bounded.
pub(crate) fn printable(name: &str) -> String {
    name.chars()
        .take(LONGEST)
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hosts_are_valid() {
        for name in [
            "a",
            "web01",
            "web-01.example.test",
            "a_b.c",
            "10.0.0.1",
            "a--b",
        ] {
            assert!(is_valid_certname(name), "{name}");
        }
    }

    #[test]
    fn names_that_could_leave_the_directory_or_confuse_are_not() {
        for name in [
            "", "ca", ".", "..", "../a", "a/../b", "a/b", "a\\b", "a..b", "a.", ".a", "-a", "a-",
            "a-.b", "a.-b", "A", "a b", "a\0b", "a\n", "*.a", "é", "a%2fb",
        ] {
            assert!(!is_valid_certname(name), "{name:?}");
        }
        assert!(!is_valid_certname(&"a".repeat(300)));
    }

    #[test]
    fn refusals_use_puppet_servers_words() {
        let said = |requested, subject| {
            validate_subject(requested, subject)
                .expect_err("refused")
                .to_string()
        };
        assert_eq!(
            said("a", "b"),
            "Instance name \"b\" does not match requested key \"a\""
        );
        assert_eq!(said("A", "A"), "Certificate names must be lower case.");
        assert_eq!(
            said("*.a", "*.a"),
            "Subject contains a wildcard, which is not allowed: *.a"
        );
        assert_eq!(said("../a", "../a"), "Subject hostname format is invalid");
    }
}
