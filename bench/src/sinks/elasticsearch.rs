//! Elasticsearch: the index, raw `_bulk` requests, and the end.

use std::time::Duration;

use connectd_harness::variable;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::case::Load;
use super::rows::{Row, TABLE};

/// The sink's defaults: documents a request, and requests on their way at a time.
const BATCH: usize = 2_000;
const IN_FLIGHT: usize = 5;
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Where it is.
pub(crate) fn url() -> String {
    variable("ELASTICSEARCH_URL")
}

/// Deletes the index and makes it anew, with one shard and no replica.
pub(crate) async fn prepare() {
    let client = Client::new();
    let index = format!("{}/{TABLE}", url());
    // 404 where it was not there.
    client.delete(&index).send().await.expect("answered");
    let settings = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}});
    let made = client.put(&index).json(&settings).send().await;
    let made = made.expect("answered");
    assert!(made.status().is_success(), "{:?}", made.text().await);
}

/// `_bulk` requests of plain documents.
pub(crate) fn load(ids: bool, rows: u64) -> Load {
    let rows: Vec<Row> = (0..rows).map(Row::new).collect();
    let bodies: Vec<String> = rows.chunks(BATCH).map(|rows| bulk(rows, ids)).collect();
    Box::pin(async move {
        let client = Client::new();
        let mut on_their_way = tokio::task::JoinSet::new();
        for body in bodies {
            if on_their_way.len() == IN_FLIGHT {
                let sent = on_their_way.join_next().await.expect("one is on its way");
                sent.expect("sent");
            }
            on_their_way.spawn(send(client.clone(), body));
        }
        on_their_way.join_all().await;
    })
}

fn bulk(rows: &[Row], ids: bool) -> String {
    let mut body = String::new();
    for row in rows {
        let id = if ids {
            format!(r#","_id":"{}""#, row.key())
        } else {
            String::new()
        };
        body.push_str(&format!(
            "{{\"index\":{{\"_index\":\"{TABLE}\"{id}}}}}\n{}\n",
            row.document()
        ));
    }
    body
}

/// Elasticsearch refuses a request while it has too much to do, as it does the sink's: it is sent
/// again.
async fn send(client: Client, body: String) {
    let body = bytes::Bytes::from(body);
    loop {
        let request = client.post(format!("{}/_bulk", url()));
        let request = request.header("Content-Type", "application/x-ndjson");
        let answer = request.body(body.clone()).send().await.expect("answered");
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            tokio::time::sleep(AFTER_REFUSAL).await;
            continue;
        }
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(answer["errors"], false, "{answer}");
        return;
    }
}

/// Waits until as many documents were indexed as there are rows.
pub(crate) async fn wait_for_count(rows: u64) {
    let client = Client::new();
    let stats = format!("{}/{TABLE}/_stats/indexing", url());
    loop {
        let answer = client.get(&stats).send().await.expect("answered");
        let answer: Value = answer.json().await.expect("JSON");
        let total = &answer["_all"]["primaries"]["indexing"]["index_total"];
        if total.as_u64().is_some_and(|total| total >= rows) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
