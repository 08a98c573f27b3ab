//! Writes that lost to a higher version of their document.
//!
//! Versions are offsets. A record that is written again loses to what came
//! after it, which is right. But where a topic was deleted and made again its
//! offsets start anew, and its records would lose to those of the old topic for
//! ever. The two differ in that the first partition goes on to the offset that
//! won, and the second ends before it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::{Error, Result};

/// A partition that gave no record for so long has come to its end.
const QUIET: Duration = Duration::from_secs(5);
/// One that has not come to the offset that won by then never will, or has so
/// much to catch up that it is worth a word.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often lost writes are told of.
const INTERVAL: Duration = Duration::from_secs(30);

/// The lost writes of a task, by partition.
#[derive(Debug, Default)]
pub(super) struct LostWrites {
    /// True if there are any: nothing is locked otherwise.
    any: AtomicBool,
    partitions: Mutex<HashMap<TopicPartition, Lost>>,
}

#[derive(Debug)]
struct Lost {
    count: u64,
    /// The highest version that won, and the document that has it.
    highest: i64,
    document: String,
    last_offset: i64,
    first_at: Instant,
    /// When a record of the partition was last put.
    seen_at: Instant,
    /// When it was told that the topic is another one.
    told_at: Option<Instant>,
}

impl LostWrites {
    /// `record` lost to `current`. An error if it is known by now that the
    /// partition's versions are those of another topic.
    pub(super) fn lost(
        &self,
        record: &SinkRecord,
        version: i64,
        current: i64,
        document: &str,
    ) -> Result<()> {
        if current <= version {
            // The very same record again.
            return Ok(());
        }
        let mut partitions = self.lock();
        self.any.store(true, Ordering::Relaxed);
        let now = Instant::now();
        let lost = partitions
            .entry(record.origin.clone())
            .or_insert_with(|| Lost {
                count: 0,
                highest: current,
                document: document.to_owned(),
                last_offset: record.offset,
                first_at: now,
                seen_at: now,
                told_at: None,
            });
        lost.count += 1;
        lost.last_offset = lost.last_offset.max(record.offset);
        if current > lost.highest {
            lost.highest = current;
            lost.document = document.to_owned();
        }
        match lost.told_at {
            None => Ok(()),
            Some(_) => Err(Error::data(format!(
                "the document has version {current}, above this record's {version}: the topic was \
                 probably deleted and made again"
            ))),
        }
    }

    /// Records were put: where their partition passes the version that won,
    /// they were only written again.
    pub(super) fn put(&self, records: &[SinkRecord]) {
        if !self.any.load(Ordering::Relaxed) || records.is_empty() {
            return;
        }
        let mut partitions = self.lock();
        let now = Instant::now();
        for record in records {
            let Some(lost) = partitions.get_mut(&record.origin) else {
                continue;
            };
            lost.seen_at = now;
            lost.last_offset = lost.last_offset.max(record.offset);
            if record.offset >= lost.highest {
                tracing::debug!(
                    "{} records of {} had been written before",
                    lost.count,
                    record.origin
                );
                partitions.remove(&record.origin);
            }
        }
        self.any.store(!partitions.is_empty(), Ordering::Relaxed);
    }

    /// Tells of partitions whose records lose for good.
    pub(super) fn tell(&self) {
        if self.any.load(Ordering::Relaxed) {
            let mut partitions = self.lock();
            for (partition, lost) in partitions.iter_mut() {
                if lost.is_due(Instant::now()) {
                    lost.told_at = Some(Instant::now());
                    tracing::error!("{}", lost.message(partition));
                }
            }
        }
    }

    pub(super) fn forget(&self, partition: &TopicPartition) {
        let mut partitions = self.lock();
        if let Some(mut lost) = partitions.remove(partition)
            && lost.told_at.is_none()
            && lost.last_offset < lost.highest
        {
            lost.told_at = Some(Instant::now());
            tracing::warn!("{}", lost.message(partition));
        }
        self.any.store(!partitions.is_empty(), Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TopicPartition, Lost>> {
        // Nothing panics while it is held; the map is good in any case.
        self.partitions
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Lost {
    fn is_due(&self, now: Instant) -> bool {
        match self.told_at {
            Some(told_at) => now - told_at >= INTERVAL && self.seen_at > told_at,
            None => now - self.seen_at >= QUIET || now - self.first_at >= PATIENCE,
        }
    }

    fn message(&self, partition: &TopicPartition) -> String {
        format!(
            "{} writes of {partition} were lost to version conflicts: {} has version {}, but the \
             partition's last record is at offset {}. The topic was probably deleted and made \
             again, or another topic writes the same documents: documents keep what the other one \
             wrote. To start anew, stop the connector, delete the index, reset the connector's \
             offsets and resume it; or let versions come from a header by external.version.header",
            self.count, self.document, self.highest, self.last_offset
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::tests::record;

    #[test]
    fn records_that_are_written_again_are_no_lost_writes() {
        let lost = LostWrites::default();
        lost.lost(&record(3), 3, 3, "i/a").unwrap();
        assert!(lost.lock().is_empty());
        lost.lost(&record(4), 4, 9, "i/a").unwrap();
        lost.put(&[record(8)]);
        assert_eq!(lost.lock().len(), 1);
        lost.put(&[record(9)]);
        assert!(lost.lock().is_empty());
    }

    #[test]
    fn a_partition_that_ends_before_the_version_is_another_topics() {
        let lost = LostWrites::default();
        let again = |offset| lost.lost(&record(offset), offset, 90 + offset, "index/id");
        again(0).unwrap();
        again(1).unwrap();
        lost.tell();
        assert!(again(2).is_ok(), "it may still be catching up");
        let mut partitions = lost.lock();
        for entry in partitions.values_mut() {
            entry.seen_at -= QUIET;
        }
        let message = partitions
            .values()
            .next()
            .unwrap()
            .message(&record(0).origin);
        assert!(
            message.starts_with(
                "3 writes of t-0 were lost to version conflicts: index/id has version 92, but the \
                 partition's last record is at offset 2."
            ),
            "{message}"
        );
        drop(partitions);
        lost.tell();
        assert!(again(3).is_err());
    }
}
