//! A sink's tasks of a JVM worker and of ours in one consumer group: they share its partitions, and
//! each goes on where the other stopped (invariant 7).

use std::collections::BTreeSet;
use std::path::Path;

use connect_kafka::admin::NewTopic;
use connectd_harness::{
    Kafka, NewRecord, Rest, Worker, WorkerOptions, alone, eventually, produce, unique, variable,
};
use serde_json::json;

struct Side<'a> {
    rest: &'a Rest,
    file: &'a Path,
}

impl Side<'_> {
    async fn create(&self, name: &str, topic: &str) {
        let converter = "org.apache.kafka.connect.storage.StringConverter";
        let config = json!({
            "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
            "topics": topic,
            "file": self.file.display().to_string(),
            "key.converter": converter,
            "value.converter": converter,
        });
        self.rest
            .create(&json!({ "name": name, "config": config }))
            .await;
        self.rest.wait_for_task(name, "RUNNING").await;
    }

    async fn stop(&self, name: &str) {
        let path = format!("/connectors/{name}/stop");
        let answer = self.rest.send("PUT", &path, None).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        self.rest.wait_for_connector(name, "STOPPED").await;
    }

    async fn resume(&self, name: &str) {
        let path = format!("/connectors/{name}/resume");
        let answer = self.rest.send("PUT", &path, None).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        self.rest.wait_for_task(name, "RUNNING").await;
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.file).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Sends a record to each of the two partitions and waits until both were written; by whom.
async fn round(topic: &str, number: u32, sides: [&Side<'_>; 2]) -> [BTreeSet<String>; 2] {
    let texts = [0, 1].map(|partition| format!("{number}-{partition}"));
    let records: Vec<NewRecord> = texts
        .iter()
        .zip(0..)
        .map(|(text, partition)| NewRecord::value(text.as_str()).partition(partition))
        .collect();
    produce(topic, records).await;
    let prefix = format!("{number}-");
    let of = |side: &Side<'_>| -> BTreeSet<String> {
        let lines = side.lines().into_iter();
        lines.filter(|line| line.starts_with(&prefix)).collect()
    };
    eventually(&format!("the lines of round {number}"), async || {
        let seen = sides.map(of);
        (seen[0].len() + seen[1].len() == 2).then_some(seen)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_s_group_is_shared_and_handed_over_both_ways() {
    let _alone = alone().await;
    let (topic, name) = (unique("sink-group"), unique("shared"));
    Kafka::new().create(&NewTopic::new(&topic, 2, 1)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let files = ["jvm.txt", "ours.txt"].map(|file| folder.path().join(file));
    let jvm_rest = Rest::new(variable("CONNECT_JVM_URL"));
    let worker = Worker::start(WorkerOptions::new(env!("CARGO_BIN_EXE_connectd"))).await;
    let jvm = Side {
        rest: &jvm_rest,
        file: &files[0],
    };
    let ours = Side {
        rest: &worker.rest,
        file: &files[1],
    };
    jvm.create(&name, &topic).await;
    let [there, here] = round(&topic, 0, [&jvm, &ours]).await;
    assert_eq!((there.len(), here.len()), (2, 0));

    // Both at once: the group gives one partition to each.
    ours.create(&name, &topic).await;
    let mut number = 1;
    let shared = async || {
        let [there, here] = round(&topic, number, [&jvm, &ours]).await;
        number += 1;
        (there.len() == 1 && here.len() == 1).then_some(())
    };
    eventually("a partition for each", shared).await;

    jvm.stop(&name).await;
    let [there, here] = round(&topic, 100, [&jvm, &ours]).await;
    assert_eq!((there.len(), here.len()), (0, 2));
    ours.stop(&name).await;
    let offsets = [&jvm, &ours].map(async |side| {
        let answer = side.rest.get(&format!("/connectors/{name}/offsets")).await;
        let mut offsets = answer["offsets"].as_array().cloned().expect("offsets");
        // Java's come in the order of a hash map.
        offsets.sort_by_key(|offset| offset["partition"]["kafka_partition"].as_i64());
        offsets
    });
    let [there, here] = offsets;
    assert_eq!(there.await, here.await, "both tell the same offsets");
    jvm.resume(&name).await;
    let [there, here] = round(&topic, 101, [&jvm, &ours]).await;
    assert_eq!((there.len(), here.len()), (2, 0));

    let mut all = jvm.lines();
    all.extend(ours.lines());
    let distinct: BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "no line was written twice");
    for side in [&jvm, &ours] {
        let path = format!("/connectors/{name}");
        assert_eq!(side.rest.send("DELETE", &path, None).await.status, 204);
    }
}
