//! A compiler of the site's own: a program that is asked for one catalog at a time.
//!
//! The rules stay ours: when a node is compiled, pre-built catalogs, what is written and when. What the program reads
//! is not known, so that its catalogs hold until anything of the release changes, or a stable fact of the node.

use std::sync::Arc;

use async_trait::async_trait;
use bunraku_catalog::fault::faults;
use bunraku_catalog::{AnswerDigest, Broken, Catalog, Read, Trace, Version, wire};
use bunraku_compiler::inputs::Inputs;
use bunraku_compiler::release::Files as _;
use bunraku_farm::documents::FactsDoc;
use bunraku_farm::{Certname, CompilerQuestion, Digest, EnvironmentName};
use bunraku_host::{Program, ProgramError};
use bunraku_store::Store;
use tokio::io::AsyncReadExt as _;

use crate::checkouts::{Checkout, Checkouts};
use crate::engine::{Compiled, Engine, EngineError, LONGEST, Site};
use crate::exchange::Collects;
use crate::native::{self, Failed, Made};
use crate::releases::{Releases, Sealed};

/// The biggest catalog that is taken from a program, in bytes.
const BIGGEST: u64 = 256 * 1024 * 1024;

/// A program in the place of our compiler.
pub struct Own {
    program: Program,
    name: String,
    releases: Releases,
    checkouts: Checkouts,
}

impl Own {
    /// A compiler that is `program`. Its name in pointers tells of the line and of what the file holds that it
    /// names first: when one of them changes, catalogs are compiled anew.
    #[must_use]
    pub fn new(program: Program, store: Store) -> Self {
        let file = program.file();
        let mut identity = program.line().as_bytes().to_vec();
        // What can't be read can't be told apart.
        identity.extend(
            file.as_ref()
                .and_then(|file| std::fs::read(file).ok())
                .unwrap_or_default(),
        );
        let called = file.as_ref().and_then(|file| file.file_name()?.to_str());
        let name = format!(
            "own {} {}",
            called.unwrap_or("sh"),
            Digest::of(&identity).short()
        );
        Self {
            program,
            name,
            releases: Releases::new(store.clone()),
            checkouts: Checkouts::new(store),
        }
    }
}

#[async_trait]
impl Engine for Own {
    fn name(&self) -> &str {
        &self.name
    }

    async fn prepare(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<(), EngineError> {
        self.releases.open(environment, release).await?;
        self.checkouts.open(environment, release).await?;
        Ok(())
    }

    async fn verify(
        &self,
        site: Site<'_>,
        certname: &Certname,
        facts: Option<&FactsDoc>,
        trace: Trace,
    ) -> Result<Result<(), Vec<Broken>>, EngineError> {
        native::verified(&self.releases, site, certname, facts, trace).await
    }

    async fn compile(&self, site: Site<'_>, facts: &FactsDoc) -> Result<Compiled, EngineError> {
        let checkout = self.checkouts.open(site.environment, site.release).await?;
        let ask = Ask {
            program: self.program.clone(),
            environment: site.environment.clone(),
            facts: facts.clone(),
            checkout,
        };
        let waiter = self.releases.host().waiter();
        native::made(&self.releases, site, facts, move |release, inputs| {
            waiter.wait(ask.made(release, inputs))
        })
        .await
    }
}

/// One question to the program.
struct Ask {
    program: Program,
    environment: EnvironmentName,
    facts: FactsDoc,
    checkout: Arc<Checkout>,
}

impl Ask {
    async fn made(&self, release: &Sealed, inputs: &dyn Inputs) -> Result<Made, Failed> {
        let answer = tokio::time::timeout(LONGEST, self.answer(release.digest)).await;
        let json = match answer {
            Ok(answer) => {
                answer.map_err(|failed| failed.with(|text| self.placed(text, release)))?
            }
            Err(_) => {
                let reason = format!("{}: no answer after {LONGEST:?}", self.program.line());
                return Err(Failed::Trouble(reason));
            }
        };
        let catalog = self.catalog(&json, release).map_err(|reason| {
            let line = self.program.line();
            Failed::from(format!(
                "The compiler '{line}' answered with no catalog: {reason}"
            ))
        })?;
        Ok(Made {
            catalog,
            trace: everything(release.digest, inputs),
            exports: Vec::new(),
            collects: Collects::new(),
        })
    }

