//! Tables as they are, and as records need them (`DbStructure`).

use std::collections::HashMap;
use std::sync::Arc;

use connect_api::data::Schema;

use crate::config::SinkSettings;
use crate::db::{DbError, DbResult, Fault, Manner, Session};
use crate::dialect::{Database, Dialect, Quoting, mysql, postgres, sqlite};
use crate::fields::{Fields, SinkField, listed};
use crate::table::{ColumnDef, TableDef, TableId, TableKind};
use crate::values::{Family, Kind};

/// What a record needs of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'n> {
    pub(crate) settings: &'n SinkSettings,
    pub(crate) manner: &'n Manner,
    pub(crate) id: &'n TableId,
    pub(crate) fields: &'n Fields,
    /// The schema of the row's fields: a new table has their order.
    pub(crate) row: Option<&'n Schema>,
}

/// A column's new type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewType<'n> {
    pub(crate) column: &'n str,
    pub(crate) type_name: &'n str,
    pub(crate) nullable: bool,
}

/// What is known of the tables.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    tables: HashMap<TableId, Arc<TableDef>>,
}

impl Structure {
    /// Forgets what is known: it is not so any more.
    pub(crate) fn forget(&mut self) {
        self.tables.clear();
    }

    /// The table as it is; none if it is missing.
    pub(crate) async fn table(
        &mut self,
        session: &mut Session,
        dialect: &Dialect,
        id: &TableId,
    ) -> DbResult<Option<Arc<TableDef>>> {
        if let Some(table) = self.tables.get(id) {
            return Ok(Some(table.clone()));
        }
        self.refresh(session, dialect, id).await
    }

    async fn refresh(
        &mut self,
        session: &mut Session,
        dialect: &Dialect,
        id: &TableId,
    ) -> DbResult<Option<Arc<TableDef>>> {
        self.tables.remove(id);
        let rows = session.query(&describe_sql(dialect, id)).await?;
        let Some(table) = read_table(dialect.database, rows) else {
            return Ok(None);
        };
        let table = Arc::new(table);
        self.tables.insert(id.clone(), table.clone());
        Ok(Some(table))
    }

    /// The table with a column for each of `fields`, made or amended where
    /// that is allowed.
    pub(crate) async fn ensure(
        &mut self,
        session: &mut Session,
        needs: Needs<'_>,
    ) -> DbResult<Arc<TableDef>> {
        let Needs {
            settings,
            manner,
            id,
            ..
        } = needs;
        let dialect = &manner.dialect;
        let table = match self.table(session, dialect, id).await? {
            Some(table) => table,
            None => {
                if !settings.auto_create {
                    return Err(refused(format!(
                        "Table {id} is missing and auto-creation is disabled"
                    )));
                }
                self.create(session, needs).await?
            }
        };
        if !settings.table_types.contains(&table.kind) {
            return Err(refused(format!(
                "{} {id} is there, but 'table.types' allows {} only",
                table.kind.capitalized(),
                listed(
                    &settings
                        .table_types
                        .iter()
                        .map(|kind| kind.jdbc_name())
                        .collect::<Vec<_>>()
                )
            )));
        }
        let table = self.amend(session, needs, table).await?;
        if settings.auto_widen {
            return self.widen(session, needs, table).await;
        }
        Ok(table)
    }

    async fn create(&mut self, session: &mut Session, needs: Needs<'_>) -> DbResult<Arc<TableDef>> {
        let Needs {
            manner,
            id,
            fields,
            row,
            ..
        } = needs;
        let order = if manner.dialect.flavor == crate::config::Flavor::Debezium {
            fields.all.iter().collect()
        } else {
            fields.in_create_order(row)
        };
        let sql = manner
            .dialect
            .create_table(id, &order, &manner.style)
            .map_err(|error| refused(error.to_string()))?;
        tracing::info!("creating table with sql: {sql}");
        let created = session.execute(&sql).await;
        // Another task may have been faster.
        match (self.refresh(session, &manner.dialect, id).await, created) {
            (Ok(Some(table)), _) => Ok(table),
            (Ok(None), Err(error)) => Err(ddl_failed(&sql, error)),
            (Ok(None), Ok(())) => Err(refused(format!("Table {id} is missing after: {sql}"))),
            (Err(error), _) => Err(error),
        }
    }

