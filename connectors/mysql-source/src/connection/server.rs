//! What the server says of itself.

use bytestring::ByteString;
use connect_api::{Error, ErrorKind, Result};
use mysql_async::Row;

use super::{Connection, Privilege, missing_privileges, text_of};
use crate::gtid::GtidSet;

/// What the server says of itself.
#[derive(Debug, Clone)]
pub struct ServerInfo {
    /// The text of `VERSION()`.
    pub version: String,
    /// Whether `gtid_mode` is `ON`.
    pub gtid_mode: bool,
    /// Whether names of tables differ by letter case (`lower_case_table_names` is 0).
    pub case_sensitive: bool,
    status_statement: &'static str,
}

/// Where the binlog ends at the moment.
#[derive(Debug, Clone)]
pub struct LogStatus {
    /// The file.
    pub file: ByteString,
    /// The position.
    pub pos: u64,
    /// All executed transactions, where the server has GTIDs.
    pub gtids: Option<GtidSet>,
}

impl ServerInfo {
    /// Asks the server.
    pub async fn read(connection: &mut Connection) -> Result<Self> {
        let version: String = connection
            .first("SELECT VERSION()")
            .await?
            .unwrap_or_default();
        let gtid_mode = connection.global_variable("gtid_mode").await?;
        let lower_case = connection.global_variable("lower_case_table_names").await?;
        Ok(Self {
            gtid_mode: gtid_mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ON")),
            case_sensitive: lower_case.is_none_or(|value| value == "0"),
            status_statement: status_statement(&version),
            version,
        })
    }

    /// Where the binlog ends; none where the server writes none.
    pub async fn log_status(&self, connection: &mut Connection) -> Result<Option<LogStatus>> {
        let row: Option<Row> = connection
            .first(self.status_statement)
            .await
            .map_err(needs_replication_client)?;
        let Some(row) = row else { return Ok(None) };
        let gtids = text_of(&row, 4)
            .filter(|text| !text.trim().is_empty())
            .map(|text| GtidSet::parse(&text))
            .transpose()?;
        let pos = text_of(&row, 1).and_then(|text| text.parse().ok());
        match (text_of(&row, 0), pos) {
            (Some(file), Some(pos)) => Ok(Some(LogStatus {
                file: file.into(),
                pos,
                gtids,
            })),
            _ => Err(self.no_status()),
        }
    }

    /// The error of a server without a binlog.
    pub fn no_status(&self) -> Error {
        Error::config(format!(
            "Cannot read the binlog filename and position via '{}'. Make sure your server is correctly configured: log_bin must be ON (start mysqld with --log-bin)",
            self.status_statement
        ))
    }

    /// The binlog files that the server still has, oldest first.
    pub async fn binlog_files(&self, connection: &mut Connection) -> Result<Vec<String>> {
        let rows: Vec<Row> = connection
            .rows("SHOW BINARY LOGS")
            .await
            .map_err(needs_replication_client)?;
        Ok(rows.iter().filter_map(|row| text_of(row, 0)).collect())
    }

    /// Transactions whose binlog files are gone.
    pub async fn purged_gtids(&self, connection: &mut Connection) -> Result<GtidSet> {
        let text: Option<String> = connection.first("SELECT @@global.gtid_purged").await?;
        GtidSet::parse(&text.unwrap_or_default())
    }

    /// Errors unless the binlog has whole rows
    /// (`BinlogConnectorTask.validateBinlogConfiguration`).
    pub async fn check_binlog(&self, connection: &mut Connection) -> Result<()> {
        let log_bin = connection.global_variable("log_bin").await?;
        if log_bin.is_some_and(|value| value.eq_ignore_ascii_case("OFF")) {
            return Err(self.no_status());
        }
        for (name, needed) in [("binlog_format", "ROW"), ("binlog_row_image", "FULL")] {
            let value = connection.global_variable(name).await?;
            if let Some(value) = value.filter(|value| !value.eq_ignore_ascii_case(needed)) {
                return Err(Error::config(format!(
                    "The database server is not configured to use a {needed} {name}, which is required for this connector to work properly: it is {value}. Run SET PERSIST {name}={needed} (or put {name}={needed} into the server's configuration), let open sessions reconnect, and restart the connector"
                )));
            }
        }
        Ok(())
    }

    /// Errors unless the user has all of `needed`; names the `GRANT` that helps.
    pub async fn check_privileges(
        &self,
        connection: &mut Connection,
        needed: &[Privilege],
    ) -> Result<()> {
        let lines: Vec<String> = connection.rows("SHOW GRANTS FOR CURRENT_USER").await?;
        let missing = missing_privileges(&lines, needed);
        if missing.is_empty() {
            return Ok(());
        }
        let user: String = connection
            .first("SELECT CURRENT_USER()")
            .await?
            .unwrap_or_default();
        Err(missing_error(&missing, &user))
    }
}

fn missing_error(missing: &[Privilege], user: &str) -> Error {
    let names: Vec<&str> = missing.iter().map(|privilege| privilege.name()).collect();
    let names = names.join(", ");
    let account = match user.rsplit_once('@') {
        Some((name, host)) => format!("'{name}'@'{host}'"),
        None => format!("'{user}'"),
    };
    Error::config(format!(
        "user {account} lacks the privilege {names}: run GRANT {names} ON *.* TO {account}"
    ))
}

/// `SHOW MASTER STATUS` is gone since 8.4.
fn status_statement(version: &str) -> &'static str {
    let mut parts = version
        .split(['.', '-'])
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let is_mariadb = version.to_lowercase().contains("mariadb");
    if !is_mariadb && (major, minor) >= (8, 4) {
        "SHOW BINARY LOG STATUS"
    } else {
        "SHOW MASTER STATUS"
    }
}

fn needs_replication_client(error: Error) -> Error {
    if error.kind() != ErrorKind::Config {
        return error;
    }
    error.while_doing(
        "reading the state of the binlog needs the privilege REPLICATION CLIENT: run GRANT REPLICATION CLIENT ON *.* TO the user of the connector",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_depends_on_the_version() {
        assert_eq!(status_statement("8.0.15"), "SHOW MASTER STATUS");
        assert_eq!(status_statement("5.7.44-log"), "SHOW MASTER STATUS");
        assert_eq!(status_statement("8.4.0"), "SHOW BINARY LOG STATUS");
        assert_eq!(status_statement("9.7.0-1"), "SHOW BINARY LOG STATUS");
        assert_eq!(status_statement("10.11.6-MariaDB"), "SHOW MASTER STATUS");
    }
}
