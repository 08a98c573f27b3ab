//! Groups of librdkafka's consumers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_protocol::messages::ConsumerProtocolSubscription;
use kafka_protocol::protocol::Encodable;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};

use super::member::{Joining, Member};
use crate::client;
use crate::compare::behaviours;
use crate::raw;
use crate::target::Target;
use crate::wire::text;

behaviours![
    consumers_share_by_range,
    consumers_share_cooperatively,
    a_consumer_that_is_gone_is_replaced,
    committed_offsets_are_where_the_next_begins,
    a_consumer_finds_new_partitions,
];

const LIMIT: Duration = Duration::from_secs(40);

fn consumer(target: &Target, group: &str, strategy: &str, topic: &str) -> BaseConsumer {
    let settings = [
        ("group.id", group),
        ("partition.assignment.strategy", strategy),
        ("enable.auto.commit", "false"),
        ("auto.offset.reset", "earliest"),
        ("session.timeout.ms", "6000"),
        ("heartbeat.interval.ms", "300"),
        ("topic.metadata.refresh.interval.ms", "1000"),
    ];
    let consumer: BaseConsumer = client::config(target, &settings)
        .create()
        .expect("a consumer");
    consumer.subscribe(&[topic]).expect("subscribed");
    consumer
}

fn assigned(consumer: &BaseConsumer) -> Vec<i32> {
    let assignment = consumer.assignment().expect("an assignment");
    let mut partitions: Vec<i32> = (assignment.elements().iter())
        .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
        .collect();
    partitions.sort_unstable();
    partitions
}

/// Polls all until their numbers of partitions are these, in any order; the assignments.
fn wait_for(consumers: &[&BaseConsumer], sizes: &[usize]) -> Vec<Vec<i32>> {
    let deadline = Instant::now() + LIMIT;
    loop {
        for consumer in consumers {
            drop(consumer.poll(Duration::from_millis(20)));
        }
        let mut assignments: Vec<Vec<i32>> = consumers.iter().map(|one| assigned(one)).collect();
        assignments.sort();
        let mut found: Vec<usize> = assignments.iter().map(Vec::len).collect();
        found.sort_unstable();
        if found == sizes {
            return assignments;
        }
        assert!(
            Instant::now() < deadline,
            "{assignments:?} instead of {sizes:?}"
        );
    }
}

/// Gives everything back before it goes: a consumer of librdkafka that is destroyed with partitions
/// may hang.
fn leave(consumer: BaseConsumer) {
    consumer.unsubscribe();
    wait_for(&[&consumer], &[0]);
    drop(consumer);
}

