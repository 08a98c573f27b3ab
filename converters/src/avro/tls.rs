//! The `schema.registry.ssl.*` settings: PEM trust and key stores, and PKCS12
//! key stores.

use connect_api::config::{ConfigDef, Key, Secret, Settings};
use connect_api::{Error, ErrorKind, Result};
use reqwest::{Certificate, ClientBuilder, Identity};

const TRUSTSTORE_LOCATION: Key<String> = Key::new("schema.registry.ssl.truststore.location")
    .default("")
    .doc("A PEM file with the certificates that the registry's is signed by.");

const TRUSTSTORE_TYPE: Key<String> = Key::new("schema.registry.ssl.truststore.type")
    .default("")
    .doc("PEM. JKS and PKCS12 are told how to convert them.");

const TRUSTSTORE_PASSWORD: Key<Secret> = Key::new("schema.registry.ssl.truststore.password")
    .default("")
    .doc("A PEM trust store has none.");

const TRUSTSTORE_CERTIFICATES: Key<String> =
    Key::new("schema.registry.ssl.truststore.certificates")
        .default("")
        .doc("The certificates themselves, as PEM.");

const KEYSTORE_LOCATION: Key<String> = Key::new("schema.registry.ssl.keystore.location")
    .default("")
    .doc("A PEM file with the client's key (PKCS8) and certificates, or a PKCS12 file.");

const KEYSTORE_TYPE: Key<String> = Key::new("schema.registry.ssl.keystore.type")
    .default("")
    .doc("PEM or PKCS12; by the file's name if it is not given.");

const KEYSTORE_PASSWORD: Key<Secret> = Key::new("schema.registry.ssl.keystore.password")
    .default("")
    .doc("The password of a PKCS12 key store.");

const KEY_PASSWORD: Key<Secret> = Key::new("schema.registry.ssl.key.password")
    .default("")
    .doc("The password of a PEM key; encrypted keys are refused.");

const KEYSTORE_KEY: Key<Secret> = Key::new("schema.registry.ssl.keystore.key")
    .default("")
    .doc("The client's key itself, as PEM (PKCS8).");

const KEYSTORE_CHAIN: Key<String> = Key::new("schema.registry.ssl.keystore.certificate.chain")
    .default("")
    .doc("The client's certificates themselves, as PEM.");

const ENDPOINT_IDENTIFICATION: Key<String> = Key::new(
    "schema.registry.ssl.endpoint.identification.algorithm",
)
.default("https")
.doc("https for the registry's host name to be checked against its certificate; empty for not.");

/// Of Java's TLS: named in a warning, because they change nothing here.
const JAVA_ONLY: [&str; 9] = [
    "protocol",
    "provider",
    "cipher.suites",
    "enabled.protocols",
    "keymanager.algorithm",
    "trustmanager.algorithm",
    "secure.random.implementation",
    "engine.factory.class",
    "allow.dn.changes",
];

/// What TLS needs.
#[derive(Debug, Clone, Default)]
pub(super) struct TlsOptions {
    trusted: Vec<Certificate>,
    identity: Option<Identity>,
    any_host: bool,
}

pub(super) fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&TRUSTSTORE_LOCATION)
        .with(&TRUSTSTORE_TYPE)
        .with(&TRUSTSTORE_PASSWORD)
        .with(&TRUSTSTORE_CERTIFICATES)
        .with(&KEYSTORE_LOCATION)
        .with(&KEYSTORE_TYPE)
        .with(&KEYSTORE_PASSWORD)
        .with(&KEY_PASSWORD)
        .with(&KEYSTORE_KEY)
        .with(&KEYSTORE_CHAIN)
        .with(&ENDPOINT_IDENTIFICATION)
}

pub(super) fn parse(settings: &Settings) -> Result<TlsOptions> {
    for name in JAVA_ONLY {
        let name = format!("schema.registry.ssl.{name}");
        if settings.props().contains_key(&name) {
            tracing::warn!("the Avro converter does not use the setting {name}");
        }
    }
    if !settings.get(&TRUSTSTORE_PASSWORD)?.reveal().is_empty() {
        tracing::warn!(
            "the Avro converter does not use the setting {}: a PEM trust store has no password",
            TRUSTSTORE_PASSWORD.name()
        );
    }
    Ok(TlsOptions {
        trusted: trusted(settings)?,
        identity: identity(settings)?,
        any_host: settings.get(&ENDPOINT_IDENTIFICATION)?.is_empty(),
    })
}

