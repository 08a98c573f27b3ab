//! The broker as a process of its own, whose memory and files the system tells of.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use connect_broker::{Broker, Settings};
use tempfile::TempDir;

const DATA: &str = "FUZZED_BROKER_DATA";

/// What the other tests start: this same program, with this test alone.
#[test]
#[ignore = "a process of its own, which the other tests start and end"]
fn broker_process() {
    let data = std::env::var(DATA).expect("the data folder");
    let mut settings = Settings::new("127.0.0.1:0", data);
    settings.internal_partitions = 3;
    let broker = Broker::start(settings).expect("starts");
    println!("\nready {}", broker.address());
    loop {
        std::thread::park();
    }
}

/// It is killed at the end whatever happens.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    said: PathBuf,
    _folder: TempDir,
}

impl Process {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let said = folder.path().join("stderr");
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "process::broker_process"])
            .arg("--nocapture")
            .env(DATA, folder.path().join("data"))
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&said).expect("a file"))
            .spawn()
            .expect("a process");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let address = address(output);
        Self {
            child,
            address,
            said,
            _folder: folder,
        }
    }

    /// The most memory that it has had, in MiB.
    pub(crate) fn peak_memory(&self) -> usize {
        peak_memory(&self.folder())
    }

    pub(crate) fn open_files(&self) -> usize {
        let files = fs::read_dir(self.folder().join("fd")).expect("its files");
        files.count()
    }

    /// It runs, and none of its threads has panicked.
    pub(crate) fn assert_sound(&mut self) {
        let ended = self.child.try_wait().expect("its state");
        let said = fs::read_to_string(&self.said).expect("what it said");
        assert_eq!(ended, None, "it has ended: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }

    fn folder(&self) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn address(mut output: impl BufRead) -> SocketAddr {
    let mut line = String::new();
    loop {
        line.clear();
        let read = output.read_line(&mut line).expect("its output");
        assert!(read > 0, "the broker has ended at its start");
        if let Some(address) = line.trim_end().strip_prefix("ready ") {
            return address.parse().expect("an address");
        }
    }
}

/// `VmHWM` of a process's folder in `/proc`, in MiB.
pub(crate) fn peak_memory(process: &Path) -> usize {
    let status = fs::read_to_string(process.join("status")).expect("its status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.expect("its peak").trim_end_matches("kB").trim();
    peak.parse::<usize>().expect("a number") / 1024
}
