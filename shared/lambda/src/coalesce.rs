//! Messages of one event that say the same are handled once.

use std::collections::HashMap;

use bunraku_farm::messages::Message;

use crate::event::Item;
use crate::task;

/// Work for the handler, and the messages of SQS that it settles.
#[derive(Debug)]
pub(crate) struct Work {
    /// What to handle.
    pub(crate) message: Message,
    /// The X-Ray header to go on with.
    pub(crate) trace: Option<String>,
    /// Places of the items that wait for it.
    pub(crate) items: Vec<usize>,
}

/// The work of `items`, in the order in which it came.
pub(crate) fn coalesce(items: &[Item]) -> Vec<Work> {
    let mut all: Vec<Work> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (place, item) in items.iter().enumerate() {
        for message in item.messages.iter().flatten() {
            let key = message.coalescing_key();
            let same = key.as_ref().and_then(|key| known.get(key));
            if let Some(work) = same.and_then(|&at| all.get_mut(at)) {
                work.join(place, item, message);
                continue;
            }
            if let Some(key) = key {
                known.insert(key, all.len());
            }
            all.push(Work {
                message: message.clone(),
                trace: item.trace.clone(),
                items: vec![place],
            });
        }
    }
    all
}

impl Work {
    fn join(&mut self, place: usize, item: &Item, message: &Message) {
        self.items.push(place);
        if task::rank(message) >= task::rank(&self.message) {
            self.message = message.clone();
            self.trace.clone_from(&item.trace);
        }
    }
}

#[cfg(test)]
mod tests {
    use bunraku_farm::messages::{Cause, CompileTask, Lane, NodeSelection, PlanTask};
    use bunraku_farm::{Certname, Digest, EnvironmentName};
    use jiff::Timestamp;

    use super::*;

    fn compile(node: &str, sequence: u64, cause: Cause) -> Message {
        Message::from(CompileTask {
            environment: EnvironmentName::parse("production").unwrap(),
            certname: Certname::parse(node).unwrap(),
            release: Digest::of(sequence.to_string()),
            sequence,
            lane: Lane::Normal,
            cause,
            enqueued_at: Timestamp::UNIX_EPOCH,
        })
    }

    fn item(messages: Vec<Message>) -> Item {
        Item {
            id: String::new(),
            receipt: String::new(),
            channel: messages[0].channel(),
            attempt: 1,
            trace: Some(messages.len().to_string()),
            body: String::new(),
            messages: Ok(messages),
        }
    }

    #[test]
    fn one_node_is_one_work_for_whom_insists_and_then_for_the_newest() {
        let messages = [
            compile("a", 1, Cause::Facts),
            compile("b", 1, Cause::Facts),
            compile("a", 3, Cause::Facts),
            compile("a", 2, Cause::Facts),
            compile("b", 1, Cause::Request),
            compile("b", 4, Cause::Facts),
        ];
        let items: Vec<Item> = messages.iter().map(|m| item(vec![m.clone()])).collect();
        let work = coalesce(&items);
        let work: Vec<_> = work
            .iter()
            .map(|work| (&work.message, &*work.items))
            .collect();
        assert_eq!(
            work,
            [(&messages[2], &[0, 2, 3][..]), (&messages[4], &[1, 4, 5])]
        );
    }

    #[test]
    fn an_item_of_several_messages_is_several_works() {
        let (a, b) = (compile("a", 1, Cause::Facts), compile("b", 1, Cause::Facts));
        let work = coalesce(&[item(vec![a.clone(), b.clone()]), item(vec![b.clone()])]);
        let items: Vec<_> = work.iter().map(|work| &*work.items).collect();
        assert_eq!(items, [&[0][..], &[0, 1]]);
        assert_eq!(
            work[1].trace.as_deref(),
            Some("1"),
            "the header of the later"
        );
    }

    #[test]
    fn what_has_no_key_is_never_joined() {
        let plan = Message::from(PlanTask {
            environment: EnvironmentName::parse("production").unwrap(),
            release: Digest::of("r"),
            sequence: 1,
            cause: Cause::Manual,
            nodes: NodeSelection::Nodes(Vec::new()),
        });
        assert_eq!(
            coalesce(&[item(vec![plan.clone()]), item(vec![plan])]).len(),
            2
        );
    }
}
