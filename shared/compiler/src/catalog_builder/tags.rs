//! Tags in order of insertion (`Puppet::Util::Tagging`).

use bunraku_pcore::{Value, to_display_string};
use ecow::EcoString;

/// A set of tags that keeps their order. Sets are small, so that a scan beats a hash.
#[derive(Debug, Clone, Default)]
pub(crate) struct TagSet(Vec<EcoString>);

impl TagSet {
    /// Adds a tag and the segments of a qualified one (`Tagging#tag`).
    ///
    /// # Errors
    /// The reference's message for a tag with characters that tags can't have.
    pub(crate) fn add(&mut self, tag: &str) -> Result<(), String> {
        let tag = downcase(tag);
        if self.contains(&tag) {
            return Ok(());
        }
        if !is_valid(&tag) {
            return Err(format!("Invalid tag '{tag}'"));
        }
        self.add_split(tag);
        Ok(())
    }

    /// Adds the tags in the value of a parameter `tag`, nested arrays flattened.
    pub(crate) fn add_value(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Undef => Ok(()),
            Value::Array(elements) => elements
                .iter()
                .try_for_each(|element| self.add_value(element)),
            other => self.add(&to_display_string(other)),
        }
    }

    /// Adds a text if it can be a tag (`tag_if_valid`).
    pub(crate) fn add_if_valid(&mut self, text: &str) {
        if is_valid(text) {
            let tag = downcase(text);
            if !self.contains(&tag) {
                self.add_split(tag);
            }
        }
    }

    /// Adds tags as they are (`merge_tags_from`).
    pub(crate) fn merge(&mut self, other: &Self) {
        for tag in &other.0 {
            if !self.contains(tag) {
                self.0.push(tag.clone());
            }
        }
    }

    /// Whether the tag is there.
    pub(crate) fn contains(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag)
    }

    /// Tags in order.
    pub(crate) fn to_vec(&self) -> Vec<EcoString> {
        self.0.clone()
    }

    fn add_split(&mut self, tag: EcoString) {
        let segments: Vec<EcoString> = if tag.contains("::") {
            tag.split("::").map(EcoString::from).collect()
        } else {
            Vec::new()
        };
        self.0.push(tag);
        for segment in segments {
            if !self.contains(&segment) {
                self.0.push(segment);
            }
        }
    }
}

/// Lower case, without a copy where it already is.
fn downcase(text: &str) -> EcoString {
    if text.chars().any(char::is_uppercase) {
        text.to_lowercase().into()
    } else {
        text.into()
    }
}

/// `/\A[[:alnum:]_][[:alnum:]_:.-]*\Z/`; `\Z` lets a line break end the text.
fn is_valid(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphanumeric() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_tags_bring_their_segments_after_them() {
        let mut tags = TagSet::default();
        tags.add_value(&Value::array(vec![
            Value::from("MyTag"),
            Value::from("Foo::Bar"),
        ]))
        .unwrap();
        tags.add_if_valid("/etc/motd");
        tags.add_if_valid("foo");
        assert_eq!(tags.to_vec(), ["mytag", "foo::bar", "foo", "bar"]);
        assert_eq!(tags.add("a b").unwrap_err(), "Invalid tag 'a b'");
    }
}
