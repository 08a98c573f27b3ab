//! Key and trust stores: PEM, in a file or as the setting itself, and PKCS#12.

use std::fs;

use connect_api::{Error, Result};
use connect_kafka::settings::normalized_pem;
use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::{Given, Identity};

/// Begins each JKS file.
const JKS_MAGIC: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
/// Begins each PKCS#12 file: DER's tag of a sequence.
const DER_SEQUENCE: u8 = 0x30;

/// What a store's file holds.
enum Store {
    Pem(Vec<u8>),
    Pkcs12(Pkcs12),
}

/// The worker's own key and certificates, if there is a key store.
pub(super) fn identity(given: &Given<'_>) -> Result<Option<Identity>> {
    let key_text = given.get("ssl.keystore.key");
    let chain_text = given.get("ssl.keystore.certificate.chain");
    let location = given.get("ssl.keystore.location");
    match (key_text, chain_text, location) {
        (None, None, None) => Ok(None),
        (Some(key), Some(chain), None) => {
            let key = private_key(given, normalized_pem(key).as_bytes(), "ssl.keystore.key")?;
            let chain = certificates(
                given,
                normalized_pem(chain).as_bytes(),
                "ssl.keystore.certificate.chain",
            )?;
            matching(given, key, chain).map(Some)
        }
        (None, None, Some(location)) => of_file(given, location).map(Some),
        (_, _, Some(location)) => Err(given.invalid(
            "ssl.keystore.location",
            location,
            "set either the file or ssl.keystore.key and ssl.keystore.certificate.chain, not both",
        )),
        (Some(_), None, None) => Err(given.invalid(
            "ssl.keystore.certificate.chain",
            "",
            "it is missing, and has to be set with ssl.keystore.key",
        )),
        (None, Some(_), None) => Err(given.invalid(
            "ssl.keystore.key",
            "",
            "it is missing, and has to be set with ssl.keystore.certificate.chain",
        )),
    }
}

fn of_file(given: &Given<'_>, location: &str) -> Result<Identity> {
    const NAME: &str = "ssl.keystore.location";
    match read(given, "ssl.keystore", location)? {
        Store::Pem(pem) => {
            let key = private_key(given, &pem, NAME)?;
            matching(given, key, certificates(given, &pem, NAME)?)
        }
        Store::Pkcs12(store) => {
            let password = given.get("ssl.keystore.password").unwrap_or_default();
            let key_password = given.get("ssl.key.password").unwrap_or(password);
            if key_password != password {
                return Err(given.invalid(
                    "ssl.key.password",
                    "[hidden]",
                    "a PKCS12 key store's key has the store's own password (ssl.keystore.password)",
                ));
            }
            let parsed = store
                .parse2(password)
                .map_err(|error| wrong_password(given, "ssl.keystore", location, error))?;
            let (Some(key), Some(own)) = (parsed.pkey, parsed.cert) else {
                return Err(given.invalid(
                    NAME,
                    location,
                    "it has no private key with a certificate",
                ));
            };
            let mut chain = vec![own];
            chain.extend(parsed.ca.into_iter().flatten());
            matching(given, key, chain)
        }
    }
}

/// The trusted certificates, if there is a trust store.
pub(super) fn trusted(given: &Given<'_>) -> Result<Option<Vec<X509>>> {
    const NAME: &str = "ssl.truststore.location";
    if let Some(text) = given.get("ssl.truststore.certificates") {
        let pem = normalized_pem(text);
        return certificates(given, pem.as_bytes(), "ssl.truststore.certificates").map(Some);
    }
    let Some(location) = given.get(NAME) else {
        return Ok(None);
    };
    let store = match read(given, "ssl.truststore", location)? {
        Store::Pem(pem) => return certificates(given, &pem, NAME).map(Some),
        Store::Pkcs12(store) => store,
    };
    let password = given.get("ssl.truststore.password").unwrap_or_default();
    let parsed = store
        .parse2(password)
        .map_err(|error| wrong_password(given, "ssl.truststore", location, error))?;
    let all: Vec<X509> = (parsed.cert.into_iter())
        .chain(parsed.ca.into_iter().flatten())
        .collect();
    if all.is_empty() {
        return Err(given.invalid(NAME, location, "it has no certificate"));
    }
    Ok(Some(all))
}

/// Reads a store's file. What it is tells its content: Java's tools make
/// PKCS#12 also of files that are called `.jks`.
fn read(given: &Given<'_>, store: &str, location: &str) -> Result<Store> {
    let name = format!("{store}.location");
    let bytes = fs::read(location).map_err(|error| {
        given
            .invalid(&name, location, "the file cannot be read")
            .caused_by(error)
    })?;
    let kind = format!("{store}.type");
    match given.get(&kind).map(str::to_ascii_uppercase).as_deref() {
        None | Some("PEM" | "PKCS12" | "P12" | "JKS") => {}
        Some(_) => {
            let value = given.get(&kind).unwrap_or_default();
            return Err(given.invalid(&kind, value, "known are PEM, PKCS12"));
        }
    }
    if bytes.starts_with(&JKS_MAGIC) {
        return Err(given.invalid(
            &name,
            location,
            &format!(
                "a JKS store can only be read by Java: convert it with 'keytool -importkeystore -srckeystore {location} -destkeystore store.p12 -deststoretype PKCS12', and set {name} to store.p12"
            ),
        ));
    }
    if bytes.first() == Some(&DER_SEQUENCE) {
        return Pkcs12::from_der(&bytes)
            .map(Store::Pkcs12)
            .map_err(|error| {
                given
                    .invalid(&name, location, "it is not a PKCS12 store")
                    .caused_by(error)
            });
    }
    Ok(Store::Pem(bytes))
}

fn wrong_password(given: &Given<'_>, store: &str, location: &str, error: ErrorStack) -> Error {
    given
        .invalid(
            &format!("{store}.location"),
            location,
            &format!("the PKCS12 store cannot be opened: is {store}.password right?"),
        )
        .caused_by(error)
}

/// The first private key of `pem`, decrypted where it is encrypted.
fn private_key(given: &Given<'_>, pem: &[u8], name: &str) -> Result<PKey<Private>> {
    let parsed = match given.get("ssl.key.password") {
        Some(password) => PKey::private_key_from_pem_passphrase(pem, password.as_bytes()),
        // Without this OpenSSL would ask on the terminal.
        None => PKey::private_key_from_pem_callback(pem, |_| Ok(0)),
    };
    parsed.map_err(|error| {
        given
            .invalid(
                name,
                "[hidden]",
                "it has no private key in PEM, or one that ssl.key.password does not open",
            )
            .caused_by(error)
    })
}

fn certificates(given: &Given<'_>, pem: &[u8], name: &str) -> Result<Vec<X509>> {
    let found = X509::stack_from_pem(pem).unwrap_or_default();
    if found.is_empty() {
        return Err(given.invalid(name, "[hidden]", "it has no certificate in PEM"));
    }
    Ok(found)
}

/// A key and certificates of which the first is the key's.
fn matching(given: &Given<'_>, key: PKey<Private>, chain: Vec<X509>) -> Result<Identity> {
    let is_of_key = chain
        .first()
        .and_then(|own| own.public_key().ok())
        .is_some_and(|public| public.public_eq(&key));
    if is_of_key {
        Ok(Identity { key, chain })
    } else {
        Err(Error::config(format!(
            "the first certificate of '{0}ssl.keystore.location' or '{0}ssl.keystore.certificate.chain' is not that of the private key",
            given.prefix
        )))
    }
}
