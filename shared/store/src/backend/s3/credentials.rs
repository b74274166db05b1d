//! Credentials of the AWS default chain, for `object_store`.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use tokio::sync::Mutex;

use crate::backend::credentials::NoCredentials;

/// Credentials are fetched anew this long before they expire.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// Those that do not expire may be changed by their owner: they are asked for again after this.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// Keeps credentials until shortly before they expire; many requests wait for one fetch.
pub(super) struct ChainCredentials {
    chain: SharedCredentialsProvider,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    credential: Arc<AwsCredential>,
    fetched: Instant,
    expires: Option<SystemTime>,
}

impl ChainCredentials {
    pub(super) fn new(chain: SharedCredentialsProvider) -> Self {
        Self {
            chain,
            kept: Mutex::new(None),
        }
    }
}

impl Kept {
    fn is_fresh(&self) -> bool {
        match self.expires {
            Some(expires) => SystemTime::now() + EARLY < expires,
            None => self.fetched.elapsed() < KEPT,
        }
    }

    fn is_valid(&self) -> bool {
        self.expires
            .is_none_or(|expires| SystemTime::now() < expires)
    }
}

impl fmt::Debug for ChainCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainCredentials").finish_non_exhaustive()
    }
}

#[async_trait]
impl CredentialProvider for ChainCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_fresh()) {
            return Ok(Arc::clone(&kept.credential));
        }
        match self.chain.provide_credentials().await {
            Ok(found) => {
                let credential = Arc::new(AwsCredential {
                    key_id: found.access_key_id().to_owned(),
                    secret_key: found.secret_access_key().to_owned(),
                    token: found.session_token().map(str::to_owned),
                });
                *kept = Some(Kept {
                    credential: Arc::clone(&credential),
                    fetched: Instant::now(),
                    expires: found.expiry(),
                });
                Ok(credential)
            }
            Err(error) => match kept.as_ref().filter(|kept| kept.is_valid()) {
                Some(kept) => {
                    tracing::warn!(%error, "the AWS credentials can't be renewed yet");
                    Ok(Arc::clone(&kept.credential))
                }
                None => Err(NoCredentials::of("S3", error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_credential_types::Credentials;
    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::future;

    use super::*;

    /// Gives credentials that live for each time in turn; then it fails.
    #[derive(Debug)]
    struct Script(Vec<Option<Duration>>, Arc<AtomicUsize>);

    impl ProvideCredentials for Script {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let call = self.1.fetch_add(1, Ordering::Relaxed);
            future::ProvideCredentials::ready(match self.0.get(call) {
                Some(lifetime) => Ok(Credentials::new(
                    format!("key {call}"),
                    "secret",
                    None,
                    lifetime.map(|lifetime| SystemTime::now() + lifetime),
                    "script",
                )),
                None => Err(CredentialsError::not_loaded("the script ends")),
            })
        }
    }

    async fn keys(lifetimes: Vec<Option<Duration>>, asked: usize) -> (Vec<String>, usize) {
        let calls = Arc::new(AtomicUsize::new(0));
        let script = Script(lifetimes, Arc::clone(&calls));
        let provider = ChainCredentials::new(SharedCredentialsProvider::new(script));
        let mut keys = Vec::new();
        for _ in 0..asked {
            keys.push(match provider.get_credential().await {
                Ok(credential) => credential.key_id.clone(),
                Err(error) => error.to_string(),
            });
        }
        (keys, calls.load(Ordering::Relaxed))
    }

    const HOUR: Option<Duration> = Some(Duration::from_secs(3600));
    const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

    #[tokio::test]
    async fn credentials_are_kept_while_they_are_fresh() {
        assert_eq!(keys(vec![HOUR], 3).await.1, 1);
        assert_eq!(keys(vec![None], 3).await.1, 1);
    }

    #[tokio::test]
    async fn what_expires_soon_is_renewed_and_used_when_that_fails() {
        let (found, calls) = keys(vec![MINUTE, HOUR], 3).await;
        assert_eq!(
            (found.join(", ").as_str(), calls),
            ("key 0, key 1, key 1", 2)
        );
        let (found, calls) = keys(vec![MINUTE], 3).await;
        assert_eq!(
            (found.join(", ").as_str(), calls),
            ("key 0, key 0, key 0", 3)
        );
    }

    #[tokio::test]
    async fn without_credentials_there_is_an_error() {
        let (found, _) = keys(vec![], 1).await;
        assert!(found[0].contains("S3"), "{found:?}");
        let (found, _) = keys(vec![Some(Duration::ZERO)], 2).await;
        assert!(found[1].contains("S3"), "{found:?}");
    }
}
