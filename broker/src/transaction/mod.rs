//! The transaction coordinator (Kafka's `TransactionCoordinator` and `TransactionStateManager`), for
//! transactions before V2: the feature `transaction.version` is not offered, so that no client asks
//! for more.
//!
//! The order of locks, which keeps a produce request and the end of its transaction apart:
//! a partition of records before the coordinator's state (a produce request asks
//! [`Transactions::verify`] with its partition locked), and the coordinator's state before the
//! group coordinator's and before the partitions of the two internal topics, to which clients
//! cannot produce. So markers are written with the coordinator's state unlocked.

mod end;
mod init;
mod metadata;
mod partitions;
mod producer_ids;
mod state_log;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_protocol::ResponseError;

use crate::error::BrokerError;
use crate::group::Groups;
use crate::log::{
    BatchError, BatchOptions, BatchRecords, NewRecord, Record, build_batch, split_batches,
};
use crate::partition::Partition;
use crate::topics::{Topic, Topics};
use metadata::Metadata;
use producer_ids::ProducerIds;
use state_log::{Entry, STATE_TOPIC};

/// The epoch of the coordinator in markers: there never is another one.
const COORDINATOR_EPOCH: i32 = 0;
/// What errors call what is in the log.
const STATE: &str = "the transaction coordinator's state";
/// Bytes of the state's log that are read at a time.
const LOAD_BYTES: usize = 1 << 20;

/// The coordinator's settings.
#[derive(Debug, Clone)]
pub(crate) struct TransactionSettings {
    /// The broker's data folder.
    pub(crate) data: PathBuf,
    /// The longest time that a producer may ask for (`transaction.max.timeout.ms`).
    pub(crate) max_timeout: Duration,
    /// After what time without a transaction an id is forgotten
    /// (`transactional.id.expiration.ms`).
    pub(crate) transactional_id_expiration: Duration,
    /// Partitions of the state's topic when it is created
    /// (`transaction.state.log.num.partitions`).
    pub(crate) state_partitions: i32,
}

/// The transaction coordinator.
#[derive(Debug)]
pub(crate) struct Transactions {
    settings: TransactionSettings,
    topics: Arc<Topics>,
    groups: Arc<Groups>,
    producer_ids: ProducerIds,
    known: Mutex<HashMap<String, Transaction>>,
}

/// A transactional id.
#[derive(Debug)]
struct Transaction {
    metadata: Metadata,
    /// Somebody is writing the markers.
    completing: bool,
}

impl Transactions {
    /// Reads the state's log, if there is one, and ends the transactions whose outcome had been
    /// decided.
    pub(crate) fn open(
        settings: TransactionSettings,
        topics: Arc<Topics>,
        groups: Arc<Groups>,
    ) -> Result<Arc<Self>, BrokerError> {
        let producer_ids = ProducerIds::open(&settings.data)?;
        let known = Mutex::new(load(&topics)?);
        let transactions = Self {
            settings,
            topics,
            groups,
            producer_ids,
            known,
        };
        transactions.complete_prepared();
        Ok(Arc::new(transactions))
    }

    /// What has to be done now and then: aborts transactions that have been open for too long,
    /// tries again where markers could not be written, forgets ids that are out of use. To be
    /// called about once a second.
    pub(crate) fn run_due(&self) {
        self.run_due_at(now_ms());
    }

    fn run_due_at(&self, now_ms: i64) {
        self.abort_timed_out(now_ms);
        self.complete_prepared();
        self.forget_unused(now_ms);
    }

