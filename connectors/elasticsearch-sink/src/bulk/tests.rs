//! Bulk requests without a server.

use connect_api::data::ByteString;
use connect_api::plugin::PartitionOffsets;
use connect_api::record::{Record, SinkRecord, TimestampType, TopicPartition};

use super::batch::{Action, Batch, Target};
use super::flight::Flight;

/// A record of topic `t`, partition 0.
pub(crate) fn record(offset: i64) -> SinkRecord {
    SinkRecord {
        record: Record {
            topic: "t".into(),
            partition: Some(0),
            kafka_offset: Some(offset),
            ..Record::default()
        },
        origin: TopicPartition {
            topic: "t".into(),
            partition: 0,
        },
        offset,
        timestamp_type: TimestampType::CreateTime,
        raw: None,
    }
}

fn target<'t>(action: Action, index: &'t ByteString, version: Option<i64>) -> Target<'t> {
    Target {
        action,
        index,
        type_name: None,
        id: Some("a\"b"),
        version,
    }
}

fn filled() -> Batch {
    let index = ByteString::from("i");
    let update = Action::Update {
        retries_on_conflict: 5,
    };
    let mut batch = Batch::default();
    let items = [
        (Action::Index, Some(1)),
        (Action::Delete, Some(2)),
        (update, None),
        (Action::Create, None),
    ];
    for (offset, (action, version)) in (1..).zip(items) {
        let document = |out: &mut Vec<u8>| {
            out.extend_from_slice(b"{}");
            Ok(())
        };
        let target = target(action, &index, version);
        batch.add(&record(offset), &target, None, document).unwrap();
    }
    batch
}

#[test]
fn items_are_lines_of_json() {
    let request = filled().take().request;
    let expected = r#"{"index":{"_index":"i","_id":"a\"b","version":1,"version_type":"external"}}
{}
{"delete":{"_index":"i","_id":"a\"b","version":2,"version_type":"external"}}
{"update":{"_index":"i","_id":"a\"b","retry_on_conflict":5}}
{"doc":{},"doc_as_upsert":true}
{"create":{"_index":"i","_id":"a\"b"}}
{}
"#;
    assert_eq!(std::str::from_utf8(&request.body).unwrap(), expected);
    let selected = request.select(&[1, 3]);
    let lines: Vec<&str> = expected.lines().collect();
    let chosen = format!("{}\n{}\n{}\n", lines[2], lines[5], lines[6]);
    assert_eq!(std::str::from_utf8(&selected.body).unwrap(), chosen);
    let [left, right] = request.split();
    assert_eq!([&left.body[..], &right.body[..]].concat(), request.body);
}

#[test]
fn a_document_that_fails_leaves_no_trace() {
    let mut batch = filled();
    let (length, bytes) = (batch.len(), batch.bytes());
    let index = ByteString::from("i");
    let failed = batch.add(
        &record(9),
        &target(Action::Index, &index, None),
        None,
        |out| {
            out.push(b'{');
            Err(connect_api::Error::data("no"))
        },
    );
    assert!(failed.is_err());
    assert_eq!((batch.len(), batch.bytes()), (length, bytes));
}

#[test]
fn offsets_are_lowered_to_what_is_not_written() {
    let offsets = |offset| PartitionOffsets::from([(record(0).origin, offset)]);
    let mut flight = Flight::default();
    let (mut first, mut second) = (filled().take(), Batch::default());
    let number = flight.begin(&mut first);
    let index = ByteString::from("i");
    let target = target(Action::Delete, &index, None);
    second
        .add(&record(5), &target, Some(17), |_| Ok(()))
        .unwrap();
    let mut lowered = offsets(6);
    flight.lower(&mut lowered, second.firsts());
    assert_eq!(lowered, offsets(1));
    let mut second = second.take();
    let later = flight.begin(&mut second);
    assert_eq!((flight.len(), flight.records()), (2, 5));
    assert!(flight.has_any(&[17].into()));
    assert!(!flight.has_any(&[18].into()));
    flight.end(number);
    lowered = offsets(6);
    flight.lower(&mut lowered, &Vec::new());
    assert_eq!(lowered, offsets(5));
    flight.end(later);
    lowered = offsets(6);
    flight.lower(&mut lowered, &Vec::new());
    assert_eq!(lowered, offsets(6));
    assert_eq!((flight.len(), flight.records()), (0, 0));
}
