//! One event after the other: transactions, statements, table maps, rows.

use std::sync::Arc;

use bytestring::ByteString;
use connect_api::record::SourceOffset;
use connect_api::{Error, Result};
use mysql_async::binlog::EventType;
use mysql_async::binlog::events::{
    Event, GtidEvent, IncidentEvent, QueryEvent, RotateEvent, RowsQueryEvent,
};

use super::skip::Skip;
use super::table_maps::TableMaps;
use crate::capture::Capture;
use crate::config::FailureMode;
use crate::gtid_filter::GtidFilter;
use crate::offset::{OffsetContext, StoredOffset};
use crate::schemas::SourceInfo;

/// Turns events into records. Lives as long as the task; a stream that is
/// opened again goes on with [`EventHandler::resume`].
#[derive(Debug)]
pub(crate) struct EventHandler {
    pub(crate) capture: Capture,
    pub(super) context: OffsetContext,
    pub(super) skip: Skip,
    pub(super) table_maps: TableMaps,
    pub(super) gtid_filter: GtidFilter,
    pub(super) now: Moment,
    gtid_mode: bool,
    expects_payload: bool,
}

/// What is known of the present event and transaction.
#[derive(Debug, Default)]
pub(super) struct Moment {
    /// When it happened, in nanoseconds of the epoch.
    pub(super) ts_ns: i64,
    pub(super) thread: Option<i64>,
    pub(super) query: Option<ByteString>,
    /// The row told last: schema changes show it too.
    pub(super) row: i32,
    /// The transaction is of a GTID source that is not captured.
    pub(super) is_of_other_source: bool,
}

impl EventHandler {
    pub(crate) fn new(capture: Capture, gtid_filter: GtidFilter, gtid_mode: bool) -> Self {
        Self {
            capture,
            context: OffsetContext::default(),
            skip: Skip::default(),
            table_maps: TableMaps::default(),
            gtid_filter,
            now: Moment::default(),
            gtid_mode,
            expects_payload: false,
        }
    }

    /// A stream begins at `offset`.
    pub(crate) fn resume(&mut self, offset: &StoredOffset) -> Result<()> {
        self.context = OffsetContext::resume(offset)?;
        self.skip = Skip::new(offset.position.event, offset.row);
        self.table_maps.clear();
        self.now = Moment {
            row: self.now.row,
            ..Moment::default()
        };
        self.expects_payload = false;
        Ok(())
    }

    /// Where to go on when the stream breaks now: events are handled whole.
    pub(crate) fn resume_point(&self) -> StoredOffset {
        StoredOffset {
            position: self.context.position(),
            row: self.skip.rows(),
        }
    }

    /// The offset of a record that tells of no change.
    pub(crate) fn offset(&self) -> SourceOffset {
        SourceOffset::Position(Arc::new(self.context.position()), self.skip.rows())
    }

    /// Handles one event.
    pub(crate) async fn handle(&mut self, event: &Event) -> Result<()> {
        let header = event.header();
        let Ok(kind) = header.event_type() else {
            // Such as HEARTBEAT_LOG_EVENT_V2, which carries no change.
            tracing::trace!(
                code = header.event_type_raw(),
                "a binlog event of an unknown type"
            );
            return Ok(());
        };
        if kind == EventType::HEARTBEAT_EVENT {
            return self.check_payload(kind);
        }
        if kind == EventType::ROTATE_EVENT {
            return self.rotate(event);
        }
        self.check_payload(kind)?;
        let end = u64::from(header.log_pos());
        self.context
            .start_event(header.server_id(), end, u64::from(header.event_size()));
        self.tell_time(kind, header.timestamp());
        self.handle_kind(kind, event).await?;
        self.context.complete_event();
        self.skip.event_done();
        Ok(())
    }

    async fn handle_kind(&mut self, kind: EventType, event: &Event) -> Result<()> {
        match kind {
            EventType::QUERY_EVENT => {
                let query: QueryEvent<'_> = read(event)?;
                self.query(&query).await
            }
            EventType::XID_EVENT | EventType::XA_PREPARE_LOG_EVENT => {
                self.commit();
                Ok(())
            }
            EventType::GTID_EVENT | EventType::GTID_TAGGED_LOG_EVENT => self.gtid(&read(event)?),
            EventType::TABLE_MAP_EVENT => self.table_map(event),
            EventType::ROWS_QUERY_EVENT => {
                if self.capture.settings.include_query {
                    let query: RowsQueryEvent<'_> = read(event)?;
                    self.now.query = Some(query.query().into_owned().into());
                }
                Ok(())
            }
            EventType::TRANSACTION_PAYLOAD_EVENT => {
                self.expects_payload = true;
                Ok(())
            }
            EventType::INCIDENT_EVENT => self.incident(&read(event)?),
            kind if is_rows(kind) => self.rows(kind, event).await,
            EventType::PARTIAL_UPDATE_ROWS_EVENT => self.partial_rows(),
            // Format descriptions, stops, variables of statements, previous GTIDs.
            _ => Ok(()),
        }
    }

