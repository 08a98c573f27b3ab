//! Prepares a run, then runs beside `poll`.

use std::sync::Arc;

use connect_api::Result;
use connect_api::plugin::SourceTaskContext;
use tokio_util::sync::CancellationToken;

use super::plan::{Known, Plan, plan};
use crate::capture::Capture;
use crate::config::{LockingMode, MySqlConnectorSettings, modes};
use crate::connection::{Connection, Database, Privilege, ServerInfo, ServerVariables};
use crate::database_schema::{DatabaseSchema, SchemaSettings, history_error};
use crate::gtid::GtidSet;
use crate::gtid_filter::GtidFilter;
use crate::heartbeat::Heartbeat;
use crate::offset::{StoredOffset, source_partition};
use crate::queue::QueueSender;
use crate::record_maker::RecordMaker;
use crate::retries::Retries;
use crate::schema_history::HistoryRecordComparator;
use crate::snapshot::{Snapshot, SnapshotTask};
use crate::streaming::{EventHandler, Reader};

/// A run that is being prepared.
pub(super) struct Start<'a> {
    settings: Arc<MySqlConnectorSettings>,
    context: &'a SourceTaskContext,
    cancelled: CancellationToken,
    database: Database,
}

/// A prepared run.
pub(super) struct Run {
    reader: Reader,
    plan: Plan,
}

impl<'a> Start<'a> {
    pub(super) fn new(
        settings: Arc<MySqlConnectorSettings>,
        context: &'a SourceTaskContext,
        cancelled: CancellationToken,
    ) -> Self {
        let database = Database::new(settings.connection.clone());
        Self {
            settings,
            context,
            cancelled,
            database,
        }
    }

    /// Waits for server and Kafka as the settings say, checks both, and finds
    /// out what is to be done.
    pub(super) async fn prepare(&self, queue: QueueSender) -> Result<Run> {
        let partition = Arc::new(source_partition(&self.settings.topic_prefix));
        let stored = self.context.offsets.offset(&partition).await?;
        let stored = stored.as_ref().map(StoredOffset::parse).transpose()?;
        let mut retries = Retries::new(self.settings.retries, self.cancelled.clone());
        let (server, schema, plan) = loop {
            match self.try_prepare(stored.clone()).await {
                Ok(prepared) => break prepared,
                Err(error) => retries.wait(error).await?,
            }
        };
        let settings = &self.settings;
        let values = &settings.settings;
        let maker = RecordMaker::new(
            modes::envelope_settings(values, self.context.task)?,
            modes::topic_names(values)?,
            modes::value_modes(values, &settings.filters)?,
            partition,
        );
        let capture = Capture {
            settings: Arc::clone(settings),
            schema,
            maker,
            queue,
        };
        let gtid_mode = server.gtid_mode && !settings.ignore_gtids;
        let reader = Reader {
            handler: EventHandler::new(capture, GtidFilter::new(settings), gtid_mode),
            heartbeat: Heartbeat::new(settings.heartbeat.clone(), self.database.clone()),
            database: self.database.clone(),
            server,
            cancelled: self.cancelled.clone(),
        };
        Ok(Run { reader, plan })
    }

    async fn try_prepare(
        &self,
        stored: Option<StoredOffset>,
    ) -> Result<(ServerInfo, DatabaseSchema, Plan)> {
        let mut connection = self.database.connect().await?;
        let checked = self.check(&mut connection, stored).await;
        connection.close().await;
        let (server, mut schema, plan) = checked?;
        match &plan {
            Plan::Resume(offset) => schema.recover(&offset.to_map()).await?,
            Plan::Snapshot { .. } | Plan::FromBeginning => {
                schema
                    .history()
                    .initialize_storage()
                    .await
                    .map_err(history_error)?;
            }
        }
        Ok((server, schema, plan))
    }

