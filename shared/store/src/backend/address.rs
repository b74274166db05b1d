//! What stands behind the `://` of a bucket's URL: `BUCKET[/PREFIX]`.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::prefix::PrefixStore;

use crate::StoreError;

/// A bucket, and the part of it that is the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) bucket: String,
    /// Without slashes at its ends; empty for the whole bucket.
    pub(super) prefix: String,
}

impl Address {
    /// Takes `rest` apart. `form` is the URL's form without a prefix, for the error, such as
    /// `s3://BUCKET`; `fits` says whether a bucket can have a name.
    pub(super) fn parse(
        form: &str,
        rest: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<Self, StoreError> {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let prefix_fits = prefix.is_empty()
            || prefix.split('/').all(|part| {
                !part.is_empty()
                    && part != "."
                    && part != ".."
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            });
        if !fits(bucket) || !prefix_fits {
            let scheme = form.split(':').next().unwrap_or_default();
            let shown: String = rest.chars().take(100).collect();
            return Err(StoreError::invalid(format!(
                "\"{scheme}://{shown}\" is no store: it must be {form} or {form}/PREFIX, \
                 the prefix of letters, digits, '-', '_', '.' and '/'"
            )));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The part of a bucket that is the store.
    pub(super) fn within(&self, bucket: impl ObjectStore) -> Arc<dyn ObjectStore> {
        if self.prefix.is_empty() {
            Arc::new(bucket)
        } else {
            Arc::new(PrefixStore::new(bucket, self.prefix.as_str()))
        }
    }
}

/// Whether a name has `length` bytes, all small letters, digits or in `others`, and begins and ends with
/// a letter or a digit.
pub(super) fn is_name(
    name: &str,
    length: impl std::ops::RangeBounds<usize>,
    others: &[u8],
) -> bool {
    let simple = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    length.contains(&name.len())
        && name.bytes().all(|b| simple(b) || others.contains(&b))
        && name.bytes().next().is_some_and(simple)
        && name.bytes().last().is_some_and(simple)
}
