use super::*;

fn props(pairs: &[(&str, &str)]) -> Props {
    let mut props = Props::from([("bootstrap.servers".to_owned(), "a:9092, b:9092".to_owned())]);
    for (key, value) in pairs {
        props.insert((*key).to_owned(), (*value).to_owned());
    }
    props
}

fn build(kind: ClientKind, pairs: &[(&str, &str)]) -> Result<ClientSettings, SettingsError> {
    ClientSettings::from_props(kind, &props(pairs))
}

fn producer(pairs: &[(&str, &str)]) -> ClientSettings {
    build(ClientKind::Producer, pairs).unwrap()
}

const SSL: (&str, &str) = ("security.protocol", "SSL");
const SASL: (&str, &str) = ("security.protocol", "SASL_SSL");

#[test]
fn bootstrap_servers_are_required_and_cleaned() {
    let error = ClientSettings::from_props(ClientKind::Admin, &Props::new()).unwrap_err();
    assert_eq!(error.key(), "bootstrap.servers");
    assert_eq!(
        producer(&[]).get("bootstrap.servers"),
        Some("a:9092,b:9092")
    );
}

#[test]
fn producer_defaults_are_javas() {
    let settings = producer(&[]);
    assert_eq!(settings.get("partitioner"), Some("murmur2_random"));
    assert_eq!(settings.get("acks"), Some("all"));
    assert_eq!(settings.get("enable.idempotence"), Some("true"));
    assert_eq!(
        settings.get("max.in.flight.requests.per.connection"),
        Some("5")
    );
    assert_eq!(settings.get("queue.buffering.max.kbytes"), Some("32768"));
    assert_eq!(settings.max_block(), None);
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
}

#[test]
fn idempotence_gives_way_when_it_was_not_asked_for() {
    for conflict in [
        ("acks", "1"),
        ("retries", "0"),
        ("max.in.flight.requests.per.connection", "6"),
    ] {
        assert_eq!(
            producer(&[conflict]).get("enable.idempotence"),
            Some("false"),
            "{conflict:?}"
        );
    }
}

#[test]
fn names_and_units_are_translated() {
    let settings = producer(&[
        ("buffer.memory", "33554433"),
        ("max.request.size", "2097152"),
        ("compression.type", "LZ4"),
        ("send.buffer.bytes", "-1"),
        ("metadata.max.age.ms", "60000"),
        ("request.timeout.ms", "20000"),
        ("max.block.ms", "5000"),
        ("connections.max.idle.ms", "-1"),
        ("batch.size", "0"),
    ]);
    assert_eq!(settings.get("queue.buffering.max.kbytes"), Some("32769"));
    assert_eq!(settings.get("message.max.bytes"), Some("2097152"));
    assert_eq!(settings.get("compression.type"), Some("lz4"));
    assert_eq!(settings.get("socket.send.buffer.bytes"), Some("0"));
    assert_eq!(
        settings.get("topic.metadata.refresh.interval.ms"),
        Some("60000")
    );
    assert_eq!(settings.get("request.timeout.ms"), Some("20000"));
    assert_eq!(settings.get("connections.max.idle.ms"), Some("0"));
    assert_eq!(settings.get("batch.size"), Some("1"));
    assert_eq!(settings.max_block(), Some(Duration::from_secs(5)));
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
    let consumer = build(
        ClientKind::Consumer,
        &[("request.timeout.ms", "20000"), ("max.poll.records", "7")],
    );
    let consumer = consumer.unwrap();
    assert_eq!(consumer.get("socket.timeout.ms"), Some("20000"));
    assert_eq!(consumer.max_poll_records(), Some(7));
    assert_eq!(consumer.get("isolation.level"), Some("read_uncommitted"));
}

#[test]
fn numbers_outside_librdkafkas_range_are_moved_with_a_warning() {
    let settings = producer(&[("linger.ms", "99999999")]);
    assert_eq!(settings.get("linger.ms"), Some("900000"));
    assert!(settings.warnings()[0].contains("'linger.ms' is 900000 instead of 99999999"));
}

#[test]
fn settings_without_effect_are_warned_about_by_name() {
    let settings = producer(&[
        ("interceptor.classes", "io.confluent.Monitoring"),
        (
            "key.serializer",
            "org.apache.kafka.common.serialization.ByteArraySerializer",
        ),
        ("fetch.min.bytes", "1"),
        ("no.such.setting", "x"),
        ("metrics.context.a", "b"),
        ("sasl.mechanism", "PLAIN"),
    ]);
    for key in [
        "interceptor.classes",
        "key.serializer",
        "fetch.min.bytes",
        "no.such.setting",
        "metrics.context.a",
        "sasl.mechanism",
    ] {
        let named = settings
            .warnings()
            .iter()
            .filter(|w| w.contains(&format!("'{key}'")));
        assert_eq!(named.count(), 1, "{key}: {:?}", settings.warnings());
        assert_eq!(settings.get(key), None);
    }
}

