//! TLS and logins of a connection of our own, against a real broker that wants them.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod group_support;
mod support;

use std::time::{Duration, Instant};

use connect_kafka::group::GroupOptions;
use connect_kafka::settings::worker;
use connect_kafka::wire::{Connection, WireError, WireSettings};
use connect_kafka::{ClientKind, ClientSettings, Props, SettingsError};
use group_support::*;
use support::unique;

const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";
const OAUTH: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: start the broker with `tests/services/up kafka-secured` and export what it prints")
    })
}

fn tls(file: &str) -> String {
    format!("{}/{file}", variable("KAFKA_SECURED_TLS"))
}

/// A worker's properties that lead to a listener.
fn props(listener: &str, pairs: &[(&str, &str)]) -> Props {
    let mut props = Props::from([
        (
            "bootstrap.servers".to_owned(),
            variable(&format!("KAFKA_SECURED_{listener}")),
        ),
        ("security.protocol".to_owned(), listener.to_owned()),
    ]);
    for (key, value) in [
        ("session.timeout.ms", "10000"),
        ("rebalance.timeout.ms", "60000"),
        ("heartbeat.interval.ms", "3000"),
    ] {
        props.insert(key.to_owned(), value.to_owned());
    }
    if listener.ends_with("SSL") {
        props.insert("ssl.truststore.location".to_owned(), tls("ca.pem"));
    }
    for (key, value) in pairs {
        props.insert((*key).to_owned(), (*value).to_owned());
    }
    props
}

fn login(module: &str, mechanism: &str, user: &str, password: &str) -> [(&'static str, String); 2] {
    let jaas = format!("{module} required username=\"{user}\" password=\"{password}\";");
    [
        ("sasl.mechanism", mechanism.to_owned()),
        ("sasl.jaas.config", jaas),
    ]
}

fn borrowed<'a>(pairs: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    pairs
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect()
}

fn wire(props: &Props) -> Result<WireSettings, SettingsError> {
    let client = worker::worker_admin(props, "kafka-crate-tests");
    WireSettings::from_settings(&ClientSettings::from_props(ClientKind::Admin, &client)?)
}

async fn connect(props: &Props) -> Result<Connection, WireError> {
    let settings = wire(props).unwrap();
    Connection::open(&settings, &settings.bootstrap()[0]).await
}

/// Joins a group, which shows that the requests after the login are let through too.
async fn join(props: &Props) {
    let mut props = props.clone();
    props.insert("group.id".to_owned(), unique("secured"));
    let options = GroupOptions::from_props(&props, "connectd-test", "kafka-crate-tests").unwrap();
    let mut member = TestMember::start(&options, "a");
    assert_eq!(member.assigned().await.work, "of a with a");
    assert!(member.leave().await);
}

#[tokio::test]
async fn logins_of_every_mechanism() {
    for listener in ["SASL_SSL", "SASL_PLAINTEXT"] {
        for (module, mechanism) in [
            (PLAIN, "PLAIN"),
            (SCRAM, "SCRAM-SHA-256"),
            (SCRAM, "SCRAM-SHA-512"),
        ] {
            let pairs = login(module, mechanism, "alice", "alice-secret");
            join(&props(listener, &borrowed(&pairs))).await;
        }
        let jaas = format!("{OAUTH} required unsecuredLoginStringClaim_sub=\"alice\";");
        let pairs = [
            ("sasl.mechanism", "OAUTHBEARER"),
            ("sasl.jaas.config", jaas.as_str()),
        ];
        join(&props(listener, &pairs)).await;
    }
}

