//! What plugins derive from a schema, kept by the schema's identity.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Schema, SchemaRef};
use crate::Result;

/// A bounded cache by a schema's identity; the least recently used entry goes
/// first. It holds each schema, so that its address cannot be used again.
///
/// Asking for the schema that was asked for last costs one comparison.
pub struct SchemaCache<T> {
    capacity: usize,
    clock: u64,
    last: usize,
    entries: Vec<Entry<T>>,
    positions: HashMap<usize, usize>,
}

struct Entry<T> {
    schema: SchemaRef,
    used: u64,
    value: T,
}

impl<T> SchemaCache<T> {
    /// A cache of at most `capacity` entries, and of at least one.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            clock: 0,
            last: 0,
            entries: Vec::new(),
            positions: HashMap::new(),
        }
    }

    /// What was derived from `schema`, made by `make` if it is not there.
    pub fn get_or_make(
        &mut self,
        schema: &SchemaRef,
        make: impl FnOnce(&SchemaRef) -> Result<T>,
    ) -> Result<&mut T> {
        let is_last = self
            .entries
            .get(self.last)
            .is_some_and(|entry| Arc::ptr_eq(&entry.schema, schema));
        if !is_last {
            self.last = match self.positions.get(&address(schema)) {
                Some(&position) => position,
                None => {
                    let value = make(schema)?;
                    self.insert(schema, value)
                }
            };
            self.clock += 1;
            self.entries[self.last].used = self.clock;
        }
        Ok(&mut self.entries[self.last].value)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn insert(&mut self, schema: &SchemaRef, value: T) -> usize {
        let entry = Entry {
            schema: Arc::clone(schema),
            used: 0,
            value,
        };
        let position = if self.entries.len() < self.capacity {
            self.entries.push(entry);
            self.entries.len() - 1
        } else {
            let position = self.least_recently_used();
            let old = std::mem::replace(&mut self.entries[position], entry);
            self.positions.remove(&address(&old.schema));
            position
        };
        self.positions.insert(address(schema), position);
        position
    }

    fn least_recently_used(&self) -> usize {
        let oldest = self.entries.iter().enumerate();
        oldest
            .min_by_key(|(_, entry)| entry.used)
            .map_or(0, |(position, _)| position)
    }
}

fn address(schema: &SchemaRef) -> usize {
    Arc::as_ptr(schema).cast::<Schema>() as usize
}

impl<T> fmt::Debug for SchemaCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaCache")
            .field("capacity", &self.capacity)
            .field("len", &self.entries.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Type;
    use super::*;

    fn ask(cache: &mut SchemaCache<u32>, schema: &SchemaRef, value: u32) -> u32 {
        *cache.get_or_make(schema, |_| Ok(value)).unwrap()
    }

    #[test]
    fn keeps_by_identity_and_drops_the_least_recently_used() {
        let [a, b, c] = [(); 3].map(|()| Schema::required(Type::Int32));
        let mut cache = SchemaCache::new(2);
        assert_eq!(ask(&mut cache, &a, 1), 1);
        assert_eq!(ask(&mut cache, &b, 2), 2);
        assert_eq!(ask(&mut cache, &a, 10), 1);
        assert_eq!(ask(&mut cache, &c, 3), 3);
        assert_eq!(ask(&mut cache, &a, 10), 1);
        assert_eq!(ask(&mut cache, &b, 20), 20);
        assert_eq!(cache.len(), 2);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let schema = Schema::required(Type::Int32);
        let mut cache: SchemaCache<u32> = SchemaCache::new(1);
        assert!(
            cache
                .get_or_make(&schema, |_| Err(crate::Error::data("no")))
                .is_err()
        );
        assert!(cache.is_empty());
    }
}
