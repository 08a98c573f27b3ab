//! A cluster of two JVM workers becomes one of two of ours, worker by worker, and goes back, while
//! rows and lines come in.

use std::time::Instant;

use connectd_harness::{MySql, alone, unique};

use super::scene::{Kind, Scene};
use super::traffic::{Lines, Rows};

const PIPES: [&str; 2] = ["a", "b"];

struct Traffic {
    lines: Vec<Lines>,
    rows: Rows,
}

impl Traffic {
    /// The group has changed: everything settles, goes on, and all workers know the same.
    async fn goes_on(&self, scene: &Scene, what: &str) {
        let begun = Instant::now();
        scene.settled().await;
        let settled = begun.elapsed();
        self.rest(true);
        let rows = self.rows.arrived().await;
        let mut repeated = Vec::new();
        for lines in &self.lines {
            repeated.push(lines.arrived(scene).await);
        }
        for lines in &self.lines {
            let path = format!("/connectors/{}/offsets", scene.source(lines.pipe()));
            scene.all_say(&path, Some(lines.end(scene))).await;
        }
        scene.all_agree().await;
        self.rest(false);
        let told = format!(
            "{what}: settled after {settled:.1?}, came more than once: rows {rows}, lines {repeated:?}\n"
        );
        // Past the capture of a test's output: these are results.
        std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).expect("told");
    }

    fn rest(&self, resting: bool) {
        self.rows.rest(resting);
        for lines in &self.lines {
            lines.rest(resting);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_moves_over_worker_by_worker_and_back() {
    let _alone = alone().await;
    let mut scene = Scene::new(unique("over"));
    let first = scene.launch(Kind::Jvm, &[]).await;
    let second = scene.launch(Kind::Jvm, &[]).await;
    scene.is_up(first).await;
    scene.is_up(second).await;
    let rows = Rows::of(MySql::plain(), unique("moving")).await;
    for pipe in PIPES {
        scene.create_pipe(second, pipe).await;
    }
    let name = format!("{}-rows", scene.group);
    scene.put(first, &name, &rows.config(), 1).await;
    let lines = PIPES.iter().map(|pipe| Lines::of(&scene, pipe)).collect();
    let traffic = Traffic { lines, rows };
    traffic.goes_on(&scene, "two JVM workers").await;

    let third = scene.start(Kind::Ours, &[]).await;
    traffic.goes_on(&scene, "and one of ours").await;
    scene.leave(first).await;
    traffic.goes_on(&scene, "one of each").await;
    let fourth = scene.start(Kind::Ours, &[]).await;
    traffic.goes_on(&scene, "and one more of ours").await;
    scene.leave(second).await;
    traffic.goes_on(&scene, "two of ours").await;

    scene.start_again(first).await;
    traffic.goes_on(&scene, "and one JVM worker").await;
    scene.leave(third).await;
    traffic.goes_on(&scene, "one of each").await;
    scene.start_again(second).await;
    traffic.goes_on(&scene, "and one more JVM worker").await;
    scene.leave(fourth).await;
    traffic.goes_on(&scene, "two JVM workers again").await;

    scene.end().await;
    traffic.rows.drop_database().await;
}
