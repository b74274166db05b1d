//! Onigmo's reading of a pattern with Ruby's syntax (`regparse.c`), as far as it finds errors.

use super::class;
use super::names::{Callee, INVALID_REFERENCE, in_error};
use super::recursion::{Node, NodeId, Tree};

/// What is wrong, in Onigmo's words.
pub(super) type Objection = String;

const NUMBERED: &str = "numbered backref/call is not allowed. (use name)";

/// How deep groups and classes may nest; protects the stack.
const MAX_DEPTH: u32 = 256;

/// The largest count of a repetition.
const MAX_REPEAT: u32 = 100_000;

pub(super) fn check(text: &[char]) -> Result<(), Objection> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        open: 0,
        extended: false,
        groups: 0,
        names: Vec::new(),
        late: Vec::new(),
        calls: Vec::new(),
        tree: Tree::default(),
        closed: Vec::new(),
    };
    let (whole, _) = parser.alternatives()?;
    parser.check_references(whole.node)
}

/// How many characters something matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Fixed(u32),
    /// Alternatives, each of a fixed length of its own: what a look-behind may have outermost.
    Alternatives,
    Varies,
}

/// What a part of the pattern is, as far as a look-behind around it cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) length: Length,
    /// It has something that no look-behind may have.
    pub(super) barred: bool,
    /// It has a group that captures.
    pub(super) captures: bool,
    /// What it is, as far as groups that call each other care.
    pub(super) node: NodeId,
}

impl Part {
    pub(super) const fn of(length: u32) -> Self {
        Self {
            length: Length::Fixed(length),
            barred: false,
            captures: false,
            node: if length > 0 {
                NodeId::TEXT
            } else {
                NodeId::NOTHING
            },
        }
    }

    /// What no look-behind may have.
    pub(super) const fn barred(node: NodeId) -> Self {
        Self {
            length: Length::Varies,
            barred: true,
            captures: false,
            node,
        }
    }

    /// The same in a node of its own, where alternatives are no longer outermost.
    pub(super) fn enclosed(mut self) -> Self {
        if self.length == Length::Alternatives {
            self.length = Length::Varies;
        }
        self
    }

    fn then(self, next: Self, node: NodeId) -> Self {
        let length = match (self.length, next.length) {
            (Length::Fixed(left), Length::Fixed(right)) => {
                Length::Fixed(left.saturating_add(right))
            }
            _ => Length::Varies,
        };
        Self {
            length,
            barred: self.barred || next.barred,
            captures: self.captures || next.captures,
            node,
        }
    }

    fn or(self, other: Self, node: NodeId) -> Self {
        let length = match (self.length, other.length) {
            (left, right) if left == right => left,
            (Length::Varies, _) | (_, Length::Varies) => Length::Varies,
            _ => Length::Alternatives,
        };
        Self {
            length,
            barred: self.barred || other.barred,
            captures: self.captures || other.captures,
            node,
        }
    }
}

/// What is looked at when the whole pattern is read.
pub(super) enum Late {
    /// A group that was referred to by its number.
    Reference(u32),
    /// A group that a condition asks for by its number; in brackets numbers may be used where groups have names.
    Chosen { group: u32, bracketed: bool },
    /// A look-behind that can't be.
    LookBehind,
    /// A condition with more than two branches.
    Condition,
}

