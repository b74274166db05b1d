//! Data files: what `yaml_data` and `json_data` make of a text.

use bunraku_pcore::{PuppetHash, Type, Value, mismatch};
use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::yaml::{self, Data, Foreign};
use crate::{ErrorKind, LookupError, Result, Strict};

/// The function that reads a data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataFormat {
    /// `yaml_data`
    Yaml,
    /// `json_data`
    Json,
}

impl DataFormat {
    /// Name of the Puppet function.
    #[must_use]
    pub fn function(self) -> &'static str {
        match self {
            Self::Yaml => "yaml_data",
            Self::Json => "json_data",
        }
    }
}

/// A parsed data file: immutable, to be shared by all compiles of a release.
#[derive(Debug, Clone)]
pub struct DataFile {
    entries: PuppetHash,
    /// Keys whose value holds what is no Puppet value: what, and the type of the whole as shown.
    foreign: FxHashMap<EcoString, (Foreign, String)>,
    path: EcoString,
    format: DataFormat,
    is_empty_document: bool,
}

impl DataFile {
    /// Parses a file's text; `display_path` is for messages.
    ///
    /// # Errors
    /// The reference's message for a text that is no YAML or JSON, or no hash.
    pub fn parse(
        text: &[u8],
        display_path: &str,
        format: DataFormat,
        strict: Strict,
    ) -> Result<Self> {
        let mut file = Self {
            entries: PuppetHash::new(),
            foreign: FxHashMap::default(),
            path: display_path.into(),
            format,
            is_empty_document: false,
        };
        match format {
            DataFormat::Yaml => file.read_yaml(text, strict)?,
            DataFormat::Json => file.read_json(text)?,
        }
        Ok(file)
    }

    fn read_yaml(&mut self, text: &[u8], strict: Strict) -> Result<()> {
        let data = yaml::load(text, Some(&self.path)).map_err(|error| {
            LookupError::new(ErrorKind::Lookup, format!("Unable to parse {error}"))
        })?;
        match data {
            Some(Data::Hash(map)) => {
                for (key, value) in map.iter() {
                    if let (Data::Str(name) | Data::Symbol(name), Some(foreign)) =
                        (key, value.foreign())
                    {
                        self.foreign
                            .insert(name.clone(), (foreign, foreign_type(value)));
                    }
                }
                if let Value::Hash(entries) = Data::Hash(map).into_value() {
                    self.entries = entries.as_ref().clone();
                }
                Ok(())
            }
            // `safe_load` gives false for nothing, which is let pass with a warning.
            None | Some(Data::Null | Data::Bool(false)) => {
                self.is_empty_document = true;
                Ok(())
            }
            Some(_) if strict == Strict::Error => {
                Err(LookupError::new(ErrorKind::Lookup, self.no_hash()))
            }
            Some(_) => {
                self.is_empty_document = true;
                Ok(())
            }
        }
    }

    fn read_json(&mut self, text: &[u8]) -> Result<()> {
        let json: serde_json::Value = serde_json::from_slice(text).map_err(|error| {
            let shown = json_problem(&String::from_utf8_lossy(text), &error);
            let message = format!("Unable to parse ({}): {shown}", self.path);
            LookupError::new(ErrorKind::Lookup, message)
        })?;
        match json_value(&json) {
            Value::Hash(entries) => {
                self.entries = entries.as_ref().clone();
                Ok(())
            }
            other => {
                let subject = format!(
                    "Value returned from data_hash function 'json_data', when using location '{}', has wrong type,",
                    self.path
                );
                let message = mismatch::describe_value(&subject, &Type::any_hash(), &other);
                Err(LookupError::new(ErrorKind::Puppet, message))
            }
        }
    }

    fn no_hash(&self) -> String {
        format!("{}: file does not contain a valid yaml hash", self.path)
    }

    /// Value of a top-level key, shared, not copied.
    ///
    /// # Errors
    /// When the value holds what is no Puppet value (a Ruby symbol).
    pub fn value(&self, key: &str) -> Result<Option<Value>> {
        match self.foreign.get(key) {
            None => Ok(self.entries.get_str(key).cloned()),
            Some((foreign, shown)) => Err(self.foreign_error(key, *foreign, shown)),
        }
    }

