//! From Onigmo's syntax, as Ruby sets it up, to that of `fancy_regex`.
//!
//! What differs: `(?m)` is `(?s)`; `\w \d \s \h` know ASCII only, POSIX classes all of Unicode;
//! `{,n}`; a quantifier after an interval; octal, control and `\u` escapes; `^` not at the very end.

use super::Flags;
use super::class::{ascii_class, posix, push_literal};

pub(super) type Outcome<T> = Result<T, String>;

/// Deepest nesting of groups and classes.
pub(super) const MAX_DEPTH: usize = 200;

pub(super) fn translate(source: &str, flags: Flags) -> Outcome<String> {
    let mut translator = Translator {
        input: source.chars().collect(),
        position: 0,
        output: String::with_capacity(source.len() + 16),
        extended: flags.extended,
        groups: Vec::new(),
        atom: None,
        total_groups: count_groups(source),
    };
    translator.run()?;
    Ok(translator.output)
}

pub(super) struct Translator {
    pub(super) input: Vec<char>,
    pub(super) position: usize,
    output: String,
    /// Whether blanks and comments are skipped here.
    extended: bool,
    /// Open groups, from outside in.
    groups: Vec<Group>,
    /// Where the last atom starts in the output, for a second quantifier.
    atom: Option<usize>,
    total_groups: usize,
}

struct Group {
    /// Where it starts in the output.
    start: usize,
    /// `extended` outside.
    extended: bool,
    /// Opened by `(?i)`, whose options reach to the end of the group around it, over `|` too.
    implicit: bool,
}

fn count_groups(source: &str) -> usize {
    let mut escaped = false;
    let mut count = 0;
    for character in source.chars() {
        if character == '(' && !escaped {
            count += 1;
        }
        escaped = character == '\\' && !escaped;
    }
    count
}

impl Translator {
    pub(super) fn peek(&self, ahead: usize) -> Option<char> {
        self.input.get(self.position + ahead).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.peek(0)?;
        self.position += 1;
        Some(character)
    }

