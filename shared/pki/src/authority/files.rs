//! The files of an authority, in the layout of Puppet Server's `cadir`.

use rcgen::{KeyPair, RsaKeySize};
use time::{Duration, OffsetDateTime};

use super::options::CaOptions;
use crate::crl::Crl;
use crate::dir::{Access, Dir};
use crate::error::{PkiError, Result};
use crate::issue;
use crate::status::show_time;

pub(super) const CA_CERTIFICATE: &str = "ca_crt.pem";
pub(super) const CA_KEY: &str = "ca_key.pem";
pub(super) const CA_CRL: &str = "ca_crl.pem";
const SERIAL: &str = "serial";
pub(super) const INVENTORY: &str = "inventory.txt";
/// Lifetime of the CA and of every certificate, Puppet's default `ca_ttl`.
pub(super) const LIFETIME: Duration = Duration::days(5 * 365);

/// Makes the files of a new authority.
pub(super) fn create(dir: &Dir, options: &CaOptions) -> Result<()> {
    if dir.read(CA_KEY)?.is_some() && !dir.names("signed")?.is_empty() {
        return Err(PkiError::damaged(
            CA_CERTIFICATE,
            "missing, though the authority has a key and has signed certificates",
        ));
    }
    // RSA, since old agents take nothing else; 2048 bits are made in about 0.1 s, more would be felt at the first
    // start and outlive the certificate's five years for nothing.
    let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let key_pem = key.serialize_pem();
    let now = OffsetDateTime::now_utc();
    let certificate = issue::root(&options.name, &key, now, LIFETIME)?;
    let (issuer, key_id) = issue::issuer(certificate.der(), key)?;
    let crl = Crl::default().sign(&issuer, &key_id, now)?;
    dir.write(CA_KEY, &key_pem, Access::Secret)?;
    dir.write(CA_CRL, &crl, Access::Public)?;
    dir.write(SERIAL, "0002", Access::Public)?;
    dir.write(
        INVENTORY,
        &inventory_line(1, now, &options.name),
        Access::Public,
    )?;
    dir.write(CA_CERTIFICATE, &certificate.pem(), Access::Public)
}

/// Takes the next serial number; the file holds it in hexadecimal, as Puppet's does.
pub(super) fn next_serial(dir: &Dir) -> Result<u64> {
    let text = dir.require(SERIAL)?;
    let damaged = || PkiError::damaged(SERIAL, "not a hexadecimal number");
    let serial = u64::from_str_radix(text.trim(), 16).map_err(|_| damaged())?;
    let next = serial.checked_add(1).ok_or_else(damaged)?;
    dir.write(SERIAL, &format!("{next:04X}"), Access::Public)?;
    Ok(serial)
}

/// A line of Puppet's inventory: serial, first and last moment, name.
pub(super) fn inventory_line(serial: u64, now: OffsetDateTime, name: &str) -> String {
    let from = show_time(now - Duration::days(1));
    let to = show_time(now + LIFETIME);
    format!("0x{serial:04x} {from} {to} /CN={name}\n")
}

pub(super) fn signed_file(certname: &str) -> String {
    format!("signed/{certname}.pem")
}

pub(super) fn request_file(certname: &str) -> String {
    format!("requests/{certname}.pem")
}
