//! Instants and durations (`puppet/pops/time`).

use std::fmt;

use crate::{Error, Result};

mod calendar;
mod span_format;
mod strftime;
mod strptime;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A duration in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timespan {
    /// Nanoseconds.
    pub nanos: i64,
}

/// An instant: seconds since 1970 (UTC) and nanoseconds of that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanos: u32,
}

/// A duration taken apart (`Timespan.new(days, hours, ...)`); every part may exceed its unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimespanFields {
    /// Whether the whole is negated.
    pub negative: bool,
    /// Days.
    pub days: i64,
    /// Hours.
    pub hours: i64,
    /// Minutes.
    pub minutes: i64,
    /// Seconds.
    pub seconds: i64,
    /// Milliseconds.
    pub milliseconds: i64,
    /// Microseconds.
    pub microseconds: i64,
    /// Nanoseconds.
    pub nanoseconds: i64,
}

#[cold]
fn out_of_range() -> Error {
    Error::new("the time is outside of the range that is supported")
}

impl Timespan {
    /// From nanoseconds of any size.
    ///
    /// # Errors
    /// Beyond 292 years.
    pub fn from_nanos(nanos: i128) -> Result<Self> {
        i64::try_from(nanos)
            .map(|nanos| Self { nanos })
            .map_err(|_| out_of_range())
    }

    /// From seconds and fractions.
    ///
    /// # Errors
    /// Beyond 292 years, or not finite.
    pub fn from_seconds(seconds: f64) -> Result<Self> {
        Self::from_nanos(float_nanos(seconds)?)
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub fn to_seconds(self) -> i64 {
        self.nanos.div_euclid(NANOS_PER_SECOND)
    }

    /// Seconds with fractions.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
    pub fn to_f64(self) -> f64 {
        self.nanos as f64 / NANOS_PER_SECOND as f64
    }

    /// From parts (`Timespan.from_fields`).
    ///
    /// # Errors
    /// Beyond 292 years.
    pub fn from_fields(fields: &TimespanFields) -> Result<Self> {
        let steps = [
            (24, fields.hours),
            (60, fields.minutes),
            (60, fields.seconds),
            (1000, fields.milliseconds),
            (1000, fields.microseconds),
            (1000, fields.nanoseconds),
        ];
        let nanos = steps
            .into_iter()
            .try_fold(i128::from(fields.days), |sum, (factor, part)| {
                sum.checked_mul(factor)?.checked_add(i128::from(part))
            });
        let nanos = nanos.ok_or_else(out_of_range)?;
        Self::from_nanos(if fields.negative { -nanos } else { nanos })
    }

    /// Its parts: `hours` 0 to 23, `milliseconds` 0 to 999 and so on.
    #[must_use]
    pub fn fields(self) -> TimespanFields {
        let mut rest = self.nanos.unsigned_abs();
        let mut take = |unit: u64| {
            let part = i64::try_from(rest % unit).unwrap_or(i64::MAX);
            rest /= unit;
            part
        };
        let (nanoseconds, microseconds, milliseconds) = (take(1000), take(1000), take(1000));
        let (seconds, minutes, hours) = (take(60), take(60), take(24));
        let days = i64::try_from(rest).unwrap_or(i64::MAX);
        let negative = self.nanos < 0;
        TimespanFields {
            negative,
            days,
            hours,
            minutes,
            seconds,
            milliseconds,
            microseconds,
            nanoseconds,
        }
    }

    /// Formats with `%D %H %M %S %L %N`.
    ///
    /// # Errors
    /// Puppet's message for a bad format specifier.
    pub fn format(self, format: &str) -> Result<String> {
        Ok(span_format::SpanFormat::parse(format)?.format(self))
    }

    /// Parses with one of the formats; none given: Puppet's defaults.
    ///
    /// # Errors
    /// Puppet's message when no format fits.
    pub fn parse(text: &str, formats: &[String], is_list: bool) -> Result<Self> {
        span_format::parse(text, formats, is_list)
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = span_format::SpanFormat::parse(span_format::DEFAULTS[0])
            .map(|format| format.format(*self));
        formatter.write_str(&text.unwrap_or_default())
    }
}

impl Timestamp {
    /// From nanoseconds since 1970.
    ///
    /// # Errors
    /// Beyond 64-bit seconds.
    pub fn from_nanos(nanos: i128) -> Result<Self> {
        let per_second = i128::from(NANOS_PER_SECOND);
        let seconds = i64::try_from(nanos.div_euclid(per_second)).map_err(|_| out_of_range())?;
        // Years beyond six digits are of no use, and keep calendar arithmetic from overflowing.
        if seconds.unsigned_abs() > 31_556_952_000_000 {
            return Err(out_of_range());
        }
        let nanos = u32::try_from(nanos.rem_euclid(per_second)).unwrap_or(0);
        Ok(Self { seconds, nanos })
    }

    /// From seconds and fractions since 1970.
    ///
    /// # Errors
    /// When not finite, or far beyond.
    pub fn from_seconds(seconds: f64) -> Result<Self> {
        Self::from_nanos(float_nanos(seconds)?)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub fn to_nanos(self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos)
    }

    /// Seconds since 1970 with fractions.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
    pub fn to_f64(self) -> f64 {
        self.to_nanos() as f64 / NANOS_PER_SECOND as f64
    }

    /// Formats as Ruby's `Time#strftime`; `timezone` as [`parse`](Self::parse), empty for UTC.
    ///
    /// # Errors
    /// Puppet's message for an illegal time zone.
    pub fn format(self, format: &str, timezone: &str) -> Result<String> {
        let offset = if timezone.is_empty() {
            None
        } else {
            Some(calendar::zone_offset(timezone)?)
        };
        if strftime::is_unfinished(format) {
            return Err(Error::new(format!("invalid format: {format}")));
        }
        Ok(strftime::strftime(self, format, offset))
    }

    /// Parses with one of the formats; none given: Puppet's defaults. `timezone` is empty, an
    /// offset (`+02:00`) or an abbreviation (`CET`).
    ///
    /// # Errors
    /// Puppet's message when no format fits, or the zone is illegal.
    pub fn parse(text: &str, formats: &[String], is_list: bool, timezone: &str) -> Result<Self> {
        strptime::parse(text, formats, is_list, timezone)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&strftime::strftime(*self, "%FT%T.%N %Z", None))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
fn float_nanos(seconds: f64) -> Result<i128> {
    let nanos = seconds * 1e9;
    if nanos.is_finite() && nanos.abs() < 1e36 {
        Ok(nanos as i128)
    } else {
        Err(out_of_range())
    }
}