    /// What the program writes.
    async fn answer(&self, release: Digest) -> Result<Vec<u8>, Failed> {
        let question = CompilerQuestion {
            certname: self.facts.certname.clone(),
            environment: self.environment.clone(),
            release,
            code: self.code(),
            facts: self.facts.values.clone(),
            trusted: self.facts.trusted(),
        };
        let mut question = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
        question.push(b'\n');
        let mut asked = self.program.ask(question)?;
        let mut json = Vec::new();
        let read = (&mut asked.output)
            .take(BIGGEST + 1)
            .read_to_end(&mut json)
            .await;
        read.map_err(|error| Failed::Trouble(error.to_string()))?;
        if json.len() as u64 > BIGGEST {
            return Err(Failed::from(format!(
                "The compiler '{}' answered with more than {BIGGEST} bytes",
                self.program.line()
            )));
        }
        asked.end().await?;
        Ok(json)
    }

    /// A text in which files lie where all catalogs have them, not where they were checked out.
    fn placed(&self, text: &str, release: &Sealed) -> String {
        let (from, to) = (self.code(), release.code.files().display_path(""));
        text.replace(&from, to.trim_end_matches('/'))
    }

    /// The directory of the code.
    fn code(&self) -> String {
        self.checkout.path().display().to_string()
    }

    /// The node's catalog, named as ours are.
    fn catalog(&self, json: &[u8], release: &Sealed) -> Result<Catalog, String> {
        let mut catalog = wire::from_json(json).map_err(|error| error.to_string())?;
        if catalog.name != self.facts.certname.as_str() {
            return Err(format!("it is for {:?}", catalog.name));
        }
        if let Some(fault) = faults(&catalog).into_iter().find(|fault| fault.fatal) {
            return Err(fault.message);
        }
        catalog.environment = self.environment.as_str().into();
        catalog.version = Version::Str(release.digest.short().into());
        catalog.code_id = Some(release.digest.to_hex().into());
        for resource in &mut catalog.resources {
            resource.file = resource
                .file
                .take()
                .map(|file| self.placed(&file, release).into());
        }
        Ok(catalog)
    }
}

impl From<ProgramError> for Failed {
    /// A refusal is the code's error; any other trouble is not.
    fn from(error: ProgramError) -> Self {
        match error {
            ProgramError::Refused { said } => said.into(),
            trouble => Self::Trouble(trouble.to_string()),
        }
    }
}

/// The trace of a compile that may have read anything.
fn everything(release: Digest, inputs: &dyn Inputs) -> Trace {
    let mut trace = Trace::new();
    trace.record(Read::Release, digest(release));
    let facts = AnswerDigest::of_value_option(inputs.fact(&[]).as_ref());
    trace.record(Read::Fact(Vec::new()), facts);
    let trusted = AnswerDigest::of_value_option(inputs.trusted(&[]).as_ref());
    trace.record(Read::Trusted(Vec::new()), trusted);
    trace
}

/// Whether a catalog with this trace rests on no other release as a whole.
pub(crate) fn verify(release: Digest, trace: &Trace) -> Result<(), Vec<Broken>> {
    match trace.get(&Read::Release) {
        Some(was) if was != digest(release) => Err(vec![Broken {
            read: Read::Release,
            was,
            now: digest(release),
        }]),
        _ => Ok(()),
    }
}

fn digest(release: Digest) -> AnswerDigest {
    AnswerDigest::of_bytes(release.to_hex().as_bytes())
}
