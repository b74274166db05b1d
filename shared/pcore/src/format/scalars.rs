//! Formats of everything but arrays and hashes (`StringConverter#string_PxxxType`).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::directive::Format;
use super::display::to_program_string;
use super::quote::{double_quote, puppet_quote};
use crate::{Error, Result, Value, numbers};

pub(super) fn convert(value: &Value, format: &Format) -> Result<String> {
    match value {
        Value::Undef => undef(format),
        Value::Default => match format.letter {
            'd' | 's' | 'p' => quoted_when_alternative(format, "default"),
            'D' => quoted_when_alternative(format, "Default"),
            _ => Err(format.illegal("Default", "dDsp")),
        },
        Value::Bool(truth) => boolean(*truth, format),
        Value::Int(number) => integer(*number, format),
        Value::Float(number) => float(*number, format),
        Value::Str(text) => string(text, format),
        Value::Binary(bytes) => binary(bytes, format),
        Value::Regexp(regex) => match format.letter {
            'p' => format.apply_as('s', Value::from(regex.to_string())),
            's' if format.is_alternative => format.apply(Value::from(puppet_quote(regex.source()))),
            's' => format.apply(Value::from(regex.source())),
            _ => Err(format.illegal("Regexp", "sp")),
        },
        Value::Type(data_type) => {
            let text = data_type.to_string();
            match format.letter {
                's' if format.is_alternative => format.apply(Value::from(format!("\"{text}\""))),
                's' | 'p' => format.apply_as('s', Value::from(text)),
                _ => Err(format.illegal("Type", "sp")),
            }
        }
        Value::Uri(uri) => match format.letter {
            'p' => Ok(to_program_string(value).into()),
            's' if format.is_alternative => format.apply(Value::from(puppet_quote(&uri.text))),
            's' => format.apply(Value::Str(uri.text.clone())),
            _ => Err(format.illegal("URI", "sp")),
        },
        Value::Object(_) | Value::Deferred(_) => match format.letter {
            'p' | 's' | 'q' => Ok(to_program_string(value).into()),
            _ => Err(format.illegal("Object", "spq")),
        },
        other => format.apply(other.clone()),
    }
}

fn quoted_when_alternative(format: &Format, text: &str) -> Result<String> {
    if format.is_alternative {
        return format.apply_string_flags(&format!("\"{text}\""));
    }
    format.apply_string_flags(text)
}

fn undef(format: &Format) -> Result<String> {
    let alternative = format.is_alternative;
    let text = match format.letter {
        'n' if alternative => "null",
        'n' => "nil",
        'u' if alternative => "undefined",
        'u' => "undef",
        'd' | 'x' | 'X' | 'o' | 'b' | 'B' | 'e' | 'E' | 'f' | 'g' | 'G' | 'a' | 'A' => "NaN",
        'v' => "n/a",
        'V' => "N/A",
        's' if alternative => "\"\"",
        's' => "",
        'p' if alternative => "\"undef\"",
        'p' => "undef",
        _ => return Err(format.illegal("Undef", "nudxXobBeEfgGaAvVsp")),
    };
    format.apply_string_flags(text)
}

fn boolean(truth: bool, format: &Format) -> Result<String> {
    let text = match (format.letter, truth) {
        ('t' | 's' | 'p', true) => "true",
        ('t' | 's' | 'p', false) => "false",
        ('T', true) => "True",
        ('T', false) => "False",
        ('y', true) => "yes",
        ('y', false) => "no",
        ('Y', true) => "Yes",
        ('Y', false) => "No",
        ('d' | 'x' | 'X' | 'o' | 'b' | 'B', _) => return integer(i64::from(truth), format),
        ('e' | 'E' | 'f' | 'g' | 'G' | 'a' | 'A', _) => {
            return float(f64::from(u8::from(truth)), format);
        }
        _ => return Err(format.illegal("Boolean", "tTyYdxXobBeEfgGaAsp")),
    };
    let is_short = format.is_alternative && !matches!(format.letter, 's' | 'p');
    format.apply_string_flags(if is_short {
        text.get(..1).unwrap_or(text)
    } else {
        text
    })
}

