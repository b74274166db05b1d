//! A farm in memory: an edge, an authority, and a compiler that is made up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bunraku_catalog::trace::{AnswerDigest, Read, Trace};
use bunraku_edge::{Authority, Edge, EdgeConfig, EdgeCounters, EdgePki, Services};
use bunraku_farm::documents::{
    CatalogRef, EnvironmentDoc, FileEntry, ReleaseManifest, TraceDocument,
};
use bunraku_farm::messages::{Channel, CompileTask, Lane, Message};
use bunraku_farm::reuse::{self, Decision, Outcome, Situation};
use bunraku_farm::{CodePath, Counters, Digest, EnvironmentName};
use bunraku_pki::{Autosign, Ca, CaOptions, PemSource, Trust};
use bunraku_queue::{MemoryQueue, Queue, QueueOptions};
use bunraku_store::Store;
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Client, Pair};

/// What a farm for tests is made of.
pub(crate) struct Setup {
    pub(crate) config: EdgeConfig,
    pub(crate) autosign: Autosign,
    /// Whether somebody compiles.
    pub(crate) compiler: bool,
    /// Whether the edge only trusts the authority.
    pub(crate) elsewhere: bool,
    pub(crate) services: Services,
    /// One in memory if none is given.
    pub(crate) store: Option<Store>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: EdgeConfig::default(),
            autosign: Autosign::All,
            compiler: true,
            elsewhere: false,
            services: Services::default(),
            store: None,
        }
    }
}

pub(crate) struct TestFarm {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) ca: Ca,
    pub(crate) edge_counters: Arc<EdgeCounters>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) compiles: Arc<AtomicU64>,
    pub(crate) dir: TempDir,
    tasks: Vec<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Drop for TestFarm {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

pub(crate) fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

impl TestFarm {
    pub(crate) async fn new() -> Self {
        Self::with(EdgeConfig::default(), Autosign::All, true).await
    }

    pub(crate) async fn with(config: EdgeConfig, autosign: Autosign, compiler: bool) -> Self {
        Self::set_up(Setup {
            config,
            autosign,
            compiler,
            ..Setup::default()
        })
        .await
    }

    pub(crate) async fn set_up(setup: Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = CaOptions {
            autosign: setup.autosign,
            ..CaOptions::default()
        };
        let ca = Ca::open(dir.path().join("ca"), options).unwrap();
        let credentials = ca.server_credentials("edge.example.test", &[]).unwrap();
        let store = setup.store.unwrap_or_else(Store::memory);
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::new(QueueOptions::default()));
        let counters = Arc::new(Counters::default());
        let pki = EdgePki {
            authority: match setup.elsewhere {
                false => Authority::Here(ca.clone()),
                true => Authority::Elsewhere(trust(&dir.path().join("ca"))),
            },
            credentials,
        };
        let edge = Edge::new(
            setup.config,
            store.clone(),
            Arc::clone(&queue),
            pki,
            setup.services,
            Arc::clone(&counters),
        )
        .unwrap();
        let edge_counters = edge.counters();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            edge.serve(listener, async {
                let _ = stopped.await;
            })
            .await;
        });
        let mut farm = Self {
            address,
            store,
            queue,
            ca,
            edge_counters,
            counters,
            compiles: Arc::default(),
            dir,
            tasks: vec![serving],
            stop: Some(stop),
        };
        if setup.compiler {
            let work = compile(
                farm.store.clone(),
                Arc::clone(&farm.queue),
                Arc::clone(&farm.compiles),
            );
            farm.tasks.push(tokio::spawn(work));
        }
        farm
    }

    /// Makes `files` the release of the environment `production`.
    pub(crate) async fn push(&self, files: &[(&str, &str)]) -> Digest {
        release(&self.store, files).await
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.address, &self.ca.trust().certificate_pem(), None)
    }

    pub(crate) fn pair(&self, name: &str) -> Pair {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        self.ca.submit(name, &csr(name, &key)).unwrap();
        Pair {
            certificate: self.ca.certificate(name).unwrap().unwrap(),
            key: key.serialize_pem(),
        }
    }

    /// A client with a new certificate of that name.
    pub(crate) fn agent(&self, name: &str) -> Client {
        Client::new(
            self.address,
            &self.ca.trust().certificate_pem(),
            Some(&self.pair(name)),
        )
    }

    pub(crate) fn admin(&self) -> Client {
        let credentials = self.ca.admin_credentials("bunraku-admin").unwrap();
        let pair = Pair {
            certificate: credentials.certificate_pem,
            key: credentials.key_pem,
        };
        Client::new(
            self.address,
            &self.ca.trust().certificate_pem(),
            Some(&pair),
        )
    }

    /// Tells the edge to stop.
    pub(crate) fn stop(&mut self) {
        self.stop = None;
    }

    /// Waits until the edge has stopped.
    pub(crate) async fn stopped(&mut self) {
        (&mut self.tasks[0]).await.unwrap();
    }

    pub(crate) fn compiled(&self) -> u64 {
        self.compiles.load(Ordering::SeqCst)
    }
}

