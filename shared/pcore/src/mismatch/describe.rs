//! Finds the mismatches between two types (`TypeMismatchDescriber#describe`).

use std::sync::Arc;

use super::report::{Family, Kind, Mismatch, Path, Step, at};
use super::unresolved::unresolved_reference;
use crate::Type;
use crate::types::{
    CallableType, Size, StructElement, is_assignable, size_covers, tuple_size, tuple_size_of_params,
};

/// Deepest nesting that is described; a mismatch deeper down is told of where this ends.
const MAX_DEPTH: usize = 100;

const ANY_SIZE: Size = Size { from: 0, to: None };

/// Mismatches of `actual` against `expected`; none when it fits.
pub(super) fn describe(expected: &Type, actual: &Type, path: Path) -> Vec<Mismatch> {
    Describer { depth: 0 }.describe(expected, actual, path)
}

/// One mismatch for all alternatives when they share kind and place, else all, each once.
///
/// `position` is the index of the step that tells the alternatives apart.
pub(super) fn merge_descriptions(
    position: usize,
    size: Family,
    alternatives: Vec<Vec<Mismatch>>,
) -> Vec<Mismatch> {
    let count = alternatives.len();
    let mut all: Vec<Mismatch> = alternatives.into_iter().flatten().collect();
    for family in [
        size,
        Family::MissingRequiredBlock,
        Family::UnexpectedBlock,
        Family::Type,
    ] {
        let mut of_family = all.iter().filter(|mismatch| mismatch.is_of(family));
        if of_family.clone().count() != count {
            continue;
        }
        let Some(first) = of_family.next() else {
            continue;
        };
        if let Some(merged) = of_family.try_fold(first.clone(), Mismatch::merge) {
            all = vec![merged];
            break;
        }
    }
    let mut unique: Vec<Mismatch> = Vec::with_capacity(all.len());
    for mismatch in all {
        if !unique.iter().any(|known| known.repeats(&mismatch)) {
            unique.push(mismatch);
        }
    }
    if unique.len() == 1 {
        unique = unique
            .into_iter()
            .map(|only| only.without_step(position))
            .collect();
    }
    unique
}

/// Which mismatch tells of a wrong number of elements.
#[derive(Clone, Copy)]
enum Counting {
    Size,
    Arguments,
}

struct Describer {
    depth: usize,
}

impl Describer {
    fn describe(&mut self, expected: &Type, actual: &Type, path: Path) -> Vec<Mismatch> {
        match unresolved_reference(expected) {
            Some(name) => vec![Mismatch::new(&path, Kind::Unresolved(name))],
            None => self.normalized(&expected.normalize(), expected, actual, &path),
        }
    }

    /// `expected` is `original` in normal form, or what that stands for.
    fn normalized(
        &mut self,
        expected: &Type,
        original: &Type,
        actual: &Type,
        path: &[Step],
    ) -> Vec<Mismatch> {
        if self.depth >= MAX_DEPTH {
            return vec![Mismatch::of_type(path, original, actual)];
        }
        self.depth += 1;
        let found = self.dispatch(expected, original, actual, path);
        self.depth -= 1;
        found
    }

    fn dispatch(
        &mut self,
        expected: &Type,
        original: &Type,
        actual: &Type,
        path: &[Step],
    ) -> Vec<Mismatch> {
        match expected {
            Type::Variant(types) => self.variant(types, original, actual, path),
            Type::Struct(elements) => self.structure(elements, original, actual, path),
            Type::Hash { key, value, size } => {
                self.hash((key, value, *size), original, actual, path)
            }
            Type::Tuple { .. } => self.tuple(expected, original, actual, path, Counting::Size),
            Type::Array { element, size } => self.array(element, *size, original, actual, path),
            Type::Callable(callable) => self.callable(callable.as_deref(), original, actual, path),
            Type::Optional(inner) => match inner {
                Some(inner) if !matches!(actual, Type::Undef) => {
                    let original = if matches!(original, Type::Alias(_)) {
                        original
                    } else {
                        expected
                    };
                    self.normalized(inner, original, actual, path)
                }
                _ => Vec::new(),
            },
            Type::Pattern(_) | Type::Enum { .. } => {
                vec![Mismatch::of_pattern(path, original, actual)]
            }
            Type::Alias(alias) => match alias.target() {
                Some(target) => self.normalized(&target.normalize(), expected, actual, path),
                None => vec![Mismatch::of_type(path, original, actual)],
            },
            _ if is_assignable(expected, actual) => Vec::new(),
            _ => vec![Mismatch::of_type(path, original, actual)],
        }
    }

