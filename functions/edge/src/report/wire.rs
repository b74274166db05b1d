//! What the farm reads of an agent's report, in the forms that agents of all ages send.

use bunraku_hiera::yaml;
use jiff::Timestamp;
use serde::Deserialize;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportForm {
    /// JSON, and PSON: it may hold bytes that are no UTF-8.
    Json,
    /// Puppet to 3.2, and later where `report_serialization_format` says so: the Ruby object.
    Yaml,
    /// Puppet from 5, where Ruby's msgpack is installed and preferred.
    Msgpack,
}

impl ReportForm {
    /// The media types of all of them; Puppet before 5 names formats.
    pub(super) const KINDS: &[&str] = &[
        "application/json",
        "text/pson",
        "pson",
        "text/yaml",
        "yaml",
        "application/x-msgpack",
    ];

    /// The form of one of these.
    pub(super) fn of(kind: &str) -> Self {
        match kind {
            "text/yaml" | "yaml" => Self::Yaml,
            "application/x-msgpack" => Self::Msgpack,
            _ => Self::Json,
        }
    }
}

/// What is wanted of a report (`Puppet::Transaction::Report#to_data_hash`; in YAML, its instance variables).
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct WireReport {
    pub(super) status: Option<String>,
    /// From Puppet 4.7 on.
    pub(super) corrective_change: bool,
    /// When the run began, by the node's clock.
    time: Option<String>,
    /// The release that the catalog was compiled from; from Puppet 4.4 on.
    pub(super) code_id: Option<String>,
}

impl WireReport {
    /// Reads it; `Err` says why it can't be read.
    pub(super) fn read(form: ReportForm, content: &[u8]) -> Result<Self, String> {
        match form {
            ReportForm::Json => serde_json::from_slice(content).map_err(|error| error.to_string()),
            ReportForm::Msgpack => {
                rmp_serde::from_slice(content).map_err(|error| error.to_string())
            }
            ReportForm::Yaml => {
                let mut fields = yaml::scalars(content).map_err(|error| error.to_string())?;
                Ok(Self {
                    status: fields.remove("status"),
                    corrective_change: fields
                        .get("corrective_change")
                        .is_some_and(|it| it == "true"),
                    time: fields.remove("time"),
                    code_id: fields.remove("code_id"),
                })
            }
        }
    }

    /// When the run began. YAML's own times have a space before their offset, which others have not.
    pub(super) fn began(&self) -> Option<Timestamp> {
        let mut parts = self.time.as_ref()?.split_whitespace();
        let (date, rest) = (parts.next()?, parts.collect::<String>());
        match rest.as_str() {
            "" => date.parse().ok(),
            time => format!("{date}T{time}").parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded by `tests/reports/record.rb`, the same one in each form.
    macro_rules! recorded {
        ($name:literal) => {
            include_bytes!(concat!("../../tests/reports/", $name))
        };
    }

    #[test]
    fn a_report_says_the_same_in_each_form() {
        let forms: [(&str, &[u8]); 5] = [
            ("application/json", recorded!("report.json")),
            ("pson", recorded!("report.pson")),
            ("text/yaml", recorded!("report.yaml")),
            ("yaml", recorded!("objects.yaml")),
            ("application/x-msgpack", recorded!("report.msgpack")),
        ];
        for (kind, content) in forms {
            let report = WireReport::read(ReportForm::of(kind), content).unwrap();
            let began = "2026-11-23T07:30:15.25Z".parse().unwrap();
            assert_eq!(report.began(), Some(began), "{kind}");
            assert_eq!(report.status.as_deref(), Some("failed"), "{kind}");
            assert_eq!(report.code_id, Some("c0de".repeat(16)), "{kind}");
            assert!(report.corrective_change, "{kind}");
        }
    }

    #[test]
    fn pson_may_hold_bytes_that_are_no_text() {
        let report = b"{\"logs\": [{\"message\": \"\xe4\xff\"}], \"status\": \"failed\"}";
        let report = WireReport::read(ReportForm::Json, report).unwrap();
        assert_eq!(report.status.as_deref(), Some("failed"));
    }

    #[test]
    fn times_are_read_with_the_offset_of_the_node() {
        let began = |time: &str| {
            let yaml = format!("--- !ruby/object:Puppet::Transaction::Report\ntime: {time}\n");
            let report = WireReport::read(ReportForm::Yaml, yaml.as_bytes());
            report.unwrap().began().map(|at| at.to_string())
        };
        assert_eq!(
            began("2013-03-01 10:00:00.123456 +01:00").as_deref(),
            Some("2013-03-01T09:00:00.123456Z")
        );
        assert_eq!(began("yesterday"), None);
    }

    #[test]
    fn what_is_no_report_is_said_to_be_none_and_harms_nobody() {
        let deep = [b"[".repeat(100_000), b"--- ".to_vec()].concat();
        let bombs: [&[u8]; 4] = [
            &deep,
            b"\xc1\x00",
            b"{\"a\": \"\x00",
            b"a: &a [*a, *a]\n b: -",
        ];
        for form in [ReportForm::Json, ReportForm::Yaml, ReportForm::Msgpack] {
            for bomb in bombs {
                assert!(WireReport::read(form, bomb).is_err(), "{form:?}");
            }
        }
        let nested = [0x91].repeat(100_000);
        assert!(WireReport::read(ReportForm::Msgpack, &nested).is_err());
    }
}
