//! What a client may send, and what costs it its connection.

use std::time::{Duration, Instant};

use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, DescribeClusterRequest, FetchRequest,
    HeartbeatRequest, MetadataRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::{Decodable as _, StrBytes};
use rdkafka::consumer::Consumer as _;
use rdkafka::message::Message as _;

use crate::support::{Fixture, Raw, WAIT, fetch, frame, versions_request};

fn name(text: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(text))
}

#[test]
fn garbage_costs_a_client_its_own_connection_only() {
    let fixture = Fixture::start();
    let address = fixture.broker.address();
    let mut good = Raw::connect(address);
    good.ask(3, &versions_request());

    let mut garbage = Raw::connect(address);
    garbage.send_bytes(&20i32.to_be_bytes());
    garbage.send_bytes(&[0xee; 20]);
    garbage.assert_closed();

    // A list of topics that says it has 2^31 - 1 elements.
    let mut lies = BytesMut::new();
    lies.put_slice(&[0, ApiKey::Metadata as u8, 0, 1, 0, 0, 0, 1, 0xff, 0xff]);
    lies.put_i32(i32::MAX);
    let mut liar = Raw::connect(address);
    liar.send_bytes(&(lies.len() as i32).to_be_bytes());
    liar.send_bytes(&lies);
    liar.assert_closed();

    // Half a request, and then nothing.
    let whole = frame(1, 1, &MetadataRequest::default());
    let mut half = Raw::connect(address);
    half.send_bytes(&whole[..whole.len() - 2]);
    drop(half);

    assert_eq!(good.ask(12, &MetadataRequest::default()).brokers.len(), 1);
}

#[test]
fn a_frame_over_the_bound_is_refused_before_it_is_read() {
    let fixture = Fixture::with(|settings| settings.max_request_bytes = 1000);
    for length in [1001, i32::MAX, -1] {
        let mut raw = Raw::connect(fixture.broker.address());
        raw.send_bytes(&i32::to_be_bytes(length));
        raw.assert_closed();
    }
    let mut raw = Raw::connect(fixture.broker.address());
    raw.ask(3, &versions_request());
}

#[test]
fn what_is_not_supported_is_not_answered() {
    let fixture = Fixture::start();
    // An api key that nobody knows, and a version that nobody knows.
    for head in [[0x7f, 0, 0, 0], [0, ApiKey::Metadata as u8, 0, 99]] {
        let mut raw = Raw::connect(fixture.broker.address());
        raw.send_bytes(&10i32.to_be_bytes());
        raw.send_bytes(&head);
        raw.send_bytes(&[0, 0, 0, 1, 0xff, 0xff]);
        raw.assert_closed();
    }
}

#[test]
fn a_client_from_the_future_is_told_which_versions_there_are() {
    let fixture = Fixture::start();
    let mut raw = Raw::connect(fixture.broker.address());
    let mut future = BytesMut::from(&frame(3, 5, &versions_request())[..]);
    future[7] = 99;
    raw.send_bytes(&future);
    let mut answer = raw.receive_bytes().unwrap();
    assert_eq!(answer.split_to(4), 5i32.to_be_bytes().as_ref());
    let answer = ApiVersionsResponse::decode(&mut answer, 0).unwrap();
    assert_eq!(answer.error_code, 35);
    assert_eq!(answer.api_keys.len(), 1);
    assert_eq!(answer.api_keys[0].api_key, ApiKey::ApiVersions as i16);
    // The same connection goes on with a version that it has been told.
    let answer = raw.ask(answer.api_keys[0].max_version, &versions_request());
    assert_eq!(answer.error_code, 0);
    assert!(answer.api_keys.is_sorted_by_key(|api| api.api_key));
}

#[test]
fn requests_are_answered_in_the_order_they_came() {
    let fixture = Fixture::start();
    let mut raw = Raw::connect(fixture.broker.address());
    let mut all = BytesMut::new();
    for correlation_id in 0..50 {
        let request = frame(12, correlation_id, &MetadataRequest::default());
        all.extend_from_slice(&request);
    }
    raw.send_bytes(&all);
    for correlation_id in 0..50 {
        assert_eq!(raw.receive::<MetadataRequest>(12).0, correlation_id);
    }
}

/// Their answers may go together, but go: before what waits, and before the end of the connection.
#[test]
fn produce_requests_that_come_together_are_all_answered() {
    let fixture = Fixture::start();
    fixture.create("t", 1, &[]);
    let data = PartitionProduceData::default().with_records(Some(Bytes::from_static(b"none")));
    let topic = TopicProduceData::default()
        .with_name(name("t"))
        .with_partition_data(vec![data]);
    let request = |acks| {
        ProduceRequest::default()
            .with_acks(acks)
            .with_timeout_ms(1000)
            .with_topic_data(vec![topic.clone()])
    };
    let mut all = BytesMut::new();
    for correlation_id in 0..500 {
        all.extend_from_slice(&frame(9, correlation_id, &request(-1)));
    }
    let mut waiting = Raw::connect(fixture.broker.address());
    waiting.send_bytes(&all);
    waiting.send(11, 500, &fetch(0, 1, WAIT));
    let mut failing = Raw::connect(fixture.broker.address());
    all.extend_from_slice(&frame(9, 500, &request(0)));
    failing.send_bytes(&all);
    for raw in [&mut waiting, &mut failing] {
        let started = Instant::now();
        for correlation_id in 0..500 {
            assert_eq!(raw.receive::<ProduceRequest>(9).0, correlation_id);
        }
        assert!(started.elapsed() < WAIT / 2);
    }
    failing.assert_closed();
}

