//! Certificate revocation lists: what is revoked, and the list issued anew.

use std::collections::BTreeMap;

use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevocationReason,
    RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::CertificateRevocationList;

use crate::error::Result;

/// How long a CRL may be used, as Puppet Server sets it: agents fetch it once and may keep it for years.
const LIFETIME: Duration = Duration::days(5 * 365);

/// The authority's own list, as read from its file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crl {
    /// Serial numbers (big-endian, no leading zeros) and when they were revoked.
    pub(crate) revoked: BTreeMap<Vec<u8>, OffsetDateTime>,
    /// The list's number, big-endian.
    pub(crate) number: Vec<u8>,
}

impl Crl {
    /// What a list says.
    pub(crate) fn of(list: &CertificateRevocationList<'_>) -> Self {
        Self {
            revoked: list
                .iter_revoked_certificates()
                .map(|entry| {
                    (
                        trim(entry.raw_serial()).to_vec(),
                        entry.revocation_date.to_datetime(),
                    )
                })
                .collect(),
            number: list
                .crl_number()
                .map(|number| number.to_bytes_be())
                .unwrap_or_default(),
        }
    }

    /// Whether `serial` (big-endian) is on the list.
    pub(crate) fn contains(&self, serial: &[u8]) -> bool {
        self.revoked.contains_key(trim(serial))
    }

    /// Counts the list's number up.
    pub(crate) fn advance(&mut self) {
        for byte in self.number.iter_mut().rev() {
            let (next, carried) = byte.overflowing_add(1);
            *byte = next;
            if !carried {
                return;
            }
        }
        self.number.insert(0, 1);
    }

    /// Signs the list, valid from yesterday (clocks of agents may be behind) for five years; PEM.
    pub(crate) fn sign(
        &self,
        issuer: &Issuer<'_, KeyPair>,
        key_id: &[u8],
        now: OffsetDateTime,
    ) -> Result<String> {
        let number = if self.number.is_empty() {
            &[0_u8]
        } else {
            self.number.as_slice()
        };
        let params = CertificateRevocationListParams {
            this_update: now - Duration::days(1),
            next_update: now + LIFETIME,
            crl_number: SerialNumber::from_slice(number),
            issuing_distribution_point: None,
            revoked_certs: self
                .revoked
                .iter()
                .map(|(serial, when)| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(serial),
                    revocation_time: *when,
                    reason_code: Some(RevocationReason::KeyCompromise),
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::PreSpecified(key_id.to_vec()),
        };
        Ok(params.signed_by(issuer)?.pem()?)
    }
}

/// A big-endian number without leading zeros.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_grows_by_one_and_carries() {
        let mut crl = Crl::default();
        crl.advance();
        assert_eq!(crl.number, [1]);
        crl.number = vec![0xff];
        crl.advance();
        assert_eq!(crl.number, [1, 0]);
    }

    #[test]
    fn serials_compare_without_leading_zeros() {
        let mut crl = Crl::default();
        crl.revoked.insert(vec![0x80], OffsetDateTime::UNIX_EPOCH);
        assert!(crl.contains(&[0, 0x80]));
        assert!(!crl.contains(&[8]));
    }
}
