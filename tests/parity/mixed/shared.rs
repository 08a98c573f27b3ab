//! A JVM worker and one of ours share the work, whoever leads.

use std::collections::BTreeMap;

use connectd_harness::{alone, eventually, unique};
use serde_json::{Value, json};

use super::scene::{Kind, Scene};
use super::traffic::Lines;

const PIPES: [&str; 4] = ["a", "b", "c", "d"];

impl Scene {
    /// Pipes created through both workers in turn. Some of the connectors are planned by the one
    /// that does not lead, which sends their tasks to the leader.
    async fn create_pipes(&mut self, pipes: &[&str], workers: [usize; 2]) {
        for (pipe, via) in pipes.iter().zip(workers.into_iter().cycle()) {
            self.create_pipe(via, pipe).await;
        }
        let statuses = self.settled().await;
        for worker in workers {
            let id = self.worker(worker).id();
            let planned = statuses
                .values()
                .any(|it| it["status"]["connector"]["worker_id"] == id);
            assert!(planned, "{id} has planned nothing: {statuses:?}");
        }
        self.all_agree().await;
    }

    /// Restarts, pauses, stops and changes through both workers, of what runs here and there.
    async fn is_managed_through(&mut self, workers: [usize; 2]) {
        for via in workers {
            for pipe in &PIPES[..2] {
                let path = |rest: &str| format!("/connectors/{}/{rest}", self.source(pipe));
                self.ask(via, "POST", &path("restart?includeTasks=true"))
                    .await;
                self.ask(via, "POST", &path("tasks/0/restart")).await;
                self.ask(via, "PUT", &path("pause")).await;
                self.in_state(pipe, "PAUSED").await;
                self.ask(via, "PUT", &path("resume")).await;
            }
            self.settled().await;
            let sink = self.sink(PIPES[via % 2]);
            let mut config = self
                .rest(via)
                .get(&format!("/connectors/{sink}/config"))
                .await;
            let tasks = 3 - via % 2;
            config["tasks.max"] = tasks.to_string().into();
            self.put(via, &sink, &config, tasks).await;
            self.settled().await;
        }
    }

    async fn in_state(&self, pipe: &str, state: &str) {
        let path = format!("/connectors/{}/status", self.source(pipe));
        eventually(&format!("{path} {state}"), async || {
            let status = self.rest(0).get(&path).await;
            let reached = [&status["tasks"][0]["state"], &status["connector"]["state"]];
            reached.iter().all(|it| **it == state).then_some(())
        })
        .await;
    }

    /// A stopped connector's offsets are set through one worker and read through the other.
    async fn offsets_are_everybody_s(&self, lines: &Lines, workers: [usize; 2]) {
        let name = self.source(PIPES[0]);
        let path = format!("/connectors/{name}/offsets");
        let end = lines.end(self);
        self.all_say(&path, Some(end.clone())).await;
        for [one, other] in [workers, [workers[1], workers[0]]] {
            self.ask(one, "PUT", &format!("/connectors/{name}/stop"))
                .await;
            self.rest(other).wait_for_connector(&name, "STOPPED").await;
            self.ask(one, "DELETE", &path).await;
            self.all_say(&path, Some(json!({"offsets": []}))).await;
            let answer = self
                .rest(other)
                .send("PATCH", &path, Some(&end.to_string()))
                .await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            self.all_say(&path, Some(end.clone())).await;
            self.ask(other, "PUT", &format!("/connectors/{name}/resume"))
                .await;
            self.settled().await;
        }
    }

    /// The class of a task of each connector, as the leader wrote it to the config topic.
    async fn task_classes(&self, via: usize) -> BTreeMap<String, Value> {
        let mut classes = BTreeMap::new();
        for pipe in PIPES {
            for name in [self.source(pipe), self.sink(pipe)] {
                let tasks = self
                    .rest(via)
                    .get(&format!("/connectors/{name}/tasks"))
                    .await;
                for task in tasks.as_array().expect("tasks") {
                    classes.insert(name.clone(), task["config"]["task.class"].clone());
                }
            }
        }
        classes
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jvm_worker_and_ours_run_what_the_other_planned() {
    let _alone = alone().await;
    let mut scene = Scene::new(unique("mixed"));
    let jvm = scene.start(Kind::Jvm, &[]).await;
    let ours = scene.start(Kind::Ours, &[]).await;
    scene.create_pipes(&PIPES[..2], [jvm, ours]).await;
    assert_eq!(scene.leader_by(jvm), Some(jvm));
    scene.speaks("sessioned").await;
    let lines = PIPES[..2].iter().map(|pipe| Lines::of(&scene, pipe));
    let mut lines: Vec<Lines> = lines.collect();
    scene.is_managed_through([jvm, ours]).await;

    // The leader goes and comes back: we lead.
    scene.leave(jvm).await;
    scene.settled().await;
    scene.start_again(jvm).await;
    scene.create_pipes(&PIPES[2..], [jvm, ours]).await;
    assert_eq!(scene.leader_by(jvm), Some(ours));
    lines.extend(PIPES[2..].iter().map(|pipe| Lines::of(&scene, pipe)));
    scene.is_managed_through([jvm, ours]).await;

    // It is gone without a word, and comes back.
    scene.kill(jvm);
    scene.settled().await;
    scene.start_again(jvm).await;
    scene.settled().await;

    for (name, class) in scene.task_classes(ours).await {
        let kind = if name.ends_with("sink") {
            "Sink"
        } else {
            "Source"
        };
        let expected = format!("org.apache.kafka.connect.file.FileStream{kind}Task");
        assert_eq!(class, expected.as_str(), "{name}");
    }
    for lines in &lines {
        lines.rest(true);
    }
    for lines in &lines {
        lines.arrived(&scene).await;
    }
    scene.offsets_are_everybody_s(&lines[0], [jvm, ours]).await;
    scene.all_agree().await;
    drop(lines);
    scene.end().await;
}
