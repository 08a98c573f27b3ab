//! The way to a PostgreSQL server.

use std::time::Duration;

use postgres_native_tls::TlsStream;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Connection, Socket};

use super::error::{DbError, DbResult, Failures};
use super::postgres_error::fault_of;
use super::tls;
use crate::url::{JdbcUrl, Server, TlsMode};

/// How long to wait for a server if the URL does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type Opened = (Client, Connection<Socket, TlsStream<Socket>>);

/// The first host that takes us: as pgjdbc, after any failure the next is tried.
/// The driver's own list would wait for ever for one that answers nothing.
pub(super) async fn connect(url: &JdbcUrl) -> DbResult<Opened> {
    let tls = postgres_native_tls::MakeTlsConnector::new(tls::connector(&url.tls)?);
    let timeout = url.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
    let mut failures = Failures::default();
    for (host, port) in url.hosts_to_try() {
        let config = config_of(url, host, *port);
        match tokio::time::timeout(timeout, config.connect(tls.clone())).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(error)) => failures.add(fault_of(&error).at_host(host, *port)),
            Err(_) => failures.add(DbError::no_answer(host, *port, timeout)),
        }
    }
    Err(failures.into_error())
}

fn config_of(url: &JdbcUrl, host: &str, port: u16) -> Config {
    let mut config = Config::new();
    config.host(host).port(port);
    config
        .tcp_user_timeout(Duration::from_secs(60))
        .keepalives_idle(Duration::from_secs(60))
        .application_name(url.application_name.as_deref().unwrap_or("connectd"))
        .ssl_mode(match url.tls.mode {
            TlsMode::Disabled => SslMode::Disable,
            TlsMode::Preferred => SslMode::Prefer,
            _ => SslMode::Require,
        });
    if let Some(user) = &url.user {
        config.user(user);
    }
    if let Some(password) = &url.password {
        config.password(password.reveal());
    }
    if let Some(name) = url.name.as_ref().or(url.user.as_ref()) {
        config.dbname(name);
    }
    if url.server == Server::Primary {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config
}
