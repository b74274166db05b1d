//! One key through all layers (`puppet/pops/lookup/lookup_adapter.rb`).

use std::sync::Arc;

use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;

use crate::config::Config;
use crate::hierarchy::{self, SharedHierarchy};
use crate::invocation::Invocation;
use crate::key::LookupKey;
use crate::merge::Strategy;
use crate::options::{self, KeyOptions, LOOKUP_OPTIONS, OptionSet};
use crate::session::{Hiera, LayerConfig};
use crate::world::ConvertError;
use crate::{ErrorKind, Layer, LookupError, Result, World, paths};

impl Hiera {
    /// `LookupAdapter#lookup`: one key with its lookup options. `None`: no such key.
    pub(crate) fn search(
        &self,
        invocation: &Invocation<'_>,
        key: &str,
        merge: Option<&Value>,
    ) -> Result<Option<Value>> {
        // Reserved: never found as data.
        let is_reserved = key
            .strip_prefix(LOOKUP_OPTIONS)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if is_reserved {
            return Ok(None);
        }
        let key = LookupKey::parse(key)?;
        let options = self.key_options(invocation, &key)?;
        let strategy = Strategy::from_value(
            merge
                .filter(|merge| !merge.is_undef())
                .or(options.merge.as_ref()),
        )?;
        let found = match self.in_layers(invocation, &key, &strategy)? {
            Some(value) => Some(value),
            None if self.layers.global_only => None,
            None => match self.in_default_hierarchy(invocation, &key)? {
                Some(value) => key.dig(value)?,
                None => None,
            },
        };
        match (found, options.convert_to) {
            (Some(value), Some(target)) => convert(invocation, &key, &target, value).map(Some),
            (found, _) => Ok(found),
        }
    }

    fn in_layers(
        &self,
        invocation: &Invocation<'_>,
        key: &LookupKey,
        strategy: &Strategy,
    ) -> Result<Option<Value>> {
        let found = if self.layers.global_only {
            self.in_global(invocation, key, strategy)?
        } else {
            let mut layers = vec![Layer::Global, Layer::Environment];
            layers.extend(key.module().map(|module| Layer::Module(module.into())));
            // The reference asks three layers also for an unqualified key: strategies treat one
            // variant otherwise than several, so there are never less than two here.
            strategy.lookup(&layers, |layer| match layer {
                Layer::Global => self.in_global(invocation, key, strategy),
                layer => self.in_layer(invocation, layer, key, strategy),
            })?
        };
        match found {
            Some(value) => key.dig(value),
            None => Ok(None),
        }
    }

    fn in_global(
        &self,
        invocation: &Invocation<'_>,
        key: &LookupKey,
        strategy: &Strategy,
    ) -> Result<Option<Value>> {
        let result = self.in_layer(invocation, &Layer::Global, key, strategy);
        result.map_err(|error| {
            if error.is_lookup_error() && error.issue_code.is_none() {
                let message = format!("Lookup of key '{}' failed: {error}", key.key);
                LookupError::new(ErrorKind::Puppet, message)
            } else {
                error
            }
        })
    }

    /// `ConfiguredDataProvider#key_lookup`
    fn in_layer(
        &self,
        invocation: &Invocation<'_>,
        layer: &Layer,
        key: &LookupKey,
        strategy: &Strategy,
    ) -> Result<Option<Value>> {
        let config = self.layer_config(invocation, layer)?;
        if config.is_none() && *layer != Layer::Global {
            return Ok(None);
        }
        // The reference always has a global layer, be it empty: it is where recursion shows first.
        invocation.check(&key.key, || {
            let Some(config) = config else {
                return Ok(None);
            };
            let hierarchy = self.hierarchy(invocation, layer, &config)?;
            strategy.lookup(&hierarchy.providers, |provider| {
                provider.lookup(invocation, &key.root, layer.module(), strategy)
            })
        })
    }

