//! `bunraku infra env`: a stack's outputs as environment variables.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use crate::console;
use crate::failure::{Failure, Result};

/// What was expected, for whoever handed in something else.
const EXPECTED: &str = "expected the JSON of `aws cloudformation describe-stacks --stack-name NAME`, \
    `sam list stack-outputs --stack-name NAME --output json` or `terraform output -json`, \
    of a stack of Bunraku with the outputs StoreUrl, QueueUrl and Region (store_url, queue_url, region)";

/// A variable, and the outputs of CloudFormation and Terraform that hold its value.
const VARIABLES: [(&str, &str, &str); 3] = [
    ("BUNRAKU_STORE", "StoreUrl", "store_url"),
    ("BUNRAKU_QUEUE", "QueueUrl", "queue_url"),
    ("AWS_REGION", "Region", "region"),
];

/// Options of `bunraku infra env`.
#[derive(Debug, Args)]
#[command(
    after_help = "Reads the outputs of a deployed stack and prints the variables that tell the other \
    commands where it is.\n\nExamples:\n  eval \"$(aws cloudformation describe-stacks --stack-name \
    bunraku | bunraku infra env)\"\n  eval \"$(terraform output -json | bunraku infra env)\"\n  bunraku \
    infra doctor"
)]
pub(crate) struct Env {
    /// The outputs' JSON in a file; standard input if not given.
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
}

/// Prints the variables.
pub(crate) fn run(options: &Env, json: bool) -> Result<ExitCode> {
    let text = match &options.outputs {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?,
        None => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Failure::input(format!("standard input: {error}")))?;
            text
        }
    };
    let variables = variables(&text).map_err(Failure::input)?;
    console::result(json, &variables, || {
        let lines = variables
            .iter()
            .map(|(name, value)| format!("export {name}={}", quoted(value)));
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// An output as CloudFormation lists it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stack {
    stack_name: String,
    #[serde(default)]
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stacks {
    stacks: Vec<Stack>,
}

/// An output as Terraform lists it.
#[derive(Deserialize)]
struct TerraformOutput {
    value: Value,
}

/// The variables by name, whichever tool wrote the outputs.
fn variables(text: &str) -> std::result::Result<BTreeMap<&'static str, String>, String> {
    if let Ok(stacks) = serde_json::from_str::<Stacks>(text) {
        return of_stacks(stacks.stacks);
    }
    if let Ok(outputs) = serde_json::from_str::<Vec<Output>>(text) {
        return pick(&by_key(outputs), |(_, key, _)| *key);
    }
    if let Ok(outputs) = serde_json::from_str::<BTreeMap<String, TerraformOutput>>(text) {
        let text = |output: TerraformOutput| output.value.as_str().map(str::to_owned);
        let outputs = outputs
            .into_iter()
            .filter_map(|(key, output)| Some((key, text(output)?)))
            .collect();
        return pick(&outputs, |(_, _, key)| *key);
    }
    Err(EXPECTED.to_owned())
}

/// The stack that is Bunraku's, when there are others beside it.
fn of_stacks(stacks: Vec<Stack>) -> std::result::Result<BTreeMap<&'static str, String>, String> {
    let mut ours = Vec::new();
    for stack in stacks {
        let outputs = by_key(stack.outputs);
        if let Ok(variables) = pick(&outputs, |(_, key, _)| *key) {
            ours.push((stack.stack_name, variables));
        }
    }
    match ours.len() {
        0 => Err(EXPECTED.to_owned()),
        1 => Ok(ours.swap_remove(0).1),
        _ => {
            let names: Vec<String> = ours.into_iter().map(|(name, _)| name).collect();
            Err(format!(
                "there are several stacks of Bunraku ({}): choose one with \
                 `aws cloudformation describe-stacks --stack-name NAME`",
                names.join(", ")
            ))
        }
    }
}

fn by_key(outputs: Vec<Output>) -> BTreeMap<String, String> {
    let pair = |output: Output| (output.output_key, output.output_value);
    outputs.into_iter().map(pair).collect()
}

fn pick(
    outputs: &BTreeMap<String, String>,
    key: impl Fn(&(&'static str, &'static str, &'static str)) -> &'static str,
) -> std::result::Result<BTreeMap<&'static str, String>, String> {
    VARIABLES
        .iter()
        .map(|variable| {
            let value = outputs.get(key(variable)).filter(|value| !value.is_empty());
            Ok((variable.0, value.ok_or(EXPECTED)?.clone()))
        })
        .collect()
}

/// A word of the shell: whatever is in a value, `eval` takes it as it is.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAM: &str = r#"[{"OutputKey": "StoreUrl", "OutputValue": "s3://b", "Description": "d"},
        {"OutputKey": "QueueUrl", "OutputValue": "sqs://farm"}, {"OutputKey": "Region", "OutputValue": "eu-west-1"}]"#;

    fn expected() -> BTreeMap<&'static str, String> {
        let pairs = [
            ("BUNRAKU_STORE", "s3://b"),
            ("BUNRAKU_QUEUE", "sqs://farm"),
            ("AWS_REGION", "eu-west-1"),
        ];
        pairs.map(|(name, value)| (name, value.to_owned())).into()
    }

    #[test]
    fn each_tools_outputs_are_understood() {
        let stacks = format!(
            r#"{{"Stacks": [{{"StackName": "other"}}, {{"StackName": "farm", "Outputs": {SAM}}}]}}"#
        );
        let terraform = r#"{"store_url": {"sensitive": false, "type": "string", "value": "s3://b"},
            "queue_url": {"value": "sqs://farm"}, "region": {"value": "eu-west-1"}, "tags": {"value": ["x"]}}"#;
        for text in [SAM, &stacks, terraform] {
            assert_eq!(variables(text), Ok(expected()), "{text}");
        }
    }

    #[test]
    fn of_several_farms_one_must_be_chosen() {
        let stacks = format!(
            r#"{{"Stacks": [{{"StackName": "a", "Outputs": {SAM}}}, {{"StackName": "b", "Outputs": {SAM}}}]}}"#
        );
        let error = variables(&stacks).unwrap_err();
        assert!(
            error.contains("(a, b)") && error.contains("--stack-name"),
            "{error}"
        );
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
        let lacking = r#"[{"OutputKey": "StoreUrl", "OutputValue": "s3://b"}]"#;
        for text in [
            "",
            "{}",
            "[]",
            "null",
            "<xml/>",
            lacking,
            r#"{"Stacks": []}"#,
        ] {
            let error = variables(text).unwrap_err();
            assert!(error.contains("describe-stacks"), "{text}: {error}");
        }
    }

    #[test]
    fn values_are_words_of_the_shell() {
        assert_eq!(quoted("s3://my-bucket.x"), "s3://my-bucket.x");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(rm -r /)'; ls"), r"'$(rm -r /)'\''; ls'");
        assert_eq!(quoted("a\nb"), "'a\nb'");
    }
}
