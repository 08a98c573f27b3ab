//! The Elasticsearch sink in a worker: what is refused goes to the dead letter queue, an outage is
//! waited out, a topic that is made again is named.

use connect_kafka::admin::NewTopic;
use connectd_harness::{
    Kafka, NewRecord, Rest, Worker, alone, beside_others, eventually, produce, start, stop, unique,
    variable, wait_for_records,
};
use serde_json::{Value, json};

use crate::common::options;

async fn topic(name: &str) -> String {
    let topic = unique(name);
    Kafka::new().create(&NewTopic::new(&topic, 1, 1)).await;
    topic
}

/// Posts a sink of `topic`, with JSON values without schemas, and waits until it runs.
async fn sink(worker: &Worker, topic: &str, more: &[(&str, &str)]) -> String {
    let name = unique("es-sink");
    let mut config = json!({
        "connector.class": "ElasticsearchSink",
        "topics": topic,
        "connection.url": variable("ELASTICSEARCH_URL"),
        "schema.ignore": "true",
        "behavior.on.null.values": "delete",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    });
    for (key, value) in more {
        config[*key] = (*value).into();
    }
    worker
        .rest
        .create(&json!({ "name": name, "config": config }))
        .await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    name
}

async fn send(topic: &str, values: impl IntoIterator<Item = (String, Value)>) {
    let records = values
        .into_iter()
        .map(|(key, value)| NewRecord::value(value.to_string()).key(key));
    produce(topic, records.collect::<Vec<_>>()).await;
}

async fn wait_for_count(server: &Rest, index: &str, count: u64) {
    eventually(&format!("{count} documents in {index}"), async || {
        let refresh = format!("/{index}/_refresh");
        server.try_send("POST", &refresh, None).await?;
        let answer = server
            .try_send("GET", &format!("/{index}/_count"), None)
            .await?;
        let found: Value = serde_json::from_str(&answer.text).ok()?;
        (found["count"].as_u64() == Some(count)).then_some(())
    })
    .await;
}

