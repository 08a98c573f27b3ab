//! A broker's address.

use std::fmt;

/// Host and port of a broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// A name or an IP address (an IPv6 one without its brackets).
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Endpoint {
    /// An address.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
        }
    }

    /// What a broker gave as an address; none if that is no place to connect to.
    pub(crate) fn of(host: &str, port: i32) -> Option<Self> {
        let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
        (!host.is_empty()).then(|| Self::new(host, port))
    }

    /// Reads one entry of `bootstrap.servers`: `host:port`, `[ipv6]:port`, both also with a
    /// protocol in front (`SSL://host:port`), which Java and librdkafka accept too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (host, port) = match address.strip_prefix('[') {
            Some(rest) => rest.split_once("]:")?,
            None => {
                let (host, port) = address.rsplit_once(':')?;
                if host.contains(':') {
                    return None;
                }
                (host, port)
            }
        };
        let port: u16 = port.parse().ok()?;
        (!host.is_empty() && port > 0).then(|| Self::new(host, port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_java_reads_them() {
        for (text, host, port, shown) in [
            ("kafka-1:9092", "kafka-1", 9092, "kafka-1:9092"),
            ("[::1]:9093", "::1", 9093, "[::1]:9093"),
            (
                "SASL_SSL://broker.example:9094",
                "broker.example",
                9094,
                "broker.example:9094",
            ),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint, Endpoint::new(host, port), "{text}");
            assert_eq!(endpoint.to_string(), shown);
        }
        for text in [
            "kafka",
            "kafka:",
            ":9092",
            "kafka:port",
            "::1:9092",
            "kafka:70000",
            "kafka:0",
        ] {
            assert_eq!(Endpoint::parse(text), None, "{text}");
        }
    }
}
