//! Resource types as `lib/puppet/type/*.rb` declares them.
//!
//! Rules come from `Puppet::Type` (`newtype`, `newparam`, `newproperty`, `ensurable`, `key_attributes`,
//! `title_patterns`) and, for the Resource API, from `Puppet::ResourceApi.register_type`.

mod classic;
mod resource_api;
mod scan;
mod title_patterns;

use ecow::EcoString;
use serde::{Deserialize, Serialize};

/// A resource type, as far as its source tells without being run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeDefinition {
    /// Lower-case name, as in a manifest: `file_line`.
    pub name: EcoString,
    /// How it was declared.
    pub api: TypeApi,
    /// Properties (`ensure` first), then parameters, each in order of declaration. Without `provider`, which
    /// exists when there are providers, and without metaparameters.
    pub attributes: Vec<Attribute>,
    /// How a title becomes attributes.
    pub title_patterns: TitlePatterns,
    /// It has providers in its own file (`provide(:x)`), so that `provider` is an attribute.
    pub has_inline_providers: bool,
    /// `@isomorphic = false`: two resources may have the same name (as `exec` and `notify`).
    pub isomorphic: bool,
    /// 1-based line of the declaration.
    pub line: u32,
}

impl TypeDefinition {
    /// Names of the attributes that together name a resource, in order of declaration
    /// (`Puppet::Type.key_attributes`).
    pub fn namevars(&self) -> impl Iterator<Item = &EcoString> {
        self.attributes
            .iter()
            .filter(|attribute| attribute.namevar)
            .map(|attribute| &attribute.name)
    }

    /// Whether a resource of the type can have the attribute (metaparameters and `provider` apart).
    #[must_use]
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes
            .iter()
            .any(|attribute| attribute.name == name)
    }
}

/// How a title becomes attributes (`Puppet::Type.title_patterns`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TitlePatterns {
    /// The type has none of its own: the whole title is the one namevar.
    Inherited,
    /// Tried in order; the first that matches sets attributes.
    Literal(Vec<TitlePattern>),
    /// The type computes them.
    Unreadable,
}

/// One way to take a title apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitlePattern {
    /// A Ruby regular expression with its options, as `Regexp#to_s` writes it: `(?m-ix:(.*))`.
    pub pattern: EcoString,
    /// The attribute of each capture, in order. Empty in the Resource API, where captures are named.
    pub attributes: Vec<EcoString>,
}

/// The two ways to declare a type in Ruby.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeApi {
    /// `Puppet::Type.newtype`.
    Classic,
    /// `Puppet::ResourceApi.register_type`: such types have no attribute `provider`.
    ResourceApi,
}

/// One attribute of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Name, as in a manifest.
    pub name: EcoString,
    /// Whether an agent can bring it into shape.
    pub kind: AttributeKind,
    /// It is (part of) the resource's name.
    pub namevar: bool,
    /// 1-based line of the declaration.
    pub line: u32,
}

/// What an attribute is to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// A part of the managed thing.
    Property,
    /// How to manage it.
    Parameter,
}

/// Why a type can't be read without running its Ruby.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (line: {line}, column: {column})")]
pub struct Unreadable {
    /// What can't be read.
    pub reason: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column in bytes.
    pub column: u32,
}

/// All types that a Ruby source declares, in order.
///
/// A source that declares none gives an empty list.
///
/// # Errors
/// [`Unreadable`] when the source is no Ruby, or when the name of a type or of an attribute is computed, or
/// an attribute is declared under a condition.
pub fn read_types(source: &[u8]) -> Result<Vec<TypeDefinition>, Unreadable> {
    let parsed = ruby_prism::parse(source);
    let places = scan::Places::new(source);
    if let Some(error) = parsed.errors().next() {
        return Err(places.unreadable(
            &error.location(),
            format!("syntax error: {}", String::from_utf8_lossy(error.message())),
        ));
    }
    let mut found = Vec::new();
    for declaration in scan::declarations(&parsed.node()) {
        found.push(match declaration {
            scan::Declaration::Classic(call) => classic::read(&call, &places)?,
            scan::Declaration::ResourceApi(call) => resource_api::read(&call, &places)?,
        });
    }
    Ok(found)
}

/// Properties before parameters, `ensure` before other properties, as `Puppet::Type` keeps them.
fn in_puppet_order(attributes: Vec<Attribute>) -> Vec<Attribute> {
    let rank = |attribute: &Attribute| match attribute.kind {
        AttributeKind::Property if attribute.name == "ensure" => 0,
        AttributeKind::Property => 1,
        AttributeKind::Parameter => 2,
    };
    let mut ordered = attributes;
    ordered.sort_by_key(rank);
    ordered
}
