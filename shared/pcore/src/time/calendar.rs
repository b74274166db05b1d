//! The proleptic Gregorian calendar and Ruby's names of time zones.

use crate::{Error, Result};

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
}

impl Date {
    /// The date `days` days after 1970-01-01.
    pub(super) fn of_day(days: i64) -> Self {
        // Counted in years from March, so that the leap day is the last one (Howard Hinnant's algorithm).
        let shifted = days.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day,
        }
    }

    /// Days after 1970-01-01; a day beyond its month runs on. The year lies within a billion.
    pub(super) fn day_number(self) -> i64 {
        let year = self.year.clamp(-1_000_000_000, 1_000_000_000) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (self.month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// 1 to 366.
    pub(super) fn day_of_year(self) -> i64 {
        self.day_number()
            - Self {
                year: self.year,
                month: 1,
                day: 1,
            }
            .day_number()
            + 1
    }

    /// 0 (Sunday) to 6.
    pub(super) fn weekday(self) -> i64 {
        (self.day_number() + 4).rem_euclid(7)
    }

    /// ISO 8601 year and week.
    pub(super) fn iso_week(self) -> (i64, i64) {
        let from_monday = (self.weekday() + 6) % 7;
        let thursday = Self::of_day(self.day_number() - from_monday + 3);
        (thursday.year, (thursday.day_of_year() - 1) / 7 + 1)
    }
}

/// Offset from UTC in seconds of what Ruby's `%z` reads: `+02:00`, `-0330`, `GMT+3`, `CET`.
///
/// # Errors
/// Puppet's message when the zone is unknown. `current` is refused: no clock or zone is read here.
pub(super) fn zone_offset(zone: &str) -> Result<i64> {
    match leading_zone(zone) {
        // `convert_timezone` cuts it to minutes.
        Some((_, Some(offset))) => Ok(offset - offset % 60),
        _ => Err(Error::new(format!("Illegal timezone '{zone}'"))),
    }
}

/// The zone at the start of `text`: its length and offset (`None`: a word that is no known zone).
pub(super) fn leading_zone(text: &str) -> Option<(usize, Option<i64>)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = text.get(..letters).unwrap_or_default();
    let rest = text.get(letters..).unwrap_or_default();
    let prefixed =
        word.is_empty() || word.eq_ignore_ascii_case("utc") || word.eq_ignore_ascii_case("gmt");
    if prefixed && rest.starts_with(['+', '-']) {
        let digits = rest.get(1..).unwrap_or_default();
        let length = digits
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b':')
            .count();
        let length = digits
            .get(..length)
            .unwrap_or_default()
            .trim_end_matches(':')
            .len();
        let offset = numeric_offset(digits.get(..length).unwrap_or_default());
        if let Some(offset) = offset {
            let offset = if rest.starts_with('-') {
                -offset
            } else {
                offset
            };
            return Some((letters + 1 + length, Some(offset)));
        }
    }
    if word.is_empty() {
        return None;
    }
    // ` DST` and ` Standard Time` may follow the name.
    let lower = text.to_ascii_lowercase();
    for (suffix, dst) in [
        (" standard time", 0),
        (" daylight time", 3600),
        (" dst", 3600),
    ] {
        let end = letters + suffix.len();
        if lower.get(letters..end) == Some(suffix)
            && let Some(offset) = named_offset(word)
        {
            return Some((end, Some(offset + dst)));
        }
    }
    Some((letters, named_offset(word)))
}

/// `2`, `02`, `0230`, `023015`, `02:30`, `02:30:15` in seconds.
fn numeric_offset(digits: &str) -> Option<i64> {
    let number = |text: &str| text.parse::<i64>().ok();
    let parts: Vec<&str> = digits.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [one] => match one.len() {
            1 | 2 => (number(one)?, 0, 0),
            3 => (number(one.get(..1)?)?, number(one.get(1..)?)?, 0),
            4 => (number(one.get(..2)?)?, number(one.get(2..)?)?, 0),
            5 => (
                number(one.get(..1)?)?,
                number(one.get(1..3)?)?,
                number(one.get(3..)?)?,
            ),
            6 => (
                number(one.get(..2)?)?,
                number(one.get(2..4)?)?,
                number(one.get(4..)?)?,
            ),
            _ => return None,
        },
        [hours, minutes] => (number(hours)?, number(minutes)?, 0),
        [hours, minutes, seconds] => (number(hours)?, number(minutes)?, number(seconds)?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59 && seconds <= 59).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Ruby's table of abbreviations (`date/zonetab.list`), without what no one writes.
fn named_offset(name: &str) -> Option<i64> {
    const HALF_HOURS: &[(&str, i64)] = &[
        ("utc", 0),
        ("gmt", 0),
        ("ut", 0),
        ("wet", 0),
        ("est", -10),
        ("edt", -8),
        ("cst", -12),
        ("cdt", -10),
        ("mst", -14),
        ("mdt", -12),
        ("pst", -16),
        ("pdt", -14),
        ("nst", -7),
        ("ndt", -5),
        ("ast", -8),
        ("adt", -6),
        ("akst", -18),
        ("akdt", -16),
        ("hst", -20),
        ("hadt", -18),
        ("art", -6),
        ("brt", -6),
        ("brst", -4),
        ("clt", -8),
        ("clst", -6),
        ("at", -4),
        ("fnt", -4),
        ("bst", 2),
        ("ist", 11),
        ("wat", 2),
        ("west", 2),
        ("cet", 2),
        ("cest", 4),
        ("met", 2),
        ("mewt", 2),
        ("mest", 4),
        ("mesz", 4),
        ("swt", 2),
        ("fwt", 2),
        ("fst", 4),
        ("eet", 4),
        ("eest", 6),
        ("cat", 4),
        ("sast", 4),
        ("bt", 6),
        ("eat", 6),
        ("msk", 6),
        ("msd", 8),
        ("pkt", 10),
        ("sgt", 16),
        ("cct", 16),
        ("wast", 4),
        ("jst", 18),
        ("kst", 18),
        ("east", 20),
        ("gst", 20),
        ("eadt", 22),
        ("idle", 24),
        ("nzst", 24),
        ("nzt", 24),
        ("nzdt", 26),
        ("idlw", -24),
        ("aest", 20),
        ("ahst", -20),
    ];
    let lower = name.to_ascii_lowercase();
    if let &[letter] = lower.as_bytes() {
        let hours = match letter {
            b'a'..=b'i' => i64::from(letter - b'a') + 1,
            b'k'..=b'm' => i64::from(letter - b'k') + 10,
            b'n'..=b'y' => -(i64::from(letter - b'n') + 1),
            b'z' => 0,
            _ => return None,
        };
        return Some(hours * 3600);
    }
    HALF_HOURS
        .iter()
        .find(|(known, _)| *known == lower)
        .map(|(_, offset)| offset * 1800)
}