    async fn amend(
        &mut self,
        session: &mut Session,
        needs: Needs<'_>,
        mut table: Arc<TableDef>,
    ) -> DbResult<Arc<TableDef>> {
        let Needs {
            settings,
            manner,
            id,
            fields,
            ..
        } = needs;
        let dialect = &manner.dialect;
        let mut retries = settings.max_retries;
        loop {
            let missing: Vec<&SinkField> = fields
                .all
                .iter()
                .filter(|field| table.column(&dialect.folded(&field.name)).is_none())
                .collect();
            if missing.is_empty() {
                return Ok(table);
            }
            check_missing(settings, id, &table, &missing)?;
            let statements = dialect
                .alter_table(id, &missing, &manner.style)
                .map_err(|error| refused(error.to_string()))?;
            let mut failure = None;
            for sql in &statements {
                tracing::info!("amending table with sql: {sql}");
                if let Err(error) = session.execute(sql).await {
                    failure = Some(ddl_failed(sql, error));
                    break;
                }
            }
            let Some(refreshed) = self.refresh(session, dialect, id).await? else {
                return Err(DbError::new(
                    Fault::Structure,
                    format!("Table {id} is gone"),
                ));
            };
            table = refreshed;
            if let Some(error) = failure {
                if retries == 0 || error.fault == Fault::Connection {
                    return Err(error);
                }
                // Another task may have been faster.
                retries -= 1;
                let still: Vec<&SinkField> = missing
                    .into_iter()
                    .filter(|field| table.column(&dialect.folded(&field.name)).is_none())
                    .collect();
                if !still.is_empty() && error.fault == Fault::Data {
                    return Err(error);
                }
            }
        }
    }

    /// Gives integers that are too narrow for their field's type a wider one.
    async fn widen(
        &mut self,
        session: &mut Session,
        needs: Needs<'_>,
        table: Arc<TableDef>,
    ) -> DbResult<Arc<TableDef>> {
        let Needs {
            manner, id, fields, ..
        } = needs;
        let dialect = &manner.dialect;
        let mut changed = false;
        for field in &fields.all {
            let Some(column) = table.column(&dialect.folded(&field.name)) else {
                continue;
            };
            let Some(new_type) = wider_type(dialect, &field.kind, column) else {
                continue;
            };
            changed |= self
                .change_type(
                    session,
                    dialect,
                    id,
                    NewType {
                        column: &column.name,
                        type_name: &new_type,
                        nullable: column.nullable,
                    },
                )
                .await?;
        }
        if !changed {
            return Ok(table);
        }
        match self.refresh(session, dialect, id).await? {
            Some(table) => Ok(table),
            None => Err(DbError::new(
                Fault::Structure,
                format!("Table {id} is gone"),
            )),
        }
    }

    /// Gives a column another type; false if the database has no way.
    pub(crate) async fn change_type(
        &mut self,
        session: &mut Session,
        dialect: &Dialect,
        id: &TableId,
        change: NewType<'_>,
    ) -> DbResult<bool> {
        let NewType {
            column,
            type_name,
            nullable,
        } = change;
        let Some(sql) = dialect.widen_column(id, column, type_name, nullable) else {
            return Ok(false);
        };
        tracing::info!("widening column with sql: {sql}");
        session
            .execute(&sql)
            .await
            .map_err(|error| ddl_failed(&sql, error))?;
        self.tables.remove(id);
        Ok(true)
    }
}

/// The checks of `DbStructure.amendIfNecessary`, in its words.
fn check_missing(
    settings: &SinkSettings,
    id: &TableId,
    table: &TableDef,
    missing: &[&SinkField],
) -> DbResult<()> {
    let names = || {
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        listed(&names)
    };
    let kind = table.kind;
    if kind == TableKind::View {
        return Err(refused(format!(
            "{} {id} is missing fields ({}) and ALTER {} is unsupported",
            kind.capitalized(),
            names(),
            kind.jdbc_name()
        )));
    }
    for field in missing {
        if !field.is_optional() && field.schema.default_value().is_none() {
            return Err(DbError {
                column: Some(field.name.to_string()),
                ..refused(format!(
                    "Cannot ALTER {} {id} to add missing field {field}, as the field is not optional and does not \
                     have a default value",
                    kind.jdbc_name()
                ))
            });
        }
    }
    if !settings.auto_evolve {
        return Err(refused(format!(
            "{} {id} is missing fields ({}) and auto-evolution is disabled",
            kind.capitalized(),
            names()
        )));
    }
    Ok(())
}

/// A wider type, if the field's own needs one: integers only, as of these the
/// schema says how large they get.
fn wider_type(dialect: &Dialect, kind: &Kind, column: &ColumnDef) -> Option<String> {
    let Family::Integer(width) = column.family else {
        return None;
    };
    if kind.is_debezium_number() || !kind.is_integer() || kind.integer_bytes()? <= width {
        return None;
    }
    let name = match (dialect.database, kind.integer_bytes()?) {
        (Database::Sqlite, _) => return None,
        (_, 8) => "BIGINT",
        (_, 4) => "INT",
        _ => "SMALLINT",
    };
    Some(name.to_owned())
}

