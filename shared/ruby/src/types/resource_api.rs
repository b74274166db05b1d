//! `Puppet::ResourceApi.register_type(name: 'x', attributes: { ... })`.

use ruby_prism::{CallNode, Node};

use super::scan::Places;
use super::{
    Attribute, AttributeKind, TitlePatterns, TypeApi, TypeDefinition, Unreadable, in_puppet_order,
    title_patterns,
};
use crate::literal::{arguments, name_of, option, pairs};

/// Reads the type that `call` (to `register_type`) declares.
pub(super) fn read(call: &CallNode<'_>, places: &Places) -> Result<TypeDefinition, Unreadable> {
    let unreadable = |reason: &str| places.unreadable(&call.location(), reason);
    let list = arguments(call);
    let Some(definition) = list.last() else {
        return Err(unreadable("the definition of the type is computed"));
    };
    let Some(name) = option(definition, "name").and_then(|value| name_of(&value)) else {
        return Err(unreadable("the name of the type is computed"));
    };
    let Some(entries) = option(definition, "attributes").and_then(|value| pairs(&value)) else {
        return Err(unreadable("the attributes of the type are computed"));
    };
    let mut attributes = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let Some(name) = name else {
            return Err(
                places.unreadable(&value.location(), "the name of an attribute is computed")
            );
        };
        attributes.push(attribute(name, &value, places)?);
    }
    Ok(TypeDefinition {
        name: name.to_lowercase().into(),
        api: TypeApi::ResourceApi,
        attributes: in_puppet_order(attributes),
        title_patterns: option(definition, "title_patterns")
            .map_or(TitlePatterns::Inherited, |value| {
                title_patterns::of_resource_api(&value)
            }),
        has_inline_providers: false,
        isomorphic: true,
        line: places.line(&call.location()),
    })
}

fn attribute(name: String, value: &Node<'_>, places: &Places) -> Result<Attribute, Unreadable> {
    let behaviour = option(value, "behaviour").or_else(|| option(value, "behavior"));
    let kind_and_namevar = match behaviour {
        None => Some((AttributeKind::Property, false)),
        Some(behaviour) => match name_of(&behaviour).as_deref() {
            Some("namevar") => Some((AttributeKind::Parameter, true)),
            Some("parameter") => Some((AttributeKind::Parameter, false)),
            Some(_) => Some((AttributeKind::Property, false)),
            None => None,
        },
    };
    match kind_and_namevar {
        Some((kind, namevar)) => Ok(Attribute {
            name: name.into(),
            kind,
            namevar,
            line: places.line(&value.location()),
        }),
        None => Err(places.unreadable(
            &value.location(),
            "the behaviour of an attribute is computed",
        )),
    }
}