    /// `ModuleDataProvider#key_lookup_in_default`, and the lookup options found there.
    fn in_default_hierarchy(
        &self,
        invocation: &Invocation<'_>,
        key: &LookupKey,
    ) -> Result<Option<Value>> {
        let Some(module) = key.module() else {
            return Ok(None);
        };
        let layer = Layer::Module(module.into());
        let Some(config) = self.layer_config(invocation, &layer)? else {
            return Ok(None);
        };
        if config.config.default_hierarchy.is_none() {
            return Ok(None);
        }
        let hierarchy = self.hierarchy(invocation, &layer, &config)?;
        let lookup = |key: &LookupKey, strategy: &Strategy| {
            if hierarchy.default_providers.is_empty() {
                return Ok(None);
            }
            invocation.check(&key.key, || {
                strategy.lookup(&hierarchy.default_providers, |provider| {
                    provider.lookup(invocation, &key.root, Some(module), strategy)
                })
            })
        };
        let known = self.state.borrow().default_options.get(module).cloned();
        let set = match known {
            Some(set) => set,
            None => {
                let found = lookup(&LookupKey::parse(LOOKUP_OPTIONS)?, &Strategy::Hash)?;
                let found = match found {
                    Some(found) => options::validate(found, Some(module))?,
                    None => None,
                };
                let set = Arc::new(OptionSet::compile(found.as_ref())?);
                let mut state = self.state.borrow_mut();
                state.default_options.insert(module.into(), set.clone());
                set
            }
        };
        let options = set.for_key(key)?;
        lookup(key, &Strategy::from_value(options.merge.as_ref())?)
    }

    /// The layer's configuration; `None`: the layer takes no part.
    fn layer_config(
        &self,
        invocation: &Invocation<'_>,
        layer: &Layer,
    ) -> Result<Option<LayerConfig>> {
        if let Some(known) = self.state.borrow().configs.get(layer) {
            return Ok(known.clone());
        }
        let config = self.load_config(invocation, layer)?;
        let mut state = self.state.borrow_mut();
        state.configs.insert(layer.clone(), config.clone());
        Ok(config)
    }

    fn load_config(
        &self,
        invocation: &Invocation<'_>,
        layer: &Layer,
    ) -> Result<Option<LayerConfig>> {
        let world = invocation.world;
        let path: EcoString = match layer {
            Layer::Global => match &self.layers.global {
                None => return Ok(None),
                Some(path) => path.clone(),
            },
            Layer::Environment => "hiera.yaml".into(),
            Layer::Module(module) => match world.module_path(module) {
                None => return Ok(None),
                Some(directory) => format!("{}/hiera.yaml", directory.trim_end_matches('/')).into(),
            },
        };
        let config = match world.config(&path, layer)? {
            Some(config) => config,
            None if *layer == Layer::Global => Arc::new(Config::default_config()),
            None => return without_config(world, layer),
        };
        for warning in &config.warnings {
            world.warn(warning);
        }
        if let Some(error) = &config.error {
            return Err(error.clone());
        }
        if config.is_ignored {
            return Ok(None);
        }
        let display = world.display_path(&path);
        Ok(Some(LayerConfig {
            config,
            directory: paths::parent(&display).into(),
        }))
    }

    /// The layer's hierarchy, resolved anew when a variable in its paths has changed.
    fn hierarchy(
        &self,
        invocation: &Invocation<'_>,
        layer: &Layer,
        config: &LayerConfig,
    ) -> Result<SharedHierarchy> {
        let known = self.state.borrow().hierarchies.get(layer).cloned();
        if let Some(known) = known {
            let mut is_stable = true;
            for variable in &known.variables {
                is_stable = is_stable && variable.is_stable(invocation.world)?;
            }
            if is_stable {
                return Ok(known);
            }
        }
        // The reference resolves without the caller's override and default values.
        let empty = PuppetHash::new();
        let plain = Invocation {
            overrides: &empty,
            defaults: &empty,
            ..*invocation
        };
        let resolved = hierarchy::resolve(&plain, &config.config, &config.directory)?;
        let mut state = self.state.borrow_mut();
        state.hierarchies.insert(layer.clone(), resolved.clone());
        Ok(resolved)
    }

