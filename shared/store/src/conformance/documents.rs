//! Documents: compare and swap, notifications, listings.

use bunraku_farm::Digest;
use bunraku_farm::documents::{EnvironmentDoc, FactsDoc};
use jiff::Timestamp;
use serde_json::{Map, json};
use tokio::sync::broadcast::error::TryRecvError;

use super::*;
use crate::{Key, StoreError, StoreEvent};

fn counter() -> Key {
    Key::Environment(production())
}

fn facts(name: &str, environment: &str, value: i64) -> FactsDoc {
    let values = Map::from_iter([("value".to_owned(), json!(value))]);
    let environment = EnvironmentName::parse(environment).unwrap();
    FactsDoc::new(node(name), environment, values, Timestamp::UNIX_EPOCH)
}

conformance! {
    async fn a_swap_needs_the_state_that_was_read(store: Store) {
        assert!(store.read::<u64>(&counter()).await.unwrap().is_none());
        store.swap(&counter(), &1_u64, None).await.unwrap();
        let twice = store.swap(&counter(), &9_u64, None).await;
        assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
        let read = store.read_versioned::<u64>(&counter()).await.unwrap().unwrap();
        assert_eq!(read.value, 1);
        let written = store.swap(&counter(), &2_u64, Some(&read.version)).await.unwrap();
        let stale = store.swap(&counter(), &3_u64, Some(&read.version)).await;
        assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
        store.swap(&counter(), &4_u64, Some(&written)).await.unwrap();
        assert_eq!(store.read::<u64>(&counter()).await.unwrap(), Some(4));
    }

    async fn a_swap_of_what_was_deleted_meanwhile_conflicts(store: Store) {
        let version = store.swap(&counter(), &1_u64, None).await.unwrap();
        assert!(store.delete(&counter()).await.unwrap());
        assert!(!store.delete(&counter()).await.unwrap());
        let late = store.swap(&counter(), &2_u64, Some(&version)).await;
        assert!(matches!(late, Err(StoreError::Conflict { .. })), "{late:?}");
        assert!(!store.exists(&counter()).await.unwrap());
    }

    async fn no_concurrent_update_is_lost(store: Store) {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    for _ in 0..25 {
                        let add = |n: Option<&u64>| Some(n.copied().unwrap_or(0) + 1);
                        store.update(&counter(), add).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(store.read::<u64>(&counter()).await.unwrap(), Some(200));
    }

    async fn of_many_who_create_one_wins(store: Store) {
        let tasks: Vec<_> = (0..8_u64)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.swap(&counter(), &n, None).await.is_ok().then_some(n) })
            })
            .collect();
        let mut winners = Vec::new();
        for task in tasks {
            winners.extend(task.await.unwrap());
        }
        assert_eq!(winners.len(), 1);
        assert_eq!(store.read::<u64>(&counter()).await.unwrap(), Some(winners[0]));
    }

    async fn an_update_that_wants_nothing_writes_nothing(store: Store) {
        let mut events = store.subscribe();
        let updated = store.update_environment(&production(), |_| None).await.unwrap();
        assert!(updated.value.is_none() && !updated.written);
        assert!(matches!(events.try_recv(), Err(TryRecvError::Empty)));
        assert!(store.environments().await.unwrap().is_empty());
    }

    async fn subscribers_hear_of_environments_pointers_and_uploads(store: Store) {
        let mut events = store.subscribe();
        let advance = |current: Option<&EnvironmentDoc>| {
            EnvironmentDoc::advance(current, Digest::of("r"), None, Timestamp::UNIX_EPOCH)
        };
        store.update_environment(&production(), advance).await.unwrap();
        store.put_blob("not told").await.unwrap();
        store.put_facts(&facts("a", "production", 1)).await.unwrap();
        let upload = "uploads/production/x.tar.gz".parse().unwrap();
        store.create_upload(&upload, "archive").await.unwrap();
        assert_eq!(events.recv().await.unwrap(), StoreEvent::Written(Key::Environment(production())));
        assert_eq!(events.recv().await.unwrap(), StoreEvent::Written(Key::Upload(upload)));
        assert!(matches!(events.try_recv(), Err(TryRecvError::Empty)));
    }

    async fn nodes_are_listed_where_their_facts_say(store: Store) {
        store.put_facts(&facts("b.test", "production", 1)).await.unwrap();
        store.put_facts(&facts("a.test", "production", 1)).await.unwrap();
        store.put_facts(&facts("c.test", "test", 1)).await.unwrap();
        assert_eq!(store.known_nodes().await.unwrap(), [node("a.test"), node("b.test"), node("c.test")]);
        assert_eq!(
            store.known_nodes_in(&production()).await.unwrap(),
            [node("a.test"), node("b.test")]
        );
        store.put_facts(&facts("b.test", "test", 1)).await.unwrap();
        assert_eq!(store.known_nodes_in(&production()).await.unwrap(), [node("a.test")]);
    }

    async fn facts_are_written_when_something_stable_changed(store: Store) {
        assert!(store.put_facts(&facts("a", "production", 1)).await.unwrap().written);
        assert!(!store.put_facts(&facts("a", "production", 1)).await.unwrap().written);
        let second = store.put_facts(&facts("a", "production", 2)).await.unwrap();
        assert_eq!((second.written, second.value.unwrap().generation), (true, 2));
        let third = store.replace_facts(&facts("a", "production", 2)).await.unwrap();
        assert_eq!((third.written, third.value.unwrap().generation), (true, 3));
    }

    async fn a_damaged_document_is_an_error_that_names_it(store: Store) {
        let key = Key::Facts(node("a"));
        store.swap(&key, &json!({"certname": "../x"}), None).await.unwrap();
        let error = store.facts(&node("a")).await.unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { key, .. } if key == "facts/a.json"), "{error}");
    }
}
