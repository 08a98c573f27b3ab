use std::sync::Arc;

use connect_api::Props;
use connect_runtime::TargetState;

use super::records;
use super::state::ConfigState;
use super::{ConfigReader, ConfigStore, ConfigUpdate};
use crate::store::log::{LogRecord, MemoryLog};
use crate::testing::golden_topic;

fn apply_all(state: &mut ConfigState, records: &[(&str, Option<&str>)]) {
    for (key, value) in records {
        let offset = state.offset().max(0);
        state.apply(offset, key, value.map(str::as_bytes));
    }
}

/// The records that Connect 4.1.0 wrote, written by us again.
#[test]
fn records_are_those_of_connect_to_the_byte() {
    let mut seen = 0;
    for (key, value) in golden_topic("g-configs") {
        let Some(value) = value else { continue };
        let bytes = value.as_bytes();
        let again = if let Some(name) = key.strip_prefix("target-state-") {
            records::target_state(name, records::parse_target_state(bytes).unwrap())
        } else if let Some(name) = key.strip_prefix("restart-connector-") {
            let (include_tasks, only_failed) = records::parse_restart(bytes).unwrap();
            records::restart(name, include_tasks, only_failed)
        } else if let Some(name) = key.strip_prefix("connector-") {
            records::connector(name, &records::parse_properties(bytes).unwrap())
        } else if let Some(id) = key.strip_prefix("task-") {
            let (name, task) = id.rsplit_once('-').unwrap();
            let config = records::parse_properties(bytes).unwrap();
            records::task(name, task.parse().unwrap(), &config)
        } else if let Some(name) = key.strip_prefix("commit-") {
            records::commit(name, records::parse_commit(bytes).unwrap())
        } else if let Some(namespace) = key.strip_prefix("logger-cluster-") {
            records::logger(namespace, &records::parse_logger(bytes).unwrap())
        } else {
            assert_eq!(key, "session-key");
            records::session_key(&records::parse_session_key(bytes).unwrap())
        };
        assert_eq!(again, LogRecord::new(key, value));
        seen += 1;
    }
    assert_eq!(seen, 32);
}

#[test]
fn the_state_is_what_connect_had_at_the_end() {
    let mut state = ConfigState::default();
    let mut updates = Vec::new();
    for (offset, (key, value)) in (0..).zip(golden_topic("g-configs")) {
        updates.extend(state.apply(offset, &key, value.as_deref().map(str::as_bytes)));
        assert_eq!(state.offset(), offset + 1);
    }
    assert_eq!(state.connectors().collect::<Vec<_>>(), ["snk", "sp", "src"]);
    assert_eq!(state.target("src"), TargetState::Started);
    assert_eq!(state.target("sp"), TargetState::Paused);
    assert_eq!(state.target("snk"), TargetState::Stopped);
    let src = state.connector("src").unwrap();
    assert_eq!(src.task_count(), 1);
    assert_eq!(src.config["x"], "y");
    assert_eq!(src.applied.as_ref(), Some(&src.config));
    assert_eq!(
        src.task(0).unwrap()["task.class"],
        "org.apache.kafka.connect.file.FileStreamSourceTask"
    );
    assert_eq!(state.connector("snk").unwrap().task_count(), 0);
    assert_eq!(state.task_ids("snk"), []);
    assert!(updates.contains(&ConfigUpdate::Removed("f1".to_owned())));
    assert!(updates.contains(&ConfigUpdate::Restart {
        connector: "src".to_owned(),
        include_tasks: true,
        only_failed: true,
    }));
    assert!(updates.contains(&ConfigUpdate::Logger {
        namespace: "org.x".to_owned(),
        level: "DEBUG".to_owned(),
    }));
}

const CONNECTOR: &str = r#"{"properties":{"name":"a"}}"#;
const TASK: &str = r#"{"properties":{"t":"1"}}"#;

