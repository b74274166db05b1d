//! `Puppet::Type.newtype(:x) do ... end`.

use std::collections::HashMap;

use ecow::EcoString;
use ruby_prism::{CallNode, Node};

use super::scan::{Places, find_call};
use super::{
    Attribute, AttributeKind, TitlePatterns, TypeApi, TypeDefinition, Unreadable, in_puppet_order,
    title_patterns,
};
use crate::literal::{arguments, call_option, name_of, names_of, text};

/// Calls that give a type an attribute.
const DECLARING: [&[u8]; 4] = [b"newparam", b"newproperty", b"ensurable", b"newstate"];

/// Reads the type that `call` (to `newtype`) declares.
pub(super) fn read(call: &CallNode<'_>, places: &Places) -> Result<TypeDefinition, Unreadable> {
    let Some(name) = arguments(call).first().and_then(name_of) else {
        return Err(places.unreadable(&call.location(), "the name of the type is computed"));
    };
    let mut reader = Reader {
        places,
        attributes: Vec::new(),
        helpers: HashMap::new(),
        title_patterns: TitlePatterns::Inherited,
        has_inline_providers: false,
        isomorphic: true,
        bindings: Vec::new(),
    };
    if let Some(block) = call.block().and_then(|block| block.as_block_node())
        && let Some(body) = block.body()
    {
        reader.statements(&body)?;
    }
    let mut attributes = in_puppet_order(reader.attributes);
    // `Puppet::Type.key_attribute_parameters`: a parameter called `name` names the resource, marked or not.
    for attribute in &mut attributes {
        attribute.namevar |= attribute.name == "name" && attribute.kind == AttributeKind::Parameter;
    }
    Ok(TypeDefinition {
        name: name.to_lowercase().into(),
        api: TypeApi::Classic,
        attributes,
        title_patterns: reader.title_patterns,
        has_inline_providers: reader.has_inline_providers,
        isomorphic: reader.isomorphic,
        line: places.line(&call.location()),
    })
}

struct Reader<'p> {
    places: &'p Places,
    attributes: Vec<Attribute>,
    /// Methods of the type that wrap `newparam` or `newproperty` and take the name first (`newcheck` of `exec`).
    helpers: HashMap<Vec<u8>, AttributeKind>,
    title_patterns: TitlePatterns,
    has_inline_providers: bool,
    isomorphic: bool,
    /// Block parameters with the literal that they stand for in this turn of a loop.
    bindings: Vec<(Vec<u8>, String)>,
}

