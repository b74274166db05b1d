//! The `deep_merge` gem's `deep_merge!`, as Puppet calls it (never preserving unmergeables).

use bunraku_pcore::{PuppetHash, RubyRegex, Value};

use super::unique;
use crate::{ErrorKind, LookupError, Result, ruby};

/// Options of a deep merge.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct DeepOptions {
    /// What marks an element to be removed; a regular expression, as the gem reads it.
    pub(crate) knockout_prefix: Option<String>,
    pub(crate) sort_merged_arrays: bool,
    pub(crate) merge_hash_arrays: bool,
    /// The options that only the unconstrained strategies take.
    pub(crate) overwrite_arrays: bool,
    pub(crate) extend_existing_arrays: bool,
}

impl DeepOptions {
    pub(super) fn from_hash(options: &PuppetHash) -> Self {
        let flag = |key: &str| options.get_str(key).is_some_and(Value::is_truthy);
        Self {
            knockout_prefix: options
                .get_str("knockout_prefix")
                .and_then(Value::as_str)
                .map(str::to_owned),
            sort_merged_arrays: flag("sort_merged_arrays"),
            merge_hash_arrays: flag("merge_hash_arrays"),
            overwrite_arrays: flag("overwrite_arrays"),
            extend_existing_arrays: flag("extend_existing_arrays"),
        }
    }
}

/// Merges `source`, which wins, into `dest`.
pub(super) fn merge(source: Value, dest: Value, options: &DeepOptions) -> Result<Value> {
    let prefix = match options.knockout_prefix.as_deref() {
        Some("") => {
            return Err(LookupError::new(
                ErrorKind::Argument,
                "knockout_prefix cannot be an empty string in deep_merge!",
            ));
        }
        Some(prefix) => Some(Prefix::new(prefix)?),
        None => None,
    };
    Merger { options, prefix }.merge(source, Dest::Other(dest))
}

/// What a value is merged into. The gem merges a value that has no counterpart with a shallow copy
/// of itself, so that below it both are the same Ruby object, and removing from one removes from both.
enum Dest {
    Other(Value),
    /// A copy of the source, with the source's own elements.
    Copy,
    /// The source itself.
    Same,
}

struct Merger<'a> {
    options: &'a DeepOptions,
    prefix: Option<Prefix>,
}

impl Merger<'_> {
    fn merge(&self, source: Value, dest: Dest) -> Result<Value> {
        if source.is_undef() {
            return Ok(match dest {
                Dest::Other(dest) => dest,
                Dest::Copy | Dest::Same => source,
            });
        }
        if let Dest::Other(other) = &dest
            && !other.is_truthy()
        {
            return Ok(source);
        }
        match &source {
            Value::Hash(entries) => self.hash(entries, dest, &source),
            Value::Array(elements) => self.array(elements, dest),
            _ => match dest {
                Dest::Other(Value::Array(elements)) if self.options.extend_existing_arrays => {
                    let mut elements = elements.as_ref().clone();
                    elements.push(source);
                    Ok(Value::array(elements))
                }
                _ => self.overwrite(source),
            },
        }
    }

    fn hash(&self, entries: &PuppetHash, dest: Dest, source: &Value) -> Result<Value> {
        let is_own = !matches!(dest, Dest::Other(_));
        let mut merged = match dest {
            Dest::Copy | Dest::Same => entries.clone(),
            Dest::Other(Value::Hash(dest)) => dest.as_ref().clone(),
            Dest::Other(other) if entries.is_empty() => return Ok(other),
            Dest::Other(Value::Array(elements)) if self.options.extend_existing_arrays => {
                let mut elements = elements.as_ref().clone();
                elements.extend(std::iter::repeat_n(source.clone(), entries.len()));
                return Ok(Value::array(elements));
            }
            // A hash over what is none: from here on the destination is the source itself.
            Dest::Other(_) => return self.hash_over_other(entries, source),
        };
        for (key, value) in entries {
            let counterpart = merged.get(key).filter(|value| value.is_truthy());
            let dest = match counterpart {
                Some(_) if is_own => Dest::Same,
                Some(other) => Dest::Other(other.clone()),
                None => Dest::Copy,
            };
            let value = self.merge(value.clone(), dest)?;
            merged.insert(key.clone(), value);
        }
        Ok(Value::hash(merged))
    }

    /// The first key makes the source the destination; the others merge it with itself.
    fn hash_over_other(&self, entries: &PuppetHash, source: &Value) -> Result<Value> {
        let Value::Hash(_) = source else {
            return Ok(source.clone());
        };
        let mut merged = entries.clone();
        for (key, value) in entries.iter().skip(1) {
            let dest = if value.is_truthy() {
                Dest::Same
            } else {
                Dest::Copy
            };
            let value = self.merge(value.clone(), dest)?;
            merged.insert(key.clone(), value);
        }
        Ok(Value::hash(merged))
    }

    fn array(&self, elements: &[Value], dest: Dest) -> Result<Value> {
        if self.options.overwrite_arrays {
            return Ok(Value::array(elements.to_vec()));
        }
        let mut source = elements.to_vec();
        // Below a copy the elements are the source's own.
        let (mut target, is_same, is_own) = match dest {
            Dest::Same => (source.clone(), true, true),
            Dest::Copy => (source.clone(), false, true),
            Dest::Other(Value::Array(dest)) => (dest.as_ref().clone(), false, false),
            Dest::Other(_) => {
                if self
                    .prefix
                    .as_ref()
                    .is_some_and(|prefix| prefix.is_in(&source))
                {
                    source.retain(|element| !self.is_prefix(element));
                }
                return self.overwrite(Value::array(source));
            }
        };
        if let Some(prefix) = &self.prefix {
            if prefix.is_in(&source) {
                target.clear();
                if is_same {
                    source.clear();
                }
                source.retain(|element| !self.is_prefix(element));
            }
            if is_same {
                knock_out_of_itself(&mut source, prefix);
                target = source.clone();
            } else {
                let (knocked, kept): (Vec<_>, Vec<_>) = source
                    .into_iter()
                    .partition(|element| prefix.strip(element).is_some());
                source = kept;
                for element in &knocked {
                    if let Some(stripped) = prefix.strip(element) {
                        target.retain(|other| *other != stripped && other != element);
                    }
                }
            }
        }
        let all_hashes = |list: &[Value]| list.iter().all(|element| element.as_hash().is_some());
        let mut result =
            if self.options.merge_hash_arrays && all_hashes(&source) && all_hashes(&target) {
                self.merge_pairwise(source, target, is_own)?
            } else {
                target.extend(source);
                unique(target)
            };
        if self.options.sort_merged_arrays {
            sort(&mut result)?;
        }
        Ok(Value::array(result))
    }

    fn merge_pairwise(
        &self,
        source: Vec<Value>,
        target: Vec<Value>,
        is_own: bool,
    ) -> Result<Vec<Value>> {
        let mut source = source.into_iter();
        let mut merged = Vec::with_capacity(target.len());
        for other in target {
            let (element, dest) = match source.next() {
                Some(element) if is_own => (element, Dest::Same),
                Some(element) => (element, Dest::Other(other)),
                None => (Value::hash(PuppetHash::new()), Dest::Other(other)),
            };
            merged.push(self.merge(element, dest)?);
        }
        merged.extend(source);
        Ok(merged)
    }

    fn is_prefix(&self, element: &Value) -> bool {
        match (&self.prefix, element) {
            (Some(prefix), Value::Str(text)) => *text == prefix.text,
            _ => false,
        }
    }

    /// `overwrite_unmergeables`: a string with the prefix becomes empty, an array loses such elements.
    fn overwrite(&self, source: Value) -> Result<Value> {
        let Some(prefix) = &self.prefix else {
            return Ok(source);
        };
        match &source {
            Value::Str(_) if prefix.strip(&source).is_some() => Ok(Value::from("")),
            Value::Array(elements) => {
                let kept = elements
                    .iter()
                    .filter(|element| prefix.strip(element).is_none());
                Ok(Value::array(kept.cloned().collect()))
            }
            _ => Ok(source),
        }
    }
}