#[test]
fn tasks_wait_for_their_commit_and_keep_the_last_dash_apart() {
    let mut state = ConfigState::default();
    apply_all(
        &mut state,
        &[
            ("connector-a-b-1", Some(CONNECTOR)),
            ("task-a-b-1-0", Some(TASK)),
        ],
    );
    assert_eq!(state.task_ids("a-b-1"), []);
    apply_all(&mut state, &[("commit-a-b-1", Some(r#"{"tasks":1}"#))]);
    assert_eq!(state.task_ids("a-b-1")[0].to_string(), "a-b-1-0");
}

/// Compaction took a task's record away: the commit does not count, and the
/// tasks must be made again.
#[test]
fn an_incomplete_set_of_tasks_is_noticed() {
    let mut state = ConfigState::default();
    apply_all(
        &mut state,
        &[
            ("connector-a", Some(CONNECTOR)),
            ("task-a-1", Some(TASK)),
            ("commit-a", Some(r#"{"tasks":2}"#)),
        ],
    );
    let entry = state.connector("a").unwrap();
    assert!(entry.inconsistent);
    assert_eq!((entry.task_count(), entry.tasks().count()), (2, 0));
    apply_all(
        &mut state,
        &[
            ("task-a-0", Some(TASK)),
            ("task-a-1", Some(TASK)),
            ("commit-a", Some(r#"{"tasks":2}"#)),
        ],
    );
    assert!(!state.connector("a").unwrap().inconsistent);
    assert_eq!(state.task_ids("a").len(), 2);
}

/// The records of a deleted connector's tasks stay in the topic for ever.
#[test]
fn tasks_of_a_deleted_connector_do_not_come_back_with_its_name() {
    let mut state = ConfigState::default();
    apply_all(
        &mut state,
        &[
            ("task-a-0", Some(TASK)),
            ("commit-a", Some(r#"{"tasks":1}"#)),
            ("connector-a", None),
            ("target-state-a", Some(r#"{"state":"PAUSED"}"#)),
            ("connector-a", Some(CONNECTOR)),
        ],
    );
    assert_eq!(state.connector("a").unwrap().task_count(), 0);
    assert_eq!(state.target("a"), TargetState::Paused);
    apply_all(&mut state, &[("target-state-a", None)]);
    assert_eq!(state.target("a"), TargetState::Started);
}

#[test]
fn what_nobody_can_read_is_passed_over() {
    let mut state = ConfigState::default();
    for (key, value) in [
        ("connector-a", Some("{")),
        ("connector-a", Some(r#"{"properties":[]}"#)),
        ("task-a-x", Some(TASK)),
        ("commit-a", Some(r#"{"tasks":-1}"#)),
        ("target-state-a", Some(r#"{"state":"FLYING"}"#)),
        ("from-the-future-a", Some("{}")),
        ("session-key", None),
    ] {
        assert_eq!(state.apply(0, key, value.map(str::as_bytes)), None, "{key}");
    }
    assert_eq!(state.connectors().count(), 0);
}

#[tokio::test]
async fn a_store_without_kafka_tells_what_changes() {
    let reader = ConfigReader::new();
    let log = MemoryLog::new(reader.clone());
    let store = ConfigStore::new(reader, Arc::new(log));
    let mut updates = store.start().await.unwrap();
    let config: Props = [("name".to_owned(), "a".to_owned())].into_iter().collect();
    store
        .put_connector("a", &config, Some(TargetState::Paused))
        .await
        .unwrap();
    store
        .put_tasks("a", std::slice::from_ref(&config))
        .await
        .unwrap();
    store.put_target("a", TargetState::Paused).await.unwrap();
    store.put_target("a", TargetState::Started).await.unwrap();
    let name = || "a".to_owned();
    let expected = [
        ConfigUpdate::Connector(name()),
        ConfigUpdate::Tasks(name()),
        ConfigUpdate::Target(name()),
    ];
    for update in expected {
        assert_eq!(updates.try_recv().unwrap(), update);
    }
    assert!(updates.try_recv().is_err());
}
