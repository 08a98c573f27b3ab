//! A log with what Kafka promises of it: idempotence, transactions, and readers that wait.
//!
//! A [`Partition`] is shared by all connections. Readers do not wait for one another; a writer has
//! the log to itself while it appends.

mod clean;
mod entry;
mod error;
mod fetch;
mod marker;
mod producers;
mod snapshot;
mod validate;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;
use tokio::sync::watch;

pub(crate) use error::{FetchError, ProduceError, RecordError};
pub(crate) use fetch::Fetched;

use crate::log::{BatchHeader, Log, LogConfig, LogError};
use producers::{AbortedTransaction, Marker, Origin, Producers};
use validate::Rules;

/// Bytes appended after which the producers' state is written again, so that a start after a crash
/// has not more than this to read.
const SNAPSHOT_INTERVAL: u64 = 64 << 20;

/// What a topic's configuration says about its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionSettings {
    /// Size of the largest batch (`max.message.bytes`).
    pub(crate) max_message_bytes: u32,
    /// `message.timestamp.type` is `LogAppendTime`.
    pub(crate) log_append_time: bool,
    /// How old a record's timestamp may be (`message.timestamp.before.max.ms`).
    pub(crate) timestamp_before_max_ms: i64,
    /// How far ahead a record's timestamp may be (`message.timestamp.after.max.ms`).
    pub(crate) timestamp_after_max_ms: i64,
}

impl Default for PartitionSettings {
    fn default() -> Self {
        Self {
            max_message_bytes: 1024 * 1024 + 12,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
        }
    }
}

/// Where records went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Produced {
    /// The first record's offset; a repeated batch has that of the first time.
    pub(crate) base_offset: i64,
    /// The records' time where the topic keeps the broker's, else -1. For a repeated batch it is
    /// the batch's own in any case, as `UnifiedLog.append` has it.
    pub(crate) log_append_time: i64,
    /// The log's first offset.
    pub(crate) log_start_offset: i64,
}

/// One partition.
#[derive(Debug)]
pub(crate) struct Partition {
    dir: PathBuf,
    state: RwLock<State>,
    end: watch::Sender<i64>,
}

#[derive(Debug)]
struct State {
    log: Log,
    producers: Producers,
    /// In the order of their markers.
    aborted: Vec<AbortedTransaction>,
    compact: bool,
    settings: PartitionSettings,
    /// Bytes appended since the producers' state was written.
    unsaved: u64,
}

impl Partition {
    /// Opens or creates the log in `dir` and reads what its producers were doing.
    pub(crate) fn open(
        dir: &Path,
        config: LogConfig,
        settings: PartitionSettings,
    ) -> Result<Self, LogError> {
        let compact = config.compact;
        let log = Log::open(dir, config)?;
        let saved = snapshot::load(dir, log.start_offset(), log.end_offset())?;
        let (from, producers, aborted) = match saved {
            Some(saved) => (saved.offset, saved.producers, saved.aborted),
            None => (log.start_offset(), Producers::default(), Vec::new()),
        };
        let end = log.end_offset();
        let mut state = State {
            log,
            producers,
            aborted,
            compact,
            settings,
            unsaved: 0,
        };
        state.replay(from)?;
        Ok(Self {
            dir: dir.to_path_buf(),
            state: RwLock::new(state),
            end: watch::Sender::new(end),
        })
    }

    /// Appends the records of a produce request that is not transactional.
    pub(crate) fn produce(&self, records: Bytes) -> Result<Produced, ProduceError> {
        self.produce_in(records, |_, _| Err(ResponseError::InvalidTxnState))
    }

    /// Appends the records of a produce request. `verify` is asked before the first batch of a
    /// transaction is appended: whether the coordinator has this partition in the transaction of
    /// that producer id and epoch (KIP-890).
    ///
    /// It is asked with the partition locked, so no marker of that transaction can come between
    /// the answer and the records. The coordinator in turn never locks a partition of records
    /// while its own state is locked.
    pub(crate) fn produce_in(
        &self,
        records: Bytes,
        verify: impl FnOnce(i64, i16) -> Result<(), ResponseError>,
    ) -> Result<Produced, ProduceError> {
        let rules = self.rules();
        let validated = validate::validate(&records, &rules)?;
        let header = validated.header;
        let mut batch = BytesMut::from(records);
        let mut state = self.write();
        if let Some(known) = state.producers.duplicate(&header) {
            return Ok(state.produced(known.first_offset, known.timestamp));
        }
        if state.producers.begins_transaction(&header)? {
            verify(header.producer_id, header.producer_epoch).map_err(ProduceError::NotVerified)?;
        }
        state.producers.check(&header, Origin::Client)?;
        let header = validated.stamp(&mut batch, &rules)?;
        let append_time = if rules.settings.log_append_time {
            rules.now_ms
        } else {
            -1
        };
        let base_offset = state.append(&mut batch, header)?;
        let produced = state.produced(base_offset, append_time);
        self.after_append(state);
        Ok(produced)
    }

    /// Appends a coordinator's records, of which only the producer's epoch is checked. A
    /// transactional batch opens the transaction here.
    pub(crate) fn append_own(&self, mut batch: BytesMut) -> Result<i64, ProduceError> {
        let header =
            BatchHeader::parse(&batch).map_err(|error| ProduceError::invalid(error.to_string()))?;
        let mut state = self.write();
        state.producers.check(&header, Origin::Coordinator)?;
        let base_offset = state.append(&mut batch, header)?;
        self.after_append(state);
        Ok(base_offset)
    }