#[test]
fn librdkafkas_own_names_pass_through() {
    let settings = producer(&[
        ("queue.buffering.max.messages", "500"),
        ("message.timeout.ms", "1000"),
        ("ssl.ca.location", "/etc/ca.pem"),
    ]);
    assert_eq!(settings.get("queue.buffering.max.messages"), Some("500"));
    assert_eq!(settings.get("message.timeout.ms"), Some("1000"));
    assert_eq!(settings.get("ssl.ca.location"), Some("/etc/ca.pem"));
    assert!(settings.warnings().is_empty());
}

#[test]
fn bad_values_name_the_setting_and_the_value() {
    for (key, value) in [
        ("linger.ms", "soon"),
        ("security.protocol", "TLS"),
        ("queue.buffering.max.messages", "many"),
        ("compression.type", "brotli"),
        ("acks", "some"),
        ("client.dns.lookup", "guess"),
    ] {
        let error = build(ClientKind::Producer, &[(key, value)]).unwrap_err();
        assert_eq!(error.key(), key);
        assert!(
            error
                .to_string()
                .to_lowercase()
                .contains(&value.to_lowercase()),
            "{error}"
        );
        assert!(!error.is_retriable());
    }
    let error = build(ClientKind::Consumer, &[("auto.offset.reset", "soonest")]).unwrap_err();
    assert_eq!(error.key(), "auto.offset.reset");
}

#[test]
fn what_would_run_code_or_break_delivery_is_refused() {
    for key in [
        "plugin.library.paths",
        "delivery.report.only.error",
        "sasl.kerberos.kinit.cmd",
    ] {
        let error = build(ClientKind::Producer, &[(key, "true")]).unwrap_err();
        assert!(
            matches!(error, SettingsError::Forbidden { .. }),
            "{key}: {error}"
        );
    }
}

#[test]
fn a_java_partitioner_that_would_move_keys_is_refused() {
    let error = build(
        ClientKind::Producer,
        &[("partitioner.class", "com.acme.Mine")],
    )
    .unwrap_err();
    assert!(error.to_string().contains("com.acme.Mine"), "{error}");
    let known = "org.apache.kafka.clients.producer.internals.DefaultPartitioner";
    assert_eq!(
        producer(&[("partitioner.class", known)]).get("partitioner"),
        Some("murmur2_random")
    );
}

#[test]
fn plain_and_scram_logins_come_from_the_jaas_line() {
    let plain = producer(&[
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "PLAIN"),
        (
            "sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required \
             username=\"alice\" password=\"alice-secret\";",
        ),
    ]);
    assert_eq!(plain.get("security.protocol"), Some("sasl_plaintext"));
    assert_eq!(plain.get("sasl.mechanism"), Some("PLAIN"));
    assert_eq!(plain.get("sasl.username"), Some("alice"));
    assert_eq!(plain.get("sasl.password"), Some("alice-secret"));
    assert!(plain.warnings().is_empty(), "{:?}", plain.warnings());
    assert!(!format!("{plain:?}").contains("alice-secret"));
    let scram = producer(&[
        SASL,
        ("sasl.mechanism", "SCRAM-SHA-512"),
        (
            "sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required \
             username=bob password='p;w';",
        ),
    ]);
    assert_eq!(scram.get("sasl.password"), Some("p;w"));
}

#[test]
fn logins_that_cannot_work_are_refused_without_telling_the_secret() {
    let jaas = "a.ScramLoginModule required username=\"u\" password=\"hidden-pw\";";
    let error = build(
        ClientKind::Producer,
        &[
            SASL,
            ("sasl.mechanism", "PLAIN"),
            ("sasl.jaas.config", jaas),
        ],
    )
    .unwrap_err();
    assert_eq!(error.key(), "sasl.jaas.config");
    assert!(error.to_string().contains("PlainLoginModule"), "{error}");
    assert!(!error.to_string().contains("hidden-pw"), "{error}");
    for (mechanism, key) in [
        ("GSSAPI", "sasl.mechanism"),
        ("AWS_MSK_IAM", "sasl.mechanism"),
        ("PLAIN", "sasl.jaas.config"),
    ] {
        let error = build(ClientKind::Admin, &[SASL, ("sasl.mechanism", mechanism)]).unwrap_err();
        assert_eq!(error.key(), key, "{error}");
    }
}

