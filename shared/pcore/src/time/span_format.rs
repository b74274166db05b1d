//! Formats of `Timespan`: `%D %H %M %S %L %N` with `-`, `_`, `0` and a width.

use super::Timespan;
use crate::{Error, Result};

/// Formats tried in order when none is given; the first one is the string form.
pub(super) const DEFAULTS: [&str; 8] = [
    "%D-%H:%M:%S.%-N",
    "%H:%M:%S.%-N",
    "%M:%S.%-N",
    "%S.%-N",
    "%D-%H:%M:%S",
    "%H:%M:%S",
    "%D-%H:%M",
    "%S",
];

/// Widest field that is honoured.
const MAX_WIDTH: usize = 1024;

pub(super) struct SpanFormat {
    text: String,
    segments: Vec<Segment>,
}

enum Segment {
    Literal(String),
    Value {
        unit: Unit,
        pad: Option<char>,
        width: Option<usize>,
        total: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Nano,
    Milli,
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    fn nanos(self) -> u64 {
        match self {
            Self::Nano => 1,
            Self::Milli => 1_000_000,
            Self::Second => 1_000_000_000,
            Self::Minute => 60_000_000_000,
            Self::Hour => 3_600_000_000_000,
            Self::Day => 86_400_000_000_000,
        }
    }

    /// How many make the next greater unit.
    fn limit(self) -> u64 {
        match self {
            Self::Nano => 1_000_000_000,
            Self::Milli => 1000,
            Self::Second | Self::Minute => 60,
            Self::Hour => 24,
            Self::Day => u64::MAX,
        }
    }

    fn default_width(self) -> usize {
        match self {
            Self::Nano => 9,
            Self::Milli => 3,
            Self::Day => 1,
            _ => 2,
        }
    }

    fn is_fraction(self) -> bool {
        matches!(self, Self::Nano | Self::Milli)
    }
}

impl SpanFormat {
    pub(super) fn parse(format: &str) -> Result<Self> {
        let bad = |from: usize, to: usize| {
            let expression: String = format.chars().skip(from).take(to - from).collect();
            Error::new(format!(
                "Bad format specifier '{expression}' in '{format}', at position {to}"
            ))
        };
        let mut segments: Vec<Segment> = Vec::new();
        let mut characters = format.chars().enumerate();
        let mut last;
        while let Some((start, character)) = characters.next() {
            last = start;
            if character != '%' {
                push_literal(&mut segments, character);
                continue;
            }
            let (mut pad, mut width, mut padded) = (Some('0'), None, false);
            loop {
                let Some((at, letter)) = characters.next() else {
                    return Err(bad(start, last));
                };
                last = at;
                let unit = match letter {
                    'D' => Unit::Day,
                    'H' => Unit::Hour,
                    'M' => Unit::Minute,
                    'S' => Unit::Second,
                    'L' => Unit::Milli,
                    'N' => Unit::Nano,
                    '%' => {
                        push_literal(&mut segments, '%');
                        break;
                    }
                    '-' | '_' if !padded => {
                        pad = if letter == '-' { None } else { Some(' ') };
                        padded = true;
                        continue;
                    }
                    '0'..='9' => {
                        if padded || letter != '0' {
                            let digit = letter as usize - '0' as usize;
                            width = Some((width.unwrap_or(0) * 10 + digit).min(MAX_WIDTH));
                        }
                        padded = true;
                        continue;
                    }
                    _ => return Err(bad(start, at)),
                };
                segments.push(Segment::Value {
                    unit,
                    pad,
                    width,
                    total: false,
                });
                break;
            }
        }
        let highest = segments.iter().filter_map(|segment| match segment {
            Segment::Value { unit, .. } => Some(*unit),
            Segment::Literal(_) => None,
        });
        if let Some(highest) = highest.max() {
            let found = segments.iter_mut().find_map(|segment| match segment {
                Segment::Value { unit, total, .. } if *unit == highest => Some(total),
                _ => None,
            });
            if let Some(total) = found {
                *total = true;
            }
        }
        Ok(Self {
            text: format.to_owned(),
            segments,
        })
    }

    pub(super) fn format(&self, span: Timespan) -> String {
        let nanos = span.nanos.unsigned_abs();
        let mut result = String::from(if span.nanos < 0 { "-" } else { "" });
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => result.push_str(text),
                Segment::Value {
                    unit,
                    pad,
                    width,
                    total,
                } => {
                    result.push_str(&value_text(nanos, *unit, *pad, *width, *total));
                }
            }
        }
        result
    }

    fn read(&self, text: &str) -> Result<Timespan> {
        let failed = || {
            Error::new(format!(
                "Unable to parse '{text}' using format '{}'",
                self.text
            ))
        };
        let body = text.strip_prefix('-').unwrap_or(text);
        let nanos = read_segments(&self.segments, body)
            .ok_or_else(failed)?
            .map_err(Error::new)?;
        Timespan::from_nanos(if text.starts_with('-') { -nanos } else { nanos })
    }
}

