//! Formats of arrays and hashes, with indentation (`string_PArrayType`, `string_PHashType`).

use super::directive::Format;
use super::map::FormatMap;
use super::scalars;
use crate::{Error, PuppetHash, Result, Value, ops};

/// Containers nested deeper are refused.
const DEPTH_LIMIT: usize = 200;

#[derive(Debug, Clone, Copy)]
struct Indentation {
    level: usize,
    is_first: bool,
    is_indenting: bool,
}

impl Indentation {
    fn increased(self, is_indenting: bool) -> Self {
        Self {
            level: self.level + 1,
            is_first: true,
            is_indenting,
        }
    }

    fn breaks(self) -> bool {
        self.is_indenting && self.level > 0 && !self.is_first
    }

    fn padding(self) -> String {
        "  ".repeat(self.level)
    }
}

pub(super) fn convert(value: &Value, formats: &FormatMap) -> Result<String> {
    let top = Indentation {
        level: 0,
        is_first: true,
        is_indenting: false,
    };
    any(value, formats, top)
}

fn any(value: &Value, formats: &FormatMap, indentation: Indentation) -> Result<String> {
    if indentation.level > DEPTH_LIMIT {
        return Err(Error::new("the value is nested too deeply to be formatted"));
    }
    match value {
        Value::Array(elements) => array(value, elements, formats, indentation),
        Value::Iterator(iterator) => any(
            &Value::array(iterator.elements.clone()),
            formats,
            indentation,
        ),
        Value::Hash(entries) => hash(value, entries, formats, indentation),
        other => scalars::convert(other, &formats.get(other)),
    }
}

fn is_container(value: &Value) -> bool {
    matches!(
        value,
        Value::Array(_) | Value::Hash(_) | Value::Object(_) | Value::Deferred(_)
    )
}

fn is_array_or_hash(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Hash(_))
}

/// An element: containers keep the map, others take the formats of the container's elements.
fn element(
    value: &Value,
    formats: &FormatMap,
    inner: &FormatMap,
    indentation: Indentation,
) -> Result<String> {
    any(
        value,
        if is_container(value) { formats } else { inner },
        indentation,
    )
}

fn inner_formats(format: &Format) -> FormatMap {
    format
        .elements
        .as_ref()
        .map_or_else(FormatMap::of_elements, |elements| elements.as_ref().clone())
}

fn open(indentation: Indentation) -> String {
    if indentation.breaks() {
        format!("\n{}", indentation.padding())
    } else {
        String::new()
    }
}

fn array(
    value: &Value,
    elements: &[Value],
    formats: &FormatMap,
    indentation: Indentation,
) -> Result<String> {
    let format = formats.get(value);
    if !matches!(format.letter, 'a' | 's' | 'p') {
        return Err(format.illegal("Array", "asp"));
    }
    let separator = format.separator.as_deref().unwrap_or(", ");
    let inner = inner_formats(&format);
    let (left, right) = format.delimiters(("[", "]"));
    let is_alternative = format.is_alternative;
    let indentation = Indentation {
        is_indenting: is_alternative || indentation.is_indenting,
        ..indentation
    };
    let mut result = open(indentation);
    result.push_str(left);

    let children = Indentation {
        is_first: false,
        ..indentation.increased(is_alternative)
    };
    let texts: Vec<String> = elements
        .iter()
        .map(|part| element(part, formats, &inner, children))
        .collect::<Result<_>>()?;
    let breaks_each = is_alternative
        && format
            .width
            .is_some_and(|width| widest_run(elements, &texts) > width);

    let mut before: Option<&Value> = None;
    for (part, text) in elements.iter().zip(&texts) {
        let is_nested = is_array_or_hash(part);
        match before {
            None if breaks_each && !is_nested => result.push(' '),
            None => {}
            Some(before) => {
                result.push_str(separator);
                let after_nested = is_alternative && is_array_or_hash(before);
                if (breaks_each || after_nested) && !is_nested {
                    if !result.ends_with('\n') {
                        trim_end(&mut result);
                    }
                    result.push('\n');
                    result.push_str(&children.padding());
                }
            }
        }
        if result.ends_with(' ') && text.starts_with('\n') {
            trim_end(&mut result);
        }
        result.push_str(text);
        before = Some(part);
    }
    result.push_str(right);
    Ok(result)
}

/// Length of the longest run of elements that are no containers.
fn widest_run(elements: &[Value], texts: &[String]) -> usize {
    let mut widest = 0;
    let mut run = 0;
    for (part, text) in elements.iter().zip(texts) {
        run = if is_array_or_hash(part) {
            0
        } else {
            run + text.chars().count()
        };
        widest = widest.max(run);
    }
    widest
}

fn trim_end(text: &mut String) {
    let kept = text
        .trim_end_matches(|c: char| c.is_ascii_whitespace() || c == '\0')
        .len();
    text.truncate(kept);
}

fn hash(
    value: &Value,
    entries: &PuppetHash,
    formats: &FormatMap,
    indentation: Indentation,
) -> Result<String> {
    let format = formats.get(value);
    match format.letter {
        'a' => return any(&Value::array(ops::pairs(entries)), formats, indentation),
        'h' | 's' | 'p' => {}
        _ => return Err(format.illegal("Hash", "hasp")),
    }
    let is_alternative = format.is_alternative;
    let association = format.separator2.as_deref().unwrap_or(" => ");
    let mut separator = format.separator.clone().unwrap_or_else(|| ", ".to_owned());
    if is_alternative {
        if !separator.ends_with('\n') {
            trim_end(&mut separator);
        }
        separator.push('\n');
    }
    let inner = inner_formats(&format);
    let (left, right) = format.delimiters(("{", "}"));
    let indentation = Indentation {
        is_indenting: is_alternative || indentation.is_indenting,
        ..indentation
    };
    let children = indentation.increased(false);
    let padding = if is_alternative {
        children.padding()
    } else {
        String::new()
    };

    let mut result = open(indentation);
    result.push_str(left);
    if is_alternative {
        result.push('\n');
    }
    for (index, (key, part)) in entries.iter().enumerate() {
        if index > 0 {
            result.push_str(&separator);
        }
        result.push_str(&padding);
        result.push_str(&element(key, formats, &inner, children)?);
        result.push_str(association);
        result.push_str(&element(part, formats, &inner, children)?);
    }
    if is_alternative {
        result.push('\n');
        result.push_str(&indentation.padding());
    }
    result.push_str(right);
    Ok(result)
}