#[tokio::test]
async fn wrong_logins_are_refused_by_name_and_tried_again() {
    for (module, mechanism) in [
        (PLAIN, "PLAIN"),
        (SCRAM, "SCRAM-SHA-256"),
        (SCRAM, "SCRAM-SHA-512"),
    ] {
        let pairs = login(module, mechanism, "alice", "not-her-secret");
        let props = props("SASL_SSL", &borrowed(&pairs));
        let error = connect(&props).await.unwrap_err();
        assert!(matches!(error, WireError::Authentication { .. }), "{error}");
        assert!(!error.is_retriable());
        let text = error.to_string();
        assert!(
            text.contains(mechanism) && text.contains("SASL_AUTHENTICATION_FAILED"),
            "{text}"
        );
        assert!(!text.contains("not-her-secret"), "{text}");
    }
    let pairs = login(PLAIN, "PLAIN", "alice", "not-her-secret");
    let mut props = props("SASL_PLAINTEXT", &borrowed(&pairs));
    props.insert("group.id".to_owned(), unique("secured"));
    let options = GroupOptions::from_props(&props, "connectd-test", "kafka-crate-tests").unwrap();
    let member = TestMember::start(&options, "a");
    let problem = member.problem().await;
    assert!(problem.contains("refused the PLAIN login"), "{problem}");
    let mut health = member.handle.health();
    let again = health.wait_for(|health| {
        health
            .problem
            .as_ref()
            .is_some_and(|problem| problem.times > 1)
    });
    tokio::time::timeout(Duration::from_secs(20), again)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_principal_without_rights_is_told_which_one_it_needs() {
    let pairs = login(PLAIN, "PLAIN", "mallory", "mallory-secret");
    let mut props = props("SASL_PLAINTEXT", &borrowed(&pairs));
    props.insert("group.id".to_owned(), unique("secured"));
    let options = GroupOptions::from_props(&props, "connectd-test", "kafka-crate-tests").unwrap();
    let problem = TestMember::start(&options, "a").problem().await;
    assert!(problem.contains("GROUP_AUTHORIZATION_FAILED"), "{problem}");
    assert!(
        problem.contains("the operation READ on the group"),
        "{problem}"
    );
}

/// The broker ends connections whose login is older than three seconds (KIP-368).
#[tokio::test]
async fn logins_are_renewed_before_the_broker_wants_it() {
    let pairs = login(SCRAM, "SCRAM-SHA-512", "alice", "alice-secret");
    let mut props = props("SASL_PLAINTEXT", &borrowed(&pairs));
    for (key, value) in [
        ("group.id", unique("secured").as_str()),
        ("heartbeat.interval.ms", "300"),
        ("session.timeout.ms", "6000"),
    ] {
        props.insert(key.to_owned(), value.to_owned());
    }
    let options = GroupOptions::from_props(&props, "connectd-test", "kafka-crate-tests").unwrap();
    let mut member = TestMember::start(&options, "a");
    member.assigned().await;
    let (health, answered) = (member.handle.health(), member.handle.last_answered());
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(8) {
        assert!(health.borrow().problem.is_none(), "{:?}", health.borrow());
        assert!(answered.is_within(Duration::from_secs(2)));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(member.events().is_empty());
    assert!(member.leave().await);
}

#[tokio::test]
async fn certificates_of_the_client() {
    let (pem, encrypted, p12) = (
        tls("client.pem"),
        tls("client-encrypted.pem"),
        tls("client.p12"),
    );
    let key = std::fs::read_to_string(tls("client.key")).unwrap();
    let chain = std::fs::read_to_string(tls("client.crt")).unwrap();
    let one_line = chain.replace('\n', " ");
    let stores: [&[(&str, &str)]; 4] = [
        &[
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", &pem),
        ],
        &[
            ("ssl.keystore.location", &encrypted),
            ("ssl.key.password", "key-secret"),
        ],
        &[
            ("ssl.keystore.location", &p12),
            ("ssl.keystore.password", "store-secret"),
        ],
        &[
            ("ssl.keystore.key", &key),
            ("ssl.keystore.certificate.chain", &one_line),
        ],
    ];
    for store in stores {
        join(&props("SSL", store)).await;
    }
}

#[tokio::test]
async fn key_stores_that_cannot_be_used_are_named() {
    let (encrypted, p12, crt) = (
        tls("client-encrypted.pem"),
        tls("client.p12"),
        tls("client.crt"),
    );
    let stores: [(&str, &[(&str, &str)]); 5] = [
        ("ssl.key.password", &[("ssl.keystore.location", &encrypted)]),
        (
            "ssl.keystore.location",
            &[
                ("ssl.keystore.location", &p12),
                ("ssl.keystore.password", "no"),
            ],
        ),
        ("private key", &[("ssl.keystore.location", &crt)]),
        ("/no/such.pem", &[("ssl.keystore.location", "/no/such.pem")]),
        ("keytool", &[("ssl.keystore.location", "/etc/client.jks")]),
    ];
    for (part, store) in stores {
        let error = wire(&props("SSL", store)).unwrap_err().to_string();
        assert!(
            error.contains("ssl.key") && error.contains(part),
            "{part}: {error}"
        );
    }
}

#[tokio::test]
async fn brokers_that_cannot_be_trusted_are_refused() {
    let alice = login(PLAIN, "PLAIN", "alice", "alice-secret");
    let mut other = props("SASL_SSL", &borrowed(&alice));
    other.insert("ssl.truststore.location".to_owned(), tls("other-ca.pem"));
    let error = connect(&other).await.unwrap_err();
    assert!(matches!(error, WireError::Tls { .. }), "{error}");
    assert!(!error.is_retriable());

    // The certificate is for 127.0.0.1.
    let mut named = props("SASL_SSL", &borrowed(&alice));
    let by_name = named["bootstrap.servers"].replace("127.0.0.1", "localhost");
    named.insert("bootstrap.servers".to_owned(), by_name);
    let error = connect(&named).await.unwrap_err();
    assert!(error.to_string().contains("hostname mismatch"), "{error}");
    named.insert(
        "ssl.endpoint.identification.algorithm".to_owned(),
        String::new(),
    );
    connect(&named).await.unwrap();

    let inline = std::fs::read_to_string(tls("ca.pem")).unwrap();
    let mut trusting = props("SASL_SSL", &borrowed(&alice));
    trusting.remove("ssl.truststore.location");
    assert!(matches!(
        connect(&trusting).await,
        Err(WireError::Tls { .. })
    ));
    trusting.insert("ssl.truststore.certificates".to_owned(), inline);
    connect(&trusting).await.unwrap();
}

#[tokio::test]
async fn the_wrong_protocol_at_a_port_is_told() {
    let mut plain = props("SSL", &[]);
    plain.insert("security.protocol".to_owned(), "PLAINTEXT".to_owned());
    let text = connect(&plain).await.unwrap_err().to_string();
    assert!(
        text.contains("speaks TLS") || text.contains("lost"),
        "{text}"
    );
    // A broker that wants a certificate and gets none.
    let error = connect(&props("SSL", &[])).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    let pairs = login(SCRAM, "SCRAM-SHA-256", "alice", "alice-secret");
    let mut unencrypted = props("SASL_PLAINTEXT", &borrowed(&pairs));
    unencrypted.insert("security.protocol".to_owned(), "SASL_SSL".to_owned());
    let error = connect(&unencrypted).await.unwrap_err();
    assert!(
        matches!(error, WireError::Tls { .. } | WireError::Lost { .. }),
        "{error}"
    );
}
