//! The schemas say what the farm reads, and each has examples.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests read their files"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bunraku_catalog::trace::Trace;
use bunraku_catalog::wire::{self, Format};
use bunraku_catalog::{Catalog, ExportedResource};
use bunraku_farm::documents::{
    CollectionDoc, EnvironmentDoc, ExchangeDoc, FactsDoc, Pointer, PoolDoc, PoolNodes,
    PrebuiltCatalogs, ReleaseManifest, SiteSettings, UploadManifest, UploadResult, VERSION,
};
use bunraku_farm::messages::Message;
use bunraku_farm::rollout::{OutcomeDoc, RolloutMembers};
use bunraku_farm::schema::KINDS;
use bunraku_farm::{CompilerQuestion, Publication};
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/v{VERSION}"))
}

/// The files of a directory, without their ends.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|entry| stem(entry.path())).collect()
}

macro_rules! examples {
    ($($test:ident: $type:ty = $kind:literal, $example:literal;)*) => {
        $(#[test]
        fn $test() {
            example_is_read_and_written_as_its_schema_says::<$type>($kind, $example);
        })*

        #[test]
        fn catalog() {
            example_is_read_and_written_as_its_schema_says::<Wire>("catalog", "catalog");
        }

        #[test]
        fn every_kind_has_an_example_and_every_example_a_test() {
            let tested = BTreeSet::from(["catalog".to_owned(), $($example.to_owned()),*]);
            assert_eq!(tested, names(&directory().join("examples")));
            let kinds: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
            assert_eq!(BTreeSet::from(["catalog", $($kind),*]), kinds);
        }
    };
}

examples! {
    collection: CollectionDoc = "collection", "collection";
    compiler_question: CompilerQuestion = "compiler-question", "compiler-question";
    environment: EnvironmentDoc = "environment", "environment";
    environment_rollout: EnvironmentDoc = "environment", "environment-rollout";
    exchange: ExchangeDoc = "exchange", "exchange";
    facts: FactsDoc = "facts", "facts";
    message_advance: Message = "message", "message-advance";
    message_compile: Message = "message", "message-compile";
    message_compile_exports: Message = "message", "message-compile-exports";
    message_compile_manual: Message = "message", "message-compile-manual";
    message_compile_request: Message = "message", "message-compile-request";
    message_compile_rollout: Message = "message", "message-compile-rollout";
    message_compile_stage: Message = "message", "message-compile-stage";
    message_gather: Message = "message", "message-gather";
    message_collect: Message = "message", "message-collect";
    message_plan: Message = "message", "message-plan";
    message_plan_nodes: Message = "message", "message-plan-nodes";
    message_upload: Message = "message", "message-upload";
    outcome: OutcomeDoc = "outcome", "outcome";
    pointer: Pointer = "pointer", "pointer";
    pointer_failed: Pointer = "pointer", "pointer-failed";
    pool: PoolDoc = "pool", "pool";
    pool_exports: Vec<ExportedResource> = "pool-exports", "pool-exports";
    pool_nodes: PoolNodes = "pool-nodes", "pool-nodes";
    prebuilt: PrebuiltCatalogs = "prebuilt", "prebuilt";
    publication: Publication = "publication", "publication";
    release: ReleaseManifest = "release", "release";
    rollout_members: RolloutMembers = "rollout-members", "rollout-members";
    site: SiteSettings = "site", "site";
    upload_manifest: UploadManifest = "upload-manifest", "upload-manifest";
    upload_manifest_publish: UploadManifest = "upload-manifest", "upload-manifest-publish";
    upload_result: UploadResult = "upload-result", "upload-result";
}

/// A catalog by its own reader and writer.
struct Wire(Catalog);

impl Serialize for Wire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = wire::to_json_value(&self.0, Format::Rich).map_err(S::Error::custom)?;
        json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?.to_string();
        let catalog = wire::from_json(json.as_bytes());
        catalog.map(Self).map_err(D::Error::custom)
    }
}

#[test]
fn the_files_are_those_that_the_code_makes() {
    let kinds = KINDS.iter().map(|kind| kind.name.to_owned());
    assert_eq!(names(&directory()), kinds.collect());
    for kind in KINDS {
        let path = directory().join(kind.name).with_extension("json");
        assert!(
            fs::read_to_string(&path).unwrap() == kind.text(),
            "{}: write them anew with cargo run -p bunraku-farm --example schemas",
            path.display()
        );
    }
}

/// A pointer carries its trace without looking inside; who verifies it reads it.
fn trace_is_read(document: &Value) -> bool {
    let trace = document.get("trace").cloned();
    trace.is_none_or(|trace| serde_json::from_value::<Trace>(trace).is_ok())
}

/// Reader and schema agree on the example, and on what it is without a member or with a wrong one.
fn example_is_read_and_written_as_its_schema_says<T: Serialize + DeserializeOwned>(
    kind: &str,
    example: &str,
) {
    let read = |path: &str| {
        let text = fs::read_to_string(directory().join(path).with_extension("json"));
        serde_json::from_str::<Value>(&text.unwrap()).unwrap()
    };
    let schema = jsonschema::validator_for(&read(kind)).unwrap();
    let example = read(&format!("examples/{example}"));
    let errors = schema.iter_errors(&example).map(|error| error.to_string());
    assert_eq!(errors.collect::<Vec<_>>(), Vec::<String>::new());
    let document: T = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(&document).unwrap(), example);

    let mut refused = 0;
    let mut agree = |changed: &Value| {
        let is_read =
            serde_json::from_value::<T>(changed.clone()).is_ok() && trace_is_read(changed);
        assert_eq!(schema.is_valid(changed), is_read, "{changed:#}");
        refused += usize::from(!is_read);
    };
    // Of a list it is the first element that is changed.
    let (first, in_place): (&Value, fn(Value) -> Value) = match &example {
        Value::Array(items) => (&items[0], |item| json!([item])),
        object => (object, |object| object),
    };
    let members = first.as_object().unwrap();
    for wrong in [
        json!(null),
        json!([[true]]),
        json!(-1),
        json!({"x": {"y": -1}}),
    ] {
        agree(&wrong);
        for member in members.keys() {
            let mut changed = members.clone();
            changed.insert(member.clone(), wrong.clone());
            agree(&in_place(changed.into()));
        }
    }
    for member in members.keys() {
        let mut changed = members.clone();
        changed.remove(member);
        agree(&in_place(changed.into()));
    }
    assert!(refused > 3, "{refused}");
}
