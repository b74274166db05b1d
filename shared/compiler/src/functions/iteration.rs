//! `each`, `map`, `filter` and the others that call a block for the elements of something.

use std::sync::Arc;

use bunraku_pcore::{PuppetHash, PuppetIterator, Type, Value};

use super::builtin::{Builtin, Call, Dispatch};
use super::iterable::{Elements, split_pair};
use crate::error::Result;

const ONE: &str = "Callable[1,1]";
const TWO: &str = "Callable[2,2]";

/// The four ways of the iterating functions: over a hash or any iterable, with one or two block parameters.
macro_rules! four_ways {
    ($name:literal, $one:path, $two:path) => {
        Builtin {
            name: $name,
            dispatches: &[
                Dispatch::of(&[("hash", "Hash[Any, Any]")], $two).block(TWO),
                Dispatch::of(&[("hash", "Hash[Any, Any]")], $one).block(ONE),
                Dispatch::of(&[("enumerable", "Iterable")], $two).block(TWO),
                Dispatch::of(&[("enumerable", "Iterable")], $one).block(ONE),
            ],
        }
    };
}

pub(super) const TABLE: &[Builtin] = &[
    four_ways!("each", each_one, each_two),
    four_ways!("map", map_one, map_two),
    four_ways!("filter", filter_one, filter_two),
    four_ways!("all", all_one, all_two),
    four_ways!("any", any_one, any_two),
    Builtin {
        name: "index",
        dispatches: &[
            Dispatch::of(&[("hash", "Hash[Any, Any]")], index_two).block(TWO),
            Dispatch::of(&[("hash", "Hash[Any, Any]")], index_one).block(ONE),
            Dispatch::of(&[("enumerable", "Iterable")], index_two).block(TWO),
            Dispatch::of(&[("enumerable", "Iterable")], index_one).block(ONE),
            Dispatch::of(
                &[("str", "String"), ("match", "Variant[String,Regexp]")],
                index_in_string,
            ),
            Dispatch::of(
                &[("enumerable", "Iterable"), ("match", "Any")],
                index_of_value,
            ),
        ],
    },
    Builtin {
        name: "reduce",
        dispatches: &[
            Dispatch::of(&[("enumerable", "Iterable")], reduce).block(TWO),
            Dispatch::of(&[("enumerable", "Iterable"), ("memo", "Any")], reduce_from).block(TWO),
        ],
    },
    Builtin {
        name: "slice",
        dispatches: &[
            Dispatch::of(
                &[
                    ("hash", "Hash[Any, Any]"),
                    ("slice_size", "Integer[1, default]"),
                ],
                slice,
            )
            .optional_block("Callable"),
            Dispatch::of(
                &[
                    ("enumerable", "Iterable"),
                    ("slice_size", "Integer[1, default]"),
                ],
                slice,
            )
            .optional_block("Callable"),
        ],
    },
    Builtin {
        name: "step",
        dispatches: &[
            Dispatch::of(&[("iterable", "Iterable"), ("step", "Integer[1]")], step),
            Dispatch::of(
                &[("iterable", "Iterable"), ("step", "Integer[1]")],
                step_each,
            )
            .block(ONE),
        ],
    },
    Builtin {
        name: "reverse_each",
        dispatches: &[
            Dispatch::of(&[("iterable", "Iterable")], reverse_each),
            Dispatch::of(&[("iterable", "Iterable")], reverse_each_with_block).block(ONE),
        ],
    },
    Builtin {
        name: "group_by",
        dispatches: &[
            Dispatch::of(&[("collection", "Collection")], group_by_one).block(ONE),
            Dispatch::of(&[("array", "Collection")], group_by_two).block(TWO),
        ],
    },
    Builtin {
        name: "partition",
        dispatches: &[
            Dispatch::of(&[("collection", "Collection")], partition_one).block(ONE),
            Dispatch::of(&[("array", "Collection")], partition_two).block(TWO),
        ],
    },
    Builtin {
        name: "with",
        dispatches: &[Dispatch::of(&[("arg", "Any")], with)
            .repeated(0)
            .block("Callable")],
    },
    Builtin {
        name: "then",
        dispatches: &[Dispatch::of(&[("arg", "Any")], then).block(ONE)],
    },
    Builtin {
        name: "lest",
        dispatches: &[Dispatch::of(&[("arg", "Any")], lest).block("Callable[0,0]")],
    },
    super::tree::TREE_EACH,
];

