//! URLs of MySQL's Connector/J and of MariaDB's connector.

use std::time::Duration;

use connect_api::config::Secret;

use super::{JdbcUrl, Parsed, TlsMode, decoded, host_and_port, is_true, parameters};
use crate::dialect::Database;

const PORT: u16 = 3306;

/// Parameters whose effect is had anyway, or that ask for nothing.
const HAD_ANYWAY: &[&str] = &[
    "rewriteBatchedStatements",
    "allowPublicKeyRetrieval",
    "allowMultiQueries",
    "useUnicode",
    "autoReconnect",
    "failOverReadOnly",
    "useServerPrepStmts",
    "cachePrepStmts",
    "prepStmtCacheSize",
    "prepStmtCacheSqlLimit",
    "useBulkStmts",
    "useLocalSessionState",
    "useLegacyDatetimeCode",
    "nullCatalogMeansCurrent",
    "zeroDateTimeBehavior",
    "tinyInt1isBit",
    "jdbcCompliantTruncation",
    "tcpKeepAlive",
    "maxReconnects",
];

/// `//[user[:password]@]host:port,host/database?name=value`, and the forms
/// `(host=…,port=…)`, `address=(host=…)(port=…)` and `[…]`.
pub(super) fn parse(rest: &str, driver: &[(String, String)]) -> Parsed<JdbcUrl> {
    let mut url = JdbcUrl::new(Database::MySql);
    let rest = [
        "loadbalance:",
        "replication:",
        "sequential:",
        "failover:",
        "aurora:",
    ]
    .iter()
    .find_map(|prefix| {
        let stripped = rest.strip_prefix(prefix)?;
        url.shuffled = *prefix == "loadbalance:";
        Some(stripped)
    })
    .unwrap_or(rest);
    let Some(rest) = rest.strip_prefix("//") else {
        return Err("'//' and a host should follow the protocol".to_owned());
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, name) = place.rsplit_once('/').unwrap_or((place, ""));
    let hosts = match hosts.rsplit_once('@') {
        Some((login, hosts)) => {
            let (user, password) = match login.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (login, None),
            };
            url.user = Some(decoded(user)?);
            if let Some(password) = password {
                url.password = Some(Secret::new(decoded(password)?));
            }
            hosts
        }
        None => hosts,
    };
    for host in split_hosts(hosts) {
        add_host(&mut url, host.trim())?;
    }
    url.name = Some(decoded(name)?).filter(|name| !name.is_empty());
    let mut flags = TlsFlags::default();
    // Connector/J: properties beside the URL win.
    let of_url = parameters(query, &['&'])?;
    for (name, value) in of_url.into_iter().chain(driver.iter().cloned()) {
        parameter(&mut url, &mut flags, &name, value)?;
    }
    url.tls.mode = flags.mode();
    Ok(url)
}

/// Connector/J's older switches; `sslMode` wins.
#[derive(Default)]
struct TlsFlags {
    mode: Option<TlsMode>,
    use_ssl: Option<bool>,
    require: bool,
    verify: bool,
}

impl TlsFlags {
    fn mode(&self) -> TlsMode {
        self.mode.unwrap_or(match self.use_ssl {
            Some(false) => TlsMode::Disabled,
            Some(true) if self.verify => TlsMode::VerifyAuthority,
            Some(true) if self.require => TlsMode::Required,
            Some(true) | None => TlsMode::Preferred,
        })
    }
}

/// The list within brackets that Connector/J lets stand for several hosts; an IPv6 address has
/// brackets too, and no comma.
fn bracketed_list(hosts: &str) -> Option<&str> {
    let inner = hosts.strip_prefix('[')?.strip_suffix(']')?;
    let mut depth = 0;
    let closes_early = inner.chars().any(|character| {
        depth += match character {
            '[' => 1,
            ']' => -1,
            _ => 0,
        };
        depth < 0
    });
    (!closes_early && inner.contains(['(', ','])).then_some(inner)
}

