//! TLS of the REST API by Kafka's names: `listeners.https.ssl.*`, or `ssl.*`
//! where nothing is set under `listeners.https.` (`SSLUtils` of Connect).

mod stores;
#[cfg(test)]
pub(crate) mod tests;

use connect_api::{Error, Props, Result};
use openssl::pkey::{PKey, Private};
use openssl::ssl::SslVersion;
use openssl::x509::X509;

/// What stands before Kafka's names for the REST API's listeners, and for
/// requests to other workers.
pub const LISTENERS_PREFIX: &str = "listeners.https.";

/// Kafka's names that mean something to Java's TLS only.
const WITHOUT_EFFECT: &[&str] = &[
    "ssl.engine.factory.class",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
];

const NAMES: &[&str] = &[
    "ssl.cipher.suites",
    "ssl.client.auth",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];

/// Whether the server asks clients for certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// It does not.
    #[default]
    None,
    /// It does, and serves those without one too.
    Requested,
    /// It serves none without a trusted one.
    Required,
}

/// A private key with its certificates, the key's own first.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The key.
    pub key: PKey<Private>,
    /// The certificates.
    pub chain: Vec<X509>,
}

/// TLS as it is set for listeners or for requests to other workers.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The worker's own key; a server needs one.
    pub identity: Option<Identity>,
    /// The certificates that are trusted, if that is set.
    pub trusted: Option<Vec<X509>>,
    /// Whether the other side is asked for a certificate.
    pub client_auth: ClientAuth,
    /// True if a server's certificate has to be of the name that was called.
    pub checks_host_names: bool,
    /// The oldest and the newest version that is spoken.
    pub versions: (SslVersion, SslVersion),
    /// The cipher suites that may be used, by their standard names; empty for
    /// those that are usual.
    pub cipher_suites: Vec<String>,
    /// What stands before the names of the settings that are in force.
    pub prefix: &'static str,
}

/// True if `name` is one of these settings, under the prefix.
pub fn knows(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|name| NAMES.contains(&name) || WITHOUT_EFFECT.contains(&name))
}

/// Names the settings that have no effect here.
pub fn warnings(props: &Props, prefix: &'static str) -> Vec<String> {
    let given = Given::new(props, prefix);
    let mut warnings: Vec<String> = WITHOUT_EFFECT
        .iter()
        .filter(|name| given.get(name).is_some())
        .map(|name| {
            format!(
                "'{}{name}' has no effect: it is for Java's TLS only",
                given.prefix
            )
        })
        .collect();
    let old = given
        .list("ssl.enabled.protocols")
        .filter(|version| matches!(*version, "TLSv1" | "TLSv1.1" | "SSLv3" | "SSLv2Hello"));
    warnings.extend(old.map(|version| {
        format!(
            "'{}ssl.enabled.protocols' has {version}, which is not safe and not spoken",
            given.prefix
        )
    }));
    warnings
}

impl TlsSettings {
    /// Reads the settings under `prefix`, or those without it where there is
    /// none under it (`AbstractConfig.valuesWithPrefixAllOrNothing`), and the
    /// stores that they name.
    pub fn parse(props: &Props, prefix: &'static str) -> Result<Self> {
        let given = Given::new(props, prefix);
        Ok(Self {
            identity: stores::identity(&given)?,
            trusted: stores::trusted(&given)?,
            client_auth: client_auth(&given)?,
            checks_host_names: given
                .get("ssl.endpoint.identification.algorithm")
                .is_none_or(|algorithm| !algorithm.trim().is_empty()),
            versions: versions(&given)?,
            cipher_suites: given.list("ssl.cipher.suites").map(str::to_owned).collect(),
            prefix: given.prefix,
        })
    }
}

/// The settings in force, by their names without the prefix.
struct Given<'p> {
    props: &'p Props,
    prefix: &'static str,
}

impl<'p> Given<'p> {
    fn new(props: &'p Props, prefix: &'static str) -> Self {
        let is_set = props.keys().any(|name| name.starts_with(prefix));
        Self {
            props,
            prefix: if is_set { prefix } else { "" },
        }
    }

    fn get(&self, name: &str) -> Option<&'p str> {
        self.props
            .get(&format!("{}{name}", self.prefix))
            .map(String::as_str)
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &'p str> {
        self.get(name)
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
    }

    fn invalid(&self, name: &str, value: &str, problem: &str) -> Error {
        Error::config(format!(
            "Invalid value {value} for configuration {}{name}: {problem}",
            self.prefix
        ))
    }
}

fn client_auth(given: &Given<'_>) -> Result<ClientAuth> {
    match given.get("ssl.client.auth") {
        None | Some("none") => Ok(ClientAuth::None),
        Some("requested") => Ok(ClientAuth::Requested),
        Some("required") => Ok(ClientAuth::Required),
        Some(other) => Err(given.invalid(
            "ssl.client.auth",
            other,
            "String must be one of: required, requested, none",
        )),
    }
}

fn versions(given: &Given<'_>) -> Result<(SslVersion, SslVersion)> {
    const NAME: &str = "ssl.enabled.protocols";
    let (mut has_2, mut has_3, mut is_empty) = (false, false, true);
    for version in given.list(NAME) {
        is_empty = false;
        match version {
            "TLSv1.2" => has_2 = true,
            "TLSv1.3" => has_3 = true,
            // Warned about.
            "TLSv1" | "TLSv1.1" | "SSLv3" | "SSLv2Hello" => {}
            other => return Err(given.invalid(NAME, other, "known are TLSv1.2, TLSv1.3")),
        }
    }
    match (has_2, has_3) {
        (true, false) => Ok((SslVersion::TLS1_2, SslVersion::TLS1_2)),
        (false, true) => Ok((SslVersion::TLS1_3, SslVersion::TLS1_3)),
        (false, false) if !is_empty => {
            let value = given.get(NAME).unwrap_or_default();
            Err(given.invalid(NAME, value, "TLSv1.2 or TLSv1.3 must be among them"))
        }
        _ => Ok((SslVersion::TLS1_2, SslVersion::TLS1_3)),
    }
}
