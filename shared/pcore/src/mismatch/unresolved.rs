//! Finds names that no type was found for (`UnresolvedTypeFinder`).

use crate::Type;
use crate::types::TypeAlias;

/// Deepest nesting that is searched.
const MAX_DEPTH: usize = 200;

/// The first unresolved name within a type.
pub(super) fn unresolved_reference(data_type: &Type) -> Option<String> {
    Finder {
        seen: Vec::new(),
        depth: 0,
    }
    .find(data_type)
}

struct Finder<'a> {
    seen: Vec<&'a TypeAlias>,
    depth: usize,
}

impl<'a> Finder<'a> {
    fn find(&mut self, data_type: &'a Type) -> Option<String> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let found = self.within(data_type);
        self.depth -= 1;
        found
    }

    fn any(&mut self, types: impl IntoIterator<Item = &'a Type>) -> Option<String> {
        types.into_iter().find_map(|part| self.find(part))
    }

    fn within(&mut self, data_type: &'a Type) -> Option<String> {
        match data_type {
            Type::Reference(name) => {
                Some(name.as_deref().unwrap_or("UnresolvedReference").to_owned())
            }
            Type::Array { element, .. } => self.find(element),
            Type::Hash { key, value, .. } => self.any([key.as_ref(), value.as_ref()]),
            Type::Tuple { types, .. } | Type::Variant(types) => self.any(types.iter()),
            Type::Struct(elements) => self.any(
                elements
                    .iter()
                    .flat_map(|element| [&element.key, &element.value]),
            ),
            Type::Optional(inner)
            | Type::NotUndef(inner)
            | Type::Iterable(inner)
            | Type::Iterator(inner)
            | Type::Type(inner)
            | Type::Sensitive(inner) => self.any(inner.as_deref()),
            Type::Callable(Some(callable)) => {
                let params = callable.params.as_deref().unwrap_or_default();
                self.any(
                    params
                        .iter()
                        .chain(&callable.block)
                        .chain(&callable.return_type),
                )
            }
            Type::Init(Some(init)) => self.find(&init.init_type),
            Type::Alias(alias) => {
                if self
                    .seen
                    .iter()
                    .any(|seen| std::ptr::eq(*seen, alias.as_ref()))
                {
                    return None;
                }
                self.seen.push(alias);
                self.any(alias.target())
            }
            _ => None,
        }
    }
}
