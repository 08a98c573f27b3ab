//! Who wrote which status when, by the status topic.

use std::time::Duration;

use connectd_harness::cluster::{Cluster, Timestamp, Work};
use connectd_harness::{Record, read_topic};
use serde_json::Value;

/// Log lines and records come from different clocks of one machine.
const SLACK: Duration = Duration::from_millis(20);

/// A status as somebody wrote it.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) work: Work,
    pub(super) at: Timestamp,
    pub(super) value: Value,
    /// Where it is in the topic.
    pub(super) partition: i32,
}

/// All statuses that were written, tombstones left out.
pub(super) async fn written(cluster: &Cluster) -> Vec<Status> {
    let records = read_topic(&format!("{}-status", cluster.group())).await;
    records.iter().filter_map(status).collect()
}

fn status(record: &Record) -> Option<Status> {
    let key = record.key_text();
    let work = if let Some(id) = key.strip_prefix("status-task-") {
        let (name, task) = id.rsplit_once('-').expect("a task's id");
        Work::Task(name.to_owned(), task.parse().expect("a number"))
    } else {
        Work::Connector(key.strip_prefix("status-connector-")?.to_owned())
    };
    let value = record.value.as_ref()?;
    Some(Status {
        work,
        at: Timestamp::from_millisecond(record.timestamp.expect("a time")).expect("a time"),
        value: serde_json::from_slice(value).expect("JSON"),
        partition: record.partition,
    })
}

/// No worker wrote a status of something that another one had at that time; for so long one may
/// have had it yet that the other one had already.
pub(super) async fn are_by_owners(cluster: &mut Cluster, tolerated: Duration) {
    let lives = cluster.owned();
    for status in written(cluster).await {
        let writer = cluster.index_of(status.value["worker_id"].as_str().expect("a worker"));
        let other = lives.iter().find(|life| {
            life.work == status.work
                && life.worker != writer
                && life.from + SLACK + tolerated < status.at
                && life
                    .to
                    .is_none_or(|end| status.at + SLACK + tolerated < end)
        });
        assert!(
            other.is_none(),
            "{status:?} while another ran it: {other:?}"
        );
    }
}
