//! Rich data to values.

use std::cell::Cell;
use std::sync::Arc;

use ecow::EcoString;
use serde_json::{Map, Value as Json};

use super::{MAX_DEPTH, TYPE_KEY, VALUE_KEY, too_deep};
use crate::types::{
    CallableType, InitType, ObjectAttribute, ObjectType, Range, RuntimeType, Size, StringType,
    StructElement, Type, TypeAlias,
};
use crate::{
    Deferred, Error, Object, PuppetHash, Result, RubyRegex, SemVer, SemVerRange, Timespan,
    Timestamp, Uri, Value,
};

/// Values that one document may make: local references could multiply it without end.
const MAX_VALUES: usize = 10_000_000;

type Fields = Map<String, Json>;

pub(super) struct Reader<'a> {
    /// What local references start from.
    root: &'a Json,
    values: Cell<usize>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(root: &'a Json) -> Self {
        Self {
            root,
            values: Cell::new(0),
        }
    }

    pub(super) fn read(&self, json: &'a Json) -> Result<Value> {
        self.value(json, 0)
    }

    fn value(&self, json: &'a Json, depth: usize) -> Result<Value> {
        self.values.set(self.values.get() + 1);
        if depth > MAX_DEPTH || self.values.get() > MAX_VALUES {
            return Err(too_deep());
        }
        match json {
            Json::Array(elements) => self.list(elements, depth).map(Value::array),
            Json::Object(fields) => match fields.get(TYPE_KEY) {
                Some(Json::String(name)) => self.object(name, fields, depth),
                Some(Json::Object(definition)) => {
                    let definition = definition
                        .get("_pcore_init_hash")
                        .and_then(|init| init.get("name"));
                    let name = definition
                        .and_then(Json::as_str)
                        .ok_or_else(|| unknown("Object"))?;
                    self.instance(name, fields, depth)
                }
                _ => {
                    let mut hash = PuppetHash::with_capacity(fields.len());
                    for (key, element) in fields {
                        hash.insert(key.as_str(), self.value(element, depth + 1)?);
                    }
                    Ok(Value::hash(hash))
                }
            },
            scalar => Ok(super::from_plain_json(scalar)),
        }
    }

    fn list(&self, elements: &'a [Json], depth: usize) -> Result<Vec<Value>> {
        elements
            .iter()
            .map(|element| self.value(element, depth + 1))
            .collect()
    }

    fn object(&self, name: &str, fields: &'a Fields, depth: usize) -> Result<Value> {
        let content = fields.get(VALUE_KEY);
        let text = || {
            content
                .and_then(Json::as_str)
                .ok_or_else(|| malformed(name))
        };
        Ok(match name {
            "Default" => Value::Default,
            "Sensitive" => {
                Value::sensitive(self.value(content.ok_or_else(|| malformed(name))?, depth + 1)?)
            }
            "Hash" if content.is_some() => {
                let pairs = content
                    .and_then(Json::as_array)
                    .ok_or_else(|| malformed(name))?;
                let mut hash = PuppetHash::with_capacity(pairs.len() / 2);
                for pair in pairs.chunks(2) {
                    let [key, value] = pair else {
                        return Err(malformed(name));
                    };
                    hash.insert(self.value(key, depth + 1)?, self.value(value, depth + 1)?);
                }
                Value::hash(hash)
            }
            "Symbol" => Value::from(text()?),
            "LocalRef" => self.value(self.local(text()?)?, depth + 1)?,
            "Regexp" if content.is_some() => Value::from(RubyRegex::new(text()?)?),
            "SemVer" if content.is_some() => Value::from(SemVer::parse(text()?)?),
            "SemVerRange" if content.is_some() => Value::from(SemVerRange::parse(text()?)?),
            "Timespan" if content.is_some() => {
                Value::Timespan(Timespan::parse(text()?, &[], false)?)
            }
            "Timestamp" if content.is_some() => {
                Value::Timestamp(Timestamp::parse(text()?, &[], false, "")?)
            }
            "URI" if content.is_some() => Value::from(Uri::parse(text()?)?),
            "Binary" if content.is_some() => {
                use base64::Engine as _;
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(text()?)
                    .map_err(|_| malformed(name))?;
                Value::Binary(Arc::new(bytes))
            }
            "Deferred" => {
                let call = fields
                    .get("name")
                    .and_then(Json::as_str)
                    .ok_or_else(|| malformed(name))?;
                let arguments = match fields.get("arguments") {
                    None | Some(Json::Null) => None,
                    Some(arguments) => Some(
                        self.list(arguments.as_array().ok_or_else(|| malformed(name))?, depth)?,
                    ),
                };
                Value::from(Deferred {
                    name: call.into(),
                    arguments,
                })
            }
            _ => match name
                .strip_prefix("Pcore::")
                .and_then(|name| name.strip_suffix("Type"))
            {
                Some(class) => Value::from(self.data_type(class, fields, depth)?),
                None => self.instance(name, fields, depth)?,
            },
        })
    }

    /// What `$['a'][0]` names in the document.
    fn local(&self, path: &str) -> Result<&'a Json> {
        let bad = || Error::new(format!("Unable to resolve the local reference {path}"));
        let mut rest = path.strip_prefix('$').ok_or_else(bad)?;
        let mut target = self.root;
        while !rest.is_empty() {
            let inner = rest.strip_prefix('[').ok_or_else(bad)?;
            if let Some(quoted) = inner.strip_prefix('\'') {
                let mut key = String::new();
                let mut characters = quoted.char_indices();
                let end = loop {
                    match characters.next().ok_or_else(bad)? {
                        (at, '\'') => break at,
                        (_, '\\') => key.extend(characters.next().map(|(_, escaped)| escaped)),
                        (_, other) => key.push(other),
                    }
                };
                rest = quoted
                    .get(end + 1..)
                    .and_then(|rest| rest.strip_prefix(']'))
                    .ok_or_else(bad)?;
                target = target.get(&key).ok_or_else(bad)?;
            } else {
                let (index, after) = inner.split_once(']').ok_or_else(bad)?;
                target = target
                    .get(index.parse::<usize>().map_err(|_| bad())?)
                    .ok_or_else(bad)?;
                rest = after;
            }
        }
        Ok(target)
    }

    /// An instance of a type that is named.
    fn instance(&self, name: &str, fields: &'a Fields, depth: usize) -> Result<Value> {
        if let Some(content) = fields.get(VALUE_KEY) {
            let data_type = crate::types::type_by_name(name).ok_or_else(|| unknown(name))?;
            return crate::convert::new_instance(&data_type, &[self.value(content, depth + 1)?]);
        }
        let is_segment = |segment: &str| {
            segment.starts_with(|first: char| first.is_ascii_uppercase())
                && segment
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || character == '_')
        };
        if !name.split("::").all(is_segment) {
            return Err(unknown(name));
        }
        let mut attributes = indexmap::IndexMap::default();
        for (key, value) in fields.iter().filter(|(key, _)| *key != TYPE_KEY) {
            attributes.insert(EcoString::from(key.as_str()), self.value(value, depth + 1)?);
        }
        let object_type = if name == "Error" {
            for optional in ["kind", "details", "issue_code"] {
                attributes.entry(optional.into()).or_insert(Value::Undef);
            }
            Type::Error(None)
        } else {
            let attribute = |name: &EcoString| ObjectAttribute {
                name: name.clone(),
                attribute_type: Type::Any,
                value: None,
                kind: None,
            };
            Type::Object(Some(Arc::new(ObjectType {
                name: name.into(),
                parent: None,
                attributes: attributes.keys().map(attribute).collect(),
                definition: Value::Undef,
            })))
        };
        Ok(Value::Object(Arc::new(Object {
            object_type: Arc::new(object_type),
            attributes,
        })))
    }

    fn type_of(&self, json: &'a Json, depth: usize) -> Result<Type> {
        match self.value(json, depth + 1)? {
            Value::Type(data_type) => Ok(data_type.as_ref().clone()),
            _ => Err(malformed("Type")),
        }
    }

    fn optional_type(&self, json: Option<&'a Json>, depth: usize) -> Result<Option<Type>> {
        match json {
            None | Some(Json::Null) => Ok(None),
            Some(json) => self.type_of(json, depth).map(Some),
        }
    }

    fn types(&self, json: Option<&'a Json>, depth: usize) -> Result<Vec<Type>> {
        let elements = json
            .and_then(Json::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        elements
            .iter()
            .map(|element| self.type_of(element, depth))
            .collect()
    }

    fn size(&self, json: Option<&'a Json>, depth: usize) -> Result<Option<Size>> {
        match self.optional_type(json, depth)? {
            None => Ok(None),
            Some(Type::Integer(range)) => Ok(Some(Size {
                from: range.from.unwrap_or(0),
                to: range.to,
            })),
            Some(_) => Err(malformed("Pcore::IntegerType")),
        }
    }

    fn range<T>(
        &self,
        fields: &'a Fields,
        depth: usize,
        bound: impl Fn(&Value) -> Option<T>,
    ) -> Result<Range<T>> {
        let read = |name: &str| match fields.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(json) => bound(&self.value(json, depth + 1)?)
                .map(Some)
                .ok_or_else(|| malformed(name)),
        };
        Ok(Range {
            from: read("from")?,
            to: read("to")?,
        })
    }

    fn data_type(&self, class: &str, fields: &'a Fields, depth: usize) -> Result<Type> {
        let text = |name: &str| fields.get(name).and_then(Json::as_str);
        let inner = |name: &str| {
            self.optional_type(fields.get(name), depth)
                .map(|inner| inner.map(Arc::new))
        };
        let element =
            |name: &str| Ok::<_, Error>(inner(name)?.unwrap_or_else(|| Arc::new(Type::Any)));
        let size = || self.size(fields.get("size_type"), depth);
        Ok(match class {
            "Unit" => Type::Unit,
            "Integer" => Type::Integer(self.range(fields, depth, Value::as_int)?),
            "Float" => Type::Float(self.range(fields, depth, |bound| match bound {
                Value::Float(number) => Some(*number),
                #[expect(clippy::cast_precision_loss, reason = "a float was meant")]
                Value::Int(number) => Some(*number as f64),
                _ => None,
            })?),
            "Timestamp" => Type::Timestamp(self.range(fields, depth, |bound| match bound {
                Value::Timestamp(time) => Some(*time),
                _ => None,
            })?),
            "Timespan" => Type::Timespan(self.range(fields, depth, |bound| match bound {
                Value::Timespan(span) => Some(*span),
                _ => None,
            })?),
            "String" => match fields.get("size_type_or_value") {
                Some(Json::String(value)) => Type::String(StringType::Value(value.as_str().into())),
                other => {
                    let size = self.size(other, depth)?;
                    Type::String(size.map_or(StringType::Any, StringType::Size))
                }
            },
            "Enum" => Type::Enum {
                values: strings(fields.get("values")).map(EcoString::from).collect(),
                case_insensitive: fields
                    .get("case_insensitive")
                    .and_then(Json::as_bool)
                    .unwrap_or(false),
            },
            "Pattern" => {
                let patterns = self.types(fields.get("patterns"), depth)?;
                let pattern = |data_type: Type| match data_type {
                    Type::Regexp(Some(pattern)) => Some(pattern),
                    _ => None,
                };
                Type::Pattern(patterns.into_iter().filter_map(pattern).collect())
            }
            "Regexp" => Type::Regexp(
                text("pattern")
                    .map(|pattern| RubyRegex::new(pattern).map(Arc::new))
                    .transpose()?,
            ),
            "Collection" => Type::Collection(size()?),
            "Array" => Type::Array {
                element: element("element_type")?,
                size: size()?,
            },
            "Hash" => Type::Hash {
                key: element("key_type")?,
                value: element("value_type")?,
                size: size()?,
            },
            "Tuple" => Type::Tuple {
                types: self.types(fields.get("types"), depth)?.into(),
                size: size()?,
            },
            "Struct" => {
                let elements = fields
                    .get("elements")
                    .and_then(Json::as_array)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let element = |json: &'a Json| {
                    let part = |name: &str| {
                        json.get(name)
                            .ok_or_else(|| malformed("Pcore::StructElement"))
                    };
                    Ok(StructElement {
                        key: self.type_of(part("key_type")?, depth)?,
                        value: self.type_of(part("value_type")?, depth)?,
                    })
                };
                Type::Struct(
                    elements
                        .iter()
                        .map(element)
                        .collect::<Result<Vec<_>>>()?
                        .into(),
                )
            }
            "Optional" => Type::Optional(inner("type")?),
            "NotUndef" => Type::NotUndef(inner("type")?),
            "Iterable" => Type::Iterable(inner("type")?),
            "Iterator" => Type::Iterator(inner("type")?),
            "Type" => Type::Type(inner("type")?),
            "Sensitive" => Type::Sensitive(inner("type")?),
            "Variant" => Type::Variant(self.types(fields.get("types"), depth)?.into()),
            "Callable" => Type::Callable(self.callable(fields, depth)?.map(Arc::new)),
            "Resource" => Type::Resource {
                type_name: text("type_name").map(EcoString::from),
                title: text("title").map(EcoString::from),
            },
            "Class" => Type::Class {
                name: text("class_name").map(EcoString::from),
            },
            "SemVer" => {
                let ranges = fields
                    .get("ranges")
                    .and_then(Json::as_array)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let range = |range: &'a Json| match self.value(range, depth + 1)? {
                    Value::SemVerRange(range) => Ok(range.as_ref().clone()),
                    _ => Err(malformed("Pcore::SemVerType")),
                };
                Type::SemVer(ranges.iter().map(range).collect::<Result<Vec<_>>>()?.into())
            }
            "URI" => Type::Uri(match fields.get("parameters") {
                None | Some(Json::Null) => None,
                Some(parameters) => Some(Arc::new(self.value(parameters, depth + 1)?)),
            }),
            "Init" => Type::Init(match inner("type")? {
                None => None,
                Some(init_type) => {
                    let arguments = fields
                        .get("init_args")
                        .and_then(Json::as_array)
                        .map(Vec::as_slice);
                    let arguments = self.list(arguments.unwrap_or_default(), depth)?;
                    Some(Arc::new(InitType {
                        init_type: init_type.as_ref().clone(),
                        arguments,
                    }))
                }
            }),
            "Runtime" => Type::Runtime(match fields.get("runtime") {
                None => None,
                Some(runtime) => {
                    let runtime = self.value(runtime, depth + 1)?;
                    let runtime = EcoString::from(runtime.as_str().unwrap_or_default());
                    let name = text("name_or_pattern").unwrap_or_default().into();
                    Some(Arc::new(RuntimeType { runtime, name }))
                }
            }),
            "TypeAlias" => self.alias(fields, depth)?,
            "TypeReference" => Type::Reference(
                text("type_string")
                    .filter(|text| *text != "UnresolvedReference")
                    .map(EcoString::from),
            ),
            "Object" => self.object_type(fields, depth)?,
            plain => crate::types::type_by_name(plain)
                .filter(|_| fields.len() == 1)
                .ok_or_else(|| unknown(&format!("Pcore::{class}Type")))?,
        })
    }

    fn callable(&self, fields: &'a Fields, depth: usize) -> Result<Option<CallableType>> {
        let (params, size) = match self.optional_type(fields.get("param_types"), depth)? {
            Some(Type::Tuple { types, size }) => (Some(types.to_vec()), size),
            Some(_) => return Err(malformed("Pcore::CallableType")),
            None => (None, None),
        };
        let block = self.optional_type(fields.get("block_type"), depth)?;
        let return_type = self.optional_type(fields.get("return_type"), depth)?;
        let is_any = params.is_none() && block.is_none() && return_type.is_none();
        Ok((!is_any).then_some(CallableType {
            params,
            size,
            block,
            return_type,
        }))
    }

    fn alias(&self, fields: &'a Fields, depth: usize) -> Result<Type> {
        let name = fields
            .get("name")
            .and_then(Json::as_str)
            .ok_or_else(|| malformed("Pcore::TypeAliasType"))?;
        // Puppet's own may be recursive, and are known.
        if matches!(name, "Data" | "RichData" | "RichDataKey") {
            return crate::types::type_by_name(name).ok_or_else(|| unknown(name));
        }
        let alias = TypeAlias::new(name);
        if let Some(target) = self.optional_type(fields.get("resolved_type"), depth)? {
            alias.resolve(target);
        }
        Ok(Type::Alias(alias))
    }

    fn object_type(&self, fields: &'a Fields, depth: usize) -> Result<Type> {
        let init = fields
            .get("_pcore_init_hash")
            .ok_or_else(|| malformed("Pcore::ObjectType"))?;
        let definition = self.value(init, depth + 1)?;
        if definition.as_hash().is_none_or(PuppetHash::is_empty) {
            return Ok(Type::Object(None));
        }
        crate::types::parameterize("Object", &[definition])
    }
}

fn strings(json: Option<&Json>) -> impl Iterator<Item = &str> {
    json.and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(Json::as_str)
}

#[cold]
fn unknown(name: &str) -> Error {
    Error::new(format!(
        "No implementation mapping found for Puppet Type {name}"
    ))
}

#[cold]
fn malformed(name: &str) -> Error {
    Error::new(format!("Malformed rich data of {name}"))
}