    fn rest_starts_with(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(ahead, character)| self.peek(ahead) == Some(character))
    }

    fn literal(&mut self, character: char) {
        push_literal(&mut self.output, character);
    }

    fn run(&mut self) -> Outcome<()> {
        while let Some(character) = self.next() {
            let start = self.output.len();
            match character {
                '\\' => {
                    self.escape()?;
                    self.atom = Some(start);
                }
                '[' => {
                    let class = self.class(0)?;
                    self.output.push_str(&class);
                    self.atom = Some(start);
                }
                '(' => self.open_group()?,
                ')' => {
                    self.close_implicit();
                    let Some(group) = self.groups.pop() else {
                        return Err("unmatched close parenthesis".to_owned());
                    };
                    self.output.push(')');
                    self.extended = group.extended;
                    self.atom = Some(group.start);
                }
                '{' => self.interval()?,
                '*' | '+' | '?' => {
                    if self.atom.is_none() {
                        return Err("target of repeat operator is not specified".to_owned());
                    }
                    self.output.push(character);
                    if let Some(suffix @ ('+' | '?')) = self.peek(0) {
                        self.position += 1;
                        self.output.push(suffix);
                    }
                    self.wrap_when_quantified_again();
                }
                '|' => {
                    self.output.push('|');
                    self.atom = None;
                }
                '^' => {
                    self.output.push_str(if self.must_consume() {
                        "^"
                    } else {
                        "(?:\\A|(?<=\\n)(?!\\z))"
                    });
                    self.atom = Some(start);
                }
                '$' | '.' => {
                    self.output.push(character);
                    self.atom = Some(start);
                }
                '#' if self.extended => while self.next().is_some_and(|skipped| skipped != '\n') {},
                blank if self.extended && blank.is_ascii_whitespace() => {}
                other => {
                    self.literal(other);
                    self.atom = Some(start);
                }
            }
        }
        self.close_implicit();
        if self.groups.is_empty() {
            Ok(())
        } else {
            Err("end pattern with unmatched parenthesis".to_owned())
        }
    }

    fn close_implicit(&mut self) {
        while self.groups.pop_if(|group| group.implicit).is_some() {
            self.output.push(')');
        }
    }

    fn open(&mut self, text: &str, start: usize, extended: bool) {
        self.output.push_str(text);
        self.groups.push(Group {
            start,
            extended,
            implicit: false,
        });
    }

    /// Whether what follows `^` surely takes a character, so that it cannot match at the very end.
    fn must_consume(&self) -> bool {
        let (Some(first), second) = (self.peek(0), self.peek(1)) else {
            return false;
        };
        let (taken, after) = match first {
            '\\' => (
                second.is_some_and(|c| {
                    matches!(c, 'w' | 'd' | 's' | 'S' | 'W' | 'D' | 'h') || !c.is_alphanumeric()
                }),
                self.peek(2),
            ),
            '(' | '[' | ')' | '|' | '$' | '^' | '*' | '+' | '?' | '{' | '#' | ' ' => (false, None),
            _ => (true, second),
        };
        taken && !matches!(after, Some('*' | '?' | '{'))
    }

    /// `a{2}+`, `a**`: in Ruby the second repeats the first; it is no possessive mark.
    fn wrap_when_quantified_again(&mut self) {
        let again = match self.peek(0) {
            Some('*' | '+' | '?') => true,
            Some('{') => self.interval_text().is_some(),
            _ => false,
        };
        if let Some(atom) = self.atom.filter(|_| again) {
            self.output.insert_str(atom, "(?:");
            self.output.push(')');
        }
    }

    /// The interval at the position, without its braces, if it is one.
    fn interval_text(&self) -> Option<String> {
        let rest = self.input.get(self.position..)?;
        let rest = rest.strip_prefix(&['{']).unwrap_or(rest);
        let end = rest.iter().position(|character| *character == '}')?;
        let text: String = rest.get(..end)?.iter().collect();
        let digits = |part: &str| part.chars().all(|character| character.is_ascii_digit());
        let valid = match text.split_once(',') {
            Some((from, to)) => digits(from) && digits(to) && !(from.is_empty() && to.is_empty()),
            None => !text.is_empty() && digits(&text),
        };
        valid.then_some(text)
    }

    fn interval(&mut self) -> Outcome<()> {
        let Some(text) = self.interval_text() else {
            let start = self.output.len();
            self.output.push_str("\\{");
            self.atom = Some(start);
            return Ok(());
        };
        if self.atom.is_none() {
            return Err("target of repeat operator is not specified".to_owned());
        }
        if let Some((from, to)) = text.split_once(',')
            && let (Ok(from), Ok(to)) = (from.parse::<u64>(), to.parse::<u64>())
            && from > to
        {
            return Err("upper is smaller than lower in repeat range".to_owned());
        }
        self.position += text.chars().count() + 1;
        self.output.push('{');
        if text.starts_with(',') {
            self.output.push('0');
        }
        self.output.push_str(&text);
        self.output.push('}');
        if self.peek(0) == Some('?') && text.contains(',') {
            self.position += 1;
            self.output.push('?');
        }
        self.wrap_when_quantified_again();
        Ok(())
    }

    fn open_group(&mut self) -> Outcome<()> {
        if self.groups.len() >= MAX_DEPTH {
            return Err("too deep nest level".to_owned());
        }
        let start = self.output.len();
        let outside = self.extended;
        self.atom = None;
        if self.peek(0) != Some('?') {
            self.open("(", start, outside);
            return Ok(());
        }
        self.position += 1;
        for prefix in ["<=", "<!", "=", "!", ">", ":", "~"] {
            if self.rest_starts_with(prefix) {
                self.position += prefix.len();
                self.open(&format!("(?{prefix}"), start, outside);
                return Ok(());
            }
        }
        match self.next() {
            Some('#') => {
                while let Some(character) = self.next() {
                    match character {
                        '\\' => self.position += 1,
                        ')' => return Ok(()),
                        _ => {}
                    }
                }
                Err("end pattern in group".to_owned())
            }
            Some(open @ ('<' | '\'')) => {
                let close = if open == '<' { '>' } else { '\'' };
                let name = self.until(close)?;
                if name.is_empty() {
                    return Err("group name is empty".to_owned());
                }
                self.open(&format!("(?<{name}>"), start, outside);
                Ok(())
            }
            Some('(') => {
                let condition = self.until(')')?;
                self.open(&format!("(?({condition})"), start, outside);
                Ok(())
            }
            Some(first) => {
                self.position -= 1;
                debug_assert!(self.peek(0) == Some(first));
                self.group_options(start, outside)
            }
            None => Err("end pattern in group".to_owned()),
        }
    }

    /// `(?mix-mix)` and `(?mix-mix:...)`.
    fn group_options(&mut self, start: usize, outside: bool) -> Outcome<()> {
        let (mut on, mut off, mut negative) = (String::new(), String::new(), false);
        loop {
            let set = if negative { &mut off } else { &mut on };
            match self.next() {
                Some('-') => negative = true,
                Some('i') => set.push('i'),
                Some('m') => set.push('s'),
                Some('x') => self.extended = !negative,
                // Character set options: `\w` and friends are ASCII by default already.
                Some('a' | 'd') if !negative => {}
                Some(end @ (':' | ')')) => {
                    let options = if off.is_empty() {
                        on
                    } else {
                        format!("{on}-{off}")
                    };
                    self.output.push_str(&format!("(?{options}:"));
                    self.groups.push(Group {
                        start,
                        extended: outside,
                        implicit: end == ')',
                    });
                    return Ok(());
                }
                _ => return Err("undefined group option".to_owned()),
            }
        }
    }

    fn until(&mut self, close: char) -> Outcome<String> {
        let mut text = String::new();
        while let Some(character) = self.next() {
            if character == close {
                return Ok(text);
            }
            text.push(character);
        }
        Err("invalid group name <>".to_owned())
    }

    fn escape(&mut self) -> Outcome<()> {
        let Some(character) = self.next() else {
            return Err("too short escape sequence".to_owned());
        };
        match character {
            'w' | 'd' | 's' | 'h' | 'W' | 'D' | 'S' | 'H' => {
                self.output.push_str(&ascii_class(character))
            }
            'b' | 'B' | 'A' | 'z' | 'G' | 'K' => self.output.extend(['\\', character]),
            'Z' => self.output.push_str("(?=\\n?\\z)"),
            'R' => self
                .output
                .push_str("(?>\\r\\n|[\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}])"),
            'u' if self.peek(0) == Some('{') => {
                for code in self.code_points()? {
                    self.literal(code);
                }
            }
            'X' => return Err("\\X is not supported".to_owned()),
            'p' | 'P' => {
                let class = self.property(character == 'P')?;
                self.output.push_str(&class);
            }
            'k' | 'g' => {
                let close = match self.next() {
                    Some('<') => '>',
                    Some('\'') => '\'',
                    _ => return Err(format!("invalid backref number/name: \\{character}")),
                };
                let name = self.until(close)?;
                self.output.extend(['\\', character]);
                self.output.push_str(&format!("<{name}>"));
            }
            '1'..='9' => self.backreference(character)?,
            _ => {
                let literal = self.character_escape(character)?;
                self.literal(literal);
            }
        }
        Ok(())
    }

    fn backreference(&mut self, first: char) -> Outcome<()> {
        let mut digits = String::from(first);
        while let Some(digit) = self.peek(0).filter(char::is_ascii_digit) {
            digits.push(digit);
            self.position += 1;
        }
        let number: usize = digits.parse().map_err(|_| "too big number".to_owned())?;
        if digits.len() == 1 || number <= self.total_groups {
            // A group keeps a digit that follows from becoming part of the number.
            self.output.push_str(&format!("(?:\\{number})"));
            return Ok(());
        }
        self.position -= digits.len() - 1;
        let literal = self.character_escape(first)?;
        self.literal(literal);
        Ok(())
    }

    /// The character that an escape stands for, in and out of classes.
    pub(super) fn character_escape(&mut self, character: char) -> Outcome<char> {
        let code = match character {
            'n' => 0x0A,
            't' => 0x09,
            'r' => 0x0D,
            'f' => 0x0C,
            'v' => 0x0B,
            'a' => 0x07,
            'e' => 0x1B,
            '0'..='7' => self.digits(8, 2, character.to_digit(8).unwrap_or(0)),
            'x' => {
                if !self.peek(0).is_some_and(|digit| digit.is_ascii_hexdigit()) {
                    return Err("invalid hex escape".to_owned());
                }
                let value = self.digits(16, 2, 0);
                if value > 0x7F {
                    return Err("bytes beyond ASCII are not supported".to_owned());
                }
                value
            }
            'u' => {
                let start = self.position;
                let value = self.digits(16, 4, 0);
                if self.position != start + 4 {
                    return Err("invalid Unicode escape".to_owned());
                }
                value
            }
            'c' => self.next().map_or(0, |control| u32::from(control) & 0x1F),
            'C' if self.peek(0) == Some('-') => {
                self.position += 1;
                self.next().map_or(0, |control| u32::from(control) & 0x1F)
            }
            'M' => return Err("bytes beyond ASCII are not supported".to_owned()),
            other => return Ok(other),
        };
        char::from_u32(code).ok_or_else(|| "invalid Unicode range".to_owned())
    }

    /// `\u{41 42}` after its `u`.
    pub(super) fn code_points(&mut self) -> Outcome<Vec<char>> {
        self.position += 1;
        let text = self
            .until('}')
            .map_err(|_| "unterminated Unicode escape".to_owned())?;
        let code = |word: &str| {
            let code =
                u32::from_str_radix(word, 16).map_err(|_| "invalid Unicode escape".to_owned())?;
            char::from_u32(code).ok_or_else(|| "invalid Unicode range".to_owned())
        };
        let codes = text
            .split_whitespace()
            .map(code)
            .collect::<Outcome<Vec<char>>>()?;
        if codes.is_empty() {
            Err("invalid Unicode escape".to_owned())
        } else {
            Ok(codes)
        }
    }

    fn digits(&mut self, radix: u32, most: usize, mut value: u32) -> u32 {
        for _ in 0..most {
            let Some(digit) = self.peek(0).and_then(|character| character.to_digit(radix)) else {
                break;
            };
            value = value * radix + digit;
            self.position += 1;
        }
        value
    }

    /// `\p{Name}`, `\p{^Name}` after the letter.
    pub(super) fn property(&mut self, negated: bool) -> Outcome<String> {
        if self.next() != Some('{') {
            return Err("invalid character property name {p}".to_owned());
        }
        let name = self.until('}')?;
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, !negated),
            None => (name.as_str(), negated),
        };
        let caret = if negated { "^" } else { "" };
        Ok(match posix(&name.to_ascii_lowercase()) {
            Some(set) => format!("[{caret}{set}]"),
            None => format!("[{caret}\\p{{{name}}}]"),
        })
    }
}
