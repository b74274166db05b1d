//! Which form of a document a client takes.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING};

/// A form of a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CatalogForm {
    /// `application/vnd.puppet.rich+json`
    Rich,
    /// `application/json`
    Json,
    /// `text/pson`: the same bytes as plain JSON.
    Pson,
}

impl CatalogForm {
    /// The content type of the reply, as Puppet Server writes it.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Rich => "application/vnd.puppet.rich+json; charset=utf-8",
            Self::Json => "application/json;charset=utf-8",
            Self::Pson => "text/pson;charset=utf-8",
        }
    }
}

/// The catalog form to send: what the client names first. Puppet before 5 names formats, not media types.
/// Without an `Accept` header, or with `*/*`, plain JSON.
pub(crate) fn catalog_form(headers: &HeaderMap) -> Option<CatalogForm> {
    first(headers, |name| match name {
        "application/vnd.puppet.rich+json" | "rich_json" => Some(CatalogForm::Rich),
        "application/json" | "json" | "*/*" | "application/*" => Some(CatalogForm::Json),
        "text/pson" | "pson" | "text/*" => Some(CatalogForm::Pson),
        _ => None,
    })
    .unwrap_or(Some(CatalogForm::Json))
}

/// Content type of a plain JSON document (node, metadata, report reply).
pub(crate) fn json_type(headers: &HeaderMap) -> Option<&'static str> {
    first(headers, |name| match name {
        "application/json" | "json" | "*/*" | "application/*" => {
            Some("application/json;charset=utf-8")
        }
        "text/pson" | "pson" | "text/*" => Some("text/pson;charset=utf-8"),
        _ => None,
    })
    .unwrap_or(Some("application/json;charset=utf-8"))
}

/// Whether `file_content` may be sent as bytes.
pub(crate) fn takes_bytes(headers: &HeaderMap) -> bool {
    first(headers, |name| {
        matches!(
            name,
            "application/octet-stream" | "binary" | "raw" | "s" | "*/*" | "application/*"
        )
        .then_some(())
    })
    .unwrap_or(Some(()))
    .is_some()
}

/// The first entry of `Accept` that `choose` takes, quality values above zero, in the client's order; the outer
/// `None` when there is no such header.
fn first<T>(headers: &HeaderMap, choose: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    let mut any = false;
    for value in headers.get_all(ACCEPT) {
        any = true;
        let Ok(text) = value.to_str() else { continue };
        for entry in text.split(',') {
            let mut parts = entry.split(';');
            let name = parts.next().unwrap_or_default().trim();
            if parts.any(is_zero_quality) {
                continue;
            }
            if let Some(chosen) = choose(name) {
                return Some(Some(chosen));
            }
        }
    }
    any.then_some(None)
}

/// Whether the client takes gzip.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().any(|value| {
        value.to_str().is_ok_and(|text| {
            text.split(',').any(|entry| {
                let mut parts = entry.split(';');
                let name = parts.next().unwrap_or_default().trim();
                matches!(name, "gzip" | "x-gzip" | "*") && !parts.any(is_zero_quality)
            })
        })
    })
}

fn is_zero_quality(parameter: &str) -> bool {
    parameter.trim().strip_prefix("q=").is_some_and(|quality| {
        quality
            .trim()
            .parse::<f32>()
            .is_ok_and(|quality| quality <= 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: hyper::header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    fn form(accept: &str) -> Option<CatalogForm> {
        catalog_form(&headers(ACCEPT, accept))
    }

    #[test]
    fn an_agent_of_version_7_gets_rich_json() {
        let accept = "application/vnd.puppet.rich+json, application/json, \
                      application/vnd.puppet.rich+msgpack, application/x-msgpack, text/pson";
        assert_eq!(form(accept), Some(CatalogForm::Rich));
    }

    #[test]
    fn older_agents_get_what_they_name() {
        assert_eq!(
            form("pson, b64_zlib_yaml, yaml, raw"),
            Some(CatalogForm::Pson)
        );
        assert_eq!(form("application/json, text/pson"), Some(CatalogForm::Json));
        assert_eq!(
            form("application/x-msgpack, text/pson"),
            Some(CatalogForm::Pson)
        );
        assert_eq!(
            form("application/vnd.puppet.rich+json;q=0, text/pson"),
            Some(CatalogForm::Pson)
        );
    }

    #[test]
    fn a_client_of_msgpack_alone_gets_nothing() {
        assert_eq!(form("application/x-msgpack"), None);
        assert_eq!(catalog_form(&HeaderMap::new()), Some(CatalogForm::Json));
    }

    #[test]
    fn gzip_is_taken_as_agents_say_it_and_not_when_its_quality_is_zero() {
        let takes = |value| takes_gzip(&headers(ACCEPT_ENCODING, value));
        assert!(takes("gzip;q=1.0,deflate;q=0.6,identity;q=0.3"));
        assert!(!takes("gzip;q=0, identity"));
        assert!(!takes("identity"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
