//! Parsing and validation of `hiera.yaml`: `HieraConfig.create` and `HieraConfigV5#validate_config`.

use bunraku_pcore::{PuppetHash, Value, mismatch};
use ecow::EcoString;

use super::{Config, Entry, FunctionKind, Locations, lines, shape};
use crate::yaml::{self, Data};
use crate::{ErrorKind, Layer, LookupError, Result, Strict};

const FUNCTION_KEYS: [&str; 4] = ["data_hash", "lookup_key", "data_dig", "hiera3_backend"];
const LOCATION_KEYS: [&str; 7] = [
    "path",
    "paths",
    "glob",
    "globs",
    "uri",
    "uris",
    "mapped_paths",
];
const RESERVED_OPTIONS: [&str; 2] = ["path", "uri"];

/// Parses one file of `layer`.
pub(super) fn parse(text: &[u8], path: &str, layer: &Layer, strict: Strict) -> Result<Config> {
    let loaded = yaml::load(text, Some(path))
        .map_err(|error| LookupError::new(ErrorKind::Puppet, error.message))?
        .unwrap_or(Data::Null);
    let Data::Hash(_) = &loaded else {
        let warning = format!(
            "{path}: File exists but does not contain a valid YAML hash. \
             Falling back to Hiera version 3 default config"
        );
        let mut config = version_3(path, layer, strict).unwrap_or_else(|error| Config {
            error: Some(error),
            ..Config::default_config()
        });
        config.warnings.insert(0, warning);
        return Ok(config);
    };
    let value = loaded.to_value();
    let entries = value.as_hash().cloned().unwrap_or_default();
    match version(entries.get_str("version")) {
        5 => Parser {
            text: String::from_utf8_lossy(text).into_owned(),
            path,
            layer,
        }
        .parse(entries),
        4 if *layer == Layer::Global => Err(LookupError::issue(
            "HIERA_UNSUPPORTED_VERSION_IN_GLOBAL",
            "hiera.yaml version 4 cannot be used in the global layer",
        )
        .at(Some(path), None)),
        4 => Err(LookupError::unsupported("hiera.yaml version 4", Some(path))),
        3 => version_3(path, layer, strict),
        other => Err(LookupError::issue(
            "HIERA_UNSUPPORTED_VERSION",
            format!("This runtime does not support hiera.yaml version {other}"),
        )
        .at(Some(path), None)),
    }
}

/// The version as Ruby's `to_i` sees it; 3 when there is none.
fn version(value: Option<&Value>) -> i64 {
    match value {
        None | Some(Value::Undef | Value::Bool(false)) => 3,
        Some(Value::Int(version)) => *version,
        #[allow(clippy::cast_possible_truncation)]
        Some(Value::Float(version)) => *version as i64,
        Some(Value::Str(text)) => {
            let end = text
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len());
            text.get(..end)
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(0)
        }
        Some(_) => 0,
    }
}

fn version_3(path: &str, layer: &Layer, strict: Strict) -> Result<Config> {
    let place = match layer {
        Layer::Global => {
            return Err(LookupError::unsupported("hiera.yaml version 3", Some(path)));
        }
        Layer::Environment => ("an environment", "the environment root"),
        Layer::Module(_) => ("a module", "module root"),
    };
    if strict == Strict::Error {
        return Err(LookupError::issue(
            "HIERA_VERSION_3_NOT_GLOBAL",
            format!("hiera.yaml version 3 cannot be used in {}", place.0),
        )
        .at(Some(path), None));
    }
    Ok(Config {
        path: Some(path.into()),
        is_ignored: true,
        warnings: vec![format!(
            "hiera.yaml version 3 found at {} was ignored",
            place.1
        )],
        ..Config::default_config()
    })
}

pub(super) fn default_entry() -> Entry {
    Entry {
        name: "Common".into(),
        kind: FunctionKind::DataHash,
        function: "yaml_data".into(),
        datadir: None,
        locations: Some(Locations::Paths(vec!["common.yaml".into()])),
        options: None,
    }
}

struct Parser<'a> {
    text: String,
    path: &'a str,
    layer: &'a Layer,
}

