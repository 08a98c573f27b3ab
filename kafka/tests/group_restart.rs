//! Members while their broker goes down and comes back. Tests of one file run at the same time,
//! those of several one after another: so there is only one here.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod group_support;
mod support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use connect_kafka::group::Lost;
use group_support::*;
use support::unique;

async fn restart_broker(kill: bool) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services/restart");
    let restarted = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(script);
        command.arg(std::env::var("KAFKA_SERVICE").unwrap_or_else(|_| "kafka".to_owned()));
        if kill {
            command.arg("--kill");
        }
        command.output().unwrap()
    });
    let output = restarted.await.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_live_through_restarts_of_the_broker() {
    let patient = options(
        &unique("group-restart"),
        &[("session.timeout.ms", "180000")],
    );
    let mut first = TestMember::start(&patient, "a");
    first.assigned().await;
    let mut second = TestMember::start(&patient, "b");
    second.assigned().await;
    let before = first.assigned().await.generation;
    let strict = options(&unique("group-restart"), &[]);
    let mut hasty = TestMember::start(&strict, "c");
    let mut hasty_generation = hasty.assigned().await.generation;

    for kill in [false, true] {
        let began = Instant::now();
        restart_broker(kill).await;
        for member in [&first, &second] {
            let answered = member.handle.last_answered();
            while !answered.is_within(HEARTBEAT * 3) {
                assert!(began.elapsed() < Duration::from_secs(150));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        println!(
            "killed: {kill}: heartbeats are answered again after {:?}",
            began.elapsed()
        );
        // Time for a rebalance, if there were to be one.
        tokio::time::sleep(HEARTBEAT * 4).await;
        assert!(first.events().is_empty(), "{:?}", first.events());
        assert!(second.events().is_empty(), "{:?}", second.events());
        // Whose session was over gave up, and is back.
        if !hasty.events().is_empty() {
            assert_eq!(hasty.lost().await, Lost::SessionExpired);
            let back = hasty.assigned().await;
            assert_eq!(back.previous, None);
            assert_eq!(back.generation.member_id, hasty_generation.member_id);
            hasty_generation = back.generation;
        }
        let answered = hasty.handle.last_answered();
        assert!(answered.is_within(SESSION));
    }
    assert!(first.leave().await);
    let alone = second.assigned().await;
    assert_eq!(alone.work, "of b with b");
    assert_eq!(alone.previous, Some(before.id));
    assert!(second.leave().await && hasty.leave().await);
}
