//! What MySQL and MariaDB say, and what follows from it.

use mysql_async::Error;

use super::error::{DbError, Fault};

pub(super) fn fault_of(error: &Error) -> DbError {
    let Error::Server(server) = error else {
        return DbError::without_server(error.to_string(), &["certificate", "tls", "ssl"]);
    };
    let message = format!(
        "ERROR {} ({}): {}",
        server.code, server.state, server.message
    );
    let text = &server.message;
    let row = text
        .rsplit_once(" at row ")
        .and_then(|(_, digits)| digits.trim().parse::<usize>().ok()?.checked_sub(1));
    let column = column_in(text).map(str::to_owned);
    DbError {
        row,
        column,
        too_narrow: matches!(server.code, 1264 | 1406 | 1265),
        ..DbError::new(fault_of_code(server.code, &server.state), message)
    }
}

/// By the numbers of MySQL's server error reference.
fn fault_of_code(code: u16, state: &str) -> Fault {
    match code {
        // Lock wait timeout, deadlock, too many connections, out of memory,
        // read-only, disk full.
        1205 | 1213 | 1040 | 1203 | 1226 | 1037 | 1038 | 1041 | 1290 | 1836 | 1021 | 3572 => {
            Fault::Transient
        }
        // Shutdown in progress, connection killed, idle for too long.
        1053 | 1927 | 1317 | 4031 | 2006 | 2013 | 1158..=1161 => Fault::Connection,
        // No such table, unknown column, wrong number of columns.
        1146 | 1054 | 1136 | 1051 => Fault::Structure,
        // Bad null, duplicate, foreign keys, no default, out of range, too long,
        // wrong value, JSON, check constraints, truncated, geometry, bits.
        1048
        | 1062
        | 1216
        | 1217
        | 1451
        | 1452
        | 1364
        | 1264
        | 1406
        | 1366
        | 1292
        | 1411
        | 1265
        | 1690
        | 3140..=3160
        | 3819
        | 4025
        | 1416
        | 1439
        | 1300
        | 1586
        | 1367
        | 1118
        | 1153 => Fault::Data,
        _ if state.starts_with("22") || state.starts_with("23") => Fault::Data,
        _ if state.starts_with("08") => Fault::Connection,
        _ => Fault::Refused,
    }
}

/// The column that a message names: MySQL has `column 'amount'`, MariaDB here and there
/// "column `database`.`table`.`amount`".
fn column_in(message: &str) -> Option<&str> {
    const WORD: &str = "column ";
    let at = message.to_ascii_lowercase().find(WORD)? + WORD.len();
    let name = &message[at..];
    if let Some(quoted) = name.strip_prefix('\'') {
        return quoted.split('\'').next();
    }
    let quoted = name.strip_prefix('`')?;
    let parts = quoted.split('`');
    // Between the names stand dots, and behind the last one something else.
    let mut names = parts.step_by(2);
    let mut between = quoted.split('`').skip(1).step_by(2);
    let mut last = names.next()?;
    while between.next() == Some(".") {
        last = names.next()?;
    }
    Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_in_the_words_of_both_servers() {
        // MySQL 8.0.15 and MariaDB 10.11.
        for (message, column) in [
            (
                "Incorrect integer value: 'seventeen' for column 'amount' at row 18",
                Some("amount"),
            ),
            (
                "Incorrect integer value: 'seventeen' for column `jdbc_bad_rows`.`t`.`amount` at row 1",
                Some("amount"),
            ),
            ("Column 'ID' cannot be null", Some("ID")),
            ("Data too long for column 'amount' at row 1", Some("amount")),
            ("\u{130}\u{130} for column 'a' at row 1", Some("a")),
            ("Duplicate entry '1' for key 'PRIMARY'", None),
            ("Unknown column ", None),
        ] {
            assert_eq!(column_in(message), column, "{message}");
        }
    }
}
