//! Transactions as librdkafka's producers and consumers see them: commit, abort, fencing, offsets
//! within a transaction, time-outs, and all of it across a restart of the broker.
#![allow(clippy::expect_used, reason = "a step that fails fails the test")]

use std::path::Path;
use std::time::{Duration, Instant};

use connect_broker::{Broker, Settings};
use rdkafka::ClientConfig;
use rdkafka::Message;
use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::Offset;

const WAIT: Duration = Duration::from_secs(30);
const TOPIC: &str = "orders";

#[derive(Clone, Copy)]
enum Isolation {
    Committed,
    Uncommitted,
}

fn start(data: &Path) -> Broker {
    Broker::start(Settings::new("127.0.0.1:0", data)).expect("starting the broker")
}

fn client(broker: &Broker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap());
    config
}

fn producer(broker: &Broker, settings: &[(&str, &str)]) -> BaseProducer {
    let mut config = client(broker);
    config.set("linger.ms", "0");
    for (name, value) in settings {
        config.set(*name, *value);
    }
    config.create().expect("a producer")
}

fn transactional(broker: &Broker) -> BaseProducer {
    let producer = producer(broker, &[("transactional.id", "tx")]);
    producer.init_transactions(WAIT).expect("init");
    producer
}

fn send(producer: &BaseProducer, topic: &str, values: &[&str]) {
    for value in values {
        let record = BaseRecord::<str, str>::to(topic)
            .partition(0)
            .payload(*value);
        producer.send(record).expect("queued");
    }
    producer.flush(WAIT).expect("flushed");
}

/// Everything up to the end, or up to where a reader of committed records gets.
fn read(broker: &Broker, topic: &str, isolation: Isolation) -> Vec<String> {
    let level = match isolation {
        Isolation::Committed => "read_committed",
        Isolation::Uncommitted => "read_uncommitted",
    };
    let consumer: BaseConsumer = client(broker)
        .set("group.id", "reader")
        .set("isolation.level", level)
        .set("enable.partition.eof", "true")
        .create()
        .expect("a consumer");
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(topic, 0, Offset::Beginning)
        .expect("a partition");
    consumer.assign(&from).expect("assigned");
    let mut values = Vec::new();
    let until = Instant::now() + WAIT;
    while Instant::now() < until {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let value = message
                    .payload_view::<str>()
                    .expect("a value")
                    .expect("UTF-8");
                values.push(value.to_owned());
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return values,
            Some(Err(error)) => panic!("consuming: {error}"),
            None => {}
        }
    }
    panic!("the end of {topic} was not reached; read {values:?}");
}

fn committed_offset(broker: &Broker, group: &str) -> Offset {
    let consumer: BaseConsumer = client(broker)
        .set("group.id", group)
        .create()
        .expect("a consumer");
    let mut asked = TopicPartitionList::new();
    asked.add_partition(TOPIC, 0);
    let answer = consumer
        .committed_offsets(asked, WAIT)
        .expect("committed offsets");
    answer
        .find_partition(TOPIC, 0)
        .expect("the partition")
        .offset()
}

fn error_code(error: &KafkaError) -> RDKafkaErrorCode {
    match error {
        KafkaError::Transaction(error) => error.code(),
        other => panic!("not an error of a transaction: {other}"),
    }
}

#[test]
fn committed_records_are_seen_when_they_are_committed() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let producer = transactional(&broker);
    producer.begin_transaction().expect("begin");
    send(&producer, TOPIC, &["a", "b"]);
    assert_eq!(read(&broker, TOPIC, Isolation::Uncommitted), ["a", "b"]);
    assert!(read(&broker, TOPIC, Isolation::Committed).is_empty());
    producer.commit_transaction(WAIT).expect("commit");
    assert_eq!(read(&broker, TOPIC, Isolation::Committed), ["a", "b"]);
    broker.stop();
}

