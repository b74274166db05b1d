//! The certificate authority, CRLs, who a client is.
//!
//! [`Ca`] is Puppet's certificate authority in a directory with the layout of Puppet Server's `cadir`: it takes
//! requests, signs them (by hand or by [`Autosign`]), revokes, and lists. [`Trust`] is what is known of an authority
//! without its key, here ([`Ca::trust`]) or elsewhere ([`Trust::open`]): its certificates and revocation lists.
//! [`ServerTls`] makes the TLS settings of the edge from it, and [`Identity`] says who a client is by the certificate
//! that TLS has verified.
//!
//! Rules and texts are those of Puppet Server's `certificate_authority.clj`, so that agents and the tools around
//! them see nothing new. Nothing here does I/O outside the authority's own directory; files are written whole,
//! keys readable by their owner alone, and one lock file keeps writers of several processes apart.

mod authority;
mod autosign;
mod bundle;
mod crl;
mod csr;
mod dir;
mod error;
mod identity;
mod issue;
mod name;
pub mod oid;
mod pem;
mod source;
mod status;
mod tls;
mod trust;

pub use authority::{Ca, CaOptions, Credentials, Submission};
pub use autosign::Autosign;
pub use bundle::CrlBundle;
pub use error::{PkiError, Result};
pub use identity::Identity;
pub use name::is_valid_certname;
pub use source::PemSource;
pub use status::{CertificateState, CertificateStatus};
pub use tls::ServerTls;
pub use trust::Trust;
