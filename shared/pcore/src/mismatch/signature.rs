//! Why a call fits none of a function's signatures (`describe_signatures`).

use super::describe::{describe, merge_descriptions};
use super::message::{Kind, Mismatch, PathElement};
use super::{Signature, is_callable};
use crate::Type;
use crate::types::{Size, is_assignable, size_covers, tuple_size_of_params};

pub(super) fn describe_signatures(name: &str, signatures: &[Signature<'_>], arguments: &[Type]) -> String {
    let path = |index: usize| [PathElement::Signature(index)];
    let mut errors: Vec<Vec<Mismatch>> = signatures
        .iter()
        .enumerate()
        .map(|(index, signature)| describe_arguments(signature, arguments, &path(index)))
        .collect();
    if !errors.iter().all(|errors| !errors.is_empty()) {
        // Skip block checks only when arguments fail in all signatures.
        let blocks: Vec<Vec<Mismatch>> = signatures
            .iter()
            .enumerate()
            .map(|(index, signature)| describe_block(signature, arguments, &path(index)))
            .collect();
        if blocks.iter().all(|block| !block.is_empty()) {
            errors = blocks;
        } else {
            for (errors, block) in errors.iter_mut().zip(blocks) {
                if errors.is_empty() {
                    *errors = block;
                }
            }
        }
    }
    let label = if name == "lambda" { "block".to_owned() } else { format!("'{name}'") };
    let merged = merge_descriptions(0, &errors, |kind| matches!(kind, Kind::Count { .. }));
    if let [only] = merged.as_slice() {
        return format!("{label}{only}");
    }
    let rejected = |errors: &[Mismatch], indent: &str| {
        errors.iter().map(|error| format!("{indent}rejected:{}", error.without(0))).collect::<Vec<_>>()
    };
    let mut lines = Vec::new();
    if let ([signature], [errors]) = (signatures, errors.as_slice()) {
        lines.push(format!("{label} expects ({})", signature_text(signature)));
        lines.extend(rejected(errors, "  "));
    } else {
        lines.push(format!(
            "The function {label} was called with arguments it does not accept. It expects one of:"
        ));
        for (signature, errors) in signatures.iter().zip(&errors) {
            lines.push(format!("  ({})", signature_text(signature)));
            lines.extend(rejected(errors, "    "));
        }
    }
    lines.join("\n")
}

fn params<'a>(signature: &'a Signature<'_>) -> (&'a [Type], Size) {
    match &signature.callable.params {
        Some(params) => (params, tuple_size_of_params(params, signature.callable.size)),
        None => (&[], Size { from: 0, to: None }),
    }
}

fn describe_arguments(signature: &Signature<'_>, arguments: &[Type], path: &[PathElement]) -> Vec<Mismatch> {
    let arguments = match arguments {
        [rest @ .., last] if is_callable(last) => rest,
        arguments => arguments,
    };
    let (types, expected) = params(signature);
    let actual = Size::exactly(arguments.len());
    if !size_covers(Some(expected), actual) {
        return vec![Mismatch::new(path, Kind::Count { expected, actual })];
    }
    let Some(last) = types.len().checked_sub(1) else { return Vec::new() };
    for (index, argument) in arguments.iter().enumerate() {
        let index = index.min(last);
        let Some(parameter) = types.get(index).filter(|parameter| !is_assignable(parameter, argument)) else {
            continue;
        };
        let name = signature.parameter_names.get(index).cloned().unwrap_or_default();
        let mut path = path.to_vec();
        path.push(PathElement::Parameter(name));
        let found = describe(parameter, argument, &path);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn describe_block(signature: &Signature<'_>, arguments: &[Type], path: &[PathElement]) -> Vec<Mismatch> {
    let given = arguments.last().filter(|last| is_callable(last));
    match (given, &signature.callable.block) {
        (Some(_), None) => vec![Mismatch::new(path, Kind::UnexpectedBlock)],
        (Some(given), Some(expected)) => {
            let mut path = path.to_vec();
            path.push(PathElement::Block);
            describe(expected, given, &path)
        }
        (None, Some(expected)) if !is_assignable(expected, &Type::Undef) => {
            vec![Mismatch::new(path, Kind::MissingBlock)]
        }
        _ => Vec::new(),
    }
}

/// `Integer a, String b?, Callable block`
fn signature_text(signature: &Signature<'_>) -> String {
    let (types, size) = params(signature);
    if size == Size::exactly(0) {
        return String::new();
    }
    let names: Vec<&str> = if signature.parameter_names.is_empty() {
        vec![""; types.len()]
    } else {
        signature.parameter_names.iter().map(String::as_str).collect()
    };
    let required = usize::try_from(size.from).unwrap_or(0);
    let mut parts: Vec<String> = Vec::with_capacity(names.len() + 1);
    for (index, name) in names.iter().enumerate() {
        let Some(mut shown) = types.get(index).or(types.last()) else { break };
        let mut mark = "";
        if size.to.is_none() && index + 1 == names.len() {
            mark = if required == names.len() { "+" } else { "*" };
        } else if index + 1 > required {
            mark = "?";
            if let Type::Optional(Some(inner)) = shown {
                shown = inner;
            }
        }
        parts.push(format!("{shown} {name}{mark}"));
    }
    let block_name = signature.block_name.as_deref().unwrap_or("block");
    match &signature.callable.block {
        Some(Type::Optional(Some(inner))) => parts.push(format!("{inner} {block_name}?")),
        Some(block @ Type::Callable(_)) => parts.push(format!("{block} {block_name}")),
        _ => {}
    }
    parts.join(", ")
}
