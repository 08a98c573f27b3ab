//! Connectors on a distributed worker, with a real broker under it.
#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]

mod support;

use connect_api::ErrorKind;
use connect_cluster::{Health, LoggerScope};
use connect_runtime::{ConnectorTaskId, TargetState};
use indexmap::IndexMap;
use support::plugin::{has_stopped, set_away};
use support::{await_status, connector, eventually, records, short, start, unique, worker_props};

fn keys_of(records: &[(String, Option<String>)], name: &str) -> Vec<String> {
    records
        .iter()
        .filter(|(key, _)| key.contains(name))
        .map(|(key, value)| match value.as_deref() {
            Some(value) if key.starts_with("target-state") || key.starts_with("commit") => {
                format!("{key} {value}")
            }
            Some(_) => key.clone(),
            None => format!("{key} gone"),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_does_not_stop_keeps_its_connector_from_nothing() {
    let mut worker = worker_props(&unique("beside"));
    // Longer than `eventually` waits: who stopped after the task would be too late.
    let grace = "task.shutdown.graceful.timeout.ms";
    worker.insert(grace.to_owned(), "60000".to_owned());
    let herder = start(&worker).await;
    let config = connector("beside", &[("trouble", "block")]);
    let created = herder.put_connector("c", config.clone(), None, false);
    created.await.unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    set_away(&config, true);
    let deleted = herder.delete_connector("c").await;
    eventually("the connector to stop", async || has_stopped(&config)).await;
    set_away(&config, false);
    deleted.unwrap();
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_from_its_creation_to_its_deletion() {
    let group = unique("life");
    let herder = start(&worker_props(&group)).await;
    eventually("the worker to be in its group", async || {
        herder.health() == Health::Healthy
    })
    .await;
    assert!(herder.cluster_id().is_some());

    let config = connector("life", &[("tasks", "2"), ("name", "c")]);
    let created = herder
        .put_connector("c", config, None, false)
        .await
        .unwrap();
    assert!(created.created);
    assert_eq!(created.result.tasks, []);
    await_status(&herder, "c", "RUNNING [RUNNING, RUNNING]").await;
    let info = serde_json::to_string(&herder.connector_info("c").await.unwrap()).unwrap();
    assert!(
        info.starts_with(r#"{"name":"c","config":{"connector.class":"TestSource","#),
        "{info}"
    );
    assert!(
        info.ends_with(
            r#""tasks":[{"connector":"c","task":0},{"connector":"c","task":1}],"type":"source"}"#
        ),
        "{info}"
    );
    let infos = herder.task_infos("c").await.unwrap();
    assert_eq!(infos[1].config["task.class"], "org.example.TestSourceTask");
    let status = serde_json::to_string(&herder.connector_status("c").await.unwrap()).unwrap();
    assert_eq!(
        status,
        r#"{"name":"c","connector":{"state":"RUNNING","worker_id":"127.0.0.1:8083","version":"1.2.3"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"127.0.0.1:8083","version":"1.2.3"},{"id":1,"state":"RUNNING","worker_id":"127.0.0.1:8083","version":"1.2.3"}],"type":"source"}"#
    );

    herder.pause("c").await.unwrap();
    await_status(&herder, "c", "PAUSED [PAUSED, PAUSED]").await;
    herder.resume("c").await.unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING, RUNNING]").await;
    herder.stop("c").await.unwrap();
    await_status(&herder, "c", "STOPPED []").await;
    herder.resume("c").await.unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING, RUNNING]").await;

    let fewer = [
        ("tasks".to_owned(), Some("1".to_owned())),
        ("number".to_owned(), None),
    ];
    let patched = herder
        .patch_connector("c", IndexMap::from(fewer))
        .await
        .unwrap();
    assert!(!patched.created);
    await_status(&herder, "c", "RUNNING [RUNNING]").await;

    herder.delete_connector("c").await.unwrap();
    let gone = herder.connector_info("c").await.unwrap_err();
    assert_eq!(gone.to_string(), "Connector c not found");
    await_status(&herder, "c", "No status found for connector c").await;
    herder.shut_down().await;

    the_config_topic_tells_its_life(&records(&format!("{group}-config")).await);
    let statuses = records(&format!("{group}-status")).await;
    let last = |key: &str| statuses.iter().rfind(|(k, _)| k == key).unwrap().1.clone();
    assert_eq!(last("status-connector-c"), None);
    assert_eq!(last("status-task-c-0"), None);
}

fn the_config_topic_tells_its_life(records: &[(String, Option<String>)]) {
    assert_eq!(
        keys_of(records, "c"),
        [
            "connector-c",
            "task-c-0",
            "task-c-1",
            "commit-c {\"tasks\":2}",
            "target-state-c {\"state\":\"PAUSED\",\"state.v2\":\"PAUSED\"}",
            "target-state-c {\"state\":\"STARTED\",\"state.v2\":\"STARTED\"}",
            "commit-c {\"tasks\":0}",
            "target-state-c {\"state\":\"PAUSED\",\"state.v2\":\"STOPPED\"}",
            "target-state-c {\"state\":\"STARTED\",\"state.v2\":\"STARTED\"}",
            "task-c-0",
            "task-c-1",
            "commit-c {\"tasks\":2}",
            "connector-c",
            "task-c-0",
            "commit-c {\"tasks\":1}",
            "connector-c gone",
            "target-state-c gone",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topics_of_a_connector_are_known_until_they_are_reset() {
    let herder = start(&worker_props(&unique("topics"))).await;
    let config = connector("topics", &[]);
    herder
        .put_connector("c", config.clone(), None, false)
        .await
        .unwrap();
    let again = herder
        .put_connector("c", config.clone(), None, false)
        .await
        .unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    assert_eq!(again.to_string(), "Connector c already exists");

    eventually("its topic to be known", async || {
        herder.connector_topics("c").await.unwrap() == [config["topic"].clone()]
    })
    .await;
    herder.reset_topics("c").await.unwrap();
    eventually("its topic to be forgotten", async || {
        herder.connector_topics("c").await.unwrap().is_empty()
    })
    .await;
    assert_eq!(
        herder.connector_topics("m").await.unwrap(),
        Vec::<String>::new()
    );
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_are_refused_in_the_words_of_connect() {
    let herder = start(&worker_props(&unique("wrong"))).await;
    let put = async |name: &str, config| {
        herder
            .put_connector(name, config, None, false)
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        put("x", connector("wrong", &[("name", "y")])).await,
        "Connector name configuration (y) doesn't match connector name in the URL (x)"
    );
    let slash = put("a/b", connector("wrong", &[])).await;
    assert!(
        slash.contains("contains the following 1 error(s):\nInvalid value a/b"),
        "{slash}"
    );
    assert_eq!(
        put("x", connector("wrong", &[("topic", "")])).await,
        "Connector configuration is invalid and contains the following 1 error(s):\n\
         Invalid value  for configuration topic: String must be non-empty\n\
         You can also find the above list of errors at the endpoint \
         `/connector-plugins/{connectorType}/config/validate`"
    );
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_told_in_the_words_of_connect() {
    let herder = start(&worker_props(&unique("absent"))).await;
    let texts = [
        herder.connector_config("m").await.unwrap_err(),
        herder.delete_connector("m").await.unwrap_err(),
        herder.pause("m").await.unwrap_err(),
        herder.stop("m").await.unwrap_err(),
        herder
            .restart_connector("m", false, false)
            .await
            .unwrap_err(),
        herder
            .restart_connector("m", true, false)
            .await
            .unwrap_err(),
        herder
            .restart_task(&ConnectorTaskId::new("m", 0))
            .await
            .unwrap_err(),
        herder
            .task_status(&ConnectorTaskId::new("m", 0))
            .await
            .unwrap_err(),
        herder.offsets("m").await.unwrap_err(),
        herder.reset_offsets("m").await.unwrap_err(),
    ];
    for error in &texts {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    assert_eq!(
        texts.map(|error| error.to_string()),
        [
            "Connector m not found",
            "Connector m not found",
            "Unknown connector m",
            "Unknown connector m",
            "Unknown connector: m",
            "Unknown connector: m",
            "Unknown connector: m",
            "No status found for task m-0",
            "Connector m not found",
            "Connector m not found",
        ]
    );
    let padded = herder
        .put_connector(
            " padded ",
            connector("wrong", &[]),
            Some(TargetState::Paused),
            false,
        )
        .await
        .unwrap();
    assert_eq!(padded.result.config.last().unwrap().1, "padded");
    await_status(&herder, "padded", "PAUSED []").await;
    let unknown = herder
        .restart_task(&ConnectorTaskId::new("padded", 9))
        .await
        .unwrap_err();
    assert_eq!(unknown.to_string(), "Unknown task: padded-9");
    herder.shut_down().await;
    let late = herder.pause("padded").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_statuses_and_restarts_mend_them() {
    let herder = start(&worker_props(&unique("failures"))).await;
    let put = async |name: &str, trouble: &str| {
        let config = connector(name, &[("trouble", trouble)]);
        herder
            .put_connector(name, config, None, true)
            .await
            .unwrap();
    };
    put("unstartable", "start").await;
    put("taskless", "task").await;
    put("fine", "no").await;
    await_status(&herder, "unstartable", "FAILED []").await;
    await_status(&herder, "taskless", "RUNNING [FAILED]").await;
    await_status(&herder, "fine", "RUNNING [RUNNING]").await;
    let trace = herder
        .connector_status("unstartable")
        .await
        .unwrap()
        .connector
        .trace
        .unwrap();
    assert!(trace.contains("the source is not there"), "{trace}");

    let restarting = herder
        .restart_connector("taskless", true, true)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(short(&restarting), "RUNNING [RESTARTING]");
    assert!(
        restarting.tasks[0]
            .trace
            .as_deref()
            .unwrap()
            .contains("the table is gone")
    );
    await_status(&herder, "taskless", "RUNNING [FAILED]").await;

    let nothing = herder
        .restart_connector("fine", true, true)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(short(&nothing), "RUNNING [RUNNING]");
    let both = herder
        .restart_connector("fine", true, false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(short(&both), "RESTARTING [RESTARTING]");
    await_status(&herder, "fine", "RUNNING [RUNNING]").await;
    herder
        .restart_task(&ConnectorTaskId::new("fine", 0))
        .await
        .unwrap();
    assert!(
        herder
            .restart_connector("fine", false, false)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        herder
            .restart_connector("unstartable", false, false)
            .await
            .is_err()
    );

    put("unstartable", "no").await;
    put("taskless", "no").await;
    await_status(&herder, "unstartable", "RUNNING [RUNNING]").await;
    await_status(&herder, "taskless", "RUNNING [RUNNING]").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_never_starts_keeps_nobody_waiting() {
    let herder = start(&worker_props(&unique("hang"))).await;
    let hanging = connector("hanging", &[("trouble", "hang")]);
    herder
        .put_connector("hanging", hanging, None, false)
        .await
        .unwrap();
    herder
        .put_connector("fine", connector("fine", &[]), None, false)
        .await
        .unwrap();
    await_status(&herder, "fine", "RUNNING [RUNNING]").await;
    herder.delete_connector("hanging").await.unwrap();
    assert_eq!(herder.connectors().await.unwrap(), ["fine"]);
    let again = connector("hanging", &[]);
    herder
        .put_connector("hanging", again, None, false)
        .await
        .unwrap();
    await_status(&herder, "hanging", "RUNNING [RUNNING]").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn placeholders_are_resolved_for_plugins_and_stored_as_they_are() {
    let group = unique("secrets");
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets.properties");
    std::fs::write(&secrets, "trouble=task\npassword=hush\n").unwrap();
    let mut worker = worker_props(&group);
    worker.insert("config.providers".to_owned(), "file".to_owned());
    worker.insert(
        "config.providers.file.class".to_owned(),
        "org.apache.kafka.common.config.provider.FileConfigProvider".to_owned(),
    );
    let herder = start(&worker).await;
    let refer = |key: &str| format!("${{file:{}:{key}}}", secrets.display());
    let config = connector(
        "secrets",
        &[
            ("trouble", &refer("trouble")),
            ("password", &refer("password")),
        ],
    );
    herder
        .put_connector("s", config, None, false)
        .await
        .unwrap();
    await_status(&herder, "s", "RUNNING [FAILED]").await;
    let stored = records(&format!("{group}-config")).await;
    assert!(
        stored
            .iter()
            .flat_map(|(_, value)| value)
            .all(|value| !value.contains("hush"))
    );
    assert_eq!(
        herder.task_infos("s").await.unwrap()[0].config["password"],
        refer("password")
    );

    // A new value comes with the connector's restart, as in Connect.
    std::fs::write(&secrets, "trouble=no\npassword=hush2\n").unwrap();
    herder.restart_connector("s", false, false).await.unwrap();
    await_status(&herder, "s", "RUNNING [RUNNING]").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_levels_of_the_cluster_go_through_the_config_topic() {
    let group = unique("loggers");
    let herder = start(&worker_props(&group)).await;
    let changed = herder
        .set_logger("org.x", "WARN", LoggerScope::Worker)
        .await
        .unwrap();
    assert_eq!(changed, Some(vec!["org.x".to_owned()]));
    let changed = herder
        .set_logger("org.y", "DEBUG", LoggerScope::Cluster)
        .await
        .unwrap();
    assert_eq!(changed, None);
    eventually("the level to be set", async || {
        herder
            .logger("org.y")
            .await
            .is_ok_and(|logger| logger.level == "DEBUG")
    })
    .await;
    assert_eq!(
        herder.logger("org.z").await.unwrap_err().to_string(),
        "Logger org.z not found."
    );
    herder.shut_down().await;
    let mut stored = records(&format!("{group}-config")).await;
    stored.retain(|(key, _)| key != "session-key");
    let level = (
        "logger-cluster-org.y".to_owned(),
        Some(r#"{"level":"DEBUG"}"#.to_owned()),
    );
    assert_eq!(stored, [level]);
}

/// A change of one connector touches nothing of the others.
#[tokio::test(flavor = "multi_thread")]
async fn many_connectors_are_created_side_by_side() {
    let herder = start(&worker_props(&unique("many"))).await;
    let topic = unique("many-data");
    let started = std::time::Instant::now();
    let creations: Vec<_> = (0..50)
        .map(|number| {
            let herder = herder.clone();
            let config = connector("many", &[("topic", &topic)]);
            tokio::spawn(async move {
                let name = format!("c{number:02}");
                herder.put_connector(&name, config, None, false).await
            })
        })
        .collect();
    for creation in creations {
        assert!(creation.await.unwrap().unwrap().created);
    }
    let created = started.elapsed();
    for number in 0..50 {
        await_status(&herder, &format!("c{number:02}"), "RUNNING [RUNNING]").await;
    }
    println!(
        "50 connectors: created in {created:?}, running after {:?}",
        started.elapsed()
    );
    let config = connector("many", &[("topic", &topic), ("records", "4")]);
    let replaced = herder
        .put_connector("c07", config, None, true)
        .await
        .unwrap();
    assert!(!replaced.created);
    eventually("the records of the changed one", async || {
        records(&topic).await.len() == 151
    })
    .await;
    assert_eq!(herder.connectors().await.unwrap().len(), 50);
    herder.shut_down().await;
}

/// Whatever is asked in a row, the last word holds, and nothing runs twice.
#[tokio::test(flavor = "multi_thread")]
async fn quick_changes_of_one_connector_end_in_the_last() {
    let herder = start(&worker_props(&unique("quick"))).await;
    let topic = unique("quick-data");
    for round in 0..10 {
        let tasks = ["1", "2", "3"][round % 3];
        let config = connector("quick", &[("topic", &topic), ("tasks", tasks)]);
        herder
            .put_connector("c", config, None, false)
            .await
            .unwrap();
        herder.pause("c").await.unwrap();
        herder.resume("c").await.unwrap();
        herder.stop("c").await.unwrap();
        if round % 2 == 0 {
            herder.resume("c").await.unwrap();
            herder.restart_connector("c", true, false).await.ok();
        }
        herder.delete_connector("c").await.unwrap();
    }
    await_status(&herder, "c", "No status found for connector c").await;
    let config = connector("quick", &[("topic", &topic), ("tasks", "2")]);
    herder
        .put_connector("c", config, None, false)
        .await
        .unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING, RUNNING]").await;
    herder.stop("c").await.unwrap();
    await_status(&herder, "c", "STOPPED []").await;
    herder.delete_connector("c").await.unwrap();
    await_status(&herder, "c", "No status found for connector c").await;
    assert_eq!(herder.connectors().await.unwrap(), Vec::<String>::new());
    herder.shut_down().await;
}
