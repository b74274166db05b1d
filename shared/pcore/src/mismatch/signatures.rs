//! Why no signature of a function takes the arguments (`describe_signatures`).

use std::sync::Arc;

use super::Signature;
use super::describe::{describe, merge_descriptions};
use super::report::{Family, Kind, Mismatch, Step, at};
use crate::types::{
    CallableType, Size, infer_detailed, is_assignable, size_covers, tuple_size_of_params,
};
use crate::{Type, Value};

/// See [`super::describe_signatures`].
pub(super) fn describe_all(
    name: &str,
    signatures: &[Signature<'_>],
    arguments: &[Value],
    block: Option<&CallableType>,
) -> String {
    if signatures.is_empty() {
        return String::new();
    }
    let arguments: Vec<Type> = arguments.iter().map(infer_detailed).collect();
    let path = |index: usize| vec![Step::Signature(index)];
    let mut errors: Vec<Vec<Mismatch>> = signatures
        .iter()
        .enumerate()
        .map(|(index, signature)| argument_errors(signature, &arguments, &path(index)))
        .collect();
    // Blocks matter only when some signature takes the arguments.
    if errors.iter().any(Vec::is_empty) {
        let blocks: Vec<Vec<Mismatch>> = signatures
            .iter()
            .enumerate()
            .map(|(index, signature)| block_errors(signature, block, &path(index)))
            .collect();
        if blocks.iter().all(|found| !found.is_empty()) {
            errors = blocks;
        } else {
            for (found, of_block) in errors.iter_mut().zip(blocks) {
                if found.is_empty() {
                    *found = of_block;
                }
            }
        }
    }
    let label = if name == "lambda" {
        "block".to_owned()
    } else {
        format!("'{name}'")
    };
    if let [only] = merge_descriptions(0, Family::Count, errors.clone()).as_slice() {
        return format!("{label}{}", only.text());
    }
    let rejected = |lines: &mut Vec<String>, indent: &str, found: Vec<Mismatch>| {
        lines.extend(
            found
                .into_iter()
                .map(|mismatch| format!("{indent}rejected:{}", mismatch.without_step(0).text())),
        );
    };
    let mut lines = Vec::new();
    if let [signature] = signatures {
        lines.push(format!("{label} expects ({})", signature_text(signature)));
        rejected(&mut lines, "  ", errors.into_iter().flatten().collect());
    } else {
        lines.push(format!(
            "The function {label} was called with arguments it does not accept. It expects one of:"
        ));
        for (signature, found) in signatures.iter().zip(errors) {
            lines.push(format!("  ({})", signature_text(signature)));
            rejected(&mut lines, "    ", found);
        }
    }
    lines.join("\n")
}

fn argument_errors(signature: &Signature<'_>, arguments: &[Type], path: &[Step]) -> Vec<Mismatch> {
    let params = signature.callable.params.as_deref().unwrap_or_default();
    let expected = match &signature.callable.params {
        Some(params) => tuple_size_of_params(params, signature.callable.size),
        None => Size { from: 0, to: None },
    };
    let actual = Size::exactly(arguments.len());
    if !size_covers(Some(expected), actual) {
        return vec![Mismatch::new(path, Kind::Count { expected, actual })];
    }
    for (index, argument) in arguments.iter().enumerate() {
        let index = index.min(params.len().saturating_sub(1));
        let Some(wanted) = params.get(index) else {
            break;
        };
        if !is_assignable(wanted, argument) {
            let name = signature
                .parameter_names
                .get(index)
                .cloned()
                .unwrap_or_default();
            let found = describe(wanted, argument, at(path, Step::Parameter(name)));
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

fn block_errors(
    signature: &Signature<'_>,
    block: Option<&CallableType>,
    path: &[Step],
) -> Vec<Mismatch> {
    match (&signature.callable.block, block) {
        (None, Some(_)) => vec![Mismatch::new(path, Kind::UnexpectedBlock)],
        (Some(wanted), Some(block)) => describe(
            wanted,
            &Type::Callable(Some(Arc::new(block.clone()))),
            at(path, Step::Block),
        ),
        (Some(wanted), None) if !is_assignable(wanted, &Type::Undef) => {
            vec![Mismatch::new(path, Kind::MissingRequiredBlock)]
        }
        (_, None) => Vec::new(),
    }
}

/// `String a, Integer b?, Callable block`: `?` marks what may be left out, `*` and `+` what repeats.
pub(super) fn signature_text(signature: &Signature<'_>) -> String {
    let callable = signature.callable;
    let types = callable.params.as_deref().unwrap_or_default();
    let size = match &callable.params {
        Some(types) => tuple_size_of_params(types, callable.size),
        None => Size { from: 0, to: None },
    };
    if size == Size::exactly(0) {
        return String::new();
    }
    let unnamed = vec![String::new(); types.len()];
    let names = if signature.parameter_names.is_empty() {
        &unnamed
    } else {
        &signature.parameter_names
    };
    let mut parts = Vec::with_capacity(names.len().saturating_add(1));
    for (index, name) in names.iter().enumerate() {
        let Some(mut data_type) = types.get(index).or(types.last()) else {
            break;
        };
        let position = Size::exactly(index.saturating_add(1)).from;
        let mut indicator = "";
        if size.to.is_none() && index.saturating_add(1) == names.len() {
            indicator = if size.from == position { "+" } else { "*" };
        } else if position > size.from {
            indicator = "?";
            if let Type::Optional(Some(inner)) = data_type {
                data_type = inner;
            }
        }
        parts.push(format!("{data_type} {name}{indicator}"));
    }
    let block_name = signature.block_name.as_deref().unwrap_or_default();
    match &callable.block {
        Some(Type::Optional(Some(inner))) => parts.push(format!("{inner} {block_name}?")),
        Some(block @ Type::Callable(_)) => parts.push(format!("{block} {block_name}")),
        _ => {}
    }
    parts.join(", ")
}
