//! Groups (`parse_enclose` in `regparse.c`).

use super::names::invalid_name;
use super::pattern::{Late, Length, Objection, Parser, Part};
use super::recursion::Node;

const UNDEFINED_OPTION: &str = "undefined group option";

/// What a group is for.
enum Kind {
    Plain,
    /// One that captures, with its number.
    Capture(u32),
    LookAhead,
    LookBehind {
        negative: bool,
    },
    Atomic,
    Absent,
    Condition,
    Option {
        extended: bool,
        whole: bool,
    },
}

impl Parser<'_> {
    /// `(…)`, or `(?i)` with all that it holds for.
    pub(super) fn group(&mut self) -> Result<Part, Objection> {
        self.at += 1;
        self.enter()?;
        let outside = self.extended;
        let kind = self.group_kind()?;
        let inside = self.late.len();
        let part = if let Kind::Option { extended, whole } = kind {
            self.extended = extended;
            // `(?i)` holds to the end of the group around it, alternatives included.
            let part = if whole {
                self.closed_alternatives()?.0
            } else {
                self.alternatives()?.0
            };
            part.enclosed()
        } else {
            let (part, count) = self.closed_alternatives()?;
            self.described(&kind, part, count, inside)?
        };
        self.extended = outside;
        self.leave();
        Ok(part)
    }

    /// Alternatives and the parenthesis behind them.
    fn closed_alternatives(&mut self) -> Result<(Part, u32), Objection> {
        self.open += 1;
        let read = self.alternatives()?;
        if !self.maybe(')') {
            return Err("end pattern with unmatched parenthesis".to_owned());
        }
        self.open -= 1;
        Ok(read)
    }

    fn group_kind(&mut self) -> Result<Kind, Objection> {
        const IN_GROUP: &str = "end pattern in group";
        const UNMATCHED: &str = "end pattern with unmatched parenthesis";
        if self.peek().is_none() {
            return Err(UNMATCHED.to_owned());
        }
        if !self.maybe('?') {
            return Ok(Kind::Capture(self.opened_group()));
        }
        Ok(match self.next().ok_or(IN_GROUP)? {
            ':' => Kind::Plain,
            '=' | '!' => Kind::LookAhead,
            '>' => Kind::Atomic,
            '~' => Kind::Absent,
            '\'' => Kind::Capture(self.named_group('\'')?),
            '<' => match self.peek().ok_or(UNMATCHED)? {
                '=' | '!' => Kind::LookBehind {
                    negative: self.next() == Some('!'),
                },
                _ => Kind::Capture(self.named_group('>')?),
            },
            '(' => self.condition()?,
            ')' => return Err(UNDEFINED_OPTION.to_owned()),
            first => self.options(first)?,
        })
    }

    /// `mix-mix:` or `mix-mix)`, from its first letter on.
    fn options(&mut self, first: char) -> Result<Kind, Objection> {
        let mut negative = false;
        let mut extended = self.extended;
        let mut letter = first;
        loop {
            match letter {
                ')' | ':' => {
                    return Ok(Kind::Option {
                        extended,
                        whole: letter == ':',
                    });
                }
                '-' => negative = true,
                'x' => extended = !negative,
                'i' | 'm' => {}
                'a' | 'd' | 'u' if !negative => {}
                _ => return Err(UNDEFINED_OPTION.to_owned()),
            }
            letter = self.next().ok_or("end pattern in group")?;
        }
    }

    /// `(?(1)…)`, `(?(<name>)…)`: what is between the inner parentheses.
    fn condition(&mut self) -> Result<Kind, Objection> {
        const INVALID: &str = "invalid conditional pattern";
        match self.peek() {
            Some('0'..='9') => {
                let number = self.number().unwrap_or(0);
                if number == 0 {
                    return Err(invalid_name("0"));
                }
                self.late.push(Late::Chosen {
                    group: number,
                    bracketed: false,
                });
            }
            Some('<' | '\'') => {
                let before = self.late.len();
                self.named_reference()?;
                for late in self.late.iter_mut().skip(before) {
                    if let Late::Reference(group) = *late {
                        *late = Late::Chosen {
                            group,
                            bracketed: true,
                        };
                    }
                }
            }
            None => return Err(UNDEFINED_OPTION.to_owned()),
            Some(_) => return Err(INVALID.to_owned()),
        }
        if self.maybe(')') {
            Ok(Kind::Condition)
        } else {
            Err(INVALID.to_owned())
        }
    }

    /// What a group with this in it is, seen from outside. `inside` is what was to be looked at late before it.
    fn described(
        &mut self,
        kind: &Kind,
        part: Part,
        count: u32,
        inside: usize,
    ) -> Result<Part, Objection> {
        Ok(match kind {
            Kind::Plain => part,
            Kind::Capture(number) => {
                let node = self.tree.add(Node::Group(*number, part.node));
                let group = Part {
                    captures: true,
                    node,
                    ..part.enclosed()
                };
                self.closed_group(*number, group);
                group
            }
            Kind::LookBehind { negative } => {
                if part.barred || part.length == Length::Varies || *negative && part.captures {
                    self.late.insert(inside, Late::LookBehind);
                }
                Part {
                    length: Length::Fixed(0),
                    node: self.tree.add(Node::Empty(part.node)),
                    ..part
                }
            }
            Kind::LookAhead | Kind::Absent => Part::barred(self.tree.add(Node::Empty(part.node))),
            Kind::Atomic => Part::barred(part.node),
            Kind::Condition => {
                if count > 2 {
                    self.late.push(Late::Condition);
                }
                // Where there is one branch the other one is empty.
                let node = if count < 2 {
                    let branches = vec![part.node, Part::of(0).node];
                    self.tree.add(Node::Either(branches))
                } else {
                    part.node
                };
                Part::barred(node)
            }
            Kind::Option { .. } => part.enclosed(),
        })
    }
}
