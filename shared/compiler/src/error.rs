//! Errors of a compile in the reference's words, and what else can end an evaluation early.

use std::fmt;
use std::sync::Arc;

use bunraku_pcore::Value;
use ecow::EcoString;

use crate::inputs::InputError;

/// Result of everything that evaluates code.
pub(crate) type Result<T, E = Unwind> = std::result::Result<T, E>;

/// Why a compile failed: Puppet's message and place.
///
/// `Display` gives what a user of Puppet sees after `Error: `, with location and node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The message without location (`basic_message`), with its prefix (`Evaluation Error: ...`).
    pub message: String,
    /// Puppet's issue code (`UNKNOWN_VARIABLE`), where it has one.
    pub issue_code: Option<String>,
    /// Display path of the file; `None` for code without a file name.
    pub file: Option<Arc<str>>,
    /// 1-based line.
    pub line: Option<u32>,
    /// 1-based column, in characters.
    pub column: Option<u32>,
    /// The node that was compiled; set when the compile ends.
    pub node: Option<String>,
    /// The environment, when its main manifest could not be parsed.
    pub environment: Option<String>,
    /// Whether the message is complete. If not, the nearest expression adds its label and place.
    pub(crate) complete: bool,
    /// 0-based index of the argument or key that is to blame.
    pub(crate) argument: Option<usize>,
}

impl Error {
    /// A bare message: the nearest evaluated expression makes `Error while evaluating a ..., message` of it.
    #[cold]
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            issue_code: None,
            file: None,
            line: None,
            column: None,
            node: None,
            environment: None,
            complete: false,
            argument: None,
        }
    }

    /// An issue of Puppet's that is not located yet: the nearest evaluated expression adds its place.
    #[cold]
    pub(crate) fn issue(code: &str, message: impl Into<String>) -> Self {
        Self {
            issue_code: Some(code.to_owned()),
            ..Self::plain(message)
        }
    }

    /// A message that stays as it is (`Puppet::ParseError` with a place of its own, or none that could be known).
    #[cold]
    pub(crate) fn verbatim(
        message: impl Into<String>,
        file: Option<Arc<str>>,
        line: Option<u32>,
        column: Option<u32>,
    ) -> Self {
        Self {
            file,
            line,
            column,
            complete: true,
            ..Self::plain(message)
        }
    }
}

impl fmt::Display for Error {
    /// As `ParseErrorWithIssue#to_s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(environment) = &self.environment {
            write!(f, "Could not parse for environment {environment}: ")?;
        }
        f.write_str(&self.message)?;
        f.write_str(&location(self.file.as_deref(), self.line, self.column))?;
        if let Some(node) = &self.node {
            write!(f, " on node {node}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// ` (file: x, line: 1, column: 2)` with what is known, or nothing (`error_location_with_space`).
pub(crate) fn location(file: Option<&str>, line: Option<u32>, column: Option<u32>) -> String {
    match (file, line, column) {
        (Some(file), Some(line), Some(column)) => {
            format!(" (file: {file}, line: {line}, column: {column})")
        }
        (Some(file), Some(line), None) => format!(" (file: {file}, line: {line})"),
        (None, Some(line), Some(column)) => format!(" (line: {line}, column: {column})"),
        (None, Some(line), None) => format!(" (line: {line})"),
        (Some(file), None, _) => format!(" (file: {file})"),
        (None, None, _) => String::new(),
    }
}

/// What ends an evaluation before its value: an error, or `next`, `break`, `return`.
#[derive(Debug)]
pub(crate) struct Unwind(Box<UnwindKind>);

const _: () = assert!(size_of::<Unwind>() == size_of::<usize>());

/// The kinds of [`Unwind`].
#[derive(Debug)]
pub(crate) enum UnwindKind {
    /// An error.
    Error(Error),
    /// A jump of the language.
    Jump(Jump),
    /// A parameter was read before it had a value; whoever evaluates the default says so.
    UnassignedParameter(EcoString),
}

/// `next(value)`, `break()` or `return(value)` on its way to whom it concerns.
#[derive(Debug)]
pub(crate) struct Jump {
    /// Which one.
    pub(crate) kind: JumpKind,
    /// The value it carries.
    pub(crate) value: Value,
    /// Where the function was called, for the error when nobody catches it.
    pub(crate) file: Option<Arc<str>>,
    /// 1-based line of the call.
    pub(crate) line: Option<u32>,
}

/// Functions that leave their context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JumpKind {
    /// Ends the lambda, function, class or define with a value.
    Next,
    /// Ends the iteration.
    Break,
    /// Ends the function, class or define with a value.
    Return,
}

impl JumpKind {
    /// Name of the function.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Break => "break",
            Self::Return => "return",
        }
    }
}

impl Unwind {
    /// A bare error message, see [`Error::plain`].
    #[cold]
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Error::plain(message).into()
    }

    /// An issue to be located at the nearest expression, see [`Error::issue`].
    #[cold]
    pub(crate) fn issue(code: &str, message: impl Into<String>) -> Self {
        Error::issue(code, message).into()
    }

    /// A jump.
    #[cold]
    pub(crate) fn jump(jump: Jump) -> Self {
        Self(Box::new(UnwindKind::Jump(jump)))
    }

    /// A parameter was read before it had a value.
    #[cold]
    pub(crate) fn unassigned_parameter(name: EcoString) -> Self {
        Self(Box::new(UnwindKind::UnassignedParameter(name)))
    }

    /// What it is.
    pub(crate) fn kind(&self) -> &UnwindKind {
        &self.0
    }

    /// What it is, owned.
    pub(crate) fn into_kind(self) -> UnwindKind {
        *self.0
    }

    /// The error; a jump that nobody caught becomes the reference's error for it.
    pub(crate) fn into_error(self) -> Error {
        match *self.0 {
            UnwindKind::Error(error) => error,
            UnwindKind::Jump(jump) => Error::verbatim(
                format!("{}() from context where this is illegal", jump.kind.name()),
                jump.file,
                jump.line,
                None,
            ),
            UnwindKind::UnassignedParameter(name) => {
                Error::plain(format!("parameter ${name} has no value yet"))
            }
        }
    }
}

impl From<Error> for Unwind {
    #[cold]
    fn from(error: Error) -> Self {
        Self(Box::new(UnwindKind::Error(error)))
    }
}

impl From<bunraku_pcore::Error> for Unwind {
    #[cold]
    fn from(error: bunraku_pcore::Error) -> Self {
        let mut unlocated = Error::plain(error.message);
        // A runtime error is what any bare message becomes at its expression.
        let code = error.code.filter(|code| *code != "RUNTIME_ERROR");
        unlocated.issue_code = code.map(str::to_owned);
        unlocated.argument = error.argument;
        unlocated.into()
    }
}

impl From<InputError> for Unwind {
    #[cold]
    fn from(error: InputError) -> Self {
        match error {
            InputError::Invalid {
                message,
                file,
                line,
                column,
            } if file.is_some() || line.is_some() => {
                Error::verbatim(message, file.map(Arc::from), line, column).into()
            }
            InputError::Invalid { message, .. } | InputError::Refused(message) => {
                Self::plain(message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn location_takes_the_form_of_the_reference_for_what_is_known() {
        assert_eq!(
            location(Some("a.pp"), Some(1), Some(2)),
            " (file: a.pp, line: 1, column: 2)"
        );
        assert_eq!(location(None, Some(1), Some(2)), " (line: 1, column: 2)");
        assert_eq!(location(Some("a.pp"), None, None), " (file: a.pp)");
        assert_eq!(location(None, None, Some(3)), "");
    }
}
