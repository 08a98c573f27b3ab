//! The settings of the REST server (`RestServerConfig` of Connect 4.3).

use connect_api::Result;
use connect_api::config::{ConfigDef, Key, Settings};
use connect_api::{Error, Props};

/// Where REST listens: `http://host:port`, several with commas.
pub(crate) const LISTENERS: Key<Vec<String>> = Key::new("listeners")
    .default("http://:8083")
    .doc("Comma-separated list of URIs that the REST API listens on. An empty host means all interfaces, port 0 any free port.");

/// The host name that other workers and `worker_id` use.
pub(crate) const ADVERTISED_HOST_NAME: Key<Option<String>> = Key::new("rest.advertised.host.name")
    .default_null()
    .doc("The host name that is given to other workers; this machine's host name or the listener's if not set.");

/// The port that other workers and `worker_id` use.
pub(crate) const ADVERTISED_PORT: Key<Option<i32>> = Key::new("rest.advertised.port")
    .default_null()
    .doc("The port that is given to other workers; the listener's if not set.");

/// Origins that browsers may call from.
pub(crate) const ALLOW_ORIGIN: Key<String> = Key::new("access.control.allow.origin")
    .default("")
    .doc("Origins that may call the REST API from a browser, with commas; * for all, and * within an origin for a part of it. Empty turns CORS off.");

/// Methods that browsers may use from another origin.
pub(crate) const ALLOW_METHODS: Key<String> = Key::new("access.control.allow.methods")
    .default("")
    .doc("Methods for cross-origin requests, with commas; GET, POST and HEAD if not set.");

/// Where `/admin` answers: the listeners if null, nowhere if empty.
pub(crate) const ADMIN_LISTENERS: Key<Option<Vec<String>>> = Key::new("admin.listeners")
    .default_null()
    .doc("Listeners of the admin API. Not set: those of the REST API. Empty: the admin API is off. Other listeners are not supported yet.");

/// The keys of the REST server.
pub fn rest_config() -> ConfigDef {
    ConfigDef::new()
        .with(&LISTENERS)
        .with(&ADVERTISED_HOST_NAME)
        .with(&ADVERTISED_PORT)
        .with(&ALLOW_ORIGIN)
        .with(&ALLOW_METHODS)
        .with(&ADMIN_LISTENERS)
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Host name or address; empty for all interfaces.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
}

impl Listener {
    fn parse(text: &str) -> Result<Self> {
        let invalid = |reason: &str| {
            Error::config(format!(
                "Invalid value {text} for configuration {}: {reason}",
                LISTENERS.name()
            ))
        };
        let Some((scheme, address)) = text.split_once("://") else {
            return Err(invalid("expected http://host:port"));
        };
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(invalid(&format!(
                "scheme {scheme} is not supported, use http"
            )));
        }
        let address = address.trim_end_matches('/');
        let Some((host, port)) = address.rsplit_once(':') else {
            return Err(invalid("a port is missing, expected http://host:port"));
        };
        let port = port
            .parse()
            .map_err(|_| invalid("the port is not a number from 0 to 65535"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

/// Parsed settings of the REST server.
#[derive(Debug, Clone)]
pub struct RestSettings {
    /// Where to listen; at least one.
    pub listeners: Vec<Listener>,
    /// The host name of `worker_id`, if it is set.
    pub advertised_host: Option<String>,
    /// The port of `worker_id`, if it is set.
    pub advertised_port: Option<u16>,
    /// Origins for CORS; empty turns it off.
    pub allow_origins: Vec<String>,
    /// Methods for CORS.
    pub allow_methods: Vec<String>,
    /// True if `/admin` answers.
    pub admin: bool,
}

impl RestSettings {
    /// Parses the worker's settings.
    pub fn parse(props: &Props) -> Result<Self> {
        let settings = rest_config().parse(props)?;
        let listeners = settings
            .get(&LISTENERS)?
            .iter()
            .map(|text| Listener::parse(text))
            .collect::<Result<Vec<Listener>>>()?;
        if listeners.is_empty() {
            return Err(Error::config(format!(
                "Invalid value  for configuration {}: at least one listener is needed",
                LISTENERS.name()
            )));
        }
        Ok(Self {
            listeners,
            advertised_host: settings
                .get(&ADVERTISED_HOST_NAME)?
                .filter(|host| !host.is_empty()),
            advertised_port: advertised_port(&settings)?,
            allow_origins: items(&settings.get(&ALLOW_ORIGIN)?),
            allow_methods: allow_methods(&settings)?,
            admin: is_admin_on(&settings)?,
        })
    }
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

fn is_admin_on(settings: &Settings) -> Result<bool> {
    match settings.get(&ADMIN_LISTENERS)? {
        None => Ok(true),
        Some(listeners) if listeners.is_empty() => Ok(false),
        Some(listeners) if listeners == settings.get(&LISTENERS)? => Ok(true),
        Some(listeners) => Err(Error::config(format!(
            "Invalid value {} for configuration {}: listeners other than those of '{}' are not supported; leave it out, or make it empty to turn the admin API off",
            listeners.join(","),
            ADMIN_LISTENERS.name(),
            LISTENERS.name()
        ))),
    }
}

fn items(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<RestSettings> {
        RestSettings::parse(
            &pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn defaults_are_those_of_the_real_one() {
        assert!(rest_config().check_defaults().is_empty());
        let settings = parse(&[]).unwrap();
        assert_eq!(
            settings.listeners,
            [Listener {
                host: String::new(),
                port: 8083
            }]
        );
        assert!(settings.admin && settings.allow_origins.is_empty());
    }

    #[test]
    fn listeners_are_parsed_or_refused_by_name() {
        let settings = parse(&[("listeners", "http://127.0.0.1:0, http://[::1]:8084/")]).unwrap();
        let hosts: Vec<(&str, u16)> = settings
            .listeners
            .iter()
            .map(|l| (l.host.as_str(), l.port))
            .collect();
        assert_eq!(hosts, [("127.0.0.1", 0), ("::1", 8084)]);
        for bad in ["https://:8443", "8083", "http://host", "http://host:x", ""] {
            let message = parse(&[("listeners", bad)]).unwrap_err().to_string();
            assert!(message.contains("listeners"), "{message}");
        }
    }

    #[test]
    fn admin_can_be_off_but_not_elsewhere() {
        assert!(!parse(&[("admin.listeners", "")]).unwrap().admin);
        assert!(parse(&[("admin.listeners", "http://:8083")]).unwrap().admin);
        let error = parse(&[("admin.listeners", "http://:9000")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("admin.listeners"), "{error}");
    }
}
