//! What PostgreSQL's errors mean.

use std::error::Error as _;

use super::error::{DbError, Fault};

pub(super) fn fault_of(error: &tokio_postgres::Error) -> DbError {
    let Some(server) = error.as_db_error() else {
        return without_server(error);
    };
    let code = server.code().code();
    let mut message = format!("ERROR: {} [SQLSTATE {code}]", server.message());
    for (name, text) in [
        ("detail", server.detail()),
        ("hint", server.hint()),
        ("where", server.where_()),
    ] {
        if let Some(text) = text {
            message.push_str(&format!("; {name}: {text}"));
        }
    }
    let line = server
        .where_()
        .and_then(|place| place.split_once(", line "))
        .and_then(|(_, rest)| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse::<usize>().ok()?.checked_sub(1)
        });
    let copied = server
        .where_()
        .and_then(|place| place.split_once(", column "))
        .and_then(|(_, rest)| rest.split(':').next());
    DbError {
        row: line,
        column: server.column().or(copied).map(str::to_owned),
        too_narrow: matches!(code, "22001" | "22003"),
        ..DbError::new(fault_of_state(code), message)
    }
}

/// By the classes of PostgreSQL's documentation, appendix A.
fn fault_of_state(code: &str) -> Fault {
    match code {
        "55P03" | "55006" | "57014" | "25006" => Fault::Transient,
        "42P01" | "42703" | "3F000" => Fault::Structure,
        "42804" | "42846" | "21000" => Fault::Data,
        "57P04" | "3D000" => Fault::Refused,
        _ => match &code[..code.len().min(2)] {
            "08" | "57" => Fault::Connection,
            "53" | "58" | "40" => Fault::Transient,
            "22" | "23" | "44" => Fault::Data,
            _ => Fault::Refused,
        },
    }
}

/// A failure of ours or of the network.
fn without_server(error: &tokio_postgres::Error) -> DbError {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    DbError::without_server(
        message,
        &[
            "certificate",
            "tls handshake",
            "does not support tls",
            "password missing",
            "invalid configuration",
            "authentication",
        ],
    )
}
