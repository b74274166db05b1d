//! Groups, their names, and what refers to them (`parse_enclose`, `fetch_name` in `regparse.c`).

use super::pattern::{Late, Length, Objection, Parser, Part};

const UNDEFINED_OPTION: &str = "undefined group option";

/// What a group is for.
enum Kind {
    Plain,
    Capture,
    LookAhead,
    LookBehind { negative: bool },
    Atomic,
    Absent,
    Condition,
    Option { extended: bool, whole: bool },
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
            self.groups += 1;
            return Ok(Kind::Capture);
        }
        Ok(match self.next().ok_or(IN_GROUP)? {
            ':' => Kind::Plain,
            '=' | '!' => Kind::LookAhead,
            '>' => Kind::Atomic,
            '~' => Kind::Absent,
            '\'' => self.named_group('\'')?,
            '<' => match self.peek().ok_or(UNMATCHED)? {
                '=' | '!' => Kind::LookBehind {
                    negative: self.next() == Some('!'),
                },
                _ => self.named_group('>')?,
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

    /// The name of a group, and that it is there from now on.
    fn named_group(&mut self, close: char) -> Result<Kind, Objection> {
        let start = self.at;
        if let Some('0'..='9' | '-') = self.peek() {
            // What closes the name is shown with it where the pattern ends there.
            let rest = self.text.get(start..).unwrap_or(&[]);
            let end = rest.iter().position(|ch| *ch == close || *ch == ')');
            let end = end.filter(|end| end + 1 < rest.len());
            let name: String = rest.iter().take(end.unwrap_or(rest.len())).collect();
            return Err(format!("invalid group name <{name}>"));
        }
        let name = self.name(close)?;
        self.groups += 1;
        self.names.push(name);
        Ok(Kind::Capture)
    }

    /// A name up to its closing character.
    fn name(&mut self, close: char) -> Result<String, Objection> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or(&[]);
        let end = rest
            .iter()
            .skip(1)
            .position(|ch| *ch == close || *ch == ')');
        match end.map(|end| end + 1) {
            _ if rest.is_empty() || rest.first() == Some(&close) => {
                Err("group name is empty".to_owned())
            }
            Some(end) if rest.get(end) == Some(&close) => {
                self.at = start + end + 1;
                Ok(rest.iter().take(end).collect())
            }
            _ => {
                let name: String = rest.iter().collect();
                Err(format!("invalid group name <{name}>"))
            }
        }
    }

    fn quoted_name(&mut self) -> Result<String, Objection> {
        let close = if self.next() == Some('\'') { '\'' } else { '>' };
        self.name(close)
    }

    /// `\k<name>`, `\k<1>`, `\k<-1>`, each with a level of recursion or without.
    pub(super) fn named_reference(&mut self) -> Result<(), Objection> {
        const INVALID: &str = "invalid backref number/name";
        let name = self.quoted_name()?;
        if self.names.contains(&name) {
            return Ok(());
        }
        let sign = name.strip_prefix('-');
        let unsigned = sign.unwrap_or(&name);
        let base = unsigned.split(['+', '-']).next().unwrap_or(unsigned);
        match base.parse::<u32>() {
            Ok(number) if sign.is_some() => {
                let back = (self.groups + 1).checked_sub(number);
                match back.filter(|group| *group > 0 && number > 0) {
                    Some(group) => self.late.push(Late::Reference(group)),
                    None => return Err(INVALID.to_owned()),
                }
            }
            Ok(0) => return Err(INVALID.to_owned()),
            Ok(number) => self.late.push(Late::Reference(number)),
            Err(_) if sign.is_none() && self.names.iter().any(|known| known == base) => {}
            Err(_) => return Err(format!("undefined name <{name}> reference")),
        }
        Ok(())
    }

    /// `\g<name>`: whether the group is there shows at the end.
    pub(super) fn call(&mut self) -> Result<(), Objection> {
        let name = self.quoted_name()?;
        let relative = name.strip_prefix(['-', '+']);
        match relative.map(str::parse::<u32>) {
            Some(Ok(number)) => {
                let group = if name.starts_with('-') {
                    (self.groups + 1).checked_sub(number)
                } else {
                    self.groups.checked_add(number)
                };
                match group {
                    Some(group) if group > 0 => self.calls.push(group.to_string()),
                    _ => return Err(format!("undefined group <{name}> reference")),
                }
            }
            _ => self.calls.push(name),
        }
        Ok(())
    }

    /// `(?(1)…)`, `(?(<name>)…)`: what is between the inner parentheses.
    fn condition(&mut self) -> Result<Kind, Objection> {
        const INVALID: &str = "invalid conditional pattern";
        match self.peek() {
            Some('0'..='9') => {
                let number = self.number().unwrap_or(0);
                self.late.push(Late::Reference(number));
            }
            Some('<' | '\'') => self.named_reference()?,
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
            Kind::Capture => Part {
                captures: true,
                ..part.enclosed()
            },
            Kind::LookBehind { negative } => {
                if part.barred || part.length == Length::Varies || *negative && part.captures {
                    self.late.insert(inside, Late::LookBehind);
                }
                Part {
                    length: Length::Fixed(0),
                    ..part
                }
            }
            Kind::LookAhead | Kind::Atomic | Kind::Absent => Part::barred(),
            Kind::Condition => {
                if count > 2 {
                    self.late.push(Late::Condition);
                }
                Part::barred()
            }
            Kind::Option { .. } => part.enclosed(),
        })
    }
}