    /// `lookup_lookup_options`
    fn key_options(&self, invocation: &Invocation<'_>, key: &LookupKey) -> Result<KeyOptions> {
        let module = key.module().map(EcoString::from);
        let known = self.state.borrow().options.get(&module).cloned();
        let set = match known {
            Some(set) => set,
            None => {
                let set = Arc::new(self.retrieve_options(invocation, module.as_deref())?);
                self.state.borrow_mut().options.insert(module, set.clone());
                set
            }
        };
        set.for_key(key)
    }

    /// `retrieve_lookup_options`: the environment's, with the module's own below.
    fn retrieve_options(
        &self,
        invocation: &Invocation<'_>,
        module: Option<&str>,
    ) -> Result<OptionSet> {
        let empty = PuppetHash::new();
        let invocation = &Invocation {
            overrides: &empty,
            defaults: &empty,
            ..*invocation
        };
        let environment = self.environment_options(invocation)?;
        let Some(module) = module.filter(|_| !self.layers.global_only) else {
            return OptionSet::compile(environment.as_ref());
        };
        let key = LookupKey::parse(LOOKUP_OPTIONS)?;
        let layer = Layer::Module(module.into());
        let Some(found) = self.in_layer(invocation, &layer, &key, &Strategy::Hash)? else {
            return OptionSet::compile(environment.as_ref());
        };
        let own = options::validate(found, Some(module))?;
        let merged = match (environment, own) {
            (None, own) => own,
            (Some(environment), Some(own)) => Some(merge_options(environment, own)?),
            // As the reference: an explicit undef in the module hides the environment's.
            (Some(_), None) => None,
        };
        OptionSet::compile(merged.as_ref())
    }

    /// `env_lookup_options`
    fn environment_options(&self, invocation: &Invocation<'_>) -> Result<Option<PuppetHash>> {
        if let Some(known) = &self.state.borrow().environment_options {
            return Ok(known.clone());
        }
        let key = LookupKey::parse(LOOKUP_OPTIONS)?;
        let validated = |found: Option<Value>| match found {
            Some(found) => options::validate(found, None),
            None => Ok(None),
        };
        let global = validated(self.in_global(invocation, &key, &Strategy::Hash)?)?;
        let own = if self.layers.global_only {
            None
        } else {
            validated(self.in_layer(invocation, &Layer::Environment, &key, &Strategy::Hash)?)?
        };
        let merged = match (global, own) {
            (Some(global), Some(own)) => Some(merge_options(global, own)?),
            (global, own) => global.or(own),
        };
        self.state.borrow_mut().environment_options = Some(merged.clone());
        Ok(merged)
    }
}

fn merge_options(high: PuppetHash, low: PuppetHash) -> Result<PuppetHash> {
    match Strategy::Hash.merge(Value::hash(high), Value::hash(low))? {
        Value::Hash(merged) => Ok(merged.as_ref().clone()),
        _ => Ok(PuppetHash::new()),
    }
}

/// `LookupAdapter#convert_result`
fn convert(
    invocation: &Invocation<'_>,
    key: &LookupKey,
    target: &Value,
    value: Value,
) -> Result<Value> {
    let target = match target {
        Value::Array(target) => target.as_ref().clone(),
        single => vec![single.clone()],
    };
    let key = &key.key;
    invocation.world.convert(&target, value).map_err(|error| {
        let message = match error {
            ConvertError::InvalidType(message) => {
                let source = target.first().map(crate::ruby::to_s).unwrap_or_default();
                format!(
                    "Invalid data type in lookup_options for key '{key}' could not parse '{source}', error: '{message}"
                )
            }
            ConvertError::Failed(message) => {
                format!("The convert_to lookup_option for key '{key}' raised error: {message}")
            }
        };
        LookupError::new(ErrorKind::Lookup, message)
    })
}

/// What a layer without a `hiera.yaml` comes to: it takes no part, unless it names its data in the
/// manner of Puppet 4 (`LookupAdapter#initialize_module_provider`), which is refused.
fn without_config(world: &dyn World, layer: &Layer) -> Result<Option<LayerConfig>> {
    match world.data_provider(layer)? {
        Some(provider) if provider.name != "none" => {
            let what = format!("the data provider '{}'", provider.name);
            Err(LookupError::unsupported(what, None).at(Some(&provider.file), provider.line))
        }
        _ => Ok(None),
    }
}
