//! The snapshot: the structures of all tables and the rows of the captured
//! ones, as of one place in the binlog (`BinlogSnapshotChangeEventSource`).

mod locks;
mod rows;
mod structure;

use std::collections::HashSet;
use std::sync::Arc;

use connect_api::record::{SourceOffset, SourcePosition, SourceRecord};
use connect_api::{Error, Result};
use mysql_async::Row;
use tokio_util::sync::CancellationToken;

use self::locks::Lock;
use self::structure::{Statement, Tables};
use crate::capture::Capture;
use crate::config::{LockingMode, TableOrder};
use crate::connection::{Connection, Database, ServerInfo, ServerVariables, text_of};
use crate::database_schema::now_ns;
use crate::ddl::SchemaChange;
use crate::offset::{BinlogPosition, SnapshotState, StoredOffset};
use crate::queue::stopped;
use crate::record_maker::set_in_source;
use crate::schemas::{SnapshotMarker, SourceInfo};
use crate::tables::TableId;

/// Which parts of a snapshot are taken.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotTask {
    /// Rows too, not only structures.
    pub(crate) data: bool,
    /// Where to go on afterwards instead of the place of the snapshot: only
    /// the history is rebuilt.
    pub(crate) keep_position: Option<StoredOffset>,
    /// Whether streaming follows.
    pub(crate) streams: bool,
}

/// A schema change that is to be told, and where.
struct Told {
    change: SchemaChange,
    understood: bool,
    info: SourceInfo,
    position: BinlogPosition,
}

