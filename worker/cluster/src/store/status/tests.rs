use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connect_api::Result;
use connect_runtime::{ConnectorTaskId, State, StatusListener};

use super::records::{self, StatusKey, TopicUseValue};
use super::{StatusReader, StatusStore};
use crate::store::log::{LogReader, LogRecord, MemoryLog, OnFailure, RecordLog};
use crate::testing::golden_topic;

/// The records that Connect 4.1.0 wrote, written by us again.
#[test]
fn records_are_those_of_connect_to_the_byte() {
    let mut seen = 0;
    for (key, value) in golden_topic("g-status") {
        let parsed = StatusKey::parse(&key).unwrap();
        assert_eq!(parsed.text(), key);
        let Some(value) = value else { continue };
        let bytes = value.as_bytes();
        let again = match &parsed {
            StatusKey::Topic { .. } => {
                let topic = records::parse_topic_use(bytes).unwrap();
                parsed.record(&TopicUseValue { topic })
            }
            _ => parsed.record(&records::parse_status(bytes).unwrap()),
        };
        assert_eq!(again, LogRecord::new(key, value));
        seen += 1;
    }
    assert_eq!(seen, 44);
}

#[test]
fn the_state_is_what_connect_had_at_the_end() {
    let reader = StatusReader::default();
    for (key, value) in golden_topic("g-status") {
        reader.read(0, key.as_bytes(), value.as_deref().map(str::as_bytes));
    }
    let state = reader.state();
    let mut names: Vec<String> = state.names().into_iter().collect();
    names.sort();
    assert_eq!(names, ["snk", "sp", "src"]);
    assert_eq!(state.connector("src").unwrap().state, State::Running);
    assert_eq!(state.connector("snk").unwrap().state, State::Stopped);
    assert_eq!(state.tasks("src").count(), 1);
    assert_eq!(state.tasks("snk").count(), 0);
    assert_eq!(state.generation(), 14);
    let topics: Vec<&str> = state.topics("src").map(|used| used.name.as_str()).collect();
    assert_eq!(topics, ["t1"]);
    assert_eq!(state.topics("f1").count(), 0);
}

#[test]
fn records_from_before_4_1_have_no_version() {
    let old = br#"{"state":"RUNNING","trace":null,"worker_id":"w:1","generation":3}"#;
    assert_eq!(records::parse_status(old).unwrap().version, None);
}

#[test]
fn a_connector_name_may_hold_what_separates_keys() {
    for key in [
        "status-task-a-b-1-0",
        "status-connector-a-0",
        "status-topic-t:connector-a:connector-b",
    ] {
        assert_eq!(StatusKey::parse(key).unwrap().text(), key);
    }
    for key in [
        "status-task-a",
        "status-connector-",
        "status-topic-:connector-a",
        "x",
    ] {
        assert_eq!(StatusKey::parse(key), None, "{key}");
    }
}

fn store(reader: Arc<StatusReader>, log: Arc<dyn RecordLog>) -> StatusStore {
    StatusStore::new(
        reader,
        log,
        "w:1",
        true,
        Box::new(|_| Some("4.3.1".to_owned())),
    )
}

#[test]
fn statuses_carry_worker_generation_and_version() {
    let reader = Arc::new(StatusReader::default());
    let store = store(reader.clone(), Arc::new(MemoryLog::new(reader)));
    store.set_generation(7);
    let id = ConnectorTaskId::new("a", 0);
    store.task_state(&id, State::Failed, Some("why".to_owned()));
    let status = store.task(&id).unwrap();
    assert_eq!((status.worker_id.as_str(), status.generation), ("w:1", 7));
    assert_eq!(status.trace.as_deref(), Some("why"));
    assert_eq!(status.version.as_deref(), Some("4.3.1"));
    store.task_state(&id, State::Unassigned, None);
    assert_eq!(store.task(&id).unwrap().version, None);
    store.topic_used("a", 0, "t");
    assert_eq!(store.topics("a"), ["t"]);
    store.reset_topics("a");
    store.delete_connector("a");
    assert_eq!((store.topics("a").len(), store.tasks("a").len()), (0, 0));
}

