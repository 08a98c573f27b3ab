//! Workers that are killed.

use std::time::Duration;

use connectd_harness::alone;
use connectd_harness::cluster::Timestamp;

use super::scene::{Scene, takeover, tell};

/// The work of a killed worker runs elsewhere soon, and nobody else's work stops for it. When it
/// comes back the work evens out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_workers_are_replaced_within_seconds() {
    let _alone = alone().await;
    let mut scene = Scene::thirty().await;
    // The first was the leader, and then another one is.
    for victim in [0, 1] {
        let moment = Timestamp::now();
        scene.cluster.kill(victim);
        let took = scene.cluster.settled().await;
        let gap = scene.cluster.longest_gap(moment);
        tell(&format!(
            "kill -9: everything runs again after {took:.1?}; longest {gap:.1?}"
        ));
        assert!(took < takeover(), "{took:?}");
        let ended = scene.ended_elsewhere(moment, victim);
        assert!(ended.is_empty(), "stopped for no reason: {ended:?}");
        scene.cluster.assert_balanced().await;
        scene.rejoins(victim).await;
    }
    scene.end(Duration::ZERO).await;
}

impl Scene {
    /// What stopped since then at other workers than this one.
    fn ended_elsewhere(&mut self, moment: Timestamp, worker: usize) -> Vec<String> {
        let lives = self.cluster.lives().into_iter();
        let ended =
            lives.filter(|life| life.worker != worker && life.to.is_some_and(|to| to > moment));
        ended
            .map(|life| format!("{} at {}", life.work, life.worker))
            .collect()
    }

    /// A worker comes back: it gets its share, and no more than that moves.
    pub(super) async fn rejoins(&mut self, worker: usize) {
        let moment = Timestamp::now();
        self.cluster.start_again(worker).await;
        let ready = Timestamp::now();
        let took = self.cluster.settled_and_balanced().await;
        let gap = self.cluster.longest_gap(moment);
        let up = connectd_harness::cluster::since(moment, ready);
        tell(&format!(
            "join: up after {up:.1?}, even after {took:.1?} more; longest {gap:.1?}"
        ));
        let moved = self.ended_elsewhere(moment, worker).len();
        let lives = self.cluster.lives();
        let here = lives
            .iter()
            .filter(|life| life.worker == worker && life.to.is_none());
        assert_eq!(moved, here.count(), "as much moved as the worker got");
    }
}
