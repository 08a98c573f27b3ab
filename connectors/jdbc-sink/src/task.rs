//! The task: one connection, a transaction for each call.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use connect_api::plugin::{PartitionOffsets, SinkTask, SinkTaskContext};
use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::{Error, ErrorKind, Props, Result};

use crate::config::{Flavor, SinkSettings};
use crate::db::{DbError, Fault, Manner, Session};
use crate::dialect::Dialect;
use crate::naming;
use crate::offsets::OffsetTable;
use crate::planner::Planner;
use crate::url::JdbcUrl;
use crate::writer::{Tools, WriteError, Writer};

/// A task of any of the classes.
pub(crate) struct JdbcSinkTask {
    flavor: Flavor,
    running: Option<Running>,
}

impl JdbcSinkTask {
    pub(crate) fn new(flavor: Flavor) -> Self {
        Self {
            flavor,
            running: None,
        }
    }
}

struct Running {
    settings: SinkSettings,
    context: SinkTaskContext,
    url: JdbcUrl,
    session: Option<Session>,
    writer: Writer,
    remaining_retries: u32,
}

#[async_trait]
impl SinkTask for JdbcSinkTask {
    async fn start(&mut self, context: SinkTaskContext, props: &Props) -> Result<()> {
        let mut settings = SinkSettings::parse(self.flavor, props)?;
        if settings.connector.is_empty() {
            settings.connector.clone_from(&context.connector);
        }
        let url = JdbcUrl::parse(&settings)?;
        for warning in &url.warnings {
            tracing::warn!("{warning}");
        }
        let dialect = Dialect::new(url.database, settings.flavor, settings.quoting);
        let offsets = if settings.exactly_once {
            let id = naming::table_id(&dialect, &settings.offsets_table)?;
            Some(OffsetTable::new(dialect, &id, &context.connector))
        } else {
            None
        };
        tracing::info!("writing to {} at {}", url.database.name(), url.place());
        self.running = Some(Running {
            writer: Writer {
                manner: Manner {
                    dialect,
                    mode: settings.insert_mode,
                    style: settings.style.clone(),
                },
                planner: Planner::default(),
                offsets,
            },
            remaining_retries: settings.max_retries,
            settings,
            context,
            url,
            session: None,
        });
        Ok(())
    }

    /// What goes to the database in one statement. In the original `batch.size` has no effect
    /// beyond the consumer's 500 records.
    fn batch_size(&self) -> Option<usize> {
        let running = self.running.as_ref()?;
        Some(running.settings.batch_size)
    }

    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<PartitionOffsets> {
        match &mut self.running {
            Some(running) => running.open(partitions).await,
            None => Err(Error::internal("opened before the start")),
        }
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        match &mut self.running {
            Some(_) if records.is_empty() => Ok(()),
            Some(running) => running.put(records).await,
            None => Err(Error::internal("put before the start")),
        }
    }

    async fn stop(&mut self) {
        if let Some(session) = self.running.take().and_then(|running| running.session) {
            session.close().await;
        }
    }
}

impl Running {
    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<PartitionOffsets> {
        if self.writer.offsets.is_none() {
            return Ok(PartitionOffsets::new());
        }
        self.connect().await?;
        let (Some(table), Some(session)) = (&self.writer.offsets, &mut self.session) else {
            return Ok(PartitionOffsets::new());
        };
        match table.open(session, partitions).await {
            Ok(offsets) => Ok(offsets),
            Err(error) => Err(self
                .failed(error)
                .while_doing("reading the offsets in the target")),
        }
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        self.connect().await?;
        let Some(session) = &mut self.session else {
            return Err(Error::internal("there is no connection after connecting"));
        };
        let tools = Tools {
            session,
            settings: &self.settings,
            reporter: self.context.reporter.as_ref(),
            reported: HashSet::new(),
        };
        match self.writer.write(tools, records).await {
            Ok(()) => {
                self.remaining_retries = self.settings.max_retries;
                Ok(())
            }
            Err(WriteError::Fatal(error)) => Err(error),
            Err(WriteError::Database(error)) => {
                let error = self.failed(error);
                Err(match records.first() {
                    Some(first) => error.while_doing(format!(
                        "writing {} records, the first from {} offset {}, to {}",
                        records.len(),
                        first.origin,
                        first.offset,
                        self.url.place()
                    )),
                    None => error,
                })
            }
            Err(WriteError::Widened | WriteError::Repeated) => {
                Err(Error::internal("a call that was to be made again was not"))
            }
        }
    }

    /// Connects where there is no connection: `connection.attempts` times, with
    /// `connection.backoff.ms` between.
    async fn connect(&mut self) -> Result<()> {
        if self.session.is_some() {
            return Ok(());
        }
        let attempts = self.settings.connection_attempts.max(1);
        for attempt in 1..=attempts {
            let error = match Session::connect(&self.url, &self.settings.style).await {
                Ok(session) => {
                    tracing::info!("connected to {}", self.url.place());
                    self.session = Some(session);
                    self.writer.planner.forget();
                    return Ok(());
                }
                Err(error) => error,
            };
            if error.fault == Fault::Refused || attempt == attempts {
                return Err(self.failed(error));
            }
            tracing::warn!(
                "unable to connect to {} on attempt {attempt}/{attempts}, will retry in {:?}: {error}",
                self.url.place(),
                self.settings.connection_backoff
            );
            self.rest(self.settings.connection_backoff).await?;
        }
        Ok(())
    }

    async fn rest(&self, pause: Duration) -> Result<()> {
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = self.context.cancelled.cancelled() => Err(Error::new(
                ErrorKind::Stopped,
                "stopped while waiting for the database",
            )),
        }
    }

    /// What the runtime is told of a failure of the database: passing ones are
    /// retriable as long as `max.retries` lasts.
    fn failed(&mut self, error: DbError) -> Error {
        // What state the connection is in is not known.
        self.session = None;
        self.writer.planner.forget();
        let passing = matches!(
            error.fault,
            Fault::Connection | Fault::Transient | Fault::Structure
        );
        if !passing {
            let kind = if error.fault == Fault::Data {
                ErrorKind::Data
            } else {
                ErrorKind::Config
            };
            return Error::new(kind, error.to_string());
        }
        if self.remaining_retries == 0 {
            let retries = self.settings.max_retries;
            return Error::internal(format!("failing after {retries} retries (max.retries)"))
                .caused_by(Error::retriable(error.to_string()));
        }
        self.remaining_retries -= 1;
        tracing::warn!(
            "the database failed, remaining retries: {}: {error}",
            self.remaining_retries
        );
        let error = Error::retriable(error.to_string());
        error.after(self.settings.retry_backoff)
    }
}
