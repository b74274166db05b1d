//! Termination for types that refer to themselves.

use std::ptr;

use super::TypeAlias;

/// Deepest nesting of types and values that is followed; beyond it the answer is "no".
const MAX_DEPTH: usize = 512;

/// Pairs of (alias, other side) whose check is under way.
///
/// Meeting a pair again means that every check between was positive, so the caller may take the
/// answer for granted (types) or as no progress (values). The other side is told by address: both
/// sides are borrowed for the whole check.
#[derive(Default)]
pub(super) struct Guard<'a> {
    pairs: Vec<(&'a TypeAlias, *const ())>,
    depth: usize,
}

impl<'a> Guard<'a> {
    /// Runs `check` unless the pair is under way (then `repeated`) or too deep (then `false`).
    pub(super) fn pair<T>(
        &mut self,
        alias: &'a TypeAlias,
        other: &T,
        repeated: bool,
        check: impl FnOnce(&mut Self) -> bool,
    ) -> bool {
        let other = ptr::from_ref(other).cast::<()>();
        if self
            .pairs
            .iter()
            .any(|(known, side)| ptr::eq(*known, alias) && ptr::eq(*side, other))
        {
            return repeated;
        }
        self.pairs.push((alias, other));
        let result = self.deeper(check);
        self.pairs.pop();
        result
    }

    /// Runs `check` one level deeper, or gives `false` when that is too deep.
    pub(super) fn deeper(&mut self, check: impl FnOnce(&mut Self) -> bool) -> bool {
        if self.depth >= MAX_DEPTH {
            return false;
        }
        self.depth += 1;
        let result = check(self);
        self.depth -= 1;
        result
    }
}