impl Reader<'_> {
    fn statements<'pr>(&mut self, body: &Node<'pr>) -> Result<(), Unreadable> {
        match body.as_statements_node() {
            Some(list) => list
                .body()
                .iter()
                .try_for_each(|statement| self.statement(&statement)),
            None => self.statement(body),
        }
    }

    fn statement(&mut self, node: &Node<'_>) -> Result<(), Unreadable> {
        if let Some(call) = node.as_call_node()
            && self.call(&call)?
        {
            return Ok(());
        }
        if let Some(write) = node.as_instance_variable_write_node() {
            if write.name().as_slice() == b"@isomorphic" {
                self.isomorphic = write.value().as_false_node().is_none();
                return Ok(());
            }
            return self.statement(&write.value());
        }
        if let Some(definition) = node.as_def_node() {
            if definition.receiver().is_none() {
                return Ok(());
            }
            if definition.name().as_slice() == b"title_patterns" {
                self.title_patterns = title_patterns::of_method(&definition);
            }
            return self.helper(node);
        }
        // `class << self; def title_patterns`
        if let Some(singleton) = node.as_singleton_class_node()
            && let Some(body) = singleton.body()
        {
            let list: Vec<Node<'_>> = match body.as_statements_node() {
                Some(list) => list.body().iter().collect(),
                None => vec![body],
            };
            for definition in list {
                if let Some(definition) = definition.as_def_node()
                    && definition.name().as_slice() == b"title_patterns"
                {
                    self.title_patterns = title_patterns::of_method(&definition);
                }
            }
        }
        match find_call(node, &DECLARING) {
            Some(hidden) => Err(self.places.unreadable(
                &hidden.location(),
                "an attribute is declared under a condition or by a computed call",
            )),
            None => Ok(()),
        }
    }

    /// Handles a call that declares something; `false` when it is none of these.
    fn call(&mut self, call: &CallNode<'_>) -> Result<bool, Unreadable> {
        let name = call.name();
        let name = name.as_slice();
        let on_self = call
            .receiver()
            .is_none_or(|receiver| receiver.as_self_node().is_some());
        if !on_self {
            return self.loop_over_literals(call);
        }
        match name {
            b"newparam" => self.declare(call, AttributeKind::Parameter)?,
            b"newproperty" | b"newstate" => self.declare(call, AttributeKind::Property)?,
            b"ensurable" => self.add("ensure".into(), AttributeKind::Property, false, call),
            b"provide" => self.has_inline_providers = true,
            b"title_patterns" | b"validate" | b"autorequire" | b"autobefore" | b"autonotify"
            | b"autosubscribe" | b"feature" | b"desc" | b"define_method" => {}
            helper => match self.helpers.get(helper) {
                Some(kind) => self.declare(call, *kind)?,
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    fn declare(&mut self, call: &CallNode<'_>, kind: AttributeKind) -> Result<(), Unreadable> {
        let Some(name) = arguments(call).first().and_then(|first| self.name(first)) else {
            return Err(self
                .places
                .unreadable(&call.location(), "the name of an attribute is computed"));
        };
        let marked =
            call_option(call, "namevar").is_some_and(|value| value.as_true_node().is_some());
        let in_block = call
            .block()
            .and_then(|block| block.as_block_node())
            .and_then(|block| block.body())
            .is_some_and(|body| find_call(&body, &[b"isnamevar"]).is_some());
        self.add(name, kind, marked || in_block, call);
        Ok(())
    }

    fn add(&mut self, name: String, kind: AttributeKind, namevar: bool, call: &CallNode<'_>) {
        let name = EcoString::from(name);
        let line = self.places.line(&call.location());
        // A parameter can be declared again (`newparam` replaces the class); its place stays.
        match self
            .attributes
            .iter_mut()
            .find(|attribute| attribute.name == name && attribute.kind == kind)
        {
            Some(known) => known.namevar |= namevar,
            None => self.attributes.push(Attribute {
                name,
                kind,
                namevar,
                line,
            }),
        }
    }

    /// `def self.newcheck(name, ...) ... newparam(name, ...)`: later calls of it declare attributes.
    fn helper(&mut self, node: &Node<'_>) -> Result<(), Unreadable> {
        let Some(definition) = node.as_def_node() else {
            return Ok(());
        };
        let Some(inner) = definition
            .body()
            .and_then(|body| find_call(&body, &DECLARING))
        else {
            return Ok(());
        };
        let first_parameter = definition
            .parameters()
            .and_then(|parameters| parameters.requireds().iter().next())
            .and_then(|parameter| parameter.as_required_parameter_node())
            .map(|parameter| parameter.name().as_slice().to_vec());
        let passed = arguments(&inner)
            .first()
            .and_then(|argument| argument.as_local_variable_read_node())
            .map(|variable| variable.name().as_slice().to_vec());
        if first_parameter.is_none() || first_parameter != passed {
            return Err(self
                .places
                .unreadable(&inner.location(), "the name of an attribute is computed"));
        }
        let kind = if inner.name().as_slice() == b"newparam" {
            AttributeKind::Parameter
        } else {
            AttributeKind::Property
        };
        self.helpers
            .insert(definition.name().as_slice().to_vec(), kind);
        Ok(())
    }

    /// `[:a, :b].each do |x| newparam(x) ... end`, unrolled.
    fn loop_over_literals(&mut self, call: &CallNode<'_>) -> Result<bool, Unreadable> {
        if call.name().as_slice() != b"each" {
            return Ok(false);
        }
        let (Some(names), Some(block)) = (
            call.receiver().and_then(|receiver| names_of(&receiver)),
            call.block().and_then(|block| block.as_block_node()),
        ) else {
            return Ok(false);
        };
        let parameter = block
            .parameters()
            .and_then(|parameters| parameters.as_block_parameters_node())
            .and_then(|parameters| parameters.parameters())
            .and_then(|parameters| parameters.requireds().iter().next())
            .and_then(|parameter| parameter.as_required_parameter_node())
            .map(|parameter| parameter.name().as_slice().to_vec());
        let (Some(parameter), Some(body)) = (parameter, block.body()) else {
            return Ok(false);
        };
        for name in names {
            self.bindings.push((parameter.clone(), name));
            let done = self.statements(&body);
            self.bindings.pop();
            done?;
        }
        Ok(true)
    }

    /// A literal name, or the literal that a loop's variable stands for.
    fn name(&self, node: &Node<'_>) -> Option<String> {
        if let Some(literal) = name_of(node) {
            return Some(literal);
        }
        let variable = match node.as_call_node() {
            Some(call) if matches!(call.name().as_slice(), b"to_sym" | b"intern") => {
                call.receiver()?
            }
            Some(_) => return None,
            None => return self.bound(node),
        };
        self.bound(&variable)
    }

    fn bound(&self, node: &Node<'_>) -> Option<String> {
        let read = node.as_local_variable_read_node()?;
        let name = read.name();
        let wanted = text(name.as_slice())?;
        self.bindings
            .iter()
            .rev()
            .find(|(bound, _)| bound == wanted.as_bytes())
            .map(|(_, literal)| literal.clone())
    }
}
