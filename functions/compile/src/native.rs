//! The native engine: one node's catalog from a release, its facts and its trusted data.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bunraku_catalog::wire::{self, Format};
use bunraku_catalog::{Broken, Catalog, ExportedResource, Read, Trace, Version};
use bunraku_compiler::inputs::Inputs;
use bunraku_compiler::release::{Files, NodeFacts, NodeInputs};
use bunraku_compiler::{Manifest, Request};
use bunraku_farm::documents::FactsDoc;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_pcore::{Value, rich};
use bunraku_syntax::environment_conf::{BASE_MODULE_PATH, EnvironmentConf};
use jiff::Timestamp;
use serde_json::json;

use crate::engine::{Compiled, Engine, EngineError, Site};
use crate::exchange::{Collects, Exchanged, collects};
use crate::own;
use crate::pool::PoolView;
use crate::prebuilt::{self, Candidates};
use crate::releases::{Releases, Sealed};

/// Names this compiler in pointers. A catalog of another one is compiled anew.
pub const COMPILER: &str = concat!("native ", env!("CARGO_PKG_VERSION"));

/// Whether this compiler, in any version, is the one that a pointer names.
pub(crate) fn made_by_us(compiler: &str) -> bool {
    compiler.starts_with("native ")
}

/// The Puppet whose language is spoken; what `$serverversion` says.
const LANGUAGE_VERSION: &str = "8.10.0";

const ENVIRONMENT_CONF: &str = "environment.conf";

/// The compiler of this workspace, with the releases that it has open.
pub struct Native {
    releases: Releases,
}

impl Native {
    /// The compiler, which opens releases through `releases`.
    #[must_use]
    pub fn new(releases: Releases) -> Self {
        Self { releases }
    }
}

#[async_trait]
impl Engine for Native {
    fn name(&self) -> &str {
        COMPILER
    }

    async fn prepare(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<(), EngineError> {
        self.releases.open(environment, release).await?;
        Ok(())
    }

    async fn verify(
        &self,
        site: Site<'_>,
        certname: &Certname,
        facts: Option<&FactsDoc>,
        trace: Trace,
    ) -> Result<Result<(), Vec<Broken>>, EngineError> {
        verified(&self.releases, site, certname, facts, trace).await
    }

    async fn compile(&self, site: Site<'_>, facts: &FactsDoc) -> Result<Compiled, EngineError> {
        let (environment, node) = (site.environment.clone(), facts.clone());
        made(&self.releases, site, facts, move |release, inputs| {
            compiled(release, &environment, &node, inputs)
        })
        .await
    }
}

/// Whether a catalog with this trace still holds, whoever made it; see [`Engine::verify`].
pub(crate) async fn verified(
    releases: &Releases,
    site: Site<'_>,
    certname: &Certname,
    facts: Option<&FactsDoc>,
    trace: Trace,
) -> Result<Result<(), Vec<Broken>>, EngineError> {
    let release = releases.open(site.environment, site.release).await?;
    let (environment, pool) = (site.environment.clone(), Arc::clone(site.pool));
    let (certname, facts) = (certname.clone(), facts.cloned());
    let now = releases.host().now();
    let work = move || match facts {
        Some(facts) => verify(&release, &environment, &facts, &trace, &pool, now),
        None => verify_code(&release, &certname, &trace, &pool, now),
    };
    Ok(releases.host().compute(work).await?)
}

/// A node's catalog: a pre-built one, or what `compiler` makes.
pub(crate) async fn made(
    releases: &Releases,
    site: Site<'_>,
    facts: &FactsDoc,
    compiler: impl FnOnce(&Sealed, &dyn Inputs) -> Result<Made, Failed> + Send + 'static,
) -> Result<Compiled, EngineError> {
    let release = releases.open(site.environment, site.release).await?;
    let (environment, pool) = (site.environment.clone(), Arc::clone(site.pool));
    let (facts, now) = (facts.clone(), releases.host().now());
    let work = move || compile(&release, &environment, &facts, &pool, now, compiler);
    releases.host().compute(work).await?
}

/// `$trusted`, `$facts` and `$server_facts` of a node.
fn node_facts(environment: &str, facts: &FactsDoc) -> NodeFacts {
    let server_facts = json!({ "serverversion": LANGUAGE_VERSION, "environment": environment });
    NodeFacts {
        facts: rich::from_plain_json(&serde_json::Value::Object(facts.values.clone())),
        trusted: rich::from_plain_json(&facts.trusted()),
        server_facts: rich::from_plain_json(&server_facts),
    }
}

fn inputs<'r>(
    release: &'r Sealed,
    certname: &str,
    node: NodeFacts,
    pool: &'r PoolView,
    now: Timestamp,
) -> NodeInputs<'r, crate::bundle_files::BundleFiles> {
    let random = uuid::Uuid::new_v4().as_u128() as u64;
    NodeInputs::new(&release.code, node, now.as_nanosecond(), random).with_exports(certname, pool)
}

