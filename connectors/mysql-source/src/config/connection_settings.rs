//! How to reach the server.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use connect_api::Result;
use connect_api::config::{Secret, Settings};

use super::keys::{reading, server};
use super::snapshot_settings::millis;

/// `database.ssl.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// No TLS.
    Disabled,
    /// TLS if the server offers it.
    Preferred,
    /// TLS, with any certificate.
    Required,
    /// TLS, and the certificate's authority is checked.
    VerifyCa,
    /// TLS, and authority and host name are checked.
    VerifyIdentity,
}

/// TLS of the connection.
#[derive(Debug, Clone)]
pub struct SslSettings {
    /// How far.
    pub mode: SslMode,
    /// PKCS #12 archive with the client's certificate and key.
    pub keystore: Option<String>,
    /// Its password.
    pub keystore_password: Option<Secret>,
    /// PEM or DER file with the trusted authorities.
    pub truststore: Option<String>,
}

/// How to reach the server.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User.
    pub user: String,
    /// The user's password.
    pub password: Option<Secret>,
    /// TLS.
    pub ssl: SslSettings,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a query may take; none without limit.
    pub query_timeout: Option<Duration>,
    /// After how long a silent binlog connection counts as dead.
    pub keep_alive: Option<Duration>,
    /// Statements of a new connection, except the binlog reader's.
    pub initial_statements: Vec<String>,
    /// `net_write_timeout` of the binlog session in seconds.
    pub net_write_timeout: Option<i64>,
    /// `net_read_timeout` of the binlog session in seconds.
    pub net_read_timeout: Option<i64>,
    /// The id with which the binlog is read.
    pub server_id: u32,
    /// How long the check of the connection may take.
    pub validation_timeout: Duration,
}

impl ConnectionSettings {
    /// The connection's settings.
    pub fn new(settings: &Settings) -> Result<Self> {
        let seconds = |value: i64| (value > 0).then_some(value);
        Ok(Self {
            host: settings
                .get(&server::DATABASE_HOSTNAME)?
                .unwrap_or_default(),
            port: u16::try_from(settings.get(&server::DATABASE_PORT)?).unwrap_or(3306),
            user: settings.get(&server::DATABASE_USER)?.unwrap_or_default(),
            password: settings.get(&server::DATABASE_PASSWORD)?,
            ssl: SslSettings {
                mode: ssl_mode(&settings.get(&server::DATABASE_SSL_MODE)?),
                keystore: settings.get(&server::DATABASE_SSL_KEYSTORE)?,
                keystore_password: settings.get(&server::DATABASE_SSL_KEYSTORE_PASSWORD)?,
                truststore: settings.get(&server::DATABASE_SSL_TRUSTSTORE)?,
            },
            connect_timeout: millis(settings.get(&reading::CONNECT_TIMEOUT_MS)?.into()),
            query_timeout: Some(millis(
                settings.get(&server::DATABASE_QUERY_TIMEOUT_MS)?.into(),
            ))
            .filter(|timeout| !timeout.is_zero()),
            keep_alive: settings
                .get(&reading::CONNECT_KEEP_ALIVE)?
                .then_some(millis(
                    settings.get(&reading::CONNECT_KEEP_ALIVE_INTERVAL_MS)?,
                )),
            initial_statements: settings
                .get(&server::DATABASE_INITIAL_STATEMENTS)?
                .map(|text| statements(&text))
                .unwrap_or_default(),
            net_write_timeout: seconds(settings.get(&reading::BINLOG_NET_WRITE_TIMEOUT)?),
            net_read_timeout: seconds(settings.get(&reading::BINLOG_NET_READ_TIMEOUT)?),
            server_id: settings
                .get(&server::DATABASE_SERVER_ID)?
                .and_then(|id| u32::try_from(id).ok())
                .unwrap_or_else(random_server_id),
            validation_timeout: millis(settings.get(&reading::CONNECTION_VALIDATION_TIMEOUT_MS)?),
        })
    }
}

fn ssl_mode(name: &str) -> SslMode {
    match name.to_lowercase().as_str() {
        "disabled" => SslMode::Disabled,
        "required" => SslMode::Required,
        "verify_ca" => SslMode::VerifyCa,
        "verify_identity" => SslMode::VerifyIdentity,
        _ => SslMode::Preferred,
    }
}

/// A doubled semicolon stands for one in a statement.
fn statements(text: &str) -> Vec<String> {
    text.replace(";;", "\u{0}")
        .split(';')
        .map(|statement| statement.replace('\u{0}', ";").trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// 5400 to 6400, as the original's 1.0 (`MySqlConnectorConfig.randomServerId`).
fn random_server_id() -> u32 {
    let random = RandomState::new().hash_one(std::time::SystemTime::now());
    5400 + u32::try_from(random % 1001).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_semicolon_is_one() {
        assert_eq!(
            statements("SET a=1; SELECT ';;' ;"),
            ["SET a=1", "SELECT ';'"]
        );
    }

    #[test]
    fn the_random_id_is_in_the_original_range() {
        assert!((5400..=6400).contains(&random_server_id()));
    }
}