    async fn check(
        &self,
        connection: &mut Connection,
        stored: Option<StoredOffset>,
    ) -> Result<(ServerInfo, DatabaseSchema, Plan)> {
        let settings = &self.settings;
        let server = ServerInfo::read(connection).await?;
        if settings.snapshot.mode.streams() {
            server.check_binlog(connection).await?;
            server
                .check_privileges(
                    connection,
                    &[Privilege::ReplicationSlave, Privilege::ReplicationClient],
                )
                .await?;
        }
        let mut schema = self.schema(&server)?;
        schema.set_variables(&ServerVariables::read(connection).await?);
        let mut known = Known {
            history_exists: true,
            position_exists: true,
        };
        if let Some(offset) = stored
            .as_ref()
            .filter(|offset| !offset.is_snapshot_running())
        {
            known.position_exists =
                !settings.check_position || self.is_available(connection, &server, offset).await?;
            known.history_exists = schema.history().exists().await.map_err(history_error)?;
        }
        let plan = plan(settings.snapshot.mode, stored, known).map_err(|error| {
            let history = crate::history::place(&settings.settings);
            error.with("schema history", history)
        })?;
        if matches!(plan, Plan::Snapshot { data: true, .. }) {
            let mut needed = vec![Privilege::Select];
            if settings.snapshot.locking == LockingMode::Extended {
                needed.push(Privilege::Reload);
            }
            server.check_privileges(connection, &needed).await?;
        }
        Ok((server, schema, plan))
    }

    fn schema(&self, server: &ServerInfo) -> Result<DatabaseSchema> {
        let settings = &self.settings;
        let history = crate::history::open(&settings.settings, &settings.topic_prefix)?;
        let filter = GtidFilter::new(settings);
        let schema_settings = SchemaSettings::new(
            settings,
            server.case_sensitive,
            HistoryRecordComparator::with_gtid_source_filter(move |uuid| filter.allows(uuid)),
        )?;
        Ok(DatabaseSchema::new(schema_settings, history))
    }

    /// Whether the binlog still has the place
    /// (`BinlogConnectorConnection.isBinlogPositionAvailable`).
    async fn is_available(
        &self,
        connection: &mut Connection,
        server: &ServerInfo,
        offset: &StoredOffset,
    ) -> Result<bool> {
        let gtids = offset
            .position
            .gtids
            .as_deref()
            .filter(|_| !self.settings.ignore_gtids);
        if let Some(stored) = gtids {
            let filter = GtidFilter::new(&self.settings);
            let stored = GtidSet::parse(stored)?.retain(|uuid| filter.allows(uuid));
            let status = server.log_status(connection).await?;
            let available = status.and_then(|status| status.gtids).unwrap_or_default();
            if !stored.is_within(&available) {
                tracing::warn!(%stored, %available, "the server lacks transactions that are done with");
                return Ok(false);
            }
            let missing = available.retain(|uuid| filter.allows(uuid)).minus(&stored);
            let purged = server.purged_gtids(connection).await?;
            return Ok(missing.minus(&purged) == missing);
        }
        let file = &*offset.position.file;
        if file.is_empty() {
            return Ok(true);
        }
        let files = server.binlog_files(connection).await?;
        Ok(files.iter().any(|name| name == file))
    }
}

impl Run {
    /// Runs until the task is stopped or fails for good.
    pub(super) async fn run(mut self) -> Result<()> {
        let cancelled = self.reader.cancelled.clone();
        let offset = tokio::select! {
            biased;
            () = cancelled.cancelled() => return Ok(()),
            offset = self.begin() => offset?,
        };
        match offset {
            Some(offset) => self.reader.run(offset).await,
            None => Ok(()),
        }
    }

    /// Takes the snapshot, if one is planned; gives the place to stream from,
    /// unless nothing is to be streamed.
    async fn begin(&mut self) -> Result<Option<StoredOffset>> {
        let settings = self.reader.handler.capture.settings.snapshot.clone();
        let streams = settings.mode.streams();
        let offset = match self.plan.clone() {
            Plan::Resume(offset) => offset,
            Plan::FromBeginning => StoredOffset::default(),
            Plan::Snapshot { data, keep } => {
                tokio::time::sleep(settings.delay).await;
                let task = SnapshotTask {
                    data,
                    keep_position: keep,
                    streams,
                };
                let offset = self.snapshot(&task).await?;
                tokio::time::sleep(settings.streaming_delay).await;
                offset
            }
        };
        Ok(streams.then_some(offset))
    }

    /// A snapshot that breaks is begun anew, as often as `errors.max.retries` allows.
    async fn snapshot(&mut self, task: &SnapshotTask) -> Result<StoredOffset> {
        let reader = &mut self.reader;
        let mut retries = Retries::new(
            reader.handler.capture.settings.retries,
            reader.cancelled.clone(),
        );
        loop {
            let capture = &mut reader.handler.capture;
            let snapshot =
                Snapshot::new(capture, &reader.database, &reader.server, &reader.cancelled);
            match snapshot.take(task).await {
                Ok(offset) => return Ok(offset),
                Err(error) => retries.wait(error).await?,
            }
        }
    }
}
