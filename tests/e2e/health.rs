//! What `/health` says of a worker and its group.

use std::time::Duration;

use connect_kafka::admin::NewTopic;
use connectd_harness::{
    Answer, Kafka, Proxy, Worker, alone, beside_others, bootstrap, eventually, unique, variable,
};
use serde_json::json;

use crate::common::options;

/// Waits until `/health` answers so, with a message that has all of `texts`.
async fn wait_for_health(worker: &Worker, status: u16, state: &str, texts: &[&str]) -> Answer {
    eventually(&format!("{status} {state} {texts:?}"), async || {
        let answer = worker.rest.try_send("GET", "/health", None).await?;
        let told = answer.json();
        let message = told["message"].as_str()?;
        let fits = answer.status == status
            && told["status"] == state
            && texts.iter().all(|text| message.contains(text));
        fits.then_some(answer)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_group_is_one_of_consumers_says_so() {
    let _turn = beside_others().await;
    let consumers = Worker::start(options()).await;
    let (name, topic) = (unique("sink"), unique("topic"));
    Kafka::new().create(&NewTopic::new(&topic, 1, 1)).await;
    let sink = json!({"name": name, "config": {
        "connector.class": "FileStreamSink",
        "topics": topic,
        "file": consumers.folder().join("out").display().to_string(),
    }});
    consumers.rest.create(&sink).await;
    consumers.rest.wait_for_task(&name, "RUNNING").await;
    let mut same_group = options();
    same_group.group = format!("connect-{name}");
    let group = same_group.group.clone();
    // The sink's consumer joins its group a moment after its task runs.
    eventually("a consumer", async || {
        let found = Kafka::new().group(&group)?;
        (found.members == 1).then_some(())
    })
    .await;

    let worker = Worker::start_with(same_group, &bootstrap(), false).await;
    let texts = ["INCONSISTENT_GROUP_PROTOCOL", &group, "another group.id"];
    wait_for_health(&worker, 503, "starting", &texts).await;
    let path = format!("/connectors/{name}");
    let deleted = consumers.rest.send("DELETE", &path, None).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    wait_for_health(&worker, 200, "healthy", &["has completed startup"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lost_its_group_says_so_and_serves_what_it_knows() {
    let _alone = alone().await;
    let mut proxy = Proxy::of_kafka().await;
    let far = options();
    let group = format!("without group '{}' for ", far.group);
    let worker = Worker::start_with(far, &variable("KAFKA_PROXY"), true).await;
    proxy.cut().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    // Short troubles are nobody's business.
    wait_for_health(&worker, 200, "healthy", &[]).await;
    let texts = [group.as_str(), "127.0.0.1"];
    wait_for_health(&worker, 500, "unhealthy", &texts).await;
    assert_eq!(worker.rest.get("/connectors").await, json!([]));
    proxy.heal().await;
    wait_for_health(&worker, 200, "healthy", &[]).await;
}
