//! What a compiler of a site's own is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Certname, Digest, EnvironmentName};

/// A question for one catalog, on the program's standard input; `BLOCKS.md` tells what it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompilerQuestion {
    /// The node.
    pub certname: Certname,
    /// The environment.
    pub environment: EnvironmentName,
    /// The release to compile from.
    pub release: Digest,
    /// The environment's directory, with the release's files. It is to be left as it is.
    pub code: String,
    /// The node's facts, by name.
    pub facts: Map<String, Value>,
    /// `$trusted`: what the node's certificate says.
    pub trusted: Value,
}