    /// The time of rows and statements: whole seconds, or microseconds of the
    /// transaction's commit where the server has GTIDs.
    fn tell_time(&mut self, kind: EventType, seconds: u32) {
        let by_header = !self.gtid_mode || self.now.ts_ns == 0;
        if seconds > 0 && by_header && kind != EventType::FORMAT_DESCRIPTION_EVENT {
            self.now.ts_ns = i64::from(seconds) * 1_000_000_000;
        }
    }

    fn rotate(&mut self, event: &Event) -> Result<()> {
        let rotation: RotateEvent<'_> = read(event)?;
        self.context
            .rotate(rotation.name().into_owned().into(), rotation.position());
        if event.header().timestamp() != 0 {
            // Numbers of tables are given anew in another file.
            self.table_maps.clear();
        }
        Ok(())
    }

    fn gtid(&mut self, event: &GtidEvent) -> Result<()> {
        let committed = i64::try_from(event.original_commit_timestamp()).unwrap_or(0);
        if self.gtid_mode && committed > 0 {
            self.now.ts_ns = committed * 1_000;
        }
        if !self.gtid_mode {
            return Ok(());
        }
        let uuid = uuid::Uuid::from_bytes(event.sid()).to_string();
        self.now.is_of_other_source =
            self.capture.settings.filter_by_gtid_source && !self.gtid_filter.allows(&uuid);
        let source = match event.tag() {
            Some(tag) => format!("{uuid}:{tag}"),
            None => uuid,
        };
        self.context.start_gtid(&source, event.gno());
        Ok(())
    }

    /// A transaction begins; the original tells no thread of XA transactions.
    pub(super) fn begin(&mut self, thread: Option<u32>) {
        self.context.begin();
        self.now.thread = thread.map(i64::from);
        self.skip.begin();
    }

    pub(super) fn commit(&mut self) {
        self.context.commit();
        self.now.thread = None;
        self.now.query = None;
        self.now.is_of_other_source = false;
        self.skip.commit();
    }

    /// The source block's fields that all records of the present event share.
    pub(super) fn source_info(&mut self) -> SourceInfo {
        self.context
            .set_time(self.now.ts_ns.div_euclid(1_000_000_000));
        SourceInfo {
            ts_ns: self.now.ts_ns,
            server_id: self.context.server_id().into(),
            gtid: self.context.gtid().cloned(),
            file: self.context.file().clone(),
            pos: i64::try_from(self.context.pos()).unwrap_or(i64::MAX),
            thread: self.now.thread,
            query: self.now.query.clone(),
            ..SourceInfo::default()
        }
    }

    /// The driver unpacks compressed transactions and gives nothing where it
    /// fails: the `BEGIN` that each has inside tells whether it did.
    fn check_payload(&mut self, next: EventType) -> Result<()> {
        if std::mem::take(&mut self.expects_payload) && next != EventType::QUERY_EVENT {
            return Err(Error::data(
                "a compressed transaction (TRANSACTION_PAYLOAD_EVENT) cannot be decompressed",
            )
            .with("file", self.context.file())
            .with("position", self.context.pos()));
        }
        Ok(())
    }

    fn incident(&self, event: &IncidentEvent<'_>) -> Result<()> {
        let error = Error::data(format!(
            "the server reports an incident in its binlog, after which changes may be missing: {}; take a new snapshot, or set event.processing.failure.handling.mode=warn to go on",
            event.message()
        ))
        .with("file", self.context.file())
        .with("position", self.context.pos());
        self.failed(error)
    }

    fn partial_rows(&self) -> Result<()> {
        self.failed(Error::data(
            "the binlog has partial JSON updates, which lack values: run SET PERSIST binlog_row_value_options='' on the server",
        )
        .with("file", self.context.file())
        .with("position", self.context.pos()))
    }

    /// The error with the present event's place.
    pub(super) fn at_event(&self, error: Error) -> Error {
        error
            .with("file", self.context.file())
            .with("position", self.context.pos())
    }

    /// An event that cannot be processed, as `event.processing.failure.handling.mode` says.
    pub(super) fn failed(&self, error: Error) -> Result<()> {
        match self.capture.settings.event_failures {
            FailureMode::Fail => Err(error),
            FailureMode::Warn => {
                tracing::warn!(error = %error.trace(), "skipping an event that cannot be processed");
                Ok(())
            }
            FailureMode::Skip => Ok(()),
        }
    }
}

pub(super) fn read<'e, T: mysql_common::binlog::BinlogEvent<'e>>(event: &'e Event) -> Result<T> {
    event.read_event().map_err(|error| {
        Error::data(format!(
            "a binlog event of type {} that ends at {} cannot be read",
            event.header().event_type_raw(),
            event.header().log_pos()
        ))
        .caused_by(error)
    })
}

fn is_rows(kind: EventType) -> bool {
    matches!(
        kind,
        EventType::WRITE_ROWS_EVENT
            | EventType::UPDATE_ROWS_EVENT
            | EventType::DELETE_ROWS_EVENT
            | EventType::WRITE_ROWS_EVENT_V1
            | EventType::UPDATE_ROWS_EVENT_V1
            | EventType::DELETE_ROWS_EVENT_V1
    )
}
