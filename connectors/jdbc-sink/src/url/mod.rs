//! `jdbc:` URLs, as each database's JDBC driver reads them.

mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};

use connect_api::config::Secret;
use connect_api::{Error, Result};

use crate::config::SinkSettings;
use crate::dialect::Database;

/// How much TLS is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsMode {
    Disabled,
    /// If the server offers it.
    Preferred,
    /// Whatever the certificate.
    Required,
    /// The certificate is checked, but not whose it is.
    VerifyAuthority,
    /// The certificate is checked, and that it is the host's.
    VerifyIdentity,
}

/// TLS settings; paths of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) mode: TlsMode,
    pub(crate) root_certificate: Option<String>,
    pub(crate) client_certificate: Option<String>,
    pub(crate) client_key: Option<String>,
    pub(crate) client_password: Option<Secret>,
}

/// Which of several hosts is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Any,
    /// One that takes writes.
    Primary,
}

/// What a URL and the settings beside it say.
#[derive(Debug, Clone)]
pub(crate) struct JdbcUrl {
    pub(crate) database: Database,
    /// Host and port; for SQLite none.
    pub(crate) hosts: Vec<(String, u16)>,
    /// The database's name; for SQLite the file.
    pub(crate) name: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) tls: Tls,
    pub(crate) server: Server,
    pub(crate) shuffled: bool,
    pub(crate) connect_timeout: Option<std::time::Duration>,
    pub(crate) application_name: Option<String>,
    /// Statements for each new connection.
    pub(crate) setup: Vec<String>,
    /// Parameters that have no effect, by name.
    pub(crate) warnings: Vec<String>,
}

impl JdbcUrl {
    /// Reads `connection.url`, user and password.
    pub(crate) fn parse(settings: &SinkSettings) -> Result<Self> {
        let url = settings.url.trim();
        let rest = url.strip_prefix("jdbc:").ok_or_else(|| {
            Error::config(format!(
                "Invalid connection.url '{}': a JDBC URL starts with 'jdbc:', such as \
                 jdbc:postgresql://host:5432/database, jdbc:mysql://host:3306/database or jdbc:sqlite:/path/to/file",
                masked(url)
            ))
        })?;
        let (protocol, rest) = rest.split_once(':').unwrap_or((rest, ""));
        let named = match settings.dialect_name.as_str() {
            "PostgreSqlDatabaseDialect" => Some(Database::Postgres),
            "MySqlDatabaseDialect" => Some(Database::MySql),
            "SqliteDatabaseDialect" => Some(Database::Sqlite),
            _ => None,
        };
        let of_protocol = match protocol {
            "postgresql" => Some(Database::Postgres),
            "mysql" | "mariadb" => Some(Database::MySql),
            "sqlite" => Some(Database::Sqlite),
            _ => None,
        };
        let database = named.or(of_protocol).ok_or_else(|| {
            Error::config(format!(
                "connection.url '{}': there is no dialect for 'jdbc:{protocol}:'; known are jdbc:postgresql:, \
                 jdbc:mysql:, jdbc:mariadb: and jdbc:sqlite:",
                masked(url)
            ))
        })?;
        let mut parsed = match database {
            Database::Postgres => postgres::parse(rest, &settings.driver),
            Database::MySql => mysql::parse(rest, &settings.driver),
            Database::Sqlite => sqlite::parse(rest, &settings.driver),
        }
        .map_err(|reason| {
            Error::config(format!(
                "Invalid connection.url '{}': {reason}",
                masked(url)
            ))
        })?;
        for (name, _) in &settings.driver {
            let unknown = without_effect(name);
            for warning in parsed.warnings.iter_mut().filter(|w| **w == unknown) {
                *warning = format!(
                    "'connection.{name}' has no effect: the driver has no such property here"
                );
            }
        }
        // `DriverManager` gets the settings as properties, which win.
        if settings.user.is_some() {
            parsed.user.clone_from(&settings.user);
        }
        if settings.password.is_some() {
            parsed.password.clone_from(&settings.password);
        }
        Ok(parsed)
    }

    fn new(database: Database) -> Self {
        Self {
            database,
            hosts: Vec::new(),
            name: None,
            user: None,
            password: None,
            tls: Tls {
                mode: TlsMode::Preferred,
                root_certificate: None,
                client_certificate: None,
                client_key: None,
                client_password: None,
            },
            server: Server::Any,
            shuffled: false,
            connect_timeout: None,
            application_name: None,
            setup: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn ignores(&mut self, name: &str) {
        self.warnings.push(without_effect(name));
    }

    /// The hosts in the order in which they are tried.
    pub(crate) fn hosts_to_try(&self) -> Vec<&(String, u16)> {
        let mut hosts: Vec<_> = self.hosts.iter().collect();
        if self.shuffled {
            let random = RandomState::new();
            hosts.sort_by_cached_key(|host| random.hash_one(host));
        }
        hosts
    }

    /// Where it connects to, for messages.
    pub(crate) fn place(&self) -> String {
        let hosts: Vec<String> = self
            .hosts
            .iter()
            .map(|(host, port)| format!("{host}:{port}"))
            .collect();
        match (&self.name, hosts.is_empty()) {
            (Some(name), true) => name.clone(),
            (Some(name), false) => format!("{}/{name}", hosts.join(",")),
            (None, _) => hosts.join(","),
        }
    }
}

fn without_effect(name: &str) -> String {
    format!("connection.url: parameter '{name}' has no effect here")
}

/// A URL without its passwords.
pub(crate) fn masked(url: &str) -> String {
    let mut result = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(at) = rest.to_ascii_lowercase().find("password=") {
        let (before, after) = rest.split_at(at + "password=".len());
        result.push_str(before);
        result.push_str("****");
        let end = after.find(['&', ',', ')', ';']).unwrap_or(after.len());
        rest = &after[end..];
    }
    result.push_str(rest);
    // user:password@ at the beginning of the hosts.
    if let (Some(scheme), Some(at)) = (result.find("://"), result.find('@')) {
        let start = scheme + 3;
        if start < at
            && let Some(colon) = result[start..at].find(':')
        {
            result.replace_range(start + colon + 1..at, "****");
        }
    }
    result
}

type Parsed<T> = std::result::Result<T, String>;

/// `a=1&b=2`, percent-decoded.
fn parameters(query: &str, separators: &[char]) -> Parsed<Vec<(String, String)>> {
    query
        .split(separators)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// Percent-decodes.
fn decoded(text: &str) -> Parsed<String> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        if bytes[position] == b'%' {
            let byte = text
                .get(position + 1..position + 3)
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or_else(|| format!("'{text}' has a % without two hexadecimal digits"))?;
            out.push(byte);
            position += 3;
        } else {
            out.push(bytes[position]);
            position += 1;
        }
    }
    String::from_utf8(out).map_err(|_| format!("'{text}' is not UTF-8"))
}

/// `host`, `host:port`, `[::1]:port`.
fn host_and_port(text: &str, default_port: u16) -> Parsed<(String, u16)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest
            .split_once(']')
            .ok_or_else(|| format!("'{text}' has no closing bracket"))?;
        (host, rest.strip_prefix(':'))
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let port = match port {
        None | Some("") => default_port,
        Some(port) => port
            .parse()
            .map_err(|_| format!("'{port}' in '{text}' is not a port"))?,
    };
    let host = if host.is_empty() { "localhost" } else { host };
    Ok((host.to_owned(), port))
}

fn is_true(value: &str) -> bool {
    value.is_empty() || value.eq_ignore_ascii_case("true")
}
