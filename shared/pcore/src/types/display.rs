//! The string form of types (`TypeFormatter`).

use std::fmt;
use std::sync::Arc;

use ecow::EcoString;

use super::{CallableType, Range, Size, StringType, Type};
use crate::Value;
use crate::format::puppet_quote;

impl fmt::Display for Type {
    /// `to_s`: an alias shows its definition (`Foo = Integer`), nested ones their name only.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alias(_) => formatter.write_str(&expanded(self)),
            Self::Object(None) => formatter.write_str("Object[{}]"),
            Self::Deferred => formatter.write_str(DEFERRED),
            Self::Error(None) => formatter.write_str(ERROR),
            Self::TypeSet(None) => formatter.write_str(TYPE_SET),
            _ => formatter.write_str(&to_plain_string(self)),
        }
    }
}

/// Definitions that `to_s` of an Object type shows in full.
const DEFERRED: &str = concat!(
    r"Object[{name => 'Deferred', attributes => {'name' => Pattern[/\A[$]?[a-z][a-z0-9_]*(?:::[a-z][a-z0-9_]*)*\z/], ",
    "'arguments' => {type => Optional[Array], value => undef}}}]"
);
const ERROR: &str = concat!(
    "Object[{name => 'Error', type_parameters => {",
    "'kind' => Variant[String, Regexp, Type[Enum], Type[Pattern], Type[NotUndef], Type[Undef]], ",
    "'issue_code' => Variant[String, Regexp, Type[Enum], Type[Pattern], Type[NotUndef], Type[Undef]]}, ",
    "attributes => {'msg' => String[1], 'kind' => {type => Optional[String[1]], value => undef}, ",
    "'details' => {type => Optional[Hash[String[1], Data]], value => undef}, ",
    "'issue_code' => {type => Optional[String[1]], value => undef}}, ",
    "functions => {'message' => Callable[[0, 0], String[1]]}}]"
);
const TYPE_SET: &str = concat!(
    "TypeSet[{pcore_uri => 'http://puppet.com/2016.1/pcore', pcore_version => '1.0.0', ",
    "name_authority => 'http://puppet.com/2016.1/runtime', name => 'DefaultTypeSet', version => '0.0.0'}]"
);

/// The type with aliases by name only (`TypeFormatter.string`).
#[must_use]
pub fn to_plain_string(data_type: &Type) -> String {
    let mut writer = Writer::default();
    writer.put_type(data_type);
    writer.text
}

/// The type with every alias followed by its definition (`to_alias_expanded_s`).
#[must_use]
pub fn expanded(data_type: &Type) -> String {
    let mut writer = Writer {
        expand: true,
        ..Writer::default()
    };
    writer.put_type(data_type);
    writer.text
}

/// Name of the type without parameters (`Integer`); of a resource type too: `Resource`.
#[must_use]
pub fn short_name(data_type: &Type) -> String {
    let name = match data_type {
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
        Type::Deferred => "Deferred",
        Type::Error(_) => "Error",
        Type::Object(None) => "Object",
        Type::Object(Some(object)) => return object.name.to_string(),
        Type::TypeSet(None) => "TypeSet",
        Type::TypeSet(Some(set)) => return set.name.to_string(),
        Type::Init(_) => "Init",
        Type::Runtime(_) => "Runtime",
        Type::Alias(alias) => return alias.name.to_string(),
        Type::Reference(_) => "TypeReference",
    };
    name.to_owned()
}

#[derive(Default)]
struct Writer<'a> {
    text: String,
    expand: bool,
    /// Aliases whose definition is being written.
    open: Vec<&'a super::TypeAlias>,
}

impl<'a> Writer<'a> {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// `Name[a, b]`, or `Name` without parameters.
    fn parameters<T>(&mut self, name: &str, parameters: &[T], each: impl Fn(&mut Self, &T)) {
        self.put(name);
        if !parameters.is_empty() {
            self.put("[");
            self.list(parameters, each);
            self.put("]");
        }
    }

