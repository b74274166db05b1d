//! Hiera lookups of a compile: the bridge from `bunraku-hiera` to `Inputs`.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bunraku_hiera::{
    Config, ConvertError, DataProvider, DataSource, DirEntry, ErrorKind, Found, Hiera, Layer,
    LayerSet, LookupError, LookupOptions, Segment, Strict, VariablePath, World,
};
use bunraku_pcore::{Value, convert};
use bunraku_syntax::environment_conf::EnvironmentConf;
use ecow::EcoString;

use crate::error::{Error, Result, Unwind, UnwindKind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::inputs::EntryKind;
use crate::log::Level;
use crate::scope::{Binding, ScopeId};
use crate::settings;

/// What lookups keep between them.
#[derive(Default)]
pub(crate) struct DataLookup {
    hiera: Option<Rc<Hiera>>,
}

impl<'a> Evaluator<'a> {
    /// The function `lookup()`; `None` when nothing is found and no default was given.
    pub(crate) fn lookup(
        &mut self,
        names: &[String],
        options: &LookupOptions,
        frame: Frame<'a>,
    ) -> Result<Option<Found>> {
        self.with_hiera(frame, |hiera, world| hiera.lookup(world, names, options))
    }

    /// Automatic parameter lookup: the value bound to `class::parameter`, if there is one.
    pub(crate) fn lookup_class_parameter(
        &mut self,
        key: &str,
        frame: Frame<'a>,
    ) -> Result<Option<Value>> {
        self.with_hiera(frame, |hiera, world| hiera.lookup_parameter(world, key))
    }

    /// The value of a variable; `None` when there is no such variable.
    pub(crate) fn existing_variable(
        &mut self,
        name: &str,
        scope: ScopeId,
    ) -> Result<Option<Value>> {
        Ok(match self.lookup_variable(name, scope)? {
            Some(Binding::Value(value)) => Some(value),
            Some(Binding::Path(path)) => Some(self.read_fact(&path)),
            None => None,
        })
    }

    fn with_hiera<T>(
        &mut self,
        frame: Frame<'a>,
        ask: impl FnOnce(&Hiera, &dyn World) -> bunraku_hiera::Result<T>,
    ) -> Result<T> {
        let layers = LayerSet {
            global: self.request.hiera_config.as_deref().map(EcoString::from),
            global_only: false,
        };
        let hiera = Rc::clone(
            self.lookup
                .hiera
                .get_or_insert_with(|| Rc::new(Hiera::new(layers))),
        );
        let world = ScopeWorld {
            evaluator: RefCell::new(self),
            frame,
            warnings: RefCell::default(),
        };
        let answer = ask(&hiera, &world);
        let warnings = world.warnings.into_inner();
        for warning in warnings {
            self.log_plain(Level::Warning, warning);
        }
        answer.map_err(lookup_failure)
    }
}

/// A failed lookup as an error of the compile.
///
/// The reference's errors of lookups come preformatted: no expression adds its place to them.
pub(crate) fn lookup_failure(error: LookupError) -> Unwind {
    if error.file.is_some() || error.is_lookup_error() {
        let mut located = Error::verbatim(
            error.message,
            error.file.map(|file| Arc::from(file.as_str())),
            error.line,
            None,
        );
        located.issue_code = error.issue_code.map(str::to_owned);
        return located.into();
    }
    match error.issue_code {
        Some(code) => Unwind::issue(code, error.message),
        None => Unwind::plain(error.message),
    }
}

/// The world as a scope of a compile sees it.
struct ScopeWorld<'w, 'a> {
    evaluator: RefCell<&'w mut Evaluator<'a>>,
    frame: Frame<'a>,
    warnings: RefCell<Vec<String>>,
}

fn plain(unwind: Unwind) -> LookupError {
    let message = match unwind.into_kind() {
        UnwindKind::Error(error) => error.message,
        _ => "a lookup can't be left".to_owned(),
    };
    LookupError::new(ErrorKind::Argument, message)
}

impl World for ScopeWorld<'_, '_> {
    fn config(&self, path: &str, layer: &Layer) -> bunraku_hiera::Result<Option<Arc<Config>>> {
        self.evaluator.borrow().inputs.hiera_config(path, layer)
    }

    fn data_provider(&self, layer: &Layer) -> bunraku_hiera::Result<Option<DataProvider>> {
        let (path, setting) = match layer {
            Layer::Global => return Ok(None),
            Layer::Environment => ("environment.conf".into(), "environment_data_provider"),
            Layer::Module(module) => match self.module_path(module) {
                Some(directory) => (format!("{directory}/metadata.json"), "data_provider"),
                None => return Ok(None),
            },
        };
        let content = self.evaluator.borrow().inputs.file(&path);
        let content =
            content.map_err(|error| LookupError::new(ErrorKind::Puppet, error.to_string()))?;
        let Some(content) = content else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&content.bytes);
        let name = match layer {
            Layer::Module(_) => serde_json::from_str::<serde_json::Value>(&text)
                .ok()
                .and_then(|metadata| Some(metadata.get(setting)?.as_str()?.to_owned())),
            _ => EnvironmentConf::parse(&text).data_provider,
        };
        Ok(name.map(|name| DataProvider {
            name,
            file: self.display_path(&path),
            line: text
                .lines()
                .position(|line| line.contains(setting))
                .and_then(|index| u32::try_from(index + 1).ok()),
        }))
    }

    fn data(&self, source: &DataSource<'_>, key: &str) -> bunraku_hiera::Result<Option<Value>> {
        self.evaluator.borrow().inputs.data(source, key)
    }

    fn data_warnings(
        &self,
        source: &DataSource<'_>,
        module: Option<&str>,
    ) -> bunraku_hiera::Result<Vec<String>> {
        self.evaluator.borrow().inputs.data_warnings(source, module)
    }

    fn exists(&self, path: &str) -> bool {
        self.evaluator.borrow().inputs.exists(path).unwrap_or(false)
    }

    fn list(&self, directory: &str) -> Vec<DirEntry> {
        let listing = self
            .evaluator
            .borrow()
            .inputs
            .listing(directory)
            .ok()
            .flatten();
        let entries = listing.iter().flat_map(|entries| entries.iter());
        entries
            .map(|entry| DirEntry {
                name: entry.name.as_str().into(),
                is_directory: entry.kind == EntryKind::Directory,
            })
            .collect()
    }

    fn display_path(&self, path: &str) -> EcoString {
        EcoString::from(&*self.evaluator.borrow().display_path(path))
    }

    fn module_path(&self, module: &str) -> Option<EcoString> {
        let path = self
            .evaluator
            .borrow_mut()
            .module_directory(module)
            .ok()
            .flatten()?;
        Some(EcoString::from(&*path))
    }

    fn variable(&self, path: &VariablePath<'_>) -> bunraku_hiera::Result<Option<Value>> {
        let mut evaluator = self.evaluator.borrow_mut();
        let binding = evaluator
            .lookup_variable(path.root, self.frame.scope)
            .map_err(plain)?;
        match binding {
            Some(Binding::Value(value)) => path.dig(value),
            Some(Binding::Path(root)) => {
                let mut at = root.clone();
                for segment in path.segments {
                    let key = match segment {
                        Segment::Key(key) => Value::Str(key.clone()),
                        Segment::Index(index) => Value::Int(*index),
                    };
                    match evaluator.step(&at, &key) {
                        Some(deeper) => at = deeper,
                        // The way leads out of the facts: the variable as a whole says how.
                        None => return path.dig(evaluator.read_fact(&root)),
                    }
                }
                Ok(Some(evaluator.read_fact(&at)).filter(|value| !value.is_undef()))
            }
            None if evaluator.request.settings.strict_variables => {
                Err(LookupError::undefined_variable(path.root, ""))
            }
            None => Ok(None),
        }
    }

    fn convert(&self, target: &[Value], value: Value) -> std::result::Result<Value, ConvertError> {
        let (wanted, arguments) = match target {
            [Value::Type(wanted), arguments @ ..] => (wanted.as_ref().clone(), arguments),
            [Value::Str(text), arguments @ ..] => {
                let wanted = self
                    .evaluator
                    .borrow_mut()
                    .type_from_text(text, self.frame)
                    .map_err(|error| ConvertError::InvalidType(plain(error).message))?;
                (wanted, arguments)
            }
            _ => {
                return Err(ConvertError::InvalidType(
                    "convert_to names no type".to_owned(),
                ));
            }
        };
        let mut all = vec![value];
        all.extend(arguments.iter().cloned());
        convert::new_instance(&wanted, &all).map_err(|error| ConvertError::Failed(error.message))
    }

    fn strict(&self) -> Strict {
        match self.evaluator.borrow().request.settings.strict {
            settings::Strict::Off => Strict::Off,
            settings::Strict::Warning => Strict::Warning,
            settings::Strict::Error => Strict::Error,
        }
    }

    fn environment(&self) -> EcoString {
        self.evaluator.borrow().request.environment.as_str().into()
    }

    fn warn(&self, message: &str) {
        self.warnings.borrow_mut().push(message.to_owned());
    }
}
