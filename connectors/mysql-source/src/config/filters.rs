//! Which databases, tables and columns are captured (`RelationalTableFilters`).

use connect_api::config::Settings;
use connect_api::{Error, Result};

use super::keys::{events, history, reading};
use super::regex_list::RegexList;
use super::validate::raw;
use crate::tables::TableId;

/// Databases of the server itself (`BinlogConnectorConfig.BUILT_IN_DB_NAMES`).
const BUILT_IN: [&str; 4] = ["mysql", "performance_schema", "sys", "information_schema"];

/// The include and exclude lists.
#[derive(Debug, Clone)]
pub struct Filters {
    databases: Choice,
    tables: Choice,
    columns: Choice,
    snapshot_tables: Option<RegexList>,
    ignore_builtin: bool,
    history: HistoryScope,
}

/// Whose structure and DDL the schema history keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HistoryScope {
    AllTables,
    CapturedDatabases,
    CapturedTables,
}

/// An include and an exclude list, of which at most one is given.
#[derive(Debug, Clone)]
struct Choice {
    include: Option<RegexList>,
    exclude: Option<RegexList>,
}

impl Choice {
    fn allows(&self, name: &str) -> bool {
        self.include.as_ref().is_none_or(|list| list.matches(name))
            && !self.exclude.as_ref().is_some_and(|list| list.matches(name))
    }
}

impl Filters {
    /// The filters that `settings` ask for.
    pub fn new(settings: &Settings) -> Result<Self> {
        let list = |name: &'static str| -> Result<Option<RegexList>> {
            raw(settings.props(), name)
                .filter(|text| !text.trim().is_empty())
                .map(|text| {
                    RegexList::parse(text).map_err(|reason| {
                        Error::config(format!("The '{name}' value is invalid: {reason}"))
                    })
                })
                .transpose()
        };
        let choice = |include, exclude| -> Result<Choice> {
            Ok(Choice {
                include: list(include)?,
                exclude: list(exclude)?,
            })
        };
        let only_tables = settings.get(&history::SCHEMA_HISTORY_STORE_ONLY_CAPTURED_TABLES_DDL)?;
        let only_databases =
            settings.get(&history::SCHEMA_HISTORY_STORE_ONLY_CAPTURED_DATABASES_DDL)?;
        Ok(Self {
            databases: choice(
                events::DATABASE_INCLUDE_LIST.name(),
                events::DATABASE_EXCLUDE_LIST.name(),
            )?,
            tables: choice(
                events::TABLE_INCLUDE_LIST.name(),
                events::TABLE_EXCLUDE_LIST.name(),
            )?,
            columns: choice(
                events::COLUMN_INCLUDE_LIST.name(),
                events::COLUMN_EXCLUDE_LIST.name(),
            )?,
            snapshot_tables: list(reading::SNAPSHOT_INCLUDE_COLLECTION_LIST.name())?,
            ignore_builtin: settings.get(&events::TABLE_IGNORE_BUILTIN)?,
            history: match (only_tables, only_databases) {
                (true, _) => HistoryScope::CapturedTables,
                (false, true) => HistoryScope::CapturedDatabases,
                (false, false) => HistoryScope::AllTables,
            },
        })
    }

    /// Whether changes of the table are captured.
    pub fn is_captured(&self, id: &TableId) -> bool {
        self.is_eligible(id)
            && self.databases.allows(id.database())
            && self.tables.allows(&id.to_string())
    }

    /// Whether the table's rows are part of a snapshot.
    pub fn is_in_snapshot(&self, id: &TableId) -> bool {
        self.is_captured(id)
            && self
                .snapshot_tables
                .as_ref()
                .is_none_or(|list| list.matches(&id.to_string()))
    }

    /// Whether the schema history keeps the table's structure.
    pub fn is_in_history(&self, id: &TableId) -> bool {
        match self.history {
            HistoryScope::AllTables => self.is_eligible(id),
            HistoryScope::CapturedDatabases => {
                self.is_eligible(id) && self.databases.allows(id.database())
            }
            HistoryScope::CapturedTables => self.is_captured(id),
        }
    }

    /// The tables in the order in which the include list's expressions match
    /// them, or as they are without one.
    pub fn in_include_order(&self, tables: Vec<TableId>) -> Vec<TableId> {
        match &self.tables.include {
            None => tables,
            Some(list) => list.in_order(tables, ToString::to_string),
        }
    }

    /// Whether the database is captured.
    pub fn is_database_captured(&self, name: &str) -> bool {
        self.databases.allows(name)
    }

    /// Whether the history keeps only what is captured.
    pub fn history_of_captured_tables_only(&self) -> bool {
        self.history == HistoryScope::CapturedTables
    }

    /// Whether the history keeps only the DDL of captured databases.
    pub fn history_of_captured_databases_only(&self) -> bool {
        self.history == HistoryScope::CapturedDatabases
    }

    /// Whether events have the column.
    pub fn is_column_captured(&self, id: &TableId, column: &str) -> bool {
        self.columns.allows(&format!("{id}.{column}"))
    }

    fn is_eligible(&self, id: &TableId) -> bool {
        !(self.ignore_builtin && is_built_in(id.database()))
    }
}

/// Whether the database is one of the server's own.
pub(crate) fn is_built_in(database: &str) -> bool {
    BUILT_IN.contains(&database.to_lowercase().as_str())
}
