use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connect_api::Result;
use connect_api::record::OffsetMap;
use connect_runtime::OffsetStore;

use super::{FileLog, OffsetReader, Offsets, key};
use crate::store::json;
use crate::store::log::{LogReader, LogRecord, MemoryLog, OnFailure, RecordLog};
use crate::testing::golden_topic;

fn map(text: &str) -> OffsetMap {
    serde_json::from_str(text).unwrap()
}

fn in_memory() -> (Offsets, Arc<OffsetReader>) {
    let reader = Arc::new(OffsetReader::default());
    let log = MemoryLog::new(reader.clone());
    (Offsets::new(reader.clone(), Arc::new(log)), reader)
}

/// The records that Connect 4.1.0 wrote, written by us again.
#[test]
fn records_are_those_of_connect_to_the_byte() {
    for (key, value) in golden_topic("g-offsets") {
        let (connector, partition) = key::parse(key.as_bytes()).unwrap();
        assert_eq!(key::bytes(&connector, &partition), key.as_bytes());
        if let Some(value) = value {
            assert_eq!(json::to_bytes(&map(&value)), value.as_bytes());
        }
    }
}

#[tokio::test]
async fn the_last_offset_counts_and_a_tombstone_takes_it_away() {
    let (store, reader) = in_memory();
    let partition = map(r#"{"filename":"/tmp/oracle/in.txt"}"#);
    let mut positions = Vec::new();
    for (key, value) in golden_topic("g-offsets") {
        reader.read(0, key.as_bytes(), value.as_deref().map(str::as_bytes));
        let offset = store.get("src", &partition).await.unwrap();
        positions.push(offset.map(|offset| offset["position"].as_i64().unwrap()));
    }
    assert_eq!(positions, [Some(6), Some(2), None, Some(6)]);
    assert_eq!(store.get("other", &partition).await.unwrap(), None);
}

/// Java's hash maps order the names; a second key for one partition would
/// outlive compaction.
#[test]
fn a_key_that_is_there_is_used_again_whatever_its_order() {
    let reader = OffsetReader::default();
    let java = br#"["m",{"topic":"t","partition":0}]"#;
    reader.read(0, java, Some(br#"{"offset":1}"#));
    let ours = map(r#"{"partition":0,"topic":"t"}"#);
    let offset = map(r#"{"offset":2}"#);
    assert_eq!(
        reader.state().records("m", &ours, Some(&offset)),
        [LogRecord::new(
            java.as_slice(),
            br#"{"offset":2}"#.as_slice()
        )]
    );
    assert_eq!(reader.state().get("m", &ours).unwrap()["offset"], 1);
}

#[test]
fn a_second_key_of_a_partition_is_cleared_at_the_next_write() {
    let reader = OffsetReader::default();
    let first = br#"["m",{"topic":"t","partition":0}]"#;
    let second = br#"["m",{"partition":0,"topic":"t"}]"#;
    reader.read(0, first, Some(br#"{"offset":1}"#));
    reader.read(0, second, Some(br#"{"offset":2}"#));
    let partition = map(r#"{"partition":0,"topic":"t"}"#);
    let records = reader.state().records("m", &partition, None);
    assert_eq!(
        records,
        [
            LogRecord::tombstone(second.as_slice()),
            LogRecord::tombstone(first.as_slice())
        ]
    );
    for record in records {
        reader.read(0, &record.key, None);
    }
    assert_eq!(reader.state().all("m"), []);
}

#[tokio::test]
async fn nested_offsets_are_refused_as_in_connect() {
    let (store, _) = in_memory();
    let partition = Arc::new(map(r#"{"a":1}"#));
    let error = store
        .put("c", vec![(partition, Some(map(r#"{"b":{}}"#)))])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Offsets may only contain primitive types as values, but field b contains MAP"
    );
}

fn in_file(path: &std::path::Path) -> (Offsets, Arc<FileLog>) {
    let reader = Arc::new(OffsetReader::default());
    let log = Arc::new(FileLog::new(path.to_owned(), reader.clone()));
    (Offsets::new(reader, log.clone()), log)
}

#[tokio::test]
async fn a_file_remembers_offsets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("offsets");
    let (partition, offset) = (map(r#"{"f":"/a\nb"}"#), map(r#"{"position":6}"#));
    let (store, _) = in_file(&path);
    store.start().await.unwrap();
    store
        .put(
            "src",
            vec![(Arc::new(partition.clone()), Some(offset.clone()))],
        )
        .await
        .unwrap();
    let (again, _) = in_file(&path);
    again.start().await.unwrap();
    assert_eq!(again.get("src", &partition).await.unwrap(), Some(offset));
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "{\"key\":[\"src\",{\"f\":\"/a\\nb\"}],\"value\":{\"position\":6}}\n"
    );
    again
        .put("src", vec![(Arc::new(partition), None)])
        .await
        .unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
}

/// Written by `java.io.ObjectOutputStream`, as a JVM worker's file is.
#[tokio::test]
async fn the_file_of_a_jvm_worker_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connect.offsets");
    std::fs::write(&path, include_bytes!("../../../tests/data/connect.offsets")).unwrap();
    let (store, _) = in_file(&path);
    store.start().await.unwrap();
    let partition = map(r#"{"server":"dbserver1"}"#);
    assert_eq!(
        store.get("dbz", &partition).await.unwrap(),
        Some(map(r#"{"file":"mysql-bin.000003","pos":154}"#))
    );
    assert_eq!(store.all("src").await.unwrap().len(), 1);
    assert_eq!(store.all("old").await.unwrap(), []);
}

#[tokio::test]
async fn a_broken_file_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("offsets");
    let java = include_bytes!("../../../tests/data/connect.offsets");
    for (bytes, part) in [
        (&java[..100], "ends too early"),
        (b"{\"key\":1}\n".as_slice(), "line 1"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let (_, log) = in_file(&path);
        let error = log.start().await.unwrap_err().trace();
        assert!(
            error.contains(part) && error.contains("offset.storage.file.filename"),
            "{error}"
        );
    }
}

/// Everybody's records are read only when somebody asks for the end.
struct SharedLog {
    reader: Arc<OffsetReader>,
    written: Arc<Mutex<Vec<LogRecord>>>,
    read: Mutex<usize>,
}

impl SharedLog {
    fn read_all(&self) {
        let written = self.written.lock().unwrap();
        let mut read = self.read.lock().unwrap();
        for record in &written[*read..] {
            self.reader.read(0, &record.key, record.value.as_deref());
        }
        *read = written.len();
    }
}

#[async_trait]
impl RecordLog for SharedLog {
    async fn start(&self) -> Result<()> {
        Ok(())
    }

    async fn append(&self, records: Vec<LogRecord>) -> Result<()> {
        self.written.lock().unwrap().extend(records);
        self.read_all();
        Ok(())
    }

    fn send(&self, _record: LogRecord, _failed: OnFailure) {}

    async fn read_to_end(&self) -> Result<()> {
        self.read_all();
        Ok(())
    }

    async fn stop(&self) {}
}

/// A JVM worker looks an offset up by its key's bytes: it must find the last
/// one under its own.
#[tokio::test]
async fn many_writers_of_a_partition_have_one_key() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let store = || {
        let reader = Arc::new(OffsetReader::default());
        let log = SharedLog {
            reader: reader.clone(),
            written: Arc::clone(&written),
            read: Mutex::default(),
        };
        Offsets::new(reader, Arc::new(log))
    };
    let (one, two) = (store(), store());
    // A key that appears while both run, in an order that neither would choose.
    let java = br#"["c",{"topic":"t","partition":0}]"#.to_vec();
    let first = LogRecord::new(java.clone(), br#"{"n":1}"#.as_slice());
    written.lock().unwrap().push(first);
    for (store, partition, n) in [
        (&one, r#"{"partition":0,"topic":"t"}"#, 2),
        (&two, r#"{"partition":0,"topic":"t"}"#, 3),
        (&one, r#"{"topic":"t","partition":0}"#, 4),
    ] {
        let offset = map(&format!(r#"{{"n":{n}}}"#));
        let change = vec![(Arc::new(map(partition)), Some(offset))];
        store.put("c", change).await.unwrap();
    }
    let written = written.lock().unwrap();
    assert_eq!(written.len(), 4);
    assert!(written.iter().all(|record| record.key == java));
}
