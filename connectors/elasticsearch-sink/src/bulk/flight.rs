//! Requests under way, and what may be committed while they are.

use std::collections::{BTreeMap, HashSet};

use connect_api::plugin::PartitionOffsets;
use connect_api::record::TopicPartition;

use super::batch::{Firsts, Full};

/// The requests that are under way, by their number.
#[derive(Debug, Default)]
pub(super) struct Flight {
    requests: BTreeMap<u64, UnderWay>,
    next: u64,
    records: usize,
}

#[derive(Debug)]
struct UnderWay {
    firsts: Firsts,
    ids: HashSet<u64>,
    records: usize,
}

impl Flight {
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// How many records all of them have.
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// Notes a request; its number.
    pub(super) fn begin(&mut self, full: &mut Full) -> u64 {
        let number = self.next;
        self.next += 1;
        let records = full.request.items.len();
        self.records += records;
        let under_way = UnderWay {
            firsts: std::mem::take(&mut full.firsts),
            ids: std::mem::take(&mut full.ids),
            records,
        };
        self.requests.insert(number, under_way);
        number
    }

    /// All records of a request are written, or reported.
    pub(super) fn end(&mut self, number: u64) {
        if let Some(request) = self.requests.remove(&number) {
            self.records -= request.records;
        }
    }

    /// True if a request has a document that one of `ids` is: a second change
    /// of it has to wait.
    pub(super) fn has_any(&self, ids: &HashSet<u64>) -> bool {
        !ids.is_empty()
            && self
                .requests
                .values()
                .any(|request| !request.ids.is_disjoint(ids))
    }

    /// Lowers `offsets` to the first record of each partition that is not
    /// written yet; `waiting` are those of requests that are not sent.
    pub(super) fn lower(&self, offsets: &mut PartitionOffsets, waiting: &Firsts) {
        let under_way = self.requests.values().map(|request| &request.firsts);
        for (partition, first) in under_way.chain([waiting]).flatten() {
            if let Some(offset) = offsets.get_mut(partition) {
                *offset = (*offset).min(*first);
            }
        }
    }

    /// `partition` is another task's now.
    pub(super) fn forget(&mut self, partition: &TopicPartition) {
        for request in self.requests.values_mut() {
            request.firsts.retain(|(known, _)| known != partition);
        }
    }
}
