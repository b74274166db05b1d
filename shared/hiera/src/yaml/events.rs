//! libyaml's events to a tree of nodes, as `Psych::TreeBuilder` makes it.

use libyaml_safer::{Encoding, Error, ErrorKind, Event, EventData, Mark, Parser};

use super::YamlError;
use super::build::{MAX_DEPTH, MAX_NODES};

/// A node as written: nothing is resolved yet.
pub(super) struct Node {
    pub(super) anchor: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Alias(String),
    Scalar { value: String, quoted: bool },
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// The first document's root; later documents are not even parsed.
pub(super) fn first_document(text: &[u8], file: Option<&str>) -> Result<Option<Node>, YamlError> {
    let mut input = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input_string(&mut input);
    let mut reader = Reader {
        parser,
        file,
        nodes: 0,
    };
    loop {
        match reader.next()? {
            EventData::StreamStart { .. } => {}
            EventData::DocumentStart { .. } => {
                let event = reader.next()?;
                let root = reader.node(event, 0)?;
                // The end of the document can still be an error.
                reader.next()?;
                return Ok(Some(root));
            }
            _ => return Ok(None),
        }
    }
}

struct Reader<'a, 'b> {
    parser: Parser<&'b mut &'a [u8]>,
    file: Option<&'a str>,
    nodes: usize,
}

impl Reader<'_, '_> {
    fn next(&mut self) -> Result<EventData, YamlError> {
        match self.parser.parse() {
            Ok(Event { data, .. }) => Ok(data),
            Err(error) => Err(syntax_error(&error, self.file)),
        }
    }

    fn node(&mut self, event: EventData, depth: usize) -> Result<Node, YamlError> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return Err(YamlError::too_large(self.file));
        }
        Ok(match event {
            EventData::Alias { anchor } => Node {
                anchor: None,
                tag: None,
                kind: Kind::Alias(anchor),
            },
            EventData::Scalar {
                anchor,
                tag,
                value,
                quoted_implicit,
                ..
            } => Node {
                anchor,
                tag,
                kind: Kind::Scalar {
                    value,
                    quoted: quoted_implicit,
                },
            },
            EventData::SequenceStart { anchor, tag, .. } => {
                let mut children = Vec::new();
                loop {
                    match self.next()? {
                        EventData::SequenceEnd => break,
                        event => children.push(self.node(event, depth + 1)?),
                    }
                }
                Node {
                    anchor,
                    tag,
                    kind: Kind::Sequence(children),
                }
            }
            EventData::MappingStart { anchor, tag, .. } => {
                let mut children = Vec::new();
                loop {
                    match self.next()? {
                        EventData::MappingEnd => break,
                        event => {
                            let key = self.node(event, depth + 1)?;
                            let event = self.next()?;
                            children.push((key, self.node(event, depth + 1)?));
                        }
                    }
                }
                Node {
                    anchor,
                    tag,
                    kind: Kind::Mapping(children),
                }
            }
            // libyaml gives no other event inside a document.
            _ => Node {
                anchor: None,
                tag: None,
                kind: Kind::Scalar {
                    value: String::new(),
                    quoted: false,
                },
            },
        })
    }
}

/// `Psych::SyntaxError`: it shows the mark of the context. Without a context, libyaml's scanner puts
/// the problem's mark there, and its parser and reader nothing: 1:1.
fn syntax_error(error: &Error, file: Option<&str>) -> YamlError {
    let mark = error.context_mark().or_else(|| {
        let from_scanner = error.kind() == ErrorKind::Scanner;
        error.problem_mark().filter(|_| from_scanner)
    });
    let Mark { line, column, .. } = mark.unwrap_or_default();
    let (line, column) = (line + 1, column + 1);
    let context = error
        .context()
        .map(|context| format!(" {context}"))
        .unwrap_or_default();
    let shown = file.unwrap_or("<unknown>");
    let problem = error.problem();
    YamlError {
        message: format!("({shown}): {problem}{context} at line {line} column {column}"),
        file: file.map(str::to_owned),
        line: Some(line),
        column: Some(column),
    }
}
