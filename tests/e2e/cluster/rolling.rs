//! A rolling upgrade.

use std::time::Duration;

use connectd_harness::alone;
use connectd_harness::cluster::Timestamp;

use super::scene::{Scene, tell};

/// How long something may run nowhere while workers come and go: a few rounds of the group, each of
/// which waits for the members' next heartbeats.
const LONGEST_GAP: Duration = Duration::from_secs(5);

/// One worker after another is stopped and started, as for a new version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_upgrade_loses_nothing() {
    let _alone = alone().await;
    let mut scene = Scene::thirty().await;
    let moment = Timestamp::now();
    for worker in 0..3 {
        scene.cluster.ask_to_stop(worker);
        scene.cluster.ended(worker).await;
        scene.cluster.start_again(worker).await;
    }
    let took = scene.cluster.settled_and_balanced().await;
    let (gap, work) = scene.cluster.longest_gap(moment).expect("something moved");
    tell(&format!(
        "rolling: even {took:.1?} after the last; longest {gap:.1?} {work}"
    ));
    assert!(gap < LONGEST_GAP, "{work} ran nowhere for {gap:?}");
    scene.end(Duration::ZERO).await;
}
