//! The services that `tests/services/up` started.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The value of a variable that `tests/services/up` printed.
///
/// # Panics
/// If it is not set: then the service is not there.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: these tests need real services. Run `make test`, or \
             `exports=$(tests/services/up kafka mysql mysql-gtid) && eval \"$exports\"` first"
        )
    })
}

/// Restarts a service on its port and data; `kill` by SIGKILL.
///
/// # Panics
/// If the script fails.
pub fn restart(service: &str, kill: bool) {
    let mut command = restart_command(service);
    if kill {
        command.arg("--kill");
    }
    run(service, command);
}

/// Restarts one of the MySQLs with more options, those that it was started with aside.
///
/// # Panics
/// If the script fails.
pub fn restart_with(service: &str, mysql_options: &str) {
    let mut command = restart_command(service);
    command.env("CONNECTD_MYSQL_OPTIONS", mysql_options);
    run(service, command);
}

fn restart_command(service: &str) -> Command {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../services/restart");
    let mut command = Command::new(script);
    command.arg(service);
    command
}

fn run(service: &str, mut command: Command) {
    let output = command.output().expect("tests/services/restart runs");
    assert!(
        output.status.success(),
        "tests/services/restart {service} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A name that no other test of this or another run uses.
pub fn unique(prefix: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is after 1970");
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(
        "{prefix}_{}_{count}",
        since_epoch.as_millis() % 10_000_000_000
    )
}
