//! Ruby's own reading of a pattern (`unescape_nonascii` in `re.c`): escapes for characters beyond ASCII become these
//! characters, all others are left to Onigmo.

use std::iter::Peekable;
use std::str::Chars;

/// A pattern as Onigmo gets it.
pub(super) struct Resolved {
    pub(super) text: Vec<char>,
    pub(super) fixed_encoding: bool,
}

type Objection = &'static str;

const TOO_SHORT: Objection = "too short escape sequence";
const NO_HEX: Objection = "invalid hex escape";
const NO_UNICODE: Objection = "invalid Unicode escape";
const NO_UNICODE_LIST: Objection = "invalid Unicode list";
const NO_CODE_POINT: Objection = "invalid Unicode range";
const NO_BYTE: Objection = "invalid multibyte escape";
const TOO_SHORT_CONTROL: Objection = "too short control escape";

pub(super) fn resolved(pattern: &str) -> Result<Resolved, String> {
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        text: Vec::with_capacity(pattern.len()),
        fixed_encoding: !pattern.is_ascii(),
    };
    reader.read().map_err(str::to_owned)?;
    Ok(Resolved {
        text: reader.text,
        fixed_encoding: reader.fixed_encoding,
    })
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    text: Vec<char>,
    fixed_encoding: bool,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), Objection> {
        while let Some(ch) = self.rest.next() {
            if ch != '\\' {
                self.text.push(ch);
                continue;
            }
            match self.rest.next().ok_or(TOO_SHORT)? {
                digit @ '0'..='7' => self.octal(digit)?,
                'x' => {
                    let value = self.hex()?;
                    self.byte(value)?;
                }
                kind @ ('c' | 'C' | 'M') => self.control(kind)?,
                'u' => self.unicode()?,
                kind => {
                    self.fixed_encoding |= matches!(kind, 'p' | 'P');
                    self.text.extend(['\\', kind]);
                }
            }
        }
        Ok(())
    }

    /// A byte that was written as an escape: only those of ASCII stand for characters of their own.
    fn byte(&mut self, value: u32) -> Result<(), Objection> {
        match value {
            0..=0x7f => self.text.extend(format!("\\x{value:02X}").chars()),
            // The start of a character of several bytes, whose other bytes would have to be escapes too.
            0xc2..=0xf4 => return self.bytes(value),
            0x80..=0xff => return Err(NO_BYTE),
            _ => return Err("invalid escape code"),
        }
        Ok(())
    }

    fn bytes(&mut self, first: u32) -> Result<(), Objection> {
        const TOO_SHORT: Objection = "too short escaped multibyte character";
        let mut bytes = vec![u8::try_from(first).unwrap_or_default()];
        let more = match first {
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            _ => 3,
        };
        for _ in 0..more {
            if self.rest.next_if_eq(&'\\').is_none() {
                return Err(TOO_SHORT);
            }
            match self.rest.next() {
                Some('x') => {}
                Some('0'..='7' | 'c' | 'C' | 'M') => return Err(NO_BYTE),
                _ => return Err("unexpected escape sequence"),
            }
            let byte = self.hex()?;
            if byte & 0xc0 != 0x80 {
                return Err(NO_BYTE);
            }
            bytes.push(u8::try_from(byte).unwrap_or_default());
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| NO_BYTE)?;
        self.text.extend(text.chars());
        self.fixed_encoding = true;
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Objection> {
        let mut value = None;
        for _ in 0..2 {
            let Some(digit) = self.rest.peek().and_then(|ch| ch.to_digit(16)) else {
                break;
            };
            self.rest.next();
            value = Some(value.unwrap_or(0) * 16 + digit);
        }
        value.ok_or(NO_HEX)
    }

    /// `\0`, `\012`, and references to groups, which look the same.
    fn octal(&mut self, first: char) -> Result<(), Objection> {
        let mut ahead = self.rest.clone();
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = ahead.peek().and_then(|ch| ch.to_digit(8)) else {
                break;
            };
            ahead.next();
            value = value * 8 + digit;
        }
        if first != '0' && value <= 0o177 {
            self.text.extend(['\\', first]);
            return Ok(());
        }
        self.rest = ahead;
        self.byte(value)
    }

    /// `\cX`, `\C-X`, `\M-X` and what they are made of.
    fn control(&mut self, kind: char) -> Result<(), Objection> {
        let value = self.control_value(kind)?;
        self.byte(value)
    }

    fn control_value(&mut self, kind: char) -> Result<u32, Objection> {
        let too_short = if kind == 'M' {
            "too short meta escape"
        } else {
            TOO_SHORT_CONTROL
        };
        if kind != 'c' && self.rest.next_if_eq(&'-').is_none() {
            return Err(too_short);
        }
        let ch = self.rest.next().ok_or(too_short)?;
        let value = match ch {
            '\\' => match self.rest.next().ok_or(TOO_SHORT)? {
                'x' => self.hex()?,
                inner @ ('c' | 'C' | 'M') => self.control_value(inner)?,
                inner => u32::from(inner),
            },
            ch => u32::from(ch),
        };
        if value > 0xff {
            return Err(NO_BYTE);
        }
        Ok(if kind == 'M' {
            value | 0x80
        } else {
            value & 0x9f
        })
    }

    fn unicode(&mut self) -> Result<(), Objection> {
        if self.rest.peek().is_none() {
            return Err(TOO_SHORT);
        }
        if self.rest.next_if_eq(&'{').is_none() {
            let mut value = 0;
            for _ in 0..4 {
                let digit = self.rest.next().and_then(|ch| ch.to_digit(16));
                value = value * 16 + digit.ok_or(NO_UNICODE)?;
            }
            return self.code_point(value);
        }
        let mut any = false;
        loop {
            while self
                .rest
                .next_if(|ch| ch.is_ascii_whitespace() || *ch == '\u{b}')
                .is_some()
            {}
            let mut value = None;
            while let Some(digit) = self.rest.peek().and_then(|ch| ch.to_digit(16)) {
                self.rest.next();
                let grown = value.unwrap_or(0_u32).saturating_mul(16) + digit;
                if grown > 0x00ff_ffff {
                    return Err(NO_CODE_POINT);
                }
                value = Some(grown);
            }
            match value {
                Some(value) => self.code_point(value)?,
                None => break,
            }
            any = true;
        }
        if !any || self.rest.next() != Some('}') {
            return Err(NO_UNICODE_LIST);
        }
        Ok(())
    }

    fn code_point(&mut self, value: u32) -> Result<(), Objection> {
        let ch = char::from_u32(value).ok_or(NO_CODE_POINT)?;
        if ch.is_ascii() {
            self.text.extend(format!("\\x{value:02X}").chars());
        } else {
            self.text.push(ch);
            self.fixed_encoding = true;
        }
        Ok(())
    }
}