/// Calls the block for each element until it says `break`; `visit` gets the element and the answer and
/// says whether to go on.
fn for_each_one(
    call: &mut Call<'_, '_>,
    mut visit: impl FnMut(Value, Value) -> bool,
) -> Result<()> {
    for element in call.elements(0)? {
        let Some(answer) = call.yield_block(vec![element.clone()])? else {
            break;
        };
        if !visit(element, answer) {
            break;
        }
    }
    Ok(())
}

/// As [`for_each_one`] with a block of two parameters: key and value of a hash, else index and element.
/// `visit` gets both parameters and the answer.
fn for_each_two(
    call: &mut Call<'_, '_>,
    mut visit: impl FnMut(Value, Value, Value) -> bool,
) -> Result<()> {
    let elements = call.elements(0)?;
    let pairs = elements.hash_style();
    for (position, element) in elements.enumerate() {
        let (first, second) = if pairs {
            split_pair(&element)
        } else {
            (
                Value::Int(i64::try_from(position).unwrap_or(i64::MAX)),
                element,
            )
        };
        let Some(answer) = call.yield_block(vec![first.clone(), second.clone()])? else {
            break;
        };
        if !visit(first, second, answer) {
            break;
        }
    }
    Ok(())
}

fn each_one(call: &mut Call<'_, '_>) -> Result<Value> {
    for_each_one(call, |_, _| true)?;
    Ok(call.take(0))
}

fn each_two(call: &mut Call<'_, '_>) -> Result<Value> {
    for_each_two(call, |_, _, _| true)?;
    Ok(call.take(0))
}

fn map_one(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut mapped = Vec::new();
    for_each_one(call, |_, answer| {
        mapped.push(answer);
        true
    })?;
    Ok(Value::array(mapped))
}

fn map_two(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut mapped = Vec::new();
    for_each_two(call, |_, _, answer| {
        mapped.push(answer);
        true
    })?;
    Ok(Value::array(mapped))
}

fn filter_one(call: &mut Call<'_, '_>) -> Result<Value> {
    let is_hash = matches!(call.arg(0), Value::Hash(_));
    let mut kept = Vec::new();
    for_each_one(call, |element, answer| {
        if answer.is_truthy() {
            kept.push(element);
        }
        true
    })?;
    Ok(if is_hash {
        Value::hash(kept.iter().map(split_pair).collect())
    } else {
        Value::array(kept)
    })
}

fn filter_two(call: &mut Call<'_, '_>) -> Result<Value> {
    let is_hash = matches!(call.arg(0), Value::Hash(_));
    let mut kept = Vec::new();
    for_each_two(call, |first, second, answer| {
        if answer.is_truthy() {
            kept.push((first, second));
        }
        true
    })?;
    Ok(if is_hash {
        Value::hash(kept.into_iter().collect())
    } else {
        Value::array(kept.into_iter().map(|(_, element)| element).collect())
    })
}

fn all_one(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut all = true;
    for_each_one(call, |_, answer| {
        all = answer.is_truthy();
        all
    })?;
    Ok(Value::Bool(all))
}

fn all_two(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut all = true;
    for_each_two(call, |_, _, answer| {
        all = answer.is_truthy();
        all
    })?;
    Ok(Value::Bool(all))
}

fn any_one(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut any = false;
    for_each_one(call, |_, answer| {
        any = answer.is_truthy();
        !any
    })?;
    Ok(Value::Bool(any))
}

fn any_two(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut any = false;
    for_each_two(call, |_, _, answer| {
        any = answer.is_truthy();
        !any
    })?;
    Ok(Value::Bool(any))
}

