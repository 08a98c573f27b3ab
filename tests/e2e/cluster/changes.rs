//! Creating, changing and deleting a connector touches its own tasks and no others.

use std::time::Duration;

use connectd_harness::cluster::Life;
use connectd_harness::{alone, eventually};
use serde_json::{Value, json};

use super::scene::{Scene, tell};

impl Scene {
    /// What runs now and ran before, of all connectors but these.
    fn lives_of_others(&mut self, besides: &[&str]) -> Vec<Life> {
        let mut lives = self.cluster.lives();
        lives.retain(|life| !besides.contains(&life.work.connector()));
        lives
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_touches_no_other_connector() {
    let _alone = alone().await;
    let mut scene = Scene::thirty().await;
    let changed = scene.work.source(0);
    let besides = ["new", changed.as_str()];
    let before = scene.lives_of_others(&besides);

    let path = format!("/connectors/{changed}/config");
    let mut config = scene.cluster.rest(0).get(&path).await;
    let mut new = config.clone();
    new["name"] = "new".into();
    new["file"] = "/dev/null".into();
    let body = json!({"name": "new", "config": new});
    scene.cluster.create(1, &body, 1).await;
    let created = scene.cluster.settled().await;
    tell(&format!("created and running after {created:.1?}"));

    config["batch.size"] = "100".into();
    scene.put(2, &path, Some(&config), 200).await;
    scene.is_reconfigured(&changed, "100").await;
    scene.cluster.settled().await;
    scene.cluster.delete(0, "new").await;
    scene.cluster.settled().await;
    let after = scene.lives_of_others(&besides);
    assert_eq!(after, before, "others stopped or moved");

    scene.end(Duration::ZERO).await;
}

impl Scene {
    async fn put(&self, via: usize, path: &str, body: Option<&Value>, status: u16) {
        let body = body.map(Value::to_string);
        let rest = self.cluster.rest(via);
        let answer = rest.send("PUT", path, body.as_deref()).await;
        assert_eq!(answer.status, status, "PUT {path}: {}", answer.text);
    }

    /// Waits until a connector's task has this batch size.
    async fn is_reconfigured(&self, connector: &str, size: &str) {
        let path = format!("/connectors/{connector}/tasks");
        let changed = async || {
            let tasks = self.cluster.rest(1).get(&path).await;
            (tasks[0]["config"]["batch.size"] == size).then_some(())
        };
        eventually("the task's new configuration", changed).await;
    }
}
