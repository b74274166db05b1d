//! Ruby's `DateTime._strptime`, and `Timestamp.parse` over it.

use super::Timestamp;
use super::calendar::{DAY, Date, MONTHS, WEEKDAYS, leading_zone, zone_offset};
use crate::{Error, Result};

const WITHOUT_ZONE: [&str; 5] = ["%FT%T.%N", "%FT%T", "%F %T.%N", "%F %T", "%F"];
const WITH_ZONE: [&str; 10] = [
    "%FT%T.%N %Z",
    "%FT%T %Z",
    "%F %T.%N %Z",
    "%F %T %Z",
    "%F %Z",
    "%FT%T.%N",
    "%FT%T",
    "%F %T.%N",
    "%F %T",
    "%F",
];

/// Deepest nesting of composed directives.
const MAX_DEPTH: usize = 4;

/// What a text told; of it `Timestamp.parse` takes these only.
#[derive(Default)]
struct Parsed {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
    second: Option<i64>,
    nanos: u32,
    zone: Option<String>,
    century: Option<i64>,
    /// 0 or 12.
    half: Option<i64>,
}

/// See [`Timestamp::parse`].
pub(super) fn parse(
    text: &str,
    formats: &[String],
    is_list: bool,
    timezone: &str,
) -> Result<Timestamp> {
    let timezone = (!timezone.is_empty()).then_some(timezone);
    if let ([format], false) = (formats, is_list) {
        return parse_one(text, format, timezone);
    }
    let defaults: &[&str] = if timezone.is_some() {
        &WITHOUT_ZONE
    } else {
        &WITH_ZONE
    };
    let formats: Vec<&str> = if formats.is_empty() {
        defaults.to_vec()
    } else {
        formats.iter().map(String::as_str).collect()
    };
    let fits = |format: &&str| {
        Parsed::read(text, format).filter(|parsed| timezone.is_none() || parsed.zone.is_none())
    };
    let parsed = formats.iter().find_map(fits).ok_or_else(|| {
        Error::new(format!(
            "Unable to parse '{text}' using any of the formats {}",
            formats.join(", ")
        ))
    })?;
    parsed.instant(timezone)
}

fn parse_one(text: &str, format: &str, timezone: Option<&str>) -> Result<Timestamp> {
    let parsed = Parsed::read(text, format)
        .ok_or_else(|| Error::new(format!("Unable to parse '{text}' using format '{format}'")))?;
    if timezone.is_some() && parsed.zone.is_some() {
        return Err(Error::new(
            "Using a Timezone designator in format specification is mutually exclusive to providing an explicit \
             timezone argument",
        ));
    }
    parsed.instant(timezone)
}

impl Parsed {
    /// `None`: the text does not fit, or goes on.
    fn read(text: &str, format: &str) -> Option<Self> {
        let mut parsed = Self::default();
        let rest = parsed.take(text, format, 0)?;
        if !rest.is_empty() {
            return None;
        }
        if let (Some(century), Some(year)) = (parsed.century, parsed.year) {
            parsed.year = Some(century.checked_mul(100)?.checked_add(year)?);
        }
        if let (Some(half), Some(hour)) = (parsed.half, parsed.hour) {
            parsed.hour = Some(hour % 12 + half);
        }
        Some(parsed)
    }

