//! `connectd broker` as a process: ready, alone on its folder, and stopped in good order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step that fails fails the test"
)]

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

struct Process {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_connectd"))
            .args(["broker", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// The rest of the first line that has `text`.
    fn line_with(&mut self, text: &str) -> String {
        let mut read = String::new();
        loop {
            let from = read.len();
            let length = self.log.read_line(&mut read).unwrap();
            assert!(length > 0, "no line with {text}, but {read}");
            if let Some((_, rest)) = read[from..].split_once(text) {
                return rest.to_owned();
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended by itself where the test has passed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Process::start(folder.path());
    let ready = first.line_with("bootstrap=\"");
    let (address, _) = ready.split_once('"').unwrap();
    TcpStream::connect(address).unwrap();

    let mut second = Process::start(folder.path());
    let refused = second.line_with("in use by another broker");
    assert!(refused.contains("stop that one"), "{refused}");
    assert_eq!(second.child.wait().unwrap().code(), Some(1));

    for signal in ["-TERM", "-INT"] {
        let told = Command::new("kill")
            .args([signal, &first.child.id().to_string()])
            .status();
        assert!(told.unwrap().success());
        first.line_with("stopped");
        assert_eq!(first.child.wait().unwrap().code(), Some(0));
        // The folder is free again.
        first = Process::start(folder.path());
        first.line_with("the broker is ready");
    }
}
