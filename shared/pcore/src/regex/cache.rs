//! Compiled patterns, shared by all compiles of a process.
//!
//! Compiling a pattern costs a hundred times what matching it does, and the catalogs of a fleet use
//! the same few patterns over and over. What a pattern means depends on nothing else, so that this
//! changes no answer.

use std::sync::{Arc, Mutex, PoisonError};

use fancy_regex::Regex;
use rustc_hash::FxHashMap;

use super::Flags;
use crate::Result;

/// How many patterns one generation holds; there are two.
const GENERATION: usize = 256;
/// Longer patterns are not kept, in bytes: what is made of data at run time is seldom seen twice.
const LONGEST: usize = 1024;

type Patterns = FxHashMap<(String, Flags), Arc<Regex>>;

/// Patterns in use. When the newer generation is full it becomes the older one, and what was not
/// asked for since goes.
#[derive(Default)]
struct Generations {
    newer: Patterns,
    older: Patterns,
}

impl Generations {
    fn get(&mut self, key: &(String, Flags)) -> Option<Arc<Regex>> {
        if let Some(regex) = self.newer.get(key) {
            return Some(Arc::clone(regex));
        }
        let (key, regex) = self.older.remove_entry(key)?;
        self.insert(key, Arc::clone(&regex));
        Some(regex)
    }

    fn insert(&mut self, key: (String, Flags), regex: Arc<Regex>) {
        if self.newer.len() >= GENERATION {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, regex);
    }
}

static PATTERNS: Mutex<Option<Generations>> = Mutex::new(None);

/// The compiled pattern, made by `compile` if it is not there. Errors are not kept.
pub(super) fn compiled(
    source: &str,
    flags: Flags,
    compile: impl FnOnce() -> Result<Regex>,
) -> Result<Arc<Regex>> {
    if source.len() > LONGEST {
        return compile().map(Arc::new);
    }
    let key = (source.to_owned(), flags);
    let known = locked(|patterns| patterns.get(&key));
    if let Some(regex) = known {
        return Ok(regex);
    }
    // Not under the lock: others match meanwhile; two may compile the same, which does no harm.
    let regex = Arc::new(compile()?);
    locked(|patterns| patterns.insert(key, Arc::clone(&regex)));
    Ok(regex)
}

fn locked<R>(work: impl FnOnce(&mut Generations) -> R) -> R {
    let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    work(patterns.get_or_insert_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_bounded() {
        let regex = Arc::new(Regex::new("a").unwrap());
        let key = |number: usize| (number.to_string(), Flags::default());
        let mut patterns = Generations::default();
        for number in 0..10 * GENERATION {
            patterns.insert(key(number), Arc::clone(&regex));
            assert!(patterns.get(&key(0)).is_some(), "{number}");
        }
        assert!(patterns.get(&key(1)).is_none());
        assert!(patterns.newer.len() + patterns.older.len() <= 2 * GENERATION);
    }

    #[test]
    fn flags_make_another_pattern() {
        let lower = crate::RubyRegex::new("abc").unwrap();
        let any = crate::RubyRegex::with_flags(
            "abc",
            Flags {
                ignore_case: true,
                ..Flags::default()
            },
        )
        .unwrap();
        assert!(!lower.is_match("ABC").unwrap());
        assert!(any.is_match("ABC").unwrap());
        assert!(
            !crate::RubyRegex::new("abc")
                .unwrap()
                .is_match("ABC")
                .unwrap()
        );
    }
}