fn push_literal(segments: &mut Vec<Segment>, character: char) {
    if let Some(Segment::Literal(text)) = segments.last_mut() {
        text.push(character);
    } else {
        segments.push(Segment::Literal(character.to_string()));
    }
}

fn value_text(
    nanos: u64,
    unit: Unit,
    pad: Option<char>,
    width: Option<usize>,
    total: bool,
) -> String {
    let wide = width.unwrap_or_else(|| unit.default_width());
    let mut value = if unit == Unit::Nano && wide < 9 {
        let scale = 10_u64.pow(9 - u32::try_from(wide).unwrap_or(9));
        let value = nanos / scale;
        if total {
            value
        } else {
            value % 10_u64.pow(u32::try_from(wide).unwrap_or(9))
        }
    } else {
        let value = nanos / unit.nanos();
        if total { value } else { value % unit.limit() }
    };
    if unit.is_fraction() {
        if !total && pad != Some('0') {
            while value != 0 && value % 10 == 0 {
                value /= 10;
            }
        }
        return if pad.is_none() {
            value.to_string()
        } else {
            format!("{value:<wide$}")
        };
    }
    match pad {
        None => value.to_string(),
        Some(' ') => format!("{value:>wide$}"),
        Some(_) => format!("{value:0>wide$}"),
    }
}

/// Reads the segments with backtracking over how many digits each takes, as the reference's regular expression.
fn read_segments(
    segments: &[Segment],
    text: &str,
) -> Option<std::result::Result<i128, &'static str>> {
    let Some((first, rest)) = segments.split_first() else {
        return text.is_empty().then_some(Ok(0));
    };
    let (unit, pad, width, total) = match first {
        Segment::Literal(literal) => {
            return read_segments(rest, text.strip_prefix(literal.as_str())?);
        }
        Segment::Value {
            unit,
            pad,
            width,
            total,
        } => (*unit, *pad, *width, *total),
    };
    let blank = pad == Some(' ');
    let (least, most) = match (width, pad) {
        (Some(width), None) => (1, width),
        (Some(width), Some(_)) => (width, width),
        (None, _) if total => (1, usize::MAX),
        (None, _) => (1, unit.default_width()),
    };
    let accepted =
        |character: &char| character.is_ascii_digit() || blank && character.is_ascii_whitespace();
    let available = text.chars().take(most).take_while(accepted).count();
    for length in (least..=available).rev() {
        let group = text.get(..length)?;
        if let Some(below) = read_segments(rest, text.get(length..)?) {
            let digits = group.trim_start();
            if digits.is_empty()
                || digits.len() > 18
                || !digits.bytes().all(|digit| digit.is_ascii_digit())
            {
                return None;
            }
            return Some(below.and_then(|below| Ok(below + segment_nanos(digits, unit, total)?)));
        }
    }
    None
}

fn segment_nanos(digits: &str, unit: Unit, total: bool) -> std::result::Result<i128, &'static str> {
    let number: i128 = digits.parse().unwrap_or(0);
    if !unit.is_fraction() {
        return Ok(number * i128::from(unit.nanos()));
    }
    if total {
        return Err(
            "Format specifiers %L and %N denotes fractions and must be used together with a specifier of higher magnitude",
        );
    }
    Ok(match 9_usize.checked_sub(digits.len()) {
        Some(missing) => number * 10_i128.pow(u32::try_from(missing).unwrap_or(0)),
        None => number,
    })
}

/// See [`Timespan::parse`].
pub(super) fn parse(text: &str, formats: &[String], is_list: bool) -> Result<Timespan> {
    let tried: Vec<&str> = if formats.is_empty() {
        DEFAULTS.to_vec()
    } else {
        formats.iter().map(String::as_str).collect()
    };
    if let ([only], false) = (tried.as_slice(), is_list) {
        return SpanFormat::parse(only)?.read(text);
    }
    for format in &tried {
        if let Ok(span) = SpanFormat::parse(format)?.read(text) {
            return Ok(span);
        }
    }
    Err(Error::new(format!(
        "Unable to parse '{text}' using any of the formats {}",
        tried.join(", ")
    )))
}