    fn variant(
        &mut self,
        types: &[Type],
        original: &Type,
        actual: &Type,
        path: &[Step],
    ) -> Vec<Mismatch> {
        let undef = matches!(original, Type::Optional(_)).then_some(&Type::Undef);
        let mut alternatives = Vec::with_capacity(types.len());
        for (index, part) in undef.into_iter().chain(types).enumerate() {
            let found = self.describe(part, actual, at(path, Step::Variant(index)));
            if found.is_empty() {
                return found;
            }
            alternatives.push(found);
        }
        let found = merge_descriptions(path.len(), Family::Size, alternatives);
        if matches!(original, Type::Alias(_)) && found.len() == 1 {
            // All failed alike: the name says more than its alternatives.
            return vec![Mismatch::of_type(path, original, actual)];
        }
        found
    }

    /// The mismatch of one element, key or entry, if it is one.
    fn part(
        &mut self,
        expected: &Type,
        actual: &Type,
        path: &[Step],
        step: Step,
        found: &mut Vec<Mismatch>,
    ) {
        if !is_assignable(expected, actual) {
            found.extend(self.describe(expected, actual, at(path, step)));
        }
    }

    fn array(
        &mut self,
        element: &Type,
        size: Option<Size>,
        original: &Type,
        actual: &Type,
        path: &[Step],
    ) -> Vec<Mismatch> {
        let mut found = Vec::new();
        match actual {
            Type::Tuple {
                types,
                size: actual_size,
            } => {
                let actual_size = actual_size.unwrap_or_else(|| Size::exactly(types.len()));
                if let Some(mismatch) = wrong_size(size, actual_size, path) {
                    return vec![mismatch];
                }
                for (index, part) in types.iter().enumerate() {
                    self.part(element, part, path, Step::Index(index), &mut found);
                }
            }
            Type::Array {
                element: actual_element,
                size: actual_size,
            } => {
                found.push(
                    wrong_size(size, actual_size.unwrap_or(ANY_SIZE), path).unwrap_or_else(|| {
                        let unsized_actual = Type::Array {
                            element: Arc::clone(actual_element),
                            size: None,
                        };
                        Mismatch::of_type(path, original, &unsized_actual)
                    }),
                );
            }
            _ => found.push(Mismatch::of_type(path, original, actual)),
        }
        found
    }

    fn hash(
        &mut self,
        (key, value, size): (&Type, &Type, Option<Size>),
        original: &Type,
        actual: &Type,
        path: &[Step],
    ) -> Vec<Mismatch> {
        let mut found = Vec::new();
        match actual {
            Type::Struct(elements) => {
                if let Some(mismatch) = wrong_size(size, struct_size(elements), path) {
                    return vec![mismatch];
                }
                for element in elements.iter() {
                    let name = || element.name().to_owned();
                    self.part(key, &element.key, path, Step::EntryKey(name()), &mut found);
                    self.part(
                        value,
                        &element.value,
                        path,
                        Step::EntryValue(name()),
                        &mut found,
                    );
                }
            }
            Type::Hash {
                key,
                value,
                size: actual_size,
            } => {
                found.push(
                    wrong_size(size, actual_size.unwrap_or(ANY_SIZE), path)
                        .unwrap_or_else(|| of_hash(key, value, original, path)),
                );
            }
            _ => found.push(Mismatch::of_type(path, original, actual)),
        }
        found
    }

    fn structure(
        &mut self,
        elements: &[StructElement],
        original: &Type,
        actual: &Type,
        path: &[Step],
    ) -> Vec<Mismatch> {
        let mut found = Vec::new();
        match actual {
            Type::Struct(given) => {
                for element in elements {
                    let name = element.name();
                    match given.iter().find(|part| part.name() == name) {
                        Some(part) => {
                            self.part(
                                &element.key,
                                &part.key,
                                path,
                                Step::EntryKey(name.to_owned()),
                                &mut found,
                            );
                            self.part(
                                &element.value,
                                &part.value,
                                path,
                                Step::EntryValue(name.to_owned()),
                                &mut found,
                            );
                        }
                        None if is_assignable(&element.key, &Type::Undef) => {}
                        None => found.push(Mismatch::new(path, Kind::MissingKey(name.to_owned()))),
                    }
                }
                let unknown = given
                    .iter()
                    .map(StructElement::name)
                    .filter(|name| !has(elements, name));
                found.extend(
                    unknown.map(|name| Mismatch::new(path, Kind::ExtraneousKey(name.to_owned()))),
                );
            }
            Type::Hash { key, value, size } => {
                found.push(
                    wrong_size(Some(struct_size(elements)), size.unwrap_or(ANY_SIZE), path)
                        .unwrap_or_else(|| of_hash(key, value, original, path)),
                );
            }
            _ => found.push(Mismatch::of_type(path, original, actual)),
        }
        found
    }