pub(super) struct Parser<'p> {
    pub(super) text: &'p [char],
    pub(super) at: usize,
    depth: u32,
    /// Parentheses to close.
    pub(super) open: u32,
    /// Blanks and comments mean nothing (`x`).
    pub(super) extended: bool,
    /// Groups that capture so far, those with names too.
    pub(super) groups: u32,
    /// Names of groups, with their numbers.
    pub(super) names: Vec<(String, u32)>,
    pub(super) late: Vec<Late>,
    /// Groups that were called.
    pub(super) calls: Vec<Callee>,
    pub(super) tree: Tree,
    /// Groups by their numbers, where they are closed.
    pub(super) closed: Vec<Option<Part>>,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let ch = self.peek()?;
        self.at += 1;
        Some(ch)
    }

    pub(super) fn maybe(&mut self, ch: char) -> bool {
        let found = self.peek() == Some(ch);
        self.at += usize::from(found);
        found
    }

    fn looking_at(&self, text: &str) -> bool {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        text.chars().zip(rest).filter(|(a, b)| a == *b).count() == text.len()
    }

    pub(super) fn enter(&mut self) -> Result<(), Objection> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("too deep nest level".to_owned());
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// `a|b` up to the end or the parenthesis that closes the group around it, and how many there were.
    pub(super) fn alternatives(&mut self) -> Result<(Part, u32), Objection> {
        let mut part = self.branch()?;
        let mut branches = vec![part.node];
        while self.maybe('|') {
            let branch = self.branch()?.enclosed();
            branches.push(branch.node);
            part = part.or(branch, part.node);
        }
        let count = u32::try_from(branches.len()).unwrap_or(u32::MAX);
        if count > 1 {
            part.node = self.tree.add(Node::Either(branches));
        }
        Ok((part, count))
    }

    /// The number of a group that opens here.
    pub(super) fn opened_group(&mut self) -> u32 {
        self.groups += 1;
        self.groups
    }

    pub(super) fn closed_at(&self, number: u32) -> Option<Part> {
        self.closed.get(number as usize).copied().flatten()
    }

    pub(super) fn closed_group(&mut self, number: u32, group: Part) {
        let number = number as usize;
        if self.closed.len() <= number {
            self.closed.resize(number + 1, None);
        }
        if let Some(slot) = self.closed.get_mut(number) {
            *slot = Some(group);
        }
    }

    fn branch(&mut self) -> Result<Part, Objection> {
        let mut whole: Option<Part> = None;
        let mut parts = Vec::new();
        loop {
            self.skip_comments()?;
            let part = match self.peek() {
                None | Some('|') => break,
                Some(')') if self.open > 0 => break,
                Some(')') => return Err("unmatched close parenthesis".to_owned()),
                Some('*' | '+' | '?') => {
                    return Err("target of repeat operator is not specified".to_owned());
                }
                Some('{') if self.interval(true)?.is_some() => {
                    return Err("target of repeat operator is not specified".to_owned());
                }
                Some('(') => self.group()?,
                Some(_) => self.atom()?,
            };
            let part = self.repeated(part)?;
            parts.push(part.node);
            whole = Some(whole.map_or(part, |whole| {
                whole.enclosed().then(part.enclosed(), part.node)
            }));
        }
        let mut whole = whole.unwrap_or(Part::of(0));
        if parts.len() > 1 {
            whole.node = self.tree.add(Node::All(parts));
        }
        Ok(whole)
    }

    /// Skips `(?#…)`, and with `x` blanks and comments to the end of a line.
    fn skip_comments(&mut self) -> Result<(), Objection> {
        loop {
            if self.looking_at("(?#") {
                self.at += 3;
                loop {
                    match self.next() {
                        None => return Err("end pattern in group".to_owned()),
                        Some('\\') => self.at += 1,
                        Some(')') => break,
                        Some(_) => {}
                    }
                }
            } else if self.extended && self.peek().is_some_and(|ch| ch.is_ascii_whitespace()) {
                self.at += 1;
            } else if self.extended && self.maybe('#') {
                while self.next().is_some_and(|ch| ch != '\n') {}
            } else {
                return Ok(());
            }
        }
    }

    /// The repetitions behind a part.
    fn repeated(&mut self, mut part: Part) -> Result<Part, Objection> {
        loop {
            self.skip_comments()?;
            match self.peek() {
                Some(sign @ ('*' | '+' | '?')) => {
                    self.at += 1;
                    if sign != '+' {
                        part.node = self.tree.add(Node::Perhaps(part.node));
                    }
                    if !self.maybe('?') {
                        self.maybe('+');
                    }
                    part.length = Length::Varies;
                }
                Some('{') => {
                    let Some((low, high)) = self.interval(false)? else {
                        return Ok(part);
                    };
                    if low == 0 {
                        part.node = self.tree.add(Node::Perhaps(part.node));
                    }
                    if Some(low) == high {
                        part = part.enclosed();
                        if let Length::Fixed(length) = &mut part.length {
                            *length = length.saturating_mul(low);
                        }
                    } else {
                        self.maybe('?');
                        part.length = Length::Varies;
                    }
                }
                _ => return Ok(part),
            }
        }
    }

    /// `{1,2}`: its bounds. `None` for a brace that stands for itself. It is read only when nothing is to stay.
    fn interval(&mut self, stay: bool) -> Result<Option<(u32, Option<u32>)>, Objection> {
        let start = self.at;
        self.at += 1;
        let low = self.repeat_count()?;
        let high = if self.maybe(',') {
            Some(self.repeat_count()?)
        } else {
            None
        };
        let closed = self.maybe('}');
        let bounds = match (low, high) {
            (Some(low), None) => Some((low, Some(low))),
            (Some(low), Some(high)) => Some((low, high)),
            (None, Some(Some(high))) => Some((0, Some(high))),
            (None, _) => None,
        };
        let bounds = bounds.filter(|_| closed);
        if let Some((low, Some(high))) = bounds
            && low > high
        {
            return Err("upper is smaller than lower in repeat range".to_owned());
        }
        if stay || bounds.is_none() {
            self.at = start;
        }
        Ok(bounds)
    }

    fn repeat_count(&mut self) -> Result<Option<u32>, Objection> {
        match self.number() {
            Some(number) if number > MAX_REPEAT => {
                Err("too big number for repeat range".to_owned())
            }
            number => Ok(number),
        }
    }

    /// Decimal digits, if there are any; too large ones are as large as can be.
    pub(super) fn number(&mut self) -> Option<u32> {
        let mut value = None;
        while let Some(digit) = self.peek().and_then(|ch| ch.to_digit(10)) {
            self.at += 1;
            value = Some(
                value
                    .unwrap_or(0_u32)
                    .saturating_mul(10)
                    .saturating_add(digit),
            );
        }
        value
    }

    /// One character, class, anchor or escape. A `{` that reaches this stands for itself.
    fn atom(&mut self) -> Result<Part, Objection> {
        Ok(match self.next() {
            Some('[') => {
                class::read(self)?;
                Part::of(1)
            }
            Some('^' | '$') | None => Part::of(0),
            Some('\\') => self.escape()?,
            Some(_) => Part::of(1),
        })
    }

    fn escape(&mut self) -> Result<Part, Objection> {
        let Some(ch) = self.next() else {
            return Err("end pattern at escape".to_owned());
        };
        Ok(match ch {
            'A' | 'b' | 'B' | 'z' | 'Z' | 'G' | 'K' => Part::of(0),
            'R' | 'X' => Part::barred(NodeId::TEXT),
            'x' => {
                for _ in 0..2 {
                    if self.peek().is_some_and(|ch| ch.is_ascii_hexdigit()) {
                        self.at += 1;
                    }
                }
                Part::of(1)
            }
            'p' | 'P' if self.maybe('{') => {
                class::property(self)?;
                Part::of(1)
            }
            'k' if matches!(self.peek(), Some('<' | '\'')) => self.named_reference()?,
            'g' if matches!(self.peek(), Some('<' | '\'')) => self.call()?,
            '1'..='9' => {
                let start = self.at;
                self.at -= 1;
                let number = self.number().unwrap_or(0);
                if number <= 1000 && (number <= self.groups || number <= 9) {
                    self.late.push(Late::Reference(number));
                    return Ok(self.reference(vec![number]));
                }
                self.at = start;
                if ch < '8' {
                    self.octal(2);
                }
                Part::of(1)
            }
            '0' => {
                self.octal(2);
                Part::of(1)
            }
            _ => Part::of(1),
        })
    }

    /// Octal digits, at most so many.
    pub(super) fn octal(&mut self, most: u32) {
        for _ in 0..most {
            if self.peek().is_some_and(|ch| ch.is_digit(8)) {
                self.at += 1;
            }
        }
    }

    /// What only the whole pattern can tell: whether groups that were referred to are there.
    fn check_references(&self, whole: NodeId) -> Result<(), Objection> {
        let by_number = |late: &Late| matches!(late, Late::Reference(_));
        if !self.names.is_empty() && self.late.iter().any(by_number) {
            return Err(NUMBERED.to_owned());
        }
        let named = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let mixed = named > 0 && named != self.groups;
        let missing =
            |late: &Late| matches!(late, Late::Chosen { group, .. } if *group > self.groups);
        if mixed && self.late.iter().any(missing) {
            return Err(INVALID_REFERENCE.to_owned());
        }
        let called = self.called_groups()?;
        self.tree.check_calls(whole, called)?;
        let known = 1..=self.groups;
        for late in &self.late {
            match late {
                Late::Reference(number) if known.contains(number) => {}
                Late::Chosen {
                    bracketed: false, ..
                } if named > 0 => return Err(NUMBERED.to_owned()),
                Late::Chosen { group, .. } if known.contains(group) => {}
                Late::Reference(_) | Late::Chosen { .. } => {
                    return Err(INVALID_REFERENCE.to_owned());
                }
                Late::Condition => return Err("invalid conditional pattern".to_owned()),
                Late::LookBehind => return Err("invalid pattern in look-behind".to_owned()),
            }
        }
        Ok(())
    }

    /// The numbers of the groups that are called.
    fn called_groups(&self) -> Result<Vec<u32>, Objection> {
        let number = |callee: &Callee| match callee {
            Callee::Number(0, _) => Ok(0),
            Callee::Number(..) if !self.names.is_empty() => Err(NUMBERED.to_owned()),
            Callee::Number(number, _) if *number <= self.groups => Ok(*number),
            Callee::Number(_, written) => Err(format!("undefined group <{written}> reference")),
            Callee::Name(name) => match self.groups_named(name).as_slice() {
                [number] => Ok(*number),
                [] => Err(format!("undefined name <{}> reference", in_error(name))),
                _ => Err(format!(
                    "multiplex definition name <{}> call",
                    in_error(name)
                )),
            },
        };
        self.calls.iter().map(number).collect()
    }
}
