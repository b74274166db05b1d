//! Agents' reports.

use bunraku_farm::Certname;
use bytes::Bytes;

use super::Store;
use super::catalogs::{compress, decompress};
use crate::key::ReportId;
use crate::{Key, StoreError};

impl Store {
    /// Stores a report that arrived at `nanoseconds` since 1970, compressed; a second one of the
    /// same instant gets the next free nanosecond.
    pub async fn put_report(
        &self,
        certname: &Certname,
        nanoseconds: u64,
        report: impl Into<Bytes>,
    ) -> Result<ReportId, StoreError> {
        let report = report.into();
        let gzip = self.blocking("report", move || compress(&report)).await?;
        for offset in 0..1000 {
            let id = ReportId(nanoseconds.saturating_add(offset));
            let key = Key::Report {
                certname: certname.clone(),
                id,
            };
            let created = self
                .backend
                .create(vec![(key.to_string(), gzip.clone())])
                .await?;
            if created.first() == Some(&true) {
                return Ok(id);
            }
        }
        Err(StoreError::Conflict {
            key: format!("reports/{certname}"),
        })
    }

    /// A node's reports, oldest first.
    pub async fn reports(&self, certname: &Certname) -> Result<Vec<ReportId>, StoreError> {
        let keys = self.keys(&format!("reports/{certname}")).await?.into_iter();
        Ok(keys
            .filter_map(|(key, _)| match key {
                Key::Report { id, .. } => Some(id),
                _ => None,
            })
            .collect())
    }

    /// A report as the agent sent it.
    pub async fn report(&self, certname: &Certname, id: ReportId) -> Result<Bytes, StoreError> {
        let key = Key::Report {
            certname: certname.clone(),
            id,
        };
        let gzip = self.bytes(&key).await?;
        self.blocking("report", move || Ok(decompress(&gzip)))
            .await?
            .map_err(|error| StoreError::corrupt(key, error))
    }

    /// The nodes that ever reported, sorted.
    pub async fn reporting_nodes(&self) -> Result<Vec<Certname>, StoreError> {
        let names = self.directories("reports").await?.into_iter();
        Ok(names
            .filter_map(|name| Certname::parse(name).ok())
            .collect())
    }
}
