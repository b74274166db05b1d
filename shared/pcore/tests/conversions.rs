//! Operators, conversions, formats and `sprintf` give what the reference gave
//! (`golden/conversions.rb` recorded it from `golden/conversions.txt`).

#![allow(clippy::unwrap_used)]

use std::cmp::Ordering;
use std::sync::Arc;

use bunraku_pcore::types::parameterize;
use bunraku_pcore::{
    Deferred, Error, Object, PuppetHash, Result, RubyRegex, SemVer, SemVerRange, Timespan,
    Timestamp, Type, Uri, Value, convert, format, ops, sprintf, to_display_string,
};
use serde_json::Value as Json;

/// Cases whose difference is on purpose, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "new(Integer, '99999999999999999999')",
        "an Integer has 64 bits",
    ),
    ("new(Integer, 1e300)", "an Integer has 64 bits"),
    (
        "new(SemVerRange, SemVer('1.0.0'), SemVer('2.0.0'))",
        REVERSED,
    ),
    (
        "new(SemVerRange, SemVer('1.0.0'), SemVer('2.0.0'), true)",
        REVERSED,
    ),
    ("new(SemVerRange, default, SemVer('2.0.0'))", REVERSED),
    ("new(SemVerRange, {min=>SemVer('1.0.0')})", REVERSED),
    ("new(Type, 'Foo[')", "the language's parser is not here"),
    (
        "sprintf('%.5g', 1.00005)",
        "Ruby keeps zeros of a number that it rounded on the short way",
    ),
];
const REVERSED: &str =
    "the reference's semantic_puppet gem shows the bounds of such a range in reverse";

