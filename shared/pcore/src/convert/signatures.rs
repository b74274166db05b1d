//! Which arguments each type's `new` takes, and what the reference says to others.
//!
//! The signatures are those of the types' `new_function`, with the names of their local types,
//! as both are shown in messages.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::{not_convertible, type_text};
use crate::mismatch::{Signature, describe_signatures, describe_value};
use crate::types::{CallableType, Size, TypeAlias, accepts_arguments, is_instance};
use crate::{Error, Result, Type, Value};

/// The function of one type.
struct Function {
    name: &'static str,
    local_types: HashMap<&'static str, Arc<TypeAlias>>,
    dispatches: Vec<(CallableType, Vec<String>)>,
}

const FORMAT: &str = r"Pattern[/^%([\s\[+#0{<(|-]*)([1-9][0-9]*)?(?:\.([0-9]+))?([a-zA-Z])$/]";
const FLOAT: &str = concat!(
    r"Pattern[/\A[+-]?\s*(?:(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE]-?\d+)?)",
    r"|(?:0[xX][0-9A-Fa-f]+)|(?:0[0-7]+)|(?:0[bB][01]+))\z/]"
);
const INTEGER: &str = r"Pattern[/\A[+-]?\s*(?:(?:\d+)|(?:0[xX][0-9A-Fa-f]+)|(?:0[bB][01]+))\z/]";
const SEM_VER: &str = concat!(
    r"Pattern[/\A(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?\Z/]"
);

/// The name of a type's function, its local types, and its signatures: types with parameter
/// names behind `:`, a `?` for optional ones. `$X` stands for a pattern above.
type Source = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static [&'static str]],
);

