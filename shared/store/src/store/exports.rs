//! What nodes export and collect, and the pool of it all.

use std::collections::{BTreeMap, BTreeSet};

use bunraku_farm::documents::PoolDoc;
use bunraku_farm::exchange::Listed;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::catalogs::{compress, decompress};
use super::documents::member;
use super::{Store, Versioned, from_json, to_json};
use crate::{Key, StoreError};

impl Store {
    /// The documents of what nodes export and collect, each with a text that is another one after each
    /// writing. Of a node that was in several environments the one is listed of that in which it is.
    pub async fn exchanges(&self) -> Result<Listed, StoreError> {
        let mut listed = Listed::new();
        for name in self.directories("exports").await? {
            let Ok(environment) = EnvironmentName::parse(name.as_str()) else {
                continue;
            };
            let members: BTreeSet<Certname> = self
                .known_nodes_in(&environment)
                .await?
                .into_iter()
                .collect();
            let directory = format!("exports/{environment}");
            let entries = self.backend.list(&directory).await?.into_iter();
            let nodes: BTreeMap<Certname, String> = entries
                .filter_map(|entry| {
                    let certname = Certname::parse(entry.name.strip_suffix(".json")?).ok()?;
                    (!entry.directory && members.contains(&certname))
                        .then_some((certname, entry.stamp))
                })
                .collect();
            listed.insert(environment, nodes);
        }
        Ok(listed)
    }

    /// The pool of exported resources with its version; `None` when none was ever gathered.
    pub async fn pool(&self) -> Result<Option<Versioned<PoolDoc>>, StoreError> {
        self.read_versioned(&Key::Pool).await
    }

    /// Stores a part of the pool.
    pub async fn put_pool_part<T: Serialize>(&self, part: &T) -> Result<Digest, StoreError> {
        let json = to_json(part)?;
        let digest = Digest::of(&json);
        let gzip = self.blocking("pool", move || compress(&json)).await?;
        self.create_kept(&Key::PoolPart(digest), gzip).await?;
        Ok(digest)
    }

    /// A part of the pool. [`StoreError::Corrupt`] when it is not what its digest says.
    pub async fn pool_part<T: DeserializeOwned>(&self, digest: Digest) -> Result<T, StoreError> {
        let key = Key::PoolPart(digest);
        let gzip: Bytes = self.bytes(&key).await?;
        let json = self
            .blocking("pool", move || decompress(&gzip))
            .await
            .map_err(|error| StoreError::corrupt(&key, error))?;
        if Digest::of(&json) != digest {
            return Err(StoreError::corrupt(key, "its content has another digest"));
        }
        from_json(&key, &json)
    }

    /// Whether all parts that a pool names are there.
    pub async fn has_pool_parts(&self, pool: &PoolDoc) -> Result<bool, StoreError> {
        let parts = pool.parts().into_iter();
        let keys = parts.map(|digest| Key::PoolPart(digest).to_string());
        let sizes = self.backend.sizes(keys.collect()).await?;
        Ok(sizes.iter().all(Option::is_some))
    }

    /// Forgets a node: its facts, catalogs' pointers, and what it exports, in all environments; says
    /// in which it had any of these. It is known again when its agent comes again.
    pub async fn remove_node(
        &self,
        certname: &Certname,
    ) -> Result<BTreeSet<EnvironmentName>, StoreError> {
        let mut found = BTreeSet::new();
        // Who is no member exports nothing any more, and is not compiled by a push.
        for (directory, key) in [
            ("members", member as fn(&EnvironmentName, &Certname) -> Key),
            ("pointers", Key::pointer),
            ("exports", Key::exchange),
            ("outcomes", Key::outcome),
        ] {
            for name in self.directories(directory).await? {
                let Ok(environment) = EnvironmentName::parse(name.as_str()) else {
                    continue;
                };
                if self.delete(&key(&environment, certname)).await? {
                    found.insert(environment);
                }
            }
        }
        if let Some(facts) = self.facts(certname).await? {
            found.insert(facts.environment);
            self.delete(&Key::Facts(certname.clone())).await?;
        }
        Ok(found)
    }
}
