//! Query strings and forms.

use std::borrow::Cow;

/// Most parameters a request may have.
const MOST: usize = 256;

/// Parameters in order; names can come more than once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    list: Vec<(String, String)>,
}

impl Params {
    /// Reads `a=b&c=d`.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let list = pairs(text)
            .map(|(name, value)| (Self::text(&decode(name)), Self::text(&decode(value))))
            .collect();
        Self { list }
    }

    /// Decoded bytes as text; what is not UTF-8 is replaced, and so names nothing.
    pub(crate) fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// The first value of `name`; empty values count as none, as in Puppet Server.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.list.iter().find(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// All values of `name`, also where it is written `name[]`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.list
            .iter()
            .filter(move |(key, _)| key == name || key.strip_suffix("[]") == Some(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` is given and `true`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
}

/// The pairs of a form, not decoded, at most [`MOST`].
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    // Facts are long: nobody looks at their bytes one by one.
    let ends = memchr::memchr_iter(b'&', text).chain(std::iter::once(text.len()));
    ends.scan(0, |start, end| {
        let pair = text.get(*start..end).unwrap_or_default();
        *start = end.saturating_add(1);
        Some(pair)
    })
    .filter(|pair| !pair.is_empty())
    .take(MOST)
    .map(|pair| match memchr::memchr(b'=', pair) {
        Some(at) => (
            pair.get(..at).unwrap_or_default(),
            pair.get(at + 1..).unwrap_or_default(),
        ),
        None => (pair, &[][..]),
    })
}

/// Decodes `%XX` and `+` as Ruby's `CGI.unescape` does: what is no escape stays as it is.
pub(crate) fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(start) = memchr::memchr2(b'%', b'+', text) else {
        return Cow::Borrowed(text);
    };
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(text.get(..start).unwrap_or_default());
    let mut rest = text.get(start..).unwrap_or_default();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match after {
                [high, low, tail @ ..] => match (hex_digit(*high), hex_digit(*low)) {
                    (Some(high), Some(low)) => {
                        out.push(high << 4 | low);
                        rest = tail;
                    }
                    _ => out.push(b'%'),
                },
                _ => out.push(b'%'),
            },
            byte => out.push(*byte),
        }
    }
    Cow::Owned(out)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_repeat_and_values_are_decoded() {
        let params = Params::parse(b"ignore=.svn&ignore=CVS&a=b%20c+d&empty=&flag=true&x[]=1");
        assert_eq!(params.all("ignore").collect::<Vec<_>>(), [".svn", "CVS"]);
        assert_eq!(params.get("a"), Some("b c d"));
        assert_eq!(params.get("empty"), None);
        assert!(params.is_true("flag"));
        assert_eq!(params.all("x").collect::<Vec<_>>(), ["1"]);
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(decode(b"100%").as_ref(), b"100%");
        assert_eq!(decode(b"%zz%4").as_ref(), b"%zz%4");
        assert_eq!(decode(b"%257B").as_ref(), b"%7B");
        assert_eq!(decode(b"%00").as_ref(), b"\0");
    }
}
