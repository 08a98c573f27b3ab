//! Any worker answers any request, and no client sees a short rebalance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connectd_harness::cluster::{Cluster, Timestamp, Work};
use connectd_harness::{Rest, alone, eventually, unique};
use serde_json::{Value, json};

use super::scene::{options, tell};

fn config(size: usize) -> Value {
    json!({
        "connector.class": "FileStreamSource",
        "file": "/dev/null",
        "topic": "never",
        "batch.size": size.to_string(),
    })
}

async fn ask(rest: &Rest, method: &str, path: &str, body: Option<Value>, expected: &[u16]) {
    let body = body.map(|body| body.to_string());
    let answer = rest.send(method, path, body.as_deref()).await;
    let status = answer.status;
    assert!(
        expected.contains(&status),
        "{method} {path}: {status} {}",
        answer.text
    );
}

/// Each request through each of three workers: at least two are not the leader, and at least two
/// do not run the connector.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_worker_answers_every_request() {
    let _alone = alone().await;
    let mut cluster = Cluster::start(options(3)).await;
    for via in 0..3 {
        let name = unique("via");
        let path = |rest: &str| format!("/connectors/{name}{rest}");
        let rest = cluster.rest(via).clone();
        cluster
            .create(via, &json!({"name": name, "config": config(10)}), 1)
            .await;
        cluster.settled().await;
        ask(
            &rest,
            "POST",
            "/connectors",
            Some(json!({"name": name, "config": config(1)})),
            &[409],
        )
        .await;

        ask(&rest, "PUT", &path("/config"), Some(config(20)), &[200]).await;
        for reader in 0..3 {
            let seen = async || {
                let tasks = cluster.rest(reader).get(&path("/tasks")).await;
                (tasks[0]["config"]["batch.size"] == "20").then_some(())
            };
            eventually("the new configuration everywhere", seen).await;
        }
        cluster.settled().await;

        for (request, restarted, code) in [
            ("/restart", [true, false], 204),
            ("/tasks/0/restart", [false, true], 204),
            ("/restart?includeTasks=true", [true, true], 202),
        ] {
            let moment = Timestamp::now();
            ask(&rest, "POST", &path(request), None, &[code]).await;
            is_restarted(&mut cluster, &name, restarted, moment).await;
            cluster.settled().await;
        }

        ask(&rest, "PUT", &path("/pause"), None, &[202]).await;
        cluster.settled_as("PAUSED", Duration::from_secs(30)).await;
        ask(&rest, "PUT", &path("/resume"), None, &[202]).await;
        cluster.settled().await;
        ask(&rest, "PUT", &path("/stop"), None, &[204]).await;
        for reader in 0..3 {
            cluster
                .rest(reader)
                .wait_for_connector(&name, "STOPPED")
                .await;
        }
        let offsets = json!({"offsets": [{"partition": {"filename": "/dev/null"}, "offset": {"position": 0}}]});
        ask(&rest, "PATCH", &path("/offsets"), Some(offsets), &[200]).await;
        ask(&rest, "DELETE", &path("/offsets"), None, &[200]).await;
        ask(&rest, "PUT", &path("/resume"), None, &[202]).await;
        cluster.settled().await;
        cluster.delete(via, &name).await;
        cluster.settled().await;
        // The worker that ran it may say so a moment after its statuses were deleted.
        let forgotten = async || {
            let answer = rest.send("GET", &path("/status"), None).await;
            (answer.status == 404).then_some(())
        };
        eventually("no status of a deleted connector", forgotten).await;
    }
    cluster.stop().await;
}

/// What a restart restarts, and nothing else: the connector, its task.
async fn is_restarted(cluster: &mut Cluster, name: &str, restarted: [bool; 2], moment: Timestamp) {
    let works = [
        Work::Connector(name.to_owned()),
        Work::Task(name.to_owned(), 0),
    ];
    let seen = async || {
        let lives = cluster.lives();
        let begun = works.each_ref().map(|work| {
            lives
                .iter()
                .any(|life| life.work == *work && life.from > moment && life.to.is_none())
        });
        (begun == restarted).then_some(())
    };
    eventually(&format!("{restarted:?} of {name} restarted"), seen).await;
}

/// A client that goes on while workers come and go is never told to come back later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_sees_no_rebalance() {
    let _alone = alone().await;
    let mut cluster = Cluster::start(options(2)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let clients = [0, 1].map(|via| {
        let (rest, stop) = (cluster.rest(via).clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let (mut rounds, mut slowest) = (0, Duration::ZERO);
            while !stop.load(Ordering::Relaxed) {
                let begun = std::time::Instant::now();
                round(&rest, &unique("busy")).await;
                slowest = slowest.max(begun.elapsed());
                rounds += 1;
            }
            (rounds, slowest)
        })
    });
    for _ in 0..3 {
        let newcomer = cluster.add().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        cluster.ask_to_stop(newcomer);
        cluster.ended(newcomer).await;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        let (rounds, slowest) = client.await.expect("no answer but the expected");
        tell(&format!(
            "{rounds} rounds of create, change, restart, delete; the slowest took {slowest:.1?}"
        ));
        assert!(rounds > 0);
    }
    cluster.settled().await;
    cluster.stop().await;
}

async fn round(rest: &Rest, name: &str) {
    let path = |rest: &str| format!("/connectors/{name}{rest}");
    let body = json!({"name": name, "config": config(10)});
    ask(rest, "POST", "/connectors", Some(body), &[201]).await;
    ask(rest, "PUT", &path("/config"), Some(config(20)), &[200]).await;
    ask(rest, "PUT", &path("/pause"), None, &[202]).await;
    ask(rest, "PUT", &path("/resume"), None, &[202]).await;
    ask(rest, "DELETE", &path(""), None, &[204]).await;
}
