//! All connections share what memory there is for requests and answers.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{FetchRequest, ProduceRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use rdkafka::message::Message as _;

use crate::support::{Fixture, Raw, fetch, frame, versions_request};

const BATCHES: usize = 40;
const BATCH: usize = 10_000;

fn name(text: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(text))
}

/// A topic with batches of one record each.
fn fill(fixture: &Fixture) {
    fixture.create("t", 1, &[]);
    let value = "x".repeat(BATCH);
    let records = vec![("k", value.as_str()); BATCHES];
    let one_each = [("batch.num.messages", "1")];
    fixture.produce_with("t", &records, &one_each).unwrap();
}

/// How many bytes of records the answer to a fetch has.
fn fetched(raw: &mut Raw, offset: i64) -> usize {
    let answer = raw.ask(11, &fetch(offset, 1, Duration::ZERO));
    let records = answer.responses[0].partitions[0].records.as_ref();
    records.map_or(0, Bytes::len)
}

#[test]
fn an_answer_is_no_larger_than_the_memory_for_answers() {
    let fixture = Fixture::with(|settings| settings.max_answer_bytes = 5 * BATCH);
    fill(&fixture);
    let mut raw = Raw::connect(fixture.broker.address());
    // Four batches, since they are a little larger than their values. The memory is free again
    // each time.
    for offset in [0, 4, 8] {
        let bytes = fetched(&mut raw, offset);
        assert!((4 * BATCH..5 * BATCH).contains(&bytes), "{bytes}");
    }
}

#[test]
fn a_reader_that_does_not_read_holds_up_no_other() {
    let fixture = Fixture::with(|settings| settings.max_answer_bytes = 20 * BATCH);
    fill(&fixture);
    let mut stuck = Raw::connect(fixture.broker.address());
    // More than fits into the buffers of its connection.
    for correlation_id in 0..300 {
        stuck.send(11, correlation_id, &fetch(0, 1, Duration::ZERO));
    }
    std::thread::sleep(Duration::from_millis(300));
    let messages = fixture.consume("t");
    assert_eq!(messages.len(), BATCHES);
    assert_eq!(messages[0].payload().map(<[u8]>::len), Some(BATCH));
    // And it has its own, once it reads.
    for correlation_id in 0..300 {
        let (id, answer) = stuck.receive::<FetchRequest>(11);
        assert_eq!(id, correlation_id);
        let records = answer.responses[0].partitions[0].records.as_ref();
        assert!(records.is_some_and(|records| records.len() > BATCH));
    }
}

#[test]
fn a_request_waits_for_the_memory_of_others() {
    const LARGE: usize = 150_000;
    let fixture = Fixture::with(|settings| settings.max_queued_request_bytes = 200_000);
    fixture.create("t", 1, &[]);
    let records = Bytes::from(vec![7; LARGE]);
    let data = PartitionProduceData::default().with_records(Some(records));
    let topic = TopicProduceData::default()
        .with_name(name("t"))
        .with_partition_data(vec![data]);
    let request = ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(1000)
        .with_topic_data(vec![topic]);
    let whole = frame(9, 5, &request);

    let mut half = Raw::connect(fixture.broker.address());
    half.ask(3, &versions_request());
    half.send_bytes(&whole[..1000]);
    std::thread::sleep(Duration::from_millis(200));

    let mut other = Raw::connect(fixture.broker.address());
    other.set_timeout(Duration::from_millis(300));
    // What is small needs none of it.
    other.ask(3, &versions_request());
    other.send_bytes(&whole);
    let nothing = other.try_receive().unwrap_err();
    assert!(
        matches!(
            nothing.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        ),
        "{nothing}"
    );
    drop(half);
    other.set_timeout(crate::support::WAIT);
    let (_, answer) = other.receive::<ProduceRequest>(9);
    assert_ne!(answer.responses[0].partition_responses[0].error_code, 0);
}

#[test]
fn everything_gets_through_little_memory() {
    let fixture = Fixture::with(|settings| {
        settings.max_queued_request_bytes = 100_000;
        settings.max_answer_bytes = 100_000;
    });
    let value = "y".repeat(1000);
    let records = vec![("k", value.as_str()); 500];
    let fixture = &fixture;
    let records = &records;
    std::thread::scope(|scope| {
        for index in 0..6 {
            scope.spawn(move || {
                let topic = format!("t{}", index % 2);
                fixture.produce_with(&topic, records, &[]).unwrap();
            });
        }
    });
    for topic in ["t0", "t1"] {
        assert_eq!(fixture.consume(topic).len(), 3 * 500);
    }
}
