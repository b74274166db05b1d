//! The compiler, and a stand-in for it, which reads the same in a hundredth of the time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bunraku_catalog::{AnswerDigest, Broken, ExportedResource, Read, Trace, exported_digest};
use bunraku_compile::{Collects, Compiled, Engine, EngineError, Exchanged, Native, Releases};
use bunraku_compiler::release::ExportPool;
use bunraku_farm::documents::{FactsDoc, PrebuiltCatalogs};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Bundle, Store, StoreError};
use serde_json::{Value, json};

use crate::process::Process;
use crate::site::{COLLECTS, QUERY, data_file};

/// What the stand-in calls itself in pointers.
const NAME: &str = "stand-in 1";
/// How long it says that a compile took, in milliseconds.
const DURATION: u64 = 300;

/// Makes catalogs that say what their role's data says, and the node's mood. Nodes of the role
/// [`COLLECTS`] say the others' moods, too, which these export. Where a pre-built catalog may be a node's, it leaves the
/// node to the farm's own compiler.
pub(crate) struct StandIn {
    process: Arc<Process>,
    /// Made when it is needed: a crowd's functions are many, and their releases have nothing pre-built.
    native: OnceLock<AtOnce>,
    store: Store,
    open: Mutex<BTreeMap<Digest, Arc<Bundle>>>,
    pace: Pace,
    exchanges: bool,
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
    /// One that takes its time; nodes export and collect if `exchanges`.
    pub(crate) fn new(process: &Arc<Process>, pace: Pace, exchanges: bool) -> Self {
        Self {
            process: Arc::clone(process),
            native: OnceLock::new(),
            store: process.store(),
            pace,
            exchanges,
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

impl StandIn {
    fn native(&self) -> &AtOnce {
        self.native.get_or_init(|| AtOnce::new(&self.process))
    }

    /// What other nodes export of their moods.
    fn moods(
        &self,
        site: bunraku_compile::Site<'_>,
        certname: &str,
    ) -> Option<Vec<Arc<ExportedResource>>> {
        let query = QUERY.parse().ok()?;
        self.process.set_at_once(true);
        let moods = site.pool.answer(&query, certname);
        self.process.set_at_once(false);
        moods.ok()
    }
}

/// What a node exports.
fn exported(facts: &FactsDoc) -> ExportedResource {
    ExportedResource {
        certname: facts.certname.as_str().into(),
        type_name: "Notify".into(),
        title: format!("from {}", facts.certname).into(),
        tags: BTreeSet::from(["mood".into()]),
        parameters: BTreeMap::from([("message".into(), fact(facts, "mood").into())]),
        file: None,
        line: None,
    }
}

/// The farm's own compiler, which waits for what others export on the simulation's one thread.
pub(crate) struct AtOnce {
    process: Arc<Process>,
    native: Native,
}

impl AtOnce {
    pub(crate) fn new(process: &Arc<Process>) -> Self {
        Self {
            process: Arc::clone(process),
            native: Native::new(Releases::new(process.store())),
        }
    }

    async fn at_once<R>(&self, work: impl Future<Output = R>) -> R {
        self.process.set_at_once(true);
        let result = work.await;
        self.process.set_at_once(false);
        result
    }
}

#[async_trait]
impl Engine for AtOnce {
    fn name(&self) -> &str {
        self.native.name()
    }

    async fn prepare(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<(), EngineError> {
        self.native.prepare(environment, release).await
    }

    async fn verify(
        &self,
        site: bunraku_compile::Site<'_>,
        certname: &Certname,
        facts: Option<&FactsDoc>,
        trace: Trace,
    ) -> Result<Result<(), Vec<Broken>>, EngineError> {
        self.prepare(site.environment, site.release).await?;
        self.at_once(self.native.verify(site, certname, facts, trace))
            .await
    }

    async fn compile(
        &self,
        site: bunraku_compile::Site<'_>,
        facts: &FactsDoc,
    ) -> Result<Compiled, EngineError> {
        self.at_once(self.native.compile(site, facts)).await
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

/// Whether a pre-built catalog of a release may be a node's.
fn has_prebuilt(bundle: &Bundle, certname: &Certname) -> bool {
    let list = bundle.files.get(PrebuiltCatalogs::PATH);
    let list = list.and_then(|list| serde_json::from_slice::<PrebuiltCatalogs>(list).ok());
    list.is_some_and(|list| !list.candidates(certname).is_empty())
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
        certname: &Certname,
        facts: Option<&FactsDoc>,
        trace: Trace,
    ) -> Result<Result<(), Vec<Broken>>, EngineError> {
        let bundle = self.open(site.environment, site.release).await?;
        if trace.get(&Read::Prebuilt).is_some() || has_prebuilt(&bundle, certname) {
            return self.native().verify(site, certname, facts, trace).await;
        }
        self.pace.take(self.pace.verify).await;
        Ok(trace.holds_by(|read| match read {
            Read::File(path) => Some(file_digest(&bundle, path)),
            // Without an answer the task is tried again.
            Read::Exported(_) => Some(exported_digest(&self.moods(site, certname)?)),
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
        if has_prebuilt(&bundle, &facts.certname) {
            return self.native().compile(site, facts).await;
        }
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
        let mut resources = vec![
            notify("motto", data(&bundle, &role, "motto")),
            notify("mood", Some(fact(facts, "mood"))),
        ];
        let mut exchanged = Exchanged {
            exports: Some(Vec::new()),
            collects: Collects::new(),
        };
        if self.exchanges && role == COLLECTS {
            let moods = self.moods(site, &facts.certname).unwrap_or_default();
            let answer = exported_digest(&moods);
            trace.record(Read::Exported(QUERY.into()), answer);
            exchanged.collects.insert(QUERY.into(), answer);
            resources.extend(moods.iter().map(|mood| {
                let message = mood.parameters.get("message").and_then(Value::as_str);
                notify(&mood.title, message.map(str::to_owned))
            }));
        } else if self.exchanges {
            exchanged.exports = Some(vec![exported(facts)]);
        }
        let catalog = json!({ "name": facts.certname, "resources": resources });
        Ok(Compiled::Catalog {
            rich: catalog.to_string().into_bytes(),
            plain: None,
            classes: vec![role],
            trace,
            exchanged,
            duration_ms: DURATION,
        })
    }
}
