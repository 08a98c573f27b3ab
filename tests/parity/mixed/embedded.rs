//! The same on the embedded broker: a JVM worker runs connectors on it, alone and in a group with
//! ours, whoever leads.

use std::process::Stdio;

use connect_broker::{Broker, Settings};
use connectd_harness::alone;
use tokio::process::Command;

/// Tests of this binary in which a JVM worker leads, follows, and is alone.
const TESTS: [&str; 2] = [
    "mixed::shared::a_jvm_worker_and_ours_run_what_the_other_planned",
    "mixed::unknown::a_worker_of_ours_does_not_disturb_what_only_the_jvm_has",
];

/// They find their broker by the environment, so they are processes of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jvm_worker_and_ours_are_at_home_on_the_embedded_broker() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Broker::start(Settings::new("127.0.0.1:0", folder.path())).expect("a broker");
    tokio::join!(
        passes(TESTS[0], broker.bootstrap()),
        passes(TESTS[1], broker.bootstrap())
    );
    broker.stop();
}

async fn passes(test: &str, bootstrap: &str) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", test])
        .env("KAFKA_BOOTSTRAP", bootstrap)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await.expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    let one_passed = output.status.success() && said.contains("1 passed");
    let also = String::from_utf8_lossy(&output.stderr);
    assert!(one_passed, "{test}: {said}\n{also}");
}
