//! How a release comes to the nodes: stages, gates and times, as a site writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::calendar::{Freeze, Window, Zone};
use crate::documents::{Patterns, Selector};

/// The plan of a rollout: `rollout:` in `bunraku.yaml`, or a file of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Who gets the release one after the other; whoever is in none of them gets it with the last.
    #[serde(default = "stages")]
    pub stages: Vec<StagePlan>,
    /// When it stops by itself.
    #[serde(default)]
    pub gate: Gate,
    /// The time zone of windows and freezes.
    #[serde(default)]
    pub time_zone: Zone,
    /// Stages open within these only; at any time when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// No stage opens within these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freezes: Vec<Freeze>,
    /// What nodes get that come while it goes on.
    #[serde(default)]
    pub new_nodes: NewNodes,
}

/// What a node gets that was not there when the rollout began, until its last stage opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NewNodes {
    /// The release that all others have.
    #[default]
    Old,
    /// The release of the rollout, once its first stage is open.
    New,
}

/// One stage. `percent` is of the whole fleet, counted from its beginning, or of the nodes that the rule is for.
/// A stage that says neither is for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "StageText", into = "StageText")]
pub struct StagePlan {
    /// What it is called.
    pub name: Option<String>,
    /// How many.
    pub percent: Option<Percent>,
    /// Which.
    pub nodes: Selector,
    /// How long it stays alone before the next may open.
    pub hold: Pause,
    /// Whether it waits for a person before it opens.
    pub by_hand: bool,
}

/// A stage as it is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a stage: name, percent, certname, fact, class, hold, by_hand")]
struct StageText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<Percent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certname: Option<Patterns>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fact: BTreeMap<String, Patterns>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class: Option<Patterns>,
    #[serde(default)]
    hold: Pause,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_hand: bool,
}

impl From<StageText> for StagePlan {
    fn from(text: StageText) -> Self {
        Self {
            name: text.name,
            percent: text.percent,
            nodes: Selector {
                certname: text.certname,
                fact: text.fact,
                class: text.class,
            },
            hold: text.hold,
            by_hand: text.by_hand,
        }
    }
}

impl From<StagePlan> for StageText {
    fn from(stage: StagePlan) -> Self {
        Self {
            name: stage.name,
            percent: stage.percent,
            certname: stage.nodes.certname,
            fact: stage.nodes.fact,
            class: stage.nodes.class,
            hold: stage.hold,
            by_hand: stage.by_hand,
        }
    }
}

/// When a rollout stops by itself. Of the nodes that have the release and those that do not yet, the rates are
/// compared: what is over its limit, but no worse than the rest of the fleet, is not the release's fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Gate {
    /// So many nodes may have failed in their last run.
    pub failed: Limit,
    /// So many may have had to put right in their last run what something else had changed.
    pub corrective: Limit,
    /// So many may be silent.
    pub silent: Limit,
    /// Without a report for so long a node is silent.
    pub silence: Pause,
    /// So many catalogs of a stage may not compile, of nodes whose catalog did before.
    pub errors: Limit,
    /// So many of the nodes that have the release must have reported a run with it before the next stage opens.
    pub reports: Limit,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            failed: Limit::Share(Percent(500)),
            corrective: Limit::Share(Percent(2000)),
            silent: Limit::Share(Percent(2000)),
            silence: Pause(SignedDuration::from_hours(2)),
            errors: Limit::Nodes(0),
            reports: Limit::Share(Percent(5000)),
        }
    }
}

impl Default for Plan {
    /// One node of a hundred, then of ten, then half of the fleet, then all.
    fn default() -> Self {
        Self {
            stages: stages(),
            gate: Gate::default(),
            time_zone: Zone::default(),
            windows: Vec::new(),
            freezes: Vec::new(),
            new_nodes: NewNodes::default(),
        }
    }
}

fn stages() -> Vec<StagePlan> {
    let stage = |name: &str, percent: Option<u32>, hours: i64| StagePlan {
        name: Some(name.to_owned()),
        percent: percent.map(|percent| Percent(percent * 100)),
        hold: Pause(SignedDuration::from_hours(hours)),
        ..StagePlan::default()
    };
    vec![
        stage("canary", Some(1), 1),
        stage("tenth", Some(10), 2),
        stage("half", Some(50), 2),
        stage("everybody", None, 0),
    ]
}

impl StagePlan {
    /// Whether every node is in it, or in one before.
    pub fn is_everybody(&self) -> bool {
        self.nodes.is_empty() && self.percent.is_none_or(|percent| percent == Percent::ALL)
    }

    /// What it is called: its name, or what it says of its nodes.
    pub fn title(&self) -> String {
        match (&self.name, self.percent) {
            (Some(name), _) => name.clone(),
            _ if self.is_everybody() => "everybody".to_owned(),
            (None, Some(percent)) if self.nodes.is_empty() => format!("{percent}%"),
            (None, Some(percent)) => format!("{percent}% of a rule"),
            (None, None) => "rule".to_owned(),
        }
    }
}

impl Plan {
    /// The stages with one for everybody at their end.
    pub fn all_stages(&self) -> Vec<StagePlan> {
        let mut stages = self.stages.clone();
        if !stages.last().is_some_and(StagePlan::is_everybody) {
            stages.push(StagePlan::default());
        }
        stages
    }
}

