//! OAUTHBEARER with the token endpoint of an identity provider, for clients of every kind, against
//! a real broker.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod group_support;
mod support;
mod token_server;

use std::time::{Duration, Instant};

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::consumer::{Batch, GroupConsumer, Position, Rebalance};
use connect_kafka::group::GroupOptions;
use connect_kafka::log::read_all;
use connect_kafka::producer::{OutgoingRecord, Producer};
use connect_kafka::wire::{Connection, WireSettings};
use connect_kafka::{ClientError, ClientKind, ClientSettings, ErrorCode, Props};
use group_support::*;
use support::{Outcomes, unique, until};
use token_server::{Answer, TokenServer, url};

const MODULE: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";
const HANDLER: &str =
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler";

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: start the broker with `tests/services/up kafka-secured` and export what it prints")
    })
}

fn props(listener: &str, endpoint: &str) -> Props {
    let broker = variable(&format!("KAFKA_SECURED_{listener}"));
    let ca = format!("{}/ca.pem", variable("KAFKA_SECURED_TLS"));
    let jaas = format!("{MODULE} required clientId=\"connect\" clientSecret=\"hush-hush\";");
    let mut props = Props::new();
    for (key, value) in [
        ("bootstrap.servers", broker.as_str()),
        ("client.id", "kafka-crate-tests"),
        ("security.protocol", listener),
        ("ssl.truststore.location", &ca),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.oauthbearer.token.endpoint.url", endpoint),
        ("sasl.login.callback.handler.class", HANDLER),
        ("sasl.jaas.config", &jaas),
        ("session.timeout.ms", "6000"),
        ("heartbeat.interval.ms", "500"),
        ("rebalance.timeout.ms", "30000"),
    ] {
        props.insert(key.to_owned(), value.to_owned());
    }
    if !listener.ends_with("SSL") {
        props.remove("ssl.truststore.location");
    }
    props
}

fn settings(kind: ClientKind, props: &Props, pairs: &[(&str, &str)]) -> ClientSettings {
    let mut props = props.clone();
    for (key, value) in pairs {
        props.insert((*key).to_owned(), (*value).to_owned());
    }
    ClientSettings::from_props(kind, &props).unwrap()
}

fn admin(props: &Props, timeout_ms: &str) -> Admin {
    let pairs = [("default.api.timeout.ms", timeout_ms)];
    Admin::new(&settings(ClientKind::Admin, props, &pairs)).unwrap()
}

/// A member of a consumer group that reads a topic from its beginning.
struct Reader {
    consumer: GroupConsumer,
    batch: Batch,
    read: usize,
}

impl Reader {
    fn start(props: &Props, group: &str, topic: &str) -> Self {
        let pairs = [
            ("group.id", group),
            ("auto.offset.reset", "earliest"),
            ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "1000"),
        ];
        let settings = settings(ClientKind::Consumer, props, &pairs);
        let consumer = GroupConsumer::new(&settings).unwrap();
        consumer.subscribe(&[topic.to_owned()]).unwrap();
        let batch = Batch::new(consumer.limits());
        Self {
            consumer,
            batch,
            read: 0,
        }
    }

    async fn step(&mut self) {
        self.consumer.fill(&mut self.batch).unwrap();
        if let Some(Rebalance::Assigned {
            partitions,
            cooperative,
        }) = self.consumer.take_rebalance()
        {
            let partitions: Vec<_> = partitions
                .into_iter()
                .map(|it| (it, Position::Committed))
                .collect();
            self.consumer.assign(&partitions, cooperative).unwrap();
        }
        self.read += self.batch.len();
        drop(self.batch.take());
        tokio::time::timeout(Duration::from_millis(50), self.consumer.ready())
            .await
            .ok();
    }
}

fn send(producer: &Producer<Outcomes>, topic: &str, number: usize) {
    let record = OutgoingRecord {
        topic,
        partition: None,
        key: Some(b"key"),
        value: Some(b"value"),
        timestamp: None,
    };
    producer.send(&record, [], number as u64).unwrap();
}

