//! Workers that leave politely.

use std::time::Duration;

use connectd_harness::alone;
use connectd_harness::cluster::Timestamp;

use super::scene::{Scene, tell};

/// How soon the work of a worker that says goodbye runs elsewhere: the others hear of it with their
/// next heartbeat, at most a second later here.
const HAND_OVER: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polite_worker_hands_over_at_once() {
    let _alone = alone().await;
    let mut scene = Scene::thirty().await;
    for leaver in [2, 0] {
        // A consumer that is joining leaves its group when it has joined: its broker answers one
        // request of a connection after the other.
        scene.work.is_in_its_groups().await;
        let moment = Timestamp::now();
        scene.cluster.ask_to_stop(leaver);
        let took = scene.cluster.settled().await;
        let gap = scene.cluster.longest_gap(moment);
        scene.cluster.ended(leaver).await;
        tell(&format!(
            "SIGTERM: everything runs elsewhere after {took:.1?}; longest {gap:.1?}"
        ));
        let (gap, work) = gap.expect("something moved");
        assert!(gap < HAND_OVER, "{work} ran nowhere for {gap:?}");
        scene.rejoins(leaver).await;
    }
    scene.end(Duration::ZERO).await;
}
