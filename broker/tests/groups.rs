//! Groups as their members see them: consumers of librdkafka, and workers of a protocol type of
//! their own. With `KAFKA_BOOTSTRAP_OF_GROUPS=host:port` the same is asked of another broker, such
//! as Kafka itself.

#![allow(clippy::expect_used, reason = "a step that fails fails the test")]

mod group_support;

use std::collections::BTreeSet;
use std::time::Duration;

use connect_broker::{Broker, Settings};
use group_support::*;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{
    CreateTopicsRequest, DescribeGroupsRequest, GroupId, LeaveGroupRequest, TopicName,
};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use tempfile::TempDir;

const PARTITIONS: i32 = 4;

/// A broker, and a name that nobody else uses for groups and topics.
struct Server {
    bootstrap: String,
    name: String,
    own: Option<(Broker, TempDir)>,
}

impl Server {
    fn start(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if let Ok(bootstrap) = std::env::var("KAFKA_BOOTSTRAP_OF_GROUPS") {
            let unique = folder.path().file_name().expect("a name");
            return Self {
                bootstrap,
                name: format!("{name}{}", unique.to_string_lossy()),
                own: None,
            };
        }
        let settings = Settings::new("127.0.0.1:0", folder.path());
        let broker = Broker::start(settings).expect("starting the broker");
        Self {
            bootstrap: broker.bootstrap().to_owned(),
            name: name.to_owned(),
            own: Some((broker, folder)),
        }
    }

    /// Of this name, with [`PARTITIONS`].
    fn create_topic(&self) {
        let topic = CreatableTopic::default()
            .with_name(TopicName(text(&self.name)))
            .with_num_partitions(PARTITIONS)
            .with_replication_factor(1);
        let request = CreateTopicsRequest::default()
            .with_topics(vec![topic])
            .with_timeout_ms(30_000);
        let response = Connection::open(&self.bootstrap).ask(5, &request);
        assert_eq!(response.topics[0].error_code, 0);
    }

    fn consumer(&self, strategy: &str, settings: &[(&str, &str)]) -> BaseConsumer {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", &self.name)
            .set("partition.assignment.strategy", strategy)
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "300")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest");
        for (name, value) in settings {
            config.set(*name, *value);
        }
        let consumer: BaseConsumer = config.create().expect("a consumer");
        consumer.subscribe(&[&self.name]).expect("subscribed");
        consumer
    }

    /// The state and the number of members of the group of this name.
    fn described(&self) -> (String, usize) {
        let request = DescribeGroupsRequest::default().with_groups(vec![GroupId(text(&self.name))]);
        let response = Connection::open(&self.bootstrap).ask(5, &request);
        let group = &response.groups[0];
        (group.group_state.to_string(), group.members.len())
    }
}

/// What a consumer has been assigned, after it has been given time to notice.
fn partitions(consumer: &BaseConsumer) -> BTreeSet<i32> {
    if let Some(Err(error)) = consumer.poll(Duration::from_millis(50)) {
        panic!("a consumer failed: {error}");
    }
    let assigned = consumer.assignment().expect("an assignment");
    let elements = assigned.elements();
    elements.iter().map(|one| one.partition()).collect()
}

fn wait_for_all(consumer: &BaseConsumer) {
    eventually("all partitions for one", || {
        (partitions(consumer).len() == PARTITIONS as usize).then_some(())
    });
}

fn wait_for_halves(first: &BaseConsumer, second: &BaseConsumer) {
    eventually("half of the partitions for each", || {
        let (of_first, of_second) = (partitions(first), partitions(second));
        let halves = of_first.len() == 2 && of_second.len() == 2;
        (halves && of_first.is_disjoint(&of_second)).then_some(())
    });
}

fn consumers_share(name: &str, strategy: &str) {
    let server = Server::start(name);
    server.create_topic();
    let first = server.consumer(strategy, &[]);
    wait_for_all(&first);
    let second = server.consumer(strategy, &[("max.poll.interval.ms", "6000")]);
    wait_for_halves(&first, &second);
    // It is not heard of for longer than its time: it is out, and comes back when it is polled.
    wait_for_all(&first);
    eventually("half of the partitions for each again", || {
        // The first poll tells that the time was exceeded.
        drop(second.poll(Duration::from_millis(50)));
        (partitions(&first).len() == 2).then_some(())
    });
    drop(second);
    wait_for_all(&first);
}

#[test]
fn consumers_share_by_range_and_one_is_lost_and_comes_back() {
    consumers_share("range", "range");
}

#[test]
fn consumers_share_cooperatively_and_one_is_lost_and_comes_back() {
    consumers_share("cooperative", "cooperative-sticky");
}

#[test]
fn a_consumer_goes_on_where_its_group_has_committed() {
    let server = Server::start("commits");
    server.create_topic();
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &server.bootstrap)
        .create()
        .expect("a producer");
    let send = |values: std::ops::Range<u32>| {
        for value in values {
            let value = value.to_string();
            let record = BaseRecord::<str, str>::to(&server.name)
                .partition(1)
                .payload(&value);
            producer.send(record).expect("queued");
        }
        producer.flush(WAIT).expect("flushed");
    };
    let read = |consumer: &BaseConsumer, count: usize| {
        let mut offsets = Vec::new();
        eventually("the records", || {
            while let Some(message) = consumer.poll(Duration::from_millis(50)) {
                let message = message.expect("a record");
                offsets.push(rdkafka::Message::offset(&message));
            }
            (offsets.len() >= count).then_some(())
        });
        offsets
    };
    send(0..10);
    let first = server.consumer("range", &[]);
    assert_eq!(read(&first, 10), (0..10).collect::<Vec<_>>());
    first
        .commit_consumer_state(CommitMode::Sync)
        .expect("committed");
    drop(first);
    send(10..13);
    let second = server.consumer("range", &[]);
    assert_eq!(read(&second, 3), (10..13).collect::<Vec<_>>());
}

