//! One compile's lookups: the adapter between the function `lookup` and the layers.

use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;

use crate::{Result, World};

/// Which layers a compile has. Module layers follow from the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerSet {
    /// Code path of the global layer's `hiera.yaml`; `None`: no global layer. When there is no such
    /// file, Hiera's default configuration applies beside it.
    pub global: Option<EcoString>,
    /// Leave out the environment's layer and the modules' (`hiera` functions of old; `--global-only`).
    pub global_only: bool,
}

/// Options of one lookup; see the documentation of Puppet's function `lookup`.
#[derive(Debug, Clone, Default)]
pub struct LookupOptions {
    /// A strategy's name, or a hash with `strategy` and its options. `None`: `lookup_options` decide.
    pub merge: Option<Value>,
    /// The value when nothing is found.
    pub default: Option<Value>,
    /// Values by key, used when no layer has one.
    pub default_values_hash: Option<PuppetHash>,
    /// Values by key, used before any layer.
    pub override_values: Option<PuppetHash>,
}

/// A found value. The caller checks its type, with [`Found::subject`] in the message.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The name that was found; empty for the default.
    pub name: EcoString,
    /// The value.
    pub value: Value,
    /// Where it was found.
    pub source: FoundIn,
}

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundIn {
    /// [`LookupOptions::override_values`]
    Override,
    /// A layer.
    Data,
    /// [`LookupOptions::default_values_hash`]
    DefaultValues,
    /// [`LookupOptions::default`]
    Default,
}

impl Found {
    /// How the reference names the value when its type does not fit.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.source {
            FoundIn::Override => format!("Value found for key '{}' in override hash", self.name),
            FoundIn::Data => "Found value".to_owned(),
            FoundIn::DefaultValues => {
                format!("Value found for key '{}' in default values hash", self.name)
            }
            FoundIn::Default => "Default value".to_owned(),
        }
    }
}

/// The lookups of one compile: keeps resolved hierarchies and lookup options between keys.
#[derive(Debug, Default)]
pub struct Hiera {}

impl Hiera {
    /// For a compile with these layers.
    #[must_use]
    pub fn new(_layers: LayerSet) -> Self {
        Self {}
    }

    /// The function `lookup()`: the first of `names` that has a value, or a default.
    ///
    /// `None`: nothing found; the caller evaluates its block, or fails with
    /// [`LookupError::not_found`](crate::LookupError::not_found).
    ///
    /// # Errors
    /// In the reference's words.
    pub fn lookup<S: AsRef<str>>(
        &self,
        _world: &dyn World,
        _names: &[S],
        _options: &LookupOptions,
    ) -> Result<Option<Found>> {
        Ok(None)
    }

    /// Automatic parameter lookup of `class::parameter`.
    ///
    /// # Errors
    /// In the reference's words.
    pub fn lookup_parameter(&self, _world: &dyn World, _key: &str) -> Result<Option<Value>> {
        Ok(None)
    }
}
