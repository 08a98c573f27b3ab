//! pgjdbc's URLs.

use std::time::Duration;

use connect_api::config::Secret;

use super::{JdbcUrl, Parsed, Server, TlsMode, decoded, host_and_port, is_true, parameters};
use crate::dialect::Database;

const PORT: u16 = 5432;

/// pgjdbc's factory that takes any certificate.
const TRUSTING: &str = "org.postgresql.ssl.NonValidatingFactory";

/// Parameters whose effect is had anyway, or that ask for nothing.
const HAD_ANYWAY: &[&str] = &[
    "reWriteBatchedInserts",
    "stringtype",
    "tcpKeepAlive",
    "tcpNoDelay",
    "prepareThreshold",
    "preparedStatementCacheQueries",
    "preparedStatementCacheSizeMiB",
    "binaryTransfer",
    "defaultRowFetchSize",
    "autosave",
    "preferQueryMode",
    "charSet",
];

/// `//host:port,host/database?name=value`, `database`, `/`.
/// `driver` are properties beside the URL, which wins.
pub(super) fn parse(rest: &str, driver: &[(String, String)]) -> Parsed<JdbcUrl> {
    let mut url = JdbcUrl::new(Database::Postgres);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, name) = match place.strip_prefix("//") {
        Some(place) => place.split_once('/').unwrap_or((place, "")),
        None => ("", place.trim_start_matches('/')),
    };
    for host in hosts.split(',') {
        url.hosts.push(host_and_port(host.trim(), PORT)?);
    }
    url.name = Some(decoded(name)?).filter(|name| !name.is_empty());
    let mut ssl = None;
    let mut mode = None;
    let mut trusting = false;
    let of_url = parameters(query, &['&'])?;
    for (name, value) in driver.iter().cloned().chain(of_url) {
        match name.as_str() {
            "sslmode" => mode = Some(ssl_mode(&value)?),
            "ssl" => ssl = Some(is_true(&value)),
            "sslfactory" if value == TRUSTING => trusting = true,
            _ => parameter(&mut url, &name, value)?,
        }
    }
    // pgjdbc: ssl=true alone is verify-full.
    url.tls.mode = mode.unwrap_or(match ssl {
        Some(true) if trusting => TlsMode::Required,
        Some(true) => TlsMode::VerifyIdentity,
        Some(false) => TlsMode::Disabled,
        None => TlsMode::Preferred,
    });
    Ok(url)
}

fn ssl_mode(value: &str) -> Parsed<TlsMode> {
    Ok(match value {
        "disable" => TlsMode::Disabled,
        "allow" | "prefer" => TlsMode::Preferred,
        "require" => TlsMode::Required,
        "verify-ca" => TlsMode::VerifyAuthority,
        "verify-full" => TlsMode::VerifyIdentity,
        other => {
            return Err(format!(
                "sslmode '{other}': known are disable, allow, prefer, require, verify-ca and verify-full"
            ));
        }
    })
}

fn parameter(url: &mut JdbcUrl, name: &str, value: String) -> Parsed<()> {
    match name {
        "user" => url.user = Some(value),
        "password" => url.password = Some(Secret::new(value)),
        "sslrootcert" => url.tls.root_certificate = Some(value),
        "sslcert" => url.tls.client_certificate = Some(value),
        "sslkey" => url.tls.client_key = Some(value),
        "sslpassword" => url.tls.client_password = Some(Secret::new(value)),
        "ApplicationName" => url.application_name = Some(value),
        "currentSchema" => {
            let schemas: Vec<String> = value
                .split(',')
                .map(|schema| format!("\"{}\"", schema.trim().replace('"', "\"\"")))
                .collect();
            url.setup
                .push(format!("SET search_path TO {}", schemas.join(",")));
        }
        "connectTimeout" | "loginTimeout" => {
            let seconds: u64 = value
                .parse()
                .map_err(|_| format!("{name} '{value}' is not a number of seconds"))?;
            url.connect_timeout = (seconds > 0).then(|| Duration::from_secs(seconds));
        }
        "targetServerType" => {
            url.server = match value.as_str() {
                "any" => Server::Any,
                "primary" | "master" | "preferPrimary" => Server::Primary,
                other => {
                    return Err(format!(
                        "targetServerType '{other}': a sink needs a server that takes writes: use any, primary or \
                         preferPrimary"
                    ));
                }
            };
        }
        "loadBalanceHosts" => url.shuffled = is_true(&value),
        "options" => {
            // -c name=value: a setting of the session.
            for setting in value.split("-c").map(str::trim).filter(|s| !s.is_empty()) {
                let (setting, value) = setting.split_once('=').ok_or_else(|| {
                    format!("options '{setting}' is not of the form -c name=value")
                })?;
                let value = value.trim().replace('\'', "''");
                url.setup
                    .push(format!("SET {} TO '{value}'", setting.trim()));
            }
        }
        other if HAD_ANYWAY.contains(&other) => {}
        other => url.ignores(other),
    }
    Ok(())
}
