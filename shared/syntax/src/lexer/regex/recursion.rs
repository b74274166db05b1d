//! Groups that call each other without an end (`subexp_inf_recursive_check` in `regcomp.c`).
//!
//! A group never ends when each way through it comes to it again, or when one does so before it took a character.

use std::collections::BTreeMap;

use super::names::INVALID_REFERENCE;
use super::pattern::Objection;

/// What a pattern is made of, as far as calls of groups care.
#[derive(Debug)]
pub(super) enum Node {
    /// One after the other.
    All(Vec<NodeId>),
    Either(Vec<NodeId>),
    /// Repeated, or not there at all.
    Perhaps(NodeId),
    /// Something that takes no character whatever is in it, such as what looks ahead.
    Empty(NodeId),
    /// A group that captures, by its number.
    Group(u32, NodeId),
    /// A call, by its place among all calls.
    Call(usize),
    /// The text of one of these groups.
    Reference(Vec<u32>),
}

/// A node of a [`Tree`], or one of the two leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

impl NodeId {
    pub(super) const NOTHING: Self = Self(0);
    /// At least one character.
    pub(super) const TEXT: Self = Self(1);
}

#[derive(Debug, Default)]
pub(super) struct Tree(Vec<Node>);

impl Tree {
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        self.0.push(node);
        NodeId(self.0.len() + NodeId::TEXT.0)
    }

    fn get(&self, id: NodeId) -> Option<&Node> {
        self.0.get(id.0.checked_sub(NodeId::TEXT.0 + 1)?)
    }

    /// Looks for a group that never ends; `called` are the groups of all calls, in their order. A search that takes too long
    /// finds nothing: Ruby's own takes as long.
    pub(super) fn check_calls(&self, whole: NodeId, called: Vec<u32>) -> Result<(), Objection> {
        if called.is_empty() {
            return Ok(());
        }
        let number = |node: &Node| match node {
            Node::Group(number, body) => Some((*number, *body)),
            _ => None,
        };
        let mut groups: BTreeMap<u32, Group> = self.0.iter().filter_map(number).map(of).collect();
        // The whole pattern is a group, too.
        groups.extend([of((0, whole))]);
        let mut search = Search {
            tree: self,
            recursive: vec![false; called.len()],
            called,
            groups,
            steps: 0,
            invalid: false,
        };
        match (search.finds_endless(), search.invalid) {
            (false, _) => Ok(()),
            (true, true) => Err(INVALID_REFERENCE.to_owned()),
            (true, false) => Err("never ending recursion".to_owned()),
        }
    }
}

fn of((number, body): (u32, NodeId)) -> (u32, Group) {
    (
        number,
        Group {
            body,
            place: Place::Outside,
            takes: None,
        },
    )
}

#[derive(Clone, Copy, Debug)]
struct Group {
    body: NodeId,
    place: Place,
    /// Whether it takes a character, once that is known.
    takes: Option<bool>,
}

/// Where a group is, seen from the place of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    /// The search is about it.
    Start,
    /// The search is inside it.
    Around,
}

/// How the ways through a node come back to the group that the search is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Return {
    /// At least one does not.
    Not,
    All,
    /// One does, before it took a character.
    AtOnce,
}

struct Search<'t> {
    tree: &'t Tree,
    /// The group of each call.
    called: Vec<u32>,
    /// Whether each call is part of a recursion.
    recursive: Vec<bool>,
    groups: BTreeMap<u32, Group>,
    steps: u32,
    /// It met a reference to a group that is not there, which ends it.
    invalid: bool,
}

/// The longest search, in nodes.
const MAX_STEPS: u32 = 50_000;

/// The deepest; protects the stack.
const MAX_DEPTH: u32 = 1_000;

impl<'t> Search<'t> {
    fn finds_endless(&mut self) -> bool {
        let mut called = self.called.clone();
        called.sort_unstable();
        called.dedup();
        called.retain(|number| self.about(*number, |search, body| search.reaches(body, 0)));
        let endless = |search: &mut Self, body| search.returns(body, true, 0) != Return::Not;
        called.iter().any(|number| self.about(*number, endless))
    }

    fn about(&mut self, number: u32, search: impl FnOnce(&mut Self, NodeId) -> bool) -> bool {
        let Some(body) = self.stand(number, Place::Start) else {
            return false;
        };
        let found = search(self, body);
        self.stand(number, Place::Outside);
        found
    }

    /// Moves a group to a place; its body.
    fn stand(&mut self, number: u32, place: Place) -> Option<NodeId> {
        let group = self.groups.get_mut(&number)?;
        group.place = place;
        Some(group.body)
    }

    fn place(&self, number: u32) -> Option<Place> {
        self.groups.get(&number).map(|group| group.place)
    }

