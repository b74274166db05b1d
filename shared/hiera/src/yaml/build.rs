//! Nodes to data: `Psych::Visitors::ToRuby` with the class loader that permits only `Symbol`.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::events::{Kind, Node};
use super::scalar::{self, Token};
use super::tree::{Data, Map};
use super::{YamlError, tags};

/// Most levels of nesting.
pub const MAX_DEPTH: usize = 200;
/// Most nodes of a document, those that aliases repeat counted each time.
pub const MAX_NODES: usize = 4_000_000;

pub(super) fn build(root: &Node, file: Option<&str>) -> Result<Data, YamlError> {
    let mut builder = Builder {
        file,
        anchors: HashMap::new(),
        depth: 0,
        nodes: 0,
    };
    builder.accept(root)
}

/// What an anchor stands for.
enum Anchor {
    /// Its collection is being read: an alias to it here would be a cycle.
    Open,
    /// Its value, its number of nodes, and its depth.
    Closed(Data, usize, usize),
}

struct Builder<'a> {
    file: Option<&'a str>,
    anchors: HashMap<String, Anchor>,
    depth: usize,
    nodes: usize,
}

impl Builder<'_> {
    fn accept(&mut self, node: &Node) -> Result<Data, YamlError> {
        self.count(1, 0)?;
        let before = self.nodes;
        let data = match &node.kind {
            Kind::Alias(name) => return self.alias(name),
            Kind::Scalar { value, quoted } => self.scalar(node, value, *quoted)?,
            Kind::Sequence(children) => {
                self.open(node);
                self.sequence(node, children)?
            }
            Kind::Mapping(children) => {
                self.open(node);
                self.mapping(node, children)?
            }
        };
        if let Some(anchor) = &node.anchor {
            let closed = Anchor::Closed(data.clone(), self.nodes - before, data.depth());
            self.anchors.insert(anchor.clone(), closed);
        }
        Ok(data)
    }

    fn open(&mut self, node: &Node) {
        if let Some(anchor) = &node.anchor {
            self.anchors.insert(anchor.clone(), Anchor::Open);
        }
    }

    /// Counts nodes, and the depth they reach below the current level.
    fn count(&mut self, nodes: usize, below: usize) -> Result<(), YamlError> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES || self.depth + below > MAX_DEPTH {
            return Err(YamlError::too_large(self.file));
        }
        Ok(())
    }

    fn alias(&mut self, name: &str) -> Result<Data, YamlError> {
        match self.anchors.get(name) {
            None => Err(self.error(format!("Unknown alias: {name}"))),
            Some(Anchor::Open) => Err(self.error(format!(
                "Alias *{name} stands within what it names: recursive data is not supported"
            ))),
            Some(Anchor::Closed(data, nodes, depth)) => {
                let (data, nodes, depth) = (data.clone(), *nodes, *depth);
                self.count(nodes, depth)?;
                Ok(data)
            }
        }
    }

    fn error(&self, message: String) -> YamlError {
        YamlError::new(message, self.file)
    }

    fn scalar(&self, node: &Node, value: &str, quoted: bool) -> Result<Data, YamlError> {
        if quoted {
            return Ok(Data::Str(value.into()));
        }
        let Some(tag) = &node.tag else {
            return self.token(value);
        };
        match tags::scalar(tag, value) {
            tags::Scalar::Text => Ok(Data::Str(value.into())),
            tags::Scalar::Plain => self.token(value),
            tags::Scalar::Symbol => Ok(Data::Symbol(value.into())),
            tags::Scalar::Binary => Ok(tags::unpack_base64(value)),
            tags::Scalar::Float => match self.token(value)? {
                Data::Int(number) => Ok(Data::Float(number as f64)),
                Data::Float(number) => Ok(Data::Float(number)),
                Data::Str(text) => match text.parse::<f64>() {
                    Ok(number) => Ok(Data::Float(number)),
                    Err(_) => Err(self.error(format!("invalid value for Float(): \"{text}\""))),
                },
                Data::Null => Err(self.error("can't convert nil into Float".to_owned())),
                Data::Bool(truth) => Err(self.error(format!("can't convert {truth} into Float"))),
                _ => Err(self.error("can't convert Symbol into Float".to_owned())),
            },
            tags::Scalar::Class(class) => Err(YamlError::disallowed(&class, self.file)),
        }
    }

    fn token(&self, value: &str) -> Result<Data, YamlError> {
        match scalar::tokenize(value) {
            Token::Data(data) => Ok(data),
            Token::Class(class) => Err(YamlError::disallowed(class, self.file)),
            Token::Invalid(message) => Err(self.error(message)),
        }
    }

    fn sequence(&mut self, node: &Node, children: &[Node]) -> Result<Data, YamlError> {
        match node.tag.as_deref().map(tags::sequence) {
            Some(tags::Sequence::Class(class)) => Err(YamlError::disallowed(&class, self.file)),
            Some(tags::Sequence::Ordered) => {
                let mut map = Map::default();
                self.depth += 1;
                for child in children {
                    let pair = match &child.kind {
                        Kind::Mapping(pairs) => {
                            pairs.first().zip(pairs.last()).map(|(a, b)| (&a.0, &b.1))
                        }
                        Kind::Sequence(items) => items.first().zip(items.last()),
                        Kind::Scalar { .. } | Kind::Alias(_) => None,
                    };
                    let Some((key, value)) = pair else {
                        return Err(self.error("an !omap entry is no pair".to_owned()));
                    };
                    let key = self.accept(key)?;
                    let value = self.accept(value)?;
                    map.insert(key, value);
                }
                self.depth -= 1;
                Ok(Data::Hash(Arc::new(map)))
            }
            Some(tags::Sequence::Plain) | None => {
                let mut list = Vec::with_capacity(children.len());
                self.depth += 1;
                for child in children {
                    list.push(self.accept(child)?);
                }
                self.depth -= 1;
                Ok(Data::Array(Arc::new(list)))
            }
        }
    }

    fn mapping(&mut self, node: &Node, children: &[(Node, Node)]) -> Result<Data, YamlError> {
        match node.tag.as_deref().map(tags::mapping) {
            Some(tags::Mapping::Class(class)) => Err(YamlError::disallowed(&class, self.file)),
            Some(tags::Mapping::Text) => {
                let mut text = Data::Null;
                for (key, value) in children {
                    let key = self.accept(key)?;
                    let value = self.accept(value)?;
                    if key == Data::Str("str".into()) {
                        text = value;
                    }
                }
                Ok(text)
            }
            Some(tags::Mapping::Plain) | None => {
                let mut map: Map =
                    IndexMap::with_capacity_and_hasher(children.len(), rustc_hash::FxBuildHasher);
                self.depth += 1;
                for (key, value) in children {
                    self.pair(&mut map, key, value)?;
                }
                self.depth -= 1;
                Ok(Data::Hash(Arc::new(map)))
            }
        }
    }

    /// `revive_hash`: a merge key takes over what stands before it, as Ruby's `merge!` does.
    fn pair(&mut self, map: &mut Map, key_node: &Node, value_node: &Node) -> Result<(), YamlError> {
        let key = self.accept(key_node)?;
        let value = self.accept(value_node)?;
        let is_merge = matches!(&key, Data::Str(text) if text == "<<")
            && key_node.tag.as_deref() != Some("tag:yaml.org,2002:str");
        if is_merge {
            match (&value_node.kind, &value) {
                (Kind::Alias(_) | Kind::Mapping(_), Data::Hash(other)) => {
                    merge_into(map, other);
                    return Ok(());
                }
                (Kind::Sequence(_), Data::Array(list)) => {
                    let mut merged = Map::default();
                    let hashes: Option<Vec<_>> = list.iter().rev().map(Data::as_map).collect();
                    if let Some(hashes) = hashes {
                        for other in hashes {
                            merge_into(&mut merged, other);
                        }
                        merge_into(map, &merged);
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        map.insert(key, value);
        Ok(())
    }
}

fn merge_into(map: &mut Map, other: &Map) {
    for (key, value) in other {
        map.insert(key.clone(), value.clone());
    }
}
