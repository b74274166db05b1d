//! Where modules are.

use ecow::EcoString;

use crate::error::Result;
use crate::evaluator::Evaluator;

impl Evaluator<'_> {
    /// The directory of a module as `Inputs` knows it (`modules/ntp`): the first of that name on the
    /// module path.
    pub(crate) fn module_directory(&mut self, name: &str) -> Result<Option<EcoString>> {
        if let Some(known) = self.loader.modules.get(name) {
            return Ok(known.clone());
        }
        let mut found = None;
        if is_module_name(name) {
            for directory in &self.request.modulepath {
                let candidate = EcoString::from(format!("{directory}/{name}"));
                if self.inputs.exists(&candidate)? {
                    found = Some(candidate);
                    break;
                }
            }
        }
        self.loader.modules.insert(name.into(), found.clone());
        Ok(found)
    }
}

/// As `Puppet::Module.is_module_directory_name?`.
fn is_module_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
