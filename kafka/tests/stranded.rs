//! Clients that lose all their brokers by an answer that names none: librdkafka never looks for
//! them again.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod forgetful_proxy;
mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::consumer::{Batch, GroupConsumer, Position, Rebalance};
use connect_kafka::log::{LogWriter, TopicLog, TopicLogOptions};
use connect_kafka::producer::{NO_HEADERS, OutgoingRecord, Producer};
use connect_kafka::{ClientError, ClientKind, ClientSettings, ErrorCode};
use forgetful_proxy::ForgetfulProxy;
use support::*;

/// Two statistics of five seconds each, and the first answers after which a client begins anew as
/// it should.
const FOUND: Duration = Duration::from_secs(60);

/// How often the clients ask for metadata.
const REFRESH: Duration = Duration::from_millis(500);

/// Has every client learn that there is no broker, until none asks any more.
async fn forget(proxy: &ForgetfulProxy) {
    proxy.forget(true);
    until("an answer that names no broker", || proxy.forgot() > 0).await;
    let mut forgot = None;
    while forgot != Some(proxy.forgot()) {
        forgot = Some(proxy.forgot());
        tokio::time::sleep(REFRESH * 4).await;
    }
    proxy.forget(false);
}

fn through(proxy: &ForgetfulProxy, mut settings: ClientSettings) -> ClientSettings {
    let refresh = REFRESH.as_millis().to_string();
    settings.set("topic.metadata.refresh.interval.ms", &refresh);
    settings.set("reconnect.backoff.max.ms", "100");
    settings.set("bootstrap.servers", &proxy.bootstrap());
    settings
}

#[tokio::test]
async fn a_log_goes_on_after_its_clients_were_stranded() {
    let proxy = ForgetfulProxy::start(&bootstrap());
    let topic = unique("stranded");
    let consumer = through(&proxy, log_consumer());
    let producer = through(&proxy, settings(ClientKind::Producer, &[]));
    let admin = through(&proxy, settings(ClientKind::Admin, &[]));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let options = TopicLogOptions::new(topic.as_str(), Admin::new(&admin).unwrap(), consumer)
        .writer(LogWriter::new(&producer).unwrap())
        .create(NewTopic::new("", 3, -1));
    let log = TopicLog::start(options, move |record| {
        sink.lock().unwrap().push(record.value.unwrap().to_vec());
    });
    let log = log.await.unwrap();
    log.send(Some(b"k"), Some(b"before")).await.unwrap();
    log.read_to_end().await.unwrap();

    forget(&proxy).await;
    let sent = async {
        loop {
            match log.send(Some(b"k"), Some(b"after")).await {
                Ok(_) => break,
                Err(error) => assert!(error.is_retriable(), "{error}"),
            }
        }
        log.read_to_end().await.unwrap();
    };
    tokio::time::timeout(FOUND, sent).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, [b"before".to_vec(), b"after".to_vec()]);
    log.stop().await;
}

#[tokio::test]
async fn a_stranded_producer_gives_up_what_it_has_and_says_so() {
    let proxy = ForgetfulProxy::start(&bootstrap());
    let topic = create(&admin(), "stranded", 1).await;
    let outcomes = Outcomes::default();
    let settings = through(&proxy, settings(ClientKind::Producer, &[]));
    let producer = Producer::new(&settings, outcomes.clone()).unwrap();
    let record = OutgoingRecord {
        topic: &topic,
        partition: Some(0),
        timestamp: None,
        key: None,
        value: Some(b"value"),
    };
    producer.send(&record, NO_HEADERS, 1).unwrap();
    producer.flush(Duration::from_secs(10)).await.unwrap();
    producer.check_brokers().unwrap();

    proxy.forget(true);
    tokio::time::timeout(FOUND, async {
        while producer.check_brokers().is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .unwrap();
    proxy.forget(false);
    producer.send(&record, NO_HEADERS, 2).unwrap();
    let error = producer.check_brokers().unwrap_err();
    assert!(matches!(error, ClientError::Stranded { .. }) && error.is_retriable());
    producer.flush(Duration::from_secs(10)).await.unwrap();
    let outcomes = outcomes.all();
    assert!(outcomes[0].1.is_ok(), "{outcomes:?}");
    let error = outcomes[1].1.clone().unwrap_err();
    assert_eq!((outcomes[1].0, error.code), (2, ErrorCode::AllBrokersDown));
}

#[tokio::test]
async fn a_stranded_member_of_a_group_says_so() {
    let proxy = ForgetfulProxy::start(&bootstrap());
    let topic = create(&admin(), "stranded", 1).await;
    let settings = settings(ClientKind::Consumer, &[("group.id", &topic)]);
    let consumer = GroupConsumer::new(&through(&proxy, settings)).unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let mut batch = Batch::new(consumer.limits());
    let assigned = loop {
        if let Some(Rebalance::Assigned { partitions, .. }) = consumer.take_rebalance() {
            break partitions;
        }
        consumer.fill(&mut batch).unwrap();
        consumer.ready().await;
    };
    let positions: Vec<_> = assigned
        .into_iter()
        .map(|partition| (partition, Position::Committed))
        .collect();
    consumer.assign(&positions, false).unwrap();

    proxy.forget(true);
    let stranded = async {
        loop {
            if let Err(error) = consumer.fill(&mut batch) {
                return error;
            }
            consumer.ready().await;
        }
    };
    let error = tokio::time::timeout(FOUND, stranded).await.unwrap();
    assert!(matches!(error, ClientError::Stranded { .. }), "{error}");
}
