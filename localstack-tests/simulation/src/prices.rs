//! What AWS charges: the table that `bunraku infra cost` reads, too.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::bill::Request;
use crate::crowd::Push;

const LISTED: &str = include_str!("../../../infra/prices.json");
/// Whose prices are taken.
const REGION: &str = "us-east-1";
/// Memory of the functions by default, in GB.
const MEMORY: [(&str, f64); 3] = [
    ("ingest", 1769.0 / 1024.0),
    ("plan", 0.5),
    ("compile", 1769.0 / 1024.0),
];

#[derive(Deserialize)]
struct Table {
    regions: BTreeMap<String, BTreeMap<String, f64>>,
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What is charged.
    pub item: String,
    /// How much of it.
    pub quantity: f64,
    /// In US dollars.
    pub sum: f64,
}

/// What a push costs, in requests and time of functions.
///
/// # Errors
/// When the table of prices lacks one.
pub fn bill(push: &Push) -> Result<Vec<Line>, String> {
    let table: Table = serde_json::from_str(LISTED).map_err(|error| error.to_string())?;
    let price = |name: &str| {
        let listed = table
            .regions
            .get(REGION)
            .and_then(|region| region.get(name));
        listed
            .copied()
            .ok_or_else(|| format!("no price of {name} in {REGION}"))
    };
    let mut lines = Vec::new();
    let mut add = |item: String, quantity: f64, price: f64| {
        lines.push(Line {
            item,
            quantity,
            sum: quantity * price,
        });
    };
    for request in Request::ALL {
        let count = push.requests.get(&request).copied().unwrap_or(0) as f64;
        let price = match request {
            Request::Get => price("s3_get_request")?,
            Request::Put | Request::List => price("s3_put_request")?,
            Request::Delete => 0.0,
            Request::Send | Request::Receive | Request::Settle => price("sqs_request")?,
        };
        add(request.as_str().to_owned(), count, price);
    }
    let published = (push.compiled + push.verified) as f64;
    add("SNS publish".to_owned(), published, price("sns_publish")?);
    for (name, memory) in MEMORY {
        let invoked = push.invocations.get(name).copied().unwrap_or_default();
        let calls = invoked.calls as f64;
        add(
            format!("Lambda {name}, calls"),
            calls,
            price("lambda_request")?,
        );
        let gb_seconds = invoked.time.as_secs_f64() * memory;
        add(
            format!("Lambda {name}, GB-s"),
            gb_seconds,
            price("lambda_gb_second_x86_64")?,
        );
    }
    Ok(lines)
}
