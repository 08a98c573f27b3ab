//! Exactly once: the consumed offsets in a table of the target, written in the
//! transaction of the rows.

use std::collections::HashMap;

use connect_api::plugin::PartitionOffsets;
use connect_api::record::TopicPartition;

use crate::db::{DbResult, Session};
use crate::dialect::{Database, Dialect, Quoting};
use crate::table::TableId;

/// What stands for a partition that was opened and of which nothing is written.
const NONE: i64 = -1;

/// The table of offsets.
#[derive(Debug)]
pub(crate) struct OffsetTable {
    dialect: Dialect,
    name: String,
    connector: String,
}

impl OffsetTable {
    pub(crate) fn new(dialect: Dialect, id: &TableId, connector: &str) -> Self {
        let dialect = Dialect {
            quoting: Quoting::Always,
            ..dialect
        };
        Self {
            name: dialect.table(id),
            connector: connector.to_owned(),
            dialect,
        }
    }

    /// Makes the table if it is missing, and a row for each of `partitions`:
    /// what is there can be locked.
    pub(crate) async fn open(
        &self,
        session: &mut Session,
        partitions: &[TopicPartition],
    ) -> DbResult<PartitionOffsets> {
        let collation = if self.dialect.database == Database::MySql {
            " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        } else {
            ""
        };
        session
            .execute(&format!(
                "CREATE TABLE IF NOT EXISTS {} (connector VARCHAR(255){collation} NOT NULL, topic VARCHAR(249){collation} \
                 NOT NULL, partition_number INT NOT NULL, next_offset BIGINT NOT NULL, PRIMARY KEY (connector, topic, \
                 partition_number))",
                self.name
            ))
            .await?;
        if partitions.is_empty() {
            return Ok(PartitionOffsets::new());
        }
        let rows = self.rows(partitions.iter().map(|partition| (partition, NONE)));
        let sql = match self.dialect.database {
            Database::Postgres => format!(
                "INSERT INTO {} VALUES {rows} ON CONFLICT DO NOTHING",
                self.name
            ),
            Database::MySql => format!("INSERT IGNORE INTO {} VALUES {rows}", self.name),
            Database::Sqlite => format!("INSERT OR IGNORE INTO {} VALUES {rows}", self.name),
        };
        session.execute(&sql).await?;
        let mut offsets = self.read(session, partitions.iter(), false).await?;
        offsets.retain(|_, offset| *offset != NONE);
        Ok(offsets)
    }

    /// Locks the rows of `partitions` until the transaction ends, and returns
    /// what they say: whoever had the partitions before can write no more.
    pub(crate) async fn lock<'p>(
        &self,
        session: &mut Session,
        partitions: impl Iterator<Item = &'p TopicPartition>,
    ) -> DbResult<PartitionOffsets> {
        let locks = self.dialect.database != Database::Sqlite;
        self.read(session, partitions, locks).await
    }

    async fn read<'p>(
        &self,
        session: &mut Session,
        partitions: impl Iterator<Item = &'p TopicPartition>,
        locks: bool,
    ) -> DbResult<PartitionOffsets> {
        let mut wanted: Vec<&TopicPartition> = partitions.collect();
        // Always in one order, so that two tasks do not wait for each other.
        wanted.sort();
        let conditions: Vec<String> = wanted
            .iter()
            .map(|partition| {
                format!(
                    "(topic = {} AND partition_number = {})",
                    self.literal(&partition.topic),
                    partition.partition
                )
            })
            .collect();
        let sql = format!(
            "SELECT topic, partition_number, next_offset FROM {} WHERE connector = {} AND ({}) ORDER BY topic, \
             partition_number{}",
            self.name,
            self.literal(&self.connector),
            conditions.join(" OR "),
            if locks { " FOR UPDATE" } else { "" }
        );
        let rows = session.query(&sql).await?;
        Ok(rows.into_iter().filter_map(partition_offset).collect())
    }

    /// Stores the offsets in the open transaction.
    pub(crate) async fn store(
        &self,
        session: &mut Session,
        offsets: &HashMap<&TopicPartition, i64>,
    ) -> DbResult<()> {
        let rows = self.rows(
            offsets
                .iter()
                .map(|(partition, offset)| (*partition, *offset)),
        );
        let sql = match self.dialect.database {
            Database::Postgres => format!(
                "INSERT INTO {} VALUES {rows} ON CONFLICT (connector, topic, partition_number) DO UPDATE SET next_offset \
                 = EXCLUDED.next_offset",
                self.name
            ),
            Database::MySql => format!(
                "INSERT INTO {} VALUES {rows} ON DUPLICATE KEY UPDATE next_offset = VALUES(next_offset)",
                self.name
            ),
            Database::Sqlite => format!("INSERT OR REPLACE INTO {} VALUES {rows}", self.name),
        };
        session.execute(&sql).await
    }

    fn rows<'p>(&self, offsets: impl Iterator<Item = (&'p TopicPartition, i64)>) -> String {
        let connector = self.literal(&self.connector);
        let rows: Vec<String> = offsets
            .map(|(partition, offset)| {
                format!(
                    "({connector}, {}, {}, {offset})",
                    self.literal(&partition.topic),
                    partition.partition
                )
            })
            .collect();
        rows.join(", ")
    }

    fn literal(&self, text: &str) -> String {
        let text = if self.dialect.database == Database::MySql {
            text.replace('\\', "\\\\")
        } else {
            text.to_owned()
        };
        format!("'{}'", text.replace('\'', "''"))
    }
}

fn partition_offset(row: Vec<Option<String>>) -> Option<(TopicPartition, i64)> {
    let mut values = row.into_iter().flatten();
    let topic = values.next()?;
    let partition = values.next()?.parse().ok()?;
    let offset = values.next()?.parse().ok()?;
    Some((
        TopicPartition {
            topic: topic.into(),
            partition,
        },
        offset,
    ))
}
