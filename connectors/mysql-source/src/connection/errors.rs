//! The driver's errors as ours: what may pass, what the user must change.

use connect_api::{Error, ErrorKind};
use mysql_async::{DriverError, Error as MySqlError, IoError};

use crate::config::ConnectionSettings;

/// `ER_ACCESS_DENIED_ERROR` and its kin: user, password or host are wrong.
const ACCESS_DENIED: [u16; 5] = [1044, 1045, 1130, 1698, 3118];
/// A right is missing: `ER_SPECIFIC_ACCESS_DENIED_ERROR`, `ER_TABLEACCESS_DENIED_ERROR`, …
const PRIVILEGE: [u16; 4] = [1142, 1143, 1227, 1370];
/// `ER_BAD_DB_ERROR` and `ER_NO_SUCH_TABLE`.
const GONE: [u16; 2] = [1049, 1146];
/// Faults that pass: too many connections, shutdown, network, timeouts, deadlocks, killed.
const PASSING: [u16; 18] = [
    1040, 1053, 1077, 1078, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1226, 1317,
    1927, 4031,
];

/// The server's code of an error, if the server sent it.
pub(crate) fn server_code(error: &MySqlError) -> Option<u16> {
    match error {
        MySqlError::Server(error) => Some(error.code),
        _ => None,
    }
}

/// Whether a statement failed because its table or database is not there.
pub(crate) fn is_gone(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    let code = source
        .and_then(|source| source.downcast_ref())
        .and_then(server_code);
    code.is_some_and(|code| GONE.contains(&code))
}

pub(super) fn is_tls(error: &MySqlError) -> bool {
    matches!(
        error,
        MySqlError::Io(IoError::Tls(_))
            | MySqlError::Driver(DriverError::NoClientSslFlagFromServer)
    )
}

/// Whether the same call may succeed later.
pub(crate) fn is_retriable(error: &MySqlError) -> bool {
    match error {
        MySqlError::Io(IoError::Io(error)) => !is_unknown_host(error),
        MySqlError::Io(IoError::Tls(_)) => false,
        MySqlError::Driver(
            DriverError::ConnectionClosed
            | DriverError::PoolDisconnected
            | DriverError::PacketOutOfOrder,
        ) => true,
        MySqlError::Server(error) => PASSING.contains(&error.code),
        _ => false,
    }
}

fn is_unknown_host(error: &std::io::Error) -> bool {
    let text = error.to_string();
    // EAI_NONAME and EAI_NODATA; EAI_AGAIN ("Temporary failure") may pass.
    text.contains("Name or service not known") || text.contains("No address associated")
}

/// The error of connecting, which names what to change.
pub(crate) fn to_error(error: MySqlError, settings: &ConnectionSettings) -> Error {
    let address = format!("{}:{}", settings.host, settings.port);
    let kind = match &error {
        error if is_retriable(error) => ErrorKind::Retriable,
        _ => ErrorKind::Config,
    };
    Error::new(
        kind,
        format!(
            "cannot connect to MySQL at {address}: {}: {}",
            reason(&error),
            advice(&error)
        ),
    )
    .with("user", &settings.user)
    .caused_by(error)
}

/// What to do about an error of connecting.
fn advice(error: &MySqlError) -> &'static str {
    match error {
        MySqlError::Server(server) if ACCESS_DENIED.contains(&server.code) => {
            "check database.user and database.password, and that the user may connect from this host"
        }
        MySqlError::Io(IoError::Io(io)) if is_unknown_host(io) => {
            "the host is not known: check database.hostname"
        }
        MySqlError::Io(IoError::Io(_)) => {
            "check that the server runs, database.hostname and database.port"
        }
        error if is_tls(error) => "check database.ssl.mode and the stores under database.ssl",
        _ => "check the settings under database",
    }
}

/// What `validate` says of an error of connecting: the original's words
/// (`BinlogConnector.validateConnection`), then what to do about it.
pub(crate) fn unable_to_connect(error: &Error) -> String {
    let source = std::error::Error::source(error);
    match source.and_then(|source| source.downcast_ref::<MySqlError>()) {
        Some(mysql @ MySqlError::Server(server)) => {
            format!("Unable to connect: {}: {}", server.message, advice(mysql))
        }
        _ => format!("Unable to connect: {error}"),
    }
}

/// The error of a statement.
pub(super) fn of_statement(error: MySqlError, sql: &str) -> Error {
    let kind = match server_code(&error) {
        _ if is_retriable(&error) => ErrorKind::Retriable,
        Some(code) if PRIVILEGE.contains(&code) || ACCESS_DENIED.contains(&code) => {
            ErrorKind::Config
        }
        _ => ErrorKind::Internal,
    };
    Error::new(
        kind,
        format!("MySQL refused a statement: {}", reason(&error)),
    )
    .with("statement", sql)
    .caused_by(error)
}

/// What the server or the system said.
pub(super) fn reason(error: &MySqlError) -> String {
    match error {
        MySqlError::Server(error) => {
            format!(
                "{} (error {}, SQLSTATE {})",
                error.message, error.code, error.state
            )
        }
        MySqlError::Io(IoError::Io(error)) => error.to_string(),
        other => other.to_string(),
    }
}