/// Makes `files` the release of the environment `production`.
pub(crate) async fn release(store: &Store, files: &[(&str, &str)]) -> Digest {
    let mut entries = BTreeMap::new();
    for (path, text) in files {
        let (digest, _) = store.put_blob(text.as_bytes().to_vec()).await.unwrap();
        let entry = FileEntry {
            digest,
            size: text.len() as u64,
            mode: 0o755,
        };
        entries.insert(CodePath::parse(*path).unwrap(), entry);
    }
    let manifest = ReleaseManifest::new(entries);
    let release = manifest.release;
    store.seal_release(&production(), &manifest).await.unwrap();
    store
        .update_environment(&production(), |current| {
            EnvironmentDoc::advance(current, release, None, Timestamp::now())
        })
        .await
        .unwrap();
    release
}

/// An authority's public files.
fn trust(ca: &Path) -> Trust {
    let file = |name: &str| PemSource::File(ca.join(name));
    Trust::open(&file("ca_crt.pem"), &file("ca_crl.pem")).unwrap()
}

pub(crate) fn csr(name: &str, key: &KeyPair) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serialize_request(key).unwrap().pem().unwrap()
}

pub(crate) fn facts(name: &str, values: Value) -> String {
    json!({"name": name, "values": values, "timestamp": "2026-11-22T12:00:00.000000000+00:00"})
        .to_string()
}

/// Answers tasks as a worker does, with a catalog that reads `$facts['os']`; a fact `fail` fails the compile.
async fn compile(store: Store, queue: Arc<dyn Queue>, compiles: Arc<AtomicU64>) {
    loop {
        let channels = [Channel::Compile(Lane::Urgent)];
        let received = queue
            .receive(&channels, 1, Duration::from_millis(100))
            .await
            .unwrap();
        for delivery in received {
            if let Message::Compile(task) = &delivery.message {
                one(&store, task, &compiles).await;
            }
            queue.ack(&delivery.receipt).await.unwrap();
        }
    }
}

pub(crate) async fn one(store: &Store, task: &CompileTask, compiles: &AtomicU64) {
    let environment = store.environment(&task.environment).await.unwrap();
    let pointer = store
        .pointer(&task.environment, &task.certname)
        .await
        .unwrap();
    let facts = store.facts(&task.certname).await.unwrap();
    let situation = Situation {
        pool: None,
        task,
        environment: environment.as_ref(),
        pointer: pointer.as_ref(),
        facts: facts.as_ref(),
        compiler: "made up",
    };
    let (Decision::Compile(target, _) | Decision::Verify(target)) = reuse::decide(&situation)
    else {
        return;
    };
    compiles.fetch_add(1, Ordering::SeqCst);
    let values = facts.unwrap().values;
    let outcome = if values.contains_key("fail") {
        Outcome::Failed("Evaluation Error: no (file: /x, line: 1) on node a".to_owned())
    } else {
        let os = values.get("os");
        let catalog = json!({
            "tags": ["settings"], "name": task.certname, "version": target.release.short(), "code_id": target.release,
            "catalog_uuid": "8a5f0e6e-9a26-5f5c-8f0e-111111111111", "catalog_format": 2,
            "environment": task.environment, "resources": [], "edges": [], "classes": ["settings"],
            "os": os,
        });
        let digest = store.put_catalog(catalog.to_string()).await.unwrap();
        let plain = json!({"plain": os});
        let plain_digest = store.put_catalog(plain.to_string()).await.unwrap();
        let mut trace = Trace::new();
        trace.record(Read::fact(["os"]), AnswerDigest::of_json_option(os));
        Outcome::Compiled {
            exports: None,
            catalog: CatalogRef {
                digest,
                plain_digest: Some(plain_digest),
                size: 1,
            },
            classes: vec!["settings".to_owned()],
            trace: TraceDocument::new(&trace).unwrap(),
            duration_ms: 1,
            compiler: "made up".to_owned(),
        }
    };
    store
        .update_pointer(&task.environment, &task.certname, |current| {
            reuse::swing(current, &target, &outcome, Timestamp::now())
        })
        .await
        .unwrap();
}
