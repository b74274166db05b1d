//! Facts as agents send them.

use std::borrow::Cow;

use bunraku_farm::documents::FactsDoc;
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_pki::Identity;
use hyper::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::params;
use crate::http::reply::{IssueKind, Problem, bad_request, issue, server_error};

/// A facts document on the wire (`Puppet::Node::Facts#to_data_hash`).
#[derive(Deserialize)]
struct WireFacts {
    name: Option<String>,
    values: Map<String, Value>,
    timestamp: Option<String>,
}

/// Decodes the `facts` parameter of a catalog request, given as it is in the form: escaped twice, once by the
/// agent's fact handler and once by the form.
pub(crate) fn decode(escaped: &[u8]) -> Cow<'_, [u8]> {
    match params::decode(escaped) {
        Cow::Borrowed(once) => params::decode(once),
        Cow::Owned(once) => Cow::Owned(params::decode(&once).into_owned()),
    }
}

/// Reads a facts document of `certname`.
///
/// # Errors
/// 400 when it is not a facts document, 500 in the reference's words when it is another node's.
pub(crate) fn read(
    text: &[u8],
    certname: &Certname,
    environment: &EnvironmentName,
    now: Timestamp,
) -> Result<FactsDoc, Problem> {
    let wire: WireFacts = serde_json::from_slice(text)
        .map_err(|error| bad_request(format!("The facts could not be read: {error}")))?;
    if wire.name.as_deref() != Some(certname.as_str()) {
        let named = wire
            .name
            .map_or_else(|| "nil".to_owned(), |name| format!("{name:?}"));
        return Err(server_error(format!(
            "Catalog for \"{certname}\" was requested with fact definition for the wrong node ({named})."
        )));
    }
    let timestamp = wire
        .timestamp
        .and_then(|timestamp| timestamp.parse().ok())
        .unwrap_or(now);
    Ok(FactsDoc::new(
        certname.clone(),
        environment.clone(),
        wire.values,
        timestamp,
    ))
}

/// Checks `facts_format`: what the reference takes.
pub(crate) fn check_format(certname: &str, format: Option<&str>) -> Result<(), Problem> {
    match format {
        Some("application/json" | "pson" | "json" | "text/pson") => Ok(()),
        Some(_) => Err(issue(
            StatusCode::BAD_REQUEST,
            "Unsupported facts format",
            IssueKind::RuntimeError,
        )),
        None => Err(bad_request(format!(
            "Facts but no fact format provided for {certname}"
        ))),
    }
}

/// The extensions of a client's certificate, as the facts document keeps them for `$trusted`.
pub(crate) fn extensions(identity: &Identity) -> Map<String, Value> {
    let value = |(name, value): (&String, &String)| (name.clone(), Value::from(value.as_str()));
    identity.extensions.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> (Certname, EnvironmentName) {
        (
            Certname::parse("a.example.test").unwrap(),
            EnvironmentName::parse("production").unwrap(),
        )
    }

    fn read_text(text: &str) -> Result<FactsDoc, Problem> {
        let (certname, environment) = node();
        read(
            text.as_bytes(),
            &certname,
            &environment,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn facts_are_escaped_twice_and_spaces_come_through() {
        let escaped = b"%257B%2522name%2522%253A%2522a.example.test%2522%252C%2522values%2522%253A%257B%2522a%2522%253A%2522b%2Bc%2522%257D%257D";
        let (certname, environment) = node();
        let facts = read(
            &decode(escaped),
            &certname,
            &environment,
            Timestamp::UNIX_EPOCH,
        )
        .unwrap();
        assert_eq!(facts.values["a"], "b c");
    }

    #[test]
    fn broken_facts_are_400_and_those_of_another_node_500_as_in_the_reference() {
        for broken in [
            "",
            "{",
            "[]",
            "{\"name\":\"a.example.test\"}",
            "{\"name\":\"a.example.test\",\"values\":[]}",
        ] {
            assert_eq!(
                read_text(broken).unwrap_err().status,
                StatusCode::BAD_REQUEST,
                "{broken}"
            );
        }
        let deep = format!(
            "{{\"name\":\"a.example.test\",\"values\":{{\"a\":{}",
            "[".repeat(100_000)
        );
        assert_eq!(
            read_text(&deep).unwrap_err().status,
            StatusCode::BAD_REQUEST
        );
        let other = read_text("{\"name\":\"b\",\"values\":{}}").unwrap_err();
        assert_eq!(other.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
