//! The offsets topic: where groups and their offsets are kept, and read again at the start.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::classic::{Journal, Now};
use super::records::Entry;
use crate::error::BrokerError;
use crate::log::{
    BatchHeader, BatchOptions, BatchRecords, NewRecord, batch, build_batch, split_batches,
};
use crate::partition::Partition;
use crate::topics::Topics;

/// The topic of groups and their offsets.
pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// How much of the topic is read at a time.
const READ_BYTES: usize = 1 << 20;

/// A transactional producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Producer {
    pub(super) id: i64,
    pub(super) epoch: i16,
}

/// What is found in the topic when it is read.
#[derive(Debug)]
pub(super) enum Found {
    /// A record, where it stands, and the transaction it is part of.
    Entry {
        entry: Entry,
        offset: i64,
        producer: Option<i64>,
    },
    /// A transaction has ended.
    End { producer: i64, committed: bool },
}

/// The offsets topic's partitions.
#[derive(Debug)]
pub(super) struct Store {
    partitions: Vec<Arc<Partition>>,
}

impl Store {
    /// The topic, which is created if it is not there.
    pub(super) fn open(topics: &Topics, partitions: i32) -> Result<Self, BrokerError> {
        let topic = topics.internal(OFFSETS_TOPIC, partitions, true)?;
        Ok(Self {
            partitions: topic.partitions.clone(),
        })
    }

    /// The partition that a group's records are in (`GroupCoordinatorService.partitionFor`).
    pub(super) fn partition_of(&self, group: &str) -> i32 {
        partition_of(group, self.partitions.len())
    }

    /// Writes records of one group in a transaction.
    pub(super) fn append_in(
        &self,
        producer: Producer,
        entries: &[Entry],
    ) -> Result<i64, ResponseError> {
        let options = BatchOptions {
            attributes: batch::TRANSACTIONAL,
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            ..BatchOptions::plain(Now::read().wall_ms)
        };
        self.write(entries, &options)
    }

    fn write(&self, entries: &[Entry], options: &BatchOptions) -> Result<i64, ResponseError> {
        let Some(first) = entries.first() else {
            return Err(ResponseError::UnknownServerError);
        };
        let partition = usize::try_from(self.partition_of(first.group())).unwrap_or(0);
        let mut records = Vec::with_capacity(entries.len());
        for entry in entries {
            records.push(record(entry)?);
        }
        let batch = build_batch(&records, options);
        self.partitions[partition]
            .append_own(batch)
            .map_err(|error| as_coordinator(&error.code()))
    }

    /// Reads everything, oldest first within each partition.
    pub(super) fn read(&self, mut found: impl FnMut(Found)) -> Result<(), BrokerError> {
        for partition in &self.partitions {
            let mut next = partition.log_start_offset();
            while next < partition.end_offset() {
                let opening = BrokerError::opening(format!("reading {OFFSETS_TOPIC}"));
                let fetched = partition.fetch(next, READ_BYTES, false).map_err(opening)?;
                let opening = BrokerError::opening(format!("reading {OFFSETS_TOPIC}"));
                let batches = split_batches(&fetched.records).map_err(opening)?;
                let Some((_, last)) = batches.last() else {
                    break;
                };
                next = after(next, last)?;
                for (range, _) in batches {
                    read_batch(&fetched.records[range], &mut found)?;
                }
            }
        }
        Ok(())
    }
}

impl Journal for Store {
    fn append(&self, entries: &[Entry]) -> Result<i64, ResponseError> {
        self.write(entries, &BatchOptions::plain(Now::read().wall_ms))
    }
}

/// `Utils.abs(groupId.hashCode()) % partitions`, the hash being that of Java's strings.
pub(super) fn partition_of(group: &str, partitions: usize) -> i32 {
    let hash = group.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    let hash = if hash == i32::MIN { 0 } else { hash.abs() };
    hash % i32::try_from(partitions).unwrap_or(i32::MAX).max(1)
}

/// Where to go on after a batch. A batch's offset is not covered by its checksum.
fn after(from: i64, last: &BatchHeader) -> Result<i64, BrokerError> {
    let next = last.next_offset();
    if next > from {
        return Ok(next);
    }
    Err(BrokerError::Corrupt {
        path: OFFSETS_TOPIC.to_owned(),
        problem: format!("its batches lead from offset {from} back to {next}"),
    })
}

fn record(entry: &Entry) -> Result<NewRecord, ResponseError> {
    let refused = |error| {
        tracing::warn!(%error, "a record of {OFFSETS_TOPIC} cannot be written");
        ResponseError::UnknownServerError
    };
    Ok(NewRecord {
        key: Some(entry.key().map_err(refused)?),
        value: entry.value().map_err(refused)?,
        headers: Vec::new(),
    })
}

/// What a client is told when its group's topic cannot be written to
/// (`CoordinatorOperationExceptionHelper`).
fn as_coordinator(error: &ResponseError) -> ResponseError {
    match error {
        ResponseError::UnknownTopicOrPartition
        | ResponseError::NotEnoughReplicas
        | ResponseError::RequestTimedOut => ResponseError::CoordinatorNotAvailable,
        ResponseError::NotLeaderOrFollower | ResponseError::KafkaStorageError => {
            ResponseError::NotCoordinator
        }
        ResponseError::MessageTooLarge
        | ResponseError::RecordListTooLarge
        | ResponseError::InvalidFetchSize => ResponseError::UnknownServerError,
        error => *error,
    }
}

fn read_batch(bytes: &[u8], found: &mut impl FnMut(Found)) -> Result<(), BrokerError> {
    let unreadable = || BrokerError::opening(format!("reading a batch of {OFFSETS_TOPIC}"));
    let batch = BatchRecords::open(bytes).map_err(unreadable())?;
    let header = batch.header();
    for record in batch.iter() {
        let record = record.map_err(unreadable())?;
        let Some(key) = record.key else {
            tracing::warn!(
                offset = record.offset,
                "{OFFSETS_TOPIC}: a record without a key"
            );
            continue;
        };
        if header.is_control() {
            if let Some(committed) = ends_with_commit(key) {
                let producer = header.producer_id;
                found(Found::End {
                    producer,
                    committed,
                });
            }
            continue;
        }
        let value = record.value.map(Bytes::copy_from_slice);
        match Entry::decode(Bytes::copy_from_slice(key), value) {
            Ok(entry) => found(Found::Entry {
                entry,
                offset: record.offset,
                producer: header.is_transactional().then_some(header.producer_id),
            }),
            Err(error) => {
                tracing::warn!(offset = record.offset, %error, "{OFFSETS_TOPIC}: a record is left out");
            }
        }
    }
    Ok(())
}

/// A control record's key is its version and its kind: 0 aborts, 1 commits.
fn ends_with_commit(key: &[u8]) -> Option<bool> {
    match key.get(2..4)? {
        [0, 0] => Some(false),
        [0, 1] => Some(true),
        _ => None,
    }
}
