//! What a connection needs of a client's settings.

use std::time::Duration;

use super::sasl::Login;
use super::tls::Tls;
use super::{Backoff, Endpoint};
use crate::settings::{ClientSettings, SettingsError};

/// Connect's own default of `request.timeout.ms` (`DistributedConfig`).
const REQUEST_TIMEOUT: u64 = 40_000;

/// Settings of librdkafka about security that have no equal here. They would be silently without
/// effect on this connection and not on the others, so they are refused.
const UNSUPPORTED: &[&str] = &[
    "ssl.ca.certificate.stores",
    "ssl.engine.id",
    "ssl.engine.location",
    "ssl.providers",
];

/// The settings of connections to the brokers of one cluster.
#[derive(Debug, Clone)]
pub struct WireSettings {
    pub(super) client_id: String,
    pub(super) request_timeout: Duration,
    pub(super) setup_timeout: Duration,
    pub(super) send_buffer: Option<u32>,
    pub(super) receive_buffer: Option<u32>,
    pub(super) tls: Option<Tls>,
    pub(super) login: Option<Login>,
    bootstrap: Vec<Endpoint>,
    reconnect_backoff: Backoff,
    retry_backoff: Backoff,
    warnings: Vec<String>,
}

impl WireSettings {
    /// Takes from a client's settings what concerns its connections, and reads the certificates
    /// and keys that they name.
    ///
    /// # Errors
    ///
    /// A setting that is malformed or cannot be honoured on these connections.
    pub fn from_settings(settings: &ClientSettings) -> Result<Self, SettingsError> {
        for key in UNSUPPORTED {
            if let Some(value) = settings.get(key) {
                let reason = "the connection for group membership cannot honour it; remove it";
                return Err(SettingsError::unsupported(key, value, reason));
            }
        }
        let protocol = settings.get("security.protocol").unwrap_or("plaintext");
        let tls = protocol.ends_with("ssl");
        let sasl = protocol.starts_with("sasl_");
        let number = |key: &str, default: u64| milliseconds(settings, key, default);
        Ok(Self {
            client_id: settings.client_id().to_owned(),
            request_timeout: number("socket.timeout.ms", REQUEST_TIMEOUT)?,
            setup_timeout: number("socket.connection.setup.timeout.ms", 10_000)?,
            send_buffer: buffer(settings, "socket.send.buffer.bytes")?,
            receive_buffer: buffer(settings, "socket.receive.buffer.bytes")?,
            tls: tls.then(|| Tls::from_settings(settings)).transpose()?,
            login: sasl.then(|| Login::from_settings(settings)).transpose()?,
            bootstrap: bootstrap(settings)?,
            reconnect_backoff: Backoff::new(
                number("reconnect.backoff.ms", 50)?,
                number("reconnect.backoff.max.ms", 1000)?,
            ),
            retry_backoff: Backoff::new(
                number("retry.backoff.ms", 100)?,
                number("retry.backoff.max.ms", 1000)?,
            ),
            warnings: warnings(settings),
        })
    }

    /// `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> &[Endpoint] {
        &self.bootstrap
    }

    /// `request.timeout.ms`.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// The pauses before a broker is tried again to which there was no connection.
    #[must_use]
    pub fn reconnect_backoff(&self) -> Backoff {
        self.reconnect_backoff.clone()
    }

    /// The pauses before a request is repeated that was refused for the moment.
    #[must_use]
    pub fn retry_backoff(&self) -> Backoff {
        self.retry_backoff.clone()
    }

    /// One line for each setting that other clients honour and these connections do not.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

fn bootstrap(settings: &ClientSettings) -> Result<Vec<Endpoint>, SettingsError> {
    let key = "bootstrap.servers";
    let list = settings
        .get(key)
        .or_else(|| settings.get("metadata.broker.list"))
        .unwrap_or_default();
    let mut endpoints = Vec::new();
    for entry in list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        let endpoint = Endpoint::parse(entry).ok_or_else(|| {
            SettingsError::invalid(key, entry, "of the form host:port, several with commas")
        })?;
        endpoints.push(endpoint);
    }
    if endpoints.is_empty() {
        return Err(SettingsError::invalid(key, list, "at least one host:port"));
    }
    Ok(endpoints)
}

fn milliseconds(
    settings: &ClientSettings,
    key: &str,
    default: u64,
) -> Result<Duration, SettingsError> {
    let Some(value) = settings.get(key) else {
        return Ok(Duration::from_millis(default));
    };
    value
        .parse()
        .map(Duration::from_millis)
        .map_err(|_| SettingsError::invalid(key, value, "a number of milliseconds"))
}

/// A socket buffer's size; zero is the operating system's own.
fn buffer(settings: &ClientSettings, key: &str) -> Result<Option<u32>, SettingsError> {
    let Some(value) = settings.get(key) else {
        return Ok(None);
    };
    let size: u32 = value
        .parse()
        .map_err(|_| SettingsError::invalid(key, value, "a number of bytes"))?;
    Ok((size > 0).then_some(size))
}

fn warnings(settings: &ClientSettings) -> Vec<String> {
    let lookup = settings.get("client.dns.lookup");
    if lookup == Some("resolve_canonical_bootstrap_servers_only") {
        return vec![
            "'client.dns.lookup' has no effect on the connection for group membership: every \
             address of a name is tried, and certificates must be for the names as configured"
                .to_owned(),
        ];
    }
    Vec::new()
}
