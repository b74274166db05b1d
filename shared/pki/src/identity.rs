//! Who a client is, by its certificate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::csr::only_common_name;
use crate::error::{PkiError, Result};
use crate::oid;

/// A client whose certificate the TLS handshake has verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The certificate's common name.
    pub certname: String,
    /// Puppet's extensions by short name, or by dotted identifier where Puppet has none: `$trusted['extensions']`.
    pub extensions: BTreeMap<String, String>,
    /// The name of the certificate's issuer, DER: serial numbers are of one issuer.
    pub issuer: Vec<u8>,
    /// The certificate's serial number, big-endian.
    pub serial: Vec<u8>,
}

impl Identity {
    /// Reads a certificate. It must have been verified already: nothing is checked here.
    ///
    /// # Errors
    /// When it can't be read or its subject is not one common name.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let (_, certificate) = X509Certificate::from_der(der)
            .map_err(|error| PkiError::damaged("the client's certificate", error))?;
        let certname = only_common_name(certificate.subject())
            .or_else(|| {
                // Certificates of other CAs may have more in their subject; Puppet goes by the common name.
                let mut names = certificate.subject().iter_common_name();
                let name = names.next()?.as_str().ok()?.to_owned();
                names.next().is_none().then_some(name)
            })
            .ok_or_else(|| PkiError::damaged("the client's certificate", "no common name"))?;
        let extensions = certificate
            .iter_extensions()
            .map(|extension| (extension.oid.to_id_string(), extension.value))
            .filter(|(id, _)| oid::is_puppet(id))
            .map(|(id, value)| (oid::short_name(&id).to_owned(), extension_value(value)))
            .collect();
        Ok(Self {
            certname,
            extensions,
            issuer: certificate.issuer().as_raw().to_vec(),
            serial: certificate.raw_serial().to_vec(),
        })
    }

    /// Whether the certificate carries `pp_cli_auth = true`: it may administer the authority, as with Puppet Server.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.extensions
            .get(oid::PP_CLI_AUTH)
            .is_some_and(|value| value == "true")
    }
}

/// The text of an extension's value: a DER string's content, or else the bytes as they are (old agents wrote
/// them so, PUP-3560).
pub(crate) fn extension_value(value: &[u8]) -> String {
    let content = der_string(value).unwrap_or(value);
    String::from_utf8_lossy(content).into_owned()
}

fn der_string(value: &[u8]) -> Option<&[u8]> {
    let (tag, rest) = value.split_first()?;
    // UTF8String, PrintableString, TeletexString, IA5String, VisibleString.
    if !matches!(tag, 0x0c | 0x13 | 0x14 | 0x16 | 0x1a) {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (length, content) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count > 4 {
            return None;
        }
        let bytes = rest.get(..count)?;
        let length = bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        (length, rest.get(count..)?)
    };
    (content.len() == length).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_der_strings_or_plain_bytes() {
        assert_eq!(extension_value(b"\x0c\x03web"), "web");
        assert_eq!(extension_value(b"web"), "web");
        assert_eq!(extension_value(b"\x0c\x09web"), "\x0c\tweb");
        let long = "x".repeat(300);
        assert_eq!(extension_value(&crate::issue::utf8_string(&long)), long);
        assert_eq!(extension_value(b""), "");
    }
}