    fn list<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            each(self, item);
        }
    }

    fn words(&mut self, name: &str, words: &[String]) {
        self.parameters(name, words, |writer, word| writer.put(word));
    }

    /// `Name[T]`; a string type of one value is shown as that string.
    fn contained(&mut self, name: &str, inner: Option<&'a Type>) {
        self.put(name);
        if let Some(inner) = inner {
            self.put("[");
            match inner {
                Type::String(super::StringType::Value(text)) => self.put(&puppet_quote(text)),
                inner => self.put_type(inner),
            }
            self.put("]");
        }
    }

    fn types_and_size(&mut self, name: &str, types: &[&'a Type], size: Option<Size>) {
        self.put(name);
        self.put("[");
        for (index, part) in types.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            self.put_type(part);
        }
        for (index, word) in size_words(size).iter().enumerate() {
            if index > 0 || !types.is_empty() {
                self.put(", ");
            }
            self.put(word);
        }
        self.put("]");
    }

    fn put_type(&mut self, data_type: &'a Type) {
        match data_type {
            Type::Integer(range) => self.words("Integer", &range_words(range, ToString::to_string)),
            Type::Float(range) => self.words(
                "Float",
                &range_words(range, |n| crate::numbers::float_to_string(*n)),
            ),
            Type::Boolean(value) => {
                let words: Vec<String> = value.iter().map(ToString::to_string).collect();
                self.words("Boolean", &words);
            }
            Type::String(parameter) => {
                let size = match parameter {
                    super::StringType::Size(size) => Some(*size),
                    _ => None,
                };
                self.words("String", &size_words(size));
            }
            Type::Enum {
                values,
                case_insensitive,
            } => {
                let mut words: Vec<String> = values.iter().map(|text| puppet_quote(text)).collect();
                if *case_insensitive && !words.is_empty() {
                    words.push("true".to_owned());
                }
                self.words("Enum", &words);
            }
            Type::Pattern(patterns) => {
                let words: Vec<String> =
                    patterns.iter().map(|pattern| pattern.to_string()).collect();
                self.words("Pattern", &words);
            }
            Type::Regexp(regex) => {
                let words: Vec<String> = regex.iter().map(|regex| regex.to_string()).collect();
                self.words("Regexp", &words);
            }
            Type::Collection(size) => self.words("Collection", &size_words(*size)),
            Type::Array { element, size } => match size {
                Some(Size {
                    from: 0,
                    to: Some(0),
                }) => self.put("Array[0, 0]"),
                None if **element == Type::Any => self.put("Array"),
                _ => self.types_and_size("Array", &[element], *size),
            },
            Type::Hash { key, value, size } => match size {
                Some(Size {
                    from: 0,
                    to: Some(0),
                }) => self.put("Hash[0, 0]"),
                None if **key == Type::Any && **value == Type::Any => self.put("Hash"),
                _ => self.types_and_size("Hash", &[key, value], *size),
            },
            Type::Tuple { types, .. } if types.is_empty() => self.put("Tuple"),
            Type::Tuple { types, size } => {
                self.types_and_size("Tuple", &types.iter().collect::<Vec<_>>(), *size)
            }
            Type::Struct(elements) => self.put_struct(elements),
            Type::Variant(types) => {
                self.put("Variant");
                if !types.is_empty() {
                    let parts: Vec<&Type> = types.iter().collect();
                    self.types_and_size("", &parts, None);
                }
            }
            Type::Optional(inner) => self.contained("Optional", inner.as_deref()),
            Type::NotUndef(inner) => {
                self.contained(
                    "NotUndef",
                    inner.as_deref().filter(|inner| **inner != Type::Any),
                );
            }
            Type::Iterable(inner) => self.plain_contained("Iterable", inner.as_deref()),
            Type::Iterator(inner) => self.plain_contained("Iterator", inner.as_deref()),
            Type::Type(inner) => self.plain_contained("Type", inner.as_deref()),
            Type::Sensitive(inner) => {
                self.plain_contained(
                    "Sensitive",
                    inner.as_deref().filter(|inner| **inner != Type::Any),
                );
            }
            Type::Callable(callable) => self.put_callable(callable.as_deref()),
            Type::Resource { type_name, title } => {
                self.put(type_name.as_deref().unwrap_or("Resource"));
                if let Some(title) = title.as_ref().filter(|_| type_name.is_some()) {
                    let title = puppet_quote(title);
                    self.words("", &[title]);
                }
            }
            Type::Class { name } => {
                let words: Vec<String> = name.iter().map(ToString::to_string).collect();
                self.words("Class", &words);
            }
            Type::Timestamp(range) => self.words("Timestamp", &time_words(range)),
            Type::Timespan(range) => self.words("Timespan", &time_words(range)),
            Type::SemVer(ranges) => {
                let words: Vec<String> = ranges.iter().map(|range| format!("'{range}'")).collect();
                self.words("SemVer", &words);
            }
            Type::Uri(parameters) => {
                let words: Vec<String> = parameters
                    .iter()
                    .map(|value| crate::format::to_program_string(value).to_string())
                    .collect();
                self.words("URI", &words);
            }
            Type::Error(Some(error)) => {
                let words: Vec<String> = [&error.kind, &error.issue_code]
                    .into_iter()
                    .flatten()
                    .map(|part| match part {
                        Type::String(StringType::Value(text)) => puppet_quote(text).to_string(),
                        Type::Regexp(Some(regex)) => {
                            crate::format::to_program_string(&Value::Regexp(Arc::clone(regex)))
                                .to_string()
                        }
                        part => to_plain_string(part),
                    })
                    .collect();
                self.words("Error", &words);
            }
            Type::Init(Some(init)) => {
                self.put("Init[");
                self.put_type(&init.init_type);
                for argument in &init.arguments {
                    self.put(", ");
                    self.put(&crate::format::to_program_string(argument));
                }
                self.put("]");
            }
            Type::Runtime(Some(runtime)) => {
                self.words(
                    "Runtime",
                    &[runtime.runtime.to_string(), puppet_quote(&runtime.name)],
                );
            }
            Type::Reference(text) => {
                let text = puppet_quote(text.as_deref().unwrap_or("UnresolvedReference"));
                self.words("TypeReference", &[text]);
            }
            Type::Alias(alias) => {
                self.put(&alias.name);
                let again = self
                    .open
                    .iter()
                    .any(|open| std::ptr::eq(*open, &raw const **alias));
                if self.expand
                    && !again
                    && !super::builtin::is_builtin_alias(&alias.name)
                    && let Some(target) = alias.target()
                {
                    self.put(" = ");
                    self.open.push(alias);
                    self.put_type(target);
                    self.open.pop();
                }
            }
            Type::Object(Some(object)) if object.name.is_empty() => {
                self.put("Object[");
                self.put(&crate::format::to_program_string(&object.definition));
                self.put("]");
            }
            _ => {
                let name = short_name(data_type);
                self.put(&name);
            }
        }
    }

    fn plain_contained(&mut self, name: &str, inner: Option<&'a Type>) {
        self.put(name);
        if let Some(inner) = inner {
            self.put("[");
            self.put_type(inner);
            self.put("]");
        }
    }

    fn put_struct(&mut self, elements: &'a [super::StructElement]) {
        self.put("Struct");
        if elements.is_empty() {
            return;
        }
        self.put("[{");
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            let name = puppet_quote(element.name());
            let takes_undef = super::is_assignable(&element.value, &Type::Undef);
            match (element.is_optional(), takes_undef) {
                (true, true) | (false, false) => self.put(&name),
                (true, false) => self.words("Optional", &[name]),
                (false, true) => self.words("NotUndef", &[name]),
            }
            self.put(" => ");
            self.put_type(&element.value);
        }
        self.put("}]");
    }

    fn put_callable(&mut self, callable: Option<&'a CallableType>) {
        let Some(callable) = callable else {
            return self.put("Callable");
        };
        let Some(params) = &callable.params else {
            self.put("Callable");
            if let Some(result) = &callable.return_type {
                self.put("[[], ");
                self.put_type(result);
                self.put("]");
            }
            return;
        };
        self.put("Callable[");
        if callable.return_type.is_some() {
            self.put("[");
        }
        let mut parts: Vec<Part<'a>> = params
            .iter()
            .filter(|part| **part != Type::Unit)
            .map(Part::Type)
            .collect();
        if params.is_empty() {
            parts.extend([Part::Word("0".into()), Part::Word("0".into())]);
        } else {
            parts.extend(
                size_words(callable.size)
                    .into_iter()
                    .map(|word| Part::Word(word.into())),
            );
        }
        parts.extend(callable.block.as_ref().map(Part::Type));
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            match part {
                Part::Type(part) => self.put_type(part),
                Part::Word(word) => self.put(&word),
            }
        }
        if let Some(result) = &callable.return_type {
            self.put("], ");
            self.put_type(result);
        }
        self.put("]");
    }
}

enum Part<'a> {
    Type(&'a Type),
    Word(EcoString),
}

fn range_words<T>(range: &Range<T>, show: impl Fn(&T) -> String) -> Vec<String> {
    if range.is_unbounded() {
        return Vec::new();
    }
    let from = range
        .from
        .as_ref()
        .map_or_else(|| "default".to_owned(), &show);
    std::iter::once(from)
        .chain(range.to.as_ref().map(show))
        .collect()
}

fn size_words(size: Option<Size>) -> Vec<String> {
    size.map_or_else(Vec::new, |size| {
        range_words(
            &Range {
                from: Some(size.from),
                to: size.to,
            },
            ToString::to_string,
        )
    })
}

fn time_words<T: Copy + PartialEq>(range: &Range<T>) -> Vec<String>
where
    Value: From<T>,
{
    if range.is_unbounded() {
        return Vec::new();
    }
    let quote = |time: T| format!("'{}'", crate::to_display_string(&Value::from(time)));
    let from = range.from.map_or_else(|| "default".to_owned(), quote);
    std::iter::once(from)
        .chain(range.to.filter(|to| range.from != Some(*to)).map(quote))
        .collect()
}
