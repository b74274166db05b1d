//! The store as the edge reads it: documents and files behind bounded caches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bunraku_farm::documents::{EnvironmentDoc, FactsDoc, Pointer};
use bunraku_farm::rollout::Aim;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Key, Store, StoreError, StoreEvent};
use bytes::Bytes;
use moka::sync::Cache;
use serde_json::{Map, Value};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::catalog::pointer::NodePointer;
use crate::config::EdgeConfig;
use crate::files::checksum::ChecksumType;
use crate::files::tree::{ENVIRONMENT_CONF, Entry, SharedTree, Tree};

/// A document with the moment it was read.
#[derive(Clone)]
struct Read<T> {
    at: Instant,
    value: T,
}

/// Which facts of a node the store has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownFacts {
    pub(crate) digest: Digest,
    pub(crate) environment: EnvironmentName,
    pub(crate) extensions: Map<String, Value>,
}

impl KnownFacts {
    fn of(facts: &FactsDoc) -> Self {
        Self {
            digest: facts.digest,
            environment: facts.environment.clone(),
            extensions: facts.extensions.clone(),
        }
    }
}

/// The farm's store with what the edge remembers of it.
pub(crate) struct Farm {
    pub(crate) store: Store,
    ttl: Duration,
    /// Counts the writes told of: what was read across one is not kept.
    epoch: AtomicU64,
    /// Tells those who wait for a document.
    news: broadcast::Sender<News>,
    /// Whether new pointers of other processes are told.
    announced: AtomicBool,
    environments: Cache<EnvironmentName, Read<Option<Arc<EnvironmentDoc>>>>,
    pointers: Cache<(EnvironmentName, Certname), Read<Option<Arc<NodePointer>>>>,
    facts: Cache<Certname, KnownFacts>,
    trees: Cache<(EnvironmentName, Digest), SharedTree>,
    catalogs: Cache<Digest, Bytes>,
    blobs: Cache<Digest, Bytes>,
    checksums: Cache<(Digest, ChecksumType), Arc<str>>,
    pub(crate) listings: Cache<Listing, Bytes>,
}

/// Names a rendered reply of `file_metadatas`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Listing {
    pub(crate) environment: EnvironmentName,
    pub(crate) release: Digest,
    pub(crate) target: crate::files::mount::Target,
    pub(crate) options: crate::files::options::Options,
}

/// What is told to those who wait.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// An environment or a pointer was written.
    Written(Key),
    /// Any may have been.
    Missed,
}

/// How much news someone who waits may lag behind.
const NEWS: usize = 4096;
/// Files larger than this are not kept in memory, in bytes.
const LARGEST_CACHED: usize = 1 << 20;
/// How long the edge believes that a node's stored facts are those it last saw there: many runs of an agent, each of
/// which would read them. Another edge may store others meanwhile, and then this one does not notice when the former
/// come back: a compile may then begin with facts that a later request corrects, which costs that compile.
const FACTS_TTL: Duration = Duration::from_secs(6 * 3600);

impl Farm {
    pub(crate) fn new(store: Store, config: &EdgeConfig) -> Self {
        let by_size = |bytes: u64| {
            Cache::builder()
                .max_capacity(bytes)
                .weigher(|_: &Digest, value: &Bytes| u32::try_from(value.len()).unwrap_or(u32::MAX))
                .build()
        };
        Self {
            store,
            ttl: config.document_ttl,
            epoch: AtomicU64::new(0),
            news: broadcast::Sender::new(NEWS),
            announced: AtomicBool::new(false),
            environments: Cache::new(1024),
            pointers: Cache::builder()
                .max_capacity(config.cache_bytes / 2)
                .weigher(|_, read: &Read<Option<Arc<NodePointer>>>| {
                    read.value.as_ref().map_or(256, |pointer| pointer.weight())
                })
                .build(),
            facts: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(FACTS_TTL)
                .build(),
            trees: Cache::new(8),
            catalogs: by_size(config.cache_bytes),
            blobs: by_size(config.cache_bytes / 4),
            checksums: Cache::new(20_000),
            listings: Cache::builder()
                .max_capacity(config.cache_bytes / 8)
                .weigher(|_, value: &Bytes| u32::try_from(value.len()).unwrap_or(u32::MAX))
                .build(),
        }
    }