#[test]
fn trust_and_key_stores() {
    let pem = producer(&[
        SSL,
        ("ssl.truststore.type", "PEM"),
        ("ssl.truststore.location", "/etc/ca"),
        ("ssl.keystore.location", "/etc/client.p12"),
        ("ssl.keystore.password", "pw"),
        ("ssl.endpoint.identification.algorithm", ""),
    ]);
    assert_eq!(pem.get("ssl.ca.location"), Some("/etc/ca"));
    assert_eq!(pem.get("ssl.truststore.location"), None);
    assert_eq!(pem.get("ssl.keystore.location"), Some("/etc/client.p12"));
    assert_eq!(pem.get("ssl.keystore.password"), Some("pw"));
    assert_eq!(
        pem.get("ssl.endpoint.identification.algorithm"),
        Some("none")
    );
    let error = build(
        ClientKind::Producer,
        &[SSL, ("ssl.truststore.location", "/etc/trust.jks")],
    )
    .unwrap_err();
    assert!(error.to_string().contains("keytool"), "{error}");
    let error = build(
        ClientKind::Producer,
        &[SSL, ("ssl.keystore.location", "/etc/key.jks")],
    )
    .unwrap_err();
    assert!(error.to_string().contains("PKCS12"), "{error}");
    let inline = producer(&[
        SSL,
        ("ssl.keystore.type", "PEM"),
        ("ssl.keystore.location", "/k.pem"),
    ]);
    assert_eq!(inline.get("ssl.key.location"), Some("/k.pem"));
    assert_eq!(inline.get("ssl.certificate.location"), Some("/k.pem"));
    // Without TLS they are the REST listener's business.
    let plain = producer(&[("ssl.keystore.location", "/etc/key.jks")]);
    assert!(plain.warnings()[0].contains("'ssl.keystore.location'"));
}

#[test]
fn a_source_tasks_producer_is_layered_as_connect_does() {
    let worker = props(&[
        ("security.protocol", "SSL"),
        ("ssl.truststore.location", "/ca.pem"),
        ("session.timeout.ms", "10000"),
        ("group.id", "connect-cluster"),
        ("producer.linger.ms", "5"),
        ("producer.compression.type", "lz4"),
        ("consumer.max.poll.records", "10"),
    ]);
    let connector = Props::from([
        ("name".to_owned(), "x".to_owned()),
        (
            "producer.override.compression.type".to_owned(),
            "zstd".to_owned(),
        ),
    ]);
    let merged = worker::source_task_producer(&worker, &connector, "connector-producer-x-0");
    let expected = [
        ("acks", "all"),
        ("batch.num.messages", "600"),
        ("bootstrap.servers", "a:9092, b:9092"),
        ("client.id", "connector-producer-x-0"),
        ("compression.type", "zstd"),
        ("delivery.timeout.ms", "2147483647"),
        ("linger.ms", "5"),
        ("max.block.ms", "9223372036854775807"),
        ("queue.buffering.max.messages", "1200"),
        ("security.protocol", "SSL"),
        ("ssl.truststore.location", "/ca.pem"),
    ];
    assert_eq!(merged, props(&expected[..]));
    let settings = ClientSettings::from_props(ClientKind::Producer, &merged).unwrap();
    assert_eq!(settings.get("enable.idempotence"), Some("true"));
    assert_eq!(settings.max_block(), None);
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
}

#[test]
fn storage_clients_and_sink_consumers() {
    let worker = props(&[("group.id", "cluster"), ("consumer.fetch.max.wait.ms", "7")]);
    let storage = worker::storage_consumer(&worker, "cluster-configs");
    assert_eq!(storage.get("group.id").map(String::as_str), Some("cluster"));
    assert_eq!(storage.get("fetch.max.wait.ms"), None);
    let producer = worker::storage_producer(&worker, "cluster-configs");
    let settings = ClientSettings::from_props(ClientKind::Producer, &producer).unwrap();
    assert_eq!(settings.get("enable.idempotence"), Some("false"));
    assert_eq!(
        settings.get("max.in.flight.requests.per.connection"),
        Some("1")
    );
    let sink = worker::sink_task_consumer(&worker, &Props::new(), "connect-s", "c");
    let settings = ClientSettings::from_props(ClientKind::Consumer, &sink).unwrap();
    assert_eq!(settings.get("auto.offset.reset"), Some("earliest"));
    assert_eq!(settings.get("fetch.wait.max.ms"), Some("7"));
    assert_eq!(settings.get("enable.auto.commit"), Some("false"));
}
