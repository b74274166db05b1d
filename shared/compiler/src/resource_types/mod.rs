//! Resource types that are not written in Puppet: Puppet's own, and those of modules' Ruby.
//!
//! A compile needs to know of a type which attributes it has (`Puppet::Resource#valid_parameter?`), which of
//! them name a resource and how titles become them (`title_patterns`, `uniqueness_key`), nothing of its values:
//! those are checked by the agent.

mod core;
mod patterns;

use bunraku_pcore::{RubyRegex, Value};
use bunraku_ruby::{TitlePatterns, TypeApi, TypeDefinition};
use ecow::EcoString;
use rustc_hash::FxHashSet;

/// One row of the table of Puppet's own types; shapes as in `Puppet::Type`.
pub(crate) struct CoreType {
    name: &'static str,
    /// The module that holds the type where it is no part of Puppet itself, but of its packages.
    bundle: Option<&'static str>,
    properties: &'static [&'static str],
    parameters: &'static [&'static str],
    namevars: &'static [&'static str],
    title_patterns: Option<&'static [(&'static str, &'static [&'static str])]>,
    isomorphic: bool,
}

/// Attributes that every resource can have, in the order of `Puppet::Type.metaparams`.
pub(crate) const METAPARAMETERS: &[&str] = core::METAPARAMETERS;

/// Metaparameters that draw edges (`Puppet::Type.relationship_params`).
pub(crate) const RELATIONSHIP_METAPARAMETERS: [&str; 4] =
    ["require", "subscribe", "before", "notify"];

/// Whether every resource can have the attribute.
pub(crate) fn is_metaparameter(name: &str) -> bool {
    METAPARAMETERS.contains(&name)
}

/// A resource type of Puppet or of a module's Ruby.
#[derive(Debug)]
pub(crate) struct ResourceType {
    /// Lower-case name.
    pub(crate) name: EcoString,
    attributes: FxHashSet<EcoString>,
    /// Attributes that name a resource, in order of declaration (`key_attributes`).
    pub(crate) namevars: Vec<EcoString>,
    patterns: patterns::Patterns,
    /// Whether two resources may not have the same name.
    pub(crate) isomorphic: bool,
}

impl ResourceType {
    /// A type of Puppet itself, known everywhere.
    pub(crate) fn core(name: &str) -> Option<Self> {
        find(name)
            .filter(|row| row.bundle.is_none())
            .map(Self::of_row)
    }

    /// A type that Puppet's packages bring along in modules; a module of the environment goes first.
    pub(crate) fn bundled(name: &str) -> Option<Self> {
        find(name)
            .filter(|row| row.bundle.is_some())
            .map(Self::of_row)
    }

    fn of_row(row: &CoreType) -> Self {
        let patterns = match row.title_patterns {
            None => patterns::Patterns::default_for(row.namevars),
            Some(list) => patterns::Patterns::of(list.iter().map(|(pattern, names)| {
                (
                    *pattern,
                    names.iter().map(|name| EcoString::from(*name)).collect(),
                )
            })),
        };
        Self {
            name: row.name.into(),
            attributes: row
                .properties
                .iter()
                .chain(row.parameters)
                .map(|name| EcoString::from(*name))
                .collect(),
            namevars: row
                .namevars
                .iter()
                .map(|name| EcoString::from(*name))
                .collect(),
            patterns,
            isomorphic: row.isomorphic,
        }
    }

    /// A type that was read from a module's Ruby; `has_providers` tells whether any module has one for it.
    pub(crate) fn of_definition(definition: &TypeDefinition, has_providers: bool) -> Self {
        let mut attributes: FxHashSet<EcoString> = definition
            .attributes
            .iter()
            .map(|attribute| attribute.name.clone())
            .collect();
        if definition.api == TypeApi::Classic && (has_providers || definition.has_inline_providers)
        {
            attributes.insert("provider".into());
        }
        let namevars: Vec<EcoString> = definition.namevars().cloned().collect();
        let patterns = match &definition.title_patterns {
            TitlePatterns::Inherited => patterns::Patterns::default_for(&namevars),
            TitlePatterns::Literal(list) => patterns::Patterns::of(
                list.iter()
                    .map(|pattern| (pattern.pattern.as_str(), pattern.attributes.clone())),
            ),
            TitlePatterns::Unreadable => patterns::Patterns::unreadable(),
        };
        Self {
            name: definition.name.clone(),
            attributes,
            namevars,
            patterns,
            isomorphic: definition.isomorphic,
        }
    }

    /// Whether a resource of the type can have the attribute (`Puppet::Type.validattr?`).
    pub(crate) fn is_valid_attribute(&self, name: &str) -> bool {
        name == "name" || self.attributes.contains(name) || is_metaparameter(name)
    }

    /// The attribute that alone names a resource, else `name` (`Puppet::Resource#namevar`).
    pub(crate) fn namevar(&self) -> &str {
        match self.namevars.as_slice() {
            [only] => only,
            _ => "name",
        }
    }

    /// The attributes that a title sets (`Puppet::Resource#parse_title`).
    ///
    /// # Errors
    /// The reference's words when no pattern matches, ours when the type computes its patterns.
    pub(crate) fn parse_title(&self, title: &str) -> Result<Vec<(EcoString, Value)>, String> {
        self.patterns.parse(&self.name, title)
    }
}

fn find(name: &str) -> Option<&'static CoreType> {
    core::CORE_TYPES
        .binary_search_by(|row| row.name.cmp(name))
        .ok()
        .and_then(|index| core::CORE_TYPES.get(index))
}

fn compile(pattern: &str) -> Option<RubyRegex> {
    RubyRegex::new(pattern).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_type_is_found() {
        assert!(core::CORE_TYPES.iter().all(|row| find(row.name).is_some()));
        assert!(ResourceType::core("file").is_some());
        assert!(ResourceType::core("cron").is_none());
        assert!(ResourceType::bundled("cron").is_some());
    }

    #[test]
    fn file_titles_lose_trailing_slashes_but_for_the_root() {
        let file = ResourceType::core("file").unwrap();
        let path = |title: &str| file.parse_title(title).unwrap();
        assert_eq!(path("/tmp/x//"), [("path".into(), Value::from("/tmp/x"))]);
        assert_eq!(path("/"), [("path".into(), Value::from("/"))]);
        assert_eq!(file.namevar(), "path");
    }

    #[test]
    fn package_is_named_by_its_title_though_it_has_three_namevars() {
        let package = ResourceType::core("package").unwrap();
        assert_eq!(
            package.parse_title("vim").unwrap(),
            [("name".into(), Value::from("vim"))]
        );
        assert_eq!(package.namevar(), "name");
        assert_eq!(package.namevars.len(), 3);
    }

    #[test]
    fn attributes_are_those_of_the_type_and_metaparameters() {
        let notify = ResourceType::core("notify").unwrap();
        assert!(notify.is_valid_attribute("message"));
        assert!(notify.is_valid_attribute("require"));
        assert!(!notify.is_valid_attribute("provider"));
    }

    #[test]
    fn two_execs_may_have_one_command() {
        assert!(!ResourceType::core("exec").unwrap().isomorphic);
        assert!(ResourceType::core("file").unwrap().isomorphic);
    }
}
