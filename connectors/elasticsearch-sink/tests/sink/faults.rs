//! Servers that have no room, break, or do not let anybody in.

use std::time::Duration;

use connect_api::record::SinkRecord;
use serde_json::json;
use tokio::time::Instant;

use crate::records::json_record;
use crate::scripted::{Reply, Scripted};
use crate::servers::{server, unique};
use crate::task::{Task, props};

const QUICK: [(&str, &str); 2] = [("schema.ignore", "true"), ("retry.backoff.ms", "10")];

fn documents(count: i64) -> Vec<SinkRecord> {
    (0..count)
        .map(|offset| json_record("t", offset, &format!("id{offset}"), json!({"n": offset})))
        .collect()
}

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&QUICK[..], more].concat()
}

fn item(status: u16, kind: &str) -> String {
    if status == 201 {
        return r#"{"index":{"status":201}}"#.to_owned();
    }
    format!(r#"{{"index":{{"status":{status},"error":{{"type":"{kind}","reason":"because"}}}}}}"#)
}

fn items(items: &[String]) -> Reply {
    let body = format!(r#"{{"errors":true,"items":[{}]}}"#, items.join(","));
    Reply::new(200, &body)
}

#[tokio::test]
async fn items_without_room_are_sent_again_alone() {
    let rejected = || item(429, "es_rejected_execution_exception");
    let replies = vec![
        items(&[item(201, ""), rejected(), rejected()]),
        items(&[item(201, ""), rejected()]),
    ];
    let server = Scripted::start(replies).await;
    let mut task = Task::start(&server.url, &QUICK).await;
    task.write(&documents(3)).await;
    let sent: Vec<Vec<i64>> = server
        .bulks()
        .iter()
        .map(|bulk| numbers(&bulk.body))
        .collect();
    assert_eq!(sent, [vec![0, 1, 2], vec![1, 2], vec![2]]);
}

/// The `n` of each document in a bulk request.
fn numbers(body: &str) -> Vec<i64> {
    body.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()?["n"].as_i64())
        .collect()
}

#[tokio::test]
async fn a_server_without_room_is_waited_for_as_it_asks() {
    let mut busy = Reply::new(
        429,
        r#"{"error":{"type":"circuit_breaking_exception","reason":"too large"}}"#,
    );
    busy.headers = "Retry-After: 1\r\n";
    let server = Scripted::start(vec![busy, Reply::new(503, "busy")]).await;
    let mut task = Task::start(&server.url, &QUICK).await;
    let began = Instant::now();
    task.write(&documents(2)).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.bulks().len(), 3);
}

#[tokio::test]
async fn retries_that_are_limited_end() {
    let refused = || Reply::new(503, "not now");
    let server = Scripted::start((0..9).map(|_| refused()).collect()).await;
    let mut task = Task::start(&server.url, &with(&[("max.retries", "2")])).await;
    let error = task.fail(&documents(2)).await;
    assert!(
        error.contains("writing 2 documents failed 3 times (max.retries)"),
        "{error}"
    );
    assert!(error.contains("503 not now"), "{error}");
    assert_eq!(server.bulks().len(), 3);
}

/// Nothing is committed that is not written, and nothing is lost.
#[tokio::test]
async fn an_outage_holds_back_commits_and_no_more() {
    let slow = |millis| Reply {
        after: Duration::from_millis(millis),
        ..Reply::fine()
    };
    // The second request's answer takes longer than a commit waits.
    let server = Scripted::start(vec![Reply::fine(), slow(7000)]).await;
    let more = with(&[("batch.size", "5"), ("read.timeout.ms", "60000")]);
    let mut task = Task::start(&server.url, &more).await;
    let records = documents(10);
    task.write(&records[..5]).await;
    task.put(&records[5..]).await.unwrap();
    let committed = task.commit().await.unwrap();
    assert_eq!(committed[&records[0].origin], 5);
    let committed = task.commit().await.unwrap();
    assert_eq!(committed[&records[0].origin], 10);
}

#[tokio::test]
async fn an_answer_that_is_late_is_asked_for_again() {
    let late = Reply {
        after: Duration::from_secs(2),
        ..Reply::fine()
    };
    let server = Scripted::start(vec![late]).await;
    let mut task = Task::start(&server.url, &with(&[("read.timeout.ms", "500")])).await;
    task.write(&documents(2)).await;
    assert_eq!(server.bulks().len(), 2);
}

#[tokio::test]
async fn a_request_that_is_refused_whole_is_narrowed_down() {
    let whole = || {
        Reply::new(
            400,
            r#"{"error":{"type":"action_request_validation_exception","reason":"Validation Failed: 1: id is too long"}}"#,
        )
    };
    // Of four: both halves of the left one, the second document is it.
    let replies = vec![whole(), whole(), Reply::fine(), whole(), Reply::fine()];
    let server = Scripted::start(replies).await;
    let mut task = Task::tolerant(&server.url, &QUICK).await;
    task.write(&documents(4)).await;
    let sent: Vec<Vec<i64>> = server
        .bulks()
        .iter()
        .map(|bulk| numbers(&bulk.body))
        .collect();
    assert_eq!(
        sent,
        [vec![0, 1, 2, 3], vec![0, 1], vec![0], vec![1], vec![2, 3]]
    );
    let reported = task.reported();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0].0, 1);
    assert!(reported[0].1.contains("id is too long"), "{reported:?}");
}

