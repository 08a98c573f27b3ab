//! `elastic.security.protocol` and Kafka's `ssl.*` keys under `elastic.https.`.

use connect_api::config::{Check, ConfigDef, Key, Secret, Width};

const SECURITY: &str = "Security";

/// What stands before Kafka's names.
pub(crate) const PREFIX: &str = "elastic.https.";

pub(crate) const SECURITY_PROTOCOL: Key<String> = Key::new("elastic.security.protocol")
    .default("PLAINTEXT")
    .check(Check::OneOfAnyCase(&["PLAINTEXT", "SSL"]))
    .recommended(&["plaintext", "ssl"])
    .medium()
    .group(SECURITY)
    .width(Width::Short)
    .display_name("Security protocol")
    .doc("SSL to use the 'elastic.https.ssl.*' settings, for https URLs.");

macro_rules! ssl_key {
    ($constant:ident, $name:literal, $doc:literal) => {
        pub(crate) const $constant: Key<Option<String>> =
            Key::new(concat!("elastic.https.", $name))
                .default_null()
                .medium()
                .group(SECURITY)
                .doc($doc);
    };
    (secret $constant:ident, $name:literal, $doc:literal) => {
        pub(crate) const $constant: Key<Option<Secret>> =
            Key::new(concat!("elastic.https.", $name))
                .default_null()
                .high()
                .group(SECURITY)
                .doc($doc);
    };
}

ssl_key!(
    KEYSTORE_TYPE,
    "ssl.keystore.type",
    "The key store's format: PEM or PKCS12. By default the file's name tells it."
);
ssl_key!(
    KEYSTORE_LOCATION,
    "ssl.keystore.location",
    "The file with the client's own key and certificate chain."
);
ssl_key!(secret KEYSTORE_PASSWORD, "ssl.keystore.password", "The password of a PKCS12 key store.");
ssl_key!(
    secret KEY_PASSWORD,
    "ssl.key.password",
    "The password of the private key in the key store; an encrypted PEM key is refused."
);
ssl_key!(
    secret KEYSTORE_KEY,
    "ssl.keystore.key",
    "The client's private key as PEM (PKCS#8)."
);
ssl_key!(
    secret KEYSTORE_CERTIFICATE_CHAIN,
    "ssl.keystore.certificate.chain",
    "The client's certificate chain as PEM."
);
ssl_key!(
    TRUSTSTORE_TYPE,
    "ssl.truststore.type",
    "The trust store's format: PEM. By default the file's name tells it."
);
ssl_key!(
    TRUSTSTORE_LOCATION,
    "ssl.truststore.location",
    "The file with the certificates that are trusted. By default those of the system are."
);
ssl_key!(
    secret TRUSTSTORE_PASSWORD,
    "ssl.truststore.password",
    "Has no effect: a PEM trust store has no password."
);
ssl_key!(
    secret TRUSTSTORE_CERTIFICATES,
    "ssl.truststore.certificates",
    "The certificates that are trusted, as PEM."
);

pub(crate) const ENDPOINT_IDENTIFICATION_ALGORITHM: Key<String> =
    Key::new("elastic.https.ssl.endpoint.identification.algorithm")
        .default("https")
        .group(SECURITY)
        .doc("How the host's name is checked against its certificate; empty for not at all.");

/// Kafka's other names, which mean something to Java's TLS only.
pub(crate) const WITHOUT_EFFECT: &[&str] = &[
    "ssl.protocol",
    "ssl.provider",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
    "ssl.keymanager.algorithm",
    "ssl.trustmanager.algorithm",
    "ssl.secure.random.implementation",
    "ssl.engine.factory.class",
];

pub(super) fn add(def: ConfigDef) -> ConfigDef {
    def.with(&SECURITY_PROTOCOL)
        .with(&KEYSTORE_TYPE)
        .with(&KEYSTORE_LOCATION)
        .with(&KEYSTORE_PASSWORD)
        .with(&KEY_PASSWORD)
        .with(&KEYSTORE_KEY)
        .with(&KEYSTORE_CERTIFICATE_CHAIN)
        .with(&TRUSTSTORE_TYPE)
        .with(&TRUSTSTORE_LOCATION)
        .with(&TRUSTSTORE_PASSWORD)
        .with(&TRUSTSTORE_CERTIFICATES)
        .with(&ENDPOINT_IDENTIFICATION_ALGORITHM)
}
