//! Asking one level for a key (`DataHashFunctionProvider`).

use bunraku_pcore::Value;

use super::{Location, Provider};
use crate::config::FunctionKind;
use crate::data::DataFormat;
use crate::interpolate::{Methods, interpolate};
use crate::invocation::Invocation;
use crate::merge::Strategy;
use crate::world::DataSource;
use crate::{ErrorKind, LookupError, Result};

impl Provider {
    /// Value of `root_key`, merged over the level's locations.
    pub(crate) fn lookup(
        &self,
        invocation: &Invocation<'_>,
        root_key: &str,
        module: Option<&str>,
        strategy: &Strategy,
    ) -> Result<Option<Value>> {
        let Some(locations) = &self.locations else {
            return strategy.lookup(&[()], |()| self.at(invocation, None, root_key, module));
        };
        strategy.lookup(locations, |location| {
            if location.exists {
                self.at(invocation, Some(location), root_key, module)
            } else {
                Ok(None)
            }
        })
    }

    fn at(
        &self,
        invocation: &Invocation<'_>,
        location: Option<&Location>,
        root_key: &str,
        module: Option<&str>,
    ) -> Result<Option<Value>> {
        let format = self.format()?;
        let Some(location) = location.filter(|location| !location.is_uri) else {
            return Err(LookupError::new(
                ErrorKind::Argument,
                format!(
                    "'{}' one of 'path', 'paths' 'glob', 'globs' or 'mapped_paths' must be declared in hiera.yaml \
                     when using this data_hash function",
                    format.function()
                ),
            ));
        };
        let source = DataSource {
            path: &location.path,
            display_path: &location.display,
            format,
        };
        if invocation.hiera.is_first_use(&location.display, module) {
            for warning in invocation.world.data_warnings(&source, module)? {
                invocation.world.warn(&warning);
            }
        }
        match invocation.world.data(&source, root_key)? {
            Some(value) => interpolate(invocation, &value, Methods::Allowed).map(Some),
            None => Ok(None),
        }
    }

    /// The built-in function, or a refusal of what is not supported.
    fn format(&self) -> Result<DataFormat> {
        match (self.kind, self.function.as_str()) {
            (FunctionKind::DataHash, "yaml_data") => Ok(DataFormat::Yaml),
            (FunctionKind::DataHash, "json_data") => Ok(DataFormat::Json),
            (kind, function) => Err(LookupError::unsupported(
                format_args!(
                    "'{}: {function}' (hierarchy entry \"{}\")",
                    kind.tag(),
                    self.name
                ),
                self.config.as_deref(),
            )),
        }
    }
}
