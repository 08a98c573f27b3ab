//! `connectd broker` as a process: ready, alone on its folder, and stopped in good order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step that fails fails the test"
)]

mod support;

use std::net::TcpStream;
use std::path::Path;

use support::Process;

fn start(data: &Path) -> Process {
    let listen = ["broker", "--listen", "127.0.0.1:0", "--data"];
    let listen = listen.map(AsRef::as_ref);
    Process::start(listen.into_iter().chain([data.as_os_str()]))
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = start(folder.path());
    let ready = first.line_with("bootstrap=\"");
    let (address, _) = ready.split_once('"').unwrap();
    TcpStream::connect(address).unwrap();

    let mut second = start(folder.path());
    let refused = second.line_with("in use by another broker");
    assert!(refused.contains("stop that one"), "{refused}");
    assert_eq!(second.code(), Some(1));

    for signal in ["-TERM", "-INT"] {
        first.signal(signal);
        first.line_with("stopped");
        assert_eq!(first.code(), Some(0));
        // The folder is free again.
        first = start(folder.path());
        first.line_with("the broker is ready");
    }
}
