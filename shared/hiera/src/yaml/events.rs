//! libyaml's events to a tree of nodes, as `Psych::TreeBuilder` makes it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Encoding, Error, ErrorKind, Event, EventData, Mark, Parser, ScalarStyle};

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
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    // The scanner asserts what C reads as NUL at the end of its buffer. What is known of that is
    // avoided (see `Unterminated`); the rest must end as an error, not as a crash.
    let read = AssertUnwindSafe(|| match Unterminated::of(text) {
        None => read_document(text, None, file),
        Some(unterminated) => {
            let mut whole = text.to_vec();
            whole.push(b'\n');
            read_document(&whole, Some(unterminated), file)
        }
    });
    catch_unwind(read).unwrap_or_else(|_| Err(YamlError::scanner_failed(file)))
}

fn read_document(
    text: &[u8],
    unterminated: Option<Unterminated>,
    file: Option<&str>,
) -> Result<Option<Node>, YamlError> {
    let mut input = text;
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input_string(&mut input);
    let mut reader = Reader {
        parser,
        file,
        nodes: 0,
        unterminated,
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

/// A text whose last line has no line break. libyaml-safer panics when that line is of a block
/// scalar, so a break is added, and taken off again from the scalar's value.
#[derive(Clone, Copy)]
struct Unterminated {
    length: u64,
    is_last_line_blank: bool,
}

impl Unterminated {
    fn of(text: &[u8]) -> Option<Self> {
        let last = text.rsplit(|byte| matches!(byte, b'\n' | b'\r')).next()?;
        (!last.is_empty()).then(|| Self {
            length: u64::try_from(text.len()).unwrap_or(u64::MAX),
            is_last_line_blank: last.iter().all(|byte| *byte == b' '),
        })
    }

    /// Takes off the added break, where the scalar has it.
    fn trim(self, value: &mut String) {
        let Some(rest) = value.strip_suffix('\n') else {
            return;
        };
        // A blank line within the indentation counts only where trailing breaks are kept.
        let last = rest.rsplit('\n').next().unwrap_or_default();
        let is_added = !self.is_last_line_blank || last.bytes().all(|byte| byte == b' ');
        if is_added {
            value.pop();
        }
    }
}

struct Reader<'a, 'b> {
    parser: Parser<&'b mut &'a [u8]>,
    file: Option<&'a str>,
    nodes: usize,
    unterminated: Option<Unterminated>,
}

impl Reader<'_, '_> {
    fn next(&mut self) -> Result<EventData, YamlError> {
        match self.parser.parse() {
            Ok(Event {
                mut data, end_mark, ..
            }) => {
                if let (EventData::Scalar { value, style, .. }, Some(unterminated)) =
                    (&mut data, self.unterminated)
                    && matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
                    && end_mark.index >= unterminated.length
                {
                    unterminated.trim(value);
                }
                Ok(data)
            }
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
