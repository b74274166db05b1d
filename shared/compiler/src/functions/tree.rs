//! `tree_each`: what is in nested arrays and hashes, with its path.

use std::collections::VecDeque;

use bunraku_pcore::types::is_instance;
use bunraku_pcore::{Type, Value};

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;

const OPTIONS: &str = "Struct[{container_type => Optional[Type], include_root => Optional[Boolean], \
     include_containers => Optional[Boolean], include_values => Optional[Boolean], \
     order => Optional[Enum[depth_first, breadth_first]], include_refs => Optional[Boolean]}]";
const TREE: &str = "Variant[Iterator, Array, Hash, Object]";

pub(super) const TREE_EACH: Builtin = Builtin {
    name: "tree_each",
    dispatches: &[
        Dispatch::of(&[("tree", TREE), ("options", OPTIONS)], each_two)
            .optional(1)
            .block("Callable[2,2]"),
        Dispatch::of(&[("tree", TREE), ("options", OPTIONS)], each_one)
            .optional(1)
            .block("Callable[1,1]"),
        Dispatch::of(&[("tree", TREE), ("options", OPTIONS)], lazy).optional(1),
    ],
};

/// A value of the tree and the keys that lead to it.
struct Visit {
    path: Vec<Value>,
    value: Value,
}

struct Options {
    container_type: Option<Type>,
    include_root: bool,
    include_containers: bool,
    include_values: bool,
    breadth_first: bool,
}

impl Options {
    fn of(call: &Call<'_, '_>) -> Result<Self> {
        let given = |name: &str| {
            call.arg(1)
                .as_hash()
                .and_then(|options| options.get_str(name))
                .cloned()
        };
        let flag = |name: &str| given(name).is_none_or(|value| value.is_truthy());
        let options = Self {
            container_type: given("container_type").and_then(|value| value.as_type().cloned()),
            include_root: flag("include_root"),
            include_containers: flag("include_containers"),
            include_values: flag("include_values"),
            breadth_first: given("order")
                .is_some_and(|order| order.as_str() == Some("breadth_first")),
        };
        if !options.include_containers && !options.include_values {
            return Err(
                call.fail("Options 'include_containers' and 'include_values' cannot both be false")
            );
        }
        Ok(options)
    }

    fn is_container(&self, value: &Value) -> bool {
        matches!(value, Value::Array(_) | Value::Hash(_))
            && self
                .container_type
                .as_ref()
                .is_none_or(|wanted| is_instance(wanted, value))
    }
}

fn children(visit: &Visit) -> Vec<Visit> {
    let child = |key: Value, value: &Value| {
        let mut path = visit.path.clone();
        path.push(key);
        Visit {
            path,
            value: value.clone(),
        }
    };
    match &visit.value {
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, value)| {
                child(Value::Int(i64::try_from(index).unwrap_or(i64::MAX)), value)
            })
            .collect(),
        Value::Hash(entries) => entries
            .iter()
            .map(|(key, value)| child(key.clone(), value))
            .collect(),
        _ => Vec::new(),
    }
}

fn visits(call: &mut Call<'_, '_>) -> Result<Vec<Visit>> {
    let options = Options::of(call)?;
    let root = match call.arg(0) {
        Value::Iterator(iterator) => Value::array(iterator.elements.clone()),
        other => other.clone(),
    };
    let mut queue = VecDeque::from([Visit {
        path: Vec::new(),
        value: root,
    }]);
    let mut visited = Vec::new();
    while let Some(visit) = queue.pop_front() {
        let is_root = visit.path.is_empty();
        let included = if is_root || options.is_container(&visit.value) {
            let below = children(&visit);
            if options.breadth_first {
                queue.extend(below);
            } else {
                below
                    .into_iter()
                    .rev()
                    .for_each(|child| queue.push_front(child));
            }
            options.include_containers && (!is_root || options.include_root)
        } else {
            options.include_values
        };
        if included {
            visited.push(visit);
        }
    }
    Ok(visited)
}

fn each_two(call: &mut Call<'_, '_>) -> Result<Value> {
    for visit in visits(call)? {
        if call
            .yield_block(vec![Value::array(visit.path), visit.value])?
            .is_none()
        {
            break;
        }
    }
    Ok(call.take(0))
}

fn each_one(call: &mut Call<'_, '_>) -> Result<Value> {
    for visit in visits(call)? {
        if call.yield_block(vec![visit.value])?.is_none() {
            break;
        }
    }
    Ok(call.take(0))
}

fn lazy(call: &mut Call<'_, '_>) -> Result<Value> {
    let pairs = visits(call)?
        .into_iter()
        .map(|visit| Value::array(vec![Value::array(visit.path), visit.value]));
    Ok(super::iteration::iterator(pairs.collect()))
}
