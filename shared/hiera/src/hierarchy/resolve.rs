//! From a configuration to real paths (`HieraConfigV5#create_configured_data_providers`,
//! `LocationResolver`).

use std::cell::RefCell;
use std::sync::Arc;

use bunraku_pcore::Value;
use ecow::EcoString;

use super::{Hierarchy, Location, Provider, SharedHierarchy};
use crate::config::{Config, Entry, Locations};
use crate::interpolate::{self, Methods, interpolate_text};
use crate::invocation::{Invocation, Remembered};
use crate::{ErrorKind, LookupError, Result, glob, paths};

/// Resolves a configuration. `directory` is where its file lies, as Puppet shows it.
pub(crate) fn resolve(
    invocation: &Invocation<'_>,
    config: &Config,
    directory: &str,
) -> Result<SharedHierarchy> {
    let memory = RefCell::new(Vec::new());
    let invocation = Invocation {
        memory: Some(&memory),
        ..*invocation
    };
    let resolver = Resolver {
        invocation: &invocation,
        config,
        directory,
        root: invocation.world.display_path(""),
    };
    let empty = Vec::new();
    let (providers, default_providers) = resolver
        .providers(&config.hierarchy)
        .and_then(|providers| {
            let default = config.default_hierarchy.as_ref().unwrap_or(&empty);
            Ok((providers, resolver.providers(default)?))
        })
        .map_err(|error| resolver.located(error))?;
    let mut variables: Vec<Remembered> = Vec::new();
    for variable in memory.into_inner() {
        if !variable.is_constant() && !variables.iter().any(|other| other.key == variable.key) {
            variables.push(variable);
        }
    }
    Ok(Arc::new(Hierarchy {
        providers,
        default_providers,
        variables,
    }))
}

struct Resolver<'a> {
    invocation: &'a Invocation<'a>,
    config: &'a Config,
    directory: &'a str,
    /// The environment's root as Puppet shows it.
    root: EcoString,
}

impl Resolver<'_> {
    /// An undefined variable is an error of the configuration, at the line that names it.
    fn located(&self, error: LookupError) -> LookupError {
        let name = error
            .message
            .strip_prefix("Undefined variable '")
            .and_then(|rest| rest.split_once('\''))
            .map(|(name, _)| name.to_owned());
        match (name, &self.config.path) {
            (Some(name), Some(path)) => LookupError::issue(
                "HIERA_UNDEFINED_VARIABLE",
                format!("Undefined variable '{name}'"),
            )
            .at(Some(path), self.config.line_of_variable(&name)),
            (None, Some(path)) if error.file.is_none() && error.issue_code.is_some() => {
                error.at(Some(path), None)
            }
            _ => error,
        }
    }

    fn providers(&self, entries: &[Entry]) -> Result<Vec<Provider>> {
        let mut providers: Vec<Provider> = Vec::with_capacity(entries.len());
        for entry in entries {
            if providers.iter().any(|provider| provider.name == entry.name) {
                return Err(self.duplicate(&entry.name));
            }
            let locations = self.locations(entry)?;
            let is_default = self.config.path.is_none();
            if is_default
                && locations
                    .as_ref()
                    .is_some_and(|locations| !locations.iter().any(|l| l.exists))
            {
                continue;
            }
            let options = entry.options.as_ref().or(self.config.options.as_ref());
            let options = match options {
                Some(options) => Some(interpolate::interpolate(
                    self.invocation,
                    options,
                    Methods::Refused,
                )?),
                None => None,
            };
            providers.push(Provider {
                name: entry.name.clone(),
                kind: entry.kind,
                function: entry.function.clone(),
                options,
                locations,
                config: self.config.path.clone(),
            });
        }
        Ok(providers)
    }

    fn duplicate(&self, name: &str) -> LookupError {
        let first = self.config.line_of_name(name, 1);
        let second = first.and_then(|first| self.config.line_of_name(name, first + 1));
        let mut message = format!("Hierarchy name '{name}' defined more than once.");
        if let (Some(first), Some(_)) = (first, second) {
            message.push_str(&format!(" First defined at (line: {first})"));
        }
        LookupError::issue("HIERA_HIERARCHY_NAME_MULTIPLY_DEFINED", message)
            .at(self.config.path.as_deref(), second.or(first))
    }

    fn locations(&self, entry: &Entry) -> Result<Option<Vec<Location>>> {
        let datadir = entry.datadir.as_ref().unwrap_or(&self.config.datadir);
        let datadir = paths::join(self.directory, datadir);
        let datadir = interpolate_text(self.invocation, &datadir)?;
        let Some(locations) = &entry.locations else {
            return Ok(None);
        };
        let mut resolved = Vec::new();
        match locations {
            Locations::Paths(declared) => {
                for path in declared {
                    let path = interpolate_text(self.invocation, path)?;
                    resolved.push(self.location(&paths::join(&datadir, &path)));
                }
            }
            Locations::Globs(declared) => {
                for pattern in declared {
                    let pattern = interpolate_text(self.invocation, pattern)?;
                    let pattern = paths::join(&datadir, &pattern);
                    for file in glob::files(self.invocation.world, &pattern, &self.root) {
                        resolved.push(Location {
                            path: paths::code_path(&file, &self.root).into(),
                            display: file.into(),
                            exists: true,
                            is_uri: false,
                        });
                    }
                }
            }
            Locations::Uris(declared) => {
                for uri in declared {
                    resolved.push(Location {
                        display: interpolate_text(self.invocation, uri)?.as_ref().into(),
                        path: EcoString::new(),
                        exists: true,
                        is_uri: true,
                    });
                }
            }
            Locations::Mapped(triplet) => self.mapped(&datadir, triplet, &mut resolved)?,
        }
        Ok(Some(resolved))
    }

    fn location(&self, display: &str) -> Location {
        let path = paths::code_path(display, &self.root);
        Location {
            exists: self.invocation.world.exists(&path),
            display: display.into(),
            path: path.into(),
            is_uri: false,
        }
    }

    /// One path per value of a variable, which the template sees under a name of its own.
    fn mapped(
        &self,
        datadir: &str,
        [expression, name, template]: &[EcoString; 3],
        resolved: &mut Vec<Location>,
    ) -> Result<()> {
        let values = match interpolate::scope(self.invocation, expression, "mapped_path[0]")? {
            None => return Ok(()),
            Some(Value::Str(text)) if text.is_empty() => return Ok(()),
            Some(Value::Array(values)) => values.as_ref().clone(),
            Some(Value::Hash(entries)) => entries
                .iter()
                .map(|(key, value)| Value::array(vec![key.clone(), value.clone()]))
                .collect(),
            Some(text @ Value::Str(_)) => vec![text],
            Some(other) => {
                return Err(LookupError::new(
                    ErrorKind::Argument,
                    format!(
                        "undefined method `empty?' for {}:{}",
                        crate::ruby::inspect(&other),
                        bunraku_pcore::ruby_class(&other)
                    ),
                ));
            }
        };
        let memory = RefCell::new(Vec::new());
        for value in values {
            let local = Invocation {
                memory: Some(&memory),
                local: Some((name, &value)),
                ..*self.invocation
            };
            let path = interpolate_text(&local, template)?;
            resolved.push(self.location(&paths::join(datadir, &path)));
        }
        if let Some(outer) = self.invocation.memory {
            let others = memory
                .into_inner()
                .into_iter()
                .filter(|entry| entry.root != *name);
            outer.borrow_mut().extend(others);
        }
        Ok(())
    }
}
