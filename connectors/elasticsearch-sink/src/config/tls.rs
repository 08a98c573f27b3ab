//! Java's key stores and trust stores as PEM, which is what we read, to the
//! rules of Kafka's own clients here.

use std::fs;

use connect_api::config::{Secret, Settings};
use connect_api::{Error, Result};

use super::ssl_keys as keys;

/// What TLS goes by. Files are read when a client is made.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) trusted: Option<Pem>,
    pub(crate) own: Option<Own>,
    pub(crate) checks_host_names: bool,
}

/// The client's own key and certificates.
#[derive(Debug, Clone)]
pub(crate) enum Own {
    /// Key and chain.
    Pem(Pem, Pem),
    /// A file and its password.
    Pkcs12(String, Secret),
}

/// PEM in the configuration or in a file.
#[derive(Debug, Clone)]
pub(crate) enum Pem {
    Text(Secret),
    /// The setting that names it, and the file.
    File(&'static str, String),
}

impl Pem {
    pub(crate) fn read(&self) -> Result<String> {
        match self {
            Pem::Text(text) => Ok(with_lines(text.reveal())),
            Pem::File(key, file) => fs::read_to_string(file).map_err(|error| {
                Error::config(format!("reading '{key}', {file}")).caused_by(error)
            }),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StoreType {
    Pem,
    Pkcs12,
    Jks,
}

impl Tls {
    /// None unless `elastic.security.protocol` is SSL.
    pub(super) fn from_settings(settings: &Settings) -> Result<Option<Self>> {
        if !is_enabled(settings)? {
            return Ok(None);
        }
        let algorithm = settings.get(&keys::ENDPOINT_IDENTIFICATION_ALGORITHM)?;
        Ok(Some(Self {
            trusted: trusted(settings)?,
            own: own(settings)?,
            checks_host_names: !algorithm.is_empty(),
        }))
    }
}

/// True with `elastic.security.protocol=SSL`.
pub(super) fn is_enabled(settings: &Settings) -> Result<bool> {
    let protocol = settings.get(&keys::SECURITY_PROTOCOL)?;
    Ok(protocol.eq_ignore_ascii_case("SSL"))
}

fn trusted(settings: &Settings) -> Result<Option<Pem>> {
    if let Some(text) = settings.get(&keys::TRUSTSTORE_CERTIFICATES)? {
        return Ok(Some(Pem::Text(text)));
    }
    let key = keys::TRUSTSTORE_LOCATION.name();
    let Some(location) = given(settings.get(&keys::TRUSTSTORE_LOCATION)?) else {
        return Ok(None);
    };
    let declared = settings.get(&keys::TRUSTSTORE_TYPE)?;
    match store_type(keys::TRUSTSTORE_TYPE.name(), declared, &location)? {
        StoreType::Pem => Ok(Some(Pem::File(key, location))),
        StoreType::Jks => Err(Error::config(format!(
            "'{key}' is {location}: a JKS trust store can only be read by Java. Convert it with \
             'keytool -importkeystore -srckeystore {location} -destkeystore ca.p12 -deststoretype \
             PKCS12' and 'openssl pkcs12 -in ca.p12 -nokeys -out ca.pem', and set {key} to ca.pem"
        ))),
        StoreType::Pkcs12 => Err(Error::config(format!(
            "'{key}' is {location}: a PKCS12 trust store is not supported. Convert it with \
             'openssl pkcs12 -in {location} -nokeys -out ca.pem', and set {key} to ca.pem"
        ))),
    }
}

fn own(settings: &Settings) -> Result<Option<Own>> {
    let key = settings.get(&keys::KEYSTORE_KEY)?;
    let chain = settings.get(&keys::KEYSTORE_CERTIFICATE_CHAIN)?;
    match (key, chain) {
        (Some(key), Some(chain)) => {
            return Ok(Some(Own::Pem(Pem::Text(key), Pem::Text(chain))));
        }
        (None, None) => {}
        _ => {
            return Err(Error::config(format!(
                "'{}' and '{}' belong together: set both",
                keys::KEYSTORE_KEY.name(),
                keys::KEYSTORE_CERTIFICATE_CHAIN.name()
            )));
        }
    }
    let name = keys::KEYSTORE_LOCATION.name();
    let Some(location) = given(settings.get(&keys::KEYSTORE_LOCATION)?) else {
        return Ok(None);
    };
    let declared = settings.get(&keys::KEYSTORE_TYPE)?;
    Ok(Some(
        match store_type(keys::KEYSTORE_TYPE.name(), declared, &location)? {
            // One file with the key and the chain, as Java wants it.
            StoreType::Pem => {
                Own::Pem(Pem::File(name, location.clone()), Pem::File(name, location))
            }
            StoreType::Pkcs12 => {
                let password = settings.get(&keys::KEYSTORE_PASSWORD)?;
                Own::Pkcs12(location, password.unwrap_or_else(|| Secret::new("")))
            }
            StoreType::Jks => {
                return Err(Error::config(format!(
                    "'{name}' is {location}: a JKS key store can only be read by Java. Convert it \
                     with 'keytool -importkeystore -srckeystore {location} -destkeystore \
                     client.p12 -deststoretype PKCS12', and set {name} to client.p12"
                )));
            }
        },
    ))
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The declared type, or else the one that the file's name tells. Java's
/// default is JKS.
fn store_type(key: &str, declared: Option<String>, location: &str) -> Result<StoreType> {
    if let Some(declared) = declared {
        return match declared.to_ascii_uppercase().as_str() {
            "PEM" => Ok(StoreType::Pem),
            "PKCS12" | "P12" => Ok(StoreType::Pkcs12),
            "JKS" => Ok(StoreType::Jks),
            _ => Err(Error::config(format!(
                "Invalid value {declared} for configuration {key}: String must be one of: PEM, PKCS12"
            ))),
        };
    }
    let extension = location.rsplit('.').next().unwrap_or_default();
    Ok(match extension.to_ascii_lowercase().as_str() {
        "pem" | "crt" | "cer" | "key" => StoreType::Pem,
        "p12" | "pfx" | "pkcs12" => StoreType::Pkcs12,
        _ => StoreType::Jks,
    })
}

/// PEM on one line, as it gets into a properties file: Java splits at spaces,
/// OpenSSL at newlines.
fn with_lines(text: &str) -> String {
    let text = text.trim();
    if text.contains('\n') {
        return text.to_owned();
    }
    let mut pem = String::with_capacity(text.len() + 2);
    let mut is_body = false;
    for (position, part) in text.split("-----").enumerate() {
        // Outside, label, body, label, outside, …
        if position % 2 == 1 {
            is_body = part.starts_with("BEGIN");
            pem.push_str(&format!("-----{part}-----\n"));
        } else if is_body {
            for line in part.split_whitespace() {
                pem.push_str(line);
                pem.push('\n');
            }
        }
    }
    if pem.is_empty() { text.to_owned() } else { pem }
}

#[cfg(test)]
mod tests {
    use super::with_lines;

    #[test]
    fn pem_on_one_line_gets_its_lines_back() {
        let one_line = "-----BEGIN CERTIFICATE----- AAA BBB -----END CERTIFICATE----- \
                        -----BEGIN CERTIFICATE----- CCC -----END CERTIFICATE-----";
        assert_eq!(
            with_lines(one_line),
            "-----BEGIN CERTIFICATE-----\nAAA\nBBB\n-----END CERTIFICATE-----\n\
             -----BEGIN CERTIFICATE-----\nCCC\n-----END CERTIFICATE-----\n"
        );
    }
}