/// Splits at commas outside of brackets and parentheses.
fn split_hosts(hosts: &str) -> Vec<&str> {
    let hosts = bracketed_list(hosts).unwrap_or(hosts);
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (position, character) in hosts.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&hosts[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    parts.push(&hosts[start..]);
    parts
}

fn add_host(url: &mut JdbcUrl, host: &str) -> Parsed<()> {
    let pairs = host.strip_prefix("address=").unwrap_or(host);
    if !pairs.starts_with('(') {
        url.hosts.push(host_and_port(host, PORT)?);
        return Ok(());
    }
    let (mut name, mut port) = ("localhost".to_owned(), PORT);
    for pair in pairs.split(['(', ')', ',']).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match key.trim() {
            "host" => name = decoded(value)?,
            "port" => {
                port = value
                    .parse()
                    .map_err(|_| format!("'{value}' is not a port"))?;
            }
            "user" => url.user = Some(decoded(value)?),
            "password" => url.password = Some(Secret::new(decoded(value)?)),
            other => url.ignores(other),
        }
    }
    url.hosts.push((name, port));
    Ok(())
}

fn parameter(url: &mut JdbcUrl, flags: &mut TlsFlags, name: &str, value: String) -> Parsed<()> {
    match name {
        "user" => url.user = Some(value),
        "password" => url.password = Some(Secret::new(value)),
        "useSSL" | "useSsl" => flags.use_ssl = Some(is_true(&value)),
        "requireSSL" => flags.require = is_true(&value),
        "verifyServerCertificate" => flags.verify = is_true(&value),
        "sslMode" => flags.mode = Some(ssl_mode(&value)?),
        "trustCertificateKeyStoreUrl" | "serverSslCert" | "trustStore" => {
            url.tls.root_certificate = Some(file(&value));
        }
        "clientCertificateKeyStoreUrl" | "keyStore" => {
            url.tls.client_certificate = Some(file(&value));
        }
        "clientCertificateKeyStorePassword" | "keyStorePassword" => {
            url.tls.client_password = Some(Secret::new(value));
        }
        "connectTimeout" => {
            let millis: u64 = value
                .parse()
                .map_err(|_| format!("{name} '{value}' is not a number of milliseconds"))?;
            url.connect_timeout = (millis > 0).then(|| Duration::from_millis(millis));
        }
        "serverTimezone" | "connectionTimeZone" => {
            // Sessions are set to `db.timezone`, so that only its clock counts.
            if crate::values::Zone::parse(&value).is_none()
                && !matches!(value.as_str(), "LOCAL" | "SERVER")
            {
                return Err(format!("{name} '{value}' is not a time zone"));
            }
        }
        "characterEncoding" | "connectionCollation" => {
            if !value
                .to_ascii_lowercase()
                .replace('-', "")
                .starts_with("utf8")
            {
                url.ignores(name);
            }
        }
        "sessionVariables" => {
            for variable in value.split([',', ';']).map(str::trim) {
                if !variable.is_empty() {
                    url.setup.push(format!("SET SESSION {variable}"));
                }
            }
        }
        "createDatabaseIfNotExist" if !is_true(&value) => {}
        other if HAD_ANYWAY.contains(&other) => {}
        other => url.ignores(other),
    }
    Ok(())
}

fn ssl_mode(value: &str) -> Parsed<TlsMode> {
    Ok(
        match value.to_ascii_uppercase().replace('-', "_").as_str() {
            "DISABLED" | "DISABLE" => TlsMode::Disabled,
            "PREFERRED" => TlsMode::Preferred,
            "REQUIRED" | "TRUST" => TlsMode::Required,
            "VERIFY_CA" => TlsMode::VerifyAuthority,
            "VERIFY_IDENTITY" | "VERIFY_FULL" => TlsMode::VerifyIdentity,
            _ => {
                return Err(format!(
                    "sslMode '{value}': known are DISABLED, PREFERRED, REQUIRED, VERIFY_CA and VERIFY_IDENTITY"
                ));
            }
        },
    )
}

/// `file:/path` or a path.
fn file(value: &str) -> String {
    let path = value.strip_prefix("file:").unwrap_or(value);
    match path.strip_prefix("//") {
        Some(path) => path.to_owned(),
        None => path.to_owned(),
    }
}
