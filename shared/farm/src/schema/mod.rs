//! JSON Schemas (2020-12) of what the farm writes and reads, for programs that take the place of one of its functions.
//!
//! They lie in `schemas/v1` beside this crate, with an example of each; `BLOCKS.md` tells who writes and who reads what.
//! A schema says what is read: what is written is a part of that. Members that it does not name are ignored.

mod forms;

use bunraku_catalog::{Catalog, ExportedResource};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::documents::{
    CollectionDoc, EnvironmentDoc, ExchangeDoc, FactsDoc, Pointer, PoolDoc, PoolNodes,
    PrebuiltCatalogs, ReleaseManifest, SiteSettings, UploadManifest, UploadResult, VERSION,
};
use crate::messages::Message;
use crate::rollout::{OutcomeDoc, RolloutMembers};
use crate::{CompilerQuestion, Publication};

/// A kind of document or message.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What its schema and its examples are called: `pointer`.
    pub name: &'static str,
    /// Where it is: a key of the store, a file of an archive, the queue.
    pub place: &'static str,
    form: fn() -> Schema,
}

/// All kinds.
pub const KINDS: [Kind; 19] = [
    kind::<Catalog>("catalog", "catalogs/SHA256.json.gz"),
    kind::<CollectionDoc>("collection", "garbage/last.json"),
    kind::<CompilerQuestion>(
        "compiler-question",
        "standard input of a compiler of the site's own (BLOCKS.md)",
    ),
    kind::<EnvironmentDoc>("environment", "environments/ENVIRONMENT.json"),
    kind::<ExchangeDoc>("exchange", "exports/ENVIRONMENT/CERTNAME.json"),
    kind::<FactsDoc>("facts", "facts/CERTNAME.json"),
    kind::<Message>("message", "the queue"),
    kind::<OutcomeDoc>("outcome", "outcomes/ENVIRONMENT/CERTNAME.json"),
    kind::<Pointer>("pointer", "pointers/ENVIRONMENT/CERTNAME.json"),
    kind::<PoolDoc>("pool", "pool/current.json"),
    kind::<Vec<ExportedResource>>(
        "pool-exports",
        "pool/SHA256.json.gz, named by `types` of the pool",
    ),
    kind::<PoolNodes>(
        "pool-nodes",
        "pool/SHA256.json.gz, named by `nodes` of the pool",
    ),
    kind::<PrebuiltCatalogs>("prebuilt", ".bunraku/prebuilt.json of a release"),
    kind::<Publication>("publication", "events (functions/edge/EVENTS.md)"),
    kind::<ReleaseManifest>("release", "releases/ENVIRONMENT/RELEASE.json"),
    kind::<RolloutMembers>("rollout-members", "rollouts/ENVIRONMENT/SEQUENCE.json"),
    kind::<SiteSettings>("site", "bunraku.yaml of a release"),
    kind::<UploadManifest>("upload-manifest", ".bunraku/manifest.json of an upload"),
    kind::<UploadResult>("upload-result", "uploads/ENVIRONMENT/ID.result.json"),
];

const fn kind<T: JsonSchema>(name: &'static str, place: &'static str) -> Kind {
    Kind {
        name,
        place,
        form: form::<T>,
    }
}

fn form<T: JsonSchema>() -> Schema {
    SchemaGenerator::default().into_root_schema_for::<T>()
}

impl Kind {
    /// Its schema as it lies in the file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.schema().as_value())
    }

    /// Its schema.
    pub fn schema(&self) -> Schema {
        let mut schema = (self.form)();
        let id = format!("urn:bunraku:v{VERSION}:{}", self.name);
        schema.insert("$id".to_owned(), id.into());
        schema.insert("$comment".to_owned(), self.place.into());
        schema
    }
}
