//! Character classes (`parse_char_class` in `regparse.c`).

use std::collections::HashSet;
use std::sync::LazyLock;

use super::names::in_error;
use super::pattern::{Objection, Parser};

/// Where the reader of a class is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// Behind a value, which may start a range.
    Value,
    /// Behind `a-`.
    Range,
    /// Behind a whole range.
    Complete,
}

/// The value before the current position.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Char(u32),
    Class,
}

/// A token in a class.
enum Token {
    Char(u32),
    Class,
    Dash,
    And,
    Open,
    Close,
    End,
}

/// Reads a class whose opening bracket is read.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<(), Objection> {
    parser.enter()?;
    parser.maybe('^');
    let mut class = Class {
        state: State::Start,
        last: Last::Char(0),
    };
    let mut token = if parser.peek() == Some(']') {
        parser.at += 1;
        if !closes_later(parser) {
            return Err("empty char-class".to_owned());
        }
        Token::Char(u32::from(']'))
    } else {
        next(parser)?
    };
    loop {
        match token {
            Token::Close => break,
            Token::End => return Err("premature end of char-class".to_owned()),
            Token::Char(value) => class.value(value)?,
            Token::Class => class.class()?,
            Token::Open => read(parser)?,
            Token::And => class.state = State::Start,
            Token::Dash => {
                if let Some(read) = class.dash(parser)? {
                    token = read;
                    continue;
                }
            }
        }
        token = next(parser)?;
    }
    parser.leave();
    Ok(())
}

struct Class {
    state: State,
    last: Last,
}

const DASH: u32 = 0x2d;

impl Class {
    fn value(&mut self, value: u32) -> Result<(), Objection> {
        self.state = match self.state {
            State::Range => {
                if matches!(self.last, Last::Char(from) if from > value) {
                    return Err("empty range in char class".to_owned());
                }
                State::Complete
            }
            State::Start | State::Value | State::Complete => State::Value,
        };
        self.last = Last::Char(value);
        Ok(())
    }

    fn class(&mut self) -> Result<(), Objection> {
        if self.state == State::Range {
            return Err("char-class value at end of range".to_owned());
        }
        self.state = State::Value;
        self.last = Last::Class;
        Ok(())
    }

    /// A dash: the middle of a range, or itself. The token behind it if that was read too.
    fn dash(&mut self, parser: &mut Parser<'_>) -> Result<Option<Token>, Objection> {
        match self.state {
            State::Range => {
                self.value(DASH)?;
                Ok(None)
            }
            State::Start => {
                let behind = next(parser)?;
                self.value(DASH)?;
                Ok(Some(behind))
            }
            State::Value => {
                let behind = next(parser)?;
                if matches!(behind, Token::Close | Token::And) {
                    self.value(DASH)?;
                } else if self.last == Last::Class {
                    return Err("unmatched range specifier in char-class".to_owned());
                } else {
                    self.state = State::Range;
                }
                Ok(Some(behind))
            }
            State::Complete => {
                let behind = next(parser)?;
                self.value(DASH)?;
                Ok(Some(behind))
            }
        }
    }
}

fn next(parser: &mut Parser<'_>) -> Result<Token, Objection> {
    let Some(ch) = parser.next() else {
        return Ok(Token::End);
    };
    Ok(match ch {
        ']' => Token::Close,
        '-' => Token::Dash,
        '&' if parser.maybe('&') => Token::And,
        '[' if parser.peek() == Some(':') && posix_closes(parser) => posix(parser)?,
        '[' => Token::Open,
        '\\' => escape(parser)?,
        ch => Token::Char(u32::from(ch)),
    })
}

