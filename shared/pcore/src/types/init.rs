//! What `Init[T]` takes besides instances of `T`: the arguments of `T.new` (`PInitType`).

use super::{CallableType, InitType, Size, Type, infer_detailed, is_assignable, is_instance};
use crate::Value;

/// Whether the value is the first argument (before those of the `Init`), or a list of all of them.
pub(super) fn takes_value(init: &InitType, value: &Value) -> bool {
    Takes::of(init).any(
        |single| is_instance(single, value),
        |list| is_instance(list, value),
        |list| is_instance(list, &Value::array(vec![value.clone()])),
    )
}

/// Whether instances of the type are the first argument, or lists of all.
pub(super) fn takes_type(init: &InitType, from: &Type) -> bool {
    let alone = Type::Tuple {
        types: [from.clone()].into(),
        size: None,
    };
    Takes::of(init).any(
        |single| is_assignable(single, from),
        |list| is_assignable(list, from),
        |list| is_assignable(list, &alone),
    )
}

/// Aliases that are followed; a longer chain is one that leads to itself.
const MAX_ALIASES: usize = 64;

/// What an alias stands for in the end.
fn target(data_type: &Type) -> &Type {
    let mut found = data_type;
    for _ in 0..MAX_ALIASES {
        match found {
            Type::Alias(alias) => match alias.target() {
                Some(next) => found = next,
                None => break,
            },
            _ => break,
        }
    }
    found
}

/// The parameters of the signatures of `T.new`.
struct Takes {
    /// Types of a value that is the one argument.
    singles: Vec<Type>,
    /// Types of a list of arguments.
    lists: Vec<Type>,
    /// Whether one argument is enough for a signature of several.
    single_is_enough: bool,
}

impl Takes {
    fn of(init: &InitType) -> Self {
        let mut takes = Self {
            singles: Vec::new(),
            lists: Vec::new(),
            single_is_enough: false,
        };
        let given: Vec<Type> = init.arguments.iter().map(infer_detailed).collect();
        for signature in crate::convert::signatures_of(target(&init.init_type)) {
            takes.add(signature, &given);
        }
        takes
    }

    fn add(&mut self, signature: &CallableType, given: &[Type]) {
        let types = signature.params.as_deref().unwrap_or_default();
        let size = super::tuple_size_of_params(types, signature.size);
        let list = Type::Tuple {
            types: types.into(),
            size: Some(size),
        };
        if given.is_empty() {
            if size == Size::exactly(1) {
                self.singles.extend(types.first().cloned());
            } else {
                self.lists.push(list);
                self.single_is_enough |= size.from == 1;
            }
        } else if let Some(first) = types.first() {
            let arguments = Type::Tuple {
                types: std::iter::once(first).chain(given).cloned().collect(),
                size: None,
            };
            if is_assignable(&list, &arguments) {
                self.singles.push(first.clone());
            }
        }
    }

    fn any(
        &self,
        single: impl FnMut(&Type) -> bool,
        list: impl FnMut(&Type) -> bool,
        alone: impl FnMut(&Type) -> bool,
    ) -> bool {
        self.singles.iter().any(single)
            || self.lists.iter().any(list)
            || self.single_is_enough && self.lists.iter().any(alone)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::types::TypeAlias;

    #[test]
    fn a_type_that_is_made_from_itself_ends() {
        let alias = TypeAlias::new("Again");
        let again = Type::Alias(Arc::clone(&alias));
        let init = Type::Init(Some(Arc::new(InitType {
            init_type: again.clone(),
            arguments: Vec::new(),
        })));
        alias.resolve(Type::variant(vec![Type::integer(), init]));
        assert!(is_instance(&again, &Value::Int(1)));
        assert!(!is_instance(&again, &Value::string("a")));
        assert!(is_assignable(&again, &Type::integer()));
        let _ = is_assignable(&again, &Type::string());
    }
}
