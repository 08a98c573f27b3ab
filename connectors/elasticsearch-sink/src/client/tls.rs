//! TLS by the settings.

use std::fs;

use connect_api::{Error, Result};
use reqwest::{Certificate, ClientBuilder, Identity};

use crate::config::{Own, Tls};

pub(super) fn apply(mut builder: ClientBuilder, tls: &Tls) -> Result<ClientBuilder> {
    if let Some(trusted) = &tls.trusted {
        let pem = trusted.read()?;
        let certificates = Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|error| bad("the trusted certificates", error))?;
        if certificates.is_empty() {
            return Err(Error::config(
                "there is no certificate in elastic.https.ssl.truststore.location or \
                 elastic.https.ssl.truststore.certificates",
            ));
        }
        builder = builder.tls_certs_only(certificates);
    }
    if let Some(own) = &tls.own {
        builder = builder.identity(identity(own)?);
    }
    if !tls.checks_host_names {
        builder = builder.tls_danger_accept_invalid_hostnames(true);
    }
    Ok(builder)
}

fn identity(own: &Own) -> Result<Identity> {
    match own {
        Own::Pem(key, chain) => {
            Identity::from_pkcs8_pem(chain.read()?.as_bytes(), key.read()?.as_bytes()).map_err(
                |error| {
                    bad(
                        "the client's key and certificates (PEM, PKCS#8, not encrypted)",
                        error,
                    )
                },
            )
        }
        Own::Pkcs12(file, password) => {
            let bytes = fs::read(file).map_err(|error| {
                Error::config(format!(
                    "reading elastic.https.ssl.keystore.location, {file}"
                ))
                .caused_by(error)
            })?;
            Identity::from_pkcs12_der(&bytes, password.reveal())
                .map_err(|error| bad(&format!("the key store {file}"), error))
        }
    }
}

fn bad(what: &str, error: reqwest::Error) -> Error {
    Error::config(format!("{what} cannot be read")).caused_by(error)
}
