//! Java's key stores and trust stores in OpenSSL's terms.
//!
//! OpenSSL reads PEM everywhere and PKCS#12 for the client's own key; nothing but Java reads JKS.

use super::{Builder, SettingsError};

const STORE_KEYS: &[&str] = &[
    "ssl.truststore.location",
    "ssl.truststore.certificates",
    "ssl.keystore.location",
    "ssl.keystore.key",
    "ssl.keystore.certificate.chain",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StoreType {
    Pem,
    Pkcs12,
    Jks,
}

/// Reads the properties of both stores. Without TLS they have no effect: at the top level of a
/// worker's file they may be meant for its HTTPS listener.
pub(super) fn stores(builder: &mut Builder<'_>) -> Result<(), SettingsError> {
    let protocol = builder
        .prop("security.protocol")
        .unwrap_or("PLAINTEXT")
        .to_ascii_uppercase();
    if protocol.ends_with("SSL") {
        trust_store(builder)?;
        return key_store(builder);
    }
    for key in STORE_KEYS {
        if builder.prop(key).is_some() {
            builder.ignored(
                key,
                &format!("security.protocol is {protocol}, without TLS"),
            );
        }
    }
    Ok(())
}

fn trust_store(builder: &mut Builder<'_>) -> Result<(), SettingsError> {
    if let Some(certificates) = builder.prop("ssl.truststore.certificates") {
        let pem = normalized_pem(certificates);
        builder.set("ssl.ca.pem", pem);
    }
    let Some(location) = builder.prop("ssl.truststore.location") else {
        return Ok(());
    };
    match store_type(builder, "ssl.truststore.type", location)? {
        StoreType::Pem => {
            builder.set("ssl.ca.location", location.to_owned());
            if builder.prop("ssl.truststore.password").is_some() {
                builder.ignored(
                    "ssl.truststore.password",
                    "a PEM trust store has no password",
                );
            }
            Ok(())
        }
        StoreType::Jks => Err(SettingsError::unsupported(
            "ssl.truststore.location",
            location,
            format!(
                "a JKS trust store can only be read by Java: convert it with 'keytool \
                 -importkeystore -srckeystore {location} -destkeystore ca.p12 -deststoretype \
                 PKCS12' and 'openssl pkcs12 -in ca.p12 -nokeys -out ca.pem', then set \
                 ssl.truststore.location to ca.pem and ssl.truststore.type=PEM"
            ),
        )),
        StoreType::Pkcs12 => Err(SettingsError::unsupported(
            "ssl.truststore.location",
            location,
            format!(
                "a PKCS12 trust store is not supported: convert it with 'openssl pkcs12 -in \
                 {location} -nokeys -out ca.pem', then set ssl.truststore.location to ca.pem and \
                 ssl.truststore.type=PEM"
            ),
        )),
    }
}

fn key_store(builder: &mut Builder<'_>) -> Result<(), SettingsError> {
    if let Some(key) = builder.prop("ssl.keystore.key") {
        let pem = normalized_pem(key);
        builder.set("ssl.key.pem", pem);
    }
    if let Some(chain) = builder.prop("ssl.keystore.certificate.chain") {
        let pem = normalized_pem(chain);
        builder.set("ssl.certificate.pem", pem);
    }
    let Some(location) = builder.prop("ssl.keystore.location") else {
        return Ok(());
    };
    match store_type(builder, "ssl.keystore.type", location)? {
        // One file with the key and the chain, as Java wants it: OpenSSL takes from a file the
        // PEM sections that it is asked for.
        StoreType::Pem => {
            builder.set("ssl.key.location", location.to_owned());
            builder.set("ssl.certificate.location", location.to_owned());
            if builder.prop("ssl.keystore.password").is_some() {
                builder.ignored(
                    "ssl.keystore.password",
                    "a PEM key store has no password; an encrypted key's is ssl.key.password",
                );
            }
        }
        StoreType::Pkcs12 => {
            builder.set("ssl.keystore.location", location.to_owned());
            if let Some(password) = builder.prop("ssl.keystore.password") {
                builder.set("ssl.keystore.password", password.to_owned());
            }
        }
        StoreType::Jks => {
            return Err(SettingsError::unsupported(
                "ssl.keystore.location",
                location,
                format!(
                    "a JKS key store can only be read by Java: convert it with 'keytool \
                     -importkeystore -srckeystore {location} -destkeystore client.p12 \
                     -deststoretype PKCS12', then set ssl.keystore.location to client.p12 and \
                     ssl.keystore.type=PKCS12"
                ),
            ));
        }
    }
    Ok(())
}

/// The declared type, or else the one that the file's name tells. Java's default is JKS.
fn store_type(
    builder: &Builder<'_>,
    type_key: &'static str,
    location: &str,
) -> Result<StoreType, SettingsError> {
    if let Some(declared) = builder.prop(type_key) {
        return match declared.to_ascii_uppercase().as_str() {
            "PEM" => Ok(StoreType::Pem),
            "PKCS12" | "P12" => Ok(StoreType::Pkcs12),
            "JKS" => Ok(StoreType::Jks),
            _ => Err(SettingsError::invalid(
                type_key,
                declared,
                "one of PEM, PKCS12",
            )),
        };
    }
    let extension = location
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    Ok(match extension.as_str() {
        "pem" | "crt" | "cer" | "key" => StoreType::Pem,
        "p12" | "pfx" | "pkcs12" => StoreType::Pkcs12,
        _ => StoreType::Jks,
    })
}

/// PEM on one line, as it gets into a properties file: Java splits at spaces, OpenSSL at newlines.
pub fn normalized_pem(text: &str) -> String {
    if text.trim().contains('\n') {
        return text.to_owned();
    }
    let mut pem = String::with_capacity(text.len() + 2);
    let mut rest = text.trim();
    while let Some(start) = rest.find("-----BEGIN ") {
        rest = &rest[start + "-----BEGIN ".len()..];
        let Some((label, after_label)) = rest.split_once("-----") else {
            break;
        };
        let end = format!("-----END {label}-----");
        let Some((body, after)) = after_label.split_once(&end) else {
            break;
        };
        pem.push_str(&format!("-----BEGIN {label}-----\n"));
        for line in body.split_whitespace() {
            pem.push_str(line);
            pem.push('\n');
        }
        pem.push_str(&end);
        pem.push('\n');
        rest = after;
    }
    if pem.is_empty() { text.to_owned() } else { pem }
}

#[cfg(test)]
mod tests {
    use super::normalized_pem;

    #[test]
    fn pem_on_one_line_gets_its_lines_back() {
        let one_line = "-----BEGIN CERTIFICATE----- AAA BBB -----END CERTIFICATE----- \
                        -----BEGIN CERTIFICATE----- CCC -----END CERTIFICATE-----";
        assert_eq!(
            normalized_pem(one_line),
            "-----BEGIN CERTIFICATE-----\nAAA\nBBB\n-----END CERTIFICATE-----\n\
             -----BEGIN CERTIFICATE-----\nCCC\n-----END CERTIFICATE-----\n"
        );
    }

    #[test]
    fn pem_with_lines_stays_as_it_is() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(normalized_pem(pem), pem);
    }
}
