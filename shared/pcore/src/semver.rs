//! Semantic versions and ranges (`SemanticPuppet`).

use std::cmp::Ordering;
use std::fmt;

use crate::{Error, Result};

mod range;

pub use range::SemVerRange;
pub(crate) use range::merge_ranges;

/// A semantic version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SemVer {
    /// Major.
    pub major: u64,
    /// Minor.
    pub minor: u64,
    /// Patch.
    pub patch: u64,
    /// Pre-release identifiers, dot-separated.
    pub prerelease: Option<String>,
    /// Build identifiers, dot-separated.
    pub build: Option<String>,
}

impl SemVer {
    /// A version without pre-release and build.
    #[must_use]
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self {
            major,
            minor,
            patch,
            prerelease: None,
            build: None,
        }
    }

    /// Parses `1.2.3-pre+build`.
    ///
    /// # Errors
    /// Puppet's message when the text is no version.
    pub fn parse(text: &str) -> Result<Self> {
        let failed = || {
            Error::new(format!(
                "Unable to parse '{text}' as a semantic version identifier"
            ))
        };
        // `\Z` accepts one newline at the end.
        let body = text.strip_suffix('\n').unwrap_or(text);
        let (body, build) = match body.split_once('+') {
            Some((body, build)) => (body, Some(build)),
            None => (body, None),
        };
        let (numbers, prerelease) = match body.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Some(prerelease)),
            None => (body, None),
        };
        let mut parts = numbers.split('.').map(number);
        let (Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(failed());
        };
        if !prerelease.is_none_or(are_identifiers) || !build.is_none_or(are_identifiers) {
            return Err(failed());
        }
        let padded = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if prerelease.is_some_and(|prerelease| prerelease.split('.').any(padded)) {
            return Err(Error::new(
                "Numeric pre-release identifiers MUST NOT contain leading zeroes",
            ));
        }
        Ok(Self {
            major,
            minor,
            patch,
            prerelease: prerelease.map(str::to_owned),
            build: build.map(str::to_owned),
        })
    }

    /// Whether it is no pre-release.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.prerelease.is_none()
    }

    /// Order of precedence; builds do not count.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| match (&self.prerelease, &other.prerelease) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) => compare_identifiers(a, b),
            })
    }
}

/// `0` or digits without leading zero.
pub(crate) fn number(text: &str) -> Option<u64> {
    let valid = !text.is_empty()
        && text.bytes().all(|digit| digit.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    valid.then(|| text.parse().ok()).flatten()
}

pub(crate) fn are_identifiers(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

fn compare_identifiers(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl fmt::Display for SemVer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if let Some(prerelease) = &self.prerelease {
            write!(formatter, "-{prerelease}")?;
        }
        self.build
            .as_ref()
            .map_or(Ok(()), |build| write!(formatter, "+{build}"))
    }
}
