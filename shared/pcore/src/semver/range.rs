//! Ranges of versions: alternatives of intervals.

use std::cmp::Ordering;
use std::fmt;

use super::{SemVer, are_identifiers, number};
use crate::{Error, Result};

/// A range of versions, with the text it was made from.
#[derive(Debug, Clone)]
pub struct SemVerRange {
    text: String,
    intervals: Vec<Interval>,
}

/// From `min` to `max`; `None` is unbounded. The flags exclude the bound itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Interval {
    min: Option<(SemVer, bool)>,
    max: Option<(SemVer, bool)>,
}

impl PartialEq for SemVerRange {
    fn eq(&self, other: &Self) -> bool {
        self.intervals == other.intervals
    }
}

impl Eq for SemVerRange {}

impl std::hash::Hash for SemVerRange {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.intervals.hash(state);
    }
}

impl fmt::Display for SemVerRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

const NOTHING: Interval = Interval {
    min: None,
    max: Some((SemVer::new(0, 0, 0), true)),
};
const ALL: Interval = Interval {
    min: None,
    max: None,
};

impl SemVerRange {
    /// Parses a range (`>=1.0.0 <2.0.0`, `1.x`, `~1.2`, `1.0.0 - 2.0.0`, `a || b`).
    ///
    /// # Errors
    /// Puppet's message when the text is no range.
    pub fn parse(text: &str) -> Result<Self> {
        let failed = |part: &str| Error::new(format!("Unparsable version range: \"{part}\""));
        let joined = join_operators(text);
        if joined.split("||").all(str::is_empty) {
            return Ok(Self {
                text: "*".to_owned(),
                intervals: vec![ALL],
            });
        }
        let mut intervals = Vec::new();
        for alternative in joined.split("||").map(str::trim) {
            // Blanks at the very start are an empty word in the reference, which is no range.
            if !alternative.is_empty()
                && joined.starts_with(|first: char| first.is_ascii_whitespace())
            {
                return Err(failed(text));
            }
            let words: Vec<&str> = alternative.split_whitespace().collect();
            let interval = if let [from, "-", to] = words.as_slice() {
                let (from, to) = (
                    Partial::parse(from).ok_or_else(|| failed(from))?,
                    Partial::parse(to).ok_or_else(|| failed(to))?,
                );
                Some(Interval {
                    min: Some((from.version(), false)),
                    max: Some((to.version(), false)),
                })
            } else {
                let mut whole = (!words.is_empty()).then_some(ALL);
                for word in words {
                    let simple = simple(word).ok_or_else(|| failed(text))?;
                    whole = whole.and_then(|whole| whole.intersection(&simple));
                }
                whole
            };
            intervals.extend(interval.filter(|interval| !interval.is_empty()));
        }
        if intervals.is_empty() {
            intervals.push(NOTHING);
        }
        intervals.dedup();
        Ok(Self {
            text: text.to_owned(),
            intervals,
        })
    }

    /// From one version to another, as `SemVerRange.new(min, max, exclude_max)`; `None` is unbounded.
    #[must_use]
    pub fn between(min: Option<&SemVer>, max: Option<&SemVer>, exclude_max: bool) -> Self {
        let interval = Interval {
            min: min.map(|min| (min.clone(), false)),
            max: max.map(|max| (max.clone(), exclude_max)),
        };
        let from = min.map_or_else(|| "0.0.0".to_owned(), ToString::to_string);
        let text = match max {
            Some(max) if exclude_max => format!(">={from} <{max}"),
            Some(max) => format!("{from} - {max}"),
            None => format!(">={from}"),
        };
        Self {
            text,
            intervals: vec![interval],
        }
    }

    /// The range of one version.
    #[must_use]
    pub fn exactly(version: &SemVer) -> Self {
        Self::between(Some(version), Some(version), false)
    }

