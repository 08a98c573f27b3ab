//! The structures of the tables, kept up by DDL and backed by the schema history
//! (`BinlogDatabaseSchema`).

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use connect_api::record::OffsetMap;
use connect_api::{Error, ErrorKind, Result};

use crate::config::keys::{events, history};
use crate::config::{Filters, MySqlConnectorSettings};
use crate::connection::ServerVariables;
use crate::ddl::{
    DdlChanges, DdlError, DdlEventKind, DdlFilter, DdlParser, SchemaChange, SchemaChangeKind,
    SqlMode,
};
use crate::offset::source_partition;
use crate::schema_history::{
    HistoryRecord, HistoryRecordComparator, Recovery, RecoverySettings, SchemaHistoryError,
    SchemaHistoryStore, recover,
};
use crate::tables::Tables;

/// Which statements are kept and how they are read.
#[derive(Debug, Clone)]
pub(crate) struct SchemaSettings {
    /// What is captured.
    pub filters: Filters,
    /// `schema.history.internal.skip.unparseable.ddl`
    pub skip_unparseable: bool,
    /// `schema.history.internal.ddl.filter`
    pub ddl_filter: DdlFilter,
    /// `schema.history.internal.prefer.ddl`
    pub prefer_ddl: bool,
    /// `include.schema.comments`
    pub include_comments: bool,
    /// Whether names of tables differ by letter case on the server.
    pub case_sensitive: bool,
    /// `{"server":"<topic.prefix>"}`
    pub source: OffsetMap,
    /// GTID sources that count for positions.
    pub gtid_sources: HistoryRecordComparator,
}

impl SchemaSettings {
    /// What the connector's settings say.
    pub(crate) fn new(
        settings: &MySqlConnectorSettings,
        case_sensitive: bool,
        gtid_sources: HistoryRecordComparator,
    ) -> Result<Self> {
        let values = &settings.settings;
        Ok(Self {
            filters: settings.filters.clone(),
            skip_unparseable: values.get(&history::SCHEMA_HISTORY_SKIP_UNPARSEABLE_DDL)?,
            ddl_filter: match values.get(&history::SCHEMA_HISTORY_DDL_FILTER)? {
                Some(list) => DdlFilter::parse(&list).map_err(|reason| {
                    let name = history::SCHEMA_HISTORY_DDL_FILTER.name();
                    Error::config(format!("The '{name}' value is invalid: {reason}"))
                })?,
                None => DdlFilter::default(),
            },
            prefer_ddl: values.get(&history::SCHEMA_HISTORY_PREFER_DDL)?,
            include_comments: values.get(&events::INCLUDE_SCHEMA_COMMENTS)?,
            case_sensitive,
            source: source_partition(&settings.topic_prefix),
            gtid_sources,
        })
    }
}

/// The structures of the tables.
#[derive(Debug)]
pub(crate) struct DatabaseSchema {
    settings: SchemaSettings,
    parser: DdlParser,
    tables: Tables,
    history: Arc<dyn SchemaHistoryStore>,
}

/// What is to be told of a DDL text.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// The changes, in order.
    pub changes: Vec<SchemaChange>,
    /// Whether the text has an effect that is known.
    pub understood: bool,
}

impl DatabaseSchema {
    /// No table is known yet.
    pub(crate) fn new(settings: SchemaSettings, history: Arc<dyn SchemaHistoryStore>) -> Self {
        Self {
            parser: DdlParser::new(settings.include_comments),
            tables: Tables::new(!settings.case_sensitive),
            settings,
            history,
        }
    }

    /// What is captured.
    pub(crate) fn filters(&self) -> &Filters {
        &self.settings.filters
    }

    /// The tables as they are now.
    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Goes back to tables as they were.
    pub(crate) fn restore(&mut self, tables: Tables) {
        self.tables = tables;
    }

    /// Sets what the server has set before the first statement.
    pub(crate) fn set_variables(&mut self, variables: &ServerVariables) {
        self.parser
            .set_system_variable("character_set_server", &variables.charset);
        self.parser.set_sql_mode(variables.sql_mode);
    }

    /// Sets how the next statement quotes.
    pub(crate) fn set_sql_mode(&mut self, mode: SqlMode) {
        self.parser.set_sql_mode(mode);
    }

    /// Forgets all tables: a snapshot reads them anew.
    pub(crate) fn clear(&mut self) {
        self.tables = Tables::new(!self.settings.case_sensitive);
        self.parser = DdlParser::new(self.settings.include_comments);
    }

    /// Where the history is kept.
    pub(crate) fn history(&self) -> &dyn SchemaHistoryStore {
        &*self.history
    }

