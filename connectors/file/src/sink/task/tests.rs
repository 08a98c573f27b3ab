use std::path::Path;
use std::sync::Arc;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::plugin::ErrantRecordReporter;
use connect_api::record::{Record, TimestampType, TopicPartition};
use tokio_util::sync::CancellationToken;

use super::*;

struct NoReports;

impl ErrantRecordReporter for NoReports {
    fn report(&self, _record: &SinkRecord, error: Error) -> Result<()> {
        Err(error)
    }
}

async fn try_start(file: &Path) -> Result<FileStreamSinkTask> {
    let context = SinkTaskContext {
        connector: "c".to_owned(),
        task: 0,
        reporter: Arc::new(NoReports),
        cancelled: CancellationToken::new(),
    };
    let props = Props::from_iter([("file".to_owned(), file.to_str().unwrap().to_owned())]);
    let mut task = FileStreamSinkTask::default();
    task.start(context, &props).await?;
    Ok(task)
}

fn record(offset: i64, value_schema: Option<SchemaRef>, value: Value) -> SinkRecord {
    SinkRecord {
        record: Record {
            topic: "topic1".into(),
            partition: Some(0),
            value_schema,
            value,
            kafka_offset: Some(offset),
            ..Record::default()
        },
        origin: partition(),
        offset,
        timestamp_type: TimestampType::CreateTime,
        raw: None,
    }
}

fn partition() -> TopicPartition {
    TopicPartition {
        topic: "topic1".into(),
        partition: 0,
    }
}

fn line(offset: i64, text: &'static str) -> SinkRecord {
    record(offset, Some(Schema::required(Type::String)), text.into())
}

/// `FileStreamSinkTaskTest.testStart`.
#[tokio::test]
async fn lines_are_in_the_file_after_each_put() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connect.output");
    let mut task = try_start(&path).await.unwrap();
    task.put(&[line(1, "line0")]).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "line0\n");
    task.put(&[line(2, "line1"), line(3, "line2")])
        .await
        .unwrap();
    task.put(&[]).await.unwrap();
    let offsets = PartitionOffsets::from([(partition(), 4)]);
    assert_eq!(task.pre_commit(offsets.clone()).await.unwrap(), offsets);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "line0\nline1\nline2\n"
    );
    task.stop().await;
}

#[tokio::test]
async fn a_file_that_is_there_is_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.txt");
    std::fs::write(&path, "before\n").unwrap();
    for number in ["one", "two"] {
        let mut task = try_start(&path).await.unwrap();
        task.put(&[line(1, number)]).await.unwrap();
        task.stop().await;
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "before\none\ntwo\n"
    );
}

#[tokio::test]
async fn values_have_the_text_of_java() {
    let schema = SchemaBuilder::structure()
        .field("a", Schema::required(Type::Int32))
        .field("b", Schema::optional(Type::String))
        .field("c", Schema::optional(Type::String))
        .build();
    let value = vec![Value::Int32(1), Value::Null, "x".into()];
    let value = Struct::from_values(schema.clone(), value).unwrap();
    let map = Value::Map(vec![("a".into(), Value::Int64(1))]);
    let list = Value::Array(vec![Value::Float64(1e10), Value::Boolean(true)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.txt");
    let mut task = try_start(&path).await.unwrap();
    let records = [
        record(1, Some(schema), value.into()),
        record(2, None, map),
        record(3, None, list),
        record(4, None, Value::Null),
    ];
    task.put(&records).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "Struct{a=1,c=x}\n{a=1}\n[1.0E10, true]\nnull\n"
    );
}

#[tokio::test]
async fn more_lines_than_one_write_takes_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.txt");
    let mut task = try_start(&path).await.unwrap();
    let numbers = 0..100_000_i64;
    let records: Vec<SinkRecord> = numbers
        .clone()
        .map(|number| record(number, None, Value::Int64(number)))
        .collect();
    task.put(&records).await.unwrap();
    let expected: String = numbers.map(|number| format!("{number}\n")).collect();
    assert!(expected.len() > 2 * WRITE_SIZE);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/out.txt");
    let error = try_start(&path).await.err().unwrap();
    assert!(!error.is_retriable());
    let trace = error.trace();
    assert!(trace.contains(path.to_str().unwrap()), "{trace}");
    assert!(trace.contains("No such file"), "{trace}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_tried_again() {
    let mut task = try_start(Path::new("/dev/full")).await.unwrap();
    let error = task.put(&[line(1, "lost")]).await.unwrap_err();
    assert!(error.is_retriable());
    let trace = error.trace();
    assert!(trace.contains("writing to file /dev/full"), "{trace}");
    assert!(trace.contains("No space left"), "{trace}");
}
