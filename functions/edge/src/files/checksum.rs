//! Checksums that agents may ask for.

use aws_lc_rs::digest;
use bunraku_farm::Digest;
use md5::{Digest as _, Md5};

/// A kind of checksum (puppet/util/checksums.rb).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ChecksumType {
    Md5,
    Md5Lite,
    Sha1,
    Sha1Lite,
    Sha224,
    Sha256,
    Sha256Lite,
    Sha384,
    Sha512,
    Ctime,
    Mtime,
    None,
}

/// How much of a file the `lite` kinds look at, in bytes.
const LITE: usize = 512;
/// A release has no times of its own; agents don't compare those of directories.
const TIME: &str = "1970-01-01 00:00:00 +0000";

impl ChecksumType {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        const ALL: [ChecksumType; 12] = [
            ChecksumType::Md5,
            ChecksumType::Md5Lite,
            ChecksumType::Sha1,
            ChecksumType::Sha1Lite,
            ChecksumType::Sha224,
            ChecksumType::Sha256,
            ChecksumType::Sha256Lite,
            ChecksumType::Sha384,
            ChecksumType::Sha512,
            ChecksumType::Ctime,
            ChecksumType::Mtime,
            ChecksumType::None,
        ];
        ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Md5Lite => "md5lite",
            Self::Sha1 => "sha1",
            Self::Sha1Lite => "sha1lite",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha256Lite => "sha256lite",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Ctime => "ctime",
            Self::Mtime => "mtime",
            Self::None => "none",
        }
    }

    /// The checksum's text when it follows without the content.
    pub(crate) fn known(self, sha256: Digest) -> Option<String> {
        match self {
            Self::Sha256 => Some(sha256.to_hex()),
            Self::Ctime | Self::Mtime => Some(TIME.to_owned()),
            Self::None => Some(String::new()),
            _ => None,
        }
    }

    /// The checksum's text for some content.
    pub(crate) fn of(self, content: &[u8]) -> String {
        let lite = content.get(..LITE).unwrap_or(content);
        let sha = |algorithm, content: &[u8]| hex::encode(digest::digest(algorithm, content));
        match self {
            Self::Md5 => hex::encode(Md5::digest(content)),
            Self::Md5Lite => hex::encode(Md5::digest(lite)),
            Self::Sha1 => sha(&digest::SHA1_FOR_LEGACY_USE_ONLY, content),
            Self::Sha1Lite => sha(&digest::SHA1_FOR_LEGACY_USE_ONLY, lite),
            Self::Sha224 => sha(&digest::SHA224, content),
            Self::Sha256 => sha(&digest::SHA256, content),
            Self::Sha256Lite => sha(&digest::SHA256, lite),
            Self::Sha384 => sha(&digest::SHA384, content),
            Self::Sha512 => sha(&digest::SHA512, content),
            Self::Ctime | Self::Mtime => TIME.to_owned(),
            Self::None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        assert_eq!(
            ChecksumType::parse("sha256lite"),
            Some(ChecksumType::Sha256Lite)
        );
        assert_eq!(ChecksumType::parse("crc"), None);
    }

    /// Values from `md5sum` and `sha1sum` of an empty file.
    #[test]
    fn checksums_of_nothing_are_the_published_ones() {
        assert_eq!(
            ChecksumType::Md5.of(b""),
            "d41d8cd98f00b204e9800998ecf8427e"
        );
        assert_eq!(
            ChecksumType::Sha1.of(b""),
            "da39a3ee5e6b4b0d3255bfef95601890afd80709"
        );
    }
}
