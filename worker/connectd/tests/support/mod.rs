//! `connectd` as a process whose lines are read.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, PipeReader};
use std::process::{Child, Command};

pub(crate) struct Process {
    child: Child,
    lines: BufReader<PipeReader>,
}

impl Process {
    /// Starts it; the lines are what it prints and what it logs.
    pub(crate) fn start<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_connectd"))
            .args(args)
            .env_remove("RUST_LOG")
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        let lines = BufReader::new(reader);
        Self { child, lines }
    }

    /// The rest of the next line that has `text`.
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        let mut read = String::new();
        loop {
            let from = read.len();
            let length = self.lines.read_line(&mut read).unwrap();
            assert!(length > 0, "no line with {text}, but {read}");
            if let Some((_, rest)) = read[from..].split_once(text) {
                return rest.trim_end().to_owned();
            }
        }
    }

    /// Sends it a signal (`-TERM`).
    pub(crate) fn signal(&self, signal: &str) {
        let told = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(told.unwrap().success());
    }

    /// Its exit code, when it has ended.
    pub(crate) fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended by itself where the test has passed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
