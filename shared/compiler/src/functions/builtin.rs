//! The interface that built-in functions are written to.

use std::sync::{Arc, OnceLock};

use bunraku_pcore::mismatch::{self, Signature};
use bunraku_pcore::types::{CallableType, Size, is_assignable};
use bunraku_pcore::{PuppetHash, Type, Value};
use bunraku_syntax::Span;
use ecow::EcoString;

use super::iterable::Elements;
use crate::error::{JumpKind, Result, Unwind, UnwindKind};
use crate::evaluator::Evaluator;
use crate::evaluator::type_text::parse_type;
use crate::frame::{Closure, Frame};
use crate::log::Level;

/// What implements one dispatch: it may rely on the arguments fitting the declared types.
pub(crate) type Implementation = for<'c, 'a> fn(&mut Call<'c, 'a>) -> Result<Value>;

/// A built-in function: the first dispatch that takes the arguments is called.
pub(crate) struct Builtin {
    /// The name.
    pub(crate) name: &'static str,
    /// Its ways to be called, in order of preference.
    pub(crate) dispatches: &'static [Dispatch],
}

/// The block of a dispatch, with its type as a Puppet type string (`Callable[1,1]`).
#[derive(Clone, Copy)]
pub(crate) enum Block {
    /// No block is accepted.
    None,
    /// A block may be given.
    Optional(&'static str),
    /// A block must be given.
    Required(&'static str),
}

/// One way to call a function.
#[derive(Clone, Copy)]
pub(crate) struct Dispatch {
    /// Names and types (as Puppet type strings) of the parameters.
    pub(crate) params: &'static [(&'static str, &'static str)],
    /// Number of arguments that must be given.
    pub(crate) required: usize,
    /// Whether the last parameter takes any number of arguments.
    pub(crate) repeated: bool,
    /// The block.
    pub(crate) block: Block,
    /// The implementation.
    pub(crate) f: Implementation,
}

impl Dispatch {
    /// A dispatch whose parameters are all required, without a block.
    pub(crate) const fn of(
        params: &'static [(&'static str, &'static str)],
        f: Implementation,
    ) -> Self {
        Self {
            params,
            required: params.len(),
            repeated: false,
            block: Block::None,
            f,
        }
    }

    /// The last `count` parameters may be left out.
    pub(crate) const fn optional(mut self, count: usize) -> Self {
        self.required = self.params.len().saturating_sub(count);
        self
    }

    /// The last parameter takes any number of arguments, `least` or more.
    pub(crate) const fn repeated(mut self, least: usize) -> Self {
        self.required = self.params.len().saturating_sub(1).saturating_add(least);
        self.repeated = true;
        self
    }

    /// A block of this type must be given.
    pub(crate) const fn block(mut self, block_type: &'static str) -> Self {
        self.block = Block::Required(block_type);
        self
    }

    /// A block of this type may be given.
    pub(crate) const fn optional_block(mut self, block_type: &'static str) -> Self {
        self.block = Block::Optional(block_type);
        self
    }
}

/// A call of a built-in function in progress.
pub(crate) struct Call<'c, 'a> {
    /// The evaluator.
    pub(crate) ev: &'c mut Evaluator<'a>,
    /// Where the call is evaluated.
    pub(crate) frame: Frame<'a>,
    /// The call expression.
    pub(crate) span: Span,
    /// Name of the function, for messages.
    pub(crate) name: &'static str,
    /// The arguments; they fit the dispatch.
    pub(crate) args: Vec<Value>,
    /// The block, if one was given.
    pub(crate) block: Option<Closure<'a>>,
}

impl<'a> Call<'_, 'a> {
    /// The argument at `index`; `undef` when it was left out.
    pub(crate) fn arg(&self, index: usize) -> &Value {
        self.args.get(index).unwrap_or(&Value::Undef)
    }

    /// Takes the argument at `index` out of the call.
    pub(crate) fn take(&mut self, index: usize) -> Value {
        self.args
            .get_mut(index)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The text of a string argument; empty when it is none.
    pub(crate) fn text(&self, index: usize) -> EcoString {
        match self.arg(index) {
            Value::Str(text) => text.clone(),
            _ => EcoString::new(),
        }
    }

    /// The entries of a hash argument; empty when it is none.
    pub(crate) fn hash(&self, index: usize) -> Arc<PuppetHash> {
        match self.arg(index) {
            Value::Hash(entries) => Arc::clone(entries),
            _ => Arc::default(),
        }
    }

    /// The number of an integer argument; 0 when it is none.
    pub(crate) fn int(&self, index: usize) -> i64 {
        self.arg(index).as_int().unwrap_or(0)
    }

    /// The elements of an iterable argument.
    pub(crate) fn elements(&self, index: usize) -> Result<Elements> {
        let value = self.arg(index);
        Elements::of(value).ok_or_else(|| {
            self.fail(format!(
                "{}(): wrong argument type ({}; is not Iterable.",
                self.name,
                Type::infer(value)
            ))
        })
    }

    /// Calls the block, which must be there.
    pub(crate) fn call_block(&mut self, arguments: Vec<Value>) -> Result<Value> {
        match self.block {
            Some(block) => self.ev.call_closure(&block, arguments),
            None => Err(Unwind::plain(format!("'{}' expects a block", self.name))),
        }
    }

    /// Calls the block for one step of an iteration; `None` when it said `break()`.
    pub(crate) fn yield_block(&mut self, arguments: Vec<Value>) -> Result<Option<Value>> {
        match self.call_block(arguments) {
            Ok(value) => Ok(Some(value)),
            Err(unwind) => match unwind.kind() {
                UnwindKind::Jump(jump) if jump.kind == JumpKind::Break => Ok(None),
                _ => Err(unwind),
            },
        }
    }

    /// An error of this function (Ruby's `ArgumentError`); the call expression adds its place.
    #[cold]
    pub(crate) fn fail(&self, message: impl Into<String>) -> Unwind {
        Unwind::plain(message)
    }

    /// Turns an error of the data model into one of this function.
    pub(crate) fn checked<T>(&self, result: bunraku_pcore::Result<T>) -> Result<T> {
        result.map_err(|error| Unwind::plain(error.message))
    }

    /// Logs, with the scope as source, as `notice()` does.
    pub(crate) fn log(&mut self, level: Level, message: impl Into<String>) {
        self.ev.log_from_scope(level, message.into(), self.frame);
    }

    /// Logs a warning at the place of the call.
    pub(crate) fn warn(&mut self, message: impl Into<String>) {
        self.ev
            .log_at(Level::Warning, message.into(), None, self.frame, self.span);
    }
}

/// A dispatch with its types parsed.
pub(crate) struct Prepared {
    dispatch: &'static Dispatch,
    callable: CallableType,
    block: Option<CallableType>,
}

/// A built-in function with its types parsed on first use.
pub(crate) struct Registered {
    builtin: &'static Builtin,
    prepared: OnceLock<Vec<Prepared>>,
}

impl Registered {
    pub(super) fn new(builtin: &'static Builtin) -> Self {
        Self {
            builtin,
            prepared: OnceLock::new(),
        }
    }

    fn prepared(&self) -> &[Prepared] {
        self.prepared
            .get_or_init(|| self.builtin.dispatches.iter().map(prepare).collect())
    }

    /// Calls the first dispatch that takes the arguments.
    pub(crate) fn call<'a>(
        &self,
        ev: &mut Evaluator<'a>,
        frame: Frame<'a>,
        span: Span,
        args: Vec<Value>,
        block: Option<Closure<'a>>,
    ) -> Result<Value> {
        let mut block_type = None;
        for prepared in self.prepared() {
            if !prepared.accepts(&args) {
                continue;
            }
            let fits = match (&prepared.block, &block) {
                (None, None) => true,
                (None, Some(_)) => false,
                (Some(_), None) => matches!(prepared.dispatch.block, Block::Optional(_)),
                (Some(wanted), Some(closure)) => {
                    let (least, most) = closure.arity();
                    let untyped = wanted.params.as_ref().is_none_or(Vec::is_empty);
                    match (untyped, wanted.size) {
                        (true, None) => wanted.params.is_none() || least == 0,
                        (true, Some(size)) => {
                            least <= usize::try_from(size.from).unwrap_or(0)
                                && most.is_none_or(|most| {
                                    size.to.is_some_and(|to| {
                                        usize::try_from(to).is_ok_and(|to| to <= most)
                                    })
                                })
                        }
                        (false, _) => {
                            if block_type.is_none() {
                                block_type = Some(ev.closure_type(closure)?);
                            }
                            block_type.as_ref().is_some_and(|given| {
                                is_assignable(
                                    &Type::Callable(Some(Arc::new(wanted.clone()))),
                                    &Type::Callable(Some(Arc::new(given.clone()))),
                                )
                            })
                        }
                    }
                }
            };
            if fits {
                let mut call = Call {
                    ev,
                    frame,
                    span,
                    name: self.builtin.name,
                    args,
                    block,
                };
                return (prepared.dispatch.f)(&mut call);
            }
        }
        let given = match &block {
            Some(closure) => Some(ev.closure_type(closure)?),
            None => None,
        };
        Err(Unwind::plain(self.mismatch(&args, given.as_ref())))
    }

    /// Why no dispatch takes the arguments, in the reference's words.
    #[cold]
    fn mismatch(&self, args: &[Value], block: Option<&CallableType>) -> String {
        let signatures: Vec<Signature<'_>> = self
            .prepared()
            .iter()
            .map(|prepared| Signature {
                callable: &prepared.callable,
                parameter_names: prepared
                    .dispatch
                    .params
                    .iter()
                    .map(|(name, _)| (*name).to_owned())
                    .collect(),
                block_name: prepared.block.as_ref().map(|_| "block".to_owned()),
            })
            .collect();
        mismatch::describe_signatures(self.builtin.name, &signatures, args, block)
    }
}

impl Prepared {
    fn accepts(&self, args: &[Value]) -> bool {
        if args.len() < self.dispatch.required {
            return false;
        }
        let types = self.callable.params.as_deref().unwrap_or_default();
        if args.len() > types.len() && !self.dispatch.repeated {
            return false;
        }
        let last = types.last();
        args.iter().enumerate().all(|(index, value)| {
            types
                .get(index)
                .or(last)
                .is_some_and(|wanted| matches!(wanted, Type::Any) || wanted.accepts(value))
        })
    }
}

/// Parses the type strings of a dispatch. A string that is no type stands for `Any`; a test proves that there is none.
fn prepare(dispatch: &'static Dispatch) -> Prepared {
    let params: Vec<Type> = dispatch
        .params
        .iter()
        .map(|(_, text)| parse_type(text).unwrap_or(Type::Any))
        .collect();
    let from = i64::try_from(dispatch.required).unwrap_or(i64::MAX);
    let to = if dispatch.repeated {
        None
    } else {
        i64::try_from(params.len()).ok()
    };
    let block = match dispatch.block {
        Block::None => None,
        Block::Optional(text) | Block::Required(text) => Some(match parse_type(text) {
            Ok(Type::Callable(Some(callable))) => callable.as_ref().clone(),
            _ => CallableType {
                params: None,
                size: None,
                block: None,
                return_type: None,
            },
        }),
    };
    let block_type = block.as_ref().map(|block| {
        let callable = if block.params.is_none() && block.size.is_none() {
            None
        } else {
            Some(Arc::new(block.clone()))
        };
        match dispatch.block {
            Block::Optional(_) => Type::optional(Type::Callable(callable)),
            _ => Type::Callable(callable),
        }
    });
    let callable = CallableType {
        params: Some(params),
        size: Some(Size { from, to }),
        block: block_type,
        return_type: None,
    };
    Prepared {
        dispatch,
        callable,
        block,
    }
}