    /// Reads `format` off the start of `text`; gives the rest.
    fn take<'t>(&mut self, text: &'t str, format: &str, depth: usize) -> Option<&'t str> {
        let mut text = text;
        let mut format = format;
        while let Some(character) = format.chars().next() {
            let after = format.get(character.len_utf8()..)?;
            if character.is_ascii_whitespace() || character == '\u{b}' {
                text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
                format = after;
            } else if character == '%' {
                let (rest, remaining) = self.directive(text, after, depth)?;
                (text, format) = (rest, remaining);
            } else {
                text = text.strip_prefix(character)?;
                format = after;
            }
        }
        Some(text)
    }

    /// Reads the directive at the start of `format` (after `%`); gives the rests of text and format.
    fn directive<'t, 'f>(
        &mut self,
        text: &'t str,
        format: &'f str,
        depth: usize,
    ) -> Option<(&'t str, &'f str)> {
        let mut letters = format;
        if let Some(stripped) = format.strip_prefix('E')
            && stripped.starts_with(['c', 'C', 'x', 'X', 'y', 'Y'])
        {
            letters = stripped;
        } else if let Some(stripped) = format.strip_prefix('O')
            && stripped.starts_with([
                'd', 'e', 'H', 'I', 'm', 'M', 'S', 'u', 'U', 'V', 'w', 'W', 'y',
            ])
        {
            letters = stripped;
        } else if format.starts_with(':') {
            let stripped = format.trim_start_matches(':');
            if stripped.starts_with('z') && format.len() - stripped.len() <= 3 {
                letters = stripped;
            }
        }
        let Some(letter) = letters.chars().next() else {
            return Some((text.strip_prefix('%')?, letters));
        };
        let after = letters.get(letter.len_utf8()..)?;
        let composed = match letter {
            'c' => "%a %b %e %H:%M:%S %Y",
            'D' | 'x' => "%m/%d/%y",
            'F' => "%Y-%m-%d",
            'v' => "%e-%b-%Y",
            'X' | 'T' => "%H:%M:%S",
            'r' => "%I:%M:%S %p",
            'R' => "%H:%M",
            '+' => "%a %b %e %H:%M:%S %Z %Y",
            'n' | 't' => " ",
            _ => "",
        };
        if !composed.is_empty() {
            return (depth < MAX_DEPTH)
                .then(|| self.take(text, composed, depth + 1))
                .flatten()
                .map(|rest| (rest, after));
        }
        let followed = next_is_number(after);
        let rest = match letter {
            'A' | 'a' => named(text, &WEEKDAYS)?.1,
            'B' | 'b' | 'h' => keep(named(text, &MONTHS)?, |month| self.month = Some(month + 1)),
            'C' => keep(
                digits(text, if followed { 2 } else { 18 }, true)?,
                |century| self.century = Some(century),
            ),
            'd' | 'e' => keep(blank_padded(text, 1, 31)?, |day| self.day = Some(day)),
            'H' | 'k' => keep(blank_padded(text, 0, 24)?, |hour| self.hour = Some(hour)),
            'I' | 'l' => keep(blank_padded(text, 1, 12)?, |hour| self.hour = Some(hour)),
            'j' => within(digits(text, 3, false)?, 1, 366)?.1,
            'L' => self.fraction(text, if followed { 3 } else { usize::MAX })?,
            'N' => self.fraction(text, if followed { 9 } else { usize::MAX })?,
            'M' => keep(within(digits(text, 2, false)?, 0, 59)?, |minute| {
                self.minute = Some(minute)
            }),
            'm' => keep(within(digits(text, 2, false)?, 1, 12)?, |month| {
                self.month = Some(month)
            }),
            'S' => keep(within(digits(text, 2, false)?, 0, 60)?, |second| {
                self.second = Some(second)
            }),
            'p' | 'P' => self.half_of_day(text)?,
            'Q' | 's' => digits(text, 18, true)?.1,
            'G' => digits(text, if followed { 4 } else { 18 }, true)?.1,
            'g' => within(digits(text, 2, false)?, 0, 99)?.1,
            'U' | 'W' => within(digits(text, 2, false)?, 0, 53)?.1,
            'V' => within(digits(text, 2, false)?, 1, 53)?.1,
            'u' => within(digits(text, 1, false)?, 1, 7)?.1,
            'w' => within(digits(text, 1, false)?, 0, 6)?.1,
            'Y' => keep(digits(text, if followed { 4 } else { 18 }, true)?, |year| {
                self.year = Some(year)
            }),
            'y' => keep(within(digits(text, 2, false)?, 0, 99)?, |year| {
                self.year = Some(year);
                if self.century.is_none() {
                    self.century = Some(if year >= 69 { 19 } else { 20 });
                }
            }),
            'Z' | 'z' => {
                let (length, _) = leading_zone(text)?;
                self.zone = text.get(..length).map(str::to_owned);
                text.get(length..)?
            }
            '%' => text.strip_prefix('%')?,
            // Not known: both characters stand for themselves.
            other => text.strip_prefix('%')?.strip_prefix(other)?,
        };
        Some((rest, after))
    }

    fn fraction<'t>(&mut self, text: &'t str, limit: usize) -> Option<&'t str> {
        let length = text
            .bytes()
            .take(limit)
            .take_while(u8::is_ascii_digit)
            .count();
        if length == 0 {
            return None;
        }
        let (fraction, rest) = text.split_at_checked(length)?;
        let nine: String = fraction
            .chars()
            .chain(std::iter::repeat('0'))
            .take(9)
            .collect();
        self.nanos = nine.parse().ok()?;
        Some(rest)
    }

    /// `am`, `p.m.`
    fn half_of_day<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        for (name, half) in [("a.m.", 0), ("p.m.", 12), ("am", 0), ("pm", 12)] {
            if text
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
            {
                self.half = Some(half);
                return text.get(name.len()..);
            }
        }
        None
    }

    /// `Time.utc` of the parts, less the zone's offset.
    fn instant(self, timezone: Option<&str>) -> Result<Timestamp> {
        let out_of_range = || Error::new("argument out of range");
        let year = self
            .year
            .ok_or_else(|| Error::new("can't convert nil into an exact number"))?;
        let (hour, minute, second) = (
            self.hour.unwrap_or(0),
            self.minute.unwrap_or(0),
            self.second.unwrap_or(0),
        );
        if year.abs() > 1_000_000 || hour == 24 && (minute, second) != (0, 0) {
            return Err(out_of_range());
        }
        let date = Date {
            year,
            month: self.month.unwrap_or(1),
            day: self.day.unwrap_or(1),
        };
        let seconds = date.day_number() * DAY + hour * 3600 + minute * 60 + second;
        let offset = timezone
            .or(self.zone.as_deref())
            .map_or(Ok(0), zone_offset)?;
        Ok(Timestamp {
            seconds: seconds - offset,
            nanos: self.nanos,
        })
    }
}

