//! The objects of the simulated store, and the requests that were made of it.

use std::collections::BTreeMap;

use bunraku_store::{Head, Key, Listed, Version};
use bytes::Bytes;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

/// What lies in the store.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    objects: BTreeMap<String, Object>,
    writings: u64,
}

#[derive(Clone, Debug)]
struct Object {
    bytes: Bytes,
    writing: u64,
    modified: Timestamp,
}

impl Object {
    fn version(&self) -> Version {
        Version::new(self.writing.to_string())
    }
}

impl Objects {
    pub(crate) fn read(&self, key: &str) -> Option<(Bytes, Version)> {
        let object = self.objects.get(key)?;
        Some((object.bytes.clone(), object.version()))
    }

    pub(crate) fn bytes(&self, key: &str) -> Option<&Bytes> {
        self.objects.get(key).map(|object| &object.bytes)
    }

    /// A document; `None` of one that is not there, or none.
    pub(crate) fn document<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        serde_json::from_slice(self.bytes(&key.to_string())?).ok()
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.objects.contains_key(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.objects.keys().map(String::as_str)
    }

    /// Writes, whatever is there.
    pub(crate) fn put(&mut self, key: &str, bytes: Bytes, now: Timestamp) -> Version {
        self.writings += 1;
        let object = Object {
            bytes,
            writing: self.writings,
            modified: now,
        };
        let version = object.version();
        self.objects.insert(key.to_owned(), object);
        version
    }

    /// Whether `expected` is what is there.
    pub(crate) fn is(&self, key: &str, expected: Option<&Version>) -> bool {
        self.objects.get(key).map(Object::version).as_ref() == expected
    }

    pub(crate) fn delete(&mut self, key: &str) -> bool {
        self.objects.remove(key).is_some()
    }

    pub(crate) fn head(&self, key: &str) -> Option<Head> {
        let object = self.objects.get(key)?;
        Some(Head {
            stamp: object.writing.to_string(),
            modified: object.modified,
            size: object.bytes.len() as u64,
        })
    }

    pub(crate) fn size(&self, key: &str) -> Option<u64> {
        self.objects
            .get(key)
            .map(|object| object.bytes.len() as u64)
    }

    /// What lies directly under a directory.
    pub(crate) fn list(&self, directory: &str) -> Vec<Listed> {
        let prefix = format!("{directory}/");
        let mut listed: Vec<Listed> = Vec::new();
        for (key, object) in self.objects.range(prefix.clone()..) {
            let Some(rest) = key.strip_prefix(&prefix) else {
                break;
            };
            match rest.split_once('/') {
                Some((name, _)) if listed.last().is_some_and(|last| last.name == name) => {}
                Some((name, _)) => listed.push(Listed {
                    name: name.to_owned(),
                    size: 0,
                    modified: None,
                    stamp: String::new(),
                    directory: true,
                }),
                None => listed.push(Listed {
                    name: rest.to_owned(),
                    size: object.bytes.len() as u64,
                    modified: Some(object.modified),
                    stamp: object.writing.to_string(),
                    directory: false,
                }),
            }
        }
        listed
    }
}
