//! URIs as values.

use ecow::EcoString;

use crate::{Error, PuppetHash, Result, Value};

/// A URI as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    /// The whole text.
    pub text: EcoString,
}

impl Uri {
    /// Takes a text as URI.
    ///
    /// # Errors
    /// Ruby's message when it has characters that no URI has.
    pub fn parse(text: &str) -> Result<Self> {
        let bad =
            |character: char| !character.is_ascii_graphic() || "<>\"{}|\\^`".contains(character);
        if !text.is_ascii() {
            return Err(Error::new(format!(
                "URI must be ascii only \"{}\"",
                text.escape_unicode()
            )));
        }
        if text.contains(bad) {
            return Err(Error::new(format!("bad URI(is not URI?): \"{text}\"")));
        }
        Ok(Self { text: text.into() })
    }

    /// A component: `scheme`, `userinfo`, `host`, `port`, `path`, `query`, `fragment`, `opaque`.
    #[must_use]
    pub fn component(&self, name: &str) -> Value {
        let parts = Parts::of(&self.text);
        let text = |part: Option<&str>| part.map_or(Value::Undef, Value::from);
        match name {
            "scheme" => parts
                .scheme
                .map_or(Value::Undef, |scheme| Value::from(scheme.to_lowercase())),
            "userinfo" => text(parts.userinfo),
            "host" => text(parts.host),
            "port" => parts.port().map_or(Value::Undef, Value::Int),
            "path" => text(parts.path),
            "query" => text(parts.query),
            "fragment" => text(parts.fragment),
            "opaque" => text(parts.opaque),
            _ => Value::Undef,
        }
    }

    /// The components that are there, as parameters of the type `URI[...]`.
    #[must_use]
    pub fn parameters(&self) -> Value {
        let parts = Parts::of(&self.text);
        let mut entries = PuppetHash::new();
        let mut put = |name: &str, part: Option<String>| {
            if let Some(part) = part.filter(|part| !part.is_empty()) {
                entries.insert(name, part);
            }
        };
        let scheme = parts.scheme.map(str::to_lowercase);
        put("scheme", scheme.clone());
        put("userinfo", parts.userinfo.map(str::to_owned));
        put("host", parts.host.map(str::to_lowercase));
        let standard = |port: i64| {
            matches!(
                (scheme.as_deref(), port),
                (Some("http"), 80) | (Some("https"), 443)
            )
        };
        put(
            "port",
            parts
                .port()
                .filter(|port| !standard(*port))
                .map(|port| port.to_string()),
        );
        put("path", parts.path.map(str::to_owned));
        put("query", parts.query.map(str::to_owned));
        put("fragment", parts.fragment.map(str::to_owned));
        put("opaque", parts.opaque.map(str::to_owned));
        Value::hash(entries)
    }

    /// Whether the components match the parameters of a `URI` type.
    #[must_use]
    pub fn matches(&self, parameters: &Value) -> bool {
        parameters.as_hash().is_none_or(|entries| {
            entries.iter().all(|(name, expected)| {
                let actual = self.component(name.as_str().unwrap_or_default());
                crate::ops::match_option(&actual, expected).is_ok_and(|outcome| outcome.matched)
            })
        })
    }
}

#[derive(Default)]
struct Parts<'a> {
    scheme: Option<&'a str>,
    userinfo: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
    opaque: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = Self::default();
        let rest = match text.split_once('#') {
            Some((rest, fragment)) => {
                parts.fragment = Some(fragment);
                rest
            }
            None => text,
        };
        let is_scheme = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let rest = match rest.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => {
                parts.scheme = Some(scheme);
                if !rest.starts_with('/') {
                    parts.opaque = Some(rest);
                    return parts;
                }
                rest
            }
            _ => rest,
        };
        let rest = match rest.split_once('?') {
            Some((rest, query)) => {
                parts.query = Some(query);
                rest
            }
            None => rest,
        };
        let Some(authority) = rest.strip_prefix("//") else {
            parts.path = Some(rest);
            return parts;
        };
        let end = authority.find('/').unwrap_or(authority.len());
        let (authority, path) = authority.split_at(end);
        parts.path = Some(path);
        let host = match authority.rsplit_once('@') {
            Some((userinfo, host)) => {
                parts.userinfo = Some(userinfo);
                host
            }
            None => authority,
        };
        match host.rsplit_once(':') {
            Some((host, port))
                if port.bytes().all(|digit| digit.is_ascii_digit()) && !host.ends_with(':') =>
            {
                parts.host = Some(host);
                parts.port = Some(port);
            }
            _ => parts.host = Some(host),
        }
        parts
    }

    /// Port as written, or that of the scheme.
    fn port(&self) -> Option<i64> {
        let written = self.port.and_then(|port| port.parse().ok());
        written.or(match self.scheme.map(str::to_ascii_lowercase).as_deref() {
            Some("http" | "ws") => Some(80),
            Some("https" | "wss") => Some(443),
            Some("ftp") => Some(21),
            Some("ldap") => Some(389),
            Some("ldaps") => Some(636),
            _ => None,
        })
    }
}
