//! The members of a JSON object in order, of which the last of a name counts.

use std::collections::HashMap;

use bytestring::ByteString;
use connect_api::data::Value;

/// Up to this many, looking at each is faster than an index.
const FEW: usize = 24;

/// Collects members.
#[derive(Debug, Default)]
pub(super) struct Entries {
    entries: Vec<(Value, Value)>,
    /// Only when there are many.
    positions: HashMap<ByteString, usize>,
}

impl Entries {
    /// Adds a member, or replaces the value of that name where it stands.
    pub(super) fn insert(&mut self, name: ByteString, value: Value) {
        if self.entries.len() == FEW && self.positions.is_empty() {
            for (position, (key, _)) in self.entries.iter().enumerate() {
                if let Value::String(key) = key {
                    self.positions.insert(key.clone(), position);
                }
            }
        }
        if let Some(position) = self.position(&name) {
            self.entries[position].1 = value;
            return;
        }
        if !self.positions.is_empty() {
            self.positions.insert(name.clone(), self.entries.len());
        }
        self.entries.push((Value::String(name), value));
    }

    fn position(&self, name: &str) -> Option<usize> {
        if !self.positions.is_empty() {
            return self.positions.get(name).copied();
        }
        self.entries
            .iter()
            .position(|(key, _)| key.as_str() == Some(name))
    }

    /// The members as a map's entries.
    pub(super) fn into_map(self) -> Value {
        Value::Map(self.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts() {
        let mut entries = Entries::default();
        for round in 0..2 {
            for number in 0..100 {
                entries.insert(format!("name{number}").into(), Value::Int32(number + round));
            }
        }
        let Value::Map(entries) = entries.into_map() else {
            panic!("not a map");
        };
        assert_eq!(entries.len(), 100);
        assert_eq!(entries[7], ("name7".into(), Value::Int32(8)));
        assert_eq!(entries[99], ("name99".into(), Value::Int32(100)));
    }
}