/// Ruby's `delete_if` on an array from which its block deletes.
fn knock_out_of_itself(array: &mut Vec<Value>, prefix: &Prefix) {
    let (mut read, mut write) = (0, 0);
    while let Some(element) = array.get(read).cloned() {
        if let Some(stripped) = prefix.strip(&element) {
            array.retain(|other| *other != stripped);
            array.retain(|other| *other != element);
        } else {
            if read != write
                && let Some(slot) = array.get_mut(write)
            {
                *slot = element;
            }
            write += 1;
        }
        read += 1;
    }
    if write < array.len() && write < read {
        let end = read.min(array.len());
        array.drain(write..end);
    }
}

/// The knockout prefix: the gem puts it into `%r{^PREFIX}`.
struct Prefix {
    text: String,
    /// Only where the text means something else as a regular expression.
    regex: Option<RubyRegex>,
}

impl Prefix {
    fn new(text: &str) -> Result<Self> {
        let is_plain = !text.contains([
            '\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '[', ']', '{', '}', '#',
        ]);
        let regex = if is_plain {
            None
        } else {
            let compiled = RubyRegex::new(&format!("^{text}"));
            Some(compiled.map_err(|error| LookupError::new(ErrorKind::Argument, error.message))?)
        };
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    fn is_in(&self, elements: &[Value]) -> bool {
        elements
            .iter()
            .any(|element| element.as_str() == Some(&self.text))
    }

    /// The string without the prefix at the start of each line; `None` when it has none.
    fn strip(&self, element: &Value) -> Option<Value> {
        let text = element.as_str()?;
        let stripped = match &self.regex {
            None => text
                .split('\n')
                .map(|line| line.strip_prefix(self.text.as_str()).unwrap_or(line))
                .collect::<Vec<_>>()
                .join("\n"),
            Some(regex) => regex.replace(text, "", true).ok()?,
        };
        (stripped != text).then(|| Value::from(stripped))
    }
}

/// `Array#sort!`
fn sort(elements: &mut [Value]) -> Result<()> {
    let mut failed = None;
    elements.sort_by(|a, b| {
        ruby::compare(a, b).unwrap_or_else(|| {
            // Ruby compares the earlier element with the later one.
            failed.get_or_insert_with(|| (b.clone(), a.clone()));
            std::cmp::Ordering::Equal
        })
    });
    match failed {
        None => Ok(()),
        Some((a, b)) => Err(LookupError::new(
            ErrorKind::Argument,
            format!(
                "comparison of {} with {} failed",
                bunraku_pcore::ruby_class(&a),
                bunraku_pcore::ruby_operand(&b)
            ),
        )),
    }
}