const INTEGER_NEW: Source = (
    "new",
    &[
        (
            "Radix",
            "Variant[Default, Integer[2,2], Integer[8,8], Integer[10,10], Integer[16,16]]",
        ),
        (
            "Convertible",
            "Variant[Numeric, Boolean, $INTEGER, Timespan, Timestamp]",
        ),
        (
            "NamedArgs",
            "Struct[{from => Convertible, Optional[radix] => Radix, Optional[abs] => Boolean}]",
        ),
    ],
    &[
        &["Convertible:from", "Radix:radix?", "Boolean:abs?"],
        &["NamedArgs:hash_args"],
    ],
);
const FLOAT_NEW: Source = (
    "new_float",
    &[
        (
            "Convertible",
            "Variant[Numeric, Boolean, $FLOAT, Timespan, Timestamp]",
        ),
        (
            "NamedArgs",
            "Struct[{from => Convertible, Optional[abs] => Boolean}]",
        ),
    ],
    &[
        &["Convertible:from", "Boolean:abs?"],
        &["NamedArgs:hash_args"],
    ],
);
const NUMERIC_NEW: Source = (
    "new_numeric",
    &[
        (
            "Convertible",
            "Variant[Integer, Float, Boolean, $FLOAT, Timespan, Timestamp]",
        ),
        (
            "NamedArgs",
            "Struct[{from => Convertible, Optional[abs] => Boolean}]",
        ),
    ],
    &[
        &["Convertible:from", "Boolean:abs?"],
        &["NamedArgs:hash_args"],
    ],
);
const BOOLEAN_NEW: Source = (
    "new_boolean",
    &[],
    &[&["Variant[Integer, Float, Boolean, Enum['false','true','yes','no','y','n',true]]:from"]],
);
const STRING_NEW: Source = (
    "new_string",
    &[
        ("Format", "$FORMAT"),
        (
            "ContainerFormat",
            "Struct[{Optional[format] => Format, Optional[separator] => String, Optional[separator2] => String, \
             Optional[string_formats] => Hash[Type, Format]}]",
        ),
        ("TypeMap", "Hash[Type, Variant[Format, ContainerFormat]]"),
        ("Formats", "Variant[Default, String[1], TypeMap]"),
    ],
    &[&["Any:from", "Formats:string_formats?"]],
);
const ARRAY_NEW: Source = (
    "new_array",
    &[],
    &[
        &[
            "Variant[Array,Hash,Binary,Iterable]:from",
            "Boolean[false]:wrap?",
        ],
        &["Any:from", "Boolean[true]:wrap"],
    ],
);
const HASH_NEW: Source = (
    "new_hash",
    &[
        ("KeyValueArray", "Array[Tuple[Any,Any],1]"),
        ("TreeArray", "Array[Tuple[Array,Any],1]"),
        ("NewHashOption", "Enum[tree, hash_tree]"),
    ],
    &[
        &["TreeArray:from", "NewHashOption:build_option?"],
        &["KeyValueArray:from"],
        &["Any:from"],
    ],
);
const REGEXP_NEW: Source = ("new_float", &[], &[&["String:pattern", "Boolean:escape?"]]);
const SENSITIVE_NEW: Source = ("new_Sensitive", &[], &[&["Any:value"]]);
const TYPE_NEW: Source = ("new_type", &[], &[&["String[1]:type_string"]]);
const UNIT_NEW: Source = ("new_unit", &[], &[&["Any:from"]]);
const URI_NEW: Source = (
    "new_error",
    &[],
    &[
        &["String[1]:uri"],
        &[
            "Struct[{Optional[scheme] => String[1], Optional[userinfo] => String[1], Optional[host] => String[1], \
           Optional[port] => Integer[0], Optional[path] => String[1], Optional[query] => String[1], \
           Optional[fragment] => String[1], Optional[opaque] => String[1]}]:hash",
        ],
    ],
);
const BINARY_NEW: Source = (
    "new_Binary",
    &[
        ("ByteInteger", "Integer[0,255]"),
        ("Base64Format", "Enum['%b', '%u', '%B', '%s', '%r']"),
        (
            "StringHash",
            "Struct[{value => String, format => Optional[Base64Format]}]",
        ),
        ("ArrayHash", "Struct[{value => Array[ByteInteger]}]"),
        ("BinaryArgsHash", "Variant[StringHash, ArrayHash]"),
    ],
    &[
        &["String:str", "Base64Format:format?"],
        &["Array[ByteInteger]:byte_array"],
        &["BinaryArgsHash:hash_args"],
    ],
);
const SEM_VER_NEW: Source = (
    "new_Version",
    &[
        ("PositiveInteger", "Integer[0,default]"),
        (
            "SemVerQualifier",
            r"Pattern[/\A(?<part>[0-9A-Za-z-]+)(?:\.\g<part>)*\Z/]",
        ),
        ("SemVerPattern", "$SEM_VER"),
        (
            "SemVerHash",
            "Struct[{major => PositiveInteger, minor => PositiveInteger, patch => PositiveInteger, \
             Optional[prerelease] => SemVerQualifier, Optional[build] => SemVerQualifier}]",
        ),
    ],
    &[
        &["SemVerPattern:str"],
        &[
            "PositiveInteger:major",
            "PositiveInteger:minor",
            "PositiveInteger:patch",
            "SemVerQualifier:prerelease?",
            "SemVerQualifier:build?",
        ],
        &["SemVerHash:hash_args"],
    ],
);
const SEM_VER_RANGE_NEW: Source = (
    "new_VersionRange",
    &[
        ("SemVerRangeString", "String[1]"),
        (
            "SemVerRangeHash",
            "Struct[{min => Variant[Default,SemVer], Optional[max] => Variant[Default,SemVer], \
             Optional[exclude_max] => Boolean}]",
        ),
    ],
    &[
        &["SemVerRangeString:str"],
        &[
            "Variant[Default,SemVer]:min",
            "Variant[Default,SemVer]:max",
            "Boolean:exclude_max?",
        ],
        &["SemVerRangeHash:hash_args"],
    ],
);
const TIMESPAN_NEW: Source = (
    "new_timespan",
    &[("Formats", "Variant[String[2],Array[String[2], 1]]")],
    &[
        &["Variant[Integer,Float]:seconds"],
        &["String[1]:string", "Formats:format?"],
        &[
            "Integer:days",
            "Integer:hours",
            "Integer:minutes",
            "Integer:seconds",
            "Integer:milliseconds?",
            "Integer:microseconds?",
            "Integer:nanoseconds?",
        ],
        &["Struct[{string => String[1], Optional[format] => Formats}]:hash_arg"],
        &[
            "Struct[{Optional[negative] => Boolean, Optional[days] => Integer, Optional[hours] => Integer, \
           Optional[minutes] => Integer, Optional[seconds] => Integer, Optional[milliseconds] => Integer, \
           Optional[microseconds] => Integer, Optional[nanoseconds] => Integer}]:hash_arg",
        ],
    ],
);
const TIMESTAMP_NEW: Source = (
    "new_timestamp",
    &[("Formats", "Variant[String[2],Array[String[2], 1]]")],
    &[
        &[],
        &["Variant[Integer,Float]:seconds"],
        &["String[1]:string", "Formats:format?", "String[1]:timezone?"],
        &[
            "Struct[{string => String[1], Optional[format] => Formats, Optional[timezone] => String[1]}]:hash_arg",
        ],
    ],
);
const DEFERRED_NEW: Source = (
    "new_Deferred",
    &[],
    &[
        &[
            r"Struct[{name => Pattern[/\A[$]?[a-z][a-z0-9_]*(?:::[a-z][a-z0-9_]*)*\z/], arguments => Optional[Array]}]:hash",
        ],
        &[
            r"Pattern[/\A[$]?[a-z][a-z0-9_]*(?:::[a-z][a-z0-9_]*)*\z/]:name",
            "Array:arguments?",
        ],
    ],
);
const ERROR_NEW: Source = (
    "new_Error",
    &[],
    &[
        &[
            "Struct[{msg => String[1], kind => Optional[String[1]], details => Optional[Hash[String[1],Data]], \
           issue_code => Optional[String[1]]}]:hash",
        ],
        &[
            "String[1]:msg",
            "String[1]:kind?",
            "Hash[String[1],Data]:details?",
            "String[1]:issue_code?",
        ],
    ],
);