/// Takes a snapshot.
pub(crate) struct Snapshot<'a> {
    capture: &'a mut Capture,
    database: &'a Database,
    server: &'a ServerInfo,
    cancelled: &'a CancellationToken,
    /// The last record: it is sent when it is known whether another follows.
    held: Option<(SourceRecord, usize)>,
    position: BinlogPosition,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn new(
        capture: &'a mut Capture,
        database: &'a Database,
        server: &'a ServerInfo,
        cancelled: &'a CancellationToken,
    ) -> Self {
        Self {
            capture,
            database,
            server,
            cancelled,
            held: None,
            position: BinlogPosition::default(),
        }
    }

    /// Takes it; gives the place from which streaming goes on. Nothing is kept
    /// of a snapshot that fails: the next try begins anew.
    pub(crate) async fn take(mut self, task: &SnapshotTask) -> Result<StoredOffset> {
        let mut connection = self.database.connect().await?;
        let result = self.with_connection(&mut connection, task).await;
        connection.close().await;
        result
    }

    async fn with_connection(
        &mut self,
        connection: &mut Connection,
        task: &SnapshotTask,
    ) -> Result<StoredOffset> {
        let filters = self.capture.schema.filters().clone();
        let settings = self.capture.settings.snapshot.clone();
        let lock = locks::lock(connection, self.server, &settings).await?;
        let tables = self.read_place(connection, task, lock).await?;
        self.check_captured(&tables)?;
        let statements = self.read_structure(connection, lock, &tables).await?;
        if lock == Lock::Global && settings.locking == LockingMode::Minimal {
            locks::unlock(connection).await?;
        }
        self.tell_structure(statements).await?;
        if task.data {
            let tables: Vec<TableId> = tables
                .captured
                .into_iter()
                .filter(|id| filters.is_in_snapshot(id))
                .collect();
            let tables = self.in_order(connection, tables).await?;
            connection.expect_many_rows().await?;
            self.send_rows(connection, &tables).await?;
        }
        if lock != Lock::None {
            locks::unlock(connection).await?;
        }
        connection.run("ROLLBACK").await?;
        self.finish(task).await
    }

    fn check_captured(&self, tables: &Tables) -> Result<()> {
        if tables.captured.is_empty() {
            tracing::warn!(
                "no table is captured: check the include and exclude lists, and that the user may see the tables"
            );
        }
        check_number(&self.capture.settings.max_tables, tables.captured.len())
    }

    /// Reads the place of the snapshot, and gives the tables that there were then: what is
    /// created before it is listed, what comes later is streamed.
    async fn read_place(
        &mut self,
        connection: &mut Connection,
        task: &SnapshotTask,
        lock: Lock,
    ) -> Result<Tables> {
        if lock == Lock::Tables {
            let mut other = self.database.connect().await?;
            let locked = self.lock_listed(connection, &mut other, task).await;
            other.close().await;
            return locked;
        }
        self.read_position(connection, task).await?;
        if lock == Lock::None {
            // Changes between the position and this are sent twice, none is lost.
            locks::begin(connection).await?;
        }
        Tables::list(connection, self.capture.schema.filters()).await
    }

    /// Locks the captured tables, which keeps nobody from making and dropping others: until those
    /// listed after the place is read are those that were locked before.
    async fn lock_listed(
        &mut self,
        connection: &mut Connection,
        other: &mut Connection,
        task: &SnapshotTask,
    ) -> Result<Tables> {
        const TRIES: usize = 20;
        let filters = self.capture.schema.filters().clone();
        let mut tables = Tables::list(other, &filters).await?;
        for _ in 0..TRIES {
            let is_locked = locks::lock_tables(connection, &tables.captured).await?;
            self.read_position(connection, task).await?;
            let now = Tables::list(other, &filters).await?;
            if is_locked && now.captured == tables.captured {
                return Ok(now);
            }
            tables = now;
        }
        Err(Error::retriable(
            "captured tables are created or dropped faster than they can be locked for the snapshot",
        ))
    }

    async fn read_position(
        &mut self,
        connection: &mut Connection,
        task: &SnapshotTask,
    ) -> Result<()> {
        if let Some(offset) = &task.keep_position {
            self.position = offset.position.clone();
            return Ok(());
        }
        match self.server.log_status(connection).await? {
            Some(status) => {
                tracing::info!(
                    file = &*status.file,
                    pos = status.pos,
                    "the snapshot's place in the binlog"
                );
                self.position = BinlogPosition {
                    file: status.file,
                    pos: status.pos,
                    gtids: status.gtids.map(|gtids| Arc::from(gtids.to_string())),
                    ..BinlogPosition::default()
                };
            }
            None if task.streams => return Err(self.server.no_status()),
            None => tracing::warn!("the server has no binlog, which streaming would need"),
        }
        self.position.snapshot = SnapshotState::Initial;
        Ok(())
    }

    async fn read_structure(
        &mut self,
        connection: &mut Connection,
        lock: Lock,
        tables: &Tables,
    ) -> Result<Vec<Statement>> {
        let variables = ServerVariables::read(connection).await?;
        self.capture.schema.clear();
        self.capture.schema.set_sql_mode(variables.sql_mode);
        if lock != Lock::Tables {
            return structure::statements(connection, None, &variables, &tables.in_history).await;
        }
        // A session with table locks can read no other table.
        let locked: HashSet<TableId> = tables.captured.iter().cloned().collect();
        let mut other = self.database.connect().await?;
        let statements = structure::statements(
            connection,
            Some((&mut other, &locked)),
            &variables,
            &tables.in_history,
        )
        .await;
        other.close().await;
        statements
    }

    /// Stores the structures in the history, then tells of them.
    async fn tell_structure(&mut self, statements: Vec<Statement>) -> Result<()> {
        const STORED_AT_ONCE: usize = 256;
        let mut told: Vec<Told> = Vec::new();
        for statement in statements {
            let ts_ns = now_ns();
            let applied = self
                .capture
                .schema
                .apply(&statement.sql, &statement.database)?;
            self.position.ts_sec = Some(ts_ns / 1_000_000_000);
            let info = self.source_info(ts_ns, SnapshotMarker::True);
            told.extend(applied.changes.into_iter().map(|change| Told {
                change,
                understood: applied.understood,
                info: info.clone(),
                position: self.position.clone(),
            }));
        }
        for some in told.chunks(STORED_AT_ONCE) {
            self.stop_if_cancelled()?;
            let records: Vec<_> = some
                .iter()
                .map(|told| (told.change.clone(), told.position.offset(0)))
                .collect();
            self.capture.schema.record(&records).await?;
        }
        if !self.capture.settings.include_schema_changes {
            return Ok(());
        }
        for Told {
            change,
            understood,
            info,
            position,
        } in told
        {
            let offset = SourceOffset::Position(Arc::new(position), 0);
            let record = self
                .capture
                .maker
                .schema_change(&change, understood, &info, 0, offset);
            self.hold(record, change.ddl.len() * 2).await?;
        }
        Ok(())
    }

    /// As the include list names them, or by name; or by their size.
    async fn in_order(
        &self,
        connection: &mut Connection,
        tables: Vec<TableId>,
    ) -> Result<Vec<TableId>> {
        let order = self.capture.settings.snapshot.order;
        let tables = self.capture.schema.filters().in_include_order(tables);
        if order == TableOrder::Disabled {
            return Ok(tables);
        }
        let mut sized = Vec::with_capacity(tables.len());
        for id in tables {
            let sql = format!(
                "SHOW TABLE STATUS IN {} LIKE '{}'",
                structure::quote(id.database()),
                id.table().replace('\\', "\\\\").replace('\'', "\\'")
            );
            let row: Option<Row> = connection.first(&sql).await?;
            let rows: u64 = row
                .and_then(|row| text_of(&row, 4))
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            sized.push((rows, id));
        }
        sized.sort_by_key(|(rows, _)| *rows);
        if order == TableOrder::Descending {
            sized.reverse();
        }
        Ok(sized.into_iter().map(|(_, id)| id).collect())
    }

    /// Sends the record before, and keeps this one back.
    async fn hold(&mut self, record: SourceRecord, bytes: usize) -> Result<()> {
        if self.keep(record, bytes) {
            self.flush().await?;
        }
        Ok(())
    }

    /// Adds the record before to the batch, and keeps this one back. True if the batch is full.
    fn keep(&mut self, record: SourceRecord, bytes: usize) -> bool {
        let Some((before, bytes)) = self.held.replace((record, bytes)) else {
            return false;
        };
        self.capture.queue.push(before, bytes);
        self.capture.queue.is_full()
    }

    async fn flush(&mut self) -> Result<()> {
        self.stop_if_cancelled()?;
        self.capture.queue.flush().await
    }

    /// The last record says so, and its offset is that of a completed snapshot.
    async fn finish(&mut self, task: &SnapshotTask) -> Result<StoredOffset> {
        self.position.snapshot = SnapshotState::None;
        let row = task.keep_position.as_ref().map_or(0, |offset| offset.row);
        if let Some((mut record, bytes)) = self.held.take() {
            set_in_source(
                &mut record.record.value,
                "snapshot",
                SnapshotMarker::Last.as_str().into(),
            );
            record.source_offset = SourceOffset::Position(Arc::new(self.position.clone()), row);
            self.capture.queue.push(record, bytes);
        }
        self.capture.queue.flush().await?;
        Ok(StoredOffset {
            position: self.position.clone(),
            row,
        })
    }

    fn source_info(&self, ts_ns: i64, snapshot: SnapshotMarker) -> SourceInfo {
        SourceInfo {
            ts_ns,
            snapshot,
            file: self.position.file.clone(),
            pos: i64::try_from(self.position.pos).unwrap_or(i64::MAX),
            ..SourceInfo::default()
        }
    }

    fn stop_if_cancelled(&self) -> Result<()> {
        if self.cancelled.is_cancelled() {
            Err(stopped())
        } else {
            Ok(())
        }
    }
}

fn check_number(limit: &Option<(usize, bool)>, captured: usize) -> Result<()> {
    match *limit {
        Some((max, fails)) if captured > max => {
            let message = format!(
                "{captured} tables are captured, guardrail.collections.max allows {max}: narrow table.include.list or raise it"
            );
            if fails {
                return Err(Error::config(message));
            }
            tracing::warn!("{message}");
            Ok(())
        }
        _ => Ok(()),
    }
}