impl TlsOptions {
    pub(super) fn apply(&self, mut builder: ClientBuilder) -> ClientBuilder {
        if !self.trusted.is_empty() {
            builder = builder.tls_certs_only(self.trusted.iter().cloned());
        }
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity.clone());
        }
        if self.any_host {
            builder = builder.tls_danger_accept_invalid_hostnames(true);
        }
        builder
    }
}

#[derive(PartialEq)]
enum Store {
    Pem,
    Pkcs12,
    Jks,
}

/// Java's default is JKS; a file's name says more.
fn store(kind: &str, location: &str) -> Store {
    let ends_with = |suffixes: &[&str]| suffixes.iter().any(|suffix| location.ends_with(suffix));
    match &*kind.to_ascii_uppercase() {
        "PEM" => Store::Pem,
        "PKCS12" => Store::Pkcs12,
        "" if ends_with(&[".pem", ".crt", ".cer"]) => Store::Pem,
        "" if ends_with(&[".p12", ".pfx"]) => Store::Pkcs12,
        _ => Store::Jks,
    }
}

fn trusted(settings: &Settings) -> Result<Vec<Certificate>> {
    let text = settings.get(&TRUSTSTORE_CERTIFICATES)?;
    if !text.is_empty() {
        return certificates(TRUSTSTORE_CERTIFICATES.name(), text.as_bytes());
    }
    let location = settings.get(&TRUSTSTORE_LOCATION)?;
    if location.is_empty() {
        return Ok(Vec::new());
    }
    if store(&settings.get(&TRUSTSTORE_TYPE)?, &location) != Store::Pem {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "Invalid value {location} for configuration {}: only PEM is supported; convert it \
                 with 'keytool -importkeystore -srckeystore {location} -destkeystore ca.p12 \
                 -deststoretype PKCS12' and 'openssl pkcs12 -in ca.p12 -nokeys -out ca.pem', then \
                 set {}=PEM",
                TRUSTSTORE_LOCATION.name(),
                TRUSTSTORE_TYPE.name()
            ),
        ));
    }
    certificates(
        TRUSTSTORE_LOCATION.name(),
        &read(TRUSTSTORE_LOCATION.name(), &location)?,
    )
}

fn certificates(setting: &str, pem: &[u8]) -> Result<Vec<Certificate>> {
    let certificates =
        Certificate::from_pem_bundle(pem).map_err(|error| invalid(setting, error))?;
    if certificates.is_empty() {
        return Err(Error::config(format!(
            "Invalid value for configuration {setting}: there is no certificate in it"
        )));
    }
    Ok(certificates)
}

fn identity(settings: &Settings) -> Result<Option<Identity>> {
    if !settings.get(&KEY_PASSWORD)?.reveal().is_empty() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "configuration {} is not supported: decrypt the key with 'openssl pkcs8', or use a \
                 PKCS12 key store",
                KEY_PASSWORD.name()
            ),
        ));
    }
    let key = settings.get(&KEYSTORE_KEY)?;
    if !key.reveal().is_empty() {
        let chain = settings.get(&KEYSTORE_CHAIN)?;
        return Identity::from_pkcs8_pem(chain.as_bytes(), key.reveal().as_bytes())
            .map(Some)
            .map_err(|error| invalid(KEYSTORE_KEY.name(), error));
    }
    let location = settings.get(&KEYSTORE_LOCATION)?;
    if location.is_empty() {
        return Ok(None);
    }
    let name = KEYSTORE_LOCATION.name();
    let identity = match store(&settings.get(&KEYSTORE_TYPE)?, &location) {
        // One file with both, as Java wants it.
        Store::Pem => {
            let pem = read(name, &location)?;
            Identity::from_pkcs8_pem(&pem, &pem)
        }
        Store::Pkcs12 => {
            let password = settings.get(&KEYSTORE_PASSWORD)?;
            Identity::from_pkcs12_der(&read(name, &location)?, password.reveal())
        }
        Store::Jks => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "Invalid value {location} for configuration {name}: a JKS key store can only \
                     be read by Java; convert it with 'keytool -importkeystore -srckeystore \
                     {location} -destkeystore client.p12 -deststoretype PKCS12', then set {}=PKCS12",
                    KEYSTORE_TYPE.name()
                ),
            ));
        }
    };
    identity.map(Some).map_err(|error| invalid(name, error))
}

fn read(setting: &str, location: &str) -> Result<Vec<u8>> {
    std::fs::read(location).map_err(|error| {
        Error::config(format!(
            "Invalid value {location} for configuration {setting}: it cannot be read"
        ))
        .caused_by(error)
    })
}

fn invalid(setting: &str, error: reqwest::Error) -> Error {
    Error::config(format!("Invalid value for configuration {setting}")).caused_by(error)
}
