//! The next batch: converted and transformed while the sink is busy with the one before.

use std::collections::HashMap;
use std::mem;

use connect_api::record::{SinkRecord, TopicPartition};
use connect_kafka::consumer::{Batch, BatchLimits, ConsumedRecord, Partition, Taken};

use super::member::{Beside, native, natives};
use super::pipeline::{Pipeline, Step};
use crate::metrics::TaskMetrics;
use crate::task::tolerance::Failure;

/// So many records are converted between two looks at the sink's call.
const STRIDE: usize = 64;

/// While the sink is busy, no more than this is taken from what was fetched: the batch that it
/// has, the next one and what waits behind it are in memory at the same time.
const MAX_BYTES: usize = 8 << 20;

/// How far the next batch has come.
pub(super) enum Stage {
    /// There is more to convert.
    Going,
    /// All that was taken is converted.
    Empty,
    /// No more goes into it.
    Full,
    /// This record needs more than to be converted.
    Waits(Box<Result<Step, Failure>>, ConsumedRecord),
}

/// Records on their way from the consumer to the sink.
pub(super) struct Ahead {
    limits: BatchLimits,
    taken: Option<Taken>,
    /// One that waits for its turn: it has failed, or its converter has to wait.
    held: Option<ConsumedRecord>,
    /// How many records and bytes went into the batch, also those that were dropped.
    size: BatchLimits,
    records: Vec<SinkRecord>,
    reached: HashMap<TopicPartition, i64>,
    /// The partition of the last record, and where it will be.
    last: Option<(Partition, i64)>,
}

impl Ahead {
    pub(super) fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            taken: None,
            held: None,
            size: EMPTY,
            records: Vec::new(),
            reached: HashMap::new(),
            last: None,
        }
    }

    /// Batches of at least so many records from now on.
    pub(super) fn widen(&mut self, records: usize) {
        self.limits.records = self.limits.records.max(records);
    }

    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.size.records == 0 && self.held.is_none() && self.taken.is_none()
    }

    /// Takes what was fetched, once all that was taken before is converted.
    pub(super) fn take(&mut self, fetched: &mut Batch, metrics: &TaskMetrics) {
        metrics.read.add(fetched.len() as u64);
        self.taken = Some(fetched.take());
    }

    /// Goes on a little while the sink is busy. What fails or has to wait is left for later: the
    /// batch before it may still have to be put again.
    pub(super) fn go_on(
        &mut self,
        fetched: &mut Batch,
        pipeline: &mut Pipeline,
        metrics: &TaskMetrics,
    ) -> Beside {
        match self.advance(pipeline, STRIDE) {
            Stage::Going => Beside::More,
            Stage::Full => Beside::Enough,
            Stage::Empty if fetched.is_empty() => Beside::Dry,
            Stage::Empty if fetched.bytes() > MAX_BYTES => Beside::Enough,
            Stage::Empty => {
                self.take(fetched, metrics);
                Beside::More
            }
            Stage::Waits(_again_later, consumed) => {
                self.held = Some(consumed);
                Beside::Enough
            }
        }
    }

    /// Converts and transforms up to `count` records.
    pub(super) fn advance(&mut self, pipeline: &mut Pipeline, count: usize) -> Stage {
        for _ in 0..count {
            if self.is_full() {
                return Stage::Full;
            }
            let Some(consumed) = self.next() else {
                return Stage::Empty;
            };
            match pipeline.prepare(&consumed) {
                Ok(Step::Keep(record)) => self.add(Some(record), &consumed),
                Ok(Step::Done) => self.add(None, &consumed),
                step => return Stage::Waits(Box::new(step), consumed),
            }
        }
        Stage::Going
    }

    fn is_full(&self) -> bool {
        self.size.records >= self.limits.records || self.size.bytes >= self.limits.bytes
    }

    fn next(&mut self) -> Option<ConsumedRecord> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        let next = self.taken.as_mut()?.next();
        if next.is_none() {
            self.taken = None;
        }
        next
    }

    /// What has become of a record: it goes to the sink, or it is dealt with.
    pub(super) fn add(&mut self, record: Option<SinkRecord>, consumed: &ConsumedRecord) {
        self.records.extend(record);
        self.size.records += 1;
        self.size.bytes += [&consumed.key, &consumed.value]
            .into_iter()
            .flatten()
            .map(bytes::Bytes::len)
            .sum::<usize>();
        match &mut self.last {
            Some((partition, next)) if *partition == consumed.partition => {
                *next = consumed.offset + 1;
            }
            last => {
                let before = last.replace((consumed.partition.clone(), consumed.offset + 1));
                self.reach(before);
            }
        }
    }

    fn reach(&mut self, end: Option<(Partition, i64)>) {
        if let Some((partition, next)) = end {
            let partition = TopicPartition {
                topic: partition.topic,
                partition: partition.partition,
            };
            self.reached.insert(partition, next);
        }
    }

    /// The batch, into `records` and `reached`, which are empty.
    pub(super) fn hand_over(
        &mut self,
        records: &mut Vec<SinkRecord>,
        reached: &mut HashMap<TopicPartition, i64>,
    ) {
        let last = self.last.take();
        self.reach(last);
        mem::swap(records, &mut self.records);
        mem::swap(reached, &mut self.reached);
        self.size = EMPTY;
    }

    /// Drops the records of partitions that go.
    pub(super) fn forget(&mut self, partitions: &[TopicPartition]) {
        if let Some(taken) = &mut self.taken {
            taken.forget(&natives(partitions));
        }
        let goes = |partition: &Partition| partitions.iter().any(|it| native(it) == *partition);
        self.held = self.held.take().filter(|it| !goes(&it.partition));
        self.last = self.last.take().filter(|(partition, _)| !goes(partition));
        self.records
            .retain(|record| !partitions.contains(&record.origin));
        self.reached
            .retain(|partition, _| !partitions.contains(partition));
    }
}

const EMPTY: BatchLimits = BatchLimits {
    records: 0,
    bytes: 0,
};
