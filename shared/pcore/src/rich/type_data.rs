//! Data types as Pcore objects (`Pcore::IntegerType`), attribute by attribute as in `types.rb`.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{MAX_DEPTH, scalar, too_deep, type_entry};
use crate::types::{CallableType, Range, Size, StringType, Type};
use crate::{Error, Result};

/// Optional attributes, of which those at the end that hold their default are left out.
struct Writer {
    json: Map<String, Json>,
    kept: usize,
    depth: usize,
}

pub(super) fn write(data_type: &Type, depth: usize) -> Result<Json> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    let mut writer = Writer {
        json: Map::new(),
        kept: 0,
        depth: depth + 1,
    };
    writer.attributes(data_type)?;
    // Attributes were counted from the last that is not its default.
    let mut json = Map::from_iter([type_entry(&format!("Pcore::{}Type", class_name(data_type)))]);
    json.extend(writer.json.into_iter().take(writer.kept));
    Ok(Json::Object(json))
}

impl Writer {
    fn always(&mut self, name: &str, value: Json) {
        self.json.insert(name.to_owned(), value);
        self.kept = self.json.len();
    }

    /// `None` stands for the default.
    fn optional(&mut self, name: &str, value: Option<Json>, default: Json) {
        match value {
            Some(value) => self.always(name, value),
            None => {
                self.json.insert(name.to_owned(), default);
            }
        }
    }

    fn data(&self, data_type: &Type) -> Result<Json> {
        write(data_type, self.depth)
    }

    fn optional_type(&mut self, name: &str, data_type: Option<&Arc<Type>>) -> Result<()> {
        if let Some(data_type) = data_type {
            self.always(name, self.data(data_type)?);
        }
        Ok(())
    }

    /// A type whose default is `Any`.
    fn element(&mut self, name: &str, data_type: &Type) -> Result<()> {
        let json = self.data(data_type)?;
        let is_default = matches!(data_type, Type::Any);
        self.optional(name, (!is_default).then_some(json.clone()), json);
        Ok(())
    }

    fn size(&mut self, name: &str, size: Option<&Size>) {
        if let Some(size) = size {
            self.always(name, size_data(*size));
        }
    }

    fn range<T>(&mut self, range: &Range<T>, data: impl Fn(&T) -> Result<Json>) -> Result<()> {
        self.optional(
            "from",
            range.from.as_ref().map(&data).transpose()?,
            Json::Null,
        );
        self.optional("to", range.to.as_ref().map(&data).transpose()?, Json::Null);
        Ok(())
    }

    fn types(&self, types: &[Type]) -> Result<Json> {
        types
            .iter()
            .map(|data_type| self.data(data_type))
            .collect::<Result<Vec<_>>>()
            .map(Json::Array)
    }

    fn attributes(&mut self, data_type: &Type) -> Result<()> {
        match data_type {
            Type::Integer(range) => self.range(range, |bound| Ok(Json::from(*bound)))?,
            Type::Float(range) => {
                self.range(range, |bound| super::to_json(&crate::Value::Float(*bound)))?
            }
            Type::Timestamp(range) => {
                self.range(range, |bound| Ok(scalar("Timestamp", bound.to_string())))?
            }
            Type::Timespan(range) => {
                self.range(range, |bound| Ok(scalar("Timespan", bound.to_string())))?
            }
            Type::String(StringType::Size(size)) => self.size("size_type_or_value", Some(size)),
            Type::String(StringType::Value(value)) => {
                self.always("size_type_or_value", Json::from(value.as_str()))
            }
            Type::Enum {
                values,
                case_insensitive,
            } => {
                self.always(
                    "values",
                    values
                        .iter()
                        .map(|value| Json::from(value.as_str()))
                        .collect(),
                );
                if *case_insensitive {
                    self.always("case_insensitive", Json::Bool(true));
                }
            }
            Type::Pattern(patterns) => {
                let regexp = |pattern: &Arc<crate::RubyRegex>| {
                    self.data(&Type::Regexp(Some(Arc::clone(pattern))))
                };
                let patterns = patterns.iter().map(regexp).collect::<Result<Vec<_>>>()?;
                self.always("patterns", Json::Array(patterns));
            }
            Type::Regexp(Some(pattern)) => self.always("pattern", Json::from(pattern.source())),
            Type::Collection(size) => self.size("size_type", size.as_ref()),
            Type::Array { element, size } => {
                self.element("element_type", element)?;
                self.size("size_type", size.as_ref());
            }
            Type::Hash { key, value, size } => {
                self.element("key_type", key)?;
                self.element("value_type", value)?;
                self.size("size_type", size.as_ref());
            }
            Type::Tuple { types, size } => {
                self.always("types", self.types(types)?);
                self.size("size_type", size.as_ref());
            }
            Type::Struct(elements) => {
                let element = |element: &crate::types::StructElement| {
                    Ok(Json::Object(Map::from_iter([
                        type_entry("Pcore::StructElement"),
                        ("key_type".to_owned(), self.data(&element.key)?),
                        ("value_type".to_owned(), self.data(&element.value)?),
                    ])))
                };
                let elements = elements.iter().map(element).collect::<Result<Vec<_>>>()?;
                self.always("elements", Json::Array(elements));
            }
            Type::Optional(inner)
            | Type::NotUndef(inner)
            | Type::Iterable(inner)
            | Type::Iterator(inner)
            | Type::Type(inner) => self.optional_type("type", inner.as_ref())?,
            Type::Variant(types) => self.always("types", self.types(types)?),
            Type::Callable(callable) => self.callable(callable.as_deref())?,
            Type::Resource { type_name, title } => {
                for (name, value) in [("type_name", type_name), ("title", title)] {
                    if let Some(value) = value {
                        self.always(name, Json::from(value.as_str()));
                    }
                }
            }
            Type::Class { name: Some(name) } => {
                self.always("class_name", Json::from(name.as_str()))
            }
            Type::SemVer(ranges) if !ranges.is_empty() => {
                self.always(
                    "ranges",
                    ranges
                        .iter()
                        .map(|range| scalar("SemVerRange", range.to_string()))
                        .collect(),
                );
            }
            Type::Uri(Some(parameters)) => {
                self.always("parameters", super::write(parameters, self.depth)?)
            }
            Type::Object(object) => {
                let init = object
                    .as_ref()
                    .map(|object| super::write(&object.definition, self.depth))
                    .transpose()?;
                self.always(
                    "_pcore_init_hash",
                    init.unwrap_or_else(|| Json::Object(Map::new())),
                );
            }
            Type::Init(Some(init)) => {
                self.always("type", self.data(&init.init_type)?);
                if !init.arguments.is_empty() {
                    self.always("init_args", super::write_list(&init.arguments, self.depth)?);
                }
            }
            Type::Runtime(Some(runtime)) => {
                self.always("runtime", Json::from(runtime.runtime.as_str()));
                self.always("name_or_pattern", Json::from(runtime.name.as_str()));
            }
            Type::Alias(alias) => {
                let target = alias.target().map(|target| self.data(target)).transpose();
                // The only way to nest without end: the reference says so too.
                let target = target.map_err(|_| {
                    Error::with_code(
                        "SERIALIZATION_ENDLESS_RECURSION",
                        "Endless recursion detected when attempting to serialize value of class \
                         Puppet::Pops::Types::PTypeAliasType",
                    )
                })?;
                self.always("name", Json::from(alias.name.as_str()));
                self.always("type_expr", Json::Null);
                let unresolved = || Type::Reference(None);
                self.always(
                    "resolved_type",
                    target.map_or_else(|| self.data(&unresolved()), Ok)?,
                );
            }
            Type::Reference(text) => {
                self.always(
                    "type_string",
                    Json::from(text.as_deref().unwrap_or("UnresolvedReference")),
                );
            }
            Type::Deferred | Type::Error(_) | Type::TypeSet(_) => {
                return Err(Error::new(format!(
                    "The type {data_type} has no rich data form"
                )));
            }
            _ => {}
        }
        Ok(())
    }

