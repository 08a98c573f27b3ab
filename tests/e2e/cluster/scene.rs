//! A cluster at work.

use std::io::Write as _;
use std::time::Duration;

use connectd_harness::cluster::{Cluster, ClusterOptions, Workload, WorkloadOptions};
use connectd_harness::{Kafka, shortest_session};

use super::statuses;

/// How soon the work of a worker that is gone runs elsewhere: `session.timeout.ms` and two seconds.
pub(super) fn takeover() -> Duration {
    shortest_session() + Duration::from_secs(2)
}

/// So many workers under test.
pub(super) fn options(workers: usize) -> ClusterOptions {
    ClusterOptions::new(env!("CARGO_BIN_EXE_connectd"), workers)
}

/// Tells a measured time or size, whether the test fails or not.
pub(super) fn tell(text: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let line = format!("{name}: {text}\n");
    // Past the capture of a test's output: these are results.
    std::io::stderr().write_all(line.as_bytes()).expect("told");
}

/// Three workers, thirty connectors, and lines that come in all the time.
pub(super) struct Scene {
    pub(super) cluster: Cluster,
    pub(super) work: Workload,
}

impl Scene {
    pub(super) async fn thirty() -> Self {
        Self::start(options(3), WorkloadOptions::thirty()).await
    }

    pub(super) async fn start(options: ClusterOptions, work: WorkloadOptions) -> Self {
        let mut cluster = Cluster::start(options).await;
        let work = Workload::start(&mut cluster, work).await;
        let took = cluster.settled().await;
        cluster.assert_balanced().await;
        tell(&format!("all run {took:.1?} after the last was created"));
        Self { cluster, work }
    }

    /// Everything has arrived, nothing ran twice at once for longer than `tolerated`, every status
    /// is by the worker that ran what it is of, and nobody is left in any group.
    pub(super) async fn end(mut self, tolerated: Duration) {
        self.cluster.settled().await;
        let arrived = self.work.arrived().await;
        tell(&format!("{arrived:?}"));
        self.cluster.settled().await;
        let mut overlaps = self.cluster.overlaps();
        if let Some(longest) = overlaps.iter().max_by_key(|overlap| overlap.lasted) {
            tell(&format!("at two workers at most: {longest:?}"));
        }
        overlaps.retain(|overlap| overlap.lasted > tolerated);
        assert!(overlaps.is_empty(), "ran at two workers: {overlaps:?}");
        statuses::are_by_owners(&mut self.cluster, tolerated).await;
        self.cluster.stop().await;
        for group in self.work.consumer_groups() {
            Kafka::new().wait_until_empty(&group).await;
        }
        self.work.delete().await;
    }
}
