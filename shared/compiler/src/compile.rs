//! One compile from request to catalog.

use bunraku_catalog::{Catalog, ExportedResource, Trace, Version};
use bunraku_pcore::Value;
use ecow::EcoString;

use crate::code::{Code, CodeCache};
use crate::error::{Error, Result};
use crate::evaluator::Evaluator;
use crate::inputs::Inputs;
use crate::log::LogEntry;
use crate::recorder::Recorder;
use crate::scope::{Binding, Scopes};
use crate::settings::Settings;

/// Stack of the thread that compiles: enough for the deepest nesting that the evaluator allows.
/// The system hands out what is used only.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// The main manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// Source text; it has no file name in messages.
    Code(String),
    /// A file, or a directory whose `*.pp` are all read, sorted, also those in directories below.
    /// A path as `Inputs` knows them, usually `manifests`.
    Path(String),
}

/// A class that a node classifier assigns, with its parameters; without any it is included.
pub type ClassAssignment = (EcoString, Vec<(EcoString, Value)>);

/// What is compiled, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The node.
    pub certname: String,
    /// Name of the environment.
    pub environment: String,
    /// Where the environment is, as messages and resources show it, without `/` at the end.
    pub environment_root: String,
    /// The main manifest.
    pub manifest: Manifest,
    /// Directories of modules as `Inputs` knows them, in order (`modules`, `/etc/puppetlabs/code/modules`).
    pub modulepath: Vec<String>,
    /// The global layer's `hiera.yaml`, if there is a global layer.
    pub hiera_config: Option<String>,
    /// Puppet's settings.
    pub settings: Settings,
    /// Top-scope variables, over the facts of the same name.
    pub variables: Vec<(EcoString, Value)>,
    /// Classes from a node classifier, in order.
    pub classes: Vec<ClassAssignment>,
    /// Whether virtual resources that nobody realized stay in the catalog.
    pub include_virtual: bool,
    /// The catalog's version.
    pub version: Version,
    /// The catalog's `code_id`.
    pub code_id: Option<EcoString>,
}

impl Request {
    /// A request with Puppet's defaults for a node: `manifests` and `modules` of environment `production`.
    #[must_use]
    pub fn new(certname: impl Into<String>) -> Self {
        Self {
            certname: certname.into(),
            environment: "production".to_owned(),
            environment_root: "/etc/puppetlabs/code/environments/production".to_owned(),
            manifest: Manifest::Path("manifests".to_owned()),
            modulepath: vec!["modules".to_owned()],
            hiera_config: None,
            settings: Settings::default(),
            variables: Vec::new(),
            classes: Vec::new(),
            include_virtual: false,
            version: Version::Int(0),
            code_id: None,
        }
    }
}

/// What came of a compile.
#[derive(Debug)]
pub struct Compilation {
    /// The catalog, or why there is none.
    pub outcome: Result<Catalog, Error>,
    /// What the node exports; nothing when there is no catalog.
    pub exports: Vec<ExportedResource>,
    /// Every read, with the digest of its answer.
    pub trace: Trace,
    /// What was logged, in order.
    pub logs: Vec<LogEntry>,
}

/// Compiles a catalog, on a thread of its own that has the stack for it.
#[must_use]
pub fn compile(request: &Request, inputs: &dyn Inputs, cache: &CodeCache) -> Compilation {
    on_large_stack(|| {
        let code = Code::default();
        let mut ev = Evaluator::new(request, Recorder::new(inputs), &code, cache);
        let finished = run(&mut ev).and_then(|catalog| Ok((catalog, ev.exports()?)));
        let (outcome, exports) = match finished {
            Ok((catalog, exports)) => (Ok(catalog), exports),
            Err(unwind) => {
                let mut error = unwind.into_error();
                error.node = Some(request.certname.clone());
                (Err(error), Vec::new())
            }
        };
        Compilation {
            outcome,
            exports,
            trace: ev.inputs.take_trace(),
            logs: std::mem::take(&mut ev.logs),
        }
    })
    .unwrap_or_else(|message| Compilation {
        outcome: Err(Error::plain(message)),
        exports: Vec::new(),
        trace: Trace::new(),
        logs: Vec::new(),
    })
}

/// Runs on a thread with a large stack; an error when there is no thread to be had or it died.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("compile".to_owned())
            .stack_size(STACK_BYTES);
        let handle = thread
            .spawn_scoped(scope, work)
            .map_err(|error| format!("no thread to compile on: {error}"))?;
        handle
            .join()
            .map_err(|_| "the compile ended unexpectedly".to_owned())
    })
}

/// The stages of `Puppet::Parser::Compiler#compile`.
pub(crate) fn run(ev: &mut Evaluator<'_>) -> Result<Catalog> {
    set_node_parameters(ev);
    ev.import_main()?;
    ev.evaluate_main()?;
    ev.evaluate_node()?;
    ev.evaluate_node_classes()?;
    ev.evaluate_generators()?;
    ev.finish()
}

/// Top-scope variables (`set_node_parameters`); facts need no copy, they are found by name.
fn set_node_parameters(ev: &mut Evaluator<'_>) {
    ev.bind_facts();
    let environment = Value::string(ev.request.environment.as_str());
    let top = ev.scopes.get_mut(Scopes::TOP);
    top.set_variable("environment".into(), Binding::Value(environment));
    for (name, value) in &ev.request.variables {
        top.set_variable(name.clone(), Binding::Value(value.clone()));
    }
}