    /// Whether `version` lies within; pre-releases only where a bound names their release.
    #[must_use]
    pub fn includes(&self, version: &SemVer) -> bool {
        self.intervals.iter().any(|interval| {
            interval.contains(version)
                && (version.is_stable() || interval.names_prerelease_of(version))
        })
    }

    /// Whether every interval lies in one of `other`.
    #[must_use]
    pub fn is_covered_by(&self, other: &Self) -> bool {
        self.intervals
            .iter()
            .all(|inner| other.intervals.iter().any(|outer| outer.covers(inner)))
    }
}

/// Joins ranges that overlap or touch (`PSemVerType#merge_ranges`).
pub(crate) fn merge_ranges(ranges: Vec<SemVerRange>) -> Vec<SemVerRange> {
    let mut result: Vec<SemVerRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        if let Some(known) = result
            .iter_mut()
            .find(|known| range.is_covered_by(known) || known.is_covered_by(&range))
        {
            if known.is_covered_by(&range) {
                *known = range;
            }
        } else {
            result.push(range);
        }
    }
    result
}

impl Interval {
    fn contains(&self, version: &SemVer) -> bool {
        // One version is compared with its build, which an order of versions leaves out.
        if let (Some((min, false)), Some((max, false))) = (&self.min, &self.max)
            && min == max
        {
            return version == min;
        }
        let above = self
            .min
            .as_ref()
            .is_none_or(|(min, excluded)| match version.precedence(min) {
                Ordering::Less => false,
                Ordering::Equal => !excluded,
                Ordering::Greater => true,
            });
        above
            && self
                .max
                .as_ref()
                .is_none_or(|(max, excluded)| match version.precedence(max) {
                    Ordering::Greater => false,
                    Ordering::Equal => !excluded,
                    Ordering::Less => true,
                })
    }

    fn names_prerelease_of(&self, version: &SemVer) -> bool {
        if self.min.is_none() && self.max.is_none() {
            return true;
        }
        [&self.min, &self.max]
            .into_iter()
            .flatten()
            .any(|(bound, _)| {
                !bound.is_stable()
                    && (bound.major, bound.minor, bound.patch)
                        == (version.major, version.minor, version.patch)
            })
    }

    fn is_empty(&self) -> bool {
        match (&self.min, &self.max) {
            (Some((min, min_excluded)), Some((max, max_excluded))) => match min.precedence(max) {
                Ordering::Greater => true,
                Ordering::Equal => *min_excluded || *max_excluded,
                Ordering::Less => false,
            },
            _ => false,
        }
    }

    fn intersection(&self, other: &Self) -> Option<Self> {
        let tighter =
            |a: &Option<(SemVer, bool)>, b: &Option<(SemVer, bool)>, wanted: Ordering| match (a, b)
            {
                (None, bound) | (bound, None) => bound.clone(),
                (Some(a), Some(b)) => Some(match a.0.precedence(&b.0) {
                    Ordering::Equal => (a.0.clone(), a.1 || b.1),
                    order if order == wanted => a.clone(),
                    _ => b.clone(),
                }),
            };
        let result = Self {
            min: tighter(&self.min, &other.min, Ordering::Greater),
            max: tighter(&self.max, &other.max, Ordering::Less),
        };
        (!result.is_empty()).then_some(result)
    }

    fn covers(&self, inner: &Self) -> bool {
        // That the beginning is excluded does not count in the reference.
        let lower = match (&self.min, &inner.min) {
            (None, _) => true,
            (Some((outer, _)), None) => *outer == SemVer::new(0, 0, 0),
            (Some(outer), Some(inner)) => match outer.0.precedence(&inner.0) {
                Ordering::Less => true,
                Ordering::Equal => true,
                Ordering::Greater => false,
            },
        };
        lower
            && match (&self.max, &inner.max) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(outer), Some(inner)) => match outer.0.precedence(&inner.0) {
                    Ordering::Greater => true,
                    Ordering::Equal => !outer.1 || inner.1,
                    Ordering::Less => false,
                },
            }
    }
}