    #[cold]
    fn foreign_error(&self, key: &str, foreign: Foreign, shown: &str) -> LookupError {
        let what = match foreign {
            Foreign::Symbol => {
                let function = self.format.function();
                let message = format!(
                    "Value for key '{key}', in hash returned from data_hash function '{function}', when using \
                     location '{}', has wrong type, expects Puppet::LookupValue, got {shown}",
                    self.path
                );
                return LookupError::new(ErrorKind::Puppet, message);
            }
            Foreign::BigInt => "an integer of more than 64 bits",
            Foreign::Bytes => "a string of bytes that are no UTF-8",
        };
        LookupError::unsupported(
            format_args!("{what}, in the value of key '{key}',"),
            Some(&self.path),
        )
    }

    /// All top-level keys and values, in order.
    #[must_use]
    pub fn entries(&self) -> &PuppetHash {
        &self.entries
    }

    /// What is to be logged when the file is first used, as data of `module` if given.
    #[must_use]
    pub fn warnings(&self, module: Option<&str>) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.is_empty_document {
            warnings.push(self.no_hash());
        }
        if let Some(module) = module {
            let prefix = format!("{module}::");
            let is_foreign = |key: &Value| {
                key.as_str()
                    .is_some_and(|key| key != "lookup_options" && !key.starts_with(&prefix))
            };
            for _ in self.entries.keys().filter(|key| is_foreign(key)) {
                warnings.push(format!(
                    "Module '{module}': Value returned from data_hash function '{}', when using location '{}', \
                     must use keys qualified with the name of the module",
                    self.format.function(),
                    self.path
                ));
            }
        }
        warnings
    }
}

/// The type that the reference infers of a value with a symbol; named in words where it is deeper.
fn foreign_type(data: &Data) -> String {
    const SYMBOL: &str = "Runtime[ruby, 'Symbol']";
    match data {
        Data::Symbol(_) => SYMBOL.to_owned(),
        Data::Array(elements)
            if elements
                .iter()
                .all(|element| matches!(element, Data::Symbol(_))) =>
        {
            let size = elements.len();
            format!("Array[{SYMBOL}, {size}, {size}]")
        }
        _ => format!("a value with a {SYMBOL} within"),
    }
}

fn json_value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Undef,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Str(text.as_str().into()),
        serde_json::Value::Array(elements) => {
            Value::array(elements.iter().map(json_value).collect())
        }
        serde_json::Value::Object(members) => Value::hash(
            members
                .iter()
                .map(|(key, value)| (key.as_str(), json_value(value)))
                .collect(),
        ),
    }
}

/// Ruby's JSON shows the text from where it could not go on. Its parser of objects gives up at the
/// object's start, that of arrays at the element.
fn json_problem(text: &str, error: &serde_json::Error) -> String {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let at = (line_start + error.column().saturating_sub(1)).min(text.len());
    // Open containers: whether an object, and where it or its current element starts.
    let mut open: Vec<(bool, usize)> = Vec::new();
    let mut is_string = false;
    let mut is_escaped = false;
    let mut element = text.len() - text.trim_start().len();
    let first = element;
    for (index, byte) in text.bytes().enumerate().take(at) {
        if is_string {
            is_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => is_string = true,
            b'{' | b'[' => {
                open.push((byte == b'{', element));
                element = index + 1;
            }
            b'}' | b']' => element = open.pop().map_or(first, |(_, start)| start),
            b',' | b':' => element = index + 1,
            _ => {}
        }
    }
    // A bad word is noticed at its second letter.
    let word = text.get(..at).map_or(0, |before| {
        before.len()
            - before
                .trim_end_matches(|c: char| c.is_ascii_alphanumeric())
                .len()
    });
    let mut start = at - word;
    for (is_object, container) in open.into_iter().rev() {
        if !is_object {
            break;
        }
        start = container;
    }
    let rest = text.get(start..).unwrap_or_default();
    format!(
        "unexpected token at '{}'",
        rest.trim_start_matches([' ', '\n', '\t', '\r'])
    )
}
