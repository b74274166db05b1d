//! One line of metrics for each invocation, in CloudWatch's embedded metric format.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use bunraku_farm::CountersSnapshot;
use bunraku_farm::messages::Lane;
use serde_json::{Map, Value, json};

use crate::batch::Summary;

const NAMESPACE: &str = "Bunraku";

/// What an invocation's metrics are taken from.
#[derive(Debug)]
pub(crate) struct Invocation<'a> {
    /// The function's name.
    pub(crate) function: &'a str,
    /// The lane that it worked for, if it compiles.
    pub(crate) lane: Option<Lane>,
    /// What came of the event.
    pub(crate) summary: &'a Summary,
    /// The counters before and after.
    pub(crate) counted: (CountersSnapshot, CountersSnapshot),
    /// How long it took.
    pub(crate) duration: Duration,
    /// Whether it was the first of its process.
    pub(crate) cold_start: bool,
}

impl Invocation<'_> {
    /// Writes the line on standard output, where Lambda looks for it.
    pub(crate) fn write(&self) {
        let line = format!("{}\n", self.line(SystemTime::now()));
        if let Err(error) = std::io::stdout().lock().write_all(line.as_bytes()) {
            tracing::warn!(%error, "the metrics could not be written");
        }
    }

    fn line(&self, now: SystemTime) -> Value {
        let summary = self.summary;
        let mut metrics = vec![
            ("items".to_owned(), summary.items),
            ("failed".to_owned(), summary.failed),
            ("buried".to_owned(), summary.buried),
            ("given_back".to_owned(), summary.given_back.len() as u64),
            ("cold_start".to_owned(), u64::from(self.cold_start)),
        ];
        metrics.extend(counted(&self.counted.0, &self.counted.1));
        let mut names: Vec<Value> = metrics
            .iter()
            .map(|(name, _)| json!({"Name": name, "Unit": "Count"}))
            .collect();
        names.push(json!({"Name": "duration", "Unit": "Milliseconds"}));
        let mut line = Map::new();
        line.insert("Function".to_owned(), self.function.into());
        if let Some(lane) = self.lane {
            line.insert("Lane".to_owned(), lane.as_str().into());
        }
        let dimensions: Vec<&String> = line.keys().collect();
        let since_epoch = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let told = json!({
            "Timestamp": since_epoch.as_millis() as u64,
            "CloudWatchMetrics": [
                {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": names}
            ],
        });
        line.extend(
            metrics
                .into_iter()
                .map(|(name, count)| (name, count.into())),
        );
        line.insert(
            "duration".to_owned(),
            (self.duration.as_secs_f64() * 1000.0).into(),
        );
        line.insert("_aws".to_owned(), told);
        line.into()
    }
}

/// What the counters gained; those that stood still are left out.
fn counted(before: &CountersSnapshot, after: &CountersSnapshot) -> Vec<(String, u64)> {
    let [before, after] = [before, after].map(|snapshot| match serde_json::to_value(snapshot) {
        Ok(Value::Object(counters)) => counters,
        _ => Map::new(),
    });
    let count = |counters: &Map<String, Value>, name: &str| {
        counters
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let gains = after.keys().map(|name| {
        let gain = count(&after, name).saturating_sub(count(&before, name));
        (name.clone(), gain)
    });
    gains.filter(|(_, gain)| *gain > 0).collect()
}

#[cfg(test)]
mod tests {
    use bunraku_farm::Counters;

    use super::*;

    #[test]
    fn a_line_names_each_metric_that_it_holds() {
        let counters = Counters::default();
        counters.compiles_skipped.increment();
        let before = counters.snapshot();
        counters.compiles.add(2);
        counters.catalogs_verified.increment();
        let summary = Summary {
            items: 5,
            failed: 1,
            buried: 1,
            given_back: vec!["a".to_owned(), "b".to_owned()],
        };
        let mut invocation = Invocation {
            function: "farm-compile",
            lane: Some(Lane::Urgent),
            summary: &summary,
            counted: (before, counters.snapshot()),
            duration: Duration::from_micros(12_500),
            cold_start: true,
        };
        let line = invocation.line(SystemTime::UNIX_EPOCH + Duration::from_millis(1234));
        let mut expected = json!({
            "Function": "farm-compile", "Lane": "urgent",
            "items": 5, "failed": 1, "buried": 1, "given_back": 2, "cold_start": 1,
            "compiles": 2, "catalogs_verified": 1, "duration": 12.5,
        });
        let told = &line["_aws"];
        assert_eq!(told["Timestamp"], 1234);
        let directive = &told["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Bunraku");
        assert_eq!(directive["Dimensions"], json!([["Function", "Lane"]]));
        let metrics = directive["Metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), 8);
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            assert!(line[name].is_number(), "{name}");
            let unit = if name == "duration" {
                "Milliseconds"
            } else {
                "Count"
            };
            assert_eq!(metric["Unit"], unit);
        }
        expected["_aws"] = told.clone();
        assert_eq!(line, expected);
        invocation.lane = None;
        let line = invocation.line(SystemTime::now());
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json!([["Function"]])
        );
        assert!(line.get("Lane").is_none());
    }
}