fn function_of(data_type: &Type) -> Option<&'static Function> {
    macro_rules! function {
        ($source:expr) => {{
            static FUNCTION: LazyLock<Function> = LazyLock::new(|| Function::read($source));
            Some(&*FUNCTION)
        }};
    }
    match data_type {
        Type::Integer(_) => function!(INTEGER_NEW),
        Type::Float(_) => function!(FLOAT_NEW),
        Type::Numeric => function!(NUMERIC_NEW),
        Type::Boolean(_) => function!(BOOLEAN_NEW),
        Type::String(_) => function!(STRING_NEW),
        Type::Array { .. } | Type::Tuple { .. } => function!(ARRAY_NEW),
        Type::Hash { .. } | Type::Struct(_) => function!(HASH_NEW),
        Type::Regexp(_) => function!(REGEXP_NEW),
        Type::Sensitive(_) => function!(SENSITIVE_NEW),
        Type::Type(_) => function!(TYPE_NEW),
        Type::Unit | Type::NotUndef(None) => function!(UNIT_NEW),
        Type::Uri(_) => function!(URI_NEW),
        Type::Binary => function!(BINARY_NEW),
        Type::SemVer(_) => function!(SEM_VER_NEW),
        Type::SemVerRange => function!(SEM_VER_RANGE_NEW),
        Type::Timespan(_) => function!(TIMESPAN_NEW),
        Type::Timestamp(_) => function!(TIMESTAMP_NEW),
        Type::Deferred => function!(DEFERRED_NEW),
        Type::Error(_) => function!(ERROR_NEW),
        _ => None,
    }
}

impl Function {
    fn read((name, local_types, signatures): Source) -> Self {
        let mut known: HashMap<&'static str, Arc<TypeAlias>> = HashMap::new();
        let read = |text: &str, known: &HashMap<&'static str, Arc<TypeAlias>>| {
            let text = text
                .replace("$INTEGER", INTEGER)
                .replace("$FLOAT", FLOAT)
                .replace("$FORMAT", FORMAT)
                .replace("$SEM_VER", SEM_VER);
            let lookup = |name: &str| known.get(name).map(|alias| Type::Alias(Arc::clone(alias)));
            // The texts are constants; a test reads them all.
            type_text::parse(&text, &lookup).unwrap_or(Type::Any)
        };
        for (name, text) in local_types {
            let data_type = read(text, &known);
            known.insert(name, TypeAlias::resolved(*name, data_type));
        }
        let dispatches = signatures
            .iter()
            .map(|parameters| {
                let split: Vec<(&str, &str)> = parameters
                    .iter()
                    .filter_map(|text| text.rsplit_once(':'))
                    .collect();
                let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
                let least = split
                    .iter()
                    .filter(|(_, name)| !name.ends_with('?'))
                    .count();
                let callable = CallableType {
                    params: Some(split.iter().map(|(text, _)| read(text, &known)).collect()),
                    size: Some(Size {
                        from: count(least),
                        to: Some(count(split.len())),
                    }),
                    block: None,
                    return_type: None,
                };
                let names = split
                    .iter()
                    .map(|(_, name)| name.trim_end_matches('?').to_owned())
                    .collect();
                (callable, names)
            })
            .collect();
        Self {
            name,
            local_types: known,
            dispatches,
        }
    }

    fn accepts(&self, arguments: &[Value]) -> bool {
        self.dispatches
            .iter()
            .any(|(callable, _)| accepts_arguments(callable, arguments))
    }

    fn local(&self, name: &str) -> Type {
        self.local_types
            .get(name)
            .map_or(Type::Any, |alias| Type::Alias(Arc::clone(alias)))
    }
}

