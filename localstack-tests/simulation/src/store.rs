//! The store as a process reaches it.

use std::io::{Cursor, Read};
use std::sync::Arc;

use async_trait::async_trait;
use bunraku_store::{Backend, Head, Listed, StoreError, Version};
use bytes::Bytes;

use crate::bill::Request;
use crate::objects::Objects;
use crate::process::{Process, Refused};
use crate::witness::Witness;

/// So many names are in one answer to a listing.
const PAGE: usize = 1000;

/// One process's way to the store's objects.
#[derive(Debug)]
pub(crate) struct StoreLink(pub(crate) Arc<Process>);

impl StoreLink {
    async fn perform<R>(
        &self,
        key: &str,
        request: Request,
        effect: impl FnOnce(&mut Objects, &mut Witness) -> R,
    ) -> Result<R, StoreError> {
        let refused = |Refused(reason)| StoreError::Unavailable {
            key: key.to_owned(),
            reason: reason.to_owned(),
        };
        self.0.count(request);
        self.0.before().await.map_err(refused)?;
        let result = self.0.world.step(effect);
        self.0.after().await.map_err(refused)?;
        Ok(result)
    }
}

#[async_trait]
impl Backend for StoreLink {
    async fn read(&self, key: &str) -> Result<Option<(Bytes, Version)>, StoreError> {
        self.perform(key, Request::Get, |objects, _| objects.read(key))
            .await
    }

    async fn create(&self, objects: Vec<(String, Bytes)>) -> Result<Vec<bool>, StoreError> {
        let mut created = Vec::with_capacity(objects.len());
        for (key, bytes) in objects {
            let put = |objects: &mut Objects, witness: &mut Witness| {
                let new = !objects.contains(&key);
                if new {
                    objects.put(&key, bytes.clone(), self.0.world.now());
                    witness.wrote(objects, &key, &bytes);
                }
                new
            };
            created.push(self.perform(&key, Request::Put, put).await?);
        }
        Ok(created)
    }

    async fn swap(
        &self,
        key: &str,
        bytes: Bytes,
        expected: Option<&Version>,
    ) -> Result<Option<Version>, StoreError> {
        self.perform(key, Request::Put, |objects, witness| {
            objects.is(key, expected).then(|| {
                let version = objects.put(key, bytes.clone(), self.0.world.now());
                witness.wrote(objects, key, &bytes);
                version
            })
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        self.perform(key, Request::Delete, |objects, witness| {
            let there = objects.delete(key);
            witness.deleted(objects, key);
            there
        })
        .await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        self.perform(key, Request::Get, |objects, _| objects.head(key))
            .await
    }

    async fn discard(&self, key: &str, stamp: &str) -> Result<(), StoreError> {
        self.remove(key, stamp).await.map(|_| ())
    }

    async fn remove(&self, key: &str, stamp: &str) -> Result<bool, StoreError> {
        self.perform(key, Request::Delete, |objects, witness| {
            let same = objects.head(key).is_some_and(|head| head.stamp == stamp);
            if same {
                objects.delete(key);
                witness.deleted(objects, key);
            }
            same
        })
        .await
    }

    async fn sizes(&self, keys: Vec<String>) -> Result<Vec<Option<u64>>, StoreError> {
        let mut sizes = Vec::with_capacity(keys.len());
        for key in keys {
            let look = |objects: &mut Objects, _: &mut Witness| objects.size(&key);
            sizes.push(self.perform(&key, Request::Get, look).await?);
        }
        Ok(sizes)
    }

    async fn list(&self, directory: &str) -> Result<Vec<Listed>, StoreError> {
        let listed = self
            .perform(directory, Request::List, |objects, _| {
                objects.list(directory)
            })
            .await?;
        // One page after the other.
        for _ in 1..listed.len().div_ceil(PAGE) {
            self.0.count(Request::List);
            self.0.wait_for_request().await;
        }
        Ok(listed)
    }

    async fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let object = self.read(key).await?;
        Ok(object.map(|(bytes, _)| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>))
    }
}
