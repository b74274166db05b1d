//! Types as the reference knows them: `types.jsonl` is what `types.rb` made of Puppet itself.

mod support;

use bunraku_pcore::types::{common_type, is_assignable};
use bunraku_pcore::{Type, Value, types};
use serde_json::Value as Json;
use support::Aliases;

/// What the lines so far have set up.
#[derive(Default)]
struct State {
    aliases: Aliases,
    types: Vec<(String, Type)>,
    values: Vec<(String, Value)>,
}

fn text<'a>(case: &'a Json, key: &str) -> &'a str {
    case.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn texts(case: &Json, key: &str) -> Vec<String> {
    case[key]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect()
}

/// The cases of one line: each with what was found and what the reference says.
struct Case {
    name: String,
    found: String,
    expected: String,
}

fn case(name: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) -> Case {
    Case {
        name: name.into(),
        found: found.into(),
        expected: expected.into(),
    }
}

/// `to_s` of types, or the message that says why there is none.
fn form(aliases: &Aliases, source: &str) -> String {
    let shown = |value: &Value| match value {
        Value::Type(data_type) => data_type.to_string(),
        Value::Undef => String::new(),
        other => format!("no type: {other:?}"),
    };
    match aliases.parse_value(source) {
        Ok(Value::Array(parts)) => parts.iter().map(shown).collect::<Vec<_>>().join("; "),
        Ok(value) => shown(&value),
        Err(message) => message,
    }
}

fn row<T>(
    source: &str,
    expected: &str,
    columns: &[(String, T)],
    relation: &str,
    holds: impl Fn(&T) -> bool,
) -> Vec<Case> {
    assert_eq!(expected.len(), columns.len(), "{source}");
    columns
        .iter()
        .zip(expected.chars())
        .filter(|(_, expected)| *expected != '-')
        .map(|((other, column), expected)| {
            case(
                format!("{source} {relation} {other}"),
                if holds(column) { "1" } else { "0" },
                expected,
            )
        })
        .collect()
}

fn check(state: &mut State, line: &Json) -> Result<Vec<Case>, String> {
    let source = text(line, "source");
    let expected = text(line, "expected");
    match text(line, "call") {
        "form" => {
            let expected = line["error"].as_str().unwrap_or(expected);
            Ok(vec![case(source, form(&state.aliases, source), expected)])
        }
        "generalize" => {
            let found = state.aliases.parse_type(source)?.generalize().to_string();
            Ok(vec![case(format!("{source} generalized"), found, expected)])
        }
        "normalize" => {
            let found = state.aliases.parse_type(source)?.normalize().to_string();
            Ok(vec![case(format!("{source} normalized"), found, expected)])
        }
        "infer" => {
            let value = state.aliases.parse_value(source)?;
            let reduced = types::infer(&value);
            Ok([
                ("detailed", types::infer_detailed(&value).to_string()),
                ("reduced", reduced.to_string()),
                ("generalized", reduced.generalize().to_string()),
            ]
            .map(|(method, found)| {
                case(
                    format!("type({source}, {method})"),
                    found,
                    text(line, method),
                )
            })
            .into())
        }
        "types" => {
            for name in texts(line, "types") {
                let data_type = state
                    .aliases
                    .parse_type(&name)
                    .map_err(|error| format!("{name}: {error}"))?;
                state.types.push((name, data_type));
            }
            Ok(Vec::new())
        }
        "values" => {
            state.values.clear();
            for name in texts(line, "values") {
                let value = state
                    .aliases
                    .parse_value(&name)
                    .map_err(|error| format!("{name}: {error}"))?;
                state.values.push((name, value));
            }
            Ok(Vec::new())
        }
        "alias" => {
            let definition = text(line, "definition");
            state.aliases.define(text(line, "name"), definition)?;
            let found = types::to_plain_string(&state.aliases.parse_type(definition)?);
            Ok(vec![case(text(line, "name"), found, definition)])
        }
        "assignable" => {
            let data_type = state.aliases.parse_type(source)?;
            Ok(row(
                source,
                text(line, "row"),
                &state.types,
                "<=",
                |other| is_assignable(other, &data_type),
            ))
        }
        "instance" => {
            let data_type = state.aliases.parse_type(source)?;
            Ok(row(
                source,
                text(line, "row"),
                &state.values,
                "is the type of",
                |value| data_type.accepts(value),
            ))
        }
        "common" => {
            let data_type = state.aliases.parse_type(source)?;
            let mut cases = Vec::new();
            for (other, expected) in line["with"].as_object().into_iter().flatten() {
                let found = common_type(&data_type, &state.aliases.parse_type(other)?);
                cases.push(case(
                    format!("{source} and {other} have in common"),
                    found.to_string(),
                    expected.as_str().unwrap_or_default(),
                ));
            }
            Ok(cases)
        }
        other => Err(format!("no such call: {other}")),
    }
}

#[test]
fn types_are_as_the_reference_knows_them() {
    let mut state = State::default();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in include_str!("types.jsonl").lines() {
        let line: Json = serde_json::from_str(line).expect("a case is JSON");
        if let Some(named) = line["aliases"].as_object() {
            for (name, source) in named {
                state
                    .aliases
                    .define(name, source.as_str().expect("a type is text"))
                    .expect("an alias is a type");
            }
            continue;
        }
        match check(&mut state, &line) {
            Ok(cases) => {
                count += cases.len();
                failures.extend(
                    cases
                        .into_iter()
                        .filter(|case| case.found != case.expected)
                        .map(|case| {
                            format!(
                                "{}\n  reference: {}\n  found:     {}",
                                case.name, case.expected, case.found
                            )
                        }),
                );
            }
            Err(error) => failures.push(format!("{line}: {error}")),
        }
    }
    assert!(count >= 20_000, "only {count} cases");
    assert!(
        failures.is_empty(),
        "{} of {count} cases differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