#[test]
fn every_version_of_metadata_and_versions_is_answered() {
    let fixture = Fixture::start();
    fixture.create("t", 2, &[]);
    let mut raw = Raw::connect(fixture.broker.address());
    let versions = raw.ask(4, &versions_request());
    for version in 0..=4 {
        let request = match version {
            3.. => versions_request(),
            _ => ApiVersionsRequest::default(),
        };
        let answer = raw.ask(version, &request);
        assert_eq!(answer.api_keys, versions.api_keys, "{version}");
    }
    for version in 0..=13 {
        let topic = MetadataRequestTopic::default().with_name(Some(name("t")));
        let request = MetadataRequest::default().with_topics(Some(vec![topic]));
        let answer = raw.ask(version, &request);
        assert_eq!(answer.topics[0].error_code, 0, "{version}");
        assert_eq!(answer.topics[0].partitions.len(), 2, "{version}");
        assert_eq!(
            answer.brokers[0].port,
            i32::from(fixture.broker.address().port())
        );
    }
    for version in 0..=2 {
        let answer = raw.ask(version, &DescribeClusterRequest::default());
        assert_eq!(answer.cluster_id.as_str(), fixture.broker.cluster_id());
    }
    let unknown = raw.ask(
        4,
        &HeartbeatRequest::default().with_group_id(StrBytes::from_static_str("g").into()),
    );
    assert_eq!(unknown.error_code, 25, "UNKNOWN_MEMBER_ID");
}

#[test]
fn an_error_without_acknowledgements_ends_the_connection() {
    let fixture = Fixture::start();
    fixture.create("t", 1, &[]);
    let request = |acks| {
        let data =
            PartitionProduceData::default().with_records(Some(Bytes::from_static(b"no batch")));
        let topic = TopicProduceData::default()
            .with_name(name("t"))
            .with_partition_data(vec![data]);
        ProduceRequest::default()
            .with_acks(acks)
            .with_timeout_ms(1000)
            .with_topic_data(vec![topic])
    };
    let mut raw = Raw::connect(fixture.broker.address());
    let answer = raw.ask(9, &request(-1));
    assert_ne!(answer.responses[0].partition_responses[0].error_code, 0);
    assert_eq!(
        raw.ask(9, &request(7)).responses[0].partition_responses[0].error_code,
        21,
        "INVALID_REQUIRED_ACKS"
    );
    raw.send(9, 6, &request(0));
    raw.assert_closed();
}

#[test]
fn a_fetch_waits_for_records_and_no_longer() {
    let fixture = Fixture::start();
    fixture.create("t", 1, &[]);
    let mut raw = Raw::connect(fixture.broker.address());

    let started = Instant::now();
    let nothing = raw.ask(11, &fetch(0, 1, Duration::from_millis(300)));
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(nothing.responses[0].partitions[0].error_code, 0);
    assert_eq!(
        nothing.responses[0].partitions[0].records,
        Some(Bytes::new())
    );

    raw.send(11, 9, &fetch(0, 1, WAIT));
    fixture.produce("t", &[("k", "v")]);
    let (_, something) = raw.receive::<FetchRequest>(11);
    assert!(started.elapsed() < WAIT, "it has not waited to the end");
    let partition = &something.responses[0].partitions[0];
    assert_eq!(partition.high_watermark, 1);
    assert!(
        partition
            .records
            .as_ref()
            .is_some_and(|records| !records.is_empty())
    );

    // Beyond the end there is nothing to wait for.
    let beyond = raw.ask(11, &fetch(7, 1, WAIT));
    assert_eq!(
        beyond.responses[0].partitions[0].error_code, 1,
        "OFFSET_OUT_OF_RANGE"
    );
}

#[test]
fn a_stop_does_not_wait_for_those_who_wait() {
    let fixture = Fixture::start();
    fixture.create("t", 1, &[]);
    let mut raw = Raw::connect(fixture.broker.address());
    raw.send(11, 9, &fetch(0, 1, Duration::from_secs(600)));
    let started = Instant::now();
    fixture.broker.stop();
    assert!(started.elapsed() < Duration::from_secs(10));
    raw.assert_closed();
}

#[test]
fn a_client_that_comes_and_goes_leaves_nothing_behind() {
    let fixture = Fixture::start();
    for _ in 0..200 {
        drop(Raw::connect(fixture.broker.address()));
    }
    let consumer: rdkafka::consumer::BaseConsumer = fixture.client().create().unwrap();
    let metadata = consumer.fetch_metadata(None, WAIT).unwrap();
    assert_eq!(metadata.brokers().len(), 1);
    assert_eq!(metadata.brokers()[0].id(), 1);
    fixture.produce("t", &[("k", "v")]);
    assert_eq!(fixture.consume("t")[0].payload(), Some(&b"v"[..]));
}
