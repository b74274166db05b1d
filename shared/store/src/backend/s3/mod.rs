//! S3: what a URL names, and how requests are sent.

mod credentials;
pub(super) mod failure;
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
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::{Position, Url};

use super::Objects;
use crate::bucket::Place;
use crate::{Bucket, StoreError};
use credentials::ChainCredentials;

/// A connection must stand after this time.
const CONNECT: Duration = Duration::from_secs(3);
/// An answer must come, and go on, after this time. With [`RETRYING`] it bounds a call to less
/// than the minute that a function has.
const ANSWER: Duration = Duration::from_secs(20);
/// After this time no request is sent again.
const RETRYING: Duration = Duration::from_secs(20);
/// S3 closes connections that are idle for some 20 s; earlier is safer than a lost request.
const IDLE: Duration = Duration::from_secs(10);
/// A request of the bucket's own verbs ends after this time.
const VERB: Duration = Duration::from_secs(10);

/// `s3://BUCKET[/PREFIX]`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct S3Url {
    bucket: String,
    /// Without slashes at its ends; empty for the whole bucket.
    prefix: String,
}

impl S3Url {
    /// Reads what stands behind `s3://`.
    pub(crate) fn parse(rest: &str) -> Result<Self, StoreError> {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let simple = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bucket_fits = (3..=63).contains(&bucket.len())
            && bucket.bytes().all(|b| simple(b) || b == b'-' || b == b'.')
            && bucket.bytes().next().is_some_and(simple)
            && bucket.bytes().last().is_some_and(simple);
        let prefix_fits = prefix.is_empty()
            || prefix.split('/').all(|part| {
                !part.is_empty()
                    && part != "."
                    && part != ".."
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            });
        if !bucket_fits || !prefix_fits {
            let shown: String = rest.chars().take(100).collect();
            return Err(StoreError::invalid(format!(
                "\"s3://{shown}\" is no store: it must be s3://BUCKET or s3://BUCKET/PREFIX, \
                 the prefix of letters, digits, '-', '_', '.' and '/'"
            )));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The objects there, reached as the environment, the profile or the machine says. No request
    /// is sent to S3 yet.
    pub(crate) async fn open(&self) -> Result<Objects, StoreError> {
        let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
        self.connect(&sdk).await
    }

    /// [`S3Url::open`] with settings that are loaded already.
    pub(crate) async fn connect(&self, sdk: &SdkConfig) -> Result<Objects, StoreError> {
        let Some(region) = sdk.region() else {
            return Err(StoreError::invalid(format!(
                "the region of bucket {} is not known: set AWS_REGION, or a region in the profile",
                self.bucket
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
            bucket: self.bucket.clone(),
            region: region.to_string(),
            endpoint: endpoint.url.to_string(),
        };
        let s3 = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(region.to_string())
            // The bucket is in it, as host or as path: that is called virtual-hosted here.
            .with_endpoint(endpoint.url.as_str().trim_end_matches('/'))
            .with_virtual_hosted_style_request(true)
            .with_credentials(Arc::new(ChainCredentials::new(chain)))
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_disable_bulk_delete(true)
            .with_client_options(
                ClientOptions::new()
                    .with_allow_http(true)
                    .with_connect_timeout(CONNECT)
                    // For progress, not for the whole: bundles may take their time.
                    .with_timeout_disabled()
                    .with_read_timeout(ANSWER)
                    .with_pool_idle_timeout(IDLE),
            )
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(100),
                    max_backoff: Duration::from_secs(4),
                    base: 2.0,
                },
                max_retries: 10,
                retry_timeout: RETRYING,
            })
            .build()
            .map_err(|error| {
                StoreError::invalid(format!(
                    "bucket {} can't be used: {}",
                    self.bucket,
                    place.reason(&error, None)
                ))
            })?;
        let store: Arc<dyn ObjectStore> = if self.prefix.is_empty() {
            Arc::new(s3)
        } else {
            Arc::new(PrefixStore::new(s3, self.prefix.as_str()))
        };
        let client = Client::from_conf(settings.force_path_style(endpoint.path_style).build());
        let bucket = Bucket::new(client, place, &self.prefix);
        Ok(Objects::over(store, Some(bucket)))
    }

    /// Where the bucket is, as the SDK resolves it: its rules know environment variables, profiles,
    /// FIPS, dual stack and all partitions. A URL that is signed for show says it without a
    /// request.
    async fn endpoint(&self, settings: &Builder) -> Result<Endpoint, StoreError> {
        let unsigned = Credentials::new("none", "none", None, None, "endpoint");
        let settings = settings.clone().credentials_provider(unsigned);
        let virtual_hosted = self.signed_for_show(settings.clone()).await?;
        let is_aws = virtual_hosted
            .host_str()
            .is_some_and(|host| AWS.iter().any(|suffix| host.ends_with(suffix)));
        if is_aws {
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
                self.bucket,
                Place::root_cause(error)
            ))
        };
        let expires = PresigningConfig::builder()
            .start_time(SystemTime::UNIX_EPOCH)
            .expires_in(Duration::from_secs(1))
            .build()
            .map_err(|error| refused(&error))?;
        let signed = Client::from_conf(settings.build())
            .get_object()
            .bucket(&self.bucket)
            .key("x")
            .presigned(expires)
            .await
            .map_err(|error| refused(&error))?;
        let url = Url::parse(signed.uri()).map_err(|error| refused(&error))?;
        let bucket = url[..Position::AfterPath].trim_end_matches('x');
        Url::parse(bucket).map_err(|error| refused(&error))
    }
}

/// Where hosts are AWS's own, with a name for each bucket.
const AWS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];

struct Endpoint {
    /// With the bucket in it and a `/` at its end.
    url: Url,
    path_style: bool,
}

/// What the bucket's own verbs are sent with.
fn settings(sdk: &SdkConfig) -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(VERB)
        .operation_timeout(ANSWER)
        .build();
    Builder::from(sdk)
        .timeout_config(timeouts)
        .retry_config(SdkRetryConfig::standard().with_max_attempts(4))
        // Signed payloads are checked already; not every server knows the other checksums.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}
