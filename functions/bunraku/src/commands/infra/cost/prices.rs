//! List prices, from the file in the repository or one of the user's.

use std::collections::BTreeMap;
use std::path::Path;

use clap::ValueEnum;
use serde::Deserialize;

use crate::failure::{Failure, Result};

/// The table that is compiled in.
const LISTED: &str = include_str!("../../../../../../infra/prices.json");

/// A table of prices by region and name.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PriceTable {
    /// As in `USD`.
    pub(crate) currency: String,
    /// When the prices were looked up.
    pub(crate) as_of: String,
    regions: BTreeMap<String, BTreeMap<String, f64>>,
}

/// An instruction set, as the templates' parameter `Architecture` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// Intel and AMD.
    #[value(name = "x86_64")]
    X86_64,
    /// Graviton.
    #[value(name = "arm64")]
    Arm64,
}

impl Architecture {
    const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

/// What one unit costs: one request, one GB in a month, one hour.
#[derive(Clone, Debug)]
pub(crate) struct Prices {
    pub(crate) s3_storage_gb_month: f64,
    pub(crate) s3_put_request: f64,
    pub(crate) s3_get_request: f64,
    pub(crate) sqs_request: f64,
    pub(crate) sns_publish: f64,
    pub(crate) lambda_request: f64,
    pub(crate) lambda_gb_second: f64,
    pub(crate) kms_key_month: f64,
    pub(crate) kms_request: f64,
    pub(crate) logs_gb: f64,
    pub(crate) logs_storage_gb_month: f64,
    pub(crate) alarm_month: f64,
    pub(crate) dashboard_month: f64,
    pub(crate) metric_month: f64,
    pub(crate) fargate_vcpu_hour: f64,
    pub(crate) fargate_gb_hour: f64,
    pub(crate) nlb_hour: f64,
    pub(crate) nlb_lcu_hour: f64,
    pub(crate) secret_month: f64,
}

impl PriceTable {
    /// The table in `file`, or the one that is compiled in.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self> {
        let Some(path) = file else {
            return Self::parse(LISTED, "infra/prices.json");
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, name: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            Failure::input(format!(
                "{name}: {error}; a table of prices is {{\"currency\", \"as_of\", \"regions\": {{REGION: \
                 {{NAME: PRICE}}}}}}, as infra/prices.json"
            ))
        })
    }

    /// The prices of a region.
    pub(crate) fn of(&self, region: &str, architecture: Architecture) -> Result<Prices> {
        let listed = self.regions.get(region).ok_or_else(|| {
            let known: Vec<&str> = self.regions.keys().map(String::as_str).collect();
            Failure::input(format!(
                "no prices of region {region}: the table has {}; --prices FILE takes a table of your own",
                known.join(", ")
            ))
        })?;
        let price = |name: &str| match listed.get(name) {
            Some(price) if price.is_finite() && *price >= 0.0 => Ok(*price),
            Some(price) => Err(Failure::input(format!(
                "{region}, {name}: {price} is no price"
            ))),
            None => Err(Failure::input(format!(
                "the prices of {region} lack {name}"
            ))),
        };
        let of_architecture = |name: &str| price(&format!("{name}_{}", architecture.as_str()));
        Ok(Prices {
            s3_storage_gb_month: price("s3_storage_gb_month")?,
            s3_put_request: price("s3_put_request")?,
            s3_get_request: price("s3_get_request")?,
            sqs_request: price("sqs_request")?,
            sns_publish: price("sns_publish")?,
            lambda_request: price("lambda_request")?,
            lambda_gb_second: of_architecture("lambda_gb_second")?,
            kms_key_month: price("kms_key_month")?,
            kms_request: price("kms_request")?,
            logs_gb: price("cloudwatch_logs_gb")?,
            logs_storage_gb_month: price("cloudwatch_logs_storage_gb_month")?,
            alarm_month: price("cloudwatch_alarm_month")?,
            dashboard_month: price("cloudwatch_dashboard_month")?,
            metric_month: price("cloudwatch_metric_month")?,
            fargate_vcpu_hour: of_architecture("fargate_vcpu_hour")?,
            fargate_gb_hour: of_architecture("fargate_gb_hour")?,
            nlb_hour: price("nlb_hour")?,
            nlb_lcu_hour: price("nlb_lcu_hour")?,
            secret_month: price("secret_month")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_region_has_every_price_of_both_architectures() {
        let table = PriceTable::load(None).unwrap();
        assert_eq!(table.currency, "USD");
        assert!(!table.as_of.is_empty());
        assert!(table.regions.contains_key("us-east-1"));
        for region in table.regions.keys() {
            let [intel, graviton] = [Architecture::X86_64, Architecture::Arm64]
                .map(|architecture| table.of(region, architecture).unwrap());
            assert!(
                graviton.lambda_gb_second < intel.lambda_gb_second,
                "{region}"
            );
            // Prices of one unit, not of a thousand or a million.
            assert!(intel.s3_get_request < intel.s3_put_request, "{region}");
            assert!(intel.s3_put_request < 0.0001, "{region}");
            assert!(
                intel.sqs_request > 0.0 && intel.sqs_request < 0.00001,
                "{region}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_named() {
        let error = |text| {
            let table = PriceTable::parse(text, "mine.json");
            let prices = table.and_then(|table| table.of("us-east-1", Architecture::X86_64));
            prices.unwrap_err().to_string()
        };
        let other = error(r#"{"currency":"USD","as_of":"2026-01","regions":{"eu-west-1":{}}}"#);
        assert!(other.contains("the table has eu-west-1"), "{other}");
        let lacking = error(r#"{"currency":"USD","as_of":"2026-01","regions":{"us-east-1":{}}}"#);
        assert_eq!(lacking, "the prices of us-east-1 lack s3_storage_gb_month");
        let negative = error(
            r#"{"currency":"USD","as_of":"x","regions":{"us-east-1":{"s3_storage_gb_month":-1}}}"#,
        );
        assert!(negative.contains("-1 is no price"), "{negative}");
        let shape = error(r#"{"regions":{}}"#);
        assert!(
            shape.starts_with("mine.json: ") && shape.contains("currency"),
            "{shape}"
        );
    }
}