#[test]
fn aborted_records_are_left_out_and_the_producer_goes_on() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let producer = transactional(&broker);
    for (values, commit) in [
        (["a", "b"], false),
        (["c", "d"], true),
        (["e", "f"], false),
        (["g", "h"], true),
    ] {
        producer.begin_transaction().expect("begin");
        send(&producer, TOPIC, &values);
        if commit {
            producer.commit_transaction(WAIT).expect("commit");
        } else {
            producer.abort_transaction(WAIT).expect("abort");
        }
    }
    assert_eq!(
        read(&broker, TOPIC, Isolation::Committed),
        ["c", "d", "g", "h"]
    );
    let all = ["a", "b", "c", "d", "e", "f", "g", "h"];
    assert_eq!(read(&broker, TOPIC, Isolation::Uncommitted), all);
    broker.stop();
}

#[test]
fn the_next_producer_of_the_id_fences_the_one_before() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let first = transactional(&broker);
    first.begin_transaction().expect("begin");
    send(&first, TOPIC, &["zombie"]);
    let second = transactional(&broker);
    second.begin_transaction().expect("begin");
    send(&second, TOPIC, &["successor"]);
    second.commit_transaction(WAIT).expect("commit");
    let error = first.commit_transaction(WAIT).expect_err("it is fenced");
    let code = error_code(&error);
    let fenced = [RDKafkaErrorCode::ProducerFenced, RDKafkaErrorCode::Fenced];
    assert!(fenced.contains(&code), "{code:?}");
    assert_eq!(read(&broker, TOPIC, Isolation::Committed), ["successor"]);
    broker.stop();
}

#[test]
fn offsets_are_committed_with_the_transaction_or_not_at_all() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let plain = producer(&broker, &[]);
    send(&plain, TOPIC, &["a", "b", "c"]);
    let group: BaseConsumer = client(&broker)
        .set("group.id", "copy")
        .create()
        .expect("a consumer");
    let metadata = group.group_metadata().expect("the group's metadata");
    let producer = transactional(&broker);
    for (offset, commit) in [(2, true), (3, false)] {
        producer.begin_transaction().expect("begin");
        send(
            &producer,
            "copies",
            &[if commit { "kept" } else { "dropped" }],
        );
        let mut offsets = TopicPartitionList::new();
        offsets
            .add_partition_offset(TOPIC, 0, Offset::Offset(offset))
            .expect("an offset");
        producer
            .send_offsets_to_transaction(&offsets, &metadata, WAIT)
            .expect("offsets");
        let before = committed_offset_allowing_unstable(&broker, "copy");
        assert_eq!(
            before,
            if commit {
                Offset::Invalid
            } else {
                Offset::Offset(2)
            }
        );
        if commit {
            producer.commit_transaction(WAIT).expect("commit");
        } else {
            producer.abort_transaction(WAIT).expect("abort");
        }
        assert_eq!(committed_offset(&broker, "copy"), Offset::Offset(2));
    }
    assert_eq!(read(&broker, "copies", Isolation::Committed), ["kept"]);
    broker.stop();
}

/// A reader of uncommitted records does not wait for pending offsets.
fn committed_offset_allowing_unstable(broker: &Broker, group: &str) -> Offset {
    let consumer: BaseConsumer = client(broker)
        .set("group.id", group)
        .set("isolation.level", "read_uncommitted")
        .create()
        .expect("a consumer");
    let mut asked = TopicPartitionList::new();
    asked.add_partition(TOPIC, 0);
    let answer = consumer
        .committed_offsets(asked, WAIT)
        .expect("committed offsets");
    answer
        .find_partition(TOPIC, 0)
        .expect("the partition")
        .offset()
}

#[test]
fn a_transaction_that_stays_open_is_aborted_after_its_time() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let settings = [
        ("transactional.id", "late"),
        ("transaction.timeout.ms", "1500"),
    ];
    let producer = producer(&broker, &settings);
    producer.init_transactions(WAIT).expect("init");
    producer.begin_transaction().expect("begin");
    send(&producer, TOPIC, &["late"]);
    let other = transactional(&broker);
    other.begin_transaction().expect("begin");
    send(&other, TOPIC, &["behind it"]);
    other.commit_transaction(WAIT).expect("commit");
    assert!(
        read(&broker, TOPIC, Isolation::Committed).is_empty(),
        "the open one is before it"
    );
    let until = Instant::now() + WAIT;
    while read(&broker, TOPIC, Isolation::Committed).is_empty() {
        assert!(Instant::now() < until, "the transaction stays open");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(read(&broker, TOPIC, Isolation::Committed), ["behind it"]);
    producer
        .commit_transaction(WAIT)
        .expect_err("it has been aborted");
    broker.stop();
}