    /// The node to look at, as long as the search may go on.
    fn step(&mut self, id: NodeId, depth: u32) -> Option<&'t Node> {
        self.steps += 1;
        let on = self.steps <= MAX_STEPS && depth <= MAX_DEPTH;
        self.tree.get(id).filter(|_| on)
    }

    /// Whether a call in the node leads to the group that the search is about; marks these calls.
    fn reaches(&mut self, id: NodeId, depth: u32) -> bool {
        match self.step(id, depth) {
            None | Some(Node::Reference(_)) => false,
            Some(Node::All(parts) | Node::Either(parts)) => parts
                .iter()
                .fold(false, |found, part| self.reaches(*part, depth + 1) | found),
            Some(Node::Perhaps(of) | Node::Empty(of)) => self.reaches(*of, depth + 1),
            Some(Node::Group(number, _)) => self.reaches_in(*number, depth),
            Some(Node::Call(call)) => {
                let callee = self.called.get(*call).copied();
                let found = callee.is_some_and(|number| self.reaches_in(number, depth));
                if let Some(recursive) = self.recursive.get_mut(*call) {
                    *recursive |= found;
                }
                found
            }
        }
    }

    fn reaches_in(&mut self, number: u32, depth: u32) -> bool {
        match self.place(number) {
            None | Some(Place::Around) => false,
            Some(Place::Start) => true,
            Some(Place::Outside) => {
                let body = self.stand(number, Place::Around);
                let found = body.is_some_and(|body| self.reaches(body, depth + 1));
                self.stand(number, Place::Outside);
                found
            }
        }
    }

    /// How the ways through the node come back; `at_once` as long as no character was taken.
    fn returns(&mut self, id: NodeId, mut at_once: bool, depth: u32) -> Return {
        match self.step(id, depth) {
            None | Some(Node::Reference(_)) => Return::Not,
            Some(Node::All(parts)) => {
                let mut all = Return::Not;
                for part in parts {
                    match self.returns(*part, at_once, depth + 1) {
                        Return::AtOnce => return Return::AtOnce,
                        Return::All => all = Return::All,
                        Return::Not => {}
                    }
                    at_once = at_once && !self.takes(*part, depth + 1);
                    if self.invalid {
                        return Return::AtOnce;
                    }
                }
                all
            }
            Some(Node::Either(parts)) => {
                let mut all = Return::All;
                for part in parts {
                    match self.returns(*part, at_once, depth + 1) {
                        Return::AtOnce => return Return::AtOnce,
                        Return::Not => all = Return::Not,
                        Return::All => {}
                    }
                }
                all
            }
            Some(Node::Perhaps(of)) => match self.returns(*of, at_once, depth + 1) {
                Return::AtOnce => Return::AtOnce,
                Return::All | Return::Not => Return::Not,
            },
            Some(Node::Empty(of)) => self.returns(*of, at_once, depth + 1),
            Some(Node::Group(number, _)) => self.returns_in(*number, at_once, depth),
            Some(Node::Call(call)) => match self.called.get(*call).copied() {
                Some(number) => self.returns_in(number, at_once, depth),
                None => Return::Not,
            },
        }
    }

    fn returns_in(&mut self, number: u32, at_once: bool, depth: u32) -> Return {
        match self.place(number) {
            None | Some(Place::Around) => Return::Not,
            Some(Place::Start) if at_once => Return::AtOnce,
            Some(Place::Start) => Return::All,
            Some(Place::Outside) => {
                let body = self.stand(number, Place::Around);
                let found = body.map(|body| self.returns(body, at_once, depth + 1));
                self.stand(number, Place::Outside);
                found.unwrap_or(Return::Not)
            }
        }
    }

    /// Whether the node takes a character in any case (`get_min_match_length`).
    fn takes(&mut self, id: NodeId, depth: u32) -> bool {
        if id == NodeId::TEXT {
            return true;
        }
        match self.step(id, depth) {
            None | Some(Node::Perhaps(_) | Node::Empty(_)) => false,
            Some(Node::All(parts)) => parts
                .iter()
                .fold(false, |any, part| self.takes(*part, depth + 1) | any),
            Some(Node::Either(parts)) => parts
                .iter()
                .fold(true, |all, part| self.takes(*part, depth + 1) & all),
            Some(Node::Group(number, _)) => self.group_takes(*number, depth),
            Some(Node::Call(call)) => {
                let number = self.called.get(*call).copied().unwrap_or_default();
                if self.recursive.get(*call) == Some(&true) {
                    let group = self.groups.get(&number);
                    return group.and_then(|group| group.takes).unwrap_or(false);
                }
                self.group_takes(number, depth)
            }
            Some(Node::Reference(groups)) => {
                self.invalid |= groups
                    .iter()
                    .any(|number| !self.groups.contains_key(number));
                !groups.is_empty() && groups.iter().all(|number| self.group_takes(*number, depth))
            }
        }
    }

    fn group_takes(&mut self, number: u32, depth: u32) -> bool {
        let Some(group) = self.groups.get(&number).copied() else {
            return false;
        };
        match (group.takes, group.place) {
            (Some(takes), _) => takes,
            (None, Place::Start) => false,
            (None, place) => {
                self.stand(number, Place::Start);
                let takes = self.takes(group.body, depth + 1);
                self.stand(number, place);
                if let Some(group) = self.groups.get_mut(&number) {
                    group.takes = Some(takes);
                }
                takes
            }
        }
    }
}
