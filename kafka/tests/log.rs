//! Topic logs against a real broker.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_kafka::admin::NewTopic;
use connect_kafka::log::{LogEntry, LogError, TopicLog, TopicLogOptions, read_all};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use support::*;

type Table = Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>;

/// What a store does: the last value of each key, and none for a tombstone.
async fn table_log(topic: &str, partitions: i32) -> (TopicLog, Table) {
    let table = Table::default();
    let kept = Arc::clone(&table);
    let options = TopicLogOptions::new(topic, admin(), log_consumer())
        .writer(log_writer())
        .create(NewTopic::new("", partitions, -1).compacted());
    let log = TopicLog::start(options, move |record| {
        let key = record.key.unwrap_or_default().to_vec();
        let mut table = kept.lock().unwrap();
        match record.value {
            Some(value) => table.insert(key, value.to_vec()),
            None => table.remove(&key),
        };
    });
    (log.await.unwrap(), table)
}

#[tokio::test]
async fn a_log_reads_what_is_there_and_then_follows() {
    const KEYS: usize = 15_000;
    let topic = unique("follow");
    let (first, table) = table_log(&topic, 3).await;
    assert_eq!(first.partition_count(), 3);
    assert!(
        admin()
            .topic_configs(&topic)
            .await
            .unwrap()
            .unwrap()
            .is_only_compacted()
    );
    assert!(table.lock().unwrap().is_empty());

    let keys: Vec<String> = (0..KEYS).map(|n| format!("key-{n}")).collect();
    let entries: Vec<LogEntry<'_>> = keys
        .iter()
        .map(|key| LogEntry {
            key: Some(key.as_bytes()),
            value: Some(key.as_bytes()),
            partition: None,
        })
        .collect();
    let delivered = first.send_unordered(&entries).await.unwrap();
    assert_eq!(delivered.len(), KEYS);
    let tombstones: Vec<LogEntry<'_>> = keys
        .iter()
        .step_by(3)
        .map(|key| LogEntry {
            key: Some(key.as_bytes()),
            value: None,
            partition: None,
        })
        .collect();
    first.send_unordered(&tombstones).await.unwrap();
    first.read_to_end().await.unwrap();
    let expected: BTreeMap<Vec<u8>, Vec<u8>> = (0..KEYS)
        .filter(|n| n % 3 != 0)
        .map(|n| (keys[n].clone().into_bytes(), keys[n].clone().into_bytes()))
        .collect();
    assert_eq!(*table.lock().unwrap(), expected);

    // A second log on the same topic has the same table when it has started, and both follow.
    let (second, other_table) = table_log(&topic, 3).await;
    assert_eq!(*other_table.lock().unwrap(), expected);
    second.send(Some(b"new"), Some(b"value")).await.unwrap();
    first.read_to_end().await.unwrap();
    assert_eq!(
        table.lock().unwrap().get(b"new".as_slice()),
        Some(&b"value".to_vec())
    );
    // Following needs no call.
    first.send(Some(b"more"), Some(b"value")).await.unwrap();
    until("the record", || {
        other_table.lock().unwrap().contains_key(b"more".as_slice())
    })
    .await;
    assert_eq!(first.last_error(), None);
    first.stop().await;
    second.stop().await;
}

/// What is written behind it would be out of order when it is sent again.
#[tokio::test]
async fn nothing_is_written_behind_a_record_that_was_not() {
    let topic = unique("behind");
    let new_topic = NewTopic::new(&topic, 1, 1).config("max.message.bytes", "1000");
    admin().create_topic(&new_topic).await.unwrap();
    let too_large = [b'x'; 5000];
    let values = [b"first".as_slice(), &too_large, b"third"];
    let entries = values.map(|value| LogEntry {
        key: Some(b"key".as_slice()),
        value: Some(value),
        partition: None,
    });
    let sent = log_writer().send_many(&topic, &entries).await;
    let error = sent.unwrap_err();
    assert!(matches!(&error, LogError::Delivery(_)), "{error}");
    let mut read = Vec::new();
    read_all(&admin(), &log_consumer(), &topic, |record| {
        read.push(record.value.unwrap().to_vec());
    })
    .await
    .unwrap();
    assert_eq!(read, [b"first"]);
}

