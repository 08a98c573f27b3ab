//! The producer against a real broker.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use connect_kafka::ErrorCode;
use connect_kafka::log::read_all;
use connect_kafka::producer::{NO_HEADERS, OutgoingRecord, SendError};
use support::*;

const SOON: Duration = Duration::from_secs(30);

fn record<'a>(
    topic: &'a str,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
) -> OutgoingRecord<'a> {
    OutgoingRecord {
        topic,
        partition: None,
        timestamp: None,
        key,
        value,
    }
}

/// The hashes are from Kafka's `UtilsTest.testMurmur2`; the partition is
/// `toPositive(murmur2(key)) % partitions` (`BuiltInPartitioner.partitionForKey`).
#[tokio::test]
async fn keys_go_to_the_partitions_where_java_puts_them() {
    const JAVA: [(&str, i32); 6] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        (
            "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
            -58_897_971,
        ),
        ("abc", 479_470_107),
    ];
    const PARTITIONS: i32 = 7;
    let topic = create(&admin(), "murmur2", PARTITIONS).await;
    let (producer, outcomes) = producer(&[]);
    for (token, (key, _)) in JAVA.iter().enumerate() {
        let record = record(&topic, Some(key.as_bytes()), Some(b"v"));
        producer.send(&record, NO_HEADERS, token as u64).unwrap();
    }
    producer.flush(SOON).await.unwrap();
    let partitions: BTreeMap<u64, i32> = outcomes
        .all()
        .into_iter()
        .map(|(token, outcome)| (token, outcome.unwrap().partition))
        .collect();
    let expected: BTreeMap<u64, i32> = (0..)
        .zip(JAVA.map(|(_, hash)| (hash & 0x7fff_ffff) % PARTITIONS))
        .collect();
    assert_eq!(partitions, expected);
}

#[tokio::test]
async fn null_keys_are_spread_and_empty_keys_are_not() {
    let topic = create(&admin(), "nullkeys", 4).await;
    // Without the sticky pause each record chooses anew.
    let (producer, outcomes) = producer(&[("sticky.partitioning.linger.ms", "0")]);
    for token in 0..200 {
        let key: Option<&[u8]> = if token < 100 { None } else { Some(b"") };
        producer
            .send(&record(&topic, key, Some(b"v")), NO_HEADERS, token)
            .unwrap();
    }
    producer.flush(SOON).await.unwrap();
    let mut used = [[0; 4]; 2];
    for (token, outcome) in outcomes.all() {
        used[usize::from(token >= 100)][outcome.unwrap().partition as usize] += 1;
    }
    assert!(
        used[0].iter().all(|count| *count > 0),
        "null keys: {used:?}"
    );
    assert_eq!(
        used[1].iter().filter(|count| **count > 0).count(),
        1,
        "empty keys: {used:?}"
    );
}

#[tokio::test]
async fn records_arrive_whole_and_in_order_with_their_tokens() {
    const RECORDS: u64 = 20_000;
    let admin = admin();
    let topic = create(&admin, "order", 1).await;
    let (producer, outcomes) =
        producer(&[("queue.buffering.max.messages", "2000"), ("linger.ms", "1")]);
    let mut waits = 0;
    for token in 0..RECORDS {
        let value = token.to_string();
        let headers = [("h", Some(b"1".as_slice())), ("none", None)];
        let key = (token % 3 != 0).then_some(b"k".as_slice());
        let record = OutgoingRecord {
            timestamp: Some(1_600_000_000_000 + token as i64),
            partition: Some(0),
            ..record(&topic, key, (token % 5 != 0).then_some(value.as_bytes()))
        };
        while let Err(error) = producer.send(&record, headers, token) {
            assert_eq!(error, SendError::Backpressure);
            waits += 1;
            producer.wait_for_room().await.unwrap();
        }
    }
    producer.flush(SOON).await.unwrap();
    assert!(waits > 0, "the queue was meant to be too small");
    assert!(waits < RECORDS / 10, "waiting for room woke {waits} times");
    let all = outcomes.all();
    assert!(all.iter().map(|(token, _)| *token).eq(0..RECORDS));
    for (token, outcome) in all {
        assert_eq!(outcome.unwrap().offset, token as i64);
    }
    let mut seen = Vec::new();
    read_all(&admin, &log_consumer(), &topic, |record| {
        seen.push(Seen::from(record))
    })
    .await
    .unwrap();
    assert_eq!(seen.len() as u64, RECORDS);
    for (token, seen) in (0..).zip(seen) {
        assert_eq!(seen.offset, token);
        assert_eq!(seen.timestamp, Some(1_600_000_000_000 + token));
        assert_eq!(seen.key.is_none(), token % 3 == 0);
        let value = (token % 5 != 0).then(|| token.to_string().into_bytes());
        assert_eq!(seen.value, value);
        let headers = [
            ("h".to_owned(), Some(b"1".to_vec())),
            ("none".to_owned(), None),
        ];
        assert_eq!(seen.headers, headers);
    }
}

