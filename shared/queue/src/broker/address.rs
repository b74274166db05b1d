//! `SCHEME://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]]...[/PATH][?prefix=NAME&cacertfile=FILE]`

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::QueueError;

/// The prefix of a farm's queues that a URL does not name.
const DEFAULT_PREFIX: &str = "bunraku";
const LONGEST_PREFIX: usize = 80;
/// The schemes of encrypted connections.
const ENCRYPTED: [&str; 2] = ["amqps", "tls"];

/// Where a broker is, and under which prefix a farm's queues are there.
#[derive(Clone)]
pub(crate) struct Address {
    /// Without `://`.
    pub(crate) scheme: String,
    /// User (or token) and password, decoded.
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// Each may have a port; any of them is the broker.
    pub(crate) hosts: Vec<String>,
    /// After the first `/`, as it stands; empty when there is none.
    pub(crate) path: String,
    pub(crate) prefix: String,
    /// A PEM file of the authorities that brokers' certificates are believed by; those that the
    /// system knows when there is none.
    pub(crate) authority: Option<PathBuf>,
}

/// The password is for the broker alone, never for logs.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}/{}", self.prefix)
    }
}

/// Scheme and hosts.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.hosts.join(","))
    }
}

impl Address {
    /// Reads a URL. Errors do not repeat it, for it may hold a password.
    pub(crate) fn parse(url: &str) -> Result<Self, QueueError> {
        let invalid = |what: &str| QueueError::Invalid {
            reason: format!(
                "the queue's URL {what}: its form is \
                 SCHEME://[USER:PASSWORD@]HOST[:PORT][,HOST...][/PATH][?prefix=NAME&cacertfile=FILE]"
            ),
        };
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| invalid("has no scheme"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (userinfo, hosts) = match authority.rsplit_once('@') {
            Some((userinfo, hosts)) => (Some(userinfo), hosts),
            None => (None, authority),
        };
        let hosts: Vec<String> = hosts.split(',').map(str::to_owned).collect();
        for host in &hosts {
            let plain = url::Url::parse(&format!("{scheme}://{host}"));
            if host.is_empty() || !plain.is_ok_and(|url| url.has_host()) {
                return Err(invalid("has a host that is none"));
            }
        }
        let mut prefix = DEFAULT_PREFIX.to_owned();
        let mut authority = None;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "prefix" if is_prefix(&value) => prefix = value.into_owned(),
                "prefix" => {
                    return Err(invalid(
                        "has a prefix that is none (letters, digits, `-` and `_`)",
                    ));
                }
                // As in RabbitMQ's own URLs.
                "cacertfile" if ENCRYPTED.contains(&scheme) => {
                    authority = Some(PathBuf::from(value.into_owned()));
                }
                "cacertfile" => {
                    return Err(invalid(
                        "has a cacertfile, but is not of an encrypted connection (amqps://, tls://)",
                    ));
                }
                _ => return Err(invalid("has a parameter that is not known")),
            }
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = match userinfo.map(|info| info.split_once(':').ok_or(info)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(decoded(user)), Some(decoded(password))),
            Some(Err(user)) => (Some(decoded(user)), None),
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            user,
            password,
            hosts,
            path: path.to_owned(),
            prefix,
            authority,
        })
    }

    /// The certificates of `authority`; none without such a file.
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, QueueError> {
        let Some(file) = &self.authority else {
            return Ok(Vec::new());
        };
        let invalid = |error: String| QueueError::Invalid {
            reason: format!("the queue's cacertfile {}: {error}", file.display()),
        };
        let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
        let certificates: Vec<_> = read.map_err(|error| invalid(error.to_string()))?;
        if certificates.is_empty() {
            return Err(invalid("there is no certificate in it".to_owned()));
        }
        Ok(certificates)
    }
}

fn is_prefix(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=LONGEST_PREFIX).contains(&text.len()) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_path_and_prefix_are_taken_apart() {
        let address =
            Address::parse("amqp://me:s%40e@cret@a:1,[::1]:2/farm%2Fone?prefix=test").unwrap();
        assert_eq!(address.hosts, ["a:1", "[::1]:2"]);
        assert_eq!(address.user.as_deref(), Some("me"));
        assert_eq!(address.password.as_deref(), Some("s@e@cret"));
        assert_eq!((&*address.path, &*address.prefix), ("farm%2Fone", "test"));
        let plain = Address::parse("nats://localhost").unwrap();
        assert_eq!((plain.user, &*plain.prefix), (None, "bunraku"));
    }

    #[test]
    fn a_sites_own_authority_is_a_file_of_certificates() {
        let address = |file: &str| {
            let url = format!(
                "amqps://a?prefix=test&cacertfile={}",
                file.replace(' ', "%20")
            );
            Address::parse(&url).unwrap()
        };
        assert_eq!(Address::parse("tls://a").unwrap().authority, None);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a file.pem");
        let file = file.to_str().unwrap();
        let missing = address(file).certificates().unwrap_err().to_string();
        assert!(missing.contains("a file.pem: "), "{missing}");
        std::fs::write(file, "no certificate").unwrap();
        let empty = address(file).certificates().unwrap_err().to_string();
        assert!(empty.contains("no certificate in it"), "{empty}");
    }

    #[test]
    fn neither_errors_nor_debug_output_tell_the_password() {
        let address = Address::parse("amqp://me:secret@a").unwrap();
        assert!(!format!("{address:?} {address}").contains("secret"));
        for url in [
            "amqp://me:secret@",
            "amqp://me:secret@a,,b",
            "amqp://me:secret@a?prefix=a.b",
            "amqp://me:secret@a?heartbeat=1",
            "amqp://me:secret@a:port",
            "amqp://me:secret@a?cacertfile=ca.pem",
        ] {
            let error = Address::parse(url).unwrap_err();
            assert!(matches!(error, QueueError::Invalid { .. }), "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
