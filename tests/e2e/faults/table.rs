//! Compares a table with the last record of each of its keys.

use std::collections::BTreeMap;
use std::time::Duration;

use connectd_harness::{MySql, Record, Worker, eventually_within, read_topic};
use serde_json::Value;

use crate::common::{key, value};

/// Waits until the last record of each key equals the table's row in the columns `id` and `v`.
///
/// # Panics
/// If it does not within 90 s, with the rows that differ and the task's status.
pub(crate) async fn wait_until_equal(
    worker: &Worker,
    mysql: &MySql,
    connector: &str,
    table: &str,
) -> Vec<Record> {
    let topic = format!("{connector}.{connector}.{table}");
    let rows = rows(mysql, connector, table).await;
    let mut last = String::new();
    let waited = eventually_within(Duration::from_secs(90), "", async || {
        let records = read_topic(&topic).await;
        match difference(&rows, &state(&records)) {
            None => Some(records),
            Some(difference) => {
                last = difference;
                None
            }
        }
    });
    match tokio::time::timeout(Duration::from_secs(80), waited).await {
        Ok(records) => records,
        Err(_) => {
            let status = worker
                .rest
                .get(&format!("/connectors/{connector}/status"))
                .await;
            panic!("{table}: {last}\n{status}");
        }
    }
}

/// Rows by their `id`.
pub(crate) type State = BTreeMap<i64, i64>;

pub(crate) async fn rows(mysql: &MySql, database: &str, table: &str) -> State {
    let rows = mysql
        .rows(&format!("SELECT id, v FROM {database}.{table}"))
        .await;
    rows.into_iter()
        .map(mysql_async::from_row::<(i64, i64)>)
        .collect()
}

/// The state that the records leave: the last one of each key counts.
pub(crate) fn state(records: &[Record]) -> State {
    let mut state = State::new();
    for record in records {
        let id = key(record)["id"].as_i64().expect("an id");
        let after = match value(record) {
            Value::Null => Value::Null,
            envelope => envelope["after"].clone(),
        };
        match after {
            Value::Null => state.remove(&id),
            after => state.insert(id, after["v"].as_i64().expect("v")),
        };
    }
    state
}

fn difference(rows: &State, state: &State) -> Option<String> {
    if rows == state {
        return None;
    }
    let missing: Vec<_> = rows
        .iter()
        .filter(|(id, _)| !state.contains_key(id))
        .collect();
    let extra: Vec<_> = state
        .iter()
        .filter(|(id, _)| !rows.contains_key(id))
        .collect();
    let other: Vec<_> = rows
        .iter()
        .filter_map(|(id, v)| {
            state
                .get(id)
                .filter(|found| *found != v)
                .map(|found| (id, v, found))
        })
        .collect();
    let some = |rows: String| rows.chars().take(300).collect::<String>();
    Some(format!(
        "{} rows missing {}; {} too many {}; {} of another value {}",
        missing.len(),
        some(format!("{missing:?}")),
        extra.len(),
        some(format!("{extra:?}")),
        other.len(),
        some(format!("{other:?}"))
    ))
}
