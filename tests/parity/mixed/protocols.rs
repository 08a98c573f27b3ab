//! Workers whose `connect.protocol` differ: the group speaks what all of them can.

use connectd_harness::{alone, unique};

use super::scene::{Kind, Scene};
use super::traffic::Lines;

/// What a worker of each kind is set to, and what the group then speaks.
const COMBINATIONS: [(&str, &str, &str); 3] = [
    ("compatible", "sessioned", "compatible"),
    ("eager", "sessioned", "default"),
    ("sessioned", "compatible", "compatible"),
];

/// Requests between the workers have no signature but with `sessioned`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_speaks_what_all_of_its_workers_can() {
    let _alone = alone().await;
    for (jvm_protocol, our_protocol, spoken) in COMBINATIONS {
        let mut scene = Scene::new(unique("protocols"));
        let (setting, eager) = ("connect.protocol", spoken == "default");
        // We lead where the JVM's is older: then its requests to us have no signature.
        let (jvm, ours) = if our_protocol == "sessioned" {
            let ours = scene.start(Kind::Ours, &[(setting, our_protocol)]).await;
            let jvm = scene.start(Kind::Jvm, &[(setting, jvm_protocol)]).await;
            (jvm, ours)
        } else {
            let jvm = scene.start(Kind::Jvm, &[(setting, jvm_protocol)]).await;
            let ours = scene.start(Kind::Ours, &[(setting, our_protocol)]).await;
            (jvm, ours)
        };
        for (pipe, via) in [("a", jvm), ("b", ours)] {
            scene.create_pipe(via, pipe).await;
        }
        let lines = ["a", "b"].map(|pipe| Lines::of(&scene, pipe));
        let statuses = scene.settled().await;
        scene.speaks(spoken).await;
        let leader = if our_protocol == "sessioned" {
            ours
        } else {
            jvm
        };
        assert_eq!(scene.leader_by(jvm), Some(leader), "{spoken}");
        for worker in [jvm, ours] {
            let id = scene.worker(worker).id();
            let planned = statuses
                .values()
                .any(|it| it["status"]["connector"]["worker_id"] == id);
            assert!(planned, "{id} has planned nothing: {statuses:?}");
            let path = format!("/connectors/{}/tasks/0/restart", scene.source("a"));
            scene.ask(worker, "POST", &path).await;
        }
        scene.settled().await;
        if eager {
            // Back to the best when the eager one is gone.
            scene.leave(jvm).await;
            scene.settled().await;
            scene.speaks("sessioned").await;
        }
        for lines in &lines {
            lines.rest(true);
        }
        for lines in &lines {
            lines.arrived(&scene).await;
        }
        drop(lines);
        scene.end().await;
    }
}
