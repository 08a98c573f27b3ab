//! A worker that is cut off from Kafka.

use std::time::{Duration, Instant};

use connectd_harness::cluster::{Timestamp, WorkloadOptions};
use connectd_harness::{Proxy, alone};

use super::scene::{Scene, options, takeover, tell};

/// How long the tasks of the worker that is cut off may take to stop:
/// `task.shutdown.graceful.timeout.ms`.
const GRACE: Duration = Duration::from_secs(5);

/// How long the worker that is cut off may still have something that another one has already: it
/// gives up all before its session can be over for the broker.
const END_OF_LEASE: Duration = Duration::from_millis(500);

/// Connections end and are refused, and then connections stay and nothing comes through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_cut_off_is_replaced_and_stops() {
    let _alone = alone().await;
    let mut proxy = Proxy::of_kafka().await;
    let mut options = options(3);
    let far = 2;
    options.proxied = Some(far);
    let mut scene = Scene::start(options, WorkloadOptions::thirty()).await;
    for held in [false, true] {
        let moment = Timestamp::now();
        if held {
            proxy.hold();
        } else {
            proxy.cut().await;
        }
        scene.cluster.is_cut(far, true);
        let took = scene.cluster.settled().await;
        let gap = scene.cluster.longest_gap(moment);
        let how = if held { "held up" } else { "cut off" };
        tell(&format!(
            "{how}: everything runs elsewhere after {took:.1?}; longest {gap:.1?}"
        ));
        assert!(took < takeover() + GRACE, "{took:?}");
        let begun = Instant::now();
        proxy.heal().await;
        if held {
            scene.work.sends_were_held_up(moment, Timestamp::now());
        }
        scene.cluster.is_cut(far, false);
        scene.cluster.settled_and_balanced().await;
        let back = scene.work.offsets_that_went_back().await;
        tell(&format!(
            "healed: even again after {:.1?}; offsets that were on their way: {back:?}",
            begun.elapsed()
        ));
    }
    scene.end(END_OF_LEASE).await;
}
