//! The commands that end by themselves.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn connectd(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connectd"));
    command.args(arguments).output().expect("connectd runs")
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config-examples");
    let files = std::fs::read_dir(folder).expect("examples");
    let files = files.map(|file| file.expect("an entry").path());
    files
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "json" || extension == "properties")
        })
        .collect()
}

#[test]
fn validate_accepts_every_example() {
    let examples = examples();
    assert!(examples.len() >= 14);
    for example in examples {
        let output = connectd(&["validate", &example.display().to_string()]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}: {}",
            example.display(),
            text(&output)
        );
    }
}

#[test]
fn validate_tells_every_error_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.json");
    let body = r#"{"name": "bad", "config": {
        "connector.class": "MySqlConnector", "tasks.max": "none", "errors.tolerance": "some",
        "database.port": "x", "transforms": "t", "transforms.t.type": "com.acme.Nope"}}"#;
    std::fs::write(&file, body).expect("written");
    let output = connectd(&["validate", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let told = text(&output);
    let wrong = [
        "tasks.max",
        "errors.tolerance",
        "database.port",
        "database.hostname",
        "topic.prefix",
        "com.acme.Nope",
    ];
    for name in wrong {
        assert!(told.contains(name), "{name} is not in: {told}");
    }
}

#[test]
fn validate_tells_what_it_cannot_read() {
    let output = connectd(&["validate", "no-such-file.json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("no-such-file.json"),
        "{}",
        text(&output)
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.json");
    std::fs::write(&file, "{").expect("written");
    let output = connectd(&["validate", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("line 1"), "{}", text(&output));
}

#[test]
fn plugins_are_listed() {
    let output = connectd(&["plugins"]);
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output);
    let classes = [
        "io.debezium.connector.mysql.MySqlConnector",
        "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "org.apache.kafka.connect.file.FileStreamSinkConnector",
        "io.debezium.transforms.ExtractNewRecordState",
        "org.apache.kafka.connect.json.JsonConverter",
    ];
    for class in classes {
        assert!(told.contains(class), "{class} is not in: {told}");
    }
}
