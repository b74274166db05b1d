//! A site's web service that is told of each published catalog.

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::hmac;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use url::Url;

use super::deliver::Told;
use crate::edge_client::{Connection, Outgoing, retry_after, system_tls};
use crate::failure::{Failure, Result};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// Who sent it: the HMAC-SHA256 of the body with the shared secret, `sha256=<hex>`.
const SIGNATURE: &str = "x-bunraku-signature";
/// Tells a delivery that comes twice: the same for the same catalog of the same node.
const DELIVERY: &str = "x-bunraku-delivery";

/// A URL that takes events.
pub(super) struct Webhook {
    /// Without its query, which may be a secret.
    shown: String,
    target: String,
    connection: Connection,
    key: Option<hmac::Key>,
}

impl Webhook {
    /// The web service of a URL. With a secret, it can tell that events are ours.
    pub(super) fn new(url: &str, secret: Option<&str>) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::input(format!("--webhook is a URL http:// or https://: {error}"))
        };
        let url = Url::parse(url).map_err(|error| wrong(&error))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(&url.scheme()));
        }
        Ok(Self {
            shown: format!("{}{}", url.origin().ascii_serialization(), url.path()),
            target: match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            },
            connection: Connection::new(&url, system_tls).map_err(|error| wrong(&error))?,
            key: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())),
        })
    }

    /// What to call it.
    pub(super) fn name(&self) -> &str {
        &self.shown
    }

    /// Tells of a catalog, once. `id` names the delivery.
    pub(super) async fn tell(&self, id: &str, body: &str) -> Told {
        let mut headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let signature = self.key.as_ref().map(|key| signature(key, body.as_bytes()));
        for (name, value) in [(DELIVERY, Some(id.to_owned())), (SIGNATURE, signature)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.push((HeaderName::from_static(name), value));
            }
        }
        let request = Outgoing {
            method: Method::POST,
            target: self.target.clone(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            time: ANSWER,
        };
        match self.connection.send(&request).await {
            Ok(answer) if answer.status.is_success() => Told::Well,
            Ok(answer) if is_final(answer.status) => Told::Refused(answer.words()),
            Ok(answer) => Told::Later(answer.words(), retry_after(&answer.headers)),
            Err(error) => Told::Later(error, None),
        }
    }
}

/// Whether the same again would be answered the same.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && status != StatusCode::REQUEST_TIMEOUT
        && status != StatusCode::TOO_MANY_REQUESTS
}

fn signature(key: &hmac::Key, body: &[u8]) -> String {
    let tag = hmac::sign(key, body);
    let mut text = "sha256=".to_owned();
    for byte in tag.as_ref() {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_says() {
        // printf '{"a":1}' | openssl dgst -sha256 -hmac secret
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        assert_eq!(
            signature(&key, b"{\"a\":1}"),
            "sha256=aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"
        );
    }

    #[test]
    fn the_query_of_a_webhook_is_not_shown_and_other_schemes_are_refused() {
        let webhook = Webhook::new("http://a.example.test/hook?token=1", None).unwrap();
        assert_eq!(webhook.name(), "http://a.example.test/hook");
        assert_eq!(webhook.target, "/hook?token=1");
        assert!(Webhook::new("ftp://a", None).is_err());
        assert!(Webhook::new("a", None).is_err());
    }
}
