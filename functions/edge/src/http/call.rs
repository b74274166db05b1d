//! One request, its target taken apart.

use std::sync::{Arc, Mutex, PoisonError};

use bunraku_pki::Identity;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use tokio::sync::OwnedSemaphorePermit;

use super::params::Params;

/// A request without its body.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path as sent, for messages.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Params,
    /// Who asks, by a certificate that TLS has verified.
    pub(crate) identity: Option<Arc<Identity>>,
    /// The place among the requests at work; given back while waiting for a compile.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
    /// The place of its connection.
    pub(crate) connection: Place,
}

/// A connection's place among the connections of those who ask and go.
#[derive(Clone, Debug)]
pub(crate) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    pub(crate) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(Mutex::new(Some(permit))))
    }

    /// Leaves the place to another: this connection is counted elsewhere.
    pub(crate) fn give_back(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Call {
    pub(crate) fn new(parts: Parts, identity: Option<Arc<Identity>>, connection: Place) -> Self {
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: Params::parse(parts.uri.query().unwrap_or_default().as_bytes()),
            headers: parts.headers,
            identity,
            permit: None,
            connection,
        }
    }

    /// The certname of the client; empty for a client without a certificate, which no name is.
    pub(crate) fn certname(&self) -> &str {
        self.identity
            .as_ref()
            .map_or("", |identity| identity.certname.as_str())
    }
}

/// Splits `/a/b/c/rest/of/it` after `count` parts; the parts are decoded each, so that an encoded slash is no
/// divider among them, and so is the rest. `None` when one is not UTF-8.
pub(crate) fn split_path(path: &str, count: usize) -> Option<(Vec<String>, Option<String>)> {
    let path = path.strip_prefix('/')?;
    let mut parts: Vec<&str> = path.splitn(count + 1, '/').collect();
    let rest = (parts.len() > count).then(|| parts.pop()).flatten();
    let decode = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .ok()
            .map(std::borrow::Cow::into_owned)
    };
    let parts = parts.into_iter().map(decode).collect::<Option<Vec<_>>>()?;
    match rest {
        Some(rest) => Some((parts, Some(decode(rest)?))),
        None => Some((parts, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_slash_does_not_divide() {
        let (parts, rest) = split_path("/puppet/v3/catalog/..%2fother", 3).unwrap();
        assert_eq!(parts, ["puppet", "v3", "catalog"]);
        assert_eq!(rest.as_deref(), Some("../other"));
        assert_eq!(split_path("/a%2Fb/c", 3).unwrap().0, ["a/b", "c"]);
        assert!(split_path("/a/%ff", 3).is_none());
    }

    #[test]
    fn the_rest_keeps_its_double_slash() {
        let (_, rest) = split_path("/puppet/v3/file_bucket_file/sha256/ab//srv/x", 3).unwrap();
        assert_eq!(rest.as_deref(), Some("sha256/ab//srv/x"));
    }
}
