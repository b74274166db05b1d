//! Server-sent events, read as they come.

use std::collections::VecDeque;
use std::time::Duration;

/// Longest event read, in bytes.
const LONGEST: usize = 1 << 20;

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// An event.
    Event {
        /// Its kind.
        name: String,
        /// What to say when the stream is begun again.
        id: Option<String>,
        /// What it says.
        data: String,
    },
    /// How long to take before the stream is begun again, at most.
    Retry(Duration),
}

/// Takes bytes, gives what they say (the event stream format of the HTML standard).
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    name: String,
    id: Option<String>,
    data: String,
    items: VecDeque<Item>,
}

/// An event is longer than anything that an edge sends.
#[derive(Debug)]
pub(super) struct TooLong;

impl Parser {
    /// Takes more bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let line = line.strip_suffix(b"\r").unwrap_or(&line);
                self.take_line(&String::from_utf8_lossy(line));
            } else {
                self.line.push(byte);
            }
            if self.line.len() + self.data.len() > LONGEST {
                return Err(TooLong);
            }
        }
        Ok(())
    }

    /// What was said and not taken yet.
    pub(super) fn next(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    fn take_line(&mut self, line: &str) {
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" => self.id = Some(value.to_owned()),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            "retry" => {
                let retry = value.parse().map(Duration::from_millis).map(Item::Retry);
                self.items.extend(retry.ok());
            }
            // A comment, or a field of later versions.
            _ => {}
        }
    }

    fn end_event(&mut self) {
        let (name, id) = (std::mem::take(&mut self.name), self.id.take());
        let data = std::mem::take(&mut self.data);
        if !data.is_empty() {
            self.items.push_back(Item::Event { name, id, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(chunks: &[&str]) -> Vec<Item> {
        let mut parser = Parser::default();
        for chunk in chunks {
            parser.push(chunk.as_bytes()).unwrap();
        }
        std::iter::from_fn(|| parser.next()).collect()
    }

    fn event(name: &str, id: Option<&str>, data: &str) -> Item {
        Item::Event {
            name: name.to_owned(),
            id: id.map(str::to_owned),
            data: data.to_owned(),
        }
    }

    #[test]
    fn events_come_whole_however_they_are_cut() {
        let text = ": hello\n\nevent: catalog\nid: 1\ndata: {\"a\":\ndata: 1}\n\nretry: 1500\r\n\r\nevent:served\r\ndata:x\r\n\r\n";
        let expected = [
            event("catalog", Some("1"), "{\"a\":\n1}"),
            Item::Retry(Duration::from_millis(1500)),
            event("served", None, "x"),
        ];
        assert_eq!(items(&[text]), expected);
        for cut in 1..text.len() {
            let (left, right) = text.split_at(cut);
            assert_eq!(items(&[left, right]), expected);
        }
    }

    #[test]
    fn what_is_not_ended_is_no_event() {
        assert_eq!(items(&["event: catalog\ndata: 1\n"]), []);
        assert_eq!(
            items(&["event: catalog\nid: 1\n\n", "data: 2\n\n"]),
            [event("", None, "2")]
        );
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = Parser::default();
        assert!(parser.push(&vec![b'x'; LONGEST + 1]).is_err());
    }
}
