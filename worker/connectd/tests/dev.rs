//! `connectd dev` as a process: everything is there with one command, and again after a restart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step that fails fails the test"
)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use connectd_harness::Rest;
use serde_json::{Value, json};
use support::Process;

/// A process of it, and what it says of itself.
struct Dev {
    process: Process,
    rest: Rest,
    kafka: String,
    registry: Option<Rest>,
}

impl Dev {
    fn start(more: &[&str]) -> Self {
        let any = "127.0.0.1:0";
        let args = ["dev", "--rest", any, "--kafka", any];
        let mut process = Process::start(args.iter().chain(more));
        process.line_with("connectd is ready after");
        let rest = Rest::new(process.line_with("REST API").trim());
        let kafka = process.line_with("Kafka").trim().to_owned();
        let registry = (!more.contains(&"--no-schema-registry"))
            .then(|| Rest::new(process.line_with("Schema registry").trim()));
        Self {
            process,
            rest,
            kafka,
            registry,
        }
    }

    fn stop(mut self) {
        self.process.signal("-INT");
        self.process.line_with("stopping");
        assert_eq!(self.process.code(), Some(0));
    }
}

/// A connector file: every line of `input` becomes a record, and of these the lines of `output`.
fn connectors(folder: &Path) -> [String; 2] {
    let source = json!({"name": "lines", "config": {
        "connector.class": "FileStreamSource", "file": folder.join("input"), "topic": "lines"
    }});
    let sink = json!({"name": "copies", "config": {
        "connector.class": "FileStreamSink", "file": folder.join("output"), "topics": "lines"
    }});
    [source, sink].map(|body| {
        let file = folder.join(format!("{}.json", body["name"].as_str().unwrap()));
        std::fs::write(&file, body.to_string()).unwrap();
        file.to_str().unwrap().to_owned()
    })
}

async fn wait_for_lines(file: &Path, lines: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    wait_for(file, deadline, lines, |text| text == lines).await;
}

async fn wait_for(file: &Path, deadline: Instant, what: &str, is_there: impl Fn(&str) -> bool) {
    while Instant::now() < deadline {
        if std::fs::read_to_string(file).is_ok_and(|text| is_there(&text)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?} and not {what:?}", std::fs::read_to_string(file));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_has_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = [
        "--data",
        data.to_str().unwrap(),
        "--schema-registry",
        "127.0.0.1:0",
    ];
    let [source, sink] = connectors(folder.path());
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));

    std::fs::write(&input, "one\ntwo\n").unwrap();
    let dev = Dev::start(&[&data[..], &["--connector", &source, "--connector", &sink]].concat());
    wait_for_lines(&output, "one\ntwo\n").await;
    let registry = dev.registry.as_ref().unwrap();
    let schema = json!({"schema": r#"{"type":"string"}"#}).to_string();
    let id = registry.send("POST", "/subjects/lines-value/versions", Some(&schema));
    assert_eq!(id.await.json()["id"], 1);
    dev.stop();

    std::fs::write(&input, "one\ntwo\nthree\n").unwrap();
    let dev = Dev::start(&data);
    let names = dev.rest.get("/connectors").await;
    let mut names: Vec<_> = names
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["copies", "lines"]);
    // Each line once: the offsets of both are there too.
    wait_for_lines(&output, "one\ntwo\nthree\n").await;
    let registry = dev.registry.as_ref().unwrap();
    let subjects = registry.get("/subjects").await;
    assert_eq!(subjects, json!(["lines-value"]));

    let mut second = Process::start(["dev", data[0], data[1], "--kafka", "127.0.0.1:0"]);
    let refused = second.line_with("in use by another broker");
    assert!(refused.contains("stop that one"), "{refused}");
    assert_eq!(second.code(), Some(1));
    dev.stop();
}

/// What was a member of a group in the killed process is not waited for: the worker's session is
/// ten seconds, those of the sinks' consumers are 45.
#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_at_once_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = ["--no-schema-registry", "--data", data.to_str().unwrap()];
    let [source, sink] = connectors(folder.path());
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));

    std::fs::write(&input, "one\n").unwrap();
    let mut dev =
        Dev::start(&[&data[..], &["--connector", &source, "--connector", &sink]].concat());
    wait_for_lines(&output, "one\n").await;
    dev.process.signal("-KILL");
    assert_eq!(dev.process.code(), None, "it has ended by the signal");

    std::fs::write(&input, "one\ntwo\n").unwrap();
    let before_a_session_ends = Instant::now() + Duration::from_secs(9);
    let dev = Dev::start(&data);
    wait_for(&output, before_a_session_ends, "two", |text| {
        text.ends_with("two\n")
    })
    .await;
    dev.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ephemeral_one_leaves_nothing_and_a_taken_port_is_named() {
    let dev = Dev::start(&["--ephemeral", "--no-schema-registry"]);
    assert_eq!(dev.rest.get("/connectors").await, json!([]));
    let health = dev.rest.get("/health").await;
    assert_eq!(health["status"], "healthy");

    let mut second = Process::start(["dev", "--ephemeral", "--kafka", &dev.kafka]);
    let refused = second.line_with("starting the broker");
    assert!(refused.contains("--kafka"), "{refused}");
    second.line_with(&dev.kafka);
    assert_eq!(second.code(), Some(1));
    dev.stop();
}