fn escape(parser: &mut Parser<'_>) -> Result<Token, Objection> {
    let Some(ch) = parser.next() else {
        return Err("end pattern at escape".to_owned());
    };
    let start = parser.at;
    let digits = |parser: &Parser<'_>, radix| {
        let digits: String = parser
            .text
            .get(start..parser.at)
            .unwrap_or(&[])
            .iter()
            .collect();
        u32::from_str_radix(&digits, radix).unwrap_or(0)
    };
    Ok(match ch {
        'w' | 'W' | 'd' | 'D' | 's' | 'S' | 'h' | 'H' => Token::Class,
        'p' | 'P' if parser.maybe('{') => {
            property(parser)?;
            Token::Class
        }
        'x' => {
            for _ in 0..2 {
                if parser.peek().is_some_and(|ch| ch.is_ascii_hexdigit()) {
                    parser.at += 1;
                }
            }
            Token::Char(digits(parser, 16))
        }
        '0'..='7' => {
            parser.octal(2);
            let first = ch.to_digit(8).unwrap_or(0);
            let more = u32::try_from(parser.at - start).unwrap_or(0);
            Token::Char(first * 8_u32.pow(more) + digits(parser, 8))
        }
        'n' => Token::Char(0x0a),
        't' => Token::Char(0x09),
        'r' => Token::Char(0x0d),
        'f' => Token::Char(0x0c),
        'v' => Token::Char(0x0b),
        'a' => Token::Char(0x07),
        'e' => Token::Char(0x1b),
        'b' => Token::Char(0x08),
        ch => Token::Char(u32::from(ch)),
    })
}

/// The names of properties that Ruby knows, in small letters and without blanks, dashes and underscores: those of the
/// reference's Ruby (`tests/properties.rb` writes them).
const PROPERTIES: &str = include_str!("properties.txt");

/// `{Alpha}` behind `\p`; the brace is read.
pub(super) fn property(parser: &mut Parser<'_>) -> Result<(), Objection> {
    parser.maybe('^');
    let rest = parser.text.get(parser.at..).unwrap_or(&[]);
    let end = rest
        .iter()
        .position(|ch| matches!(ch, '}' | '(' | ')' | '{' | '|'));
    let closed = end.is_some_and(|end| rest.get(end) == Some(&'}'));
    let end = end.unwrap_or(rest.len().saturating_sub(1));
    let name: String = rest.iter().take(end).collect();
    if !closed || !is_property(&name) {
        let name = in_error(&name);
        return Err(format!("invalid character property name {{{name}}}"));
    }
    parser.at += end + 1;
    Ok(())
}

/// Whether there is a property of this name.
fn is_property(name: &str) -> bool {
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| PROPERTIES.lines().collect());
    let mut plain = name.replace([' ', '-', '_'], "");
    plain.make_ascii_lowercase();
    KNOWN.contains(plain.as_str())
}

/// Whether a bracket closes in the rest of the pattern.
fn closes_later(parser: &Parser<'_>) -> bool {
    let mut rest = parser.text.get(parser.at..).unwrap_or(&[]).iter();
    while let Some(ch) = rest.next() {
        match ch {
            '\\' => {
                rest.next();
            }
            ']' => return true,
            _ => {}
        }
    }
    false
}

/// Whether `:]` follows before any other closing bracket.
fn posix_closes(parser: &Parser<'_>) -> bool {
    let rest = parser.text.get(parser.at + 1..).unwrap_or(&[]);
    let mut escaped = false;
    for (at, ch) in rest.iter().enumerate() {
        if escaped {
            escaped = false;
        } else if *ch == ':' && rest.get(at + 1) == Some(&']') {
            return true;
        } else if *ch == ']' {
            return false;
        } else {
            escaped = *ch == '\\';
        }
    }
    false
}

/// `[:alpha:]` behind its first bracket; something else there is a bracket that stands for itself, or an error.
fn posix(parser: &mut Parser<'_>) -> Result<Token, Objection> {
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
        "space", "upper", "word", "xdigit",
    ];
    /// How far an unknown name is looked at.
    const LONGEST: usize = 20;
    let rest = parser.text.get(parser.at + 1..).unwrap_or(&[]);
    let start = usize::from(rest.first() == Some(&'^'));
    let inside = rest.get(start..).unwrap_or(&[]);
    let known = NAMES.iter().find(|name| {
        let length = name.len();
        inside
            .get(..length)
            .is_some_and(|text| text.iter().copied().eq(name.chars()))
    });
    let invalid = || Err("invalid POSIX bracket type".to_owned());
    if let Some(name) = known {
        if inside.get(name.len()..name.len() + 2) != Some(&[':', ']']) {
            return invalid();
        }
        parser.at += 1 + start + name.len() + 2;
        return Ok(Token::Class);
    }
    let end = inside.iter().position(|ch| matches!(ch, ':' | ']'));
    match end {
        Some(end) if end <= LONGEST && inside.get(end..end + 2) == Some(&[':', ']']) => invalid(),
        _ => Ok(Token::Char(u32::from('['))),
    }
}
