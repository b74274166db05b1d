//! S3: what a URL names, and how requests are sent.

mod credentials;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig as SdkRetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, Credentials, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::presigning::PresigningConfig;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use url::{Position, Url};

use super::Backend as _;
use super::address::{Address, is_name};
use super::objects::{Home, Objects};
use super::transport;
use crate::bucket::Place;
use crate::{Bucket, StoreError, answer};
use credentials::ChainCredentials;

/// A request of the bucket's own verbs ends after this time.
const VERB: Duration = Duration::from_secs(10);

/// `s3://BUCKET[/PREFIX]`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct S3Url(Address);

impl S3Url {
    /// Reads what stands behind `s3://`.
    pub(crate) fn parse(rest: &str) -> Result<Self, StoreError> {
        Address::parse("s3://BUCKET", rest, |name| is_name(name, 3..=63, b"-.")).map(Self)
    }

    /// The objects there, reached as the environment, the profile or the machine says. No request
    /// is sent to S3 yet. Another server than AWS's must show before the first write that it knows the
    /// conditions of writes.
    pub(crate) async fn open(&self) -> Result<Objects, StoreError> {
        let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let objects = self.connect(&sdk).await?;
        let endpoint = objects.bucket().map(|bucket| &bucket.place().endpoint);
        let on_aws = endpoint.is_some_and(|url| Url::parse(url).is_ok_and(|url| is_aws(&url)));
        Ok(if on_aws { objects } else { objects.untried() })
    }

    /// [`S3Url::open`] with settings that are loaded already.
    pub(crate) async fn connect(&self, sdk: &SdkConfig) -> Result<Objects, StoreError> {
        let Some(region) = sdk.region() else {
            return Err(StoreError::invalid(format!(
                "the region of bucket {} is not known: set AWS_REGION, or a region in the profile",
                self.0.bucket
            )));
        };
        let Some(chain) = sdk.credentials_provider() else {
            return Err(StoreError::invalid(
                "the AWS settings switch credentials off; a store needs them",
            ));
        };
        let settings = settings(sdk);
        let endpoint = self.endpoint(&settings).await?;
        let place = Place {
            bucket: self.0.bucket.clone(),
            region: region.to_string(),
            endpoint: endpoint.url.to_string(),
        };
        let s3 = AmazonS3Builder::new()
            .with_bucket_name(&self.0.bucket)
            .with_region(region.to_string())
            // The bucket is in it, as host or as path: that is called virtual-hosted here.
            .with_endpoint(endpoint.url.as_str().trim_end_matches('/'))
            .with_virtual_hosted_style_request(true)
            .with_credentials(Arc::new(ChainCredentials::new(chain)))
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_disable_bulk_delete(true)
            .with_client_options(transport::client())
            .with_retry(transport::retries())
            .build()
            .map_err(|error| {
                StoreError::invalid(format!(
                    "bucket {} can't be used: {}",
                    self.0.bucket,
                    place.reason(&error, None)
                ))
            })?;
        let client = Client::from_conf(settings.force_path_style(endpoint.path_style).build());
        let bucket = Bucket::new(client, place, &self.0.prefix);
        Ok(Objects::over(self.0.within(s3), Home::S3(bucket)))
    }

    /// Where the bucket is, as the SDK resolves it: its rules know environment variables, profiles,
    /// FIPS, dual stack and all partitions. A URL that is signed for show says it without a
    /// request.
    async fn endpoint(&self, settings: &Builder) -> Result<Endpoint, StoreError> {
        let unsigned = Credentials::new("none", "none", None, None, "endpoint");
        let settings = settings.clone().credentials_provider(unsigned);
        let virtual_hosted = self.signed_for_show(settings.clone()).await?;
        if is_aws(&virtual_hosted) {
            return Ok(Endpoint {
                url: virtual_hosted,
                path_style: false,
            });
        }
        // Other servers seldom have a host name for each bucket.
        Ok(Endpoint {
            url: self
                .signed_for_show(settings.force_path_style(true))
                .await?,
            path_style: true,
        })
    }

    async fn signed_for_show(&self, settings: Builder) -> Result<Url, StoreError> {
        let refused = |error: &(dyn std::error::Error + 'static)| {
            StoreError::invalid(format!(
                "the endpoint of bucket {} is not known: {}",
                self.0.bucket,
                answer::root_cause(error)
            ))
        };
        let expires = PresigningConfig::builder()
            .start_time(SystemTime::UNIX_EPOCH)
            .expires_in(Duration::from_secs(1))
            .build()
            .map_err(|error| refused(&error))?;
        let signed = Client::from_conf(settings.build())
            .get_object()
            .bucket(&self.0.bucket)
            .key("x")
            .presigned(expires)
            .await
            .map_err(|error| refused(&error))?;
        let url = Url::parse(signed.uri()).map_err(|error| refused(&error))?;
        let bucket = url[..Position::AfterPath].trim_end_matches('x');
        Url::parse(bucket).map_err(|error| refused(&error))
    }
}

/// Whether a host is AWS's own, with a name for each bucket.
fn is_aws(url: &Url) -> bool {
    let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
    url.host_str()
        .is_some_and(|host| suffixes.iter().any(|suffix| host.ends_with(suffix)))
}

struct Endpoint {
    /// With the bucket in it and a `/` at its end.
    url: Url,
    path_style: bool,
}

/// What the bucket's own verbs are sent with.
fn settings(sdk: &SdkConfig) -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(transport::CONNECT)
        .operation_attempt_timeout(VERB)
        .operation_timeout(transport::ANSWER)
        .build();
    Builder::from(sdk)
        .timeout_config(timeouts)
        .retry_config(SdkRetryConfig::standard().with_max_attempts(4))
        // Signed payloads are checked already; not every server knows the other checksums.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}