/// The start asks nobody, and so need not wait until the many partitions have leaders; nothing is
/// missed for it.
#[tokio::test]
async fn a_topic_just_created_is_followed_at_once() {
    let topic = unique("fresh");
    let new_topic = NewTopic::new(&topic, 25, 1).compacted();
    admin().create_topic(&new_topic).await.unwrap();
    let table = Table::default();
    let kept = Arc::clone(&table);
    let mut options = TopicLogOptions::new(&topic, absent_admin(), log_consumer());
    options.just_created = Some(25);
    let log = TopicLog::start(options.writer(log_writer()), move |record| {
        let pair = (record.key.unwrap().to_vec(), record.value.unwrap().to_vec());
        kept.lock().unwrap().extend([pair]);
    });
    let log = log.await.unwrap();
    assert_eq!(log.partition_count(), 25);
    let keys: Vec<String> = (0..100).map(|n| format!("key-{n}")).collect();
    for key in &keys {
        log.send(Some(key.as_bytes()), Some(b"value"))
            .await
            .unwrap();
    }
    until("all records", || table.lock().unwrap().len() == keys.len()).await;
    log.stop().await;
}

#[tokio::test]
async fn reading_to_the_end_right_after_a_write_sees_it() {
    let (log, table) = table_log(&unique("readback"), 1).await;
    for n in 0..200_u32 {
        log.send(Some(b"k"), Some(n.to_string().as_bytes()))
            .await
            .unwrap();
        log.read_to_end().await.unwrap();
        let seen = table.lock().unwrap().get(b"k".as_slice()).cloned();
        assert_eq!(seen, Some(n.to_string().into_bytes()));
    }
    log.stop().await;
}

fn transactional_producer(id: &str) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap())
        .set("transactional.id", id)
        .create()
        .unwrap();
    producer.init_transactions(Duration::from_secs(30)).unwrap();
    producer
}

fn send(producer: &BaseProducer, topic: &str, value: &str) {
    producer
        .send(BaseRecord::to(topic).key("k").payload(value))
        .map_err(|(error, _)| error)
        .unwrap();
    producer.flush(Duration::from_secs(30)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_made_of_transaction_markers_are_reached() {
    let topic = create(&admin(), "txn", 1).await;
    let producer = transactional_producer(&topic);
    let within = Duration::from_secs(30);
    producer.begin_transaction().unwrap();
    send(&producer, &topic, "aborted");
    producer.abort_transaction(within).unwrap();

    // Nothing but an aborted record and its marker.
    let (log, table) = table_log(&topic, 1).await;
    assert!(table.lock().unwrap().is_empty());
    tokio::time::timeout(within, log.read_to_end())
        .await
        .unwrap()
        .unwrap();

    producer.begin_transaction().unwrap();
    send(&producer, &topic, "committed");
    // The end is behind a transaction that is still open: it is waited for.
    tokio::time::timeout(Duration::from_secs(2), log.read_to_end())
        .await
        .unwrap_err();
    assert!(table.lock().unwrap().is_empty());
    producer.commit_transaction(within).unwrap();
    tokio::time::timeout(within, log.read_to_end())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        table.lock().unwrap().get(b"k".as_slice()),
        Some(&b"committed".to_vec())
    );

    let read = read_all(&admin(), &log_consumer(), &topic, |_| {})
        .await
        .unwrap();
    assert_eq!((read.partitions, read.records), (1, 1));
    log.stop().await;
}

#[tokio::test]
async fn a_topic_that_is_missing_is_an_error_with_its_name() {
    let topic = unique("missing");
    let error = read_all(&admin(), &log_consumer(), &topic, |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, LogError::TopicMissing { .. }), "{error}");
    assert!(error.to_string().contains(&topic), "{error}");
    let mut options = TopicLogOptions::new(topic.as_str(), admin(), log_consumer());
    options.topic_wait = Duration::from_millis(600);
    let error = TopicLog::start(options, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("within 0.6 s"), "{error}");
}

#[tokio::test]
async fn a_topic_that_appears_late_is_waited_for() {
    let topic = unique("late");
    let options = TopicLogOptions::new(topic.as_str(), admin(), log_consumer());
    let started = tokio::spawn(TopicLog::start(options, |_| {}));
    tokio::time::sleep(Duration::from_secs(1)).await;
    admin()
        .create_topic(&NewTopic::new(topic, 2, 1))
        .await
        .unwrap();
    let log = started.await.unwrap().unwrap();
    assert_eq!(log.partition_count(), 2);
    let error = log.send(None, None).await.unwrap_err();
    assert!(matches!(error, LogError::ReadOnly { .. }), "{error}");
    log.stop().await;
}

#[tokio::test]
async fn a_record_that_is_not_written_fails_the_send() {
    let (log, _) = table_log(&unique("toolarge"), 1).await;
    let large = vec![0; 2_000_000];
    let error = log.send(Some(b"k"), Some(&large)).await.unwrap_err();
    assert!(matches!(error, LogError::Send(_)), "{error}");
    assert!(!error.is_retriable());
    log.stop().await;
}
