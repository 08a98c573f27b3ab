//! The settings of the REST server.

mod keys;
mod listener;

use std::sync::Arc;

use connect_api::config::Settings;
use connect_api::{Error, Props, Result};
use connect_cluster::internal_request::InternalClient;
use connect_cluster::internal_request::tls::{LISTENERS_PREFIX, TlsSettings};
use connect_cluster::providers::ConfigProviders;

use crate::auth::{self, Users};
use crate::response_headers::ResponseHeaders;
use crate::tls::ServerTls;
use keys::{
    ADMIN_LISTENERS, ADMIN_PREFIX, ADVERTISED_HOST_NAME, ADVERTISED_LISTENER, ADVERTISED_PORT,
    ALLOW_METHODS, ALLOW_ORIGIN, LISTENERS, RESPONSE_HEADERS,
};
pub(crate) use keys::{EXTENSIONS, LOGIN_CONFIG};
pub use keys::{knows, rest_config, warnings};
pub(crate) use listener::{Address, Advertised};
pub use listener::{Listener, Scheme};

/// Where the admin API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admin {
    /// At the listeners of the REST API.
    WithRest,
    /// Nowhere.
    Off,
    /// At listeners of its own.
    At(Vec<Listener>),
}

/// Parsed settings of the REST server.
#[derive(Debug, Clone)]
pub struct RestSettings {
    /// Where to listen; at least one.
    pub listeners: Vec<Listener>,
    /// Where `/admin` answers.
    pub admin: Admin,
    /// Origins for CORS; empty turns it off.
    pub allow_origins: Vec<String>,
    /// Methods for CORS.
    pub allow_methods: Vec<String>,
    pub(crate) advertised: Advertised,
    pub(crate) response_headers: ResponseHeaders,
    /// Who may call; none for everybody.
    pub(crate) users: Option<Users>,
    /// TLS of the listeners, if one of them has it.
    pub(crate) tls: Option<ServerTls>,
    /// TLS of the admin listeners, if one of them has it.
    pub(crate) admin_tls: Option<ServerTls>,
    /// Sends requests to other workers.
    pub(crate) client: Arc<InternalClient>,
}

impl RestSettings {
    /// Parses the worker's settings, and reads the files that they name.
    pub fn parse(props: &Props) -> Result<Self> {
        let props = ConfigProviders::from_worker(props)?.resolve(props)?;
        let settings = rest_config().parse(&props)?;
        let listeners = listeners(LISTENERS.name(), &settings.get(&LISTENERS)?)?;
        if listeners.is_empty() {
            return Err(Error::config(format!(
                "Invalid value  for configuration {}: at least one listener is needed",
                LISTENERS.name()
            )));
        }
        let admin = admin(&settings)?;
        let admin_listeners = match &admin {
            Admin::At(listeners) => listeners.as_slice(),
            Admin::WithRest | Admin::Off => &[],
        };
        Ok(Self {
            advertised: advertised(&settings, &listeners)?,
            allow_origins: items(&settings.get(&ALLOW_ORIGIN)?),
            allow_methods: allow_methods(&settings)?,
            response_headers: ResponseHeaders::parse(
                RESPONSE_HEADERS.name(),
                &settings.get(&RESPONSE_HEADERS)?,
            )?,
            users: auth::users(&settings)?,
            tls: server_tls(&props, LISTENERS_PREFIX, &listeners)?,
            admin_tls: server_tls(&props, ADMIN_PREFIX, admin_listeners)?,
            client: Arc::new(InternalClient::new(&props)),
            listeners,
            admin,
        })
    }
}

fn listeners(name: &str, texts: &[String]) -> Result<Vec<Listener>> {
    texts
        .iter()
        .map(|text| Listener::parse(name, text))
        .collect()
}

fn server_tls(
    props: &Props,
    prefix: &'static str,
    listeners: &[Listener],
) -> Result<Option<ServerTls>> {
    let has_tls = (listeners.iter()).any(|listener| listener.scheme == Scheme::Https);
    has_tls
        .then(|| ServerTls::new(&TlsSettings::parse(props, prefix)?))
        .transpose()
}

fn advertised(settings: &Settings, listeners: &[Listener]) -> Result<Advertised> {
    let host: Option<String> = settings.get(&ADVERTISED_HOST_NAME)?;
    let advertised = Advertised {
        host: host.filter(|host| !host.is_empty()),
        port: advertised_port(settings)?,
        scheme: settings
            .get(&ADVERTISED_LISTENER)?
            .and_then(|name| Scheme::from_name(&name)),
    };
    let Some(scheme) = advertised.scheme else {
        return Ok(advertised);
    };
    let is_elsewhere = advertised.host.is_some() && advertised.port.is_some();
    if is_elsewhere || (listeners.iter()).any(|listener| listener.scheme == scheme) {
        return Ok(advertised);
    }
    let name = scheme.name();
    Err(Error::config(format!(
        "Invalid value {name} for configuration {}: there is no listener with {name} in '{}'; set '{}' and '{}' too where something in front of this worker speaks it",
        ADVERTISED_LISTENER.name(),
        LISTENERS.name(),
        ADVERTISED_HOST_NAME.name(),
        ADVERTISED_PORT.name()
    )))
}

fn advertised_port(settings: &Settings) -> Result<Option<u16>> {
    let Some(port) = settings.get(&ADVERTISED_PORT)? else {
        return Ok(None);
    };
    u16::try_from(port).map(Some).map_err(|_| {
        let name = ADVERTISED_PORT.name();
        Error::config(format!(
            "Invalid value {port} for configuration {name}: not a port"
        ))
    })
}

/// Jetty's defaults stand where the setting is empty.
fn allow_methods(settings: &Settings) -> Result<Vec<String>> {
    let methods = items(&settings.get(&ALLOW_METHODS)?);
    Ok(if methods.is_empty() {
        items("GET,POST,HEAD")
    } else {
        methods
    })
}

fn admin(settings: &Settings) -> Result<Admin> {
    Ok(match settings.get(&ADMIN_LISTENERS)? {
        None => Admin::WithRest,
        Some(texts) if texts.is_empty() => Admin::Off,
        Some(texts) if texts == settings.get(&LISTENERS)? => Admin::WithRest,
        Some(texts) => Admin::At(listeners(ADMIN_LISTENERS.name(), &texts)?),
    })
}

fn items(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