    /// Rebuilds the tables as they were at `offset`.
    pub(crate) async fn recover(&mut self, offset: &OffsetMap) -> Result<()> {
        let settings = RecoverySettings {
            comparator: self.settings.gtid_sources.clone(),
            skip_unparseable_ddl: self.settings.skip_unparseable,
            prefer_ddl: self.settings.prefer_ddl,
            ddl_filter: self.settings.ddl_filter.clone(),
        };
        let recovery = Recovery::new(
            &self.settings.source,
            offset,
            &settings,
            &mut self.parser,
            !self.settings.case_sensitive,
        );
        let recovered = recover(&*self.history, recovery).await;
        self.tables = recovered.map_err(history_error)?;
        Ok(())
    }

    /// Applies a DDL text; gives what is to be told of it.
    pub(crate) fn apply(&mut self, ddl: &str, database: &str) -> Result<Applied> {
        self.parser.set_current_database(database);
        let changes = match self.parser.parse(ddl, &mut self.tables) {
            Ok(changes) => changes,
            Err(error) if self.settings.skip_unparseable => {
                tracing::warn!(%error, "leaving out DDL that cannot be parsed");
                DdlChanges::default()
            }
            Err(error) => return Err(unparseable(error)),
        };
        if self.settings.ddl_filter.is_ignored(ddl) && !is_truncate(&changes) {
            return Ok(Applied::default());
        }
        let filters = &self.settings.filters;
        let only_captured = filters.history_of_captured_tables_only();
        if only_captured && !self.concerns_captured(&changes, ddl, database) {
            return Ok(Applied::default());
        }
        let accepts = |name: &str| !only_captured || filters.is_database_captured(name);
        let told = changes.schema_changes(ddl, database, &self.tables, accepts);
        Ok(Applied {
            understood: !changes.events.is_empty(),
            changes: told
                .into_iter()
                .filter(|change| self.is_told(change))
                .collect(),
        })
    }

    fn concerns_captured(&self, changes: &DdlChanges, ddl: &str, database: &str) -> bool {
        let is_global_set =
            database.is_empty() && ddl.trim_start().to_uppercase().starts_with("SET");
        let filters = &self.settings.filters;
        is_global_set
            || changes
                .events
                .iter()
                .any(|event| match event.kind.table_id() {
                    Some(id) => filters.is_captured(id),
                    None => filters.is_database_captured(event.database()),
                })
    }

    fn is_told(&self, change: &SchemaChange) -> bool {
        let filters = &self.settings.filters;
        let in_database = !filters.history_of_captured_databases_only()
            || change.database.is_empty()
            || filters.is_database_captured(&change.database);
        let of_table = !filters.history_of_captured_tables_only()
            || change
                .table_id
                .as_ref()
                .is_none_or(|id| filters.is_captured(id));
        in_database && of_table
    }

    /// Stores statements safely before anything that depends on them is sent.
    pub(crate) async fn record(&self, changes: &[(SchemaChange, OffsetMap)]) -> Result<()> {
        let records: Vec<HistoryRecord> = changes
            .iter()
            .filter(|(change, _)| change.kind != SchemaChangeKind::Truncate)
            .map(|(change, position)| self.history_record(change, position))
            .collect();
        if records.is_empty() {
            return Ok(());
        }
        self.history.store(&records).await.map_err(history_error)
    }

    fn history_record(&self, change: &SchemaChange, position: &OffsetMap) -> HistoryRecord {
        HistoryRecord {
            source: self.settings.source.clone(),
            position: position.clone(),
            ts_ms: Some(now_ns() / 1_000_000),
            database_name: Some(change.database.clone()),
            schema_name: None,
            ddl: Some(change.ddl.clone()),
            table_changes: Some(change.table_changes.clone()),
        }
    }
}

fn is_truncate(changes: &DdlChanges) -> bool {
    changes
        .events
        .iter()
        .any(|event| matches!(event.kind, DdlEventKind::TruncateTable { .. }))
}

fn unparseable(error: DdlError) -> Error {
    Error::data(
        "a DDL statement cannot be parsed; schema.history.internal.skip.unparseable.ddl=true leaves such statements out",
    )
    .caused_by(error)
}

/// The schema history's error as the task's.
pub(crate) fn history_error(error: SchemaHistoryError) -> Error {
    let kind = if error.is_retriable() {
        ErrorKind::Retriable
    } else {
        ErrorKind::Config
    };
    Error::new(kind, "the schema history cannot be used").caused_by(error)
}

/// Nanoseconds of the epoch.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
