//! A worker that sleeps past its session and wakes up: what it ran runs elsewhere, and it may not
//! go on with it for a moment.

use std::time::Duration;

use connectd_harness::{Kafka, alone, eventually, shortest_session};

use super::scene::{Scene, takeover, tell};
use super::statuses;

/// Longer than `offset.flush.interval.ms` here: what has something to store has tried to.
const A_WHILE: Duration = Duration::from_secs(2);

/// How long a worker that wakes up may take to find out.
pub(super) const AWAKENING: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_wakes_up_is_no_zombie() {
    let _alone = alone().await;
    let mut scene = Scene::thirty().await;
    let sleeper = 1;
    // What is on its way to the broker when a worker falls asleep gets there when it wakes up: nothing can call it back.
    scene.work.lines.rest(true);
    scene.all_quiet().await;
    scene.cluster.put_to_sleep(sleeper);
    scene.work.lines.rest(false);
    let took = scene.cluster.settled().await;
    tell(&format!(
        "SIGSTOP: everything runs elsewhere after {took:.1?}"
    ));
    assert!(took < takeover(), "{took:?}");

    // When all is quiet, whatever comes is the zombie's.
    scene.work.lines.rest(true);
    let quiet = scene.all_quiet().await;
    let statuses_before = statuses::written(&scene.cluster).await.len();
    scene.cluster.wake(sleeper);
    let took = scene.cluster.settled_and_balanced().await;
    tell(&format!("SIGCONT: even after {took:.1?}"));
    tokio::time::sleep(A_WHILE).await;
    let topics = scene.work.topics();
    assert_eq!(
        Kafka::new().counts(&topics).await,
        quiet,
        "records of a zombie"
    );
    assert_eq!(scene.work.offsets_that_went_back().await, []);
    let statuses = statuses::written(&scene.cluster).await.len() - statuses_before;
    tell(&format!("{statuses} statuses were written since"));
    statuses::are_by_owners(&mut scene.cluster, Duration::ZERO).await;

    scene.work.lines.rest(false);
    scene.end(AWAKENING).await;
}

/// A nap shorter than the session disturbs nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nap_within_the_session_moves_nothing() {
    let _alone = alone().await;
    let mut scene = Scene::thirty().await;
    let before = scene.cluster.lives();
    scene.cluster.put_to_sleep(1);
    tokio::time::sleep(shortest_session() / 2).await;
    scene.cluster.wake(1);
    tokio::time::sleep(shortest_session() * 2 / 3).await;
    scene.cluster.settled().await;
    assert_eq!(scene.cluster.lives(), before, "something stopped or moved");
    scene.end(Duration::ZERO).await;
}

impl Scene {
    /// Waits until every line is in its topic; how many records each has.
    async fn all_quiet(&self) -> std::collections::BTreeMap<String, usize> {
        let (kafka, topics) = (Kafka::new(), self.work.topics());
        let mut before = kafka.counts(&topics).await;
        let quiet = async || {
            tokio::time::sleep(A_WHILE).await;
            let now = kafka.counts(&topics).await;
            let written = self.work.lines.written() as usize;
            let all = now.values().all(|count| *count >= written);
            let same = now == before;
            before.clone_from(&now);
            (all && same).then_some(now)
        };
        eventually("quiet topics", quiet).await
    }
}