/// Removes blanks, and a `v`, after an operator (`gsub(/([><=~^])(?:\s+|\s*v)/, '\1')`).
fn join_operators(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        result.push(character);
        if "><=~^".contains(character) {
            while rest.peek().is_some_and(|next| next.is_ascii_whitespace()) {
                rest.next();
            }
            if rest.peek() == Some(&'v') {
                rest.next();
            }
        }
    }
    result
}

/// `1`, `1.x`, `1.2.3-pre+build`.
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    prerelease: Option<String>,
    build: Option<String>,
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let (body, build) = match text.split_once('+') {
            Some((body, build)) => (body, Some(build)),
            None => (text, None),
        };
        let (numbers, prerelease) = match body.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Some(prerelease)),
            None => (body, None),
        };
        let parts: Vec<&str> = numbers.split('.').collect();
        let qualified = prerelease.is_some() || build.is_some();
        if parts.len() > 3
            || qualified && parts.len() < 3
            || !prerelease.is_none_or(are_identifiers)
            || !build.is_none_or(are_identifiers)
        {
            return None;
        }
        let mut values = [None; 3];
        for (value, part) in values.iter_mut().zip(&parts) {
            *value = match *part {
                "x" | "X" | "*" => None,
                digits => Some(number(digits)?),
            };
        }
        let [major, minor, patch] = values;
        Some(Self {
            major,
            minor,
            patch,
            prerelease: prerelease.map(str::to_owned),
            build: build.map(str::to_owned),
        })
    }

    fn version(&self) -> SemVer {
        SemVer {
            major: self.major.unwrap_or(0),
            minor: self.minor.unwrap_or(0),
            patch: self.patch.unwrap_or(0),
            prerelease: self.prerelease.clone(),
            build: self.build.clone(),
        }
    }

    /// The version after the last one that the given parts name; `None`: no part is given.
    fn next(&self) -> Option<SemVer> {
        let major = self.major?;
        Some(match self.minor {
            None => SemVer::new(major.saturating_add(1), 0, 0),
            Some(minor) => SemVer::new(major, minor.saturating_add(1), 0),
        })
    }
}

fn simple(word: &str) -> Option<Interval> {
    let operators = ["<=", ">=", "~>", "~=", "<", ">", "=", "~", "^"];
    let operator = operators
        .into_iter()
        .find(|operator| word.starts_with(operator))
        .unwrap_or("");
    let partial = Partial::parse(word.get(operator.len()..)?)?;
    let from = |version: SemVer| Interval {
        min: Some((version, false)),
        max: None,
    };
    let below = |version: SemVer| Interval {
        min: None,
        max: Some((version, true)),
    };
    let between = |min: SemVer, max: SemVer| Interval {
        min: Some((min, false)),
        max: Some((max, true)),
    };
    let complete = partial.major.is_some() && partial.minor.is_some() && partial.patch.is_some();
    let updates = |partial: &Partial| match partial.next() {
        None => ALL,
        Some(next) => between(partial.version(), next),
    };
    Some(match operator {
        "" | "=" if complete => Interval {
            min: Some((partial.version(), false)),
            max: Some((partial.version(), false)),
        },
        "" | "=" | "~" | "~>" | "~=" => updates(&partial),
        "^" => match partial.major {
            None => ALL,
            Some(0) => updates(&partial),
            Some(major) => between(
                partial.version(),
                SemVer::new(major.saturating_add(1), 0, 0),
            ),
        },
        ">" => match partial.next() {
            None => NOTHING,
            Some(_) if complete => Interval {
                min: Some((partial.version(), true)),
                max: None,
            },
            Some(next) => from(next),
        },
        ">=" => from(partial.version()),
        "<" => below(partial.version()),
        _ => match partial.next() {
            None => ALL,
            Some(_) if complete => Interval {
                min: None,
                max: Some((partial.version(), false)),
            },
            Some(next) => below(next),
        },
    })
}