    fn callable(&mut self, callable: Option<&CallableType>) -> Result<()> {
        let optional = |data_type: Option<&Type>| {
            data_type.map_or(Ok(Json::Null), |data_type| self.data(data_type))
        };
        let block = optional(callable.and_then(|callable| callable.block.as_ref()))?;
        let result = optional(callable.and_then(|callable| callable.return_type.as_ref()))?;
        let params = callable.and_then(|callable| Some((callable.params.as_ref()?, callable.size)));
        let params = params.map(|(types, size)| {
            self.data(&Type::Tuple {
                types: types.clone().into(),
                size,
            })
        });
        self.always("param_types", params.transpose()?.unwrap_or_default());
        self.always("block_type", block);
        self.always("return_type", result);
        Ok(())
    }
}

fn size_data(size: Size) -> Json {
    let mut json = Map::from_iter([
        type_entry("Pcore::IntegerType"),
        ("from".to_owned(), Json::from(size.from)),
    ]);
    if let Some(to) = size.to {
        json.insert("to".to_owned(), Json::from(to));
    }
    Json::Object(json)
}

/// Name of the Pcore type of types: `Integer` in `Pcore::IntegerType`.
fn class_name(data_type: &Type) -> &'static str {
    match data_type {
        Type::Any => "Any",
        Type::Unit => "Unit",
        Type::Undef => "Undef",
        Type::Default => "Default",
        Type::Scalar => "Scalar",
        Type::ScalarData => "ScalarData",
        Type::Numeric => "Numeric",
        Type::Integer(_) => "Integer",
        Type::Float(_) => "Float",
        Type::String(_) => "String",
        Type::Enum { .. } => "Enum",
        Type::Pattern(_) => "Pattern",
        Type::Regexp(_) => "Regexp",
        Type::Boolean(_) => "Boolean",
        Type::Collection(_) => "Collection",
        Type::Array { .. } => "Array",
        Type::Hash { .. } => "Hash",
        Type::Tuple { .. } => "Tuple",
        Type::Struct(_) => "Struct",
        Type::Optional(_) => "Optional",
        Type::NotUndef(_) => "NotUndef",
        Type::Variant(_) => "Variant",
        Type::Iterable(_) => "Iterable",
        Type::Iterator(_) => "Iterator",
        Type::Callable(_) => "Callable",
        Type::Type(_) => "Type",
        Type::Sensitive(_) => "Sensitive",
        Type::CatalogEntry => "CatalogEntry",
        Type::Resource { .. } => "Resource",
        Type::Class { .. } => "Class",
        Type::Timestamp(_) => "Timestamp",
        Type::Timespan(_) => "Timespan",
        Type::SemVer(_) => "SemVer",
        Type::SemVerRange => "SemVerRange",
        Type::Binary => "Binary",
        Type::Uri(_) => "URI",
        Type::Deferred | Type::Error(_) | Type::Object(_) => "Object",
        Type::TypeSet(_) => "TypeSet",
        Type::Init(_) => "Init",
        Type::Runtime(_) => "Runtime",
        Type::Alias(_) => "TypeAlias",
        Type::Reference(_) => "TypeReference",
    }
}
