//! The topic and what it says. A write returns when its record has been read back, so whoever was
//! answered sees it.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::log::{LogError, LogRecord, LogWriter, TopicLog, TopicLogOptions};
use connect_kafka::producer::SendError;
use connect_kafka::settings::worker;
use connect_kafka::{ClientKind, ClientSettings, ErrorCode};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

use crate::error::Failure;
use crate::record::{Key, Record, RecordError};
use crate::server::StartError;
use crate::settings::RegistrySettings;
use crate::state::State;

/// How long a change may take to be in the topic and back.
const PATIENCE: Duration = Duration::from_secs(30);
const CLIENT_ID: &str = "connectd-schema-registry";
/// What of the topic the registry reads: it has one partition.
const PARTITION: i32 = 0;

/// See the [module](self).
pub(crate) struct Store {
    state: Arc<RwLock<State>>,
    log: Log,
}

enum Log {
    Topic {
        log: Box<TopicLog>,
        /// The offset after the last record that was read.
        read: watch::Receiver<i64>,
    },
    /// Nothing is kept: for tests of what the topic is not needed for.
    #[cfg(test)]
    Memory,
}

impl Store {
    /// Reads the topic to its end, and creates it if it is missing.
    pub(crate) async fn open(settings: &RegistrySettings) -> Result<Self, StartError> {
        let client = |kind, props| {
            let settings = ClientSettings::from_props(kind, &props)?;
            for warning in settings.warnings() {
                warn!("{warning}");
            }
            Ok::<_, StartError>(settings)
        };
        let props = &settings.client;
        let admin = client(ClientKind::Admin, worker::worker_admin(props, CLIENT_ID))?;
        let consumer = worker::storage_consumer(props, CLIENT_ID);
        let consumer = client(ClientKind::Consumer, consumer)?;
        let producer = worker::storage_producer(props, CLIENT_ID);
        let producer = client(ClientKind::Producer, producer)?;
        let topic = NewTopic::new(&settings.topic, 1, settings.replication_factor).compacted();
        let options = TopicLogOptions::new(&settings.topic, Admin::new(&admin)?, consumer)
            .create(topic)
            .writer(LogWriter::new(&producer)?);
        let state = Arc::new(RwLock::new(State::default()));
        let (read_to, read) = watch::channel(0);
        let applied = Arc::clone(&state);
        let log = TopicLog::start(options, move |record| {
            apply(&applied, &record);
            if record.partition == PARTITION {
                read_to.send_replace(record.offset + 1);
            }
        })
        .await?;
        if log.partition_count() != 1 {
            return Err(StartError::Partitions {
                topic: settings.topic.clone(),
                count: log.partition_count(),
            });
        }
        Ok(Self {
            state,
            log: Log::Topic {
                log: Box::new(log),
                read,
            },
        })
    }

    /// One without a topic.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        Self {
            state: Arc::default(),
            log: Log::Memory,
        }
    }

    /// Takes a record as if it had come from the topic.
    #[cfg(test)]
    pub(crate) fn read_back(&self, key: &[u8], value: Option<&[u8]>, offset: usize) {
        apply_bytes(&self.state, key, value, Some(0))
            .unwrap_or_else(|error| panic!("record {offset}: {error}"));
    }

    /// What has been read. Do not hold it across an await.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what another registry may have written.
    pub(crate) async fn catch_up(&self) -> Result<(), Failure> {
        const DOING: &str = "reading the schemas topic to its end";
        match &self.log {
            Log::Topic { log, .. } => timeout(PATIENCE, log.read_to_end())
                .await
                .map_err(|_| Failure::Timeout { doing: DOING })?
                .map_err(|source| Failure::Store {
                    doing: DOING,
                    source,
                }),
            #[cfg(test)]
            Log::Memory => Ok(()),
        }
    }

    /// Writes a record, or a tombstone, and returns when it has been read back.
    pub(crate) async fn put(&self, key: Key, record: Option<Record>) -> Result<(), Failure> {
        match &self.log {
            Log::Topic { log, read } => {
                let (key, value) = (key.to_bytes(), record.map(|record| record.to_bytes()));
                let write = async {
                    let delivered = log.send(Some(&key), value.as_deref()).await?;
                    let mut read = read.clone();
                    let stopped = read
                        .wait_for(|next| *next > delivered.offset)
                        .await
                        .is_err();
                    if stopped {
                        return Err(LogError::Stopped {
                            topic: log.topic().to_owned(),
                        });
                    }
                    Ok(())
                };
                const DOING: &str = "writing to the schemas topic";
                timeout(PATIENCE, write)
                    .await
                    .map_err(|_| Failure::Timeout { doing: DOING })?
                    .map_err(write_failure)
            }
            #[cfg(test)]
            Log::Memory => {
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                state.apply(key, record, Some(0));
                Ok(())
            }
        }
    }

    pub(crate) async fn close(self) {
        match self.log {
            Log::Topic { log, .. } => log.stop().await,
            #[cfg(test)]
            Log::Memory => {}
        }
    }
}

fn write_failure(source: LogError) -> Failure {
    let is_too_large = match &source {
        LogError::Send(error) => matches!(error, SendError::TooLarge { .. }),
        LogError::Delivery(error) => error.code == ErrorCode::MessageSizeTooLarge,
        _ => false,
    };
    if is_too_large {
        return Failure::TooLarge;
    }
    Failure::Store {
        doing: "writing to the schemas topic",
        source,
    }
}

fn apply(state: &RwLock<State>, record: &LogRecord<'_>) {
    let offset = record.offset;
    let Some(key) = record.key else {
        warn!(
            offset,
            "a record of the schemas topic has no key: it is skipped"
        );
        return;
    };
    if let Err(error) = apply_bytes(state, key, record.value, record.timestamp) {
        warn!(offset, %error, "a record of the schemas topic is skipped");
    }
}

fn apply_bytes(
    state: &RwLock<State>,
    key: &[u8],
    value: Option<&[u8]>,
    timestamp: Option<i64>,
) -> Result<(), RecordError> {
    let key = Key::parse(key)?;
    let record = match value {
        None => None,
        Some(value) => match Record::parse(&key, value)? {
            // What is not acted on must not pass for a tombstone.
            None => return Ok(()),
            record => record,
        },
    };
    state
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .apply(key, record, timestamp);
    Ok(())
}
