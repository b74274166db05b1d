//! URIs as values.

use ecow::EcoString;

use crate::{Error, PuppetHash, Result, Value};

/// A URI, as Ruby writes it: the scheme in lower case, no default port.
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
        if !text.is_ascii() {
            let escape = |character: char| match u32::from(character) {
                0..=0x7F => character.to_string(),
                code @ 0x80..=0xFFFF => format!("\\u{code:04X}"),
                code => format!("\\u{{{code:X}}}"),
            };
            let shown: String = text.chars().map(escape).collect();
            return Err(Error::new(format!("URI must be ascii only \"{shown}\"")));
        }
        let parts = Parts::of(text);
        if !parts.is_valid() || !has_valid_escapes(text) {
            return Err(Error::new(format!("bad URI(is not URI?): {text:?}")));
        }
        Ok(Self {
            text: parts.to_text().into(),
        })
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
            "path" => text(parts.shown_path()),
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
        put("path", parts.shown_path().map(str::to_owned));
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

    /// Whether each part has characters of its own only (RFC 3986).
    fn is_valid(&self) -> bool {
        let unreserved =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@".contains(&byte);
        let only = |part: Option<&str>, more: &[u8]| {
            part.is_none_or(|part| {
                part.bytes()
                    .all(|byte| unreserved(byte) || more.contains(&byte))
            })
        };
        let host = self.host.map(|host| {
            host.strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'))
                .unwrap_or(host)
        });
        // Without a scheme a colon in the first segment would look like one.
        let first = self
            .path
            .and_then(|path| path.split('/').next())
            .unwrap_or_default();
        let is_ambiguous = self.scheme.is_none() && self.host.is_none() && first.contains(':');
        let has_brackets = self.host != host;
        !is_ambiguous
            && only(self.userinfo, b"")
            && only(host, b"")
            && (has_brackets || host.is_none_or(|host| !host.contains(':')))
            && only(self.path, b"/")
            && only(self.query, b"/?")
            && only(self.fragment, b"/?")
            && only(self.opaque, b"/?")
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        if let Some(scheme) = self.scheme {
            text.push_str(&scheme.to_lowercase());
            text.push(':');
        }
        if let Some(opaque) = self.opaque {
            text.push_str(opaque);
        }
        if let Some(host) = self.host {
            text.push_str("//");
            if let Some(userinfo) = self.userinfo {
                text.push_str(userinfo);
                text.push('@');
            }
            text.push_str(host);
            let port = self.port.and_then(|port| port.parse::<i64>().ok());
            if let Some(port) = port.filter(|port| self.default_port() != Some(*port)) {
                text.push_str(&format!(":{port}"));
            }
        }
        for (mark, part) in [("", self.path), ("?", self.query), ("#", self.fragment)] {
            if let Some(part) = part {
                text.push_str(mark);
                text.push_str(part);
            }
        }
        text
    }

    /// The path; of FTP without the first slash and the type code.
    fn shown_path(&self) -> Option<&'a str> {
        let path = self.path?;
        if !self
            .scheme
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("ftp"))
        {
            return Some(path);
        }
        let path = path.split_once(";type=").map_or(path, |(path, _)| path);
        Some(path.strip_prefix('/').unwrap_or(path))
    }

    /// Port as written, or that of the scheme.
    fn port(&self) -> Option<i64> {
        self.port
            .and_then(|port| port.parse().ok())
            .or_else(|| self.default_port())
    }

    fn default_port(&self) -> Option<i64> {
        match self.scheme.map(str::to_ascii_lowercase).as_deref() {
            Some("http" | "ws") => Some(80),
            Some("https" | "wss") => Some(443),
            Some("ftp") => Some(21),
            Some("ldap") => Some(389),
            Some("ldaps") => Some(636),
            _ => None,
        }
    }
}

/// Whether each `%` has two hexadecimal digits after it.
fn has_valid_escapes(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|part| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}
