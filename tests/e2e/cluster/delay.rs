//! `scheduled.rebalance.max.delay.ms` where it is set: a lost worker's work waits so long for it.

use std::time::Duration;

use connectd_harness::cluster::WorkloadOptions;
use connectd_harness::{alone, heartbeat, shortest_session};

use super::scene::{Scene, options, takeover, tell};

const DELAY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_worker_s_work_waits_for_it_as_long_as_is_set() {
    let _alone = alone().await;
    let delay = DELAY.as_millis().to_string();
    let options = options(3).with("scheduled.rebalance.max.delay.ms", &delay);
    let mut scene = Scene::start(options, WorkloadOptions::small()).await;

    // Who follows a lost leader knows of no lost work, as in the original: it shares out at once.
    let leads = |index: &usize| {
        let log = scene.cluster.worker(*index).log();
        log.contains("this worker leads the group")
    };
    let followers: Vec<usize> = (0..3).filter(|index| !leads(index)).collect();
    let [one, other] = followers[..] else {
        panic!("not two followers: {followers:?}");
    };

    // It comes back in time: nothing has moved.
    let before = scene.cluster.picture("RUNNING").await.expect("settled");
    scene.cluster.kill(one);
    scene.cluster.start_again(one).await;
    let took = scene.cluster.settled().await;
    tell(&format!("came back: everything runs after {took:.1?}"));
    let after = scene.cluster.picture("RUNNING").await.expect("settled");
    assert_eq!(after, before, "what it ran runs there again");

    // It does not.
    scene.cluster.kill(other);
    let took = scene.cluster.settled().await;
    tell(&format!(
        "did not come back: everything runs elsewhere after {took:.1?}"
    ));
    assert!(
        took > shortest_session() - heartbeat() + DELAY - heartbeat(),
        "{took:?} is too early"
    );
    assert!(took < takeover() + DELAY, "{took:?}");
    scene.end(Duration::ZERO).await;
}