/// Whether a catalog with this trace still holds for a release and these facts.
fn verify(
    release: &Sealed,
    environment: &EnvironmentName,
    facts: &FactsDoc,
    trace: &Trace,
    pool: &PoolView,
    now: Timestamp,
) -> Result<(), Vec<Broken>> {
    let node = node_facts(environment.as_str(), facts);
    let inputs = inputs(release, facts.certname.as_str(), node, pool, now);
    own::verify(release.digest, trace)?;
    prebuilt::verify(&inputs, &facts.certname, trace)?;
    bunraku_compiler::verify(trace, &inputs)
}

/// Whether what such a catalog read of the code still holds for a release, whatever the node's facts.
fn verify_code(
    release: &Sealed,
    certname: &Certname,
    trace: &Trace,
    pool: &PoolView,
    now: Timestamp,
) -> Result<(), Vec<Broken>> {
    let nobody = NodeFacts {
        facts: Value::Undef,
        trusted: Value::Undef,
        server_facts: Value::Undef,
    };
    let inputs = inputs(release, certname.as_str(), nobody, pool, now);
    own::verify(release.digest, trace)?;
    prebuilt::verify(&inputs, certname, trace)?;
    bunraku_compiler::verify_code(trace, &inputs)
}

/// Makes a node's catalog, and writes it as JSON.
fn compile(
    release: &Sealed,
    environment: &EnvironmentName,
    facts: &FactsDoc,
    pool: &PoolView,
    now: Timestamp,
    compiler: impl FnOnce(&Sealed, &dyn Inputs) -> Result<Made, Failed>,
) -> Result<Compiled, EngineError> {
    let began = Instant::now();
    let inputs = inputs(
        release,
        facts.certname.as_str(),
        node_facts(environment.as_str(), facts),
        pool,
        now,
    );
    let made = match make(release, environment, facts, &inputs, compiler) {
        Ok(made) => made,
        Err(Failed::Trouble(reason)) => return Err(EngineError::Trouble(reason)),
        Err(Failed::Code { message, collects }) => {
            return Ok(Compiled::Error {
                message,
                exchanged: Exchanged {
                    exports: None,
                    collects,
                },
            });
        }
    };
    let Made {
        mut catalog,
        trace,
        exports,
        collects,
    } = made;
    // What was read gives the identity: a compile repeated is the same artifact.
    let reads = match serde_json::to_string(&trace) {
        Ok(reads) => reads,
        Err(error) => return Ok(Compiled::Unwritable(error.to_string())),
    };
    let identity = format!("{}\n{}\n{reads}", release.digest, facts.certname);
    let uuid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, identity.as_bytes());
    catalog.catalog_uuid = Some(uuid.to_string().into());
    let written = wire::to_json(&catalog, Format::Rich)
        .and_then(|rich| wire::to_json(&catalog, Format::Plain).map(|plain| (rich, plain)));
    Ok(match written {
        Ok((rich, plain)) => Compiled::Catalog {
            plain: (plain != rich).then_some(plain),
            rich,
            classes: catalog.classes.iter().map(ToString::to_string).collect(),
            trace,
            exchanged: Exchanged {
                exports: Some(exports),
                collects,
            },
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        },
        Err(error) => Compiled::Unwritable(error.to_string()),
    })
}

