//! Mismatches in the reference's words: `mismatch.jsonl` is what `mismatch.rb` made of Puppet itself.

mod support;

use bunraku_pcore::mismatch::{
    Parameter, Signature, describe_signatures, describe_type, describe_value,
    validate_default_parameter, validate_parameters,
};
use bunraku_pcore::types::CallableType;
use bunraku_pcore::{Type, Value};
use serde_json::Value as Json;
use support::Aliases;

fn text<'a>(case: &'a Json, key: &str) -> &'a str {
    case.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn list<'a>(case: &'a Json, key: &str) -> &'a [Json] {
    case.get(key)
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn callable(aliases: &Aliases, source: &str) -> Result<CallableType, String> {
    match aliases.parse_type(source)? {
        Type::Callable(Some(callable)) => Ok(callable.as_ref().clone()),
        Type::Callable(None) => Ok(CallableType {
            params: None,
            size: None,
            block: None,
            return_type: None,
        }),
        other => Err(format!("{other} is no Callable")),
    }
}

fn describe(aliases: &Aliases, case: &Json) -> Result<Option<String>, String> {
    let subject = text(case, "subject");
    let value = |key: &str| aliases.parse_value(text(case, key));
    let data_type = |key: &str| aliases.parse_type(text(case, key));
    Ok(match text(case, "call") {
        "value" => Some(describe_value(
            subject,
            &data_type("type")?,
            &value("value")?,
        )),
        "type" => Some(describe_type(
            subject,
            &data_type("type")?,
            &data_type("actual")?,
        )),
        "default" => validate_default_parameter(
            subject,
            text(case, "name"),
            &data_type("type")?,
            &value("value")?,
        ),
        "parameters" => {
            let mut types = Vec::new();
            for parameter in list(case, "parameters") {
                let source = parameter.get(1).and_then(Json::as_str);
                types.push(
                    source
                        .map(|source| aliases.parse_type(source))
                        .transpose()?,
                );
            }
            let parameters: Vec<Parameter<'_>> = list(case, "parameters")
                .iter()
                .zip(&types)
                .map(|(parameter, data_type)| Parameter {
                    name: parameter[0].as_str().unwrap_or_default(),
                    data_type: data_type.as_ref(),
                    has_default: parameter[2] == true,
                })
                .collect();
            let given = value("given")?;
            let given: Vec<(&str, &Value)> = given
                .as_hash()
                .into_iter()
                .flat_map(|hash| {
                    hash.iter()
                        .map(|(key, value)| (key.as_str().unwrap_or_default(), value))
                })
                .collect();
            validate_parameters(subject, &parameters, &given, case["missing_ok"] == true)
        }
        "signatures" => {
            let mut callables = Vec::new();
            for signature in list(case, "signatures") {
                callables.push(callable(aliases, text(signature, "callable"))?);
            }
            let signatures: Vec<Signature<'_>> = list(case, "signatures")
                .iter()
                .zip(&callables)
                .map(|(signature, callable)| Signature {
                    callable,
                    parameter_names: list(signature, "names")
                        .iter()
                        .filter_map(Json::as_str)
                        .map(str::to_owned)
                        .collect(),
                    block_name: signature["block_name"].as_str().map(str::to_owned),
                })
                .collect();
            let block = case["block"]
                .as_str()
                .map(|source| callable(aliases, source))
                .transpose()?;
            let args = value("args")?;
            Some(describe_signatures(
                text(case, "name"),
                &signatures,
                args.as_array().unwrap_or_default(),
                block.as_ref(),
            ))
        }
        other => return Err(format!("no such call: {other}")),
    })
}

#[test]
fn mismatches_are_told_in_the_words_of_the_reference() {
    let mut aliases = Aliases::default();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in include_str!("mismatch.jsonl").lines() {
        let case: Json = serde_json::from_str(line).expect("a case is JSON");
        if let Some(named) = case["aliases"].as_object() {
            for (name, source) in named {
                aliases
                    .define(name, source.as_str().expect("a type is text"))
                    .expect("an alias is a type");
            }
            continue;
        }
        count += 1;
        let expected = case["expected"].as_str().map(str::to_owned);
        match describe(&aliases, &case) {
            Ok(found) if found == expected => {}
            found => failures.push(format!(
                "{line}\n  reference: {expected:?}\n  found:     {found:?}"
            )),
        }
    }
    assert!(count >= 80, "only {count} cases");
    assert!(
        failures.is_empty(),
        "{} of {count} cases differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
