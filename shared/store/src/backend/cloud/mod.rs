//! Buckets of other clouds than AWS: where they are, and what their errors mean to who must fix them.

#[cfg(feature = "azure")]
mod azure;
mod credentials;
#[cfg(feature = "gcs")]
mod gcs;
#[cfg(test)]
#[cfg(all(feature = "azure", feature = "gcs"))]
mod tests;

use std::error::Error;

#[cfg(feature = "azure")]
pub(crate) use azure::AzureUrl;
#[cfg(feature = "gcs")]
pub(crate) use gcs::GcsUrl;

use super::credentials::NoCredentials;
use crate::answer;

/// A bucket of a cloud.
#[derive(Clone, Debug)]
pub(crate) struct Cloud {
    provider: &'static Provider,
    /// The bucket's name.
    name: String,
    /// The URL that requests go to.
    endpoint: String,
}

/// What differs from cloud to cloud in the words of errors.
#[derive(Debug)]
struct Provider {
    /// Whose credentials they are.
    owner: &'static str,
    /// What a bucket is called.
    noun: &'static str,
    /// How to give credentials.
    credentials: &'static str,
    /// How to give rights.
    rights: &'static str,
    /// Where to look when nothing answers.
    reach: &'static str,
    /// What an error code means.
    trouble: fn(&str) -> Trouble,
}

/// Errors by who must do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    NoBucket,
    Denied,
    Credentials,
    Busy,
    Other,
}

impl Cloud {
    /// An error in one line: what failed, and what to do.
    pub(crate) fn reason(&self, error: &(dyn Error + 'static)) -> String {
        let Self {
            provider,
            name,
            endpoint,
        } = self;
        let (noun, owner) = (provider.noun, provider.owner);
        if let Some(error) = answer::find::<NoCredentials>(error) {
            return format!(
                "the {owner} credentials for {noun} {name} can't be had: {}; {}",
                answer::root_cause(error),
                provider.credentials
            );
        }
        let text = error.to_string();
        let said = answer::said(error, &text);
        let Some(code) = answer::code_in(&text).or_else(|| answer::code_of_status(&text)) else {
            return match answer::is_missing(error) {
                true => format!(
                    "{noun} {name} can't be reached at {endpoint}: {said}; check the network and {}",
                    provider.reach
                ),
                false => format!("{noun} {name}: {said}"),
            };
        };
        match (provider.trouble)(code) {
            Trouble::NoBucket => format!(
                "there is no {noun} {name} at {endpoint}: check the store's URL, or make the {noun} first"
            ),
            Trouble::Denied => format!(
                "access to {noun} {name} was denied ({said}): {}",
                provider.rights
            ),
            Trouble::Credentials => format!(
                "the {owner} credentials are not valid for {noun} {name} ({code}: {said}): {}",
                provider.credentials
            ),
            Trouble::Busy => {
                format!("{noun} {name} asks to slow down, still after several tries")
            }
            Trouble::Other => format!("{noun} {name} answers {code}: {said}"),
        }
    }
}