impl Parser<'_> {
    fn parse(self, mut config: PuppetHash) -> Result<Config> {
        if !config.get_str("defaults").is_some_and(Value::is_truthy) {
            let defaults = [("datadir", "data"), ("data_hash", "yaml_data")];
            config.insert("defaults", defaults.into_iter().collect::<PuppetHash>());
        }
        if !config.get_str("hierarchy").is_some_and(Value::is_truthy) {
            let entry: PuppetHash = [("name", "Common"), ("path", "common.yaml")]
                .into_iter()
                .collect();
            config.insert("hierarchy", vec![Value::hash(entry)]);
        }
        if !shape::fits(&config) {
            let subject = format!(
                "The Lookup Configuration at '{}' has wrong type,",
                self.path
            );
            let value = Value::hash(config);
            let message = mismatch::describe_value(&subject, &shape::config_type(), &value);
            return Err(LookupError::new(ErrorKind::Puppet, message));
        }
        let empty = PuppetHash::new();
        let defaults = config
            .get_str("defaults")
            .and_then(Value::as_hash)
            .unwrap_or(&empty);
        self.validate_defaults(defaults)?;
        let hierarchy = self
            .entries(&config, "hierarchy", defaults)?
            .unwrap_or_default();
        // Plans have a hierarchy of their own, which is validated and else unused.
        self.entries(&config, "plan_hierarchy", defaults)?;
        if config.contains_str("default_hierarchy") && self.layer.module().is_none() {
            let line = lines::find_key(&self.text, "default_hierarchy:");
            return Err(self.issue(
                "HIERA_DEFAULT_HIERARCHY_NOT_IN_MODULE",
                "'default_hierarchy' is only allowed in the module layer",
                line,
            ));
        }
        let default_hierarchy = self.entries(&config, "default_hierarchy", defaults)?;
        Ok(Config {
            path: Some(self.path.into()),
            datadir: string(defaults, "datadir").unwrap_or_else(|| "data".into()),
            options: defaults.get_str("options").cloned(),
            hierarchy,
            default_hierarchy,
            error: None,
            is_ignored: false,
            warnings: Vec::new(),
            text: self.text,
        })
    }

    fn issue(
        &self,
        code: &'static str,
        message: impl Into<String>,
        line: Option<u32>,
    ) -> LookupError {
        LookupError::issue(code, message).at(Some(self.path), line)
    }

    fn validate_defaults(&self, defaults: &PuppetHash) -> Result<()> {
        if count(defaults, &FUNCTION_KEYS) > 1 {
            return Err(self.issue(
                "HIERA_MULTIPLE_DATA_PROVIDER_FUNCTIONS_IN_DEFAULT",
                format!(
                    "Only one of {} can be defined in defaults",
                    either(&FUNCTION_KEYS)
                ),
                None,
            ));
        }
        match reserved_option(defaults) {
            None => Ok(()),
            Some(key) => Err(self.issue(
                "HIERA_DEFAULT_OPTION_RESERVED_BY_PUPPET",
                format!("Option key '{key}' used in defaults is reserved by Puppet"),
                None,
            )),
        }
    }

    fn entries(
        &self,
        config: &PuppetHash,
        key: &str,
        defaults: &PuppetHash,
    ) -> Result<Option<Vec<Entry>>> {
        let Some(list) = config.get_str(key).and_then(Value::as_array) else {
            return Ok(None);
        };
        let entries = list.iter().filter_map(Value::as_hash);
        entries
            .map(|entry| self.entry(entry, defaults))
            .collect::<Result<_>>()
            .map(Some)
    }

    fn entry(&self, entry: &PuppetHash, defaults: &PuppetHash) -> Result<Entry> {
        let name = string(entry, "name").unwrap_or_default();
        let functions = FunctionKind::ALL
            .iter()
            .filter(|(_, key)| entry.contains_str(key))
            .count();
        if functions > 1 {
            let keys = either(&FUNCTION_KEYS);
            return Err(self.issue(
                "HIERA_MULTIPLE_DATA_PROVIDER_FUNCTIONS",
                format!("Only one of {keys} can be defined in hierarchy '{name}'"),
                None,
            ));
        }
        let own = find_function(entry).or_else(|| find_function(defaults));
        let Some((kind, function)) = own else {
            let keys = either(&FUNCTION_KEYS);
            return Err(self.issue(
                "HIERA_MISSING_DATA_PROVIDER_FUNCTION",
                format!("One of {keys} must be defined in hierarchy '{name}'"),
                None,
            ));
        };
        if let Some(backend) = string(entry, "hiera3_backend") {
            self.validate_backend(&backend)?;
        }
        if count(entry, &LOCATION_KEYS) > 1 {
            let keys = either(&LOCATION_KEYS);
            return Err(self.issue(
                "HIERA_MULTIPLE_LOCATION_SPECS",
                format!("Only one of {keys} can be defined in hierarchy '{name}'"),
                None,
            ));
        }
        if let Some(key) = reserved_option(entry) {
            return Err(self.issue(
                "HIERA_OPTION_RESERVED_BY_PUPPET",
                format!("Option key '{key}' used in hierarchy '{name}' is reserved by Puppet"),
                None,
            ));
        }
        Ok(Entry {
            name,
            kind,
            function,
            datadir: string(entry, "datadir"),
            locations: locations(entry),
            options: entry.get_str("options").cloned(),
        })
    }

    fn validate_backend(&self, backend: &str) -> Result<()> {
        if *self.layer != Layer::Global {
            let line = lines::find_setting(&self.text, "hiera3_backend:", None, 1);
            return Err(self.issue(
                "HIERA_V3_BACKEND_NOT_GLOBAL",
                "'hiera3_backend' is only allowed in the global layer",
                line,
            ));
        }
        if matches!(backend, "json" | "yaml" | "hocon") {
            let line = lines::find_setting(&self.text, "hiera3_backend:", Some(backend), 1);
            return Err(self.issue(
                "HIERA_V3_BACKEND_REPLACED_BY_DATA_HASH",
                format!(
                    "Use \"data_hash: {backend}_data\" instead of \"hiera3_backend: {backend}\""
                ),
                line,
            ));
        }
        Ok(())
    }
}