fn index_one(call: &mut Call<'_, '_>) -> Result<Value> {
    // A hash yields its values here, not its pairs.
    let elements = call.elements(0)?;
    let pairs = elements.hash_style();
    for (position, element) in elements.enumerate() {
        let (key, element) = if pairs {
            split_pair(&element)
        } else {
            (position_value(position), element)
        };
        match call.yield_block(vec![element])? {
            Some(answer) if answer.is_truthy() => return Ok(key),
            Some(_) => {}
            None => break,
        }
    }
    Ok(Value::Undef)
}

fn index_two(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut found = Value::Undef;
    for_each_two(call, |first, _, answer| {
        if answer.is_truthy() {
            found = first;
            return false;
        }
        true
    })?;
    Ok(found)
}

fn index_in_string(call: &mut Call<'_, '_>) -> Result<Value> {
    let text = call.text(0);
    let at = match call.arg(1) {
        Value::Str(wanted) => text.find(wanted.as_str()),
        Value::Regexp(pattern) => call
            .checked(pattern.captures(&text))?
            .map(|found| found.start),
        _ => None,
    };
    let position = at
        .and_then(|byte| text.get(..byte))
        .map(|before| before.chars().count());
    Ok(position.map_or(Value::Undef, position_value))
}

fn index_of_value(call: &mut Call<'_, '_>) -> Result<Value> {
    let wanted = call.arg(1).clone();
    let elements = call.elements(0)?;
    let pairs = elements.hash_style();
    for (position, element) in elements.enumerate() {
        let (key, element) = if pairs {
            split_pair(&element)
        } else {
            (position_value(position), element)
        };
        if element == wanted {
            return Ok(key);
        }
    }
    Ok(Value::Undef)
}

fn position_value(position: usize) -> Value {
    Value::Int(i64::try_from(position).unwrap_or(i64::MAX))
}

fn reduce(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut elements = call.elements(0)?;
    let Some(first) = elements.next() else {
        return Ok(Value::Undef);
    };
    fold(call, elements, first)
}

fn reduce_from(call: &mut Call<'_, '_>) -> Result<Value> {
    let elements = call.elements(0)?;
    let memo = call.take(1);
    fold(call, elements, memo)
}

fn fold(call: &mut Call<'_, '_>, elements: Elements, mut memo: Value) -> Result<Value> {
    for element in elements {
        match call.yield_block(vec![memo.clone(), element])? {
            Some(answer) => memo = answer,
            None => break,
        }
    }
    Ok(memo)
}

fn slice(call: &mut Call<'_, '_>) -> Result<Value> {
    let size = usize::try_from(call.int(1)).unwrap_or(usize::MAX);
    let filler = Value::Undef;
    let fill_empty = matches!(call.arg(0), Value::Hash(_));
    let elements: Vec<Value> = call.elements(0)?.collect();
    let chunks: Vec<Vec<Value>> = elements.chunks(size).map(<[Value]>::to_vec).collect();
    let Some(block) = call.block else {
        return Ok(Value::array(chunks.into_iter().map(Value::array).collect()));
    };
    let parameters = block.lambda.parameters.len();
    let serving = if block.has_variable_arity() {
        size
    } else {
        parameters
    };
    if serving == 0 {
        return Err(call.fail("slice(): block must define at least one parameter. Block has 0."));
    }
    if serving != 1 && serving != size {
        let names: Vec<&str> = block
            .lambda
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_str())
            .collect();
        return Err(call.fail(format!(
            "slice(): block must define one parameter, or the same number of parameters as the given size of the slice ({size}). Block has {serving}; {}",
            names.join(", ")
        )));
    }
    for mut chunk in chunks {
        let arguments = if serving == 1 {
            vec![Value::array(chunk)]
        } else {
            while chunk.len() < serving {
                chunk.push(if fill_empty {
                    Value::array(Vec::new())
                } else {
                    filler.clone()
                });
            }
            chunk
        };
        if call.yield_block(arguments)?.is_none() {
            break;
        }
    }
    Ok(call.take(0))
}

