//! Elasticsearch and the schema registry behind TLS and behind an HTTP proxy. Both are the real
//! ones; only what stands before them is the test's.

use std::net::SocketAddr;

use connectd_harness::{
    Authority, Certificate, HttpProxy, PKCS12_PASSWORD, Registry, Rest, TlsFront, Worker,
    beside_others, eventually, unique, variable, wait_for_records,
};
use serde_json::{Value, json};

use crate::common::options;

/// Settings and what they are.
type Settings<'s> = Vec<(&'s str, String)>;

/// The host, port and path of a service's URL.
fn place(variable_name: &str) -> (SocketAddr, String) {
    let url = variable(variable_name);
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (host.parse().expect("an address"), path.to_owned())
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

/// An authority, the server's certificate for loopback, and a client's.
fn certificates() -> (Authority, Certificate, Certificate) {
    let authority = Authority::new();
    let server = authority.sign("server", "IP:127.0.0.1");
    let client = authority.sign("connectd", "DNS:client");
    (authority, server, client)
}

/// Posts a connector and waits until its task is in `state`; its trace.
async fn run(worker: &Worker, name: &str, config: Value, state: &str) -> String {
    let body = json!({ "name": name, "config": config });
    worker.rest.create(&body).await;
    let status = worker.rest.wait_for_task(name, state).await;
    let trace = status["tasks"][0]["trace"].as_str();
    trace.unwrap_or_default().to_owned()
}

/// Posts a connector that must be refused, with these words. A server that closes the connection
/// after its alert may reset it before the alert is read: then there is nothing but the reset, and
/// it is asked again.
async fn refused(worker: &Worker, config: Value, words: &[&str]) {
    let body = json!({ "name": unique("refused"), "config": config }).to_string();
    let mut tries = 0;
    let answer = loop {
        let answer = worker.rest.send("POST", "/connectors", Some(&body)).await;
        tries += 1;
        if tries == 10 || !answer.text.contains("Connection reset by peer") {
            break answer;
        }
    };
    assert_eq!(answer.status, 400, "{}", answer.text);
    for word in words {
        assert!(answer.text.contains(word), "{word}: {}", answer.text);
    }
}

fn with(mut config: Value, more: &Settings<'_>) -> Value {
    for (key, value) in more {
        config[*key] = value.as_str().into();
    }
    config
}

fn elasticsearch(url: &str, topic: &str, more: &Settings<'_>) -> Value {
    let config = json!({
        "connector.class": "ElasticsearchSink",
        "topics": topic,
        "connection.url": url,
        "max.retries": "1",
        "retry.backoff.ms": "50",
        "schema.ignore": "true",
        "key.ignore": "true",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    });
    with(config, more)
}

async fn send(topic: &str) {
    let record = connectd_harness::NewRecord::value(r#"{"n":1}"#);
    connectd_harness::produce(topic, vec![record]).await;
}

/// Waits for the only document of the index of `topic`, and deletes the index.
async fn wait_for_document(topic: &str) {
    let server = Rest::new(variable("ELASTICSEARCH_URL"));
    let path = format!("/{topic}/_doc/{topic}+0+0");
    eventually(&format!("a document in {topic}"), async || {
        let answer = server.try_send("GET", &path, None).await?;
        (answer.status == 200).then_some(())
    })
    .await;
    server.send("DELETE", &format!("/{topic}"), None).await;
}

const SSL: &str = "elastic.security.protocol";
const TRUSTED: &str = "elastic.https.ssl.truststore.location";
const KEY_STORE: &str = "elastic.https.ssl.keystore.location";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elasticsearch_wants_a_client_certificate() {
    let _turn = beside_others().await;
    let (authority, server, client) = certificates();
    let (upstream, _) = place("ELASTICSEARCH_URL");
    let front = TlsFront::start(upstream, &server, Some(&authority)).await;
    let url = format!("https://{}", front.address);
    let worker = Worker::start(options()).await;
    let trusting = || vec![(SSL, "SSL".to_owned()), (TRUSTED, shown(&authority.pem()))];
    for store in [
        vec![(KEY_STORE, shown(&client.pem))],
        vec![
            (KEY_STORE, shown(&client.pkcs12)),
            (
                "elastic.https.ssl.keystore.password",
                PKCS12_PASSWORD.to_owned(),
            ),
        ],
    ] {
        let topic = unique("es-tls");
        send(&topic).await;
        let settings = [trusting(), store].concat();
        let config = elasticsearch(&url, &topic, &settings);
        run(&worker, &unique("tls"), config, "RUNNING").await;
        wait_for_document(&topic).await;
    }
    let clients = front.clients();
    assert!(!clients.is_empty());
    assert!(clients.iter().all(|name| name == "connectd"), "{clients:?}");

    let topic = unique("es-tls");
    let strangers: [(Settings<'_>, &[&str]); 2] = [
        // It is not trusted, and nothing says that it may be.
        (
            vec![],
            &[
                "certificate verify failed",
                &url,
                TRUSTED,
                "elastic.security.protocol=SSL",
            ],
        ),
        // It is trusted, but we are nobody.
        (trusting(), &["certificate required", &url, KEY_STORE]),
    ];
    for (settings, expected) in strangers {
        let config = elasticsearch(&url, &topic, &settings);
        refused(&worker, config, expected).await;
    }
    assert_eq!(front.clients(), clients);
}

/// Basic `proxy-user:proxy-secret`.
const LOGIN: &str = "Basic cHJveHktdXNlcjpwcm94eS1zZWNyZXQ=";

fn through(proxy: &HttpProxy, password: &str) -> Settings<'static> {
    vec![
        ("proxy.host", proxy.address.ip().to_string()),
        ("proxy.port", proxy.address.port().to_string()),
        ("proxy.username", "proxy-user".to_owned()),
        ("proxy.password", password.to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elasticsearch_is_reached_through_a_proxy() {
    let _turn = beside_others().await;
    let authority = Authority::new();
    let server = authority.sign("server", "DNS:search.internal");
    let (upstream, _) = place("ELASTICSEARCH_URL");
    let front = TlsFront::start(upstream, &server, None).await;
    // Names that only the proxy knows.
    let hosts = [
        ("search.internal:9200", upstream),
        ("search.internal:9243", front.address),
    ];
    let proxy = HttpProxy::start(&hosts, Some(LOGIN)).await;
    let worker = Worker::start(options()).await;
    let (plain, secure) = (
        "http://search.internal:9200",
        "https://search.internal:9243",
    );
    let trusting = vec![(SSL, "SSL".to_owned()), (TRUSTED, shown(&authority.pem()))];
    for (url, more) in [(plain, vec![]), (secure, trusting)] {
        let topic = unique("es-proxied");
        send(&topic).await;
        let settings = [through(&proxy, "proxy-secret"), more].concat();
        let config = elasticsearch(url, &topic, &settings);
        run(&worker, &unique("proxied"), config, "RUNNING").await;
        wait_for_document(&topic).await;
    }
    let passed = proxy.passed();
    let bulk = "POST http://search.internal:9200/_bulk";
    for start in [bulk, "CONNECT search.internal:9243 "] {
        let found = passed.iter().any(|line| line.starts_with(start));
        assert!(found, "{start} is not in {passed:?}");
    }

    let topic = unique("es-proxied");
    let wrong = through(&proxy, "wrong");
    for (url, words) in [(plain, "407"), (secure, "proxy authorization required")] {
        let config = elasticsearch(url, &topic, &wrong);
        refused(&worker, config, &[words, "check proxy.username"]).await;
    }
    assert_eq!(proxy.passed(), passed);
}

/// A source of one line in Avro, by a registry with these settings.
fn avro_source(worker: &Worker, topic: &str, url: &str, more: &Settings<'_>) -> Value {
    let file = worker.folder().join(format!("{topic}.txt"));
    std::fs::write(&file, "a line\n").expect("written");
    let mut config = json!({
        "connector.class": "FileStreamSource",
        "file": shown(&file),
        "topic": topic,
        "value.converter": "io.confluent.connect.avro.AvroConverter",
        "value.converter.schema.registry.url": url,
    });
    for (key, value) in more {
        config[format!("value.converter.schema.registry.{key}")] = value.as_str().into();
    }
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_wants_a_client_certificate() {
    let _turn = beside_others().await;
    let (authority, server, client) = certificates();
    let (upstream, path) = place("SCHEMA_REGISTRY_URL");
    let front = TlsFront::start(upstream, &server, Some(&authority)).await;
    let url = format!("https://{}{path}", front.address);
    let worker = Worker::start(options()).await;
    let trusting = || vec![("ssl.truststore.location", shown(&authority.pem()))];
    for store in [
        vec![("ssl.keystore.location", shown(&client.pem))],
        vec![
            ("ssl.keystore.location", shown(&client.pkcs12)),
            ("ssl.keystore.password", PKCS12_PASSWORD.to_owned()),
        ],
    ] {
        let topic = unique("registry-tls");
        let settings = [trusting(), store].concat();
        let config = avro_source(&worker, &topic, &url, &settings);
        run(&worker, &topic, config, "RUNNING").await;
        let line = wait_for_records(&topic, 1).await.remove(0);
        let (schema, value) = Registry::new().read(&line.value.expect("a value")).await;
        assert_eq!((&*schema, &value), (r#""string""#, &json!("a line")));
    }
    let clients = front.clients();
    assert!(!clients.is_empty());
    assert!(clients.iter().all(|name| name == "connectd"), "{clients:?}");

    let strangers: [(Settings<'_>, &[&str]); 2] = [
        (
            vec![],
            &[
                "certificate verify failed",
                &url,
                "schema.registry.ssl.truststore.location",
            ],
        ),
        (
            trusting(),
            &[
                "certificate required",
                &url,
                "schema.registry.ssl.keystore.location",
            ],
        ),
    ];
    for (settings, expected) in strangers {
        let topic = unique("registry-tls");
        let config = avro_source(&worker, &topic, &url, &settings);
        let trace = run(&worker, &topic, config, "FAILED").await;
        for part in expected {
            assert!(trace.contains(part), "{part} is not in {trace}");
        }
    }
    assert_eq!(front.clients(), clients);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_is_reached_through_a_proxy() {
    let _turn = beside_others().await;
    let (upstream, path) = place("SCHEMA_REGISTRY_URL");
    let proxy = HttpProxy::start(&[("registry.internal:8081", upstream)], None).await;
    let worker = Worker::start(options()).await;
    let topic = unique("registry-proxied");
    let settings = vec![
        ("proxy.host", proxy.address.ip().to_string()),
        ("proxy.port", proxy.address.port().to_string()),
    ];
    let url = format!("http://registry.internal:8081{path}");
    let config = avro_source(&worker, &topic, &url, &settings);
    run(&worker, &topic, config, "RUNNING").await;
    wait_for_records(&topic, 1).await;
    let start = format!("POST {url}/subjects/{topic}-value/versions");
    let passed = proxy.passed();
    let found = passed.iter().any(|line| line.starts_with(&start));
    assert!(found, "{start} is not in {passed:?}");
}