    fn forget_unused(&self, now_ms: i64) {
        let expiration = millis(self.settings.transactional_id_expiration);
        let mut known = self.lock();
        let unused: Vec<String> = known
            .iter()
            .filter(|(_, transaction)| {
                let metadata = &transaction.metadata;
                metadata.state.is_idle() && now_ms.saturating_sub(metadata.update_ms) >= expiration
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in unused {
            if self.append(&id, None).is_ok() {
                known.remove(&id);
            }
        }
    }

    /// Writes a transactional id's new state to the log and puts it in place of the old one.
    fn save(
        &self,
        known: &mut HashMap<String, Transaction>,
        id: &str,
        metadata: Metadata,
    ) -> Result<(), ResponseError> {
        self.append(id, Some(&metadata))?;
        match known.get_mut(id) {
            Some(transaction) => transaction.metadata = metadata,
            None => {
                known.insert(
                    id.to_owned(),
                    Transaction {
                        metadata,
                        completing: false,
                    },
                );
            }
        }
        Ok(())
    }

    fn append(&self, id: &str, metadata: Option<&Metadata>) -> Result<(), ResponseError> {
        // What clients hear when the log cannot be written, so that they try again
        // (`TransactionStateManager.appendTransactionToLog`).
        let failed = |error: &dyn std::error::Error| {
            tracing::error!("the state of transactional id {id} cannot be written: {error}");
            ResponseError::NotCoordinator
        };
        let partition = self.state_partition(id).map_err(|error| failed(&error))?;
        let record = NewRecord {
            key: Some(state_log::key(id)),
            value: metadata.map(state_log::value),
            headers: Vec::new(),
        };
        let batch = build_batch(&[record], &BatchOptions::plain(now_ms()));
        partition
            .append_own(batch)
            .map(drop)
            .map_err(|error| failed(&error))
    }

    fn state_topic(&self) -> Result<Arc<Topic>, BrokerError> {
        self.topics
            .internal(STATE_TOPIC, self.settings.state_partitions, true)
    }

    fn create_state_topic(&self) -> Result<(), ResponseError> {
        self.state_topic().map(drop).map_err(|error| {
            tracing::error!("the topic {STATE_TOPIC} cannot be created: {error}");
            ResponseError::CoordinatorNotAvailable
        })
    }

    fn state_partition(&self, id: &str) -> Result<Arc<Partition>, BrokerError> {
        let topic = self.state_topic()?;
        // `Utils.abs`
        let hash = java_hash(id).checked_abs().unwrap_or(0) as usize;
        let at = hash % topic.partitions.len().max(1);
        topic.partitions.get(at).cloned().ok_or_else(|| {
            BrokerError::Setting(format!("the topic {STATE_TOPIC} has no partition"))
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Transaction>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads all partitions of the state's log.
fn load(topics: &Topics) -> Result<HashMap<String, Transaction>, BrokerError> {
    let mut known = HashMap::new();
    let Some(topic) = topics.topic(STATE_TOPIC) else {
        return Ok(known);
    };
    for partition in &topic.partitions {
        let mut next = partition.log_start_offset();
        while next < partition.end_offset() {
            let fetched = partition
                .fetch(next, LOAD_BYTES, false)
                .map_err(BrokerError::opening(STATE))?;
            let read = load_batches(&fetched.records, &mut known);
            let Some(after) = read.map_err(BrokerError::opening(STATE))? else {
                break;
            };
            // A batch's offset is not covered by its checksum.
            if after <= next {
                return Err(BrokerError::Corrupt {
                    path: STATE_TOPIC.to_owned(),
                    problem: format!("its batches lead from offset {next} back to {after}"),
                });
            }
            next = after;
        }
    }
    Ok(known)
}

/// Takes over what whole batches say, and answers the offset after them.
fn load_batches(
    records: &[u8],
    known: &mut HashMap<String, Transaction>,
) -> Result<Option<i64>, BatchError> {
    let mut next = None;
    for (range, header) in split_batches(records)? {
        if !header.is_control() {
            for record in BatchRecords::open(&records[range])?.iter() {
                load_record(&record?, known);
            }
        }
        next = Some(header.next_offset());
    }
    Ok(next)
}

fn load_record(record: &Record<'_>, known: &mut HashMap<String, Transaction>) {
    match record
        .key
        .and_then(|key| state_log::read(key, record.value))
    {
        Some(Entry::Changed(id, metadata)) => {
            known.insert(
                id,
                Transaction {
                    metadata,
                    completing: false,
                },
            );
        }
        Some(Entry::Removed(id)) => {
            known.remove(&id);
        }
        None => tracing::warn!(
            "the record at offset {} of {STATE_TOPIC} is of an unknown version and is left out",
            record.offset
        ),
    }
}

/// Java's `String.hashCode`, by which an id finds its partition.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn now_ms() -> i64 {
    millis(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    )
}
