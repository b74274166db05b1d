//! A release's pre-built catalogs: one of them in the place of a compiled one.

use bunraku_catalog::wire::{self, WireError};
use bunraku_catalog::{AnswerDigest, Broken, Catalog, Read, Trace};
use bunraku_compiler::inputs::Inputs;
use bunraku_farm::documents::{FactsDoc, Node, Prebuilt, PrebuiltCatalogs};
use bunraku_farm::{Certname, Digest, NameError};

/// What stands for the node's name in a template.
const CERTNAME: &str = "%{certname}";

/// Why a pre-built catalog can't be served; it stands in the pointer as an error of the code does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrebuiltError {
    /// The release's list can't be read.
    #[error("{path}: {reason}", path = PrebuiltCatalogs::PATH)]
    List {
        /// What is wrong.
        reason: String,
    },
    /// The catalog is not there, or none.
    #[error("the pre-built catalog {name} can't be served: {reason}")]
    Catalog {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// Which pre-built catalogs of a release may be a node's, and what that rests on.
pub(crate) struct Candidates(Vec<Prebuilt>);

impl Candidates {
    /// Those of a node, by its name alone.
    pub(crate) fn of(inputs: &dyn Inputs, certname: &Certname) -> Result<Self, PrebuiltError> {
        let wrong = |reason: String| PrebuiltError::List { reason };
        let file = inputs
            .file(PrebuiltCatalogs::PATH)
            .map_err(|error| wrong(error.to_string()))?;
        let Some(file) = file else {
            return Ok(Self(Vec::new()));
        };
        let all: PrebuiltCatalogs =
            serde_json::from_slice(&file.bytes).map_err(|error| wrong(error.to_string()))?;
        Ok(Self(
            all.candidates(certname).into_iter().cloned().collect(),
        ))
    }

    /// What a trace says of them; nothing where there are none, so that catalogs of all other nodes rest on nothing
    /// of the kind.
    fn answer(&self) -> Option<AnswerDigest> {
        if self.0.is_empty() {
            return None;
        }
        let text = serde_json::to_vec(&self.0).unwrap_or_default();
        Some(AnswerDigest::of_bytes(&text))
    }

    /// Notes in a trace that they were looked at, and the facts that decide among them.
    pub(crate) fn note(&self, inputs: &dyn Inputs, trace: &mut Trace) {
        let Some(answer) = self.answer() else {
            return;
        };
        trace.record(Read::Prebuilt, answer);
        for path in self.0.iter().flat_map(|prebuilt| prebuilt.fact.keys()) {
            // A fact whose own name has dots, and one by its path: either may be the one.
            for keys in [vec![path.as_str()], path.split('.').collect()] {
                let keys: Vec<_> = keys.into_iter().map(Into::into).collect();
                let value = inputs.fact(&keys);
                trace.record(
                    Read::Fact(keys),
                    AnswerDigest::of_value_option(value.as_ref()),
                );
            }
        }
    }

    /// The one that is the node's, by its facts.
    pub(crate) fn chosen(&self, facts: &FactsDoc) -> Option<&Prebuilt> {
        let mut node = Node::named(facts.certname.clone());
        node.learn_facts(facts.values.clone());
        let mut all = self.0.iter();
        all.find(|prebuilt| prebuilt.selector().holds_for(&node) == Ok(true))
    }
}

/// Whether a catalog with this trace was made with the same candidates in view.
pub(crate) fn verify(
    inputs: &dyn Inputs,
    certname: &Certname,
    trace: &Trace,
) -> Result<(), Vec<Broken>> {
    // A list that can't be read is the compile's to tell of.
    let now = Candidates::of(inputs, certname).map(|candidates| candidates.answer());
    let was = trace.get(&Read::Prebuilt);
    if now.as_ref().is_ok_and(|now| *now == was) {
        return Ok(());
    }
    let none = || AnswerDigest::of_bytes(b"");
    Err(vec![Broken {
        read: Read::Prebuilt,
        was: was.unwrap_or_else(none),
        now: now.ok().flatten().unwrap_or_else(none),
    }])
}

/// Where a pre-built catalog comes from.
pub(crate) struct Source<'a> {
    pub(crate) environment: &'a str,
    pub(crate) release: Digest,
    pub(crate) inputs: &'a dyn Inputs,
}

/// A node's catalog from a pre-built one: with its own name and environment, and the release that it came with.
pub(crate) fn catalog(
    prebuilt: &Prebuilt,
    facts: &FactsDoc,
    source: &Source<'_>,
) -> Result<(Catalog, Trace), PrebuiltError> {
    let wrong = |reason: String| PrebuiltError::Catalog {
        name: prebuilt.name.to_string(),
        reason,
    };
    let path =
        Prebuilt::path(&prebuilt.name).map_err(|error: NameError| wrong(error.to_string()))?;
    let file = source
        .inputs
        .file(&path)
        .map_err(|error| wrong(error.to_string()))?;
    let mut trace = Trace::new();
    trace.record(
        Read::File(path.as_str().into()),
        bunraku_compiler::file_digest(file.as_ref()),
    );
    let file = file.ok_or_else(|| wrong(format!("{path} is not in the release")))?;
    let mut catalog = read(&file.bytes, prebuilt.template.then_some(&facts.certname))
        .map_err(|error| wrong(error.to_string()))?;
    catalog.name = facts.certname.as_str().into();
    catalog.environment = source.environment.into();
    catalog.code_id = Some(source.release.to_hex().into());
    Ok((catalog, trace))
}

/// Reads a catalog, with the node's name where a template wants it. Certnames need no escape in JSON.
fn read(json: &[u8], certname: Option<&Certname>) -> Result<Catalog, WireError> {
    match certname {
        Some(certname) => {
            let text = String::from_utf8_lossy(json).replace(CERTNAME, certname);
            wire::from_json(text.as_bytes())
        }
        None => wire::from_json(json),
    }
}
