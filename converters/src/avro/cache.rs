//! A bounded map; the oldest entry goes first.

use std::hash::Hash;

use indexmap::{Equivalent, IndexMap};

#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: IndexMap<K, V>,
    capacity: usize,
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: IndexMap::new(),
            capacity: capacity.max(1),
        }
    }

    pub(super) fn get<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<&V> {
        self.entries.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            self.entries.shift_remove_index(0);
        }
        self.entries.insert(key, value);
    }

    pub(super) fn remove<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) {
        self.entries.shift_remove(key);
    }
}
