//! One compile's lookups: the adapter between the function `lookup` and the layers.

use std::cell::RefCell;
use std::sync::Arc;

use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::hierarchy::SharedHierarchy;
use crate::invocation::Invocation;
use crate::options::OptionSet;
use crate::{Config, Layer, Result, World};

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
///
/// One compile uses one, with one [`World`]; it is `Send`, not `Sync`.
#[derive(Debug, Default)]
pub struct Hiera {
    pub(crate) layers: LayerSet,
    /// Names being looked up, outermost first.
    pub(crate) stack: RefCell<Vec<EcoString>>,
    pub(crate) state: RefCell<State>,
}

/// What is kept between lookups.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Configurations; `None`: the layer has none.
    pub(crate) configs: FxHashMap<Layer, Option<LayerConfig>>,
    pub(crate) hierarchies: FxHashMap<Layer, SharedHierarchy>,
    /// Options by module of the key.
    pub(crate) options: FxHashMap<Option<EcoString>, Arc<OptionSet>>,
    /// Options of the global and the environment's layer, merged.
    pub(crate) environment_options: Option<Option<PuppetHash>>,
    /// Options of modules' default hierarchies.
    pub(crate) default_options: FxHashMap<EcoString, Arc<OptionSet>>,
    /// Data files whose warnings were logged, with the module whose data they are.
    pub(crate) used: FxHashSet<(EcoString, Option<EcoString>)>,
}

/// A layer's configuration and where it lies.
#[derive(Debug, Clone)]
pub(crate) struct LayerConfig {
    pub(crate) config: Arc<Config>,
    /// Directory of the configuration, as Puppet shows it.
    pub(crate) directory: EcoString,
}

impl Hiera {
    /// For a compile with these layers.
    #[must_use]
    pub fn new(layers: LayerSet) -> Self {
        Self {
            layers,
            ..Self::default()
        }
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
        world: &dyn World,
        names: &[S],
        options: &LookupOptions,
    ) -> Result<Option<Found>> {
        let empty = PuppetHash::new();
        let invocation = Invocation {
            hiera: self,
            world,
            overrides: options.override_values.as_ref().unwrap_or(&empty),
            defaults: options.default_values_hash.as_ref().unwrap_or(&empty),
            memory: None,
            local: None,
        };
        if let Some(found) = self.find(&invocation, names, options.merge.as_ref())? {
            return Ok(Some(found));
        }
        Ok(options.default.as_ref().map(|value| Found {
            name: EcoString::new(),
            value: value.clone(),
            source: FoundIn::Default,
        }))
    }

    /// Automatic parameter lookup of `class::parameter`.
    ///
    /// # Errors
    /// In the reference's words.
    pub fn lookup_parameter(&self, world: &dyn World, key: &str) -> Result<Option<Value>> {
        let empty = PuppetHash::new();
        let invocation = Invocation {
            hiera: self,
            world,
            overrides: &empty,
            defaults: &empty,
            memory: None,
            local: None,
        };
        self.search(&invocation, key, None)
    }

    /// `Lookup.lookup` without the default.
    fn find<S: AsRef<str>>(
        &self,
        invocation: &Invocation<'_>,
        names: &[S],
        merge: Option<&Value>,
    ) -> Result<Option<Found>> {
        let found = |name: &str, value: Value, source: FoundIn| Found {
            name: name.into(),
            value,
            source,
        };
        for name in names.iter().map(AsRef::as_ref) {
            if let Some(value) = invocation.overrides.get_str(name) {
                return Ok(Some(found(name, value.clone(), FoundIn::Override)));
            }
            if let Some(value) = self.search(invocation, name, merge)? {
                return Ok(Some(found(name, value, FoundIn::Data)));
            }
        }
        Ok(names.iter().map(AsRef::as_ref).find_map(|name| {
            let value = invocation.defaults.get_str(name)?;
            Some(found(name, value.clone(), FoundIn::DefaultValues))
        }))
    }

    /// `%{lookup('key')}`: an empty string where nothing is found.
    pub(crate) fn lookup_for_interpolation(
        &self,
        invocation: &Invocation<'_>,
        key: &str,
    ) -> Result<Value> {
        let found = self.find(invocation, &[key], None)?;
        Ok(found.map_or_else(|| Value::from(""), |found| found.value))
    }

    /// Whether a data file is used for the first time in this compile.
    pub(crate) fn is_first_use(&self, path: &EcoString, module: Option<&str>) -> bool {
        let used = (path.clone(), module.map(EcoString::from));
        self.state.borrow_mut().used.insert(used)
    }
}