    fn tuple(
        &mut self,
        expected: &Type,
        original: &Type,
        actual: &Type,
        path: &[Step],
        counting: Counting,
    ) -> Vec<Mismatch> {
        let Type::Tuple { types, size } = expected else {
            return Vec::new();
        };
        if expected == actual || types.is_empty() && matches!(actual, Type::Array { .. }) {
            return Vec::new();
        }
        let size_of = |types: &[Type], size| match counting {
            Counting::Size => tuple_size(types, size),
            Counting::Arguments => tuple_size_of_params(types, size),
        };
        let size = size_of(types, *size);
        let actual_size = match actual {
            Type::Tuple { types, size } => size_of(types, *size),
            Type::Array { size, .. } => size.unwrap_or(ANY_SIZE),
            _ => return vec![Mismatch::of_type(path, original, actual)],
        };
        if !size_covers(Some(size), actual_size) {
            let kind = match counting {
                Counting::Size => Kind::Size {
                    expected: size,
                    actual: actual_size,
                },
                Counting::Arguments => Kind::Count {
                    expected: size,
                    actual: actual_size,
                },
            };
            return vec![Mismatch::new(path, kind)];
        }
        let mut found = Vec::new();
        match actual {
            Type::Tuple {
                types: actual_types,
                ..
            } => {
                for (index, actual_type) in actual_types.iter().enumerate() {
                    let index = index.min(types.len().saturating_sub(1));
                    if let Some(wanted) = types.get(index) {
                        found.extend(self.describe(
                            wanted,
                            actual_type,
                            at(path, Step::Index(index)),
                        ));
                    }
                }
            }
            Type::Array { element, .. } => {
                for (index, wanted) in types.iter().enumerate() {
                    found.extend(self.describe(wanted, element, at(path, Step::Index(index))));
                }
            }
            _ => {}
        }
        found
    }

    fn callable(
        &mut self,
        expected: Option<&CallableType>,
        original: &Type,
        actual: &Type,
        path: &[Step],
    ) -> Vec<Mismatch> {
        let Type::Callable(actual_callable) = actual else {
            return vec![Mismatch::of_type(path, original, actual)];
        };
        let Some(expected) = expected else {
            return Vec::new();
        };
        let Some(actual_callable) = actual_callable.as_deref() else {
            return vec![Mismatch::of_type(path, original, actual)];
        };
        if let (Some(params), Some(actual_params)) = (&expected.params, &actual_callable.params) {
            let tuple = |params: &[Type], size| Type::Tuple {
                types: params.into(),
                size,
            };
            let wanted = tuple(params, expected.size);
            let given = tuple(actual_params, actual_callable.size);
            let found = self.tuple(&wanted, &wanted, &given, path, Counting::Arguments);
            if !found.is_empty() {
                return found;
            }
        }
        let result = expected.return_type.as_ref().unwrap_or(&Type::Any);
        let actual_result = actual_callable.return_type.as_ref().unwrap_or(&Type::Any);
        if !is_assignable(result, actual_result) {
            return vec![Mismatch::of_type(
                &at(path, Step::Return),
                result,
                actual_result,
            )];
        }
        let block = expected.block.as_ref().unwrap_or(&Type::Undef);
        let actual_block = actual_callable.block.as_ref().unwrap_or(&Type::Undef);
        // The other way round: the callable must take every block that it may be given.
        if !is_assignable(actual_block, block) {
            return vec![Mismatch::of_type(
                &at(path, Step::Block),
                block,
                actual_block,
            )];
        }
        Vec::new()
    }
}

fn wrong_size(expected: Option<Size>, actual: Size, path: &[Step]) -> Option<Mismatch> {
    let expected = expected.unwrap_or(ANY_SIZE);
    (!size_covers(Some(expected), actual))
        .then(|| Mismatch::new(path, Kind::Size { expected, actual }))
}

fn of_hash(key: &Arc<Type>, value: &Arc<Type>, original: &Type, path: &[Step]) -> Mismatch {
    let unsized_actual = Type::Hash {
        key: Arc::clone(key),
        value: Arc::clone(value),
        size: None,
    };
    Mismatch::of_type(path, original, &unsized_actual)
}

/// From the members that must be there to all of them.
fn struct_size(elements: &[StructElement]) -> Size {
    let required = elements
        .iter()
        .filter(|element| !is_assignable(&element.key, &Type::Undef))
        .count();
    Size {
        from: Size::exactly(required).from,
        to: Size::exactly(elements.len()).to,
    }
}

fn has(elements: &[StructElement], name: &str) -> bool {
    elements.iter().any(|element| element.name() == name)
}