#[test]
fn values_and_messages_are_those_of_the_reference() {
    let text = include_str!("golden/conversions.jsonl");
    let mut failures = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let source = case["source"].as_str().unwrap();
        count += 1;
        if DIFFERENT.iter().any(|(known, _)| *known == source) {
            continue;
        }
        let arguments: Result<Vec<Value>> = case["args"]
            .as_array()
            .unwrap()
            .iter()
            .map(decode)
            .collect();
        let actual = arguments.and_then(|arguments| run(case["op"].as_str().unwrap(), &arguments));
        let expected = match case.get("error") {
            Some(message) => format!("error: {}", detail(message.as_str().unwrap())),
            None => shown_json(&case["result"]),
        };
        let actual = match actual {
            Ok(value) => shown(&value),
            Err(error) => format!("error: {}", error.message),
        };
        if actual != expected {
            failures.push(format!(
                "{source}\n   expected {expected}\n   actual   {actual}"
            ));
        }
    }
    assert!(count >= 800, "{count} cases");
    assert!(
        failures.is_empty(),
        "{} of {count} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The cause within the message of a comparison: the caller of [`ops::compare`] writes the rest.
fn detail(message: &str) -> &str {
    match message.split_once(", is not possible. Caused by '") {
        Some((_, cause)) => cause.trim_end_matches("'."),
        None => message,
    }
}

fn run(op: &str, arguments: &[Value]) -> Result<Value> {
    let undef = Value::Undef;
    let left = arguments.first().unwrap_or(&undef);
    let right = arguments.get(1).unwrap_or(&undef);
    Ok(match op {
        "add" => ops::add(left, right)?,
        "subtract" => ops::subtract(left, right)?,
        "multiply" => ops::multiply(left, right)?,
        "divide" => ops::divide(left, right)?,
        "modulo" => ops::modulo(left, right)?,
        "append" => ops::append(left, right)?,
        "shift_right" => ops::shift_right(left, right)?,
        "negate" => ops::negate(left)?,
        "equals" => ops::equals(left, right).into(),
        "less" => match ops::compare(left, right) {
            Ok(order) => (order == Ordering::Less).into(),
            // The caller wraps the detail.
            Err(error) => return Err(error),
        },
        "match" => ops::match_pattern(left, right)?.matched.into(),
        "in" => ops::includes(right, left).into(),
        "option" => ops::match_option(left, right)?.matched.into(),
        "new" => match left {
            Value::Type(data_type) => convert::new_instance(data_type, &arguments[1..])?,
            _ => return Err(Error::new("no type")),
        },
        "string" => convert::new_instance(&Type::string(), arguments)?,
        "display" => Value::Str(to_display_string(left)),
        "sprintf" => sprintf::sprintf(left.as_str().unwrap(), &arguments[1..])?.into(),
        other => return Err(Error::new(format!("no operation {other}"))),
    })
}

/// A value of the golden file.
fn decode(json: &Json) -> Result<Value> {
    let list = |json: &Json| -> Result<Vec<Value>> {
        json.as_array().unwrap().iter().map(decode).collect()
    };
    Ok(match json {
        Json::Null => Value::Undef,
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => {
            Value::Int(number.as_i64().ok_or_else(|| Error::new("big number"))?)
        }
        Json::String(text) => text.as_str().into(),
        Json::Array(_) => return Err(Error::new("untagged array")),
        Json::Object(fields) => {
            let (tag, content) = fields.iter().next().unwrap();
            let text = content.as_str().unwrap_or_default();
            match tag.as_str() {
                "f" => match text {
                    "Infinity" => f64::INFINITY,
                    "NaN" => f64::NAN,
                    text => text.parse().unwrap(),
                }
                .into(),
                "d" => Value::Default,
                "a" => Value::array(list(content)?),
                "h" => Value::hash(
                    content
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|pair| Ok((decode(&pair[0])?, decode(&pair[1])?)))
                        .collect::<Result<PuppetHash>>()?,
                ),
                "r" => RubyRegex::new(text)?.into(),
                "sensitive" => Value::sensitive(decode(content)?),
                "binary" => Value::Binary(Arc::new(
                    content
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap())
                        .collect(),
                )),
                "semver" => SemVer::parse(text)?.into(),
                "range" => SemVerRange::parse(text)?.into(),
                "timespan" => Timespan {
                    nanos: content.as_i64().unwrap(),
                }
                .into(),
                "timestamp" => {
                    let nanos = content.as_i64().unwrap();
                    let seconds = nanos.div_euclid(1_000_000_000);
                    let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap();
                    Timestamp { seconds, nanos }.into()
                }
                "uri" => Uri::parse(text)?.into(),
                "type" => convert::new_instance(&Type::Type(None), &[text.into()])?,
                "t" => match fields["p"].as_array().unwrap() {
                    none if none.is_empty() => {
                        convert::new_instance(&Type::Type(None), &[text.into()])?
                    }
                    _ => parameterize(text, &list(&fields["p"])?)?.into(),
                },
                "program" => match text {
                    "Deferred({'name' => 'f', 'arguments' => [1]})" => Deferred {
                        name: "f".into(),
                        arguments: Some(vec![Value::Int(1)]),
                    }
                    .into(),
                    "Deferred({'name' => 'f', 'arguments' => [1, 'x']})" => Deferred {
                        name: "f".into(),
                        arguments: Some(vec![Value::Int(1), "x".into()]),
                    }
                    .into(),
                    "Error({'msg' => 'm', 'kind' => 'k'})" => Value::Object(Arc::new(Object {
                        object_type: Arc::new(Type::Error(None)),
                        attributes: [("msg".into(), "m".into()), ("kind".into(), "k".into())]
                            .into_iter()
                            .collect(),
                    })),
                    other => return Err(Error::new(format!("no value for {other}"))),
                },
                other => return Err(Error::new(format!("no tag {other}"))),
            }
        }
    })
}