/// A failure that is the fault of the record that asked for the table.
fn refused(message: String) -> DbError {
    DbError::new(Fault::Data, message)
}

fn ddl_failed(sql: &str, error: DbError) -> DbError {
    let fault = match error.fault {
        Fault::Refused | Fault::Structure => Fault::Data,
        other => other,
    };
    DbError {
        fault,
        message: format!("{} (statement: {sql})", error.message),
        ..error
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn describe_sql(dialect: &Dialect, id: &TableId) -> String {
    match dialect.database {
        Database::Postgres => {
            let quoting = Dialect {
                quoting: Quoting::Always,
                ..*dialect
            };
            let name = quoting.table(id).replace('\'', "''");
            format!(
                "SELECT c.relkind, a.attname, format_type(a.atttypid, -1), coalesce(b.typname, t.typname), a.atttypmod, \
                 a.attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = \
                 a.atttypid LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype WHERE c.oid = \
                 to_regclass('{name}') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
            )
        }
        Database::MySql => {
            let schema = id
                .schema
                .as_deref()
                .map_or_else(|| "DATABASE()".to_owned(), literal);
            format!(
                "SELECT t.TABLE_TYPE, c.COLUMN_NAME, c.COLUMN_TYPE, c.DATA_TYPE, c.CHARACTER_MAXIMUM_LENGTH, \
                 c.NUMERIC_PRECISION, c.NUMERIC_SCALE, c.IS_NULLABLE FROM information_schema.TABLES t JOIN \
                 information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME WHERE \
                 t.TABLE_SCHEMA = {schema} AND t.TABLE_NAME = {} ORDER BY c.ORDINAL_POSITION",
                literal(&id.table)
            )
        }
        Database::Sqlite => format!(
            "SELECT m.type, p.name, p.type, p.\"notnull\" FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE \
             m.type IN ('table', 'view') AND lower(m.name) = lower('{}') ORDER BY p.cid",
            id.table.replace('\'', "''")
        ),
    }
}

fn read_table(database: Database, rows: Vec<Vec<Option<String>>>) -> Option<TableDef> {
    let mut kind = None;
    let mut columns = Vec::with_capacity(rows.len());
    for row in rows {
        let mut values = row.into_iter();
        let mut next = || values.next().flatten();
        kind = kind.or(next_kind(&next()?));
        let name = next()?;
        columns.push(match database {
            Database::Postgres => postgres_column(name, next),
            Database::MySql => mysql_column(name, next),
            Database::Sqlite => sqlite_column(name, next),
        });
    }
    Some(TableDef {
        kind: kind?,
        columns,
    })
}

/// PostgreSQL's `relkind`, MySQL's `TABLE_TYPE`, SQLite's `type`.
fn next_kind(name: &str) -> Option<TableKind> {
    Some(match name {
        "p" => TableKind::PartitionedTable,
        "v" | "m" | "VIEW" | "SYSTEM VIEW" | "view" => TableKind::View,
        _ => TableKind::Table,
    })
}

fn postgres_column(name: String, mut next: impl FnMut() -> Option<String>) -> ColumnDef {
    let type_name = next().unwrap_or_default();
    let base = next().unwrap_or_default();
    let modifier: i32 = next().and_then(|text| text.parse().ok()).unwrap_or(-1);
    let not_null = next().as_deref() == Some("t");
    let size = u32::try_from(modifier - 4).ok();
    let length = match base.as_str() {
        "varchar" | "bpchar" => size,
        _ => None,
    };
    let digits = size
        .filter(|_| base == "numeric")
        .map(|size| (size >> 16, size & 0x7ff));
    ColumnDef {
        name,
        type_name,
        family: postgres::family(&base),
        length,
        digits,
        nullable: !not_null,
    }
}

fn mysql_column(name: String, mut next: impl FnMut() -> Option<String>) -> ColumnDef {
    let type_name = next().unwrap_or_default();
    let data_type = next().unwrap_or_default();
    let length = next().and_then(|text| text.parse().ok());
    let precision: Option<u32> = next().and_then(|text| text.parse().ok());
    let scale: Option<u32> = next().and_then(|text| text.parse().ok());
    let nullable = next().as_deref() == Some("YES");
    let family = mysql::family(&data_type.to_ascii_lowercase());
    ColumnDef {
        name,
        type_name,
        family,
        length,
        digits: precision.zip(scale).filter(|_| family == Family::Decimal),
        nullable,
    }
}

fn sqlite_column(name: String, mut next: impl FnMut() -> Option<String>) -> ColumnDef {
    let type_name = next().unwrap_or_default();
    let not_null = next().as_deref() == Some("1");
    ColumnDef {
        name,
        family: sqlite::family(&type_name),
        type_name,
        length: None,
        digits: None,
        nullable: !not_null,
    }
}