/// What the group has committed of the only partition.
async fn wait_for_offset(worker: &Worker, name: &str, offset: i64) {
    let path = format!("/connectors/{name}/offsets");
    eventually(&format!("offset {offset} of {name}"), async || {
        let stored = worker.rest.get(&path).await;
        (stored["offsets"][0]["offset"]["kafka_offset"] == offset).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_documents_go_to_the_dead_letter_queue() {
    let _turn = beside_others().await;
    let topic = topic("es-refused").await;
    let server = Rest::new(variable("ELASTICSEARCH_URL"));
    let mapping = json!({"mappings": {"properties": {"n": {"type": "integer"}}}}).to_string();
    let made = server
        .send("PUT", &format!("/{topic}"), Some(&mapping))
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let letters = format!("{topic}-letters");
    let more = [
        ("errors.tolerance", "all"),
        ("errors.deadletterqueue.topic.name", &*letters),
        ("errors.deadletterqueue.topic.replication.factor", "1"),
        ("errors.deadletterqueue.context.headers.enable", "true"),
    ];
    let worker = Worker::start(options()).await;
    let name = sink(&worker, &topic, &more).await;
    let values = [json!({"n": 1}), json!({"n": "no number"}), json!({"n": 3})];
    let keys = ["a", "b", "c"].map(str::to_owned);
    send(&topic, keys.into_iter().zip(values)).await;

    let letters = wait_for_records(&letters, 1).await;
    assert_eq!(
        letters[0].value.as_deref(),
        Some(&br#"{"n":"no number"}"#[..])
    );
    let header = |name: &str| {
        let mut headers = letters[0].headers.iter();
        let found = headers.find(|(key, _)| key == name);
        let (_, value) = found.unwrap_or_else(|| panic!("no header {name}"));
        String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned()
    };
    assert_eq!(header("__connect.errors.offset"), "1");
    let message = header("__connect.errors.exception.message");
    for part in [
        "mapper_parsing_exception",
        "failed to parse field [n] of type [integer]",
        "For input string: \"no number\"",
    ] {
        assert!(message.contains(part), "{message}");
    }
    wait_for_count(&server, &topic, 2).await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    server.send("DELETE", &format!("/{topic}"), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tolerance_the_task_fails_with_elasticsearch_s_words() {
    let _turn = beside_others().await;
    let topic = topic("es-failed").await;
    let server = Rest::new(variable("ELASTICSEARCH_URL"));
    let worker = Worker::start(options()).await;
    let name = sink(&worker, &topic, &[]).await;
    let values = [json!({"at": "2020-01-01"}), json!({"at": "no date"})];
    let keys = ["a", "b"].map(str::to_owned);
    send(&topic, keys.into_iter().zip(values)).await;
    let status = worker.rest.wait_for_task(&name, "FAILED").await;
    let trace = status["tasks"][0]["trace"].as_str().expect("a trace");
    for part in [
        "failed to parse field [at] of type [date]",
        &topic,
        "offset: 1",
    ] {
        assert!(trace.contains(part), "{trace}");
    }
    server.send("DELETE", &format!("/{topic}"), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_waited_out() {
    let _alone = alone().await;
    let topic = topic("es-outage").await;
    let server = Rest::new(variable("ELASTICSEARCH_URL"));
    let worker = Worker::start(options().with("offset.flush.interval.ms", "1000")).await;
    let name = sink(&worker, &topic, &[]).await;
    let numbered = |range: std::ops::Range<i64>| range.map(|n| (n.to_string(), json!({ "n": n })));
    send(&topic, numbered(0..100)).await;
    wait_for_count(&server, &topic, 100).await;
    wait_for_offset(&worker, &name, 100).await;

    stop("elasticsearch");
    send(&topic, numbered(100..3000)).await;
    tokio::time::sleep(std::time::Duration::from_secs(15)).await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    // Nothing is committed that is not written.
    wait_for_offset(&worker, &name, 100).await;
    let told = worker.log();
    let mut told = told.lines();
    let task = format!("[{name}|task-0]");
    let is_told = |line: &str| line.starts_with(&task) && line.contains("no node of Elasticsearch");
    assert!(told.any(is_told), "{}", worker.log());
    start("elasticsearch");
    wait_for_count(&server, &topic, 3000).await;
    wait_for_offset(&worker, &name, 3000).await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    server.send("DELETE", &format!("/{topic}"), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_was_made_again_is_named() {
    let _turn = beside_others().await;
    let (kafka, topic) = (Kafka::new(), topic("es-made-again").await);
    let server = Rest::new(variable("ELASTICSEARCH_URL"));
    let mut worker = Worker::start(options()).await;
    // A consumer that is being closed must not make the deleted topic again.
    let no_making = ("consumer.override.allow.auto.create.topics", "false");
    let name = sink(&worker, &topic, &[no_making]).await;
    let of_the_old = (0..50).map(|n| ("a".to_owned(), json!({ "old": n })));
    send(&topic, of_the_old).await;
    wait_for_count(&server, &topic, 1).await;

    let stopped = worker
        .rest
        .send("PUT", &format!("/connectors/{name}/stop"), None)
        .await;
    assert_eq!(stopped.status, 204);
    worker.rest.wait_for_connector(&name, "STOPPED").await;
    kafka.delete(std::slice::from_ref(&topic)).await;
    kafka.create(&NewTopic::new(&topic, 1, 1)).await;
    let of_the_new = ["a", "b"].map(|key| (key.to_owned(), json!({"new": true})));
    send(&topic, of_the_new).await;
    worker
        .rest
        .send("PUT", &format!("/connectors/{name}/resume"), None)
        .await;
    wait_for_count(&server, &topic, 2).await;
    let told = format!("1 writes of {topic}-0 were lost to version conflicts");
    eventually(&told, async || worker.log().contains(&told).then_some(())).await;
    assert_eq!(worker.terminate().await, Some(0));
    server.send("DELETE", &format!("/{topic}"), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_misspelt_class_is_answered_with_the_right_one() {
    let _turn = beside_others().await;
    let worker = Worker::start(options()).await;
    let body = json!({"name": "misspelt", "config": {
        "connector.class": "to.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
        "topics": "t",
        "connection.url": "http://localhost:9200",
    }});
    let refused = worker
        .rest
        .send("POST", "/connectors", Some(&body.to_string()))
        .await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let meant = "Did you mean \
                 io.confluent.connect.elasticsearch.ElasticsearchSinkConnector?";
    assert!(refused.text.contains(meant), "{}", refused.text);
}
