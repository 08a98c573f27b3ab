//! TLS to a token endpoint, by the `ssl.*` options of the login module.

use std::fs;

use openssl::error::ErrorStack;
use reqwest::{Certificate, ClientBuilder, Identity};

use crate::settings::{ClientSettings, SettingsError};
use crate::wire;

const JAAS: &str = "sasl.jaas.config";

/// Whom to trust and who we are; by default the system's authorities and nobody. In librdkafka's
/// terms, as of a client whose own settings the options were.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct EndpointTls {
    options: Vec<(&'static str, String)>,
}

/// The settings of a client that have an equal here.
const KNOWN: &[&str] = &[
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.key.location",
    "ssl.key.pem",
    "ssl.key.password",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.endpoint.identification.algorithm",
];

impl EndpointTls {
    pub(crate) fn of(settings: &ClientSettings) -> Self {
        let known = KNOWN.iter();
        let options = known.filter_map(|key| Some((*key, settings.get(key)?.to_owned())));
        Self {
            options: options.collect(),
        }
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.options.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Reads the certificates and keys.
    pub(super) fn apply(&self, mut builder: ClientBuilder) -> Result<ClientBuilder, SettingsError> {
        let trusted = self.trusted()?;
        if !trusted.is_empty() {
            builder = builder.tls_certs_only(trusted);
        }
        if let Some(identity) = self.identity()? {
            builder = builder.identity(identity);
        }
        if self.get("ssl.endpoint.identification.algorithm") == Some("none") {
            builder = builder.tls_danger_accept_invalid_hostnames(true);
        }
        Ok(builder)
    }

    fn trusted(&self) -> Result<Vec<Certificate>, SettingsError> {
        let mut trusted = Vec::new();
        if let Some(location) = self.get("ssl.ca.location") {
            let option = "ssl.truststore.location";
            let pem = fs::read(location).map_err(|error| {
                unusable(option, &format!("{location} cannot be read: {error}"))
            })?;
            trusted.extend(certificates(option, &pem)?);
        }
        if let Some(pem) = self.get("ssl.ca.pem") {
            trusted.extend(certificates("ssl.truststore.certificates", pem.as_bytes())?);
        }
        Ok(trusted)
    }

    fn identity(&self) -> Result<Option<Identity>, SettingsError> {
        let option = "ssl.keystore.location";
        let found = wire::tls_identity(|key| self.get(key))
            .map_err(|error| unusable(option, &error.to_string()))?;
        let Some((chain, key)) = found else {
            return Ok(None);
        };
        let pem = || -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
            let mut certificates = Vec::new();
            for certificate in &chain {
                certificates.extend(certificate.to_pem()?);
            }
            Ok((certificates, key.private_key_to_pem_pkcs8()?))
        };
        let (chain, key) = pem().map_err(|error| unusable(option, &error.to_string()))?;
        Identity::from_pkcs8_pem(&chain, &key)
            .map(Some)
            .map_err(|error| unusable(option, &error.to_string()))
    }
}

fn certificates(option: &str, pem: &[u8]) -> Result<Vec<Certificate>, SettingsError> {
    let found =
        Certificate::from_pem_bundle(pem).map_err(|error| unusable(option, &error.to_string()))?;
    if found.is_empty() {
        return Err(unusable(option, "there is no certificate in it"));
    }
    Ok(found)
}

fn unusable(option: &str, reason: &str) -> SettingsError {
    let expected = format!("with an option {option} that can be used: {reason}");
    SettingsError::invalid(JAAS, "", expected)
}
