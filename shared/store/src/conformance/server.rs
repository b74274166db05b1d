//! The S3 server that tests are given by their environment.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use uuid::Uuid;

use crate::Store;
use crate::backend::S3Url;

pub(crate) async fn settings() -> SdkConfig {
    let endpoint = std::env::var("BUNRAKU_TEST_ENDPOINT").expect("BUNRAKU_TEST_ENDPOINT is set");
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .load()
        .await
}

pub(crate) async fn client() -> Client {
    let settings = Builder::from(&settings().await).force_path_style(true);
    Client::from_conf(settings.build())
}

/// A bucket of one's own; its name.
pub(crate) async fn bucket() -> String {
    let name = format!("conformance-{}", Uuid::new_v4());
    let created = client().await.create_bucket().bucket(&name).send().await;
    created.expect("a bucket is made");
    name
}

/// What lies at `s3://` and `rest`, on a server that must show that it knows conditions.
pub(crate) async fn open(rest: &str) -> Store {
    let url = S3Url::parse(rest).unwrap();
    let objects = url.connect(&settings().await).await.unwrap();
    Store::over(Arc::new(objects.untried()))
}

/// A store in a part of a bucket of its own.
pub(crate) async fn store() -> Store {
    open(&format!("{}/a/prefix", bucket().await)).await
}
