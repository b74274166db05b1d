//! Evaluation of single programs, for `bunraku eval`.

use bunraku_catalog::Trace;
use bunraku_pcore::Value;
use ecow::EcoString;

use crate::code::{Code, CodeCache, Syntax};
use crate::compile::{Manifest, Request, on_large_stack, run};
use crate::error::{Error, Result};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::inputs::Inputs;
use crate::log::LogEntry;
use crate::recorder::Recorder;
use crate::scope::{Binding, FactPath, FactRoot, Scopes};

/// A program to evaluate in the top scope of a node.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Programs that are evaluated before, in order: the first as a whole compile.
    pub preludes: Vec<String>,
    /// The source.
    pub code: String,
    /// The name that messages give the source; `None`: no file name.
    pub source_name: Option<String>,
    /// Whether the source is an EPP template; its value is the text.
    pub epp: bool,
}

/// What came of an evaluation.
#[derive(Debug)]
pub struct Evaluation {
    /// The value (an iterator as its list), or why there is none.
    pub outcome: Result<Value, Error>,
    /// The variables of the top scope afterwards, facts included.
    pub variables: Vec<(EcoString, Value)>,
    /// Every read, with the digest of its answer.
    pub trace: Trace,
    /// What the program logged; what its preludes logged is left out.
    pub logs: Vec<LogEntry>,
}

/// Evaluates a program for the node of `request`, whose main manifest is not used.
#[must_use]
pub fn evaluate(
    request: &Request,
    program: &Program,
    inputs: &dyn Inputs,
    cache: &CodeCache,
) -> Evaluation {
    let mut request = request.clone();
    request.manifest = Manifest::Code(program.preludes.first().cloned().unwrap_or_default());
    let request = &request;
    on_large_stack(|| {
        let code = Code::default();
        let mut ev = Evaluator::new(request, Recorder::new(inputs), &code, cache);
        let outcome = value_of(&mut ev, program).map_err(crate::error::Unwind::into_error);
        let variables = top_variables(&mut ev);
        Evaluation {
            outcome,
            variables,
            trace: ev.inputs.take_trace(),
            logs: std::mem::take(&mut ev.logs),
        }
    })
    .unwrap_or_else(|message| Evaluation {
        outcome: Err(Error::plain(message)),
        variables: Vec::new(),
        trace: Trace::new(),
        logs: Vec::new(),
    })
}

fn value_of(ev: &mut Evaluator<'_>, program: &Program) -> Result<Value> {
    run(ev)?;
    for (index, prelude) in program.preludes.iter().enumerate().skip(1) {
        let file = ev.load_text(&format!("prelude:{index}"), None, prelude, Syntax::Manifest)?;
        ev.import_definitions(file)?;
        ev.eval_program(Frame {
            scope: Scopes::TOP,
            file,
        })?;
        ev.evaluate_generators()?;
    }
    ev.logs.clear();
    let name = program.source_name.as_deref().map(std::sync::Arc::from);
    let syntax = if program.epp {
        Syntax::Epp
    } else {
        Syntax::Manifest
    };
    let file = ev.load_text("eval", name, &program.code, syntax)?;
    let frame = Frame {
        scope: Scopes::TOP,
        file,
    };
    let value = if program.epp {
        ev.call_epp("inline_epp", file, None, frame)?
    } else {
        ev.import_definitions(file)?;
        ev.program_value(frame)?
    };
    Ok(match value {
        Value::Iterator(iterator) => Value::array(iterator.elements.clone()),
        other => other,
    })
}

fn top_variables(ev: &mut Evaluator<'_>) -> Vec<(EcoString, Value)> {
    let bound: Vec<(EcoString, Binding)> = ev.scopes.get(Scopes::TOP).variables.clone();
    let mut variables = Vec::with_capacity(bound.len());
    for (name, binding) in bound {
        let value = match binding {
            Binding::Value(value) => value,
            Binding::Path(path) => ev.read_fact(&path),
        };
        variables.push((name, value));
    }
    if let Some(Value::Hash(facts)) = ev.inputs.fact(&FactPath::root(FactRoot::Facts)) {
        for (name, value) in facts.iter() {
            if let Value::Str(name) = name
                && !variables.iter().any(|(known, _)| known == name)
            {
                variables.push((name.clone(), value.clone()));
            }
        }
    }
    variables
}
