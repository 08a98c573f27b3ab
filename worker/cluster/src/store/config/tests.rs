use std::sync::Arc;

use async_trait::async_trait;
use connect_api::{ErrorKind, Props, Result};
use connect_runtime::TargetState;

use super::records;
use super::state::ConfigState;
use super::{ConfigReader, ConfigStore, ConfigUpdate};
use crate::internal_request::SessionKey;
use crate::store::log::{LogReader, LogRecord, MemoryLog, OnFailure, RecordLog};
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

/// `KafkaConfigBackingStore.ConsumeCallback`: the offset goes on also by what is
/// passed over, and not by what is no JSON.
#[test]
fn the_offset_is_the_one_after_the_last_record() {
    let mut state = ConfigState::default();
    assert_eq!(state.offset(), -1);
    for (offset, key, value, expected) in [
        (3, "connector-a", Some(CONNECTOR), 4),
        (4, "connector-a", Some("{"), 4),
        (7, "from-the-future-a", Some("{}"), 8),
        (8, "task-a-x", Some(TASK), 9),
        (9, "commit-a", Some("[]"), 10),
        (10, "connector-a", None, 11),
    ] {
        state.apply(offset, key, value.map(str::as_bytes));
        assert_eq!(state.offset(), expected, "{key} {value:?}");
    }
    let reader = ConfigReader::new();
    reader.read(20, b"\xff", Some(b"{}"));
    assert_eq!(reader.snapshot().offset(), 21);
}

#[test]
fn the_newest_session_key_is_kept_and_told_when_it_changes() {
    let mut state = ConfigState::default();
    let (key, value) = golden_topic("g-configs").swap_remove(0);
    let value = value.unwrap();
    let mut apply = |value: &str| state.apply(0, &key, Some(value.as_bytes()));
    assert_eq!(apply(&value), Some(ConfigUpdate::SessionKey));
    assert_eq!(apply(&value), None);
    for wrong in [
        r#"{"key":"?","algorithm":"HmacSHA256","creation-timestamp":1}"#,
        r#"{"key":"AQID","algorithm":7,"creation-timestamp":1}"#,
        r#"{"key":"AQID","algorithm":"HmacSHA256","creation-timestamp":"1"}"#,
    ] {
        assert_eq!(apply(wrong), None);
    }
    let stored = state.session_key().unwrap();
    assert_eq!(stored.algorithm, "HmacSHA256");
    assert_eq!((stored.key.len(), stored.key[0]), (32, 0x7d));
    assert_eq!(stored.created, 1_795_260_931_195);
    let newer = r#"{"key":"AQID","algorithm":"HmacSHA512","creation-timestamp":2}"#;
    assert_eq!(
        state.apply(1, &key, Some(newer.as_bytes())),
        Some(ConfigUpdate::SessionKey)
    );
    assert_eq!(state.session_key().unwrap().key, [1, 2, 3]);
}

