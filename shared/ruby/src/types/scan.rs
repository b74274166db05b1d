//! Finding declarations in a tree, and the places of nodes in the source.

use ruby_prism::{CallNode, DefNode, Location, Node, Visit, visit_call_node, visit_def_node};

use super::Unreadable;
use crate::literal::constant_name;

/// A call that declares a type.
pub(super) enum Declaration<'pr> {
    /// `Puppet::Type.newtype(...)`.
    Classic(CallNode<'pr>),
    /// `Puppet::ResourceApi.register_type(...)`.
    ResourceApi(CallNode<'pr>),
}

/// All declarations of types in a program, in order.
pub(super) fn declarations<'pr>(program: &Node<'pr>) -> Vec<Declaration<'pr>> {
    let mut finder = DeclarationFinder { found: Vec::new() };
    finder.visit(program);
    finder.found
}

struct DeclarationFinder<'pr> {
    found: Vec<Declaration<'pr>>,
}

impl<'pr> Visit<'pr> for DeclarationFinder<'pr> {
    fn visit_call_node(&mut self, call: &CallNode<'pr>) {
        let receiver = call
            .receiver()
            .and_then(|receiver| constant_name(&receiver));
        match (receiver.as_deref(), call.name().as_slice()) {
            (Some("Type"), b"newtype") => {
                if let Some(call) = call.as_node().as_call_node() {
                    self.found.push(Declaration::Classic(call));
                }
            }
            (Some("ResourceApi"), b"register_type") => {
                if let Some(call) = call.as_node().as_call_node() {
                    self.found.push(Declaration::ResourceApi(call));
                }
            }
            _ => visit_call_node(self, call),
        }
    }
}

/// The first call within `node` whose name is one of `names`, however deep.
pub(super) fn find_call<'pr>(node: &Node<'pr>, names: &[&[u8]]) -> Option<CallNode<'pr>> {
    let mut finder = CallFinder { names, found: None };
    finder.visit(node);
    finder.found
}

struct CallFinder<'n, 'pr> {
    names: &'n [&'n [u8]],
    found: Option<CallNode<'pr>>,
}

impl<'pr> Visit<'pr> for CallFinder<'_, 'pr> {
    fn visit_call_node(&mut self, call: &CallNode<'pr>) {
        if self.found.is_none() {
            if self.names.contains(&call.name().as_slice()) {
                self.found = call.as_node().as_call_node();
            } else {
                visit_call_node(self, call);
            }
        }
    }

    fn visit_def_node(&mut self, definition: &DefNode<'pr>) {
        // What a method of an instance does happens on the agent.
        if definition.receiver().is_some() {
            visit_def_node(self, definition);
        }
    }
}

/// Offsets to lines and columns.
pub(super) struct Places {
    line_starts: Vec<usize>,
}

impl Places {
    pub(super) fn new(source: &[u8]) -> Self {
        let after_breaks = source
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(index, _)| index + 1);
        Self {
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    /// 1-based line of a node.
    pub(super) fn line(&self, location: &Location<'_>) -> u32 {
        self.line_and_column(location).0
    }

    #[cold]
    pub(super) fn unreadable(
        &self,
        location: &Location<'_>,
        reason: impl Into<String>,
    ) -> Unreadable {
        let (line, column) = self.line_and_column(location);
        Unreadable {
            reason: reason.into(),
            line,
            column,
        }
    }

    fn line_and_column(&self, location: &Location<'_>) -> (u32, u32) {
        let offset = usize::try_from(location.start()).unwrap_or(usize::MAX);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.line_starts.get(index))
            .copied()
            .unwrap_or(0);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (
            number(line.max(1)),
            number(offset.saturating_sub(start) + 1),
        )
    }
}
