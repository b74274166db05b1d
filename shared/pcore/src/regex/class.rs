//! Bracket classes, `\w` and friends, POSIX names.

use super::translate::{MAX_DEPTH, Outcome, Translator};

impl Translator {
    /// A bracket class after its `[`, with the closing bracket.
    pub(super) fn class(&mut self, depth: usize) -> Outcome<String> {
        if depth >= MAX_DEPTH {
            return Err("too deep nest level".to_owned());
        }
        let mut class = String::from("[");
        if self.peek(0) == Some('^') {
            self.position += 1;
            class.push('^');
        }
        let mut first = true;
        while let Some(character) = self.next() {
            match character {
                ']' if !first => {
                    class.push(']');
                    return Ok(class);
                }
                ']' => class.push_str("\\]"),
                '[' if self.peek(0) == Some(':') && self.posix_class(&mut class)? => {}
                '[' => class.push_str(&self.class(depth + 1)?),
                '\\' => self.class_escape(&mut class)?,
                '&' if self.peek(0) == Some('&') => {
                    self.position += 1;
                    class.push_str("&&");
                }
                '-' => {
                    let ranged =
                        !first && !matches!(self.peek(0), Some(']' | '-')) && !class.ends_with('-');
                    class.push_str(if ranged { "-" } else { "\\-" });
                }
                other => push_literal(&mut class, other),
            }
            first = false;
        }
        Err("premature end of char-class".to_owned())
    }

    fn class_escape(&mut self, class: &mut String) -> Outcome<()> {
        let Some(character) = self.next() else {
            return Err("end pattern at escape".to_owned());
        };
        match character {
            'w' | 'd' | 's' | 'h' | 'W' | 'D' | 'S' | 'H' => {
                class.push_str(&ascii_class(character))
            }
            'b' => class.push_str("\\x08"),
            'u' if self.peek(0) == Some('{') => {
                for code in self.code_points()? {
                    push_literal(class, code);
                }
            }
            'R' | 'X' => push_literal(class, character),
            'p' | 'P' => class.push_str(&self.property(character == 'P')?),
            _ => {
                let literal = self.character_escape(character)?;
                push_literal(class, literal);
            }
        }
        Ok(())
    }

    /// `[:alpha:]` after its `[`; gives whether it was one.
    fn posix_class(&mut self, class: &mut String) -> Outcome<bool> {
        let rest: String = self.input.iter().skip(self.position + 1).take(12).collect();
        let Some(end) = rest.find(":]") else {
            return Ok(false);
        };
        let name = rest.get(..end).unwrap_or_default();
        let (plain, caret) = match name.strip_prefix('^') {
            Some(plain) => (plain, "^"),
            None => (name, ""),
        };
        if !plain
            .chars()
            .all(|character| character.is_ascii_alphabetic())
        {
            return Ok(false);
        }
        let Some(set) = posix(plain) else {
            return Err("invalid POSIX bracket type".to_owned());
        };
        class.push_str(&format!("[{caret}{set}]"));
        self.position += name.chars().count() + 3;
        Ok(true)
    }
}

pub(super) fn ascii_class(letter: char) -> String {
    let set = match letter.to_ascii_lowercase() {
        'w' => "a-zA-Z0-9_",
        'd' => "0-9",
        's' => " \\t\\r\\n\\f\\x0B",
        _ => "0-9a-fA-F",
    };
    let caret = if letter.is_ascii_uppercase() { "^" } else { "" };
    format!("[{caret}{}]", set.replace(' ', "\\x20"))
}

/// Content of a bracket class for a POSIX name, with all of Unicode as in Ruby.
pub(super) fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "alnum" => "\\p{Alphabetic}\\p{Nd}",
        "alpha" => "\\p{Alphabetic}",
        "ascii" => "\\x00-\\x7F",
        "blank" => "\\t\\p{Zs}",
        "cntrl" => "\\p{Cc}",
        "digit" => "\\p{Nd}",
        "graph" => "[^\\s\\p{Cc}\\p{Cn}\\p{Cs}]",
        "lower" => "\\p{Lowercase}",
        "print" => "[^\\p{Cc}\\p{Cn}\\p{Cs}\\x{2028}\\x{2029}]",
        "punct" => "\\p{P}\\$\\+<=>\\^`\\|\\~",
        "space" => "\\s",
        "upper" => "\\p{Uppercase}",
        "word" => "\\w",
        "xdigit" => "0-9a-fA-F",
        _ => return None,
    })
}

/// A character that stands for itself anywhere, in verbose mode too.
pub(super) fn push_literal(output: &mut String, character: char) {
    if character.is_ascii_alphanumeric()
        || matches!(
            character,
            '_' | '"' | '\'' | ',' | '/' | ':' | ';' | '<' | '>' | '=' | '@' | '`' | '!' | '%'
        )
    {
        output.push(character);
    } else if character.is_ascii_graphic() {
        output.extend(['\\', character]);
    } else if character.is_ascii() {
        output.push_str(&format!("\\x{:02X}", u32::from(character)));
    } else {
        output.push(character);
    }
}
