//! Google Cloud Storage, by its XML API.

use std::sync::Arc;

use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

use super::credentials::Named;
use super::{Cloud, Provider, Trouble};
use crate::StoreError;
use crate::backend::address::{Address, is_name};
use crate::backend::objects::{Home, Objects};
use crate::backend::transport;

static GOOGLE: Provider = Provider {
    owner: "Google",
    noun: "bucket",
    credentials: "set GOOGLE_APPLICATION_CREDENTIALS to a credentials file, log in with `gcloud auth \
                  application-default login`, or run where a service account is attached",
    rights: "give this account the role Storage Object User in the bucket",
    reach: "GOOGLE_BASE_URL",
    trouble,
};

/// Where buckets are, if the environment does not say.
const ENDPOINT: &str = "https://storage.googleapis.com";

/// `gs://BUCKET[/PREFIX]`, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct GcsUrl(Address);

impl GcsUrl {
    /// Reads what stands behind `gs://`.
    pub(crate) fn parse(rest: &str) -> Result<Self, StoreError> {
        Address::parse("gs://BUCKET", rest, |name| is_name(name, 3..=222, b"-_.")).map(Self)
    }

    /// The objects there, with the credentials of the environment or the machine. No request is
    /// sent yet.
    pub(crate) fn open(&self) -> Result<Objects, StoreError> {
        self.connect(GoogleCloudStorageBuilder::from_env())
    }

    /// [`GcsUrl::open`] with settings that are loaded already.
    pub(crate) fn connect(
        &self,
        settings: GoogleCloudStorageBuilder,
    ) -> Result<Objects, StoreError> {
        let endpoint = settings.get_config_value(&GoogleConfigKey::BaseUrl);
        let cloud = Cloud {
            provider: &GOOGLE,
            name: self.0.bucket.clone(),
            endpoint: endpoint.unwrap_or_else(|| ENDPOINT.to_owned()),
        };
        let settings = settings
            .with_bucket_name(&self.0.bucket)
            .with_client_options(transport::client())
            .with_retry(transport::retries());
        let unusable = |error| {
            StoreError::invalid(format!(
                "bucket {} can't be used: {}",
                self.0.bucket,
                crate::answer::root_cause(&error)
            ))
        };
        let found = settings.clone().build().map_err(unusable)?;
        let credentials = Arc::new(Named::new("GCS", found.credentials()));
        let bucket = settings.with_credentials(credentials).build();
        let store = self.0.within(bucket.map_err(unusable)?);
        Ok(Objects::over(store, Home::Cloud(cloud)).by_generation())
    }
}

/// By Google's documentation of the XML API's errors.
fn trouble(code: &str) -> Trouble {
    match code {
        "NoSuchBucket" => Trouble::NoBucket,
        "AccessDenied" | "UserProjectAccountProblem" => Trouble::Denied,
        "AuthenticationRequired" | "ExpiredToken" | "InvalidToken" | "InvalidSecurity" => {
            Trouble::Credentials
        }
        "SlowDown" | "TooManyRequests" | "ServiceUnavailable" => Trouble::Busy,
        _ => Trouble::Other,
    }
}
