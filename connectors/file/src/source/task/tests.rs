use std::io::Write;

use serde_json::json;

use super::*;

/// The offsets that were stored before the task started.
struct Stored(Option<OffsetMap>);

#[async_trait]
impl connect_api::plugin::OffsetReader for Stored {
    async fn offset(&self, partition: &OffsetMap) -> Result<Option<OffsetMap>> {
        assert!(partition.contains_key(FILENAME));
        Ok(self.0.clone())
    }
}

async fn started(props: &[(&str, &str)], position: Option<u64>) -> FileStreamSourceTask {
    let mut task = FileStreamSourceTask::default();
    let stored = position.map(|position| {
        let offset = json!({ POSITION: position });
        offset.as_object().cloned().unwrap()
    });
    let context = SourceTaskContext {
        connector: "c".to_owned(),
        task: 0,
        offsets: Arc::new(Stored(stored)),
        cancelled: CancellationToken::new(),
    };
    let props: Props = props
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    task.start(context, &props).await.unwrap();
    task
}

async fn poll(task: &mut FileStreamSourceTask) -> Vec<(String, String, String)> {
    let records = task.poll(Duration::from_millis(1)).await.unwrap();
    records
        .iter()
        .map(|source| {
            assert_eq!(source.record.topic, "t");
            assert_eq!(source.record.key, Value::Null);
            assert_eq!(source.record.key_schema, None);
            let schema = source.record.value_schema.as_ref().unwrap();
            assert_eq!((schema.kind(), schema.is_optional()), (Type::String, false));
            (
                source.record.value.as_str().unwrap().to_owned(),
                serde_json::to_string(&*source.source_partition).unwrap(),
                serde_json::to_string(&source.source_offset.to_map()).unwrap(),
            )
        })
        .collect()
}

fn line(text: &str, file: &str, position: u64) -> (String, String, String) {
    (
        text.to_owned(),
        json!({ "filename": file }).to_string(),
        json!({ "position": position }).to_string(),
    )
}

#[tokio::test]
async fn appended_lines_come_with_the_original_s_offsets() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().to_str().unwrap().to_owned();
    write!(file, "foo\nbar\nba").unwrap();
    let mut task = started(&[("file", &name), ("topic", "t")], None).await;
    assert_eq!(
        poll(&mut task).await,
        [line("foo", &name, 4), line("bar", &name, 8)]
    );
    assert!(poll(&mut task).await.is_empty());
    writeln!(file, "z").unwrap();
    assert_eq!(poll(&mut task).await, [line("baz", &name, 12)]);
    task.stop().await;
}

#[tokio::test]
async fn a_restart_goes_on_at_the_stored_position() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().to_str().unwrap().to_owned();
    write!(file, "foo\nbar\n").unwrap();
    let mut task = started(&[("file", &name), ("topic", "t")], Some(4)).await;
    assert_eq!(poll(&mut task).await, [line("bar", &name, 8)]);
}

#[tokio::test]
async fn a_batch_has_at_most_batch_size_lines() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().to_str().unwrap().to_owned();
    for number in 0..5 {
        writeln!(file, "{number}").unwrap();
    }
    let props = [("file", name.as_str()), ("topic", "t"), ("batch.size", "2")];
    let mut task = started(&props, None).await;
    let mut sizes = Vec::new();
    for _ in 0..4 {
        sizes.push(poll(&mut task).await.len());
    }
    assert_eq!(sizes, [2, 2, 1, 0]);
}

#[tokio::test]
async fn a_missing_file_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later.txt");
    let name = path.to_str().unwrap().to_owned();
    let mut task = started(&[("file", &name), ("topic", "t")], None).await;
    assert!(poll(&mut task).await.is_empty());
    std::fs::write(&path, "x\n").unwrap();
    assert_eq!(poll(&mut task).await, [line("x", &name, 2)]);
}

#[tokio::test]
async fn a_folder_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_str().unwrap().to_owned();
    let mut task = started(&[("file", &name), ("topic", "t")], None).await;
    let error = task.poll(Duration::from_millis(1)).await.unwrap_err();
    assert!(error.trace().contains(&name), "{}", error.trace());
}