/// A share, in hundredths of a percent: more than 0, at most 100 percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub(crate) u32);

impl Percent {
    /// All.
    pub const ALL: Self = Self(10_000);

    /// So many of `nodes`, and one that is begun counts.
    pub fn of_nodes(self, nodes: usize) -> usize {
        let share = (nodes as u64).saturating_mul(u64::from(self.0));
        usize::try_from(share.div_ceil(10_000)).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(self.0) / 100.0)
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: f64 = text
            .trim()
            .trim_end_matches('%')
            .trim_end()
            .parse()
            .map_err(|_| format!("{text:?} is no share such as 10 or 2.5%"))?;
        let hundredths = (number * 100.0).round();
        if !(1.0..=10_000.0).contains(&hundredths) {
            return Err(format!(
                "a share is more than 0 and at most 100%, not {text}"
            ));
        }
        // Within the bounds of the line above.
        Ok(Self(hundredths as u32))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self}%"))
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A number of nodes, or a share of those that are looked at (`5%`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Nodes(u64),
    /// A share of them; none at all is 0 nodes.
    Share(Percent),
}

impl Limit {
    /// Whether `count` of `of` nodes are more than that.
    pub fn is_passed(self, count: u64, of: u64) -> bool {
        match self {
            Self::Nodes(most) => count > most,
            Self::Share(share) => u128::from(count) * 10_000 > u128::from(of) * u128::from(share.0),
        }
    }

    /// The least number of `of` nodes that is that many.
    pub fn least(self, of: u64) -> u64 {
        match self {
            Self::Nodes(least) => least.min(of),
            Self::Share(share) => of.saturating_mul(u64::from(share.0)).div_ceil(10_000),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(nodes) => write!(f, "{nodes}"),
            Self::Share(share) => write!(f, "{share}%"),
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(nodes) = text.parse() {
            return Ok(Self::Nodes(nodes));
        }
        match text
            .strip_suffix('%')
            .map(|share| share.trim().parse::<f64>())
        {
            Some(Ok(0.0)) => Ok(Self::Nodes(0)),
            Some(_) => Ok(Self::Share(text.parse()?)),
            None => Err(format!(
                "a number of nodes or a share such as 5% is wanted, not {text:?}"
            )),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A length of time: `30m`, `1h 30m`, `2 days` (of 24 hours).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pause(pub SignedDuration);

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl FromStr for Pause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no length of time such as 30m, 2h or 1 day");
        if text.trim() == "0" {
            return Ok(Self::default());
        }
        let span: Span = text.parse().map_err(|_| wrong())?;
        let length = span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .map_err(|_| wrong())?;
        if length.is_negative() {
            return Err(wrong());
        }
        Ok(Self(length))
    }
}

impl Serialize for Pause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A text, or a number as it is written.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(D::Error::custom(format!(
            "a text or a number is wanted, not {other}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_is_read_as_people_write_it() {
        let plan: Plan = serde_json::from_value(json!({
            "stages": [
                {"name": "canary", "certname": ["web1", "db*"], "hold": "1h 30m"},
                {"percent": 10, "hold": "1 day"},
                {"fact": {"tier": 1}, "percent": "50%", "by_hand": true},
            ],
            "gate": {"failed": "2.5%", "errors": 3, "silence": "45m", "corrective": "0%"},
            "new_nodes": "new",
        }))
        .unwrap();
        assert_eq!(plan.stages[0].hold, Pause(SignedDuration::from_mins(90)));
        assert_eq!(plan.stages[1].hold, Pause(SignedDuration::from_hours(24)));
        assert_eq!(plan.gate.failed, Limit::Share(Percent(250)));
        assert_eq!(
            (plan.gate.errors, plan.gate.corrective),
            (Limit::Nodes(3), Limit::Nodes(0))
        );
        let titles: Vec<String> = plan.all_stages().iter().map(StagePlan::title).collect();
        assert_eq!(titles, ["canary", "10%", "50% of a rule", "everybody"]);
        let json = serde_json::to_value(&plan).unwrap();
        assert_eq!(serde_json::from_value::<Plan>(json).unwrap(), plan);
    }

    #[test]
    fn what_is_no_plan_is_told() {
        for (wrong, reason) in [
            (json!({"stages": [{"percent": 0}]}), "more than 0"),
            (json!({"stages": [{"percent": 101}]}), "at most 100%"),
            (json!({"stages": [{"hold": "soon"}]}), "no length of time"),
            (json!({"stages": ["all"]}), "expected a stage"),
            (
                json!({"gate": {"failed": "few"}}),
                "a number of nodes or a share",
            ),
        ] {
            let error = serde_json::from_value::<Plan>(wrong).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[test]
    fn limits_count_nodes_or_shares() {
        let five: Limit = "5%".parse().unwrap();
        assert!(five.is_passed(1, 1) && five.is_passed(6, 100));
        assert!(!five.is_passed(5, 100) && !five.is_passed(0, 0));
        assert_eq!((five.least(100), five.least(1), five.least(0)), (5, 1, 0));
        assert_eq!(Percent(1).of_nodes(3), 1);
        assert_eq!(Percent::ALL.of_nodes(3), 3);
    }
}