/// Refuses arguments that no signature of the type's `new` takes.
///
/// # Errors
/// The reference's message.
pub(super) fn check(data_type: &Type, arguments: &[Value]) -> Result<()> {
    let Some(function) = function_of(data_type) else {
        return Ok(());
    };
    if function.accepts(arguments) {
        return Ok(());
    }
    if let Some(text) = own_message(data_type, function, arguments)? {
        return Err(Error::new(format!("'{}' {text}", function.name)));
    }
    let signatures: Vec<Signature<'_>> = function
        .dispatches
        .iter()
        .map(|(callable, names)| Signature {
            callable,
            parameter_names: names.clone(),
            block_name: None,
        })
        .collect();
    Err(Error::new(describe_signatures(
        function.name,
        &signatures,
        arguments,
        None,
    )))
}

/// The signatures of the type's `new`; none for a type that is not made so.
pub(crate) fn signatures_of(data_type: &Type) -> impl Iterator<Item = &'static CallableType> {
    function_of(data_type)
        .into_iter()
        .flat_map(|function| &function.dispatches)
        .map(|(callable, _)| callable)
}

/// Whether the one value is an argument list of the type's `new`.
pub(super) fn takes(data_type: &Type, value: &Value) -> bool {
    function_of(data_type).is_none_or(|function| function.accepts(std::slice::from_ref(value)))
}

/// What `argument_mismatch` of the type makes of the arguments.
fn own_message(
    data_type: &Type,
    function: &Function,
    arguments: &[Value],
) -> Result<Option<String>> {
    let (from, with_flag) = match arguments {
        [from] => (from, false),
        [from, Value::Bool(_)] => (from, true),
        [from, Value::Int(_)] | [from, Value::Int(_), Value::Bool(_)]
            if matches!(data_type, Type::Integer(_)) =>
        {
            (from, false)
        }
        _ => return Ok(None),
    };
    Ok(match data_type {
        Type::Integer(_) if !with_flag => {
            return integer_message(function, from, arguments.get(1)).map(Some);
        }
        Type::Float(_) => Some(not_convertible(from, "Float")),
        Type::Numeric => Some(not_convertible(from, "Numeric")),
        Type::Boolean(_) if !with_flag => Some(not_convertible(from, "Boolean")),
        Type::SemVer(_) if !with_flag && from.as_str().is_some() => {
            Some(not_convertible(from, "a SemVer"))
        }
        Type::Array { .. } | Type::Tuple { .. } => {
            let actual = crate::types::infer(from).generalize();
            Some(format!(
                "Value of type {actual} cannot be converted to Array"
            ))
        }
        _ => None,
    })
}

fn integer_message(function: &Function, from: &Value, radix: Option<&Value>) -> Result<String> {
    let check_radix = |radix: Option<&Value>| match radix {
        None | Some(Value::Int(2 | 8 | 10 | 16) | Value::Default | Value::Undef) => Ok(()),
        Some(other) => Err(Error::new(format!(
            "Illegal radix: {other}, expected 2, 8, 10, 16, or default"
        ))),
    };
    if let (Value::Hash(entries), None) = (from, radix) {
        if let Some(inner) = entries.get_str("from")
            && !is_instance(&function.local("Convertible"), inner)
        {
            return Ok(not_convertible(inner, "Integer"));
        }
        check_radix(entries.get_str("radix"))?;
        let subject = "Integer.new has wrong type,";
        return Err(Error::new(describe_value(
            subject,
            &function.local("NamedArgs"),
            from,
        )));
    }
    check_radix(radix)?;
    Ok(not_convertible(from, "Integer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_a_type() {
        for source in [
            INTEGER_NEW,
            FLOAT_NEW,
            NUMERIC_NEW,
            BOOLEAN_NEW,
            STRING_NEW,
            ARRAY_NEW,
            HASH_NEW,
            REGEXP_NEW,
            SENSITIVE_NEW,
            TYPE_NEW,
            UNIT_NEW,
            URI_NEW,
            BINARY_NEW,
            SEM_VER_NEW,
            SEM_VER_RANGE_NEW,
            TIMESPAN_NEW,
            TIMESTAMP_NEW,
            DEFERRED_NEW,
            ERROR_NEW,
        ] {
            let function = Function::read(source);
            for (name, alias) in &function.local_types {
                assert_ne!(alias.target(), Some(&Type::Any), "{name}");
            }
            for (callable, names) in &function.dispatches {
                for (data_type, name) in callable.params.iter().flatten().zip(names) {
                    assert!(
                        *data_type != Type::Any || ["from", "value"].contains(&name.as_str()),
                        "{name}"
                    );
                }
            }
        }
    }
}
