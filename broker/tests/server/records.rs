//! What is produced is consumed, as it was sent.

use std::time::{SystemTime, UNIX_EPOCH};

use connect_broker::{Broker, BrokerError, Settings};
use rdkafka::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::support::{Fixture, WAIT};

fn values(fixture: &Fixture, topic: &str) -> Vec<String> {
    let messages = fixture.consume(topic);
    let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
    messages
        .iter()
        .map(|m| text(m.payload().unwrap()))
        .collect()
}

#[test]
fn every_compression_comes_back() {
    let fixture = Fixture::start();
    let mut expected = Vec::new();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let value = format!("{codec} {}", "x".repeat(5000));
        let records = [("k", value.as_str()), ("k", codec)];
        fixture
            .produce_with("t", &records, &[("compression.codec", codec)])
            .unwrap();
        expected.extend([value.clone(), codec.to_owned()]);
    }
    assert_eq!(values(&fixture, "t"), expected);
}

#[test]
fn keys_headers_and_times_come_back() {
    let fixture = Fixture::start();
    fixture.create("stamped", 1, &[("message.timestamp.type", "LogAppendTime")]);
    let producer: BaseProducer = fixture.client().create().unwrap();
    for topic in ["created", "stamped"] {
        let header = |value| Header { key: "h", value };
        let headers = OwnedHeaders::new()
            .insert(header(Some("1")))
            .insert(header(Some("2")))
            .insert(header(None::<&str>));
        let record = BaseRecord::<[u8], [u8]>::to(topic)
            .partition(0)
            .key(b"\0key")
            .timestamp(1_700_000_000_000)
            .headers(headers);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(WAIT).unwrap();
    let created = fixture.consume("created");
    assert_eq!(created[0].key(), Some(&b"\0key"[..]));
    assert_eq!(created[0].payload(), None);
    assert_eq!(
        created[0].timestamp(),
        Timestamp::CreateTime(1_700_000_000_000)
    );
    let headers = created[0].headers().unwrap();
    let headers: Vec<_> = headers.iter().map(|h| (h.key, h.value)).collect();
    assert_eq!(
        headers,
        [("h", Some(&b"1"[..])), ("h", Some(&b"2"[..])), ("h", None)]
    );
    let Timestamp::LogAppendTime(time) = fixture.consume("stamped")[0].timestamp() else {
        panic!("not the time of its arrival");
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    assert!((now.as_millis() as i64 - time).abs() < 60_000);
}

#[test]
fn it_is_all_there_after_a_restart() {
    let fixture = Fixture::start();
    let cluster_id = fixture.broker.cluster_id().to_owned();
    fixture.create("t", 1, &[]);
    fixture.produce("t", &[("a", "1"), ("b", "2")]);
    let group: BaseConsumer = fixture.client().set("group.id", "g").create().unwrap();
    let mut committed = TopicPartitionList::new();
    committed
        .add_partition_offset("t", 0, Offset::Offset(1))
        .unwrap();
    group
        .commit(&committed, rdkafka::consumer::CommitMode::Sync)
        .unwrap();
    drop(group);

    let fixture = fixture.restarted();
    assert_eq!(fixture.broker.cluster_id(), cluster_id);
    fixture.produce("t", &[("c", "3")]);
    assert_eq!(values(&fixture, "t"), ["1", "2", "3"]);
    let group: BaseConsumer = fixture.client().set("group.id", "g").create().unwrap();
    let committed = group.committed_offsets(committed, WAIT).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(1));
}

#[test]
fn a_folder_has_one_broker() {
    let fixture = Fixture::start();
    let second = Broker::start(Settings::new("127.0.0.1:0", fixture.folder.path()));
    let error = second.unwrap_err();
    assert!(
        matches!(&error, BrokerError::InUse(folder) if folder.contains(fixture.folder.path().to_str().unwrap()))
    );
    let first = fixture.broker.address().to_string();
    let other = tempfile::tempdir().unwrap();
    let taken = Broker::start(Settings::new(first.clone(), other.path())).unwrap_err();
    assert!(taken.to_string().contains(&first), "{taken}");
}

/// Keeps the error of the last delivery.
struct Deliveries(std::sync::Mutex<Option<KafkaError>>);

impl rdkafka::ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let error = result.as_ref().err().map(|(error, _)| error.clone());
        *self.0.lock().unwrap() = error;
    }
}

#[test]
fn a_batch_over_the_topics_bound_is_refused() {
    let fixture = Fixture::start();
    fixture.create("small", 1, &[("max.message.bytes", "1000")]);
    let producer: BaseProducer<Deliveries> = fixture
        .client()
        .create_with_context(Deliveries(std::sync::Mutex::default()))
        .unwrap();
    let send = |size: usize| {
        let payload = vec![b'x'; size];
        let record = BaseRecord::<[u8], [u8]>::to("small").payload(&payload);
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.flush(WAIT).unwrap();
        producer.context().0.lock().unwrap().take()
    };
    assert_eq!(send(500), None);
    assert_eq!(
        send(2000),
        Some(KafkaError::MessageProduction(
            RDKafkaErrorCode::MessageSizeTooLarge
        ))
    );
    let large = "y".repeat(900_000);
    fixture.produce("large", &[("k", &large)]);
    assert_eq!(values(&fixture, "large"), [large]);
}

#[test]
fn offsets_are_found_by_time() {
    let fixture = Fixture::start();
    fixture.create("t", 1, &[]);
    let producer: BaseProducer = fixture.client().create().unwrap();
    for time in [1000, 2000, 3000] {
        let record = BaseRecord::<[u8], [u8]>::to("t")
            .partition(0)
            .payload(b"v")
            .timestamp(time);
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.flush(WAIT).unwrap();
    }
    let consumer: BaseConsumer = fixture.client().create().unwrap();
    let at = |time| {
        let mut asked = TopicPartitionList::new();
        asked
            .add_partition_offset("t", 0, Offset::Offset(time))
            .unwrap();
        let found = consumer.offsets_for_times(asked, WAIT).unwrap();
        found.elements()[0].offset()
    };
    assert_eq!(at(0), Offset::Offset(0));
    assert_eq!(at(1001), Offset::Offset(1));
    assert_eq!(at(3000), Offset::Offset(2));
    assert_eq!(at(3001), Offset::End);
    assert_eq!(consumer.fetch_watermarks("t", 0, WAIT).unwrap(), (0, 3));
}
