//! A broker that goes down and comes back.

use std::time::{Duration, Instant};

use connectd_harness::{Kafka, alone, restart};

use super::scene::{Scene, tell};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_restart_is_lived_through() {
    let _alone = alone().await;
    Kafka::new().delete_all().await;
    let mut scene = Scene::thirty().await;
    for kill in [true, false] {
        let begun = Instant::now();
        restart_broker(kill).await;
        let down = begun.elapsed();
        let took = scene.cluster.settled().await;
        tell(&format!(
            "the broker was restarted in {down:.1?} (killed: {kill}), all run after {took:.1?}"
        ));
    }
    scene.end(Duration::from_millis(500)).await;
}

pub(super) async fn restart_broker(kill: bool) {
    let restarted = tokio::task::spawn_blocking(move || restart("kafka", kill));
    restarted.await.expect("restarted");
}
