//! Errors of the binlog stream: which may pass, and what to change otherwise.

use connect_api::{Error, ErrorKind};
use mysql_async::Error as MySqlError;

use crate::connection::{is_retriable, server_code};

/// `ER_MASTER_FATAL_ERROR_READING_BINLOG`
const FATAL_READING: u16 = 1236;

/// The error of the stream.
pub(super) fn of_stream(error: MySqlError, server_id: u32) -> Error {
    let message = match &error {
        MySqlError::Server(server) => server.message.clone(),
        other => other.to_string(),
    };
    match server_code(&error) {
        Some(FATAL_READING) => fatal_reading(&message, server_id).caused_by(error),
        // Missing REPLICATION SLAVE.
        Some(1045 | 1227) => Error::config(format!(
            "MySQL does not give its binlog to this user: {message}: run GRANT REPLICATION SLAVE ON *.* TO the user of the connector"
        ))
        .caused_by(error),
        _ if is_retriable(&error) => {
            Error::retriable(format!("reading the binlog: {message}")).caused_by(error)
        }
        _ => Error::new(ErrorKind::Internal, format!("reading the binlog: {message}"))
            .caused_by(error),
    }
}

fn fatal_reading(message: &str, server_id: u32) -> Error {
    let lower = message.to_lowercase();
    if lower.contains("same server_uuid") || lower.contains("same server_id") {
        return Error::config(format!(
            "another client reads the binlog with the same server id: give this connector a database.server.id of its own (it is {server_id}); MySQL says: {message}"
        ));
    }
    if is_position_lost(&lower) {
        return Error::new(ErrorKind::NotFound, message);
    }
    if lower.contains("max_allowed_packet") {
        return Error::config(format!(
            "an event is larger than the server sends: raise max_allowed_packet on the server; MySQL says: {message}"
        ));
    }
    if lower.contains("server_id") || lower.contains("misconfigured master") {
        return Error::config(format!("the server cannot be read from: {message}"));
    }
    Error::new(
        ErrorKind::Internal,
        format!("MySQL cannot read its binlog: {message}"),
    )
}

/// The binlog no longer has the place that was asked for, or never had it.
fn is_position_lost(message: &str) -> bool {
    [
        "could not find first log file name in binary log index file",
        "purged",
        "impossible position",
        "position > file size",
        "could not open log file",
        "slave has more gtids",
        "replica has more gtids",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// The error of a place that the binlog no longer has, in the words of the
/// original (`BaseSourceTask.validateSchemaHistory`).
pub(crate) fn position_lost(offset: &str, details: &str) -> Error {
    Error::config(format!(
        "The connector is trying to read change stream starting at {offset}, but this is no longer available on the server. Reconfigure the connector to use a snapshot mode when needed (snapshot.mode=when_needed): {details}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_error_1236() {
        // Texts of sql/rpl_binlog_sender.cc.
        let twin = fatal_reading(
            "A slave with the same server_uuid/server_id as this slave has connected to the master; the first event '' at 4",
            5401,
        );
        assert!(twin.to_string().contains("database.server.id"), "{twin}");
        assert!(!twin.is_retriable());
        for lost in [
            "Could not find first log file name in binary log index file",
            "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has purged binary logs containing GTIDs that the slave requires.",
            "Client requested master to start replication from position > file size",
        ] {
            assert_eq!(fatal_reading(lost, 1).kind(), ErrorKind::NotFound, "{lost}");
        }
        assert!(
            fatal_reading("log event entry exceeded max_allowed_packet", 1)
                .to_string()
                .contains("raise")
        );
    }
}
