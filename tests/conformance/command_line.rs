//! Kafka's own command-line tools say and do the same.

use std::process::Stdio;

use connectd_harness::beside_others;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::compare::check;
use crate::java::Java;
use crate::target::Target;

/// What the scripts of Kafka's `bin` start.
const TOOLS: [(&str, &str); 7] = [
    ("kafka-topics", "org.apache.kafka.tools.TopicCommand"),
    ("kafka-configs", "kafka.admin.ConfigCommand"),
    (
        "kafka-console-producer",
        "org.apache.kafka.tools.ConsoleProducer",
    ),
    (
        "kafka-console-consumer",
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
    ),
    (
        "kafka-consumer-groups",
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    ),
    ("kafka-get-offsets", "org.apache.kafka.tools.GetOffsetShell"),
    (
        "kafka-delete-records",
        "org.apache.kafka.tools.DeleteRecordsCommand",
    ),
];

/// What an administrator types, after `<<` what is typed into it; what is refused begins with `!`.
const SESSION: &str = "
  kafka-topics --create --topic TOPIC --partitions 1 --config retention.ms=9000000
  kafka-topics --create --topic TOPIC --if-not-exists
! kafka-topics --create --topic TOPIC
  kafka-topics --list --topic TOPIC
  kafka-topics --describe --topic TOPIC
  kafka-configs --alter --entity-type topics --entity-name TOPIC --add-config segment.ms=7000000
  kafka-configs --describe --entity-type topics --entity-name TOPIC
  kafka-configs --alter --entity-type topics --entity-name TOPIC --delete-config retention.ms
! kafka-configs --alter --entity-type topics --entity-name TOPIC --add-config segment.ms=soon
  kafka-configs --describe --all --entity-type topics --entity-name TOPIC
  kafka-console-producer --topic TOPIC --reader-property parse.key=true \
    --reader-property parse.headers=true << h:1\tk1\tv1\\nh:2,i:3\tk2\tv2\\nh:4\tk3\tv3
  kafka-console-producer --topic TOPIC --compression-codec zstd << v4
  kafka-get-offsets --topic TOPIC
  kafka-get-offsets --topic TOPIC --time earliest
  kafka-console-consumer --topic TOPIC --group GROUP --from-beginning --timeout-ms 30000 \
    --max-messages 4 --formatter-property print.key=true --formatter-property print.headers=true \
    --formatter-property print.offset=true --formatter-property print.partition=true
  kafka-consumer-groups --list
  kafka-consumer-groups --describe --group GROUP
  kafka-consumer-groups --describe --state --group GROUP
  kafka-consumer-groups --reset-offsets --group GROUP --topic TOPIC --shift-by -1 --dry-run
  kafka-consumer-groups --reset-offsets --group GROUP --topic TOPIC --to-earliest --execute
  kafka-consumer-groups --delete-offsets --group GROUP --topic TOPIC
  kafka-consumer-groups --delete --group GROUP
  kafka-consumer-groups --describe --group GROUP
  kafka-delete-records --offset-json-file /dev/stdin \
    << {\"version\": 1, \"partitions\": [{\"topic\": \"TOPIC\", \"partition\": 0, \"offset\": 3}]}
  kafka-get-offsets --topic TOPIC --time earliest
  kafka-topics --alter --topic TOPIC --partitions 3
  kafka-topics --delete --topic TOPIC
! kafka-topics --describe --topic TOPIC
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafkas_own_tools_say_the_same() {
    let _turn = beside_others().await;
    let (real, ours) = (Target::real(), Target::ours());
    let tools = Tools::installed(&real).await;
    let (on_real, on_ours) = tokio::join!(session(&tools, &real), session(&tools, &ours));
    check(&real, &on_real, &ours, &on_ours);
}

/// The tools, each of which is a JVM of its own, and an archive of classes for a quicker start of
/// them.
struct Tools {
    java: Java,
    folder: TempDir,
}

impl Tools {
    async fn installed(target: &Target) -> Self {
        let tools = Self {
            java: Java::installed().await,
            folder: tempfile::tempdir().expect("a folder"),
        };
        let mut command = tools.command("kafka-topics", "ArchiveClassesAtExit");
        command.args(["--bootstrap-server", &target.bootstrap, "--list"]);
        let output = command.stdin(Stdio::null()).output().await.expect("a JVM");
        assert!(output.status.success(), "{output:?}");
        tools
    }

    fn command(&self, tool: &str, archive_option: &str) -> Command {
        let class = TOOLS.iter().find(|(name, _)| *name == tool);
        let archive = self.folder.path().join("classes");
        // A JVM goes on without an archive that it cannot use, and is told not to say so.
        let options = [
            "-Xlog:disable",
            &format!("-XX:{archive_option}={}", archive.display()),
        ];
        let class = class.expect("a tool of Kafka's").1;
        self.java.command(&options, None, class)
    }
}

async fn session(tools: &Tools, target: &Target) -> Value {
    let (topic, group) = (target.unique("tools"), target.unique("group"));
    let mut observed = Map::new();
    for (number, line) in SESSION.lines().filter(|line| !line.is_empty()).enumerate() {
        let (mark, line) = line.split_at(2);
        let (line, input) = line.split_once(" << ").unwrap_or((line, ""));
        let named = |text: &str| text.replace("TOPIC", &topic).replace("GROUP", &group);
        let input = named(input).replace("\\n", "\n") + "\n";
        let seen = typed(tools, target, &named(line), &input).await;
        assert_eq!(seen["code"] != 0, mark == "! ", "{line}: {seen}");
        observed.insert(format!("{number:02} {line}"), seen);
    }
    observed.into()
}

/// Runs a line.
async fn typed(tools: &Tools, target: &Target, line: &str, input: &str) -> Value {
    let mut words = line.split_whitespace();
    let tool = words.next().expect("a tool");
    let mut command = tools.command(tool, "SharedArchiveFile");
    command
        .args(["--bootstrap-server", &target.bootstrap])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().expect("a JVM");
    let mut stdin = process.stdin.take().expect("its input");
    stdin.write_all(input.as_bytes()).await.expect("typed");
    drop(stdin);
    let output = process.wait_with_output().await.expect("its output");
    let lists = line.contains("--list");
    let said = |bytes: &[u8]| {
        let text = target.mask(&String::from_utf8_lossy(bytes));
        let lines = text.lines().filter_map(compared);
        // Those of other tests are there too.
        let own = lines.filter(|line| !lists || line.contains("NAME"));
        own.collect::<Vec<_>>()
    };
    json!({
        "code": output.status.code(), "out": said(&output.stdout), "err": said(&output.stderr),
    })
}

/// A line of what a tool says, if it is compared: not where in Kafka's sources something is, nor
/// when.
fn compared(line: &str) -> Option<String> {
    let line = line.trim_start();
    let skipped = ["at ", "[20", "..."].iter().any(|it| line.starts_with(it));
    // The two settings that `tests/services` gives its Kafka, which topics have from there.
    let of_service = ["min.insync.replicas=", "segment.bytes="];
    if line.is_empty() || skipped || of_service.iter().any(|it| line.starts_with(it)) {
        return None;
    }
    let mut last = "";
    let words = line.split_whitespace().map(|word| {
        let id = std::mem::replace(&mut last, word) == "TopicId:";
        if id { "ID" } else { word }
    });
    let line = words.collect::<Vec<_>>().join(" ");
    Some(line.replace("min.insync.replicas=1,segment.bytes=268435456,", ""))
}
