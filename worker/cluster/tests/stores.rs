//! What is stored, and what a worker makes of it when it starts, with a real
//! broker under it.
#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]

mod support;

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connect_api::ErrorKind;
use connect_api::record::OffsetMap;
use connect_cluster::distributed::WorkerOptions;
use connect_cluster::{Health, Herder, Place, distributed, standalone};
use connect_kafka::admin::NewTopic;
use connect_runtime::TargetState;
use flate2::read::GzDecoder;
use support::{
    admin, await_status, connector, eventually, options, records, short, start, unique,
    worker_props, write,
};

fn map(text: &str) -> OffsetMap {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_back_after_a_restart() {
    let worker = worker_props(&unique("restart"));
    let herder = start(&worker).await;
    for (name, target, wanted) in [
        ("running", None, "RUNNING [RUNNING, RUNNING]"),
        ("paused", Some(TargetState::Paused), "PAUSED []"),
        ("stopped", Some(TargetState::Stopped), "STOPPED []"),
    ] {
        let config = connector(name, &[("tasks", "2")]);
        herder
            .put_connector(name, config, target, false)
            .await
            .unwrap();
        await_status(&herder, name, wanted).await;
    }
    herder.resume("paused").await.unwrap();
    await_status(&herder, "paused", "RUNNING [RUNNING, RUNNING]").await;
    herder.pause("paused").await.unwrap();
    await_status(&herder, "paused", "PAUSED [PAUSED, PAUSED]").await;
    eventually("the offsets to be stored", async || {
        herder.offsets("running").await.unwrap().offsets.len() == 2
    })
    .await;
    let before = herder.offsets("running").await.unwrap();
    let infos = herder.task_infos("running").await.unwrap();
    herder.shut_down().await;

    let herder = start(&worker).await;
    await_status(&herder, "running", "RUNNING [RUNNING, RUNNING]").await;
    await_status(&herder, "paused", "PAUSED [PAUSED, PAUSED]").await;
    await_status(&herder, "stopped", "STOPPED []").await;
    assert_eq!(herder.offsets("running").await.unwrap(), before);
    assert_eq!(herder.task_infos("running").await.unwrap(), infos);
    let topic = &herder.connector_config("running").await.unwrap()["topic"];
    assert_eq!(records(topic).await.len(), 6, "nothing was read twice");
    herder.shut_down().await;
    // The tasks' configurations were right: none was written again.
    let stored = records(&format!("{}-config", worker["group.id"])).await;
    assert_eq!(
        stored
            .iter()
            .filter(|(key, _)| key == "commit-running")
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_of_a_stopped_connector_are_changed_through_the_herder() {
    let group = unique("offsets");
    let herder = start(&worker_props(&group)).await;
    let config = connector("offsets", &[]);
    herder
        .put_connector("c", config, None, false)
        .await
        .unwrap();
    eventually("the offset to be stored", async || {
        let stored = serde_json::to_string(&herder.offsets("c").await.unwrap()).unwrap();
        stored == r#"{"offsets":[{"partition":{"task":0},"offset":{"n":3}}]}"#
    })
    .await;
    let change = |offset: &str| vec![(map(r#"{"task":0}"#), serde_json::from_str(offset).unwrap())];
    let early = herder
        .alter_offsets("c", change(r#"{"n":1}"#))
        .await
        .unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Config);
    assert_eq!(
        early.to_string(),
        "Connectors must be in the STOPPED state before their offsets can be modified. This can \
         be done for the specified connector by issuing a 'PUT' request to the \
         '/connectors/c/stop' endpoint"
    );
    herder.stop("c").await.unwrap();
    assert_eq!(
        herder
            .alter_offsets("c", change(r#"{"n":1}"#))
            .await
            .unwrap(),
        "The offsets for this connector have been altered successfully"
    );
    let bad = herder
        .alter_offsets("c", change(r#"{"n":"x"}"#))
        .await
        .unwrap_err();
    assert_eq!(
        (bad.kind(), bad.message()),
        (ErrorKind::Data, "the offset's 'n' is not a number")
    );
    assert_eq!(
        herder
            .alter_offsets("c", Vec::new())
            .await
            .unwrap_err()
            .to_string(),
        "Partitions / offsets need to be provided for an alter offsets request"
    );
    herder.resume("c").await.unwrap();
    eventually(
        "the records after the offset to be read again",
        async || herder.offsets("c").await.unwrap().offsets[0].offset["n"] == 3,
    )
    .await;
    herder.stop("c").await.unwrap();
    assert_eq!(
        herder.reset_offsets("c").await.unwrap(),
        "The offsets for this connector have been reset successfully"
    );
    assert_eq!(herder.offsets("c").await.unwrap().offsets, []);
    assert!(herder.reset_offsets("c").await.is_ok());
    herder.shut_down().await;
    let stored = records(&format!("{group}-offset")).await;
    assert!(
        stored.iter().all(|(key, _)| key == r#"["c",{"task":0}]"#),
        "{stored:?}"
    );
    assert_eq!(stored.last().unwrap().1, None);
}

/// The records that Connect 4.3.1 wrote for two Debezium connectors.
fn records_of_the_jvm(topic: &str) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let packed = include_bytes!("data/debezium-storage-4.3.1.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let decode =
        |text: &serde_json::Value| text.as_str().map(|text| STANDARD.decode(text).unwrap());
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|record| record["topic"] == topic)
        .map(|record| (decode(&record["key"]).unwrap(), decode(&record["value"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_the_jvm_is_taken_over() {
    let group = unique("jvm");
    let worker = worker_props(&group);
    // Creates the topics.
    start(&worker).await.shut_down().await;
    for (role, topic) in [
        ("config", "configs"),
        ("offset", "offsets"),
        ("status", "status"),
    ] {
        let all = records_of_the_jvm(&format!("connect-{topic}-lab"));
        // Up to the deletion of the first connector at the end of its capture.
        let kept: Vec<_> = all
            .into_iter()
            .filter(|(key, value)| value.is_some() || !key.ends_with(b"initial_only"))
            .collect();
        assert!(!kept.is_empty());
        write(&format!("{group}-{role}"), &kept).await;
    }
    // Refused unless asked for: the group may give this worker what it cannot run.
    let error = distributed::start(&worker, options())
        .unwrap()
        .started()
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("'d_snapshot_initial_only'"), "{error}");
    let options = WorkerOptions {
        allow_unknown_connectors: true,
        ..options()
    };
    let herder = distributed::start(&worker, options).unwrap();
    herder.started().await.unwrap();
    let name = "d_snapshot_initial_only";
    assert_eq!(herder.connectors().await.unwrap(), [name]);
    // It was stopped, its class is not built in here, and that is its status alone.
    await_status(&herder, name, "FAILED []").await;
    let info = herder.connector_info(name).await.unwrap();
    assert_eq!(
        info.config["connector.class"],
        "io.debezium.connector.mysql.MySqlConnector"
    );
    assert_eq!(serde_json::to_value(info.kind).unwrap(), "unknown");
    let offsets = herder.offsets(name).await.unwrap().offsets;
    assert_eq!(
        offsets[0].partition,
        map(r#"{"server":"d_snapshot_initial_only"}"#)
    );
    assert!(
        offsets[0].offset["file"]
            .as_str()
            .unwrap()
            .starts_with("mysql-bin.")
    );
    assert!(!herder.connector_topics(name).await.unwrap().is_empty());
    // A deleted connector has no status any more, its offsets stay in the topic.
    assert!(herder.connector_status("b_unwrap_drop").await.is_err());
    herder.delete_connector(name).await.unwrap();
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_is_stored_under_the_key_that_is_there() {
    let group = unique("keys");
    let worker = worker_props(&group);
    let herder = start(&worker).await;
    let config = connector("keys", &[]);
    herder
        .put_connector("c", config, Some(TargetState::Stopped), false)
        .await
        .unwrap();
    let topic = format!("{group}-offset");
    let key = br#"["c",{"b":2,"a":1}]"#.to_vec();
    write(&topic, &[(key, Some(br#"{"n":5}"#.to_vec()))]).await;
    // Nobody has read the other's key before.
    let change = vec![(map(r#"{"a":1,"b":2}"#), Some(map(r#"{"n":6}"#)))];
    herder.alter_offsets("c", change).await.unwrap();
    assert_eq!(herder.offsets("c").await.unwrap().offsets.len(), 1);
    let key = r#"["c",{"b":2,"a":1}]"#.to_owned();
    assert_eq!(
        records(&topic).await,
        [
            (key.clone(), Some(r#"{"n":5}"#.to_owned())),
            (key, Some(r#"{"n":6}"#.to_owned()))
        ]
    );
    herder.shut_down().await;
}

fn text_record(key: &str, value: Option<&str>) -> (Vec<u8>, Option<Vec<u8>>) {
    let bytes = |text: &str| text.as_bytes().to_vec();
    (bytes(key), value.map(bytes))
}

/// The values of a key, in the order in which they were written.
async fn values(topic: &str, key: &str) -> Vec<Option<String>> {
    let all = records(topic).await.into_iter();
    all.filter(|(found, _)| found == key)
        .map(|(_, value)| value)
        .collect()
}

/// Another leader has died amid its write, or compaction took a part of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_set_of_tasks_is_made_again() {
    let group = unique("incomplete");
    let herder = start(&worker_props(&group)).await;
    let topic = format!("{group}-config");
    herder
        .put_connector("c", connector("incomplete", &[("tasks", "2")]), None, false)
        .await
        .unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING, RUNNING]").await;
    let others = [
        text_record("task-c-0", Some(r#"{"properties":{"of":"another"}}"#)),
        text_record("commit-c", Some(r#"{"tasks":3}"#)),
    ];
    write(&topic, &others).await;
    let count = |tasks: usize| Some(format!("{{\"tasks\":{tasks}}}"));
    eventually("the tasks to be committed again", async || {
        values(&topic, "commit-c").await == [count(2), count(3), count(2)]
    })
    .await;
    await_status(&herder, "c", "RUNNING [RUNNING, RUNNING]").await;
    for (task, writes) in [("task-c-0", 3), ("task-c-1", 2)] {
        let values = values(&topic, task).await;
        assert_eq!(values.len(), writes, "{task}");
        assert_eq!(values[0], values[writes - 1], "{task}");
    }
    // Deleted by another worker, and created anew with other tasks.
    let properties = |props: &[(&str, &str)]| {
        let props: std::collections::BTreeMap<_, _> = props.iter().copied().collect();
        serde_json::json!({ "properties": props }).to_string()
    };
    let data = unique("again");
    let config = properties(&[
        ("name", "c"),
        ("connector.class", "TestSource"),
        ("topic", &data),
    ]);
    let again = [
        text_record("connector-c", None),
        text_record("target-state-c", None),
        text_record("connector-c", Some(&config)),
    ];
    write(&topic, &again).await;
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    assert_eq!(values(&topic, "commit-c").await.last(), Some(&count(1)));
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_before_the_start_is_not_done_again() {
    let group = unique("before");
    let worker = worker_props(&group);
    start(&worker).await.shut_down().await;
    let topic = format!("{group}-config");
    let level = |name: &str| {
        let key = format!("logger-cluster-{name}");
        text_record(&key, Some(r#"{"level":"DEBUG"}"#))
    };
    let restart = text_record(
        "restart-connector-c",
        Some(r#"{"include-tasks":true,"only-failed":false}"#),
    );
    write(&topic, &[level("old"), restart]).await;
    let herder = start(&worker).await;
    write(&topic, &[level("new")]).await;
    eventually("the new level", async || herder.logger("new").await.is_ok()).await;
    assert_eq!(
        herder.logger("old").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    herder.shut_down().await;
}

/// A worker that lost its task without having noticed.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_task_does_not_overwrite_a_newer_run_elsewhere() {
    let group = unique("newer");
    let herder = start(&worker_props(&group)).await;
    herder
        .put_connector("c", connector("newer", &[]), None, false)
        .await
        .unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    let newer = r#"{"state":"RUNNING","trace":null,"worker_id":"127.0.0.2:8083","generation":1000,"version":null}"#;
    let topic = format!("{group}-status");
    write(&topic, &[text_record("status-task-c-0", Some(newer))]).await;
    eventually("the other's status", async || {
        let status = herder.connector_status("c").await.unwrap();
        status.tasks[0].worker_id == "127.0.0.2:8083"
    })
    .await;
    herder.shut_down().await;
    let stored = values(&topic, "status-task-c-0").await;
    assert_eq!(stored.last().unwrap().as_deref(), Some(newer));
}

/// A worker of the group with a name of its own.
async fn start_as(worker: &connect_api::Props, port: u16) -> Herder {
    let options = WorkerOptions {
        worker_id: format!("127.0.0.1:{port}"),
        rest_url: format!("http://127.0.0.1:{port}/"),
        ..options()
    };
    let herder = distributed::start(worker, options).unwrap();
    herder.started().await.unwrap();
    herder
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_write_to_the_same_topics() {
    let group = unique("two");
    let worker = worker_props(&group);
    let first = start_as(&worker, 18083).await;
    assert_eq!(first.leader_place().await, Place::Here);
    let second = start_as(&worker, 18084).await;
    let stopped = Some(TargetState::Stopped);
    let config = |tasks: &str| connector("two", &[("tasks", tasks)]);
    first
        .put_connector("c", config("1"), stopped, false)
        .await
        .unwrap();
    eventually("the connector at the second", async || {
        second.connectors().await.unwrap() == ["c"]
    })
    .await;
    // Only the leader writes configurations; anybody writes target states.
    let refused = second.put_connector("d", config("1"), stopped, false).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    second.pause("c").await.unwrap();
    await_status(&first, "c", "PAUSED []").await;
    first.delete_connector("c").await.unwrap();
    let again = config("2");
    first
        .put_connector("c", again.clone(), stopped, false)
        .await
        .unwrap();
    eventually("the connector created again", async || {
        let found = second.connector_config("c").await;
        found.is_ok_and(|found| found["topic"] == again["topic"])
    })
    .await;
    await_status(&second, "c", "STOPPED []").await;
    // The second leads on from where the first was.
    first.shut_down().await;
    eventually("the second to lead", async || {
        second.leader_place().await == Place::Here
    })
    .await;
    second.delete_connector("c").await.unwrap();
    second
        .put_connector("d", config("1"), stopped, false)
        .await
        .unwrap();
    second.shut_down().await;
    let stored = values(&format!("{group}-config"), "connector-c").await;
    let is_tombstone: Vec<bool> = stored.iter().map(Option::is_none).collect();
    assert_eq!(is_tombstone, [false, true, false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_topics_are_refused_with_what_to_do() {
    let started = async |worker: &connect_api::Props| {
        let herder = distributed::start(worker, options()).unwrap();
        let error = herder.started().await.unwrap_err().to_string();
        assert!(matches!(herder.health(), Health::Unhealthy(_)));
        assert_eq!(
            herder.connectors().await.unwrap_err().kind(),
            ErrorKind::Stopped
        );
        herder.shut_down().await;
        error
    };
    let worker = worker_props(&unique("partitions"));
    let topic = &worker["config.storage.topic"];
    admin()
        .create_topic(&NewTopic::new(topic, 2, 1).compacted())
        .await
        .unwrap();
    let error = started(&worker).await;
    assert!(
        error.contains(topic)
            && error.contains("'config.storage.topic'")
            && error.contains("found 2 partitions"),
        "{error}"
    );

    let worker = worker_props(&unique("policy"));
    let topic = &worker["status.storage.topic"];
    admin()
        .create_topic(&NewTopic::new(topic, 1, 1))
        .await
        .unwrap();
    let error = started(&worker).await;
    assert!(
        error.contains(
            "'status.storage.topic' property is required to have 'cleanup.policy=compact'"
        ) && error.contains("'cleanup.policy=delete'"),
        "{error}"
    );

    let mut worker = worker_props(&unique("replicas"));
    worker.insert(
        "offset.storage.replication.factor".to_owned(),
        "3".to_owned(),
    );
    let error = started(&worker).await;
    assert!(
        error.contains("'offset.storage.replication.factor' is 3"),
        "{error}"
    );

    let mut worker = worker_props(&unique("missing"));
    worker.insert(
        "internal.topics.automatic.creation.enable".to_owned(),
        "false".to_owned(),
    );
    let error = started(&worker).await;
    assert!(error.contains("property is missing"), "{error}");

    let mut worker = worker_props(&unique("roles"));
    let topic = worker["config.storage.topic"].clone();
    worker.insert("status.storage.topic".to_owned(), topic);
    let error = distributed::start(&worker, options())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("'config.storage.topic' and 'status.storage.topic' name the same topic"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_get_the_settings_that_the_worker_gives() {
    let group = unique("settings");
    let mut worker = worker_props(&group);
    worker.insert("status.storage.partitions".to_owned(), "3".to_owned());
    worker.insert("status.storage.segment.ms".to_owned(), "3600000".to_owned());
    start(&worker).await.shut_down().await;
    for (role, partitions) in [("config", 1), ("offset", 5), ("status", 3)] {
        let topic = format!("{group}-{role}");
        let found = admin().describe_topic(&topic).await.unwrap().unwrap();
        assert_eq!(found.partitions.len(), partitions, "{role}");
        let configs = admin().topic_configs(&topic).await.unwrap().unwrap();
        assert!(configs.is_only_compacted());
        let segment = configs.get("segment.ms").unwrap();
        assert_eq!(segment == "3600000", role == "status");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_waited_for() {
    let mut worker = worker_props(&unique("nobroker"));
    // Nobody listens on the discard port.
    worker.insert("bootstrap.servers".to_owned(), "127.0.0.1:9".to_owned());
    let herder = distributed::start(&worker, options()).unwrap();
    eventually("the health to say what is missing", async || {
        matches!(herder.health(), Health::Starting(reason) if reason.contains("127.0.0.1:9"))
    })
    .await;
    assert_eq!(
        herder.connectors().await.unwrap_err().kind(),
        ErrorKind::Stopped
    );
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standalone_worker_keeps_its_offsets_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = worker_props(&unique("standalone"));
    let file = folder.path().join("offsets").display().to_string();
    worker.insert("offset.storage.file.filename".to_owned(), file);
    let topic = unique("standalone-data");
    let path = folder.path().join("c.properties");
    std::fs::write(
        &path,
        format!("name=c\nconnector.class=TestSource\ntopic={topic}\n"),
    )
    .unwrap();
    let json = folder.path().join("d.json");
    let text = r#"{"name":"d","config":{"connector.class":"TestSource","tasks.max":1,"topic":"t"},"initial_state":"stopped"}"#;
    std::fs::write(&json, text).unwrap();
    for run in 1..=2 {
        let herder = standalone::start(&worker, options()).unwrap();
        herder.started().await.unwrap();
        for path in [&path, &json] {
            let file = standalone::read_connector(path).unwrap();
            herder
                .put_connector(&file.name, file.config, file.target, false)
                .await
                .unwrap();
        }
        await_status(&herder, "c", "RUNNING [RUNNING]").await;
        await_status(&herder, "d", "STOPPED []").await;
        eventually("the offset to be stored", async || {
            herder.offsets("c").await.unwrap().offsets.len() == 1
        })
        .await;
        assert_eq!(records(&topic).await.len(), 3, "run {run}");
        let restarted = herder
            .restart_connector("c", true, false)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(short(&restarted), "RESTARTING [RESTARTING]");
        herder.shut_down().await;
    }
    let error = standalone::read_connector(&folder.path().join("none.json")).unwrap_err();
    assert!(error.trace().contains("none.json"));
}