/// Hands the number on and gives the rest.
fn keep<T>((number, rest): (i64, T), set: impl FnOnce(i64)) -> T {
    set(number);
    rest
}

fn within(found: (i64, &str), least: i64, greatest: i64) -> Option<(i64, &str)> {
    (least..=greatest).contains(&found.0).then_some(found)
}

/// Up to `limit` digits, perhaps with a sign.
fn digits(text: &str, limit: usize, signed: bool) -> Option<(i64, &str)> {
    let unsigned = if signed {
        text.strip_prefix(['+', '-']).unwrap_or(text)
    } else {
        text
    };
    let length = unsigned
        .bytes()
        .take(limit)
        .take_while(u8::is_ascii_digit)
        .count();
    let (number, rest) = unsigned.split_at_checked(length)?;
    let number: i64 = number.parse().ok()?;
    Some((
        if signed && text.starts_with('-') {
            -number
        } else {
            number
        },
        rest,
    ))
}

/// Two digits, or a blank and one.
fn blank_padded(text: &str, least: i64, greatest: i64) -> Option<(i64, &str)> {
    let found = match text.strip_prefix(' ') {
        Some(text) => digits(text, 1, false)?,
        None => digits(text, 2, false)?,
    };
    within(found, least, greatest)
}

/// Index of the name, whole or its first three letters, at the start of `text`.
fn named<'t>(text: &'t str, names: &[&str]) -> Option<(i64, &'t str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let starts = |name: &str| {
            text.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        let short = name.get(..3)?;
        let length = if starts(name) {
            name.len()
        } else if starts(short) {
            3
        } else {
            return None;
        };
        Some((i64::try_from(index).ok()?, text.get(length..)?))
    })
}

/// Whether a format goes on with digits, so that a number before has its usual width only.
fn next_is_number(format: &str) -> bool {
    let mut characters = format.chars();
    match characters.next() {
        Some('%') => {
            let letter = match characters.next() {
                Some('E' | 'O') => characters.next(),
                other => other,
            };
            letter.is_some_and(|letter| {
                letter.is_ascii_digit() || "CDdeFGgHIjkLlMmNQRrSsTUuVvWwXxYy".contains(letter)
            })
        }
        Some(character) => character.is_ascii_digit(),
        None => false,
    }
}