/// The end of an old run must not hide the newer run on another worker.
#[test]
fn a_late_end_does_not_overwrite_a_newer_run() {
    let reader = Arc::new(StatusReader::default());
    let store = store(reader.clone(), Arc::new(MemoryLog::new(reader.clone())));
    store.set_generation(3);
    let other =
        r#"{"state":"RUNNING","trace":null,"worker_id":"w:2","generation":4,"version":null}"#;
    reader.read(0, b"status-task-a-0", Some(other.as_bytes()));
    let id = ConnectorTaskId::new("a", 0);
    store.task_state(&id, State::Unassigned, None);
    assert_eq!(store.task(&id).unwrap().worker_id, "w:2");
    let late =
        r#"{"state":"UNASSIGNED","trace":null,"worker_id":"w:1","generation":3,"version":null}"#;
    reader.read(0, b"status-task-a-0", Some(late.as_bytes()));
    assert_eq!(store.task(&id).unwrap().state, State::Running);
}

/// Holds what is written until a test lets it through.
#[derive(Default)]
struct SlowLog {
    sent: Mutex<Vec<(LogRecord, OnFailure)>>,
    closed: AtomicBool,
}

#[async_trait]
impl RecordLog for SlowLog {
    async fn start(&self) -> Result<()> {
        Ok(())
    }

    async fn append(&self, _records: Vec<LogRecord>) -> Result<()> {
        Ok(())
    }

    fn send(&self, record: LogRecord, failed: OnFailure) {
        self.sent.lock().unwrap().push((record, failed));
    }

    async fn read_to_end(&self) -> Result<()> {
        Ok(())
    }

    async fn stop(&self) {}

    fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }
}

fn on_slow_log() -> (Arc<StatusReader>, Arc<SlowLog>, StatusStore) {
    let reader = Arc::new(StatusReader::default());
    let log = Arc::new(SlowLog::default());
    let store = store(reader.clone(), log.clone());
    (reader, log, store)
}

#[test]
fn what_was_written_shows_before_it_has_come_back() {
    let (reader, log, store) = on_slow_log();
    let state = || store.connector("a").map(|status| status.state);
    store.connector_state("a", State::Running, None);
    assert_eq!(state(), Some(State::Running));
    store.connector_state("a", State::Paused, None);
    let sent: Vec<_> = log.sent.lock().unwrap().drain(..).collect();
    for (record, _) in &sent {
        reader.read(0, &record.key, record.value.as_deref());
        assert_eq!(state(), Some(State::Paused));
    }
    store.connector_state("a", State::Running, None);
    let (_, failed) = log.sent.lock().unwrap().pop().unwrap();
    assert_eq!(state(), Some(State::Running));
    failed(connect_api::Error::internal("too large"));
    assert_eq!(state(), Some(State::Paused));
}

fn running_elsewhere(generation: i32) -> String {
    elsewhere("RUNNING", generation)
}

fn elsewhere(state: &str, generation: i32) -> String {
    format!(
        r#"{{"state":"{state}","trace":null,"worker_id":"w:2","generation":{generation},"version":null}}"#
    )
}

/// A worker whose record waits in its queue, or that was stopped meanwhile.
#[test]
fn what_was_written_yields_to_a_newer_run_elsewhere() {
    let (reader, log, store) = on_slow_log();
    let id = ConnectorTaskId::new("a", 0);
    store.set_generation(3);
    store.task_state(&id, State::Running, None);
    let newer = running_elsewhere(4);
    reader.read(0, b"status-task-a-0", Some(newer.as_bytes()));
    assert_eq!(store.task(&id).unwrap().worker_id, "w:2");
    // The ends of the old run are not even sent.
    store.task_state(&id, State::Failed, Some("late".to_owned()));
    store.task_state(&id, State::Unassigned, None);
    assert_eq!(store.task(&id).unwrap().state, State::Running);
    assert_eq!(log.sent.lock().unwrap().len(), 1);
    // In the generation after that it may be ours again.
    store.set_generation(5);
    store.task_state(&id, State::Failed, Some("now".to_owned()));
    assert_eq!(store.task(&id).unwrap().worker_id, "w:1");
}

async fn fail_and_await_next(log: &SlowLog) -> Option<LogRecord> {
    let (_, failed) = log.sent.lock().unwrap().pop().unwrap();
    failed(connect_api::Error::retriable("no broker"));
    // Time is paused: it goes on to the next timer by itself.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let sent = log.sent.lock().unwrap();
    sent.last().map(|(record, _)| record.clone())
}