#[tokio::test]
async fn an_empty_value_is_not_a_tombstone() {
    let admin = admin();
    let topic = create(&admin, "empty", 1).await;
    let (producer, _) = producer(&[]);
    producer
        .send(&record(&topic, Some(b"k"), Some(b"")), NO_HEADERS, 0)
        .unwrap();
    producer
        .send(&record(&topic, Some(b""), None), NO_HEADERS, 1)
        .unwrap();
    producer.flush(SOON).await.unwrap();
    let mut seen = Vec::new();
    read_all(&admin, &log_consumer(), &topic, |record| {
        seen.push(Seen::from(record))
    })
    .await
    .unwrap();
    assert_eq!(seen[0].value, Some(Vec::new()));
    assert_eq!(
        (seen[1].key.clone(), seen[1].value.clone()),
        (Some(Vec::new()), None)
    );
}

#[tokio::test]
async fn a_record_that_is_too_large_names_the_setting() {
    let admin = admin();
    let topic = create(&admin, "large", 1).await;
    let large = vec![b'x'; 2_000_000];
    let (small, _) = producer(&[]);
    let error = small
        .send(&record(&topic, None, Some(&large)), NO_HEADERS, 0)
        .unwrap_err();
    assert!(!error.is_retriable());
    let text = error.to_string();
    assert!(
        text.contains("max.request.size = 1048576") && text.contains("2000000"),
        "{text}"
    );
    assert_eq!(small.outstanding(), 0);

    let (no_room, _) = producer(&[
        ("max.request.size", "9000000"),
        ("buffer.memory", "1000000"),
    ]);
    let error = no_room
        .send(&record(&topic, None, Some(&large)), NO_HEADERS, 0)
        .unwrap_err();
    assert!(error.to_string().contains("buffer.memory"), "{error}");

    // The producer lets it through, and the broker refuses.
    let (wide, outcomes) = producer(&[("max.request.size", "9000000")]);
    wide.send(&record(&topic, None, Some(&large)), NO_HEADERS, 7)
        .unwrap();
    wide.flush(SOON).await.unwrap();
    let (token, outcome) = outcomes.all().remove(0);
    let error = outcome.unwrap_err();
    assert_eq!((token, error.code), (7, ErrorCode::MessageSizeTooLarge));
    assert!(error.to_string().contains("max.message.bytes"), "{error}");
    assert!(!error.is_retriable());
}

#[tokio::test]
async fn a_topic_name_that_kafka_refuses_fails_the_record() {
    let (producer, outcomes) = producer(&[]);
    producer
        .send(&record("not a topic", None, Some(b"v")), NO_HEADERS, 1)
        .unwrap();
    producer.flush(SOON).await.unwrap();
    let error = outcomes.all().remove(0).1.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidTopic);
    assert!(error.to_string().contains("'not a topic'"), "{error}");
}

#[tokio::test]
async fn a_flush_that_cannot_finish_says_how_much_is_left_and_a_drop_reports_it() {
    let outcomes = Outcomes::default();
    let props = connect_kafka::Props::from([
        // Nobody listens there.
        ("bootstrap.servers".to_owned(), "127.0.0.1:9".to_owned()),
        ("max.block.ms".to_owned(), "50".to_owned()),
    ]);
    let kind = connect_kafka::ClientKind::Producer;
    let settings = connect_kafka::ClientSettings::from_props(kind, &props).unwrap();
    let producer = connect_kafka::producer::Producer::new(&settings, outcomes.clone()).unwrap();
    producer
        .send(&record("t", None, Some(b"v")), NO_HEADERS, 5)
        .unwrap();
    let error = producer
        .flush(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("1 records"), "{error}");
    drop(producer);
    until("the outcome", || !outcomes.all().is_empty()).await;
    let (token, outcome) = outcomes.all().remove(0);
    assert_eq!(
        (token, outcome.unwrap_err().code),
        (5, ErrorCode::PurgeQueue)
    );
}

#[tokio::test]
async fn a_full_queue_stops_blocking_after_max_block_ms() {
    let props = connect_kafka::Props::from([
        ("bootstrap.servers".to_owned(), "127.0.0.1:9".to_owned()),
        ("queue.buffering.max.messages".to_owned(), "10".to_owned()),
        ("max.block.ms".to_owned(), "300".to_owned()),
    ]);
    let kind = connect_kafka::ClientKind::Producer;
    let settings = connect_kafka::ClientSettings::from_props(kind, &props).unwrap();
    let producer = connect_kafka::producer::Producer::new(&settings, Outcomes::default()).unwrap();
    for token in 0..10 {
        producer
            .send(&record("t", None, Some(b"v")), NO_HEADERS, token)
            .unwrap();
    }
    let error = producer
        .send(&record("t", None, Some(b"v")), NO_HEADERS, 10)
        .unwrap_err();
    assert_eq!(error, SendError::Backpressure);
    assert_eq!(producer.outstanding(), 10);
    let error = producer.wait_for_room().await.unwrap_err();
    assert!(error.to_string().contains("max.block.ms = 300"), "{error}");
    producer.purge_queue();
    producer.wait_for_room().await.unwrap();
}
