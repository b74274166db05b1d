//! Literals of the syntax tree as text.

use ruby_prism::{ArgumentsNode, CallNode, Node, NodeList};

/// The text of a symbol or of a string without interpolation.
pub(crate) fn name_of(node: &Node<'_>) -> Option<String> {
    if let Some(symbol) = node.as_symbol_node() {
        return text(symbol.unescaped());
    }
    if let Some(string) = node.as_string_node() {
        return text(string.unescaped());
    }
    // `'x'.to_sym`, `'x'.intern`
    let call = node.as_call_node()?;
    if matches!(call.name().as_slice(), b"to_sym" | b"intern" | b"freeze")
        && call.arguments().is_none()
    {
        return name_of(&call.receiver()?);
    }
    None
}

/// The names in a literal array of symbols or strings; `None` when any element is something else.
pub(crate) fn names_of(node: &Node<'_>) -> Option<Vec<String>> {
    node.as_array_node()?
        .elements()
        .iter()
        .map(|element| name_of(&element))
        .collect()
}

/// The value of `key` in a hash literal, in braces or bare among arguments.
pub(crate) fn option<'pr>(node: &Node<'pr>, key: &str) -> Option<Node<'pr>> {
    pairs(node)?
        .into_iter()
        .find_map(|(name, value)| (name.as_deref() == Some(key)).then_some(value))
}

/// Entries of a hash literal with their keys, `None` for a key that is no literal or for a splat.
pub(crate) fn pairs<'pr>(node: &Node<'pr>) -> Option<Vec<(Option<String>, Node<'pr>)>> {
    let elements: NodeList<'pr> = if let Some(hash) = node.as_hash_node() {
        hash.elements()
    } else {
        node.as_keyword_hash_node()?.elements()
    };
    Some(
        elements
            .iter()
            .map(|element| match element.as_assoc_node() {
                Some(pair) => (name_of(&pair.key()), pair.value()),
                None => (None, element),
            })
            .collect(),
    )
}

/// The arguments of a call, in order.
pub(crate) fn arguments<'pr>(call: &CallNode<'pr>) -> Vec<Node<'pr>> {
    call.arguments()
        .map(|list: ArgumentsNode<'pr>| list.arguments().iter().collect())
        .unwrap_or_default()
}

/// The value of `key` in the hash that ends a call's arguments.
pub(crate) fn call_option<'pr>(call: &CallNode<'pr>, key: &str) -> Option<Node<'pr>> {
    arguments(call).last().and_then(|last| option(last, key))
}

/// The last name of a constant path: `Type` of `Puppet::Type`.
pub(crate) fn constant_name(node: &Node<'_>) -> Option<String> {
    if let Some(read) = node.as_constant_read_node() {
        return text(read.name().as_slice());
    }
    text(node.as_constant_path_node()?.name()?.as_slice())
}

/// Bytes as text; Ruby names outside of UTF-8 are none that a manifest can write.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}
