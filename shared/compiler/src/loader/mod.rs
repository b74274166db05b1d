//! Finds definitions by name: classes, defines, nodes, functions, types, from the main manifests
//! and, when first needed, from the files where a module or the environment must have them.

use std::sync::Arc;

use bunraku_pcore::types::TypeAlias;
use bunraku_syntax::ast::{
    ClassDefinition, DefineDefinition, FunctionDefinition, NodeDefinition,
    TypeAlias as TypeAliasDefinition,
};
use ecow::EcoString;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::code::ParsedFile;

pub(crate) mod manifests;
mod modules;

/// A class and the file it is in.
#[derive(Clone, Copy)]
pub(crate) struct ClassRef<'a> {
    /// The definition; `name` is lower case without leading `::`.
    pub(crate) definition: &'a ClassDefinition,
    /// Where it is; `file.module` is its module.
    pub(crate) file: &'a ParsedFile,
}

/// A defined type and the file it is in.
#[derive(Clone, Copy)]
pub(crate) struct DefineRef<'a> {
    /// The definition.
    pub(crate) definition: &'a DefineDefinition,
    /// Where it is.
    pub(crate) file: &'a ParsedFile,
}

/// A node definition and the file it is in.
#[derive(Clone, Copy)]
pub(crate) struct NodeRef<'a> {
    /// The definition.
    pub(crate) definition: &'a NodeDefinition,
    /// Where it is.
    pub(crate) file: &'a ParsedFile,
}

/// A function in the Puppet language and the file it is in.
#[derive(Clone, Copy)]
pub(crate) struct FunctionRef<'a> {
    /// The definition.
    pub(crate) definition: &'a FunctionDefinition,
    /// Where it is.
    pub(crate) file: &'a ParsedFile,
}

/// A type alias and the file it is in.
pub(crate) struct AliasRef<'a> {
    /// The definition.
    pub(crate) definition: &'a TypeAliasDefinition,
    /// Where it is.
    pub(crate) file: &'a ParsedFile,
    /// The type, once someone asked for it.
    pub(crate) alias: Option<Arc<TypeAlias>>,
}

/// What is known so far.
#[derive(Default)]
pub(crate) struct Loader<'a> {
    /// The main manifests in the order in which they are evaluated.
    pub(crate) main: Vec<&'a ParsedFile>,
    /// Node definitions in order.
    pub(crate) nodes: Vec<NodeRef<'a>>,
    /// By lower-case name.
    pub(crate) classes: FxHashMap<EcoString, ClassRef<'a>>,
    /// By lower-case name.
    pub(crate) defines: FxHashMap<EcoString, DefineRef<'a>>,
    /// By lower-case name.
    pub(crate) functions: FxHashMap<EcoString, FunctionRef<'a>>,
    /// By lower-case name.
    pub(crate) aliases: FxHashMap<EcoString, AliasRef<'a>>,
    /// Manifests that were imported or found absent.
    pub(crate) imported: FxHashSet<EcoString>,
    /// Functions that stdlib was seen to have in Ruby.
    pub(crate) stdlib_functions: FxHashSet<EcoString>,
    /// Module name to its directory.
    modules: FxHashMap<EcoString, Option<EcoString>>,
}