/// Deletes a group that all have left: one whose connection was just logging in again did not say
/// so, and stays until its session is over.
async fn delete_group(admin: &Admin, group: &str) {
    let since = Instant::now();
    while let Err(error) = admin.delete_group(group).await {
        let is_left_over = matches!(
            error,
            ClientError::Request {
                code: ErrorCode::NonEmptyGroup,
                ..
            }
        );
        let is_time_left = since.elapsed() < Duration::from_secs(30);
        assert!(is_left_over && is_time_left, "{error}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The listener without TLS ends connections after three seconds that do not log in again
/// (KIP-368), and a token lives for five.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_every_kind_renew_their_tokens() {
    let server = TokenServer::start(Answer::Token("alice", 5));
    let props = props("SASL_PLAINTEXT", &server.url());
    let (topic, group) = (unique("oauth"), unique("oauth"));
    let admin = admin(&props, "20000");
    admin
        .create_topic(&NewTopic::new(topic.clone(), 1, 1).compacted())
        .await
        .unwrap();
    let outcomes = Outcomes::default();
    let producer = Producer::new(
        &settings(ClientKind::Producer, &props, &[]),
        outcomes.clone(),
    );
    let producer = producer.unwrap();
    let mut reader = Reader::start(&props, &group, &topic);
    let mut of_group = props.clone();
    of_group.insert("group.id".to_owned(), unique("oauth-wire"));
    let options = GroupOptions::from_props(&of_group, "connectd-test", "kafka-crate-tests");
    let mut member = TestMember::start(&options.unwrap(), "a");
    assert_eq!(member.assigned().await.work, "of a with a");

    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < Duration::from_secs(13) || reader.read < sent {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", reader.read);
        if began.elapsed() >= Duration::from_millis(500) * sent as u32 && sent < 26 {
            send(&producer, &topic, sent);
            sent += 1;
        }
        reader.step().await;
    }
    assert_eq!(reader.read, 26);
    until("every record is delivered", || outcomes.all().len() == 26).await;
    assert!(outcomes.all().iter().all(|(_, outcome)| outcome.is_ok()));
    assert!(member.events().is_empty(), "{:?}", member.events());
    assert!(member.leave().await);

    let configs = admin.topic_configs(&topic).await.unwrap().unwrap();
    assert!(configs.is_only_compacted());
    let log = settings(ClientKind::Consumer, &props, &[]);
    let summary = read_all(&admin, &log, &topic, |_| {}).await.unwrap();
    assert_eq!(summary.records, 26);
    reader.consumer.close(Duration::from_secs(10)).await;
    assert!(admin.group_offsets(&group).await.unwrap().is_empty());
    delete_group(&admin, &group).await;
    admin.delete_topic(&topic).await.unwrap();
    assert!(admin.describe_topic(&topic).await.unwrap().is_none());
    // All of them had one token at a time.
    let asked = server.requests().len();
    let most = began.elapsed().as_secs() as usize / 4 + 2;
    assert!(
        (3..=most).contains(&asked),
        "{asked} requests, not 3 to {most}"
    );
}

#[tokio::test]
async fn over_tls_too() {
    let server = TokenServer::start(Answer::Token("alice", 3600));
    let props = props("SASL_SSL", &server.url());
    let info = admin(&props, "20000");
    let info = info
        .describe_cluster(Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(info.brokers.len(), 1);
    let wire = WireSettings::from_settings(&settings(ClientKind::Admin, &props, &[])).unwrap();
    Connection::open(&wire, &wire.bootstrap()[0]).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_named_by_every_client() {
    let body = r#"{"error":"invalid_client","error_description":"no such client"}"#;
    let server = TokenServer::start(Answer::Refusal(401, body.to_owned()));
    let props = props("SASL_PLAINTEXT", &server.url());
    let admin = admin(&props, "4000");
    let asked = admin.describe_cluster(Duration::from_secs(4)).await;
    let created = admin
        .create_topic(&NewTopic::new(unique("oauth"), 1, 1))
        .await;
    let wire = WireSettings::from_settings(&settings(ClientKind::Admin, &props, &[])).unwrap();
    let connected = Connection::open(&wire, &wire.bootstrap()[0]).await;
    let connected = connected.unwrap_err();
    assert!(connected.is_retriable());
    let created = created.unwrap_err();
    assert!(created.is_retriable());
    for text in [
        asked.unwrap_err().to_string(),
        created.to_string(),
        connected.to_string(),
    ] {
        for part in ["/realms/x/token", "401", "invalid_client: no such client"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("hush"), "{text}");
    }
    // A producer's records wait for their time, and then say what they waited for.
    let pairs = [("delivery.timeout.ms", "4000"), ("linger.ms", "0")];
    let outcomes = Outcomes::default();
    let producer = Producer::new(
        &settings(ClientKind::Producer, &props, &pairs),
        outcomes.clone(),
    );
    let producer = producer.unwrap();
    send(&producer, "any", 0);
    until("the record is given up", || !outcomes.all().is_empty()).await;
    let (_, outcome) = outcomes.all().remove(0);
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("invalid_client: no such client"), "{text}");
}

#[tokio::test]
async fn an_endpoint_that_comes_later_is_enough() {
    let address = TokenServer::free_address();
    let props = props("SASL_PLAINTEXT", &url(address));
    let admin = admin(&props, "40000");
    let coming = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        TokenServer::start_at(address, Answer::Token("alice", 60))
    });
    let mut of_group = props.clone();
    of_group.insert("group.id".to_owned(), unique("oauth-late"));
    let options = GroupOptions::from_props(&of_group, "connectd-test", "kafka-crate-tests");
    let mut member = TestMember::start(&options.unwrap(), "a");
    let problem = member.problem().await;
    assert!(problem.contains("/realms/x/token"), "{problem}");
    admin
        .describe_cluster(Duration::from_secs(40))
        .await
        .unwrap();
    assert_eq!(member.assigned().await.work, "of a with a");
    assert!(member.leave().await);
    drop(coming.await.unwrap());
}

/// The login module's own trust store and key store are those of the connection to the endpoint.
#[tokio::test]
async fn an_endpoint_with_tls_and_certificates_of_clients() {
    let folder = variable("KAFKA_SECURED_TLS");
    let server = TokenServer::start_tls(&folder, Answer::Token("alice", 60));
    let endpoint = server.url().replace("http:", "https:");
    let trust = |ca: &str| format!("ssl.truststore.location=\"{folder}/{ca}\"");
    let own = format!(
        "ssl.keystore.location=\"{folder}/client-encrypted.pem\" ssl.key.password=key-secret"
    );
    let connect = async |tls: &str| {
        let mut props = props("SASL_PLAINTEXT", &endpoint);
        let jaas = format!("{MODULE} required clientId=connect clientSecret=hush {tls};");
        props.insert("sasl.jaas.config".to_owned(), jaas);
        let wire = WireSettings::from_settings(&settings(ClientKind::Admin, &props, &[])).unwrap();
        let connection = Connection::open(&wire, &wire.bootstrap()[0]).await;
        connection.map(drop).map_err(|error| error.to_string())
    };
    let (ours, other) = (trust("ca.pem"), trust("other-ca.pem"));
    connect(&format!("{ours} {own}")).await.unwrap();
    for untrusted in [own.clone(), format!("{other} {own}")] {
        let text = connect(&untrusted).await.unwrap_err();
        assert!(text.contains("certificate verify failed"), "{text}");
    }
    let text = connect(&ours).await.unwrap_err();
    assert!(text.contains("cannot be asked"), "{text}");
    let unnamed = format!("{ours} {own} ssl.endpoint.identification.algorithm=\"\"");
    connect(&unnamed).await.unwrap();
}

/// librdkafka makes the first unsecured token itself.
#[tokio::test]
async fn unsecured_tokens_go_on() {
    let mut props = props("SASL_PLAINTEXT", "");
    for key in [
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.login.callback.handler.class",
        "sasl.jaas.config",
    ] {
        props.remove(key);
    }
    for (key, value) in [
        ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
        ("sasl.oauthbearer.config", "principal=alice lifeSeconds=4"),
    ] {
        props.insert(key.to_owned(), value.to_owned());
    }
    let admin = admin(&props, "20000");
    let topic = unique("oauth");
    let wanted = NewTopic::new(topic.clone(), 1, 1);
    admin.create_topic(&wanted).await.unwrap();
    let outcomes = Outcomes::default();
    let producer = Producer::new(
        &settings(ClientKind::Producer, &props, &[]),
        outcomes.clone(),
    );
    let producer = producer.unwrap();
    for number in 0..10 {
        send(&producer, &topic, number);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    until("every record is delivered", || outcomes.all().len() == 10).await;
    assert!(outcomes.all().iter().all(|(_, outcome)| outcome.is_ok()));
    admin.delete_topic(&topic).await.unwrap();
}