/// A catalog with what it rests on.
pub(crate) struct Made {
    pub(crate) catalog: Catalog,
    pub(crate) trace: Trace,
    pub(crate) exports: Vec<ExportedResource>,
    pub(crate) collects: Collects,
}

/// Why there is no catalog.
pub(crate) enum Failed {
    /// An error of the code.
    Code {
        message: String,
        /// What was asked of other nodes until then.
        collects: Collects,
    },
    /// It may go well another time.
    Trouble(String),
}

impl Failed {
    /// The same in other words, if it is an error of the code.
    pub(crate) fn with(self, words: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Code { message, collects } => Self::Code {
                message: words(&message),
                collects,
            },
            trouble @ Self::Trouble(_) => trouble,
        }
    }
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self::Code {
            message,
            collects: Collects::new(),
        }
    }
}

/// The node's pre-built catalog, if the release has one; else what the compiler makes.
fn make(
    release: &Sealed,
    environment: &EnvironmentName,
    facts: &FactsDoc,
    inputs: &dyn Inputs,
    compiler: impl FnOnce(&Sealed, &dyn Inputs) -> Result<Made, Failed>,
) -> Result<Made, Failed> {
    let candidates = Candidates::of(inputs, &facts.certname);
    let candidates = candidates.map_err(|error| error.to_string())?;
    let mut made = match candidates.chosen(facts) {
        Some(prebuilt) => {
            let source = prebuilt::Source {
                environment: environment.as_str(),
                release: release.digest,
                inputs,
            };
            let made = prebuilt::catalog(prebuilt, facts, &source);
            let (catalog, trace) = made.map_err(|error| error.to_string())?;
            Made {
                catalog,
                trace,
                exports: Vec::new(),
                collects: Collects::new(),
            }
        }
        None => compiler(release, inputs)?,
    };
    candidates.note(inputs, &mut made.trace);
    Ok(made)
}

fn compiled(
    release: &Sealed,
    environment: &EnvironmentName,
    facts: &FactsDoc,
    inputs: &dyn Inputs,
) -> Result<Made, Failed> {
    let (request, conf) = request(release, environment, facts, inputs)?;
    let compilation = bunraku_compiler::compile(&request, inputs, release.code.code());
    let mut trace = compilation.trace;
    let collects = collects(&trace);
    let catalog = match compilation.outcome {
        Ok(catalog) => catalog,
        Err(error) => {
            return Err(Failed::Code {
                message: error.to_string(),
                collects,
            });
        }
    };
    trace.record(Read::File(ENVIRONMENT_CONF.into()), conf);
    Ok(Made {
        catalog,
        trace,
        exports: compilation.exports,
        collects,
    })
}

/// What to compile, as the release's `environment.conf` says; with the digest of that file.
fn request(
    release: &Sealed,
    environment: &EnvironmentName,
    facts: &FactsDoc,
    inputs: &dyn Inputs,
) -> Result<(Request, bunraku_catalog::AnswerDigest), String> {
    let content = inputs
        .file(ENVIRONMENT_CONF)
        .map_err(|error| error.to_string())?;
    let conf = match &content {
        Some(content) => EnvironmentConf::parse(&String::from_utf8_lossy(&content.bytes)),
        None => EnvironmentConf::default(),
    };
    let mut request = Request::new(facts.certname.as_str());
    request.environment = environment.to_string();
    request.environment_root = release.code.files().display_path("");
    request.manifest = Manifest::Path(conf.manifest);
    // Modules that all environments share are no part of a release: a control repo brings its own.
    request.modulepath = conf
        .modulepath
        .into_iter()
        .filter(|path| path != BASE_MODULE_PATH)
        .collect();
    request.version = Version::Str(release.digest.short().into());
    request.code_id = Some(release.digest.to_hex().into());
    Ok((request, bunraku_compiler::file_digest(content.as_ref())))
}
