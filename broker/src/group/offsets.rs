//! The committed positions of all groups, and those that wait for their transaction to end
//! (`OffsetMetadataManager`).

use std::collections::{BTreeMap, HashMap};

use kafka_protocol::protocol::StrBytes;

use super::records::OffsetValue;

/// A committed position and the record that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) value: OffsetValue,
    /// Where the record stands in the offsets topic: of two commits the later record counts.
    pub(super) record: i64,
}

/// Positions by group, topic and partition.
#[derive(Debug, Default)]
struct Positions(HashMap<StrBytes, ByTopic>);

/// A group's positions.
pub(super) type ByTopic = BTreeMap<StrBytes, BTreeMap<i32, Committed>>;

/// What groups have committed.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    committed: Positions,
    /// By producer id.
    pending: HashMap<i64, Positions>,
}

/// Whose position a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) group: StrBytes,
    pub(super) topic: StrBytes,
    pub(super) partition: i32,
}

impl Positions {
    fn get(&self, group: &StrBytes, topic: &StrBytes, partition: i32) -> Option<&Committed> {
        self.0.get(group)?.get(topic)?.get(&partition)
    }

    fn put(&mut self, at: Position, committed: Committed) {
        let topics = self.0.entry(at.group).or_default();
        let partitions = topics.entry(at.topic).or_default();
        partitions.insert(at.partition, committed);
    }

    fn remove(&mut self, at: &Position) {
        let Some(topics) = self.0.get_mut(&at.group) else {
            return;
        };
        if let Some(partitions) = topics.get_mut(&at.topic) {
            partitions.remove(&at.partition);
            if partitions.is_empty() {
                topics.remove(&at.topic);
            }
        }
        if topics.is_empty() {
            self.0.remove(&at.group);
        }
    }

    /// Where anything is committed, of the groups and topics that are asked for.
    fn places(&self, wanted: impl Fn(&StrBytes, &StrBytes) -> bool) -> Vec<Position> {
        let mut places = Vec::new();
        for (group, topics) in &self.0 {
            for (topic, partitions) in topics.iter().filter(|(topic, _)| wanted(group, topic)) {
                places.extend(partitions.keys().map(|partition| Position {
                    group: group.clone(),
                    topic: topic.clone(),
                    partition: *partition,
                }));
            }
        }
        places
    }
}

impl Offsets {
    /// What a group has committed.
    pub(super) fn of_group(&self, group: &StrBytes) -> Option<&ByTopic> {
        self.committed.0.get(group)
    }

    /// What a group has committed for a partition.
    pub(super) fn get(
        &self,
        group: &StrBytes,
        topic: &StrBytes,
        partition: i32,
    ) -> Option<&Committed> {
        self.committed.get(group, topic, partition)
    }

    /// Whether a transaction that has not ended commits a position of the partition.
    pub(super) fn is_pending(&self, group: &StrBytes, topic: &StrBytes, partition: i32) -> bool {
        let mut transactions = self.pending.values();
        transactions.any(|positions| positions.get(group, topic, partition).is_some())
    }

    /// Whether there is anything that a tombstone would remove.
    pub(super) fn holds(&self, at: &Position) -> bool {
        self.get(&at.group, &at.topic, at.partition).is_some()
            || self.is_pending(&at.group, &at.topic, at.partition)
    }

    /// Takes over a record of the log: `producer` has one when it was written in a transaction.
    pub(super) fn replay(
        &mut self,
        at: Position,
        value: Option<OffsetValue>,
        record: i64,
        producer: Option<i64>,
    ) {
        let Some(value) = value else {
            self.remove(&at);
            return;
        };
        let committed = Committed { value, record };
        match producer {
            None => self.committed.put(at, committed),
            Some(producer) => self.pending.entry(producer).or_default().put(at, committed),
        }
    }

    /// A transaction has ended: what it committed counts, or never does.
    pub(super) fn finish(&mut self, producer: i64, committed: bool) {
        let Some(positions) = self.pending.remove(&producer) else {
            return;
        };
        if !committed {
            return;
        }
        for (group, topics) in positions.0 {
            for (topic, partitions) in topics {
                for (partition, pending) in partitions {
                    self.materialize(&group, &topic, partition, pending);
                }
            }
        }
    }

    /// Of a transactional commit and a plain one, the later record counts: compaction, which goes
    /// by records, would otherwise leave another answer.
    fn materialize(
        &mut self,
        group: &StrBytes,
        topic: &StrBytes,
        partition: i32,
        pending: Committed,
    ) {
        let present = self.committed.get(group, topic, partition);
        if present.is_some_and(|present| present.record > pending.record) {
            return;
        }
        let at = Position {
            group: group.clone(),
            topic: topic.clone(),
            partition,
        };
        self.committed.put(at, pending);
    }

    /// A tombstone removes the committed position and those of open transactions.
    fn remove(&mut self, at: &Position) {
        self.committed.remove(at);
        for positions in self.pending.values_mut() {
            positions.remove(at);
        }
    }

    /// Where a group has a position, in transactions that have not ended too.
    pub(super) fn places_of_group(&self, group: &StrBytes) -> Vec<Position> {
        self.places(|owner, _| owner == group)
    }

    /// Where any group has a position of these topics.
    pub(super) fn places_of_topics(&self, topics: &[StrBytes]) -> Vec<Position> {
        self.places(|_, topic| topics.contains(topic))
    }

    fn places(&self, wanted: impl Fn(&StrBytes, &StrBytes) -> bool) -> Vec<Position> {
        let mut places = self.committed.places(&wanted);
        for positions in self.pending.values() {
            for place in positions.places(&wanted) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }
}
