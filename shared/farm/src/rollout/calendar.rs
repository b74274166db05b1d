//! When stages may open: windows and freezes, by the clock of a time zone.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Plan;

/// How many days ahead the next opening is looked for.
const AHEAD: usize = 400;

/// A time zone by its name in the IANA database, such as `Europe/Zurich`; UTC if none is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Zone(String);

impl Default for Zone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl Zone {
    /// Its rules. A name is checked when it is read, so that there always are some.
    pub fn rules(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match TimeZone::get(&name) {
            Ok(_) => Ok(Self(name)),
            Err(_) => Err(D::Error::custom(format!(
                "there is no time zone {name:?}; names are such as Europe/Zurich"
            ))),
        }
    }
}

/// Some hours of some days. One that ends before it begins ends on the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a window: days, from, to")]
pub struct Window {
    /// The days on which it begins; all when none are named.
    #[serde(default, skip_serializing_if = "Days::are_all")]
    pub days: Days,
    /// Its first minute.
    #[serde(default)]
    pub from: Clock,
    /// The minute after its last one.
    #[serde(default = "Clock::end_of_day")]
    pub to: Clock,
}

impl Window {
    fn is_open(&self, now: &Zoned) -> bool {
        let minute = Clock::of(now.time());
        let today = now.weekday();
        if self.from < self.to {
            return self.days.have(today) && self.from <= minute && minute < self.to;
        }
        (self.days.have(today) && self.from <= minute)
            || (self.days.have(today.previous()) && minute < self.to)
    }
}

/// Days of the week: `mon-thu`, `[sat, sun]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days(Vec<Weekday>);

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Default for Days {
    fn default() -> Self {
        Self(WEEK.map(|(_, day)| day).to_vec())
    }
}

impl Days {
    fn are_all(&self) -> bool {
        self.0.len() == WEEK.len()
    }

    fn have(&self, day: Weekday) -> bool {
        self.0.contains(&day)
    }

    /// The days that a word names: one, or from one to another.
    fn of_word(word: &str) -> Result<Vec<Weekday>, String> {
        let place = |name: &str| {
            let short: String = name.trim().to_lowercase().chars().take(3).collect();
            let found = WEEK.iter().position(|(day, _)| *day == short);
            found.ok_or_else(|| format!("{name:?} is no day; days are mon, tue, ..., sun"))
        };
        let (first, last) = match word.split_once('-') {
            Some((first, last)) => (place(first)?, place(last)?),
            None => (place(word)?, place(word)?),
        };
        let count = (last + WEEK.len() - first) % WEEK.len() + 1;
        let days = WEEK.iter().cycle().skip(first).take(count);
        Ok(days.map(|(_, day)| *day).collect())
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = |day: &Weekday| {
            WEEK.iter()
                .find(|(_, other)| other == day)
                .map(|(name, _)| *name)
        };
        serializer.collect_seq(self.0.iter().filter_map(name))
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = match Value::deserialize(deserializer)? {
            Value::String(text) => text.split(',').map(str::to_owned).collect(),
            Value::Array(list) => list
                .iter()
                .map(|word| word.as_str().unwrap_or_default().to_owned())
                .collect(),
            _ => Vec::new(),
        };
        let mut days = Vec::new();
        for word in &words {
            for day in Self::of_word(word).map_err(D::Error::custom)? {
                if !days.contains(&day) {
                    days.push(day);
                }
            }
        }
        if days.is_empty() {
            return Err(D::Error::custom("days such as mon-fri are wanted"));
        }
        Ok(Self(days))
    }
}

/// A minute of a day, up to `24:00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(u16);

impl Clock {
    const fn end_of_day() -> Self {
        Self(24 * 60)
    }

    fn of(time: Time) -> Self {
        Self(time.hour().unsigned_abs() as u16 * 60 + time.minute().unsigned_abs() as u16)
    }

    /// The same as a time; the end of a day is the next one's first.
    fn time(self) -> Time {
        let (hour, minute) = (self.0 / 60 % 24, self.0 % 60);
        Time::constant(hour as i8, minute as i8, 0, 0)
    }
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.trim().split_once(':');
        let parts = parts.and_then(|(hour, minute)| {
            Some((hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?))
        });
        match parts {
            Some((hour, minute)) if minute < 60 && hour * 60 + minute <= 24 * 60 => {
                Ok(Self(hour * 60 + minute))
            }
            _ => Err(format!("{text:?} is no time of day such as 09:00")),
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    /// YAML takes `09:00` without quotation marks for a number to the base 60: seconds.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) => {
                let minutes = number.as_u64().unwrap_or(u64::MAX) / 60;
                format!("{}:{:02}", minutes / 60, minutes % 60)
            }
            other => other.to_string(),
        };
        text.parse().map_err(D::Error::custom)
    }
}

/// A time in which nothing opens, such as the last days of a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a freeze: from, to, why")]
pub struct Freeze {
    /// Its beginning: a day, or a day and a time.
    pub from: Moment,
    /// Its end: a day, to its end, or a day and a time.
    pub to: Moment,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A day, or a time of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The whole day.
    Day(Date),
    /// `2026-12-24 12:00`.
    Time(DateTime),
}

impl Moment {
    fn first(self) -> DateTime {
        match self {
            Self::Day(day) => day.to_datetime(Time::midnight()),
            Self::Time(time) => time,
        }
    }