/// KIP-618: tasks committed after the last count need a round of fencing.
#[test]
fn task_counts_tell_whether_producers_must_be_fenced() {
    let mut state = ConfigState::default();
    assert_eq!(state.task_count_record("a"), None);
    assert_eq!(
        records::task_count("a", 2),
        LogRecord::new("tasks-fencing-a", r#"{"task-count":2}"#)
    );
    apply_all(
        &mut state,
        &[
            ("connector-a", Some(CONNECTOR)),
            ("task-a-0", Some(TASK)),
            ("commit-a", Some(r#"{"tasks":1}"#)),
        ],
    );
    assert!(state.is_pending_fencing("a"));
    apply_all(
        &mut state,
        &[("tasks-fencing-a", Some(r#"{"task-count":1}"#))],
    );
    assert!(!state.is_pending_fencing("a"));
    apply_all(&mut state, &[("connector-a", None)]);
    assert_eq!(state.task_count_record("a"), Some(1));
}

/// Two leaders for a moment: what is in force is one writer's set, or none.
#[test]
fn two_writers_tasks_are_not_mixed_up_unnoticed() {
    let mut state = ConfigState::default();
    let others = r#"{"properties":{"t":"2"}}"#;
    apply_all(
        &mut state,
        &[
            ("connector-a", Some(CONNECTOR)),
            ("task-a-0", Some(TASK)),
            ("task-a-0", Some(others)),
            ("task-a-1", Some(others)),
            ("commit-a", Some(r#"{"tasks":2}"#)),
        ],
    );
    let entry = state.connector("a").unwrap();
    assert!(entry.tasks().all(|(_, config)| config["t"] == "2"));
    assert_eq!(entry.tasks().count(), 2);
    let generation = entry.generation;
    // The other one goes on: its first task's record is gone with the commit.
    apply_all(
        &mut state,
        &[
            ("task-a-1", Some(TASK)),
            ("commit-a", Some(r#"{"tasks":2}"#)),
        ],
    );
    let entry = state.connector("a").unwrap();
    assert!(entry.inconsistent);
    assert_eq!(entry.tasks().count(), 0);
    assert_eq!(entry.generation, generation);
}

/// A runner must see that its tasks are not those of before, also where it did
/// not see the deletion.
#[test]
fn a_connector_created_again_has_another_generation() {
    let mut state = ConfigState::default();
    let create: [(&str, Option<&str>); 3] = [
        ("connector-a", Some(CONNECTOR)),
        ("task-a-0", Some(TASK)),
        ("commit-a", Some(r#"{"tasks":1}"#)),
    ];
    apply_all(&mut state, &create);
    let before = state.connector("a").unwrap().generation;
    apply_all(
        &mut state,
        &[("connector-a", None), ("target-state-a", None)],
    );
    apply_all(&mut state, &create);
    assert_ne!(state.connector("a").unwrap().generation, before);
}

fn in_memory() -> (ConfigStore, Arc<ConfigReader>) {
    let reader = ConfigReader::new();
    let log = MemoryLog::new(reader.clone());
    (ConfigStore::new(reader.clone(), Arc::new(log)), reader)
}

fn config(name: &str, value: &str) -> Props {
    [(name.to_owned(), value.to_owned())].into_iter().collect()
}

#[tokio::test]
async fn only_a_leader_writes_what_is_a_leaders() {
    let (store, _) = in_memory();
    let other = store.clone();
    let put = async || store.put_connector("a", &config("name", "a"), None).await;
    put().await.unwrap();
    other.give_up_leader_writes();
    let key = SessionKey {
        algorithm: "HmacSHA256".to_owned(),
        key: vec![1],
        created: 1,
    };
    for refused in [
        put().await,
        store.remove_connector("a").await,
        store.put_tasks("a", &[]).await,
        store.put_restart("a", true, false).await,
        store.put_session_key(&key).await,
        store.put_task_count_record("a", 1).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    }
    let offset = store.snapshot().offset();
    store.put_target("a", TargetState::Paused).await.unwrap();
    store.put_logger("x", "DEBUG").await.unwrap();
    assert_eq!(store.snapshot().offset(), offset + 2);
    store.claim_leader_writes().await.unwrap();
    store.put_session_key(&key).await.unwrap();
    assert_eq!(store.snapshot().session_key(), Some(&key));
    store.put_task_count_record("a", 1).await.unwrap();
    assert_eq!(store.snapshot().task_count_record("a"), Some(1));
}

/// Has somebody else write right after us.
struct BusyLog {
    log: MemoryLog,
    other: Vec<LogRecord>,
}

#[async_trait]
impl RecordLog for BusyLog {
    async fn start(&self) -> Result<()> {
        Ok(())
    }

    async fn append(&self, records: Vec<LogRecord>) -> Result<()> {
        self.log.append(records).await
    }

    async fn append_unordered(&self, records: Vec<LogRecord>) -> Result<()> {
        self.log.append(records).await?;
        self.log.append(self.other.clone()).await
    }

    fn send(&self, _record: LogRecord, _failed: OnFailure) {}

    async fn read_to_end(&self) -> Result<()> {
        Ok(())
    }

    async fn stop(&self) {}
}

#[tokio::test]
async fn tasks_that_somebody_else_wrote_over_are_not_put_into_force() {
    let theirs = records::task("a", 1, &config("t", "theirs"));
    let committed = vec![theirs.clone(), records::commit("a", 2)];
    for (other, expected) in [(vec![theirs], 0), (committed, 2)] {
        let reader = ConfigReader::new();
        let log = MemoryLog::new(reader.clone());
        let store = ConfigStore::new(reader, Arc::new(BusyLog { log, other }));
        store
            .put_connector("a", &config("name", "a"), None)
            .await
            .unwrap();
        let ours = [config("t", "0"), config("t", "1")];
        let error = store.put_tasks("a", &ours).await.unwrap_err();
        assert!(error.is_retriable() && error.trace().contains("another worker"));
        assert_eq!(store.snapshot().task_ids("a").len(), expected);
    }
}
