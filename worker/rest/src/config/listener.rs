//! Addresses: those to listen on, and the one by which others come.

use std::net::{SocketAddr, ToSocketAddrs as _};

use connect_api::{Error, Result};

/// How a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In plain text.
    Http,
    /// Within TLS.
    Https,
}

impl Scheme {
    /// The scheme called `name`, in any case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| name.eq_ignore_ascii_case(scheme.name()))
    }

    /// As it stands in a URL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// With TLS or without.
    pub scheme: Scheme,
    /// Host name or address; empty for all interfaces.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
}

impl Listener {
    /// Parses `text` of the setting `name`.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self> {
        let invalid = |reason: &str| {
            Error::config(format!(
                "Invalid value {text} for configuration {name}: {reason}"
            ))
        };
        let Some((scheme, address)) = text.split_once("://") else {
            return Err(invalid("expected http://host:port or https://host:port"));
        };
        let Some(scheme) = Scheme::from_name(scheme) else {
            return Err(invalid("Listener protocol must be either http or https"));
        };
        let address = address.trim_end_matches('/');
        let Some((host, port)) = address.rsplit_once(':') else {
            return Err(invalid("a port is missing, expected http://host:port"));
        };
        let port = port
            .parse()
            .map_err(|_| invalid("the port is not a number from 0 to 65535"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
        })
    }
}

/// What is set of the address that is given to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Advertised {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) scheme: Option<Scheme>,
}

/// Where others reach this worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Address {
    /// As `RestServer.advertisedUrl`: what is not set is that of the first
    /// listener of the scheme. `bound` are the listeners with their real ports.
    pub(crate) fn new(advertised: &Advertised, bound: &[(Listener, u16)]) -> Self {
        let has_http = (bound.iter()).any(|(listener, _)| listener.scheme == Scheme::Http);
        let scheme = advertised.scheme.unwrap_or(if has_http {
            Scheme::Http
        } else {
            Scheme::Https
        });
        let listener = bound.iter().find(|(listener, _)| listener.scheme == scheme);
        let listened = listener
            .map(|(listener, _)| listener.host.clone())
            .filter(|host| !matches!(host.as_str(), "" | "0.0.0.0" | "::"));
        Self {
            scheme,
            host: (advertised.host.clone())
                .or(listened)
                .unwrap_or_else(own_address),
            port: (advertised.port)
                .or(listener.map(|(_, port)| *port))
                .unwrap_or(0),
        }
    }

    /// This worker's name in statuses.
    pub(crate) fn worker_id(&self) -> String {
        format!("{}:{}", in_url(&self.host), self.port)
    }

    /// This worker's name in the group.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}/", self.scheme.name(), self.worker_id())
    }
}

fn in_url(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// The address of this machine's name, as Java's `InetAddress.getLocalHost`;
/// the name itself where it has none.
fn own_address() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned());
    let addresses: Vec<SocketAddr> = (name.as_str(), 0)
        .to_socket_addrs()
        .map_or_else(|_| Vec::new(), Iterator::collect);
    addresses
        .iter()
        .find(|address| address.is_ipv4())
        .or(addresses.first())
        .map_or(name, |address| address.ip().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(advertised: Advertised, listeners: &[(&str, u16)]) -> (String, String) {
        let bound: Vec<(Listener, u16)> = listeners
            .iter()
            .map(|(text, port)| (Listener::parse("listeners", text).unwrap(), *port))
            .collect();
        let address = Address::new(&advertised, &bound);
        (address.url(), address.worker_id())
    }

    fn pair(url: &str, id: &str) -> (String, String) {
        (url.to_owned(), id.to_owned())
    }

    #[test]
    fn the_first_listener_of_http_is_given_to_others() {
        let both = [
            ("https://h:0", 8443),
            ("http://h:0", 8083),
            ("http://g:1", 1),
        ];
        let nothing = Advertised::default;
        assert_eq!(address(nothing(), &both), pair("http://h:8083/", "h:8083"));
        let secure = Advertised {
            scheme: Some(Scheme::Https),
            ..nothing()
        };
        assert_eq!(address(secure, &both), pair("https://h:8443/", "h:8443"));
        assert_eq!(
            address(nothing(), &both[..1]),
            pair("https://h:8443/", "h:8443")
        );
        assert_eq!(
            address(nothing(), &[("http://[::1]:0", 7)]),
            pair("http://[::1]:7/", "[::1]:7")
        );
    }

    #[test]
    fn what_is_set_wins_and_nobody_is_sent_to_all_interfaces() {
        let set = Advertised {
            host: Some("connect-1".to_owned()),
            port: Some(80),
            scheme: None,
        };
        assert_eq!(
            address(set, &[("http://0.0.0.0:0", 8083)]),
            pair("http://connect-1:80/", "connect-1:80")
        );
        for all in ["http://:0", "http://0.0.0.0:0", "http://[::]:0"] {
            let (url, _) = address(Advertised::default(), &[(all, 8083)]);
            assert_eq!(url, format!("http://{}:8083/", in_url(&own_address())));
        }
    }
}
