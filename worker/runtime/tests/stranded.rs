//! Tasks whose Kafka clients lose all their brokers for good, against a real broker
//! (`KAFKA_BOOTSTRAP`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

#[path = "../../../kafka/tests/forgetful_proxy/mod.rs"]
mod forgetful_proxy;
mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use connect_runtime::State;
use forgetful_proxy::ForgetfulProxy;
use support::kafka::{bootstrap, create, unique};
use support::sink::{LIST_SINK, sink};
use support::{TestWorker, props, start, worker};

/// Two statistics of five seconds each, and the first answers after which a client begins anew as
/// it should.
const FOUND: Duration = Duration::from_secs(60);

fn runs(worker: &TestWorker, task: &str) -> usize {
    let states = worker.statuses.states(task);
    assert!(!states.contains(&State::Failed), "{task}: {states:?}");
    states
        .iter()
        .filter(|state| **state == State::Running)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_begin_anew_and_lose_nothing() {
    let proxy = ForgetfulProxy::start(&bootstrap());
    let (topic, from, to) = (unique("stranded"), unique("from"), unique("to"));
    create(&topic, 1).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let at = proxy.bootstrap();
    let behind_proxy = |client: &str| {
        [
            ("bootstrap.servers", at.as_str()),
            ("metadata.max.age.ms", "500"),
            ("reconnect.backoff.max.ms", "100"),
        ]
        .map(|(name, value)| (format!("{client}.override.{name}"), value.to_owned()))
    };
    let mut source = props(&[
        ("name", &from),
        ("connector.class", "FileStreamSource"),
        ("file", file.path().to_str().unwrap()),
        ("topic", &topic),
    ]);
    source.extend(behind_proxy("producer"));
    let mut target = props(&[
        ("name", &to),
        ("connector.class", LIST_SINK),
        ("topics", &topic),
    ]);
    target.extend(behind_proxy("consumer"));
    // A stranded member cannot leave: its group waits for it so long.
    target.extend(props(&[("consumer.override.session.timeout.ms", "6000")]));
    let (worker, taken) = (worker(), sink(&to));
    start(&worker, &source, 0).await;
    start(&worker, &target, 0).await;
    writeln!(file, "line 0").unwrap();
    taken.wait_for_count(1).await;

    proxy.forget(true);
    let (from, to) = (format!("{from}-0"), format!("{to}-0"));
    let (since, mut lines) = (Instant::now(), 1);
    while runs(&worker, &from) < 2 || runs(&worker, &to) < 2 {
        assert!(since.elapsed() < FOUND, "not found to be stranded");
        writeln!(file, "line {lines}").unwrap();
        lines += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    proxy.forget(false);
    let written: BTreeSet<String> = (0..lines).map(|line| format!("line {line}")).collect();
    taken
        .wait_for("every line", |sink| {
            sink.values().into_iter().collect::<BTreeSet<_>>() == written
        })
        .await;
    worker.worker.stop().await;
}
