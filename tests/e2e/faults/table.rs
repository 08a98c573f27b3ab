//! Compares a table with the last record of each of its keys.

use std::collections::BTreeMap;
use std::time::Duration;

use connectd_harness::{Kafka, MySql, Record, Worker, eventually_within, read_topic};
use serde::Deserialize;

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
    let (rows, kafka) = (rows(mysql, connector, table).await, Kafka::new());
    let mut last = String::new();
    let waited = eventually_within(Duration::from_secs(90), "", async || {
        // A big topic is read when nothing comes any more.
        let before = kafka.count(&topic).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        if before < rows.len() || kafka.count(&topic).await != before {
            last = format!("{before} records and more to come for {} rows", rows.len());
            return None;
        }
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
            let history = history(&rows, &read_topic(&topic).await);
            panic!("{table}: {last}\n{status}\n{history}");
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

/// What is looked at of a key and of an envelope: many records are read, so no more than needed.
#[derive(Deserialize)]
struct Row {
    id: i64,
    #[serde(default)]
    v: i64,
}

#[derive(Deserialize)]
struct Envelope {
    after: Option<Row>,
}

/// The state that the records leave: the last one of each key counts.
pub(crate) fn state(records: &[Record]) -> State {
    let mut state = State::new();
    for record in records {
        let key = record.key.as_deref().expect("a key");
        let key: Row = serde_json::from_slice(key).expect("a key with an id");
        let envelope = record.value.as_deref();
        let envelope = envelope.map(|value| serde_json::from_slice(value).expect("an envelope"));
        match envelope.and_then(|envelope: Envelope| envelope.after) {
            None => state.remove(&key.id),
            Some(after) => state.insert(after.id, after.v),
        };
    }
    state
}

/// All records of the first keys that differ: whether one is lost or comes too late is seen there.
fn history(rows: &State, records: &[Record]) -> String {
    let state = state(records);
    let ids = rows.keys().chain(state.keys());
    let differ: Vec<i64> = ids
        .copied()
        .filter(|id| rows.get(id) != state.get(id))
        .take(3)
        .collect();
    let mut lines = Vec::new();
    for record in records {
        let key: Row =
            serde_json::from_slice(record.key.as_deref().unwrap_or_default()).expect("a key");
        if differ.contains(&key.id) {
            lines.push(format!("{} {}", record.offset, record.text()));
        }
    }
    lines.join("\n")
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
