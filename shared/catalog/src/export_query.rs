//! What a collector of exported resources asks for.

use std::fmt;
use std::str::FromStr;

use ecow::EcoString;
use serde_json::{Value as Json, json};

use crate::exported::ExportedResource;

/// A type, and what holds of the resources. Its text is JSON in PuppetDB's query language:
/// `["Notify"]`, `["Notify",["and",["=","tag","web"],["not",["=",["parameter","port"],80]]]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportQuery {
    /// Capitalized in each segment.
    pub type_name: EcoString,
    /// Absent: all of the type.
    pub condition: Option<Condition>,
}

/// A condition on an exported resource, as PuppetDB answers it.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of them hold.
    And(Vec<Condition>),
    /// One of them holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The title, in its very case; `None` is no title.
    Title(Option<EcoString>),
    /// One of the tags; lower case.
    Tag(EcoString),
    /// A parameter is set and has exactly this value: 1 is neither 1.0 nor "1", and an array is
    /// not searched.
    Parameter {
        /// Its name.
        name: EcoString,
        /// Its value.
        value: Json,
    },
}

/// A text that is no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a query for exported resources: {0:?}")]
pub struct QueryError(pub String);

impl ExportQuery {
    /// Whether the query asks for a resource, whoever exports it.
    #[must_use]
    pub fn matches(&self, resource: &ExportedResource) -> bool {
        self.type_name == resource.type_name
            && self
                .condition
                .as_ref()
                .is_none_or(|condition| condition.matches(resource))
    }
}

impl Condition {
    /// Both hold; a chain becomes one list.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::And(mut all) => {
                all.push(other);
                Self::And(all)
            }
            first => Self::And(vec![first, other]),
        }
    }

    /// One of them holds; a chain becomes one list.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Or(mut any) => {
                any.push(other);
                Self::Or(any)
            }
            first => Self::Or(vec![first, other]),
        }
    }

    fn matches(&self, resource: &ExportedResource) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(resource)),
            Self::Or(any) => any.iter().any(|one| one.matches(resource)),
            Self::Not(inner) => !inner.matches(resource),
            Self::Title(title) => title.as_ref() == Some(&resource.title),
            Self::Tag(tag) => resource.tags.contains(tag),
            Self::Parameter { name, value } => resource.parameters.get(name) == Some(value),
        }
    }

    fn to_json(&self) -> Json {
        let list = |word: &str, conditions: &[Self]| {
            let mut list = vec![json!(word)];
            list.extend(conditions.iter().map(Self::to_json));
            Json::Array(list)
        };
        match self {
            Self::And(all) => list("and", all),
            Self::Or(any) => list("or", any),
            Self::Not(inner) => json!(["not", inner.to_json()]),
            Self::Title(title) => json!(["=", "title", title]),
            Self::Tag(tag) => json!(["=", "tag", tag]),
            Self::Parameter { name, value } => json!(["=", ["parameter", name], value]),
        }
    }

    fn from_json(json: &Json) -> Option<Self> {
        let list = |items: &[Json]| items.iter().map(Self::from_json).collect::<Option<_>>();
        let [Json::String(word), rest @ ..] = json.as_array()?.as_slice() else {
            return None;
        };
        Some(match (word.as_str(), rest) {
            ("and", all) => Self::And(list(all)?),
            ("or", any) => Self::Or(list(any)?),
            ("not", [inner]) => Self::Not(Box::new(Self::from_json(inner)?)),
            ("=", [Json::String(field), value]) => match (field.as_str(), value) {
                ("title", Json::Null) => Self::Title(None),
                ("title", Json::String(title)) => Self::Title(Some(title.as_str().into())),
                ("tag", Json::String(tag)) => Self::Tag(tag.as_str().into()),
                _ => return None,
            },
            ("=", [Json::Array(field), value]) => match field.as_slice() {
                [Json::String(word), Json::String(name)] if word == "parameter" => {
                    Self::Parameter {
                        name: name.as_str().into(),
                        value: value.clone(),
                    }
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}

impl fmt::Display for ExportQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = match &self.condition {
            None => json!([self.type_name]),
            Some(condition) => json!([self.type_name, condition.to_json()]),
        };
        write!(f, "{query}")
    }
}

impl FromStr for ExportQuery {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let parse = |json: &Json| match json.as_array()?.as_slice() {
            [Json::String(type_name)] => Some(Self {
                type_name: type_name.as_str().into(),
                condition: None,
            }),
            [Json::String(type_name), condition] => Some(Self {
                type_name: type_name.as_str().into(),
                condition: Some(Condition::from_json(condition)?),
            }),
            _ => None,
        };
        serde_json::from_str(text)
            .ok()
            .as_ref()
            .and_then(parse)
            .ok_or_else(|| QueryError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_comes_back_from_its_text() {
        for text in [
            r#"["Notify"]"#,
            r#"["Notify",["=","title","it's"]]"#,
            r#"["My::Thing",["and",["=","tag","web"],["or",["=","title",null],["not",["=",["parameter","port"],80]]]]]"#,
            r#"["File",["=",["parameter","x"],{"b":[1,1.0,null],"a":true}]]"#,
        ] {
            let query: ExportQuery = text.parse().unwrap();
            assert_eq!(query.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_is_no_query_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"["a","b","c"]"#,
            r#"["a",["=","title",1]]"#,
            r#"["a",["~","title","x"]]"#,
        ] {
            assert!(text.parse::<ExportQuery>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_chain_stays_flat_and_so_readable() {
        let title = |number: usize| Condition::Title(Some(ecow::eco_format!("{number}")));
        let chain = (1..1000).fold(title(0), |chain, number| chain.or(title(number)));
        let query = ExportQuery {
            type_name: "Notify".into(),
            condition: Some(chain),
        };
        assert_eq!(query.to_string().parse(), Ok(query));
    }
}