    /// Ends a transaction here: appends the control record that says how
    /// (`EndTransactionMarker`), also where the transaction has written nothing.
    pub(crate) fn write_marker(
        &self,
        producer_id: i64,
        epoch: i16,
        commit: bool,
        coordinator_epoch: i32,
    ) -> Result<i64, ProduceError> {
        let marker = Marker {
            commit,
            coordinator_epoch,
        };
        let mut batch = marker::batch(producer_id, epoch, marker, now_ms());
        let header =
            BatchHeader::parse(&batch).map_err(|error| ProduceError::invalid(error.to_string()))?;
        let mut state = self.write();
        state.producers.check_marker(producer_id, epoch, marker)?;
        let offset = state.log.append(&mut batch, &header)?;
        state.unsaved += batch.len() as u64;
        state.ended(
            &BatchHeader {
                base_offset: offset,
                ..header
            },
            marker,
        );
        self.after_append(state);
        Ok(offset)
    }

    /// The end offset, to wait on: it changes whenever there may be something new to read, also
    /// for a reader of committed records only, since a marker is a record.
    pub(crate) fn appended(&self) -> watch::Receiver<i64> {
        self.end.subscribe()
    }

    /// The first offset.
    pub(crate) fn log_start_offset(&self) -> i64 {
        self.read().log.start_offset()
    }

    /// The next record's offset. With one node it is the high watermark too.
    pub(crate) fn end_offset(&self) -> i64 {
        self.read().log.end_offset()
    }

    /// The offset of the first record whose transaction is open, or the end.
    pub(crate) fn last_stable_offset(&self) -> i64 {
        self.read().last_stable_offset()
    }

    /// The first record with this timestamp or a later one: offset and timestamp.
    pub(crate) fn offset_for_time(&self, ms: i64) -> Result<Option<(i64, i64)>, LogError> {
        self.read().log.offset_for_time(ms)
    }

    /// The record with the highest timestamp: offset and timestamp.
    pub(crate) fn max_timestamp(&self) -> Result<Option<(i64, i64)>, LogError> {
        self.read().log.max_timestamp()
    }

    /// Moves the log's start to `offset`.
    pub(crate) fn delete_before(&self, offset: i64) -> Result<(), LogError> {
        let mut state = self.write();
        state.log.delete_before(offset)?;
        state.forget_deleted();
        Ok(())
    }

    /// Takes over a changed configuration.
    pub(crate) fn set_config(&self, config: LogConfig, settings: PartitionSettings) {
        let mut state = self.write();
        state.compact = config.compact;
        state.settings = settings;
        state.log.set_config(config);
    }

    /// For an orderly stop: flushes, and writes the producers' state, so that the next start need
    /// not read the log.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        let mut state = self.write();
        state.save(&self.dir)?;
        state.log.close()
    }

    fn rules(&self) -> Rules {
        let state = self.read();
        Rules {
            settings: state.settings,
            keys_required: state.compact,
            now_ms: now_ms(),
        }
    }

    /// Saves the producers' state when that is due, and wakes who waits for records: with the
    /// partition unlocked, since that is what they want next.
    fn after_append(&self, mut state: RwLockWriteGuard<'_, State>) {
        if state.unsaved >= SNAPSHOT_INTERVAL
            && let Err(error) = state.save(&self.dir)
        {
            tracing::warn!(
                "the producer snapshot in {} cannot be written: {error}",
                self.dir.display()
            );
        }
        let end = state.log.end_offset();
        drop(state);
        self.end.send_modify(|known| *known = end.max(*known));
    }

    // A panic while the lock is held would be a defect; what is behind it is checked on every use.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Appends a batch of records that has been checked.
    fn append(&mut self, batch: &mut BytesMut, header: BatchHeader) -> Result<i64, ProduceError> {
        let base_offset = self.log.append(batch, &header)?;
        self.unsaved += batch.len() as u64;
        self.producers.appended(&BatchHeader {
            base_offset,
            ..header
        });
        Ok(base_offset)
    }

    fn ended(&mut self, header: &BatchHeader, marker: Marker) {
        self.aborted.extend(self.producers.ended(header, marker));
    }

    /// Reads what the log's batches from an offset on say about their producers.
    fn replay(&mut self, from: i64) -> Result<(), LogError> {
        let Self {
            log,
            producers,
            aborted,
            ..
        } = self;
        log.headers_from(from, |header, control| {
            if !header.has_producer() {
                return;
            }
            if !header.is_control() {
                producers.appended(header);
            } else if let Some(marker) = marker::read(control) {
                aborted.extend(producers.ended(header, marker));
            }
        })?;
        producers.recovered(now_ms());
        self.forget_deleted();
        Ok(())
    }

    /// Aborted transactions of which no record is left need not be told of.
    fn forget_deleted(&mut self) {
        let start = self.log.start_offset();
        self.aborted
            .retain(|transaction| transaction.last_offset >= start);
    }

    fn last_stable_offset(&self) -> i64 {
        match self.producers.first_unstable_offset() {
            Some(offset) => offset.max(self.log.start_offset()),
            None => self.log.end_offset(),
        }
    }

    fn save(&mut self, dir: &Path) -> Result<(), LogError> {
        snapshot::save(dir, self.log.end_offset(), &self.producers, &self.aborted)?;
        self.unsaved = 0;
        Ok(())
    }

    fn produced(&self, base_offset: i64, log_append_time: i64) -> Produced {
        Produced {
            base_offset,
            log_append_time,
            log_start_offset: self.log.start_offset(),
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