#[tokio::test(start_paused = true)]
async fn a_status_is_sent_again_as_long_as_it_is_true() {
    let (reader, log, store) = on_slow_log();
    let id = ConnectorTaskId::new("a", 0);
    store.set_generation(3);
    store.task_state(&id, State::Failed, Some("why".to_owned()));
    let first = log.sent.lock().unwrap()[0].0.clone();
    for _ in 0..3 {
        assert_eq!(fail_and_await_next(&log).await, Some(first.clone()));
        assert_eq!(store.task(&id).unwrap().state, State::Failed);
    }
    // A later one has taken its place.
    let (_, failed) = log.sent.lock().unwrap().pop().unwrap();
    store.task_state(&id, State::Running, None);
    failed(connect_api::Error::retriable("no broker"));
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(log.sent.lock().unwrap().len(), 1);
    // The group has gone on: somebody else may have the task.
    store.set_generation(4);
    assert_eq!(fail_and_await_next(&log).await, None);
    assert_eq!(store.task(&id), None);
    // Somebody else has it.
    store.task_state(&id, State::Running, None);
    reader.read(0, b"status-task-a-0", Some(running_elsewhere(5).as_bytes()));
    assert_eq!(fail_and_await_next(&log).await, None);
    assert_eq!(store.task(&id).unwrap().worker_id, "w:2");
}

/// The group was lost before the end of a run could be told, and is there again before its new
/// generation is known here.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_run_is_not_told_after_the_group_was_lost() {
    let (_, log, store) = on_slow_log();
    let id = ConnectorTaskId::new("a", 0);
    store.set_generation(3);
    for (state, is_told) in [
        (State::Unassigned, false),
        (State::Failed, false),
        (State::Running, true),
    ] {
        store.task_state(&id, state, None);
        log.closed.store(true, Ordering::Relaxed);
        let (_, failed) = log.sent.lock().unwrap().pop().unwrap();
        failed(connect_api::Error::retriable("not in the group"));
        log.closed.store(false, Ordering::Relaxed);
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert_eq!(!log.sent.lock().unwrap().is_empty(), is_told, "{state:?}");
    }
}

/// Reads what was sent last back, as the topic has it.
fn comes_back(log: &SlowLog, reader: &StatusReader) -> LogRecord {
    let (record, _) = log.sent.lock().unwrap().pop().unwrap();
    reader.read(0, &record.key, record.value.as_deref());
    record
}

/// What another worker had sent, which was held up until this one had told of its run.
#[tokio::test(start_paused = true)]
async fn an_older_status_does_not_stay_where_a_newer_run_is() {
    let (reader, log, store) = on_slow_log();
    store.start().await.unwrap();
    store.set_generation(4);
    let id = ConnectorTaskId::new("a", 0);
    store.task_state(&id, State::Running, None);
    store.connector_state("a", State::Running, None);
    for key in ["status-connector-a", "status-task-a-0"] {
        let ours = comes_back(&log, &reader);
        assert_eq!(ours.key, key.as_bytes());
        for state in ["RUNNING", "UNASSIGNED"] {
            reader.read(0, key.as_bytes(), Some(elsewhere(state, 3).as_bytes()));
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            assert_eq!(comes_back(&log, &reader), ours);
        }
    }
    assert_eq!(store.task(&id).unwrap().worker_id, "w:1");
    assert_eq!(store.connector("a").unwrap().worker_id, "w:1");
    store.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_older_status_stays_where_no_newer_run_is_known_to_be() {
    let (reader, log, store) = on_slow_log();
    store.start().await.unwrap();
    let id = ConnectorTaskId::new("a", 0);
    let told_again = async |generation: i32| {
        reader.read(
            0,
            b"status-task-a-0",
            Some(running_elsewhere(generation).as_bytes()),
        );
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        log.sent.lock().unwrap().pop().is_some()
    };
    let runs = || {
        store.set_generation(4);
        store.task_state(&id, State::Running, None);
        comes_back(&log, &reader);
    };
    runs();
    assert!(told_again(3).await);
    // The run has ended.
    runs();
    store.task_state(&id, State::Unassigned, None);
    comes_back(&log, &reader);
    assert!(!told_again(3).await);
    // The task went elsewhere.
    runs();
    assert!(!told_again(5).await && !told_again(3).await);
    // This worker is not in the group.
    runs();
    log.closed.store(true, Ordering::Relaxed);
    assert!(!told_again(3).await);
    log.closed.store(false, Ordering::Relaxed);
    // The group began anew, and counts from one.
    runs();
    store.set_generation(3);
    assert!(!told_again(3).await);
}