#[test]
fn an_instance_keeps_its_place_and_its_double_fences_it() {
    let server = Server::start("static");
    server.create_topic();
    let instance = [("group.instance.id", "one")];
    let first = server.consumer("range", &instance);
    wait_for_all(&first);
    drop(first);
    assert_eq!(server.described(), ("Stable".to_owned(), 1));
    let second = server.consumer("range", &instance);
    wait_for_all(&second);
    assert_eq!(server.described(), ("Stable".to_owned(), 1));

    let double = server.consumer("range", &instance);
    wait_for_all(&double);
    eventually("the fenced one to be told", || {
        let polled = second.poll(Duration::from_millis(50));
        match (polled, second.client().fatal_error()) {
            (_, Some((RDKafkaErrorCode::FencedInstanceId, _)))
            | (Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::FencedInstanceId))), _) => {
                Some(())
            }
            _ => None,
        }
    });
}

#[test]
fn workers_share_a_group_of_their_own_type() {
    let server = Server::start("workers");
    let (mut leader, mut follower) = two_workers(&server.bootstrap, &server.name);
    let waiting = follower.send_sync(&[]);
    let (of_leader, of_follower) = (leader.member_id.clone(), follower.member_id.clone());
    let assigning = leader.send_sync(&[(&of_leader, "connectors"), (&of_follower, "tasks")]);
    assert_eq!(leader.synced(assigning).assignment, "connectors");
    let synced = follower.synced(waiting);
    assert_eq!(synced.assignment, "tasks");
    assert_eq!(synced.protocol_type, Some(text("connect")));
    assert_eq!(server.described(), ("Stable".to_owned(), 2));

    let mut consumer = Worker::new(&server.bootstrap, &server.name);
    let request = consumer.join_request("consumer");
    let refused = consumer.connection.ask(9, &request);
    assert_eq!(refused.error_code, INCONSISTENT_GROUP_PROTOCOL);

    let request = LeaveGroupRequest::default()
        .with_group_id(leader.group_id())
        .with_members(vec![
            MemberIdentity::default()
                .with_member_id(follower.member_id.clone())
                .with_group_instance_id(None),
        ]);
    let left = follower.connection.ask(5, &request);
    assert_eq!((left.error_code, left.members[0].error_code), (0, 0));
    assert_eq!(leader.heartbeat(), REBALANCE_IN_PROGRESS);
    let rejoining = leader.send_join();
    assert_eq!(leader.joined(rejoining).members.len(), 1);
}

#[test]
fn a_leaders_rejoin_makes_a_generation_that_the_others_have_to_join() {
    let server = Server::start("rejoin");
    let (mut leader, mut follower) = two_workers(&server.bootstrap, &server.name);
    let assigning = leader.send_sync(&[]);
    assert_eq!(leader.synced(assigning).error_code, 0);
    let former = leader.generation;
    let rejoining = leader.send_join();
    follower.heartbeat_until(REBALANCE_IN_PROGRESS);
    let following = follower.send_join();
    assert_eq!(leader.joined(rejoining).generation_id, former + 1);
    assert_eq!(follower.joined(following).generation_id, former + 1);
    follower.generation = former;
    assert_eq!(follower.heartbeat(), ILLEGAL_GENERATION);
    let syncing = follower.send_sync(&[]);
    assert_eq!(follower.synced(syncing).error_code, ILLEGAL_GENERATION);
}

#[test]
fn a_worker_that_is_killed_is_out_after_its_session() {
    let server = Server::start("killed");
    let (mut leader, mut follower) = two_workers(&server.bootstrap, &server.name);
    let waiting = follower.send_sync(&[]);
    let assigning = leader.send_sync(&[]);
    assert_eq!(leader.synced(assigning).error_code, 0);
    assert_eq!(follower.synced(waiting).error_code, 0);
    let lost = follower.member_id.clone();
    drop(follower);
    leader.heartbeat_until(REBALANCE_IN_PROGRESS);
    let rejoining = leader.send_join();
    assert_eq!(leader.joined(rejoining).members.len(), 1);

    let mut returned = Worker::new(&server.bootstrap, &server.name);
    returned.member_id = lost;
    returned.generation = leader.generation;
    assert_eq!(returned.heartbeat(), UNKNOWN_MEMBER_ID);
    let request = returned.join_request("connect");
    let refused = returned.connection.ask(9, &request);
    assert_eq!(refused.error_code, UNKNOWN_MEMBER_ID);
}

#[test]
fn a_group_survives_its_broker() {
    let mut server = Server::start("restart");
    let Some((broker, folder)) = server.own.take() else {
        eprintln!("left out: another broker is not this test's to stop");
        return;
    };
    let (mut leader, follower) = two_workers(&server.bootstrap, &server.name);
    let assigning = leader.send_sync(&[(&follower.member_id, "tasks")]);
    assert_eq!(leader.synced(assigning).error_code, 0);
    broker.stop();
    let settings = Settings::new("127.0.0.1:0", folder.path());
    let broker = Broker::start(settings).expect("starting the broker again");
    server.bootstrap = broker.bootstrap().to_owned();
    assert_eq!(server.described(), ("Stable".to_owned(), 2));
    let mut returned = Worker::new(&server.bootstrap, &server.name);
    returned.member_id = follower.member_id;
    returned.generation = follower.generation;
    assert_eq!(returned.heartbeat(), 0);
    let syncing = returned.send_sync(&[]);
    assert_eq!(returned.synced(syncing).assignment, "tasks");
}
