//! Ruby's `Time#strftime`.

use std::fmt::Write;

use super::Timestamp;
use super::calendar::{DAY, Date, MONTHS, WEEKDAYS};

/// Widest field that is honoured; Ruby fails beyond its buffers.
const MAX_WIDTH: usize = 1000;
/// Deepest nesting of composed directives: `%c` holds `%T`.
const MAX_DEPTH: usize = 4;

/// An instant with its local date and time.
struct Moment {
    time: Timestamp,
    date: Date,
    second_of_day: i64,
    /// Seconds east of UTC; `None`: UTC itself.
    offset: Option<i64>,
}

/// Flags and width of a directive.
#[derive(Default, Clone, Copy)]
struct Spec {
    /// `Some(None)`: no padding.
    pad: Option<Option<char>>,
    upper: bool,
    change_case: bool,
    colons: usize,
    width: Option<usize>,
}

/// `time` in a format, `offset` seconds east of UTC; `None`: in UTC.
pub(super) fn strftime(time: Timestamp, format: &str, offset: Option<i64>) -> String {
    let local = time.seconds.saturating_add(offset.unwrap_or(0));
    let moment = Moment {
        time,
        date: Date::of_day(local.div_euclid(DAY)),
        second_of_day: local.rem_euclid(DAY),
        offset,
    };
    let mut text = String::with_capacity(format.len() + 16);
    moment.append(format, &mut text, 0);
    text
}

/// Whether a format ends within the flags or the width of a directive.
pub(super) fn is_unfinished(format: &str) -> bool {
    let mut rest = format;
    while let Some((_, directive)) = rest.split_once('%') {
        let mut letters = directive
            .trim_start_matches(|flag: char| flag.is_ascii_digit() || "-_^#".contains(flag))
            .chars();
        if letters.next().is_none() {
            return true;
        }
        rest = letters.as_str();
    }
    false
}