fn count(entries: &PuppetHash, keys: &[&str]) -> usize {
    keys.iter().filter(|key| entries.contains_str(key)).count()
}

fn find_function(entries: &PuppetHash) -> Option<(FunctionKind, EcoString)> {
    FunctionKind::ALL
        .iter()
        .find_map(|(kind, key)| string(entries, key).map(|name| (*kind, name)))
}

fn reserved_option(entry: &PuppetHash) -> Option<&'static str> {
    let options = entry.get_str("options")?.as_hash()?;
    RESERVED_OPTIONS
        .into_iter()
        .find(|key| options.contains_str(key))
}

fn string(entries: &PuppetHash, key: &str) -> Option<EcoString> {
    match entries.get_str(key) {
        Some(Value::Str(text)) => Some(text.clone()),
        _ => None,
    }
}

fn strings(entries: &PuppetHash, key: &str) -> Option<Vec<EcoString>> {
    let list = entries.get_str(key)?.as_array()?;
    Some(
        list.iter()
            .filter_map(|item| item.as_str().map(EcoString::from))
            .collect(),
    )
}

fn locations(entry: &PuppetHash) -> Option<Locations> {
    let one = |key: &str| string(entry, key).map(|one| vec![one]);
    if let Some(paths) = one("path").or_else(|| strings(entry, "paths")) {
        return Some(Locations::Paths(paths));
    }
    if let Some(globs) = one("glob").or_else(|| strings(entry, "globs")) {
        return Some(Locations::Globs(globs));
    }
    if let Some(uris) = one("uri").or_else(|| strings(entry, "uris")) {
        return Some(Locations::Uris(uris));
    }
    let triplet = strings(entry, "mapped_paths")?;
    <[EcoString; 3]>::try_from(triplet)
        .ok()
        .map(Locations::Mapped)
}

/// `'a', 'b', or 'c'` as `LabelProvider#combine_strings` joins.
fn either(keys: &[&str]) -> String {
    match keys.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{}, or {last}", rest.join(", ")),
        _ => keys.join(""),
    }
}