fn integer(number: i64, format: &Format) -> Result<String> {
    let value = Value::Int(number);
    match format.letter {
        'd' | 'x' | 'X' | 'o' | 'b' | 'B' | 'p' => format.apply(value),
        #[expect(clippy::cast_precision_loss, reason = "as Ruby")]
        'e' | 'E' | 'f' | 'g' | 'G' | 'a' | 'A' => format.apply(Value::Float(number as f64)),
        'c' => {
            let character = u32::try_from(number).ok().and_then(char::from_u32);
            let character = character.ok_or_else(|| Error::new("pack(U): value out of range"))?;
            let text = if format.is_alternative {
                format!("\"{character}\"")
            } else {
                character.to_string()
            };
            format.apply_as('s', Value::from(text))
        }
        's' => {
            let letter = if format.is_alternative { 'p' } else { 's' };
            format.apply_as(letter, Value::from(number.to_string()))
        }
        _ => Err(format.illegal("Integer", "dxXobBeEfgGaAspc")),
    }
}

fn float(number: f64, format: &Format) -> Result<String> {
    match format.letter {
        'd' | 'x' | 'X' | 'o' | 'b' | 'B' => {
            if !number.is_finite() {
                return Err(Error::new(numbers::float_to_string(number)));
            }
            format.apply(Value::Float(number.trunc()))
        }
        'e' | 'E' | 'f' | 'g' | 'G' | 'a' | 'A' | 'p' => format.apply(Value::Float(number)),
        's' => {
            let text = numbers::float_to_string(number);
            format.apply(Value::from(if format.is_alternative {
                format!("\"{text}\"")
            } else {
                text
            }))
        }
        _ => Err(format.illegal("Float", "dxXobBeEfgGaAsp")),
    }
}

fn string(text: &str, format: &Format) -> Result<String> {
    let changed = match format.letter {
        's' => return format.apply(Value::from(text)),
        'p' => {
            let quoted = if format.is_alternative {
                double_quote(text)
            } else {
                puppet_quote(text)
            };
            return format.apply_string_flags(&quoted);
        }
        'c' => capitalize(text),
        'C' => split_segments(text)
            .map(capitalize)
            .collect::<Vec<_>>()
            .join("::"),
        'u' => text.to_uppercase(),
        'd' => text.to_lowercase(),
        't' => {
            let is_blank = |c: char| c.is_ascii_whitespace() || c == '\u{b}' || c == '\0';
            text.trim_matches(is_blank).to_owned()
        }
        _ => return Err(format.illegal("String", "cCudspt")),
    };
    if format.is_alternative {
        return format.apply_string_flags(&puppet_quote(&changed));
    }
    format.apply_as('s', Value::from(changed))
}

/// Ruby's `split('::')`: empty parts at the end are dropped.
fn split_segments(text: &str) -> impl Iterator<Item = &str> {
    let mut kept = text;
    while let Some(shorter) = kept.strip_suffix("::") {
        kept = shorter;
    }
    kept.split("::")
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    let mut result = String::with_capacity(text.len());
    if let Some(first) = characters.next() {
        result.extend(first.to_uppercase());
        result.push_str(&characters.as_str().to_lowercase());
    }
    result
}

fn binary(bytes: &[u8], format: &Format) -> Result<String> {
    let text = match format.letter {
        's' => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                return Err(Error::new(format!(
                    "\"\\x{byte:02X}\" from ASCII-8BIT to UTF-8"
                )));
            }
        },
        'p' => {
            let text = format.apply_as('s', Value::from(STANDARD.encode(bytes)))?;
            return Ok(format!("Binary(\"{text}\")"));
        }
        'b' => {
            let encoded = STANDARD.encode(bytes);
            let mut text = String::with_capacity(encoded.len() + encoded.len() / 60 + 1);
            for (at, character) in encoded.char_indices() {
                if at > 0 && at % 60 == 0 {
                    text.push('\n');
                }
                text.push(character);
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text
        }
        'B' => STANDARD.encode(bytes),
        'u' => URL_SAFE.encode(bytes),
        't' => "Binary".to_owned(),
        'T' => "BINARY".to_owned(),
        _ => return Err(format.illegal("Binary", "bButTsp")),
    };
    format.apply_as(
        if format.is_alternative { 'p' } else { 's' },
        Value::from(text),
    )
}
