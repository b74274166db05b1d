//! Names and numbers of groups, and what refers to them (`fetch_name` in `regparse.c`).

use super::pattern::{Late, Length, Objection, Parser, Part};
use super::recursion::Node;

pub(super) const INVALID_REFERENCE: &str = "invalid backref number/name";

impl Parser<'_> {
    /// The name of a group, and that it is there from now on.
    pub(super) fn named_group(&mut self, close: char) -> Result<u32, Objection> {
        let start = self.at;
        if let Some('0'..='9' | '-') = self.peek() {
            // What closes the name is shown with it where the pattern ends there.
            let rest = self.text.get(start..).unwrap_or(&[]);
            let end = rest.iter().position(|ch| *ch == close || *ch == ')');
            let end = end.filter(|end| end + 1 < rest.len());
            let name: String = rest.iter().take(end.unwrap_or(rest.len())).collect();
            return Err(invalid_name(&name));
        }
        let name = self.name(close)?;
        let number = self.opened_group();
        self.names.push((name, number));
        Ok(number)
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
                Err(invalid_name(&name))
            }
        }
    }

    fn quoted_name(&mut self) -> Result<String, Objection> {
        let close = if self.next() == Some('\'') { '\'' } else { '>' };
        self.name(close)
    }

    /// `\k<name>`, `\k<1>`, `\k<-1>`, each with a level of recursion or without.
    pub(super) fn named_reference(&mut self) -> Result<Part, Objection> {
        let name = self.quoted_name()?;
        let known = self.groups_named(&name);
        if !known.is_empty() {
            return Ok(self.reference(known));
        }
        let sign = name.strip_prefix('-');
        let unsigned = sign.unwrap_or(&name);
        let base = unsigned.split(['+', '-']).next().unwrap_or(unsigned);
        let group = match base.parse::<u32>() {
            Ok(0) => None,
            Ok(number) if sign.is_some() => (self.groups + 1).checked_sub(number),
            Ok(number) => Some(number),
            Err(_) => {
                let known = self.groups_named(base);
                if sign.is_some() || known.is_empty() {
                    return Err(format!("undefined name <{}> reference", in_error(&name)));
                }
                return Ok(self.reference(known));
            }
        };
        let group = group.filter(|group| *group > 0).ok_or(INVALID_REFERENCE)?;
        self.late.push(Late::Reference(group));
        Ok(self.reference(vec![group]))
    }

    /// The groups of a name.
    pub(super) fn groups_named(&self, name: &str) -> Vec<u32> {
        let named = self.names.iter().filter(|(known, _)| known == name);
        named.map(|(_, number)| *number).collect()
    }

    /// `\g<name>`, `\g<1>`, `\g<-1>`, `\g<+1>`, `\g<0>`: whether the group is there shows at the end.
    pub(super) fn call(&mut self) -> Result<Part, Objection> {
        let close = if self.next() == Some('\'') { '\'' } else { '>' };
        let mut forward = false;
        if self.maybe('0') {
            if self.maybe(close) {
                return Ok(self.called(Callee::Number(0, "0".to_owned())));
            }
        } else {
            forward = self.maybe('+');
        }
        let digits = self.peek().is_some_and(|ch| ch.is_ascii_digit());
        let back = self.peek() == Some('-');
        if !digits && !back {
            let name = self.name(close)?;
            if forward {
                return Err(INVALID_REFERENCE.to_owned());
            }
            return Ok(self.called(Callee::Name(name)));
        }
        let (number, shown) = self.group_number(close)?;
        let number = if back {
            (self.groups + 1).checked_sub(number)
        } else if forward {
            self.groups.checked_add(number)
        } else {
            Some(number)
        };
        match number {
            Some(number) if number > 0 => Ok(self.called(Callee::Number(number, shown))),
            _ => Err(INVALID_REFERENCE.to_owned()),
        }
    }

    /// Digits, with a dash before them or none, up to the closing character; the number and what was written.
    fn group_number(&mut self, close: char) -> Result<(u32, String), Objection> {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        let sign = usize::from(rest.first() == Some(&'-'));
        let behind = |from: usize| rest.get(from..).unwrap_or(&[]).iter();
        let digits = behind(sign).take_while(|ch| ch.is_ascii_digit()).count();
        let end = sign + digits;
        if digits > 0 && rest.get(end) == Some(&close) {
            let written: String = rest.iter().take(end).collect();
            let number = written.trim_start_matches('-').parse::<u32>();
            let number = number.ok().filter(|number| i32::try_from(*number).is_ok());
            return match number {
                None => Err("too big number".to_owned()),
                Some(0) => Err(invalid_name(&written)),
                Some(number) => {
                    self.at += end + 1;
                    Ok((number, written))
                }
            };
        }
        // What closes the name is shown with it where the pattern ends there, and from the letter on that fits no number.
        let from = end + usize::from(end > sign || rest.get(end) != Some(&close));
        let stop = behind(from).position(|ch| *ch == close || *ch == ')');
        let stop = stop
            .map(|stop| from + stop)
            .filter(|stop| stop + 1 < rest.len());
        let shown: String = rest.iter().take(stop.unwrap_or(rest.len())).collect();
        Err(invalid_name(&shown))
    }

    fn called(&mut self, callee: Callee) -> Part {
        let group = match &callee {
            Callee::Number(number, _) => Some(*number),
            Callee::Name(name) => self.groups_named(name).first().copied(),
        };
        // In a look-behind it counts what the group matches. One around the call has no fixed length; one that is yet to
        // come is taken for one that has.
        let length = match group {
            Some(group) if group <= self.groups => self
                .closed_at(group)
                .map_or(Length::Varies, |group| group.length),
            _ => Length::Fixed(1),
        };
        self.calls.push(callee);
        Part {
            length,
            barred: false,
            captures: false,
            node: self.tree.add(Node::Call(self.calls.len() - 1)),
        }
    }

    /// What refers to the text of groups; those that are not closed yet have none.
    pub(super) fn reference(&mut self, groups: Vec<u32>) -> Part {
        let open = |group: &u32| *group <= self.groups && self.closed_at(*group).is_none();
        let groups = if groups.iter().any(open) {
            Vec::new()
        } else {
            groups
        };
        Part::barred(self.tree.add(Node::Reference(groups)))
    }
}

/// A group that is called.
pub(super) enum Callee {
    Name(String),
    /// With what was written.
    Number(u32, String),
}

pub(super) fn invalid_name(name: &str) -> Objection {
    format!("invalid group name <{}>", in_error(name))
}

/// A name as Onigmo writes it into an error: long ones are cut.
pub(super) fn in_error(name: &str) -> String {
    const LONGEST: usize = 50;
    const DOTS: &str = "...";
    let most = LONGEST - DOTS.len();
    if name.len() <= most {
        return name.to_owned();
    }
    let cut = name.as_bytes().get(..most).unwrap_or_default();
    format!("{}{DOTS}", String::from_utf8_lossy(cut))
}
