//! Where an expression is evaluated, and code that waits to be called there.

use bunraku_syntax::ast::Lambda;

use crate::code::ParsedFile;
use crate::scope::ScopeId;

/// The scope and the file of the code that is being evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The named scope (top, node, class, define); local scopes are a stack within it.
    pub(crate) scope: ScopeId,
    /// The file, for the places of errors and the module of the code.
    pub(crate) file: &'a ParsedFile,
}

/// A lambda with the frame it was written in.
///
/// It may be called only while that frame is being evaluated, which is all the language can do.
#[derive(Clone, Copy)]
pub(crate) struct Closure<'a> {
    /// Parameters and body.
    pub(crate) lambda: &'a Lambda,
    /// Where it was written.
    pub(crate) frame: Frame<'a>,
}
