//! Which records Kafka has acknowledged, and so which source offsets may be
//! stored (invariant 1: none before every record up to it is acknowledged).
//!
//! Each record has a token, counted up. The producer's thread sets a bit for an
//! acknowledged token in a ring; the task's thread keeps the offsets of what is
//! out, a queue for each source partition, and takes them off in order. No
//! lock, no allocation for a record, and memory bounded by the ring.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connect_api::record::{OffsetMap, SourceOffset};
use connect_kafka::producer::{Delivered, DeliveryError, DeliverySink};
use tokio::sync::Notify;

use crate::metrics::TaskMetrics;

/// How many records may be out at a time: more than librdkafka's own
/// `queue.buffering.max.messages` of 100,000. A power of two.
const WINDOW: u64 = 1 << 17;

/// How long a report may go unseen by who waits for it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// When so many source partitions are known, forget those that are settled.
const MANY_PARTITIONS: usize = 1024;

/// What the producer's thread and the task's thread share.
pub(super) struct Acks {
    bits: Box<[AtomicU64]>,
    failures: Mutex<Vec<(u64, DeliveryError)>>,
    failed: AtomicBool,
    waiting: AtomicBool,
    changed: Notify,
    metrics: Arc<TaskMetrics>,
}

impl fmt::Debug for Acks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acks").finish_non_exhaustive()
    }
}

impl Acks {
    pub(super) fn new(metrics: Arc<TaskMetrics>) -> Self {
        Self {
            bits: (0..WINDOW / 64).map(|_| AtomicU64::new(0)).collect(),
            failures: Mutex::default(),
            failed: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            changed: Notify::new(),
            metrics,
        }
    }

    fn place(&self, token: u64) -> (&AtomicU64, u64) {
        let position = token % WINDOW;
        // The remainder fits: the ring has WINDOW / 64 words.
        (&self.bits[(position / 64) as usize], 1 << (position % 64))
    }

    /// The record with `token` needs nothing more: it was acknowledged,
    /// filtered out or skipped.
    pub(super) fn settle(&self, token: u64) {
        let (word, bit) = self.place(token);
        word.fetch_or(bit, Ordering::Release);
    }

    /// How many of the first of `tokens`, which rise, are settled. Their bits are cleared, a word
    /// at a time: the producer's thread writes to the same words.
    fn take_settled(&self, tokens: impl Iterator<Item = u64>) -> usize {
        let mut taken = 0;
        let mut word = WordOfAcks::default();
        for token in tokens {
            let (at, bit) = self.place(token);
            if token / 64 != word.number || word.at.is_none() {
                word.clear();
                word = WordOfAcks {
                    number: token / 64,
                    at: Some(at),
                    settled: at.load(Ordering::Acquire),
                    taken: 0,
                };
            }
            if word.settled & bit == 0 {
                break;
            }
            word.taken |= bit;
            taken += 1;
        }
        word.clear();
        taken
    }

    /// The deliveries that failed since the last call.
    pub(super) fn take_failures(&self) -> Vec<(u64, DeliveryError)> {
        if !self.failed.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut failures)
    }

    /// Waits until another delivery was reported, or a moment.
    pub(super) async fn progress(&self) {
        let changed = self.changed.notified();
        self.waiting.store(true, Ordering::SeqCst);
        // What was reported before the flag was seen wakes nobody: so look again.
        tokio::time::timeout(LOOK_AGAIN, changed).await.ok();
        self.waiting.store(false, Ordering::SeqCst);
    }

    fn wake(&self) {
        if self.waiting.load(Ordering::SeqCst) {
            self.changed.notify_waiters();
        }
    }
}

/// The bits of 64 tokens, as they were when they were looked at.
#[derive(Default)]
struct WordOfAcks<'a> {
    number: u64,
    at: Option<&'a AtomicU64>,
    settled: u64,
    taken: u64,
}

impl WordOfAcks<'_> {
    fn clear(&self) {
        if let Some(at) = self.at
            && self.taken != 0
        {
            at.fetch_and(!self.taken, Ordering::AcqRel);
        }
    }
}

/// The producer's end of [`Acks`].
#[derive(Debug, Clone)]
pub(super) struct AckSink(pub(super) Arc<Acks>);

impl DeliverySink for AckSink {
    fn delivered(&self, token: u64, outcome: Result<Delivered, DeliveryError>) {
        match outcome {
            Ok(_) => {
                self.0.metrics.written.add(1);
                self.0.settle(token);
            }
            // The producer is being dropped: the record stays unsettled.
            Err(error) if error.was_taken_back() => {}
            Err(error) => {
                self.0
                    .failures
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((token, error));
                self.0.failed.store(true, Ordering::Release);
            }
        }
        self.0.wake();
    }
}

/// A source partition with its offset, as it goes to the store.
pub(super) type Committable = (Arc<OffsetMap>, SourceOffset);

