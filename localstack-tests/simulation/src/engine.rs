//! A stand-in for the compiler: reads the same of a site and of facts, in a hundredth of the time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bunraku_catalog::{AnswerDigest, Broken, Read, Trace};
use bunraku_compile::{Collects, Compiled, Engine, EngineError, Exchanged};
use bunraku_farm::documents::FactsDoc;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Bundle, Store, StoreError};
use serde_json::{Value, json};

use crate::site::data_file;

/// What the stand-in calls itself in pointers.
const NAME: &str = "stand-in 1";
/// How long it says that a compile took, in milliseconds.
const DURATION: u64 = 300;

/// Makes catalogs that say what their role's data says, and the node's mood.
pub(crate) struct StandIn {
    store: Store,
    open: Mutex<BTreeMap<Digest, Arc<Bundle>>>,
    pace: Pace,
}

/// How long the stand-in takes.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    compile: Duration,
    verify: Duration,
    processor: tokio::sync::Mutex<()>,
}

impl Pace {
    /// One processor's, as `bunraku infra cost` reckons.
    pub(crate) fn of_one_processor() -> Self {
        Self {
            compile: Duration::from_millis(DURATION),
            verify: Duration::from_millis(30),
            processor: tokio::sync::Mutex::default(),
        }
    }

    async fn take(&self, time: Duration) {
        if !time.is_zero() {
            let _processor = self.processor.lock().await;
            tokio::time::sleep(time).await;
        }
    }
}

impl StandIn {
    pub(crate) fn new(store: Store, pace: Pace) -> Self {
        Self {
            store,
            pace,
            open: Mutex::default(),
        }
    }

    async fn open(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<Arc<Bundle>, StoreError> {
        let remembered = || {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.get(&release).cloned()
        };
        if let Some(bundle) = remembered() {
            return Ok(bundle);
        }
        let bundle = Arc::new(self.store.release_bundle(environment, release).await?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(open.entry(release).or_insert(bundle)))
    }
}

fn file_digest(bundle: &Bundle, path: &str) -> AnswerDigest {
    let digest = bundle.manifest.file(path).map(|file| file.digest.to_hex());
    digest.map_or_else(AnswerDigest::absent, |digest| {
        AnswerDigest::of_bytes(digest.as_bytes())
    })
}

fn fact(facts: &FactsDoc, name: &str) -> String {
    let fact = facts.values.get(name).and_then(Value::as_str);
    fact.unwrap_or_default().to_owned()
}

/// A value of a role's data file.
fn data(bundle: &Bundle, role: &str, name: &str) -> Option<String> {
    let bytes = bundle.files.get(data_file(role).as_str())?;
    let text = std::str::from_utf8(bytes).ok()?;
    let prefix = format!("{role}::{name}: ");
    text.lines()
        .find_map(|line| line.strip_prefix(prefix.as_str()))
        .map(str::to_owned)
}

#[async_trait]
impl Engine for StandIn {
    fn name(&self) -> &str {
        NAME
    }

    async fn prepare(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<(), EngineError> {
        self.open(environment, release).await?;
        Ok(())
    }

    async fn verify(
        &self,
        site: bunraku_compile::Site<'_>,
        _: &Certname,
        facts: Option<&FactsDoc>,
        trace: Trace,
    ) -> Result<Result<(), Vec<Broken>>, EngineError> {
        let bundle = self.open(site.environment, site.release).await?;
        self.pace.take(self.pace.verify).await;
        Ok(trace.holds_by(|read| match read {
            Read::File(path) => Some(file_digest(&bundle, path)),
            Read::Fact(path) => {
                let facts = facts?;
                let name = path.first()?;
                Some(AnswerDigest::of_json_option(
                    facts.values.get(name.as_str()),
                ))
            }
            _ => None,
        }))
    }

    async fn compile(
        &self,
        site: bunraku_compile::Site<'_>,
        facts: &FactsDoc,
    ) -> Result<Compiled, EngineError> {
        let bundle = self.open(site.environment, site.release).await?;
        self.pace.take(self.pace.compile).await;
        let role = fact(facts, "role");
        if data(&bundle, &role, "broken").as_deref() != Some("false") {
            return Ok(Compiled::Error {
                message: format!("{role} is broken on node {}", facts.certname),
                exchanged: Exchanged::default(),
            });
        }
        let mut trace = Trace::new();
        for name in ["role", "mood"] {
            let answer = AnswerDigest::of_json_option(facts.values.get(name));
            trace.record(Read::fact([name]), answer);
        }
        let path = data_file(&role);
        let answer = file_digest(&bundle, &path);
        trace.record(Read::File(path.into()), answer);
        let notify = |title: &str, message: Option<String>| json!({ "type": "Notify", "title": title, "parameters": { "message": message } });
        let catalog = json!({
            "name": facts.certname,
            "resources": [notify("motto", data(&bundle, &role, "motto")), notify("mood", Some(fact(facts, "mood")))],
        });
        Ok(Compiled::Catalog {
            rich: catalog.to_string().into_bytes(),
            plain: None,
            classes: vec![role],
            trace,
            exchanged: Exchanged {
                exports: Some(Vec::new()),
                collects: Collects::new(),
            },
            duration_ms: DURATION,
        })
    }
}