/// Polls until an offset has been committed.
fn wait_for_commit(consumer: &BaseConsumer, offset: Offset) -> String {
    let deadline = Instant::now() + LIMIT;
    loop {
        let committed = consumer.committed(LIMIT).expect("offsets");
        let committed = committed.elements()[0].offset();
        if committed == offset {
            return format!("{committed:?}");
        }
        assert!(
            Instant::now() < deadline,
            "{committed:?} instead of {offset:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs what polls, which does not await, beside the others.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

async fn share(target: &Target, strategy: &'static str) -> Value {
    let topic = raw::create(target, 5, &[]).await;
    let group = target.unique("group");
    let target = target.clone();
    beside(move || {
        let one = consumer(&target, &group, strategy, &topic);
        let alone = wait_for(&[&one], &[5]);
        let two = consumer(&target, &group, strategy, &topic);
        let both = wait_for(&[&one, &two], &[2, 3]);
        let three = consumer(&target, &group, strategy, &topic);
        let all = wait_for(&[&one, &two, &three], &[1, 2, 2]);
        leave(one);
        let left = wait_for(&[&two, &three], &[2, 3]);
        leave(two);
        let last = wait_for(&[&three], &[5]);
        leave(three);
        // Who has which is the assignor's choice, which knows the members by their random ids.
        let sizes = |shares: &[Vec<i32>]| {
            let mut partitions: Vec<i32> = shares.concat();
            partitions.sort_unstable();
            json!([shares.iter().map(Vec::len).collect::<std::collections::BTreeSet<_>>(), partitions])
        };
        json!({ "alone": alone, "both": sizes(&both), "all": sizes(&all), "left": sizes(&left), "last": last })
    })
    .await
}

async fn consumers_share_by_range(target: &Target) -> Value {
    share(target, "range").await
}

async fn consumers_share_cooperatively(target: &Target) -> Value {
    share(target, "cooperative-sticky").await
}

/// A member that never says anything again, as if its machine were gone.
async fn silent_member(target: &Target, group: &str, topic: &str) -> Member {
    let subscription = ConsumerProtocolSubscription::default()
        .with_topics(vec![text(topic)])
        .with_user_data(Some(bytes::Bytes::new()));
    let mut metadata = bytes::BytesMut::from(&[0_u8, 1][..]);
    subscription.encode(&mut metadata, 1).expect("encoded");
    let metadata = String::from_utf8(metadata.to_vec())
        .expect("a short subscription")
        .leak();
    let joining = Joining {
        protocol_type: "consumer",
        protocols: vec![("range", metadata)],
        session_ms: 6000,
        rebalance_ms: 10_000,
        ..Joining::default()
    };
    let mut member = Member::with(target, group, joining).await;
    member.start_join().await;
    member
}

async fn a_consumer_that_is_gone_is_replaced(target: &Target) -> Value {
    let topic = raw::create(target, 4, &[]).await;
    let group = target.unique("group");
    let one = consumer(target, &group, "range", &topic);
    let one = beside(move || {
        wait_for(&[&one], &[4]);
        one
    })
    .await;
    let mut silent = silent_member(target, &group, &topic).await;
    let polled = beside(move || {
        let shared = wait_for(&[&one], &[2]);
        (one, shared.len())
    });
    let joined = async {
        let joined = silent.finish_join().await;
        json!([joined["error"], silent.sync(&[]).await[0]])
    };
    let ((one, shared), joined) = tokio::join!(polled, joined);
    let began = Instant::now();
    let again = beside(move || wait_for(&[&one], &[4])).await;
    let seconds = began.elapsed().as_secs_f64();
    json!({
        "shared": shared, "joined": joined, "again": again,
        "after its session": (3.0..12.0).contains(&seconds),
    })
}

async fn committed_offsets_are_where_the_next_begins(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let producer = client::producer(target, &[]);
    for value in ["a", "b", "c", "d"] {
        let record = FutureRecord::<(), _>::to(&topic)
            .payload(value)
            .timestamp(1000);
        producer.send(record, LIMIT).await.expect("delivered");
    }
    let group = target.unique("group");
    let target = target.clone();
    beside(move || {
        let read = |consumer: &BaseConsumer| {
            let deadline = Instant::now() + LIMIT;
            while Instant::now() < deadline {
                if let Some(message) = consumer.poll(Duration::from_millis(100)) {
                    return client::observed(&message.expect("a record"));
                }
            }
            panic!("no record");
        };
        let one = consumer(&target, &group, "range", &topic);
        let first = [read(&one), read(&one)];
        let mut offsets = TopicPartitionList::new();
        offsets
            .add_partition_offset(&topic, 0, Offset::Offset(2))
            .unwrap();
        // By librdkafka's own thread: one that was waited for keeps the consumer from going.
        one.commit(&offsets, CommitMode::Async).expect("sent");
        let committed = wait_for_commit(&one, Offset::Offset(2));
        leave(one);
        let two = consumer(&target, &group, "range", &topic);
        let next = read(&two);
        leave(two);
        json!({ "first": first, "committed": committed, "next": next })
    })
    .await
}

async fn a_consumer_finds_new_partitions(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let one = consumer(target, &target.unique("group"), "range", &topic);
    let (one, before) = beside(move || {
        let before = wait_for(&[&one], &[1]);
        (one, before)
    })
    .await;
    raw::grow(target, &topic, 3).await;
    let after = beside(move || wait_for(&[&one], &[3])).await;
    let counts: BTreeMap<&str, Vec<Vec<i32>>> = [("before", before), ("after", after)].into();
    json!(counts)
}
