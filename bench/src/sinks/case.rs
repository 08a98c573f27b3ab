//! What is measured: a target, and how it is written to.

use std::pin::Pin;

use super::{elasticsearch, mysql, postgres};

/// How rows are written to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Insert,
    Upsert,
}

/// A target and a way to write to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Postgres(Mode),
    MySql(Mode),
    Elasticsearch {
        /// Ids of the records' keys; else of Elasticsearch's choice.
        ids: bool,
    },
}

/// A load by the target's own tool, prepared and ready to go.
pub(crate) type Load = Pin<Box<dyn Future<Output = ()>>>;

impl Case {
    /// Those that `BENCH_TARGETS` names; all if it is not set.
    pub(crate) fn asked_for() -> Vec<Self> {
        let names = std::env::var("BENCH_TARGETS");
        let names = names.unwrap_or_else(|_| "postgres mysql elasticsearch".to_owned());
        names.split_whitespace().flat_map(Self::named).collect()
    }

    fn named(name: &str) -> Vec<Self> {
        let (target, modes): (&str, &[Mode]) = match name.split_once('-') {
            None => (name, &[Mode::Insert, Mode::Upsert]),
            Some((target, "insert")) => (target, &[Mode::Insert]),
            Some((target, "upsert")) => (target, &[Mode::Upsert]),
            Some(_) => unknown(name),
        };
        let case = |&mode: &Mode| match target {
            "postgres" => Self::Postgres(mode),
            "mysql" => Self::MySql(mode),
            "elasticsearch" => Self::Elasticsearch {
                ids: mode == Mode::Upsert,
            },
            _ => unknown(name),
        };
        modes.iter().map(case).collect()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres(Mode::Insert) => "PostgreSQL insert",
            Self::Postgres(Mode::Upsert) => "PostgreSQL upsert",
            Self::MySql(Mode::Insert) => "MySQL insert",
            Self::MySql(Mode::Upsert) => "MySQL upsert",
            Self::Elasticsearch { ids: false } => "Elasticsearch",
            Self::Elasticsearch { ids: true } => "Elasticsearch ids",
        }
    }

    /// The target's own tool.
    pub(crate) fn tool(self) -> &'static str {
        match self {
            Self::Postgres(_) => "psql \\copy",
            Self::MySql(_) => "INSERTs",
            Self::Elasticsearch { .. } => "_bulk",
        }
    }

    /// Makes the table or the index anew; for upserts with every second row, as it was before.
    pub(crate) async fn prepare(self, rows: u64) {
        match self {
            Self::Postgres(mode) => postgres::prepare(mode, rows).await,
            Self::MySql(mode) => mysql::prepare(mode, rows).await,
            Self::Elasticsearch { .. } => elasticsearch::prepare().await,
        }
    }

    /// Prepares the load by the target's own tool.
    pub(crate) async fn load(self, rows: u64) -> Load {
        match self {
            Self::Postgres(mode) => postgres::load(mode, rows),
            Self::MySql(mode) => mysql::load(mode, rows).await,
            Self::Elasticsearch { ids } => elasticsearch::load(ids, rows),
        }
    }

    /// Waits until the target has the last row as it is in the topic.
    pub(crate) async fn wait_for_last(self, rows: u64) {
        match self {
            Self::Postgres(_) => postgres::wait_for_last(rows).await,
            Self::MySql(_) => mysql::wait_for_last(rows).await,
            Self::Elasticsearch { .. } => elasticsearch::wait_for_count(rows).await,
        }
    }
}

fn unknown(name: &str) -> ! {
    panic!(
        "BENCH_TARGETS: {name} is not known; known are postgres, mysql, elasticsearch, each also with -insert or \
         -upsert"
    )
}