    /// Takes over what the store tells of writes, until the store is gone. `events` must have been opened before
    /// the first read.
    pub(crate) async fn follow(&self, mut events: broadcast::Receiver<StoreEvent>) {
        loop {
            match events.recv().await {
                Ok(StoreEvent::Written(key)) => self.written(key),
                Err(RecvError::Lagged(_)) => self.missed(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Something was written: what is remembered of it is forgotten, then those who wait for it are told.
    pub(crate) fn written(&self, key: Key) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        match &key {
            Key::Environment(name) => self.environments.invalidate(name),
            Key::Pointer {
                environment,
                certname,
            } => {
                let key = (environment.clone(), certname.clone());
                self.pointers.invalidate(&key);
            }
            _ => return,
        }
        // That nobody waits is no error.
        let _ = self.news.send(News::Written(key));
    }

    /// Something may have been written.
    pub(crate) fn missed(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.environments.invalidate_all();
        self.pointers.invalidate_all();
        let _ = self.news.send(News::Missed);
    }

    /// What is written from now on.
    pub(crate) fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Says whether new pointers of other processes are told from now on; those before may have been missed.
    pub(crate) fn set_announced(&self, live: bool) {
        self.announced.store(live, Ordering::SeqCst);
        if live {
            self.missed();
        }
    }

    /// Whether new pointers of other processes are told.
    pub(crate) fn is_announced(&self) -> bool {
        self.announced.load(Ordering::SeqCst)
    }

    /// An environment's document.
    pub(crate) async fn environment(
        &self,
        name: &EnvironmentName,
    ) -> Result<Option<Arc<EnvironmentDoc>>, StoreError> {
        if let Some(read) = self.environments.get(name)
            && read.at.elapsed() < self.ttl
        {
            return Ok(read.value);
        }
        let epoch = self.epoch.load(Ordering::SeqCst);
        let value = self.store.environment(name).await?.map(Arc::new);
        // Names of environments that are not there come from clients: they are not kept.
        if value.is_some() && epoch == self.epoch.load(Ordering::SeqCst) {
            let read = Read {
                at: Instant::now(),
                value: value.clone(),
            };
            self.environments.insert(name.clone(), read);
        }
        Ok(value)
    }

    /// A node's pointer.
    pub(crate) async fn pointer(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
    ) -> Result<Option<Arc<NodePointer>>, StoreError> {
        let key = (environment.clone(), certname.clone());
        if let Some(read) = self.pointers.get(&key)
            && read.at.elapsed() < self.ttl
        {
            return Ok(read.value);
        }
        let epoch = self.epoch.load(Ordering::SeqCst);
        let value = self.fresh_pointer(environment, certname).await?;
        if epoch == self.epoch.load(Ordering::SeqCst) {
            let read = Read {
                at: Instant::now(),
                value: value.clone(),
            };
            self.pointers.insert(key, read);
        }
        Ok(value)
    }

    /// A node's pointer as the store has it now.
    pub(crate) async fn fresh_pointer(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
    ) -> Result<Option<Arc<NodePointer>>, StoreError> {
        let pointer: Option<Pointer> = self.store.pointer(environment, certname).await?;
        Ok(pointer.map(|pointer| Arc::new(NodePointer::new(pointer))))
    }

    /// What a node is to have of an environment.
    pub(crate) async fn aim(
        &self,
        name: &EnvironmentName,
        environment: &EnvironmentDoc,
        certname: &Certname,
    ) -> Result<Aim, StoreError> {
        let pointer = match environment.is_uniform() {
            true => None,
            false => self.pointer(name, certname).await?,
        };
        Ok(environment.aim(certname, pointer.as_deref().map(|pointer| &pointer.pointer)))
    }

    /// The environments that somebody asked for of late; in a directory, where it costs nothing, all that there are.
    pub(crate) async fn known_environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        if self.store.root().is_some() {
            return self.store.environments().await;
        }
        let names = self.environments.iter().map(|(name, _)| (*name).clone());
        Ok(names.collect())
    }

    /// An environment's document as the store has it now.
    pub(crate) async fn fresh_environment(
        &self,
        name: &EnvironmentName,
    ) -> Result<Option<Arc<EnvironmentDoc>>, StoreError> {
        Ok(self.store.environment(name).await?.map(Arc::new))
    }

    /// Stores facts if a stable one, or the environment, changed. Says whether they were written.
    pub(crate) async fn keep_facts(&self, facts: &FactsDoc) -> Result<bool, StoreError> {
        let known = KnownFacts::of(facts);
        if self.facts.get(&facts.certname).as_ref() == Some(&known) {
            return Ok(false);
        }
        let updated = self.store.put_facts(facts).await?;
        self.facts.insert(facts.certname.clone(), known);
        Ok(updated.written)
    }

    /// Stores facts for a compile that is to use them all: also when only volatile ones changed.
    pub(crate) async fn keep_all_facts(&self, facts: &FactsDoc) -> Result<bool, StoreError> {
        let updated = self.store.put_facts(facts).await?;
        let differ = updated
            .value
            .as_ref()
            .is_some_and(|stored| stored.values != facts.values);
        let written = if differ {
            self.store.replace_facts(facts).await?.written
        } else {
            updated.written
        };
        self.facts
            .insert(facts.certname.clone(), KnownFacts::of(facts));
        Ok(written)
    }

    /// A release's files.
    pub(crate) async fn tree(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<SharedTree, StoreError> {
        let key = (environment.clone(), release);
        if let Some(tree) = self.trees.get(&key) {
            return Ok(tree);
        }
        let manifest = self.store.release_manifest(environment, release).await?;
        let conf = match manifest.file(ENVIRONMENT_CONF) {
            Some(file) => Some(self.store.blob(file.digest).await?),
            None => None,
        };
        let conf = conf.as_deref().map(String::from_utf8_lossy);
        let tree = Arc::new(Tree::new(environment.clone(), manifest, conf.as_deref()));
        self.trees.insert(key, Arc::clone(&tree));
        Ok(tree)
    }

    /// The content of the file at a code path.
    pub(crate) async fn file(&self, tree: &Tree, path: &str) -> Result<Option<Bytes>, StoreError> {
        match tree.entry(path) {
            Some(Entry::File(file)) => self.blob(file.digest).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn blob(&self, digest: Digest) -> Result<Bytes, StoreError> {
        if let Some(bytes) = self.blobs.get(&digest) {
            return Ok(bytes);
        }
        let bytes = self.store.blob(digest).await?;
        if bytes.len() <= LARGEST_CACHED {
            self.blobs.insert(digest, bytes.clone());
        }
        Ok(bytes)
    }

    /// A checksum that needs the content.
    pub(crate) async fn checksum(
        &self,
        digest: Digest,
        kind: ChecksumType,
    ) -> Result<Arc<str>, StoreError> {
        if let Some(checksum) = self.checksums.get(&(digest, kind)) {
            return Ok(checksum);
        }
        let checksum: Arc<str> = kind.of(&self.blob(digest).await?).into();
        self.checksums.insert((digest, kind), Arc::clone(&checksum));
        Ok(checksum)
    }

    /// A catalog as gzip.
    pub(crate) async fn catalog(&self, digest: Digest) -> Result<Bytes, StoreError> {
        if let Some(bytes) = self.catalogs.get(&digest) {
            return Ok(bytes);
        }
        let bytes = self.store.catalog_gzip(digest).await?;
        self.catalogs.insert(digest, bytes.clone());
        Ok(bytes)
    }
}
