//! `sprintf()`: the subset of Ruby's `Kernel#sprintf` that has a meaning for Puppet values.

use crate::{Error, PuppetHash, Result, Value, to_display_string};

mod float;
mod inspect;
mod integer;

pub(crate) use float::parse_float;
pub(crate) use inspect::inspect;
pub(crate) use integer::parse_integer;

/// Greatest width and precision: a format must not fill the memory.
const WIDTH_LIMIT: usize = 1 << 20;
/// Values nested deeper are shown as they are.
const DEPTH_LIMIT: usize = 200;

/// Flags, width and precision of one directive.
#[derive(Debug, Clone, Copy, Default)]
struct Spec {
    plus: bool,
    space: bool,
    minus: bool,
    zero: bool,
    sharp: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Formats `arguments`; one hash serves `%<name>s` and `%{name}`.
///
/// The arguments are seen as functions of Ruby's old API see them: `undef` is an empty string, and
/// times, versions and the like are their texts.
///
/// # Errors
/// Ruby's message (`too few arguments`, `malformed format string - %y`, `invalid value for Integer(): "x"`).
pub fn sprintf(format: &str, arguments: &[Value]) -> Result<String> {
    let is_plain = |value: &Value| {
        matches!(
            value,
            Value::Str(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_)
        )
    };
    if arguments.iter().all(is_plain) {
        return kernel_format(format, arguments);
    }
    let converted: Vec<Value> = arguments
        .iter()
        .map(|value| {
            if value.is_undef() {
                Value::from("")
            } else {
                runtime3(value, 0)
            }
        })
        .collect();
    kernel_format(format, &converted)
}

/// `Runtime3Converter`, as far as texts show it.
fn runtime3(value: &Value, depth: usize) -> Value {
    match value {
        Value::Array(elements) if depth < DEPTH_LIMIT => Value::array(
            elements
                .iter()
                .map(|part| runtime3(part, depth + 1))
                .collect(),
        ),
        Value::Hash(entries) if depth < DEPTH_LIMIT => Value::hash(
            entries
                .iter()
                .map(|(key, part)| (runtime3(key, depth + 1), runtime3(part, depth + 1)))
                .collect(),
        ),
        Value::Regexp(_)
        | Value::SemVer(_)
        | Value::SemVerRange(_)
        | Value::Timespan(_)
        | Value::Timestamp(_)
        | Value::Binary(_) => Value::Str(to_display_string(value)),
        other => other.clone(),
    }
}

/// Ruby's `Kernel#format` on the values as they are.
///
/// # Errors
/// Ruby's message.
pub(crate) fn kernel_format(format: &str, arguments: &[Value]) -> Result<String> {
    let mut formatter = Formatter {
        rest: format,
        arguments,
        next: 0,
        result: String::with_capacity(format.len()),
    };
    formatter.run()?;
    Ok(formatter.result)
}

struct Formatter<'a> {
    rest: &'a str,
    arguments: &'a [Value],
    next: usize,
    result: String,
}

impl<'a> Formatter<'a> {
    fn run(&mut self) -> Result<()> {
        while let Some((literal, rest)) = self.rest.split_once('%') {
            self.result.push_str(literal);
            self.rest = rest;
            self.directive()?;
            if self.result.len() > WIDTH_LIMIT * 16 {
                return Err(Error::new("the formatted string is too long"));
            }
        }
        self.result.push_str(self.rest);
        Ok(())
    }

    fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let taken = characters.next();
        self.rest = characters.as_str();
        taken
    }

    fn directive(&mut self) -> Result<()> {
        let mut spec = Spec::default();
        let mut chosen: Option<&'a Value> = None;
        let mut is_plain = true;
        loop {
            let Some(character) = self.take() else {
                return Err(Error::new(
                    "incomplete format specifier; use %% (double %) instead",
                ));
            };
            match character {
                '%' if is_plain => self.result.push('%'),
                '\n' | '\0' if is_plain => {
                    self.result.push('%');
                    self.result.push(character);
                }
                '%' | '\n' | '\0' => return Err(Error::new("invalid format character - %")),
                ' ' => spec.space = true,
                '#' => spec.sharp = true,
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                '0' => spec.zero = true,
                '1'..='9' => {
                    let number = self.number(Some(character))?;
                    if let Some(rest) = self.rest.strip_prefix('$') {
                        self.rest = rest;
                        let value = self.arguments.get(number - 1);
                        chosen = Some(value.ok_or_else(|| Error::new("too few arguments"))?);
                    } else if spec.width.is_some() {
                        return Err(Error::new("width given twice"));
                    } else {
                        spec.width = Some(number);
                    }
                }
                '*' => {
                    if spec.width.is_some() {
                        return Err(Error::new("width given twice"));
                    }
                    let width = self.star()?;
                    spec.minus |= width < 0;
                    spec.width = Some(limited(width.unsigned_abs(), "width too big")?);
                }
                '.' => {
                    if spec.precision.is_some() {
                        return Err(Error::new("precision given twice"));
                    }
                    spec.precision = if let Some(rest) = self.rest.strip_prefix('*') {
                        self.rest = rest;
                        let precision = self.star()?;
                        if precision < 0 {
                            None
                        } else {
                            Some(limited(precision.unsigned_abs(), "precision too big")?)
                        }
                    } else {
                        Some(self.number(None)?)
                    };
                }
                '<' => chosen = Some(self.named('<', '>')?),
                '{' => {
                    let value = self.named('{', '}')?;
                    spec.put(&to_display(value), &mut self.result);
                    return Ok(());
                }
                'c' => {
                    let value = self.argument(chosen)?;
                    spec.precision = None;
                    spec.put(&character_of(value)?, &mut self.result);
                }
                's' => {
                    let value = self.argument(chosen)?;
                    spec.put(&to_display(value), &mut self.result);
                }
                'p' => {
                    let value = self.argument(chosen)?;
                    spec.put(&inspect(value), &mut self.result);
                }
                'd' | 'i' | 'u' | 'o' | 'x' | 'X' | 'b' | 'B' => {
                    let number = integer::to_integer(self.argument(chosen)?)?;
                    self.result
                        .push_str(&integer::format(spec, character, number));
                }
                'e' | 'E' | 'f' | 'g' | 'G' | 'a' | 'A' => {
                    let value = self.argument(chosen)?;
                    let text = match value {
                        Value::Int(number) if character == 'f' => {
                            float::format_whole(spec, *number)
                        }
                        _ => float::format(spec, character, float::to_float(value)?),
                    };
                    self.result.push_str(&text);
                }
                other => return Err(Error::new(format!("malformed format string - %{other}"))),
            }
            is_plain = false;
            if character.is_ascii_alphabetic() || matches!(character, '%' | '\n' | '\0') {
                return Ok(());
            }
        }
    }

    fn number(&mut self, first: Option<char>) -> Result<usize> {
        let mut number = first
            .and_then(|digit| digit.to_digit(10))
            .unwrap_or_default() as usize;
        while let Some(digit) = self.rest.chars().next().and_then(|next| next.to_digit(10)) {
            number = limited((number * 10 + digit as usize) as u64, "width too big")?;
            self.take();
        }
        Ok(number)
    }

    fn star(&mut self) -> Result<i64> {
        let number = integer::to_integer(self.argument(None)?)?;
        i64::try_from(number).map_err(|_| Error::new("width too big"))
    }

    fn argument(&mut self, chosen: Option<&'a Value>) -> Result<&'a Value> {
        if let Some(value) = chosen {
            return Ok(value);
        }
        let value = self
            .arguments
            .get(self.next)
            .ok_or_else(|| Error::new("too few arguments"))?;
        self.next += 1;
        Ok(value)
    }

    fn named(&mut self, open: char, close: char) -> Result<&'a Value> {
        let Some((name, rest)) = self.rest.split_once(close) else {
            return Err(Error::new("malformed name - unmatched parenthesis"));
        };
        self.rest = rest;
        let entries: &'a PuppetHash = match self.arguments {
            [Value::Hash(entries)] => entries,
            _ => return Err(Error::new("one hash required")),
        };
        entries
            .get_str(name)
            .ok_or_else(|| Error::new(format!("key{open}{name}{close} not found")))
    }
}

fn limited(number: u64, message: &str) -> Result<usize> {
    usize::try_from(number)
        .ok()
        .filter(|number| *number <= WIDTH_LIMIT)
        .ok_or_else(|| Error::new(message))
}

/// `to_s` of Ruby: collections show Ruby's notation.
pub(crate) fn to_display(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Hash(_) => inspect(value),
        Value::Regexp(_) => format!("(?-mix:{})", value_source(value)),
        other => to_display_string(other).to_string(),
    }
}

fn value_source(value: &Value) -> &str {
    match value {
        Value::Regexp(regex) => regex.source(),
        _ => "",
    }
}

fn character_of(value: &Value) -> Result<String> {
    if let Value::Str(text) = value {
        let is_one = text.chars().nth(1).is_none() && !text.is_empty();
        return if is_one {
            Ok(text.to_string())
        } else {
            Err(Error::new("%c requires a character"))
        };
    }
    let number = match value {
        Value::Int(_) | Value::Float(_) => integer::to_integer(value)?,
        other => {
            let class = crate::ruby_class_in_conversion(other);
            return Err(Error::new(format!(
                "no implicit conversion of {class} into Integer"
            )));
        }
    };
    let character = u32::try_from(number).ok().and_then(char::from_u32);
    character
        .map(String::from)
        .ok_or_else(|| Error::new("invalid character"))
}

impl Spec {
    /// Adds a text: precision cuts it, width pads it.
    fn put(&self, text: &str, result: &mut String) {
        let cut = self
            .precision
            .and_then(|precision| text.char_indices().nth(precision))
            .map(|(at, _)| at);
        let text = cut.and_then(|at| text.get(..at)).unwrap_or(text);
        let padding = self
            .width
            .unwrap_or_default()
            .saturating_sub(text.chars().count());
        if !self.minus {
            result.extend(std::iter::repeat_n(' ', padding));
        }
        result.push_str(text);
        if self.minus {
            result.extend(std::iter::repeat_n(' ', padding));
        }
    }

    /// Sign that stands before a number.
    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, _, _) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }

    /// Joins a prefix and digits with the padding of the width; zeros go between them.
    fn pad_number(&self, prefix: &str, digits: &str, zeros_allowed: bool) -> String {
        let padding = self
            .width
            .unwrap_or_default()
            .saturating_sub(prefix.len() + digits.len());
        if self.minus {
            return format!("{prefix}{digits}{}", " ".repeat(padding));
        }
        if self.zero && zeros_allowed {
            return format!("{prefix}{}{digits}", "0".repeat(padding));
        }
        format!("{}{prefix}{digits}", " ".repeat(padding))
    }
}
