//! What a catalog is: fields in the order in which Puppet writes them.
//!
//! Shapes and order come from `Puppet::Resource::Catalog#to_data_hash`,
//! `Puppet::Resource#to_data_hash` and `Puppet::FileServing::Metadata#to_data_hash`.

use bunraku_pcore::Value;
use ecow::EcoString;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Parameters of a resource by name, in the order in which the compiler set them.
///
/// Left out by whoever builds them: undefined values, and a name variable equal to the title.
pub type Parameters = IndexMap<EcoString, Value>;

/// A compiled catalog: everything an agent needs to bring one node into shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// Tags of the catalog: the evaluated classes, then `node` and `class`.
    pub tags: Vec<EcoString>,
    /// The certname this catalog is for.
    pub name: EcoString,
    /// Shown by agents as the configuration version.
    pub version: Version,
    /// Names the code for `static_file_content`; absent means "not a static catalog".
    pub code_id: Option<EcoString>,
    /// Repeated by the agent in its report.
    pub catalog_uuid: Option<EcoString>,
    /// Version of the format: 2 in every supported agent.
    pub catalog_format: u32,
    /// The environment it was compiled in.
    pub environment: EcoString,
    /// The resources in evaluation order; `Stage[main]` comes first.
    pub resources: Vec<Resource>,
    /// Containment, container to content.
    pub edges: Vec<Edge>,
    /// Names of the evaluated classes in evaluation order, starting with `settings`.
    pub classes: Vec<EcoString>,
    /// File title to inlined metadata of its source (static catalogs).
    pub metadata: IndexMap<EcoString, FileMetadata>,
    /// File title to source URL to the metadata of the tree (static catalogs).
    pub recursive_metadata: IndexMap<EcoString, IndexMap<EcoString, Vec<FileMetadata>>>,
}

impl Catalog {
    /// An empty catalog of format 2.
    #[must_use]
    pub fn new(name: impl Into<EcoString>, environment: impl Into<EcoString>) -> Self {
        Self {
            tags: Vec::new(),
            name: name.into(),
            version: Version::Int(0),
            code_id: None,
            catalog_uuid: None,
            catalog_format: 2,
            environment: environment.into(),
            resources: Vec::new(),
            edges: Vec::new(),
            classes: Vec::new(),
            metadata: IndexMap::new(),
            recursive_metadata: IndexMap::new(),
        }
    }

    /// The catalog as an agent gets it: without virtual and exported resources, and without the
    /// edges that touch them (`Puppet::Resource::Catalog#filter`).
    #[must_use]
    pub fn for_agent(mut self) -> Self {
        let hidden: std::collections::HashSet<EcoString> = self
            .resources
            .iter()
            .filter(|r| r.is_virtual)
            .map(Resource::reference)
            .collect();
        if !hidden.is_empty() {
            self.resources.retain(|r| !r.is_virtual);
            self.edges
                .retain(|e| !hidden.contains(&e.source) && !hidden.contains(&e.target));
        }
        self
    }
}

/// A configuration version: an epoch in seconds, or what `config_version` printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Version {
    /// Seconds since 1970, the default of Puppet.
    Int(i64),
    /// Any other name of the code.
    Str(EcoString),
}

/// One resource of a catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Capitalized in each segment: `File`, `Profile::Vhost`, `Class`.
    pub type_name: EcoString,
    /// The title; of classes capitalized in each segment (`Ntp::Config`), but `main` is.
    pub title: EcoString,
    /// In order of insertion: user tags, type, title if it is a valid tag, containers.
    pub tags: Vec<EcoString>,
    /// Display path of the manifest; absent for `Stage[main]`, `Class[main]`, nodes.
    pub file: Option<EcoString>,
    /// 1-based line of the declaration.
    pub line: Option<u32>,
    /// Declared with `@@` and not collected.
    pub exported: bool,
    /// Declared with `@` or `@@` and not realized; never sent to an agent, not in the JSON.
    pub is_virtual: bool,
    /// How an agent finds the type.
    pub kind: Kind,
    /// Name to value. A top-level `Sensitive` is written unwrapped, and named in
    /// `sensitive_parameters`.
    pub parameters: Parameters,
    /// Names of the parameters whose values must not be shown.
    pub sensitive_parameters: Vec<EcoString>,
}

impl Resource {
    /// A resource without parameters.
    #[must_use]
    pub fn new(type_name: impl Into<EcoString>, title: impl Into<EcoString>, kind: Kind) -> Self {
        Self {
            type_name: type_name.into(),
            title: title.into(),
            tags: Vec::new(),
            file: None,
            line: None,
            exported: false,
            is_virtual: false,
            kind,
            parameters: Parameters::new(),
            sensitive_parameters: Vec::new(),
        }
    }

    /// `Type[title]`, the name of the resource within its catalog.
    #[must_use]
    pub fn reference(&self) -> EcoString {
        ecow::eco_format!("{}[{}]", self.type_name, self.title)
    }
}

/// How an agent finds the type of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A type of Puppet or one written in Ruby.
    CompilableType,
    /// A `define`.
    DefinedType,
    /// A class declared like a resource.
    Class,
    /// Classes that were included, nodes.
    Unknown,
}

/// Containment: `source` contains `target`; both are references (`Class[main]`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// The container.
    pub source: EcoString,
    /// What it contains.
    pub target: EcoString,
}

/// What Puppet tells of a file that it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMetadata {
    /// Path on the server; of a tree, the path of its root.
    pub path: EcoString,
    /// Path within the tree (`.` for its root), null for a single file.
    pub relative_path: Option<EcoString>,
    /// `manage` or `follow`.
    pub links: EcoString,
    /// Numeric owner, 0 unless source permissions are used.
    pub owner: Option<i64>,
    /// Numeric group.
    pub group: Option<i64>,
    /// Permission bits as a number (420 is `0644`).
    pub mode: Option<i64>,
    /// Of the content; of a directory, its change time.
    pub checksum: Checksum,
    /// File, directory or link.
    #[serde(rename = "type")]
    pub file_type: FileKind,
    /// Where a link points to.
    pub destination: Option<EcoString>,
    /// `puppet:///modules/M/files/P`, in static catalogs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_uri: Option<EcoString>,
    /// The source that was chosen, of a single file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EcoString>,
}

/// A checksum as Puppet writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// `sha256`, `md5`, `ctime`...
    #[serde(rename = "type")]
    pub algorithm: EcoString,
    /// `{sha256}` and the hex digits.
    pub value: EcoString,
}

/// Kinds of served files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
}
