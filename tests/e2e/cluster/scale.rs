//! A thousand connectors: how long it takes and what it costs. The figures of a release build are
//! those of `make bench PART=cluster`.

use std::time::{Duration, Instant};

use connectd_harness::cluster::{Cluster, latency};
use connectd_harness::{Kafka, alone, unique};
use serde_json::{Value, json};

use super::scene::{options, tell};

const CONNECTORS: usize = 1000;
/// Of a release build; one for debugging, on a machine that does other things too, is given more.
const CREATED_WITHIN: Duration = Duration::from_secs(if cfg!(debug_assertions) { 90 } else { 30 });
const SETTLED_WITHIN: Duration = Duration::from_secs(120);
/// A list of all connectors with their statuses is answered by then at worst.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

fn idle(name: &str) -> Value {
    json!({"name": name, "config": {
        "connector.class": "FileStreamSource",
        "file": "/dev/null",
        "topic": "never",
    }})
}

/// Creates them through all workers in turn, and tells what it costs.
async fn thousand(workers: usize) -> Cluster {
    let mut cluster = Cluster::start(options(workers)).await;
    let prefix = unique("many");
    let begun = Instant::now();
    for index in 0..CONNECTORS {
        let body = idle(&format!("{prefix}-{index}"));
        cluster.create(index % workers, &body, 1).await;
    }
    let created = begun.elapsed();
    let settled = cluster.settled_as("RUNNING", SETTLED_WITHIN).await;
    tell(&format!(
        "{CONNECTORS} connectors on {workers}: created in {created:.1?}, settled {settled:.1?} later"
    ));
    assert!(created < CREATED_WITHIN, "{created:?}");
    cluster.assert_balanced().await;
    tell_costs(&cluster).await;
    cluster
}

async fn tell_costs(cluster: &Cluster) {
    let usages = cluster.usage(Duration::from_secs(3)).await;
    for (index, usage) in usages.into_iter().enumerate() {
        tell(&format!("worker {index} idle: {usage:.1?}"));
    }
    for path in ["/connectors", "/connectors?expand=status"] {
        let [best, middle, worst] = latency(cluster.rest(0), path, 10).await;
        tell(&format!("GET {path}: {best:.1?} {middle:.1?} {worst:.1?}"));
        assert!(middle < ANSWERED_WITHIN, "{path}: {middle:?}");
    }
}

/// One worker has them all, and then two more come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connectors_on_one_worker() {
    let _alone = alone().await;
    Kafka::new().delete_all().await;
    let mut cluster = thousand(1).await;
    cluster.add().await;
    cluster.add().await;
    let begun = Instant::now();
    cluster.settled_as("RUNNING", SETTLED_WITHIN).await;
    cluster.settled_and_balanced().await;
    tell(&format!(
        "two more workers: settled after {:.1?}",
        begun.elapsed()
    ));
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connectors_on_three_workers() {
    let _alone = alone().await;
    Kafka::new().delete_all().await;
    thousand(3).await.stop().await;
}