#[tokio::test]
async fn credentials_are_sent_and_their_refusal_is_told() {
    let denied = Reply::new(
        401,
        r#"{"error":{"type":"security_exception","reason":"unable to authenticate user [u]"}}"#,
    );
    for (more, header) in [
        (
            vec![("connection.username", "u"), ("connection.password", "p")],
            "authorization: Basic dTpw",
        ),
        (
            vec![("connection.api.key", "id:key")],
            "authorization: ApiKey aWQ6a2V5",
        ),
        (
            vec![("connection.api.key", "aWQ6a2V5")],
            "authorization: ApiKey aWQ6a2V5",
        ),
    ] {
        let server = Scripted::start(vec![denied.clone()]).await;
        let mut task = Task::tolerant(&server.url, &with(&more)).await;
        let error = task.fail(&documents(1)).await;
        for part in [
            "401 security_exception: unable to authenticate user [u]",
            "check connection.username",
        ] {
            assert!(error.contains(part), "{error}");
        }
        let headers = &server.bulks()[0].headers;
        assert!(
            headers.iter().any(|line| line.eq_ignore_ascii_case(header)),
            "{headers:?}"
        );
        assert!(
            headers
                .iter()
                .any(|line| line.to_lowercase() == "content-type: application/x-ndjson")
        );
    }
}

#[tokio::test]
async fn several_requests_are_under_way_and_batches_are_bounded() {
    let slow = Reply {
        after: Duration::from_millis(300),
        ..Reply::fine()
    };
    let server = Scripted::start(vec![slow; 10]).await;
    let more = with(&[
        ("batch.size", "10"),
        ("max.in.flight.requests", "5"),
        ("max.buffered.records", "50"),
    ]);
    let mut task = Task::start(&server.url, &more).await;
    let began = Instant::now();
    task.write(&documents(100)).await;
    let elapsed = began.elapsed();
    // Ten requests, five at a time.
    assert!(elapsed >= Duration::from_millis(600), "{elapsed:?}");
    assert!(elapsed < Duration::from_millis(2000), "{elapsed:?}");
    let sizes: Vec<usize> = server
        .bulks()
        .iter()
        .map(|bulk| numbers(&bulk.body).len())
        .collect();
    assert_eq!(sizes, [10; 10]);
}

#[tokio::test]
async fn records_linger_and_then_go_by_themselves() {
    let server = Scripted::start(Vec::new()).await;
    let mut task = Task::start(&server.url, &with(&[("linger.ms", "200")])).await;
    for record in documents(3) {
        task.put(&[record]).await.unwrap();
    }
    assert_eq!(server.bulks().len(), 0);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let sent: Vec<Vec<i64>> = server
        .bulks()
        .iter()
        .map(|bulk| numbers(&bulk.body))
        .collect();
    assert_eq!(sent, [vec![0, 1, 2]]);
}

#[tokio::test]
async fn a_node_that_is_down_is_passed_over() {
    let server = server();
    let topic = unique("failover");
    let urls = format!("http://127.0.0.1:1,{}", server.url);
    let mut task = Task::start(&urls, &QUICK).await;
    let records: Vec<_> = (0..20)
        .map(|offset| json_record(&topic, offset, &offset.to_string(), json!({"n": offset})))
        .collect();
    for record in records {
        task.write(&[record]).await;
    }
    assert_eq!(server.count(&topic).await, 20);
    server.delete(&topic).await;
}

#[tokio::test]
async fn a_task_that_is_to_stop_waits_for_nobody() {
    let refused = || Reply::new(503, "not now");
    let server = Scripted::start((0..1000).map(|_| refused()).collect()).await;
    let more = with(&[
        ("batch.size", "1"),
        ("max.in.flight.requests", "1"),
        ("retry.backoff.ms", "60000"),
    ]);
    let mut task = Task::start(&server.url, &more).await;
    let cancelled = task.cancelled.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancelled.cancel();
    });
    let began = Instant::now();
    let error = task.put(&documents(5)).await.unwrap_err();
    assert_eq!(error.kind(), connect_api::ErrorKind::Stopped);
    assert!(began.elapsed() < Duration::from_secs(5));
    task.stop().await;
    // Nor does one that cannot start.
    let settings = props("http://127.0.0.1:1", &[("retry.backoff.ms", "60000")]);
    let started = tokio::time::timeout(
        Duration::from_millis(300),
        Task::try_start(&settings, false),
    );
    assert!(started.await.is_err(), "it waits until there is a server");
}
