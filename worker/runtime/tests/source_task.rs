//! Source tasks against a real broker (`KAFKA_BOOTSTRAP`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use connect_api::Props;
use connect_runtime::{ConnectorTaskId, State, TargetState};
use support::kafka::{bootstrap, partitions, unique, values};
use support::plugins::SCRIPTED;
use support::{OFTEN, TestWorker, props, worker, worker_props};

fn scripted(name: &str, topic: &str, more: &[(&str, &str)]) -> Props {
    let mut all = props(&[
        ("name", name),
        ("connector.class", SCRIPTED),
        ("topic", topic),
    ]);
    all.extend(props(more));
    all
}

async fn start(worker: &TestWorker, config: &Props) -> ConnectorTaskId {
    support::start(worker, config, 0).await
}

async fn stored(worker: &TestWorker, name: &str, number: u64) {
    worker
        .offsets
        .wait_for(name, |offset| offset["n"].as_u64() == Some(number))
        .await;
}

fn numbers(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_s_lines_arrive_and_a_restart_goes_on_after_the_last() {
    let topic = unique("file");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "foo\nbar\n").unwrap();
    let config = props(&[
        ("name", "src"),
        ("connector.class", "FileStreamSource"),
        ("file", file.path().to_str().unwrap()),
        ("topic", &topic),
    ]);
    let first = worker();
    let id = start(&first, &config).await;
    first
        .offsets
        .wait_for("src", |offset| offset["position"].as_u64() == Some(8))
        .await;
    assert_eq!(first.statuses.topics(), [topic.as_str()]);
    // What comes right before the stop is not lost and not stored too early.
    writeln!(file, "baz").unwrap();
    first.worker.stop_tasks(vec![id]).await;
    assert_eq!(
        first.statuses.states("src-0"),
        [State::Running, State::Unassigned]
    );

    let second =
        TestWorker::with_offsets(&worker_props(&bootstrap(), &[OFTEN]), first.offsets.clone());
    start(&second, &config).await;
    writeln!(file, "last").unwrap();
    second
        .offsets
        .wait_for("src", |offset| offset["position"].as_u64() == Some(17))
        .await;
    second.worker.stop().await;
    assert_eq!(values(&topic), ["foo", "bar", "baz", "last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_is_away_nothing_fails_and_no_offset_is_stored() {
    let away = TestWorker::new(&worker_props(
        "127.0.0.1:1",
        &[OFTEN, ("task.shutdown.graceful.timeout.ms", "1000")],
    ));
    let config = scripted("away", "t", &[("records", "100")]);
    let id = start(&away, &config).await;
    away.statuses.wait_for("away-0", State::Running).await;
    let metrics = away.worker.task_metrics(&id).unwrap();
    let since = Instant::now();
    while metrics.polled.get() < 100 || since.elapsed() < Duration::from_millis(500) {
        assert!(since.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(metrics.written.get(), 0);
    assert_eq!(metrics.active.get(), 100);
    away.worker.stop_tasks(vec![id]).await;
    assert_eq!(away.offsets.puts(), 0);
    assert!(!away.statuses.states("away-0").contains(&State::Failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_task_says_why_and_keeps_what_it_had() {
    for (script, part) in [
        (
            "poll-fail",
            "polling the source\nCaused by: the source is broken",
        ),
        ("poll-panic", "the plugin's code panicked: the third poll"),
    ] {
        let topic = unique(script);
        let worker = worker();
        let other = scripted("other", &unique("other"), &[("records", "1000")]);
        start(&worker, &other).await;
        start(&worker, &scripted(script, &topic, &[("script", script)])).await;
        let trace = worker
            .statuses
            .wait_for(&format!("{script}-0"), State::Failed)
            .await
            .unwrap();
        assert!(trace.contains(part), "{trace}");
        // The two batches before were delivered, and their offsets stored.
        stored(&worker, script, 20).await;
        assert_eq!(values(&topic), numbers(0..20));
        stored(&worker, "other", 1000).await;
        assert_eq!(worker.statuses.states("other-0"), [State::Running]);
        worker.worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_start_says_why() {
    let worker = worker();
    let config = scripted("bad", "t", &[("script", "start-fail")]);
    start(&worker, &config).await;
    let trace = worker
        .statuses
        .wait_for("bad-0", State::Failed)
        .await
        .unwrap();
    assert_eq!(trace, "starting the task\nCaused by: the task cannot start");

    let config = scripted("worse", "t", &[("value.converter", "com.Nope")]);
    let id = ConnectorTaskId::new("worse", 0);
    let started = worker
        .worker
        .start_task(id, config.clone(), config, TargetState::Started);
    let error = started.await.unwrap_err();
    assert!(
        error.trace().contains("com.Nope is not built in"),
        "{}",
        error.trace()
    );
    worker.statuses.wait_for("worse-0", State::Failed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_fault_of_a_poll_is_waited_out() {
    let topic = unique("retriable");
    let worker = worker();
    let more = [("script", "poll-retriable"), ("records", "50")];
    start(&worker, &scripted("r", &topic, &more)).await;
    stored(&worker, "r", 50).await;
    worker.worker.stop().await;
    assert_eq!(values(&topic), numbers(0..50));
    assert_eq!(
        worker.statuses.states("r-0"),
        [State::Running, State::Unassigned]
    );
}

/// A worker that was asleep past its session does not know yet that another one has the task.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_polled_waits_while_the_task_may_be_another_workers() {
    let topic = unique("own");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "mine").unwrap();
    let config = props(&[
        ("name", "own"),
        ("connector.class", "FileStreamSource"),
        ("file", file.path().to_str().unwrap()),
        ("topic", &topic),
    ]);
    let worker = worker();
    start(&worker, &config).await;
    let position = |position| {
        worker.offsets.wait_for("own", move |offset| {
            offset["position"].as_u64() == Some(position)
        })
    };
    position(5).await;
    worker.offsets.is_closed.store(true, Ordering::SeqCst);
    writeln!(file, "whose").unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(values(&topic), ["mine"]);
    worker.offsets.is_closed.store(false, Ordering::SeqCst);
    position(11).await;
    assert_eq!(values(&topic), ["mine", "whose"]);
    worker.offsets.is_closed.store(true, Ordering::SeqCst);
    writeln!(file, "theirs").unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    worker.worker.stop().await;
    assert_eq!(values(&topic), ["mine", "whose"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_task_is_abandoned_and_heard_of_no_more() {
    for script in ["hang", "block"] {
        let worker = TestWorker::new(&worker_props(
            &bootstrap(),
            &[
                ("offset.flush.interval.ms", "60000"),
                ("task.shutdown.graceful.timeout.ms", "300"),
            ],
        ));
        let other = scripted("other", &unique("beside"), &[("records", "10")]);
        start(&worker, &other).await;
        let id = start(
            &worker,
            &scripted(script, &unique(script), &[("script", script)]),
        )
        .await;
        let metrics = worker.worker.task_metrics(&id).unwrap();
        while metrics.written.get() < 20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let since = Instant::now();
        worker.worker.stop_tasks(vec![id.clone()]).await;
        let took = since.elapsed();
        assert!(took < Duration::from_millis(1500), "{took:?}");
        // Longer than the script blocks: what it does then reaches nobody.
        tokio::time::sleep(Duration::from_millis(3500)).await;
        assert_eq!(worker.statuses.states(&id.to_string()), [State::Running]);
        assert_eq!(worker.offsets.only(script), None);
        assert!(worker.worker.task_metrics(&id).is_none());
        worker.worker.stop().await;
        stored(&worker, "other", 10).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_task_polls_no_more_until_it_goes_on() {
    let topic = unique("pause");
    let worker = worker();
    let id = start(&worker, &scripted("p", &topic, &[("sleep.ms", "1")])).await;
    worker.offsets.wait_for("p", |_| true).await;
    worker
        .worker
        .set_target_state("p", TargetState::Paused)
        .await;
    worker.statuses.wait_for("p-0", State::Paused).await;
    let metrics = worker.worker.task_metrics(&id).unwrap();
    let polled = metrics.polled.get();
    // Pausing stores all that was polled.
    assert_eq!(
        worker.offsets.only("p").unwrap()["n"].as_u64(),
        Some(polled)
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(metrics.polled.get(), polled);
    worker
        .worker
        .set_target_state("p", TargetState::Started)
        .await;
    worker.statuses.wait_for("p-0", State::Running).await;
    while metrics.polled.get() == polled {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    worker.worker.stop_tasks(vec![id]).await;
    let last = worker.offsets.only("p").unwrap()["n"].as_u64().unwrap();
    assert_eq!(values(&topic), numbers(0..last));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_begins_paused_starts_its_plugin_when_resumed() {
    let worker = worker();
    let config = scripted("late", &unique("late"), &[("script", "start-fail")]);
    let id = ConnectorTaskId::new("late", 0);
    let started = worker
        .worker
        .start_task(id, config.clone(), config, TargetState::Paused);
    started.await.unwrap();
    worker.statuses.wait_for("late-0", State::Paused).await;
    worker
        .worker
        .set_target_state("late", TargetState::Started)
        .await;
    worker.statuses.wait_for("late-0", State::Failed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_fails_the_task_by_name() {
    let worker = worker();
    let large = [
        ("script", "large"),
        ("large.bytes", "30000"),
        ("producer.override.max.request.size", "20000"),
    ];
    start(&worker, &scripted("large", &unique("large"), &large)).await;
    let trace = worker
        .statuses
        .wait_for("large-0", State::Failed)
        .await
        .unwrap();
    for part in [
        "KAFKA_PRODUCE",
        "max.request.size",
        "producer.override",
        "key: 20",
        "30002",
        "{\"n\":21}",
    ] {
        assert!(trace.contains(part), "{part}: {trace}");
    }

    let topic = unique("large-skipped");
    let mut config = scripted("skip", &topic, &large);
    config.extend(props(&[("errors.tolerance", "all"), ("records", "40")]));
    let id = start(&worker, &config).await;
    stored(&worker, "skip", 40).await;
    let metrics = worker.worker.task_metrics(&id).unwrap();
    assert_eq!(metrics.records_skipped.get(), 1);
    let expected: Vec<String> = (0..40)
        .filter(|&it| it != 20)
        .map(|it: u64| it.to_string())
        .collect();
    assert_eq!(values(&topic), expected);
    worker.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_broker_refuses_fails_the_task_by_name() {
    let worker = worker();
    // The producer would send it; the topic takes less. The records before it may
    // stand in the same batch, which the broker refuses as a whole.
    let topic = unique("refused");
    let config = [
        ("script", "large"),
        ("large.bytes", "30000"),
        ("topic.creation.default.partitions", "1"),
        ("topic.creation.default.replication.factor", "-1"),
        ("topic.creation.default.max.message.bytes", "20000"),
        // The others of the batch must not be skipped with it.
        ("errors.tolerance", "all"),
    ];
    start(&worker, &scripted("refused", &topic, &config)).await;
    let trace = worker
        .statuses
        .wait_for("refused-0", State::Failed)
        .await
        .unwrap();
    for part in [
        topic.as_str(),
        "max.message.bytes",
        "producer.override.batch.size",
        "source offset: {\"n\":",
    ] {
        assert!(trace.contains(part), "{part}: {trace}");
    }
    let stored = worker.offsets.only("refused");
    let stored = stored.map_or(0, |offset| offset["n"].as_u64().unwrap());
    assert!(stored <= 20, "{stored}");
    let there = values(&topic);
    for number in numbers(0..stored) {
        assert!(there.contains(&number), "{number} of {stored}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_name_that_kafka_refuses_fails_the_task_by_name() {
    let worker = worker();
    start(&worker, &scripted("odd", "no such/topic", &[])).await;
    let trace = worker
        .statuses
        .wait_for("odd-0", State::Failed)
        .await
        .unwrap();
    assert!(trace.contains("'no such/topic'"), "{trace}");
    assert_eq!(worker.offsets.only("odd"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_created_by_the_first_group_that_takes_them() {
    let (special, other) = (unique("special"), unique("common"));
    let worker = worker();
    for (name, topic) in [("s", &special), ("o", &other)] {
        let config = scripted(
            name,
            topic,
            &[
                ("records", "10"),
                ("topic.creation.groups", "special"),
                ("topic.creation.special.include", ".*-special-.*"),
                ("topic.creation.special.partitions", "3"),
                ("topic.creation.default.partitions", "2"),
                ("topic.creation.default.replication.factor", "1"),
            ],
        );
        start(&worker, &config).await;
        stored(&worker, name, 10).await;
    }
    worker.worker.stop().await;
    assert_eq!((partitions(&special), partitions(&other)), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn transformations_apply_in_order_and_under_their_predicates() {
    let topic = unique("chain");
    let worker = worker();
    let config = scripted(
        "chain",
        &topic,
        &[
            ("records", "3"),
            ("transforms", "a,b,c,d"),
            ("transforms.a.type", "test.Mark"),
            ("transforms.a.text", "-a"),
            ("transforms.b.type", "test.Mark"),
            ("transforms.b.text", "-b"),
            ("transforms.b.predicate", "here"),
            ("transforms.c.type", "test.Mark"),
            ("transforms.c.text", "-c"),
            ("transforms.c.predicate", "here"),
            ("transforms.c.negate", "true"),
            (
                "transforms.d.type",
                "org.apache.kafka.connect.transforms.Filter",
            ),
            ("transforms.d.predicate", "elsewhere"),
            ("predicates", "here,elsewhere"),
            (
                "predicates.here.type",
                "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
            ),
            ("predicates.here.pattern", &topic),
            (
                "predicates.elsewhere.type",
                "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
            ),
            ("predicates.elsewhere.pattern", "elsewhere"),
        ],
    );
    start(&worker, &config).await;
    stored(&worker, "chain", 3).await;
    worker.worker.stop().await;
    assert_eq!(values(&topic), ["0-a-b", "1-a-b", "2-a-b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filtered_records_count_as_read() {
    let topic = unique("filtered");
    let worker = worker();
    let config = scripted(
        "filtered",
        &topic,
        &[
            ("records", "100"),
            ("transforms", "f"),
            (
                "transforms.f.type",
                "org.apache.kafka.connect.transforms.Filter",
            ),
        ],
    );
    let id = start(&worker, &config).await;
    stored(&worker, "filtered", 100).await;
    let metrics = worker.worker.task_metrics(&id).unwrap();
    assert_eq!((metrics.filtered.get(), metrics.written.get()), (100, 0));
    worker.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_fault_of_a_transformation_is_tried_again_on_the_original() {
    let topic = unique("once");
    let worker = worker();
    let config = scripted(
        "once",
        &topic,
        &[
            ("records", "12"),
            ("prefix", "once-"),
            ("errors.retry.timeout", "10000"),
            ("transforms", "a,f"),
            ("transforms.a.type", "test.Mark"),
            ("transforms.a.text", "!"),
            ("transforms.f.type", "test.FailOn"),
            ("transforms.f.text", "once-1"),
        ],
    );
    let id = start(&worker, &config).await;
    stored(&worker, "once", 12).await;
    let metrics = worker.worker.task_metrics(&id).unwrap();
    assert_eq!(metrics.retries.get(), 3);
    worker.worker.stop().await;
    let expected: Vec<String> = (0..12).map(|number| format!("once-{number}!")).collect();
    assert_eq!(values(&topic), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_cannot_be_handled_are_skipped_where_that_is_tolerated() {
    for (setting, class) in [("transforms", "test.FailOn"), ("value.converter", "")] {
        let topic = unique("skip");
        let worker = worker();
        let prefix = if setting == "transforms" {
            "t"
        } else {
            "unconvertible"
        };
        let mut config = scripted("skip", &topic, &[("records", "5"), ("prefix", prefix)]);
        if setting == "transforms" {
            config.extend(props(&[
                ("transforms", "f"),
                ("transforms.f.type", class),
                ("transforms.f.text", "t3"),
            ]));
        }
        start(&worker, &config).await;
        let trace = worker
            .statuses
            .wait_for("skip-0", State::Failed)
            .await
            .unwrap();
        assert!(
            trace.starts_with("Tolerance exceeded in error handler (stage: "),
            "{trace}"
        );
        worker.worker.stop().await;

        let worker = TestWorker::new(&worker_props(&bootstrap(), &[OFTEN]));
        config.extend(props(&[
            ("errors.tolerance", "all"),
            ("topic", &unique("tolerant")),
        ]));
        let id = start(&worker, &config).await;
        stored(&worker, "skip", 5).await;
        let metrics = worker.worker.task_metrics(&id).unwrap();
        let skipped = if setting == "transforms" { 1 } else { 5 };
        assert_eq!(metrics.records_skipped.get(), skipped);
        worker.worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_transformation_fails_its_task_only() {
    let worker = worker();
    let config = scripted(
        "boom",
        &unique("boom"),
        &[
            ("prefix", "panic"),
            ("transforms", "f"),
            ("transforms.f.type", "test.FailOn"),
            ("transforms.f.text", "panic"),
        ],
    );
    start(&worker, &config).await;
    let trace = worker
        .statuses
        .wait_for("boom-0", State::Failed)
        .await
        .unwrap();
    assert!(trace.contains("panicked: on panic0"), "{trace}");
    let config = scripted("fine", &unique("fine"), &[("records", "10")]);
    start(&worker, &config).await;
    stored(&worker, "fine", 10).await;
    worker.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_made_up_for_by_the_next() {
    let worker = worker();
    worker.offsets.fail(2);
    let id = start(
        &worker,
        &scripted("c", &unique("commit"), &[("records", "10")]),
    )
    .await;
    stored(&worker, "c", 10).await;
    let metrics = worker.worker.task_metrics(&id).unwrap();
    assert_eq!(metrics.commit_failures.get(), 2);
    worker.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_task_runs_once() {
    let worker = worker();
    let config = scripted("twice", &unique("twice"), &[]);
    let id = start(&worker, &config).await;
    let again = worker
        .worker
        .start_task(id, config.clone(), config, TargetState::Started);
    let error = again.await.unwrap_err();
    assert_eq!(error.kind(), connect_api::ErrorKind::AlreadyExists);
    assert!(!worker.statuses.states("twice-0").contains(&State::Failed));
    worker.worker.stop().await;
}