/// Kind and text, so that `1` and `'1'` differ.
fn shown(value: &Value) -> String {
    match value {
        Value::SemVer(_) => format!("semver {value}"),
        Value::Timespan(span) => format!("timespan {}", span.nanos),
        Value::Timestamp(time) => format!("timestamp {}.{:09}", time.seconds, time.nanos),
        Value::SemVerRange(_) => format!("range {value}"),
        Value::Sensitive(hidden) => format!("sensitive {}", shown(hidden)),
        Value::Array(elements) => format!(
            "[{}]",
            elements.iter().map(shown).collect::<Vec<_>>().join(", ")
        ),
        Value::Hash(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(k, v)| format!("{} => {}", shown(k), shown(v)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Deferred(_) | Value::Object(_) => {
            format!("program {}", format::to_program_string(value))
        }
        Value::Binary(bytes) => format!("binary {bytes:?}"),
        Value::Str(text) => format!("{text:?}"),
        Value::Uri(uri) => format!("uri {}", uri.text),
        Value::Type(data_type) => format!("type {data_type}"),
        Value::Regexp(regex) => format!("regexp {}", regex.source()),
        other => format!("{other:?}"),
    }
}

fn shown_json(json: &Json) -> String {
    if let Some(program) = json.get("program") {
        return format!("program {}", program.as_str().unwrap());
    }
    if let Some(range) = json.get("range") {
        return format!("range {}", range.as_str().unwrap());
    }
    match decode(json) {
        Ok(value) => shown(&value),
        Err(error) => format!("undecodable {json}: {error}"),
    }
}

mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Undef),
            Just(Value::Default),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), Just(-1), Just(64)]
                .prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            "[-+]? ?0?[xXbBoO]?[0-9a-f_.eE]{0,6}".prop_map(Value::from),
            any::<i64>().prop_map(|nanos| Value::from(Timespan { nanos })),
            any::<i64>().prop_map(|seconds| Value::from(Timestamp { seconds, nanos: 7 })),
            proptest::collection::vec(any::<u8>(), 0..4)
                .prop_map(|bytes| Value::Binary(Arc::new(bytes))),
            prop_oneof![Just("1.2.3"), Just("0.0.0-a+b"),]
                .prop_map(|text| SemVer::parse(text).unwrap().into()),
            type_name()
                .prop_map(|name| convert::new_instance(&Type::Type(None), &[name.into()]).unwrap()),
            Just(RubyRegex::new("a(b)?").unwrap().into()),
            Just(Uri::parse("http://a/b").unwrap().into()),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::array),
                proptest::collection::vec((inner.clone(), inner.clone()), 0..4)
                    .prop_map(|entries| Value::hash(entries.into_iter().collect())),
                inner.prop_map(Value::sensitive),
            ]
        })
    }

    fn type_name() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "Integer",
            "Float",
            "Numeric",
            "Boolean",
            "String",
            "Array",
            "Hash",
            "Tuple[Any]",
            "Struct[{a => Any}]",
            "Regexp",
            "SemVer",
            "SemVerRange",
            "Timespan",
            "Timestamp",
            "Binary",
            "Sensitive",
            "URI",
            "Deferred",
            "Error",
            "Type",
            "Optional[Integer]",
            "NotUndef",
            "Variant[Integer,String]",
            "Data",
            "RichData",
            "Init[Integer]",
            "Init[Timespan]",
            "Any",
            "Callable",
            "Enum[a]",
            "Pattern[/a/]",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_operator_panics(left in value(), right in value()) {
            for op in ["add", "subtract", "multiply", "divide", "modulo", "append", "shift_right", "negate", "equals",
                "less", "match", "in", "option", "display"] {
                let _ = run(op, &[left.clone(), right.clone()]);
            }
        }

        #[test]
        fn no_conversion_panics(name in type_name(), arguments in proptest::collection::vec(value(), 0..4)) {
            let data_type = convert::new_instance(&Type::Type(None), &[name.into()]).unwrap();
            if let Value::Type(data_type) = data_type {
                let _ = convert::new_instance(&data_type, &arguments);
            }
        }

        #[test]
        fn no_format_panics(value in value(), text in "%[-+ #0{<(|]{0,3}[0-9]{0,3}(\\.[0-9]{0,3})?[a-zA-Z]") {
            let _ = format::convert(&value, &text.as_str().into());
            let _ = sprintf::sprintf(&text, &[value]);
        }

        #[test]
        fn no_sprintf_panics(text in "(%?[-+ #0*.1-9$<>{}a-zA-Z%]{0,4}){0,6}", arguments in proptest::collection::vec(value(), 0..4)) {
            let _ = sprintf::sprintf(&text, &arguments);
        }

        #[test]
        fn a_program_string_of_a_string_is_read_back(text in "[ -\\[\\]-~]{0,12}") {
            // Not of backslashes: the reference does not write them so that they are read back.
            let quoted = format::to_program_string(&text.as_str().into());
            let read = convert::new_instance(&Type::Type(None), &[format!("Enum[{quoted}]").into()]);
            if let Ok(Value::Type(data_type)) = read {
                prop_assert!(data_type.accepts(&text.as_str().into()));
            } else {
                prop_assert!(false, "{quoted}");
            }
        }
    }
}