/// An iterator value over `elements`.
pub(super) fn iterator(elements: Vec<Value>) -> Value {
    let element_type = elements
        .iter()
        .map(Type::infer)
        .reduce(|a, b| bunraku_pcore::types::common_type(&a, &b));
    Value::Iterator(Arc::new(PuppetIterator {
        element_type: Arc::new(element_type.unwrap_or(Type::Any)),
        elements,
    }))
}

fn every_nth(call: &mut Call<'_, '_>) -> Result<Vec<Value>> {
    let step = usize::try_from(call.int(1)).unwrap_or(usize::MAX).max(1);
    Ok(call.elements(0)?.step_by(step).collect())
}

fn step(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(iterator(every_nth(call)?))
}

fn step_each(call: &mut Call<'_, '_>) -> Result<Value> {
    for element in every_nth(call)? {
        if call.yield_block(vec![element])?.is_none() {
            break;
        }
    }
    Ok(Value::Undef)
}

fn reversed(call: &mut Call<'_, '_>) -> Result<Vec<Value>> {
    let mut elements: Vec<Value> = call.elements(0)?.collect();
    elements.reverse();
    Ok(elements)
}

fn reverse_each(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(iterator(reversed(call)?))
}

fn reverse_each_with_block(call: &mut Call<'_, '_>) -> Result<Value> {
    for element in reversed(call)? {
        if call.yield_block(vec![element])?.is_none() {
            break;
        }
    }
    Ok(Value::Undef)
}

fn group(groups: Vec<(Value, Value)>) -> Value {
    let mut grouped: indexmap::IndexMap<Value, Vec<Value>> = indexmap::IndexMap::new();
    for (answer, element) in groups {
        grouped.entry(answer).or_default().push(element);
    }
    Value::hash(
        grouped
            .into_iter()
            .map(|(key, elements)| (key, Value::array(elements)))
            .collect::<PuppetHash>(),
    )
}

fn group_by_one(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut groups = Vec::new();
    for_each_one(call, |element, answer| {
        groups.push((answer, element));
        true
    })?;
    Ok(group(groups))
}

/// What a block with two parameters stood for: the pair of a hash, or the element of an array.
fn element_of(call: &Call<'_, '_>, first: Value, second: Value) -> Value {
    if matches!(call.arg(0), Value::Hash(_)) {
        Value::array(vec![first, second])
    } else {
        second
    }
}

fn group_by_two(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut answers = Vec::new();
    for_each_two(call, |first, second, answer| {
        answers.push((answer, first, second));
        true
    })?;
    let groups = answers
        .into_iter()
        .map(|(answer, first, second)| (answer, element_of(call, first, second)))
        .collect();
    Ok(group(groups))
}

fn halves(parts: Vec<(bool, Value)>) -> Value {
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for (is_yes, element) in parts {
        if is_yes {
            yes.push(element)
        } else {
            no.push(element)
        }
    }
    Value::array(vec![Value::array(yes), Value::array(no)])
}

fn partition_one(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut parts = Vec::new();
    for_each_one(call, |element, answer| {
        parts.push((answer.is_truthy(), element));
        true
    })?;
    Ok(halves(parts))
}

fn partition_two(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut answers = Vec::new();
    for_each_two(call, |first, second, answer| {
        answers.push((answer.is_truthy(), first, second));
        true
    })?;
    let parts = answers
        .into_iter()
        .map(|(is_yes, first, second)| (is_yes, element_of(call, first, second)))
        .collect();
    Ok(halves(parts))
}

fn with(call: &mut Call<'_, '_>) -> Result<Value> {
    let arguments = std::mem::take(&mut call.args);
    call.call_block(arguments)
}

fn then(call: &mut Call<'_, '_>) -> Result<Value> {
    if call.arg(0).is_undef() {
        return Ok(Value::Undef);
    }
    let argument = call.take(0);
    call.call_block(vec![argument])
}

fn lest(call: &mut Call<'_, '_>) -> Result<Value> {
    if call.arg(0).is_undef() {
        return call.call_block(Vec::new());
    }
    Ok(call.take(0))
}