    /// The moment after it.
    fn end(self) -> DateTime {
        match self {
            Self::Day(day) => day
                .tomorrow()
                .map_or(DateTime::MAX, |next| next.to_datetime(Time::midnight())),
            Self::Time(time) => time,
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = || {
            format!("{text:?} is no day such as 2026-12-24, nor a time such as 2026-12-24 12:00")
        };
        if text.len() <= 10 {
            return text.parse().map(Self::Day).map_err(|_| wrong());
        }
        text.parse().map(Self::Time).map_err(|_| wrong())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Time(time) => time.fmt(f),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl Freeze {
    fn holds(&self, now: &Zoned) -> bool {
        let now = now.datetime();
        self.from.first() <= now && now < self.to.end()
    }
}

impl Plan {
    /// Whether a stage may open now.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let now = now.to_zoned(self.time_zone.rules());
        self.is_open_at(&now)
    }

    fn is_open_at(&self, now: &Zoned) -> bool {
        let in_window =
            self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(now));
        in_window && !self.freezes.iter().any(|freeze| freeze.holds(now))
    }

    /// The freeze that holds now.
    pub fn freeze(&self, now: Timestamp) -> Option<&Freeze> {
        let now = now.to_zoned(self.time_zone.rules());
        self.freezes.iter().find(|freeze| freeze.holds(&now))
    }

    /// When a stage may open next, from now on; `None` when that is more than a year away.
    pub fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = self.time_zone.rules();
        let start = now.to_zoned(zone.clone());
        if self.is_open_at(&start) {
            return Some(now);
        }
        // It opens when a window begins or a freeze ends, nowhere else.
        let days = std::iter::successors(Some(start.date()), |day| day.tomorrow().ok());
        let begins = days.take(AHEAD).flat_map(|day| {
            self.windows
                .iter()
                .map(move |window| day.to_datetime(window.from.time()))
        });
        let ends = self.freezes.iter().map(|freeze| freeze.to.end());
        begins
            .chain(ends)
            .filter_map(|moment| moment.to_zoned(zone.clone()).ok())
            .filter(|moment| moment.timestamp() > now && self.is_open_at(moment))
            .filter(|moment| *moment < start.saturating_add(1.year()))
            .map(|moment| moment.timestamp())
            .min()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(value: Value) -> Plan {
        serde_json::from_value(value).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_open_by_the_clock_of_its_zone_through_the_change_of_clocks() {
        let plan = plan(json!({
            "time_zone": "Europe/Zurich",
            "windows": [{"days": "mon-thu", "from": "09:00", "to": "16:00"}],
        }));
        // 2026-03-26 is a Thursday before clocks change, 2026-03-30 the Monday after.
        assert!(plan.is_open(at("2026-03-26T08:00:00Z")));
        assert!(!plan.is_open(at("2026-03-26T07:59:59Z")));
        assert!(!plan.is_open(at("2026-03-26T15:00:00Z")));
        assert!(plan.is_open(at("2026-03-30T07:00:00Z")));
        assert!(!plan.is_open(at("2026-03-27T10:00:00Z")));
        let next = plan.next_opening(at("2026-03-26T15:00:00Z"));
        assert_eq!(next, Some(at("2026-03-30T07:00:00Z")));
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let plan = plan(json!({"windows": [{"days": ["sat"], "from": "22:00", "to": "04:00"}]}));
        assert!(plan.is_open(at("2026-11-21T23:00:00Z")));
        assert!(plan.is_open(at("2026-11-22T03:59:00Z")));
        assert!(!plan.is_open(at("2026-11-22T23:00:00Z")));
        assert!(!plan.is_open(at("2026-11-21T03:00:00Z")));
    }

    #[test]
    fn nothing_opens_in_a_freeze_and_days_are_whole() {
        let plan = plan(json!({
            "time_zone": "America/New_York",
            "freezes": [
                {"from": "2026-12-19", "to": "2027-01-03", "why": "holidays"},
                {"from": "2026-11-26 12:00", "to": "2026-11-26 18:00"},
            ],
        }));
        assert!(plan.is_open(at("2026-12-19T04:59:59Z")));
        assert!(!plan.is_open(at("2026-12-19T05:00:00Z")));
        assert!(!plan.is_open(at("2027-01-04T04:59:59Z")));
        assert_eq!(
            plan.next_opening(at("2026-12-25T00:00:00Z")),
            Some(at("2027-01-04T05:00:00Z"))
        );
        assert!(!plan.is_open(at("2026-11-26T17:00:00Z")));
        assert!(plan.is_open(at("2026-11-26T23:00:00Z")));
        let why = plan.freeze(at("2026-12-25T00:00:00Z")).unwrap();
        assert_eq!(why.why.as_deref(), Some("holidays"));
    }

    #[test]
    fn times_that_yaml_takes_for_numbers_are_read_and_nonsense_is_told() {
        let window: Window = serde_json::from_value(json!({"from": 32400, "to": "24:00"})).unwrap();
        assert_eq!(
            (window.from.to_string(), window.to),
            ("09:00".to_owned(), Clock(1440))
        );
        for (wrong, reason) in [
            (json!({"windows": [{"from": "25:00"}]}), "no time of day"),
            (json!({"windows": [{"days": "someday"}]}), "no day"),
            (
                json!({"freezes": [{"from": "soon", "to": "2026-01-01"}]}),
                "no day such as",
            ),
            (json!({"time_zone": "Mars/Olympus"}), "no time zone"),
        ] {
            let error = serde_json::from_value::<Plan>(wrong).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
