//! The services that `tests/services/up` started.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The value of a variable that `tests/services/up` printed.
///
/// # Panics
/// If it is not set: then the service is not there.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: these tests need real services. Run `make test`, or \
             `exports=$(tests/services/up kafka-embedded …) && eval \"$exports\"` with those of \
             scripts/test that you need"
        )
    })
}

/// The shortest session that the Kafka under test allows the members of a group.
///
/// # Panics
/// If it is not known.
pub fn shortest_session() -> Duration {
    let millis = variable("KAFKA_SHORTEST_SESSION_MS").parse();
    Duration::from_millis(millis.expect("milliseconds"))
}

/// How often the members of such a session are to be heard of.
///
/// # Panics
/// If the session is not known.
pub fn heartbeat() -> Duration {
    shortest_session() / 6
}

/// Restarts a service on its port and data; `kill` by SIGKILL. `kafka` is the broker under test,
/// whichever that is, and `schema-registry` the registry.
///
/// # Panics
/// If the script fails.
pub fn restart(service: &str, kill: bool) {
    let service = under_test(service);
    let mut command = restart_command(&service);
    if kill {
        command.arg("--kill");
    }
    run(&service, command);
}

fn under_test(service: &str) -> String {
    let variable = match service {
        "kafka" => "KAFKA_SERVICE",
        "schema-registry" => "SCHEMA_REGISTRY_SERVICE",
        _ => return service.to_owned(),
    };
    std::env::var(variable).unwrap_or_else(|_| service.to_owned())
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

/// Stops a service; its port and data stay.
///
/// # Panics
/// If the script fails.
pub fn stop(service: &str) {
    let service = under_test(service);
    let mut command = script("down");
    command.arg(&service);
    run(&service, command);
}

/// Starts a service that was stopped, on its port and data.
///
/// # Panics
/// If the script fails.
pub fn start(service: &str) {
    let service = under_test(service);
    let mut command = script("up");
    command.arg(&service);
    run(&service, command);
}

fn script(name: &str) -> Command {
    Command::new(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../services")
            .join(name),
    )
}

fn restart_command(service: &str) -> Command {
    let mut command = script("restart");
    command.arg(service);
    command
}

/// Where a lane of tests (`scripts/test-lanes`) keeps the servers that it has for itself, if this is one of them.
fn folder_in_lane(service: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("CONNECTD_LANE")?);
    let has_it = folder.join("run").join(format!("{service}.port")).exists();
    has_it.then_some(folder)
}

fn run(service: &str, mut command: Command) {
    if let Some(folder) = folder_in_lane(service) {
        command.env("CONNECTD_SERVICES", folder);
    }
    let script = command.get_program().to_owned();
    let output = command.output().expect("the scripts of the services run");
    assert!(
        output.status.success(),
        "{script:?} {service} failed: {}",
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