#[test]
fn after_a_restart_everything_is_as_it_was() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let producer = transactional(&broker);
    producer.begin_transaction().expect("begin");
    send(&producer, TOPIC, &["committed"]);
    producer.commit_transaction(WAIT).expect("commit");
    producer.begin_transaction().expect("begin");
    send(&producer, TOPIC, &["aborted"]);
    producer.abort_transaction(WAIT).expect("abort");
    producer.begin_transaction().expect("begin");
    send(&producer, TOPIC, &["open"]);
    broker.stop();
    drop(producer);

    let broker = start(data.path());
    assert_eq!(read(&broker, TOPIC, Isolation::Committed), ["committed"]);
    let all = ["committed", "aborted", "open"];
    assert_eq!(read(&broker, TOPIC, Isolation::Uncommitted), all);
    let successor = transactional(&broker);
    successor.begin_transaction().expect("begin");
    send(&successor, TOPIC, &["after"]);
    successor.commit_transaction(WAIT).expect("commit");
    assert_eq!(
        read(&broker, TOPIC, Isolation::Committed),
        ["committed", "after"]
    );
    broker.stop();
}

#[test]
fn an_open_transaction_survives_a_restart_of_the_broker() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let address = broker.address().to_string();
    let producer = transactional(&broker);
    producer.begin_transaction().expect("begin");
    send(&producer, TOPIC, &["before"]);
    broker.stop();

    let broker = Broker::start(Settings::new(address, data.path())).expect("starting again");
    send(&producer, TOPIC, &["after"]);
    assert!(read(&broker, TOPIC, Isolation::Committed).is_empty());
    producer.commit_transaction(WAIT).expect("commit");
    assert_eq!(
        read(&broker, TOPIC, Isolation::Committed),
        ["before", "after"]
    );
    broker.stop();
}

#[test]
fn an_idempotent_producer_goes_on_after_a_restart() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let address = broker.address().to_string();
    let producer = producer(&broker, &[("enable.idempotence", "true")]);
    send(&producer, TOPIC, &["0", "1", "2"]);
    broker.stop();
    for value in ["3", "4"] {
        let record = BaseRecord::<str, str>::to(TOPIC)
            .partition(0)
            .payload(value);
        producer.send(record).expect("queued");
    }
    let broker = Broker::start(Settings::new(address, data.path())).expect("starting again");
    producer.flush(WAIT).expect("flushed");
    assert_eq!(
        read(&broker, TOPIC, Isolation::Uncommitted),
        ["0", "1", "2", "3", "4"]
    );
    broker.stop();
}

#[tokio::test]
async fn a_transaction_spans_topics_and_partitions() {
    let data = tempfile::tempdir().expect("a folder");
    let broker = start(data.path());
    let admin: AdminClient<DefaultClientContext> = client(&broker).create().expect("an admin");
    let topics = [NewTopic::new("wide", 5, TopicReplication::Fixed(1))];
    admin
        .create_topics(&topics, &AdminOptions::new())
        .await
        .expect("creating the topic");
    let producer = transactional(&broker);
    for (round, commit) in [true, false, true].into_iter().enumerate() {
        producer.begin_transaction().expect("begin");
        for partition in 0..5 {
            let value = format!("{round}-{partition}");
            let record = BaseRecord::<str, str>::to("wide")
                .partition(partition)
                .payload(value.as_str());
            producer.send(record).expect("queued");
        }
        send(&producer, TOPIC, &[&round.to_string()]);
        if commit {
            producer.commit_transaction(WAIT).expect("commit");
        } else {
            producer.abort_transaction(WAIT).expect("abort");
        }
    }
    assert_eq!(read(&broker, TOPIC, Isolation::Committed), ["0", "2"]);
    assert_eq!(read(&broker, "wide", Isolation::Committed), ["0-0", "2-0"]);
    broker.stop();
}
