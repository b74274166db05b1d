//! How titles become attributes (`Puppet::Resource#parse_title`).

use std::sync::{Mutex, PoisonError};

use bunraku_pcore::regex::Captures;
use bunraku_pcore::{RubyRegex, Value};
use ecow::EcoString;
use rustc_hash::FxHashMap;

/// Title patterns, tried in order.
#[derive(Debug)]
pub(crate) enum Patterns {
    /// The whole title is this attribute: nearly every type.
    Whole(EcoString),
    /// Expressions, each with the attribute of each capture.
    List(List),
    /// There is no pattern: a type without a namevar, or one that computes its patterns.
    None {
        /// Why a title can't be used; empty when the type has no namevar.
        reason: String,
    },
}

/// Expressions with what they said of titles: a compile asks for each title several times.
#[derive(Debug)]
pub(crate) struct List {
    patterns: Vec<(RubyRegex, Vec<EcoString>)>,
    known: Mutex<FxHashMap<EcoString, Attributes>>,
}

/// The attributes that a title sets.
type Attributes = Vec<(EcoString, Value)>;

impl Patterns {
    /// `Puppet::Type.title_patterns` where a type has none of its own.
    pub(super) fn default_for<S: AsRef<str>>(namevars: &[S]) -> Self {
        match namevars {
            [] => Self::None {
                reason: String::new(),
            },
            [only] => Self::Whole(only.as_ref().into()),
            _ => Self::None {
                reason: "you must specify title patterns when there are two or more key attributes"
                    .into(),
            },
        }
    }

    /// From expressions in the form of `Regexp#to_s`.
    pub(super) fn of<'p>(patterns: impl Iterator<Item = (&'p str, Vec<EcoString>)>) -> Self {
        let compiled: Option<Vec<_>> = patterns
            .map(|(pattern, names)| super::compile(pattern).map(|regex| (regex, names)))
            .collect();
        match compiled {
            Some(list) => match list.as_slice() {
                [(regex, names)] if regex.source() == "(?m-ix:(.*))" && names.len() == 1 => names
                    .first()
                    .cloned()
                    .map_or_else(Self::unreadable, Self::Whole),
                _ => Self::List(List {
                    patterns: list,
                    known: Mutex::default(),
                }),
            },
            None => Self::unreadable(),
        }
    }

    /// The type computes its patterns.
    pub(super) fn unreadable() -> Self {
        Self::None {
            reason: "the type computes its title patterns in Ruby, which is not supported yet"
                .into(),
        }
    }

    /// The attributes that a title of the type sets.
    pub(super) fn parse(&self, type_name: &str, title: &str) -> Result<Attributes, String> {
        match self {
            Self::Whole(name) => Ok(vec![(name.clone(), Value::from(title))]),
            Self::None { reason } if reason.is_empty() => Err(no_match(title)),
            Self::None { reason } => Err(format!("Resource type '{type_name}': {reason}")),
            Self::List(list) => list.parse(title),
        }
    }
}

impl List {
    fn parse(&self, title: &str) -> Result<Attributes, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(attributes) = known.get(title) {
            return Ok(attributes.clone());
        }
        let attributes = self.matched(title)?;
        known.insert(title.into(), attributes.clone());
        Ok(attributes)
    }

    fn matched(&self, title: &str) -> Result<Attributes, String> {
        for (regex, names) in &self.patterns {
            if let Some(captures) = regex.captures(title).map_err(|error| error.message)? {
                if !names.is_empty() {
                    return Ok(attributes(&captures, names));
                }
                // The Resource API names the attributes in the expression.
                let named = regex.group_names().into_iter().enumerate();
                return Ok(named
                    .filter_map(|(index, name)| {
                        let group = captures.groups.get(index).cloned().flatten()?;
                        Some((EcoString::from(name?), Value::from(group)))
                    })
                    .collect());
            }
        }
        Err(no_match(title))
    }
}

fn attributes(captures: &Captures, names: &[EcoString]) -> Attributes {
    names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let group = captures.groups.get(index + 1).cloned().flatten();
            (name.clone(), group.map_or(Value::Undef, Value::from))
        })
        .collect()
}

fn no_match(title: &str) -> String {
    format!("No set of title patterns matched the title \"{title}\".")
}
