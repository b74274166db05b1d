//! Finding resource types that are not written in Puppet (`Puppet::Type.type`).

use std::sync::Arc;

use bunraku_ruby::read_types;
use ecow::EcoString;

use crate::error::{Error, Result};
use crate::evaluator::Evaluator;
use crate::inputs::EntryKind;
use crate::resource_types::ResourceType;

impl Evaluator<'_> {
    /// The type of a lower-case name: Puppet's own, a module's, or one of a module that Puppet's packages bring.
    ///
    /// A type that a module computes in Ruby is an error at its line: its attributes can't be known.
    pub(crate) fn find_ruby_type(&mut self, name: &str) -> Result<Option<Arc<ResourceType>>> {
        if let Some(known) = self.builder.ruby_types.get(name) {
            return Ok(known.clone());
        }
        let found = match ResourceType::core(name) {
            Some(of) => Some(of),
            None => match self.module_type(name)? {
                Some(of) => Some(of),
                None => ResourceType::bundled(name),
            },
        };
        let found = found.map(Arc::new);
        self.builder.ruby_types.insert(name.into(), found.clone());
        Ok(found)
    }

    fn module_type(&mut self, name: &str) -> Result<Option<ResourceType>> {
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Ok(None);
        }
        for module in self.module_directories()?.iter() {
            // Listings go before files: a compile then rests on few absent names.
            let types = format!("{module}/lib/puppet/type");
            let file = format!("{name}.rb");
            let there = self
                .inputs
                .listing(&types)?
                .is_some_and(|entries| entries.iter().any(|entry| entry.name == file));
            if !there {
                continue;
            }
            let path = format!("{types}/{file}");
            let Some(content) = self.inputs.file(&path)? else {
                continue;
            };
            let definitions = read_types(&content.bytes).map_err(|unreadable| {
                Error::verbatim(
                    format!(
                        "The resource type '{name}' can't be read without running its Ruby: {}",
                        unreadable.reason
                    ),
                    Some(Arc::from(self.display_path(&path))),
                    Some(unreadable.line),
                    Some(unreadable.column),
                )
            })?;
            if let Some(definition) = definitions
                .iter()
                .find(|definition| definition.name == name)
            {
                let has_providers = self.has_providers(name)?;
                return Ok(Some(ResourceType::of_definition(definition, has_providers)));
            }
        }
        Ok(None)
    }

    /// Whether any module has a provider for the type: then `provider` is an attribute of it.
    fn has_providers(&mut self, name: &str) -> Result<bool> {
        for module in self.module_directories()?.iter() {
            let directory = format!("{module}/lib/puppet/provider/{name}");
            let entries = self.inputs.listing(&directory)?;
            if entries
                .is_some_and(|entries| entries.iter().any(|entry| entry.name.ends_with(".rb")))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All modules of the module path, a name once.
    fn module_directories(&mut self) -> Result<Arc<[EcoString]>> {
        if let Some(known) = &self.builder.module_directories {
            return Ok(Arc::clone(known));
        }
        let mut names: Vec<String> = Vec::new();
        let mut directories: Vec<EcoString> = Vec::new();
        for base in &self.request.modulepath {
            let Some(entries) = self.inputs.listing(base)? else {
                continue;
            };
            for entry in entries
                .iter()
                .filter(|entry| entry.kind == EntryKind::Directory)
            {
                if !names.contains(&entry.name) {
                    directories.push(ecow::eco_format!("{base}/{}", entry.name));
                    names.push(entry.name.clone());
                }
            }
        }
        let directories: Arc<[EcoString]> = directories.into();
        self.builder.module_directories = Some(Arc::clone(&directories));
        Ok(directories)
    }
}