struct Partition {
    source: Arc<OffsetMap>,
    /// The records that are out, oldest first.
    out: VecDeque<(u64, SourceOffset)>,
    /// The offset of the last record before which all are settled, until it is
    /// taken for a commit.
    committable: Option<SourceOffset>,
}

/// The offsets of the records that are out.
pub(super) struct DeliveryTracker {
    acks: Arc<Acks>,
    next: u64,
    /// No token below this is out.
    oldest: u64,
    out: usize,
    partitions: Vec<Partition>,
    by_content: HashMap<String, usize>,
    last: usize,
}

impl DeliveryTracker {
    pub(super) fn new(acks: Arc<Acks>) -> Self {
        Self {
            acks,
            next: 0,
            oldest: 0,
            out: 0,
            partitions: Vec::new(),
            by_content: HashMap::new(),
            last: 0,
        }
    }

    /// The token of the next record; none while too many are out.
    pub(super) fn next_token(&mut self) -> Option<u64> {
        if self.next - self.oldest >= WINDOW {
            self.advance();
            self.oldest = self
                .partitions
                .iter()
                .filter_map(|partition| partition.out.front())
                .map(|(token, _)| *token)
                .min()
                .unwrap_or(self.next);
        }
        (self.next - self.oldest < WINDOW).then_some(self.next)
    }

    /// Notes that the record with the [next token](Self::next_token) is out.
    pub(super) fn push(&mut self, source: &Arc<OffsetMap>, offset: SourceOffset) {
        let index = self.partition(source);
        self.partitions[index].out.push_back((self.next, offset));
        self.next += 1;
        self.out += 1;
    }

    fn partition(&mut self, source: &Arc<OffsetMap>) -> usize {
        if let Some(last) = self.partitions.get(self.last)
            && Arc::ptr_eq(&last.source, source)
        {
            return self.last;
        }
        let same = |partition: &Partition| Arc::ptr_eq(&partition.source, source);
        // A scan of pointers beats hashing the map for the usual few partitions.
        let found = self.partitions.iter().take(64).position(same);
        self.last = found.unwrap_or_else(|| self.partition_by_content(source));
        self.last
    }

    fn partition_by_content(&mut self, source: &Arc<OffsetMap>) -> usize {
        let content = canonical(source);
        if let Some(&index) = self.by_content.get(&content) {
            return index;
        }
        let index = self.partitions.len();
        self.partitions.push(Partition {
            source: source.clone(),
            out: VecDeque::new(),
            committable: None,
        });
        self.by_content.insert(content, index);
        index
    }

    /// Takes settled records off the queues, as far as all before them in their
    /// partition are settled too.
    pub(super) fn advance(&mut self) {
        for partition in &mut self.partitions {
            let settled = self
                .acks
                .take_settled(partition.out.iter().map(|(token, _)| *token));
            self.out -= settled;
            if let Some((_, offset)) = partition.out.drain(..settled).next_back() {
                partition.committable = Some(offset);
            }
        }
    }

    /// How many records are out.
    pub(super) fn out(&self) -> usize {
        self.out
    }

    /// The offsets that may be stored and are not yet.
    pub(super) fn take_committable(&mut self) -> Vec<Committable> {
        let taken = self
            .partitions
            .iter_mut()
            .filter_map(|partition| {
                let offset = partition.committable.take()?;
                Some((partition.source.clone(), offset))
            })
            .collect();
        if self.partitions.len() > MANY_PARTITIONS {
            self.forget_settled();
        }
        taken
    }

    /// Puts back what could not be stored, unless there are newer offsets.
    pub(super) fn restore(&mut self, offsets: Vec<Committable>) {
        for (source, offset) in offsets {
            let index = self.partition_by_content(&source);
            self.partitions[index].committable.get_or_insert(offset);
        }
    }

    /// The source partition and offset of the record with `token`, if it is out.
    pub(super) fn find(&self, token: u64) -> Option<Committable> {
        self.partitions.iter().find_map(|partition| {
            let index = partition
                .out
                .binary_search_by_key(&token, |(token, _)| *token)
                .ok()?;
            Some((partition.source.clone(), partition.out[index].1.clone()))
        })
    }

    fn forget_settled(&mut self) {
        self.partitions
            .retain(|partition| !partition.out.is_empty());
        self.last = 0;
        self.by_content = self
            .partitions
            .iter()
            .enumerate()
            .map(|(index, partition)| (canonical(&partition.source), index))
            .collect();
    }
}

/// A map's content as text, whatever the order of its names.
fn canonical(map: &OffsetMap) -> String {
    let mut entries: Vec<String> = map
        .iter()
        .map(|(name, value)| format!("{name:?}:{value}"))
        .collect();
    entries.sort();
    entries.join(",")
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
