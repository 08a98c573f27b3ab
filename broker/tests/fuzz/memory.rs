//! Requests that are as they should be, but as large as can be made.

use bytes::BufMut as _;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::{CreateTopicsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::batches;
use crate::process::Process;
use crate::requests::produce;
use crate::wire::{Outcome, WAIT, Wire, header};

/// What one request may take at its worst, its answer with it, in MiB.
const OF_ONE: usize = 800;

/// A million elements of which each takes a byte or two on the wire.
fn many(key: ApiKey, version: i16, before: &[u8], element: &[u8], after: &[u8]) -> Vec<u8> {
    const MANY: i32 = 999_990;
    let mut frame = header(key, version);
    frame.extend(before);
    frame.put_i32(MANY);
    for _ in 0..MANY {
        frame.extend(element);
    }
    frame.extend(after);
    frame
}

#[test]
fn a_request_of_a_million_elements_takes_bounded_memory() {
    let mut process = Process::start();
    let before = process.peak_memory();
    let frames = [
        // Topics without a name.
        many(ApiKey::Metadata, 1, &[], &[0, 0], &[]),
        many(ApiKey::DescribeGroups, 0, &[], &[0, 0], &[]),
        many(ApiKey::DeleteGroups, 0, &[], &[0, 0], &[]),
        many(ApiKey::DeleteTopics, 1, &[], &[0, 0], &[0, 0, 0, 0]),
        // A topic's partitions without records.
        many(
            ApiKey::Produce,
            3,
            &[0xff, 0xff, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, b't'],
            &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            &[],
        ),
    ];
    for frame in &frames {
        let outcome = Wire::connect(process.address).send(frame, 4 * WAIT);
        assert_eq!(outcome, Outcome::Answered, "{:02x?}", &frame[..20]);
        process.assert_sound();
        let taken = process.peak_memory() - before;
        println!("{:?}: {taken} MiB", &frame[..4]);
        assert!(taken < OF_ONE, "{taken} MiB");
    }
}

/// Batches of some kilobytes that say, or are, hundreds of megabytes.
#[test]
fn batches_that_grow_are_refused_in_bounded_memory() {
    const GROWN: usize = 300 << 20;
    let mut process = Process::start();
    let mut wire = Wire::connect(process.address);
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_static_str("grown")))
        .with_num_partitions(1)
        .with_replication_factor(1);
    wire.ask(7, &CreateTopicsRequest::default().with_topics(vec![topic]));
    let before = process.peak_memory();
    let zeros = vec![0; GROWN];
    for codec in [1, 4] {
        let batch = batches::batch_of(codec, 0, 1, &zeros);
        assert!(batch.len() < GROWN / 100);
        let answer = wire.ask(9, &produce("grown", Uuid::nil(), batch, 9));
        assert_ne!(answer.responses[0].partition_responses[0].error_code, 0);
    }
    // Two thousand million records, of which none is there.
    let batch = batches::batch_of(0, 0, i32::MAX, &[]);
    let answer = wire.ask(9, &produce("grown", Uuid::nil(), batch, 9));
    assert_ne!(answer.responses[0].partition_responses[0].error_code, 0);
    process.assert_sound();
    let taken = process.peak_memory() - before;
    println!("{taken} MiB taken");
    assert!(taken < OF_ONE, "{taken} MiB");
}