impl Moment {
    fn append(&self, format: &str, text: &mut String, depth: usize) {
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            text.push_str(rest.get(..at).unwrap_or_default());
            let directive = rest.get(at..).unwrap_or_default();
            let length = self.directive(directive, text, depth);
            if length == 0 {
                // Not known: stays as it is.
                text.push('%');
                rest = directive.get(1..).unwrap_or_default();
            } else {
                rest = directive.get(length..).unwrap_or_default();
            }
        }
        text.push_str(rest);
    }

    /// Appends what the directive at the start of `text` stands for; gives its length, 0: none.
    fn directive(&self, directive: &str, text: &mut String, depth: usize) -> usize {
        let mut spec = Spec::default();
        let mut modifier = None;
        for (at, character) in directive.char_indices().skip(1) {
            match character {
                '-' if spec.width.is_none() => spec.pad = Some(None),
                '_' if spec.width.is_none() => spec.pad = Some(Some(' ')),
                '0' if spec.width.is_none() => spec.pad = Some(Some('0')),
                '^' if spec.width.is_none() => spec.upper = true,
                '#' if spec.width.is_none() => spec.change_case = true,
                ':' => spec.colons += 1,
                '0'..='9' => {
                    let digit = character.to_digit(10).unwrap_or(0) as usize;
                    let width = spec
                        .width
                        .unwrap_or(0)
                        .saturating_mul(10)
                        .saturating_add(digit);
                    spec.width = Some(width.min(MAX_WIDTH));
                }
                'E' | 'O' if modifier.is_none() => modifier = Some(character),
                _ => {
                    let allowed = match modifier {
                        Some('E') => "cCxXyY".contains(character),
                        Some(_) => "deHkIlmMSuUVwWy".contains(character),
                        None => true,
                    };
                    let known = allowed
                        && (spec.colons == 0 || character == 'z' && spec.colons <= 3)
                        && self.conversion(character, spec, text, depth);
                    return if known { at + character.len_utf8() } else { 0 };
                }
            }
        }
        0
    }

    fn conversion(&self, character: char, spec: Spec, text: &mut String, depth: usize) -> bool {
        let Date { year, month, day } = self.date;
        let (hour, minute, second) = (
            self.second_of_day / 3600,
            self.second_of_day / 60 % 60,
            self.second_of_day % 60,
        );
        let twelve = (hour + 11) % 12 + 1;
        let weekday = self.date.weekday();
        let year_day = self.date.day_of_year();
        let nth = |names: &[&'static str], index: i64| {
            usize::try_from(index)
                .ok()
                .and_then(|index| names.get(index).copied())
                .unwrap_or_default()
        };
        let name = nth(&WEEKDAYS, weekday);
        let month_name = nth(&MONTHS, month - 1);
        let year_width = |year: i64| if year < 0 { 5 } else { 4 };
        let composed = match character {
            'c' => "%a %b %e %H:%M:%S %Y",
            'D' | 'x' => "%m/%d/%y",
            'F' => "%Y-%m-%d",
            'v' => "%e-%^b-%4Y",
            'X' | 'T' => "%H:%M:%S",
            'r' => "%I:%M:%S %p",
            'R' => "%H:%M",
            _ => "",
        };
        if !composed.is_empty() {
            let mut whole = String::new();
            if depth < MAX_DEPTH {
                self.append(composed, &mut whole, depth + 1);
            }
            words(&whole, spec, text);
            return true;
        }
        match character {
            'Y' => number(year, year_width(year), '0', spec, text),
            'C' => number(year.div_euclid(100), 2, '0', spec, text),
            'y' => number(year.rem_euclid(100), 2, '0', spec, text),
            'G' => number(
                self.date.iso_week().0,
                year_width(self.date.iso_week().0),
                '0',
                spec,
                text,
            ),
            'g' => number(self.date.iso_week().0.rem_euclid(100), 2, '0', spec, text),
            'V' => number(self.date.iso_week().1, 2, '0', spec, text),
            'U' => number((year_day + 6 - weekday) / 7, 2, '0', spec, text),
            'W' => number((year_day + 6 - (weekday + 6) % 7) / 7, 2, '0', spec, text),
            'm' => number(month, 2, '0', spec, text),
            'd' => number(day, 2, '0', spec, text),
            'e' => number(day, 2, ' ', spec, text),
            'j' => number(year_day, 3, '0', spec, text),
            'H' => number(hour, 2, '0', spec, text),
            'k' => number(hour, 2, ' ', spec, text),
            'I' => number(twelve, 2, '0', spec, text),
            'l' => number(twelve, 2, ' ', spec, text),
            'M' => number(minute, 2, '0', spec, text),
            'S' => number(second, 2, '0', spec, text),
            's' => number(self.time.seconds, 1, '0', spec, text),
            'u' => number((weekday + 6) % 7 + 1, 1, '0', spec, text),
            'w' => number(weekday, 1, '0', spec, text),
            'L' => self.fraction(spec.width.unwrap_or(3), text),
            'N' => self.fraction(spec.width.unwrap_or(9), text),
            'A' => cased(name, spec, text),
            'a' => cased(name.get(..3).unwrap_or_default(), spec, text),
            'B' => cased(month_name, spec, text),
            'b' | 'h' => cased(month_name.get(..3).unwrap_or_default(), spec, text),
            'p' => {
                let half = if hour < 12 { "AM" } else { "PM" };
                words(
                    if spec.change_case {
                        if hour < 12 { "am" } else { "pm" }
                    } else {
                        half
                    },
                    spec,
                    text,
                );
            }
            'P' => words(if hour < 12 { "am" } else { "pm" }, spec, text),
            'Z' => words(
                match (self.offset, spec.change_case) {
                    (Some(_), _) => "",
                    (None, true) => "utc",
                    (None, false) => "UTC",
                },
                spec,
                text,
            ),
            'z' => self.zone(spec, text),
            'n' => words("\n", spec, text),
            't' => words("\t", spec, text),
            '%' => words("%", spec, text),
            _ => return false,
        }
        true
    }

    /// `digits` digits of the second's fraction.
    fn fraction(&self, digits: usize, text: &mut String) {
        let digits = if digits == 0 { 9 } else { digits };
        let fraction = format!("{:09}", self.time.nanos);
        text.push_str(fraction.get(..digits.min(9)).unwrap_or_default());
        text.extend(std::iter::repeat_n('0', digits.saturating_sub(9)));
    }

    /// `+0530`, with colons `+05:30`, `+05:30:00`, and the shortest of these.
    fn zone(&self, spec: Spec, text: &mut String) {
        let offset = self.offset.unwrap_or(0);
        // `%-z` shows by the sign that the zone is UTC itself (RFC 3339).
        let is_unknown = self.offset.is_none() && spec.pad == Some(None);
        let sign = if offset < 0 || is_unknown { '-' } else { '+' };
        let offset = offset.abs();
        let (hours, minutes, seconds) = (offset / 3600, offset / 60 % 60, offset % 60);
        let tail = match spec.colons {
            0 => format!("{minutes:02}"),
            1 => format!(":{minutes:02}"),
            2 => format!(":{minutes:02}:{seconds:02}"),
            _ if seconds != 0 => format!(":{minutes:02}:{seconds:02}"),
            _ if minutes != 0 => format!(":{minutes:02}"),
            _ => String::new(),
        };
        let width = spec.width.unwrap_or(0).saturating_sub(tail.len() + 1);
        match spec.pad {
            Some(Some(' ')) => {
                let padded = format!("{sign}{hours}");
                let width = (width + 1).max(3);
                let written = write!(text, "{padded:>width$}");
                debug_assert!(written.is_ok());
            }
            _ => {
                let width = width.max(2);
                let written = write!(text, "{sign}{hours:0width$}");
                debug_assert!(written.is_ok());
            }
        }
        text.push_str(&tail);
    }
}

fn number(value: i64, width: usize, pad: char, spec: Spec, text: &mut String) {
    let width = spec.width.unwrap_or(width);
    let written = match spec.pad.unwrap_or(Some(pad)) {
        None => write!(text, "{value}"),
        Some('0') => write!(text, "{value:0width$}"),
        Some(_) => write!(text, "{value:>width$}"),
    };
    debug_assert!(written.is_ok());
}

/// A name: `#` makes it upper case.
fn cased(name: &str, spec: Spec, text: &mut String) {
    words(
        name,
        Spec {
            upper: spec.upper || spec.change_case,
            ..spec
        },
        text,
    );
}

fn words(word: &str, spec: Spec, text: &mut String) {
    let width = if spec.pad == Some(None) {
        0
    } else {
        spec.width.unwrap_or(0)
    };
    let pad = spec.pad.flatten().unwrap_or(' ');
    text.extend(std::iter::repeat_n(pad, width.saturating_sub(word.len())));
    if spec.upper {
        text.push_str(&word.to_ascii_uppercase())
    } else {
        text.push_str(word)
    }
}
