//! Whether a server knows the conditions of writes: one that passes over them would lose updates.

use object_store::PutMode;
use tokio::sync::OnceCell;

use super::Objects;
use crate::{StoreError, Version};

/// The object that conditions are tried on. It stays: a process that finds it has less to try.
const PROBE: &str = "probe/conditions";

/// No object's `ETag`.
const NO_STATE: &str = "\"00000000000000000000000000000000\"";

impl Objects {
    /// A store whose server must show before the first write that it knows conditions.
    pub(crate) fn untried(self) -> Self {
        Self {
            untried: Some(OnceCell::new()),
            ..self
        }
    }

    /// Tries the conditions, once, unless the server is known to know them.
    pub(super) async fn try_conditions(&self) -> Result<(), StoreError> {
        match &self.untried {
            Some(tried) => tried.get_or_try_init(|| self.must_refuse()).await.copied(),
            None => Ok(()),
        }
    }

    async fn must_refuse(&self) -> Result<(), StoreError> {
        // The first write of all is right.
        if self.puts(PutMode::Create).await? && self.puts(PutMode::Create).await? {
            return Err(ignored("If-None-Match"));
        }
        let stale = self.state.condition(&Version(NO_STATE.to_owned()));
        if self.puts(PutMode::Update(stale)).await? {
            return Err(ignored("If-Match"));
        }
        Ok(())
    }

    async fn puts(&self, mode: PutMode) -> Result<bool, StoreError> {
        let put = self.put(PROBE, "".into(), mode, false).await?;
        Ok(put.is_some())
    }
}

fn ignored(header: &str) -> StoreError {
    StoreError::invalid(format!(
        "the store's server passes over {header} of a PUT, so that updates would get lost: it must know \
         conditional writes, as S3 and newer versions of MinIO do"
    ))
}
