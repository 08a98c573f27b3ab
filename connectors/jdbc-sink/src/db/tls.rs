//! TLS for PostgreSQL, by the settings of its URL.

use std::fs;
use std::sync::OnceLock;

use native_tls::{Certificate, Identity, TlsConnector};

use super::error::{DbError, DbResult, Fault};
use crate::url::{Tls, TlsMode};

/// Java's own key store format, which Java alone reads.
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];

/// The connector of those who check nothing and show nothing: most URLs say nothing of TLS. OpenSSL
/// reads the system's authorities for each that is made, tens of milliseconds of work.
static PLAIN: OnceLock<TlsConnector> = OnceLock::new();

pub(super) fn connector(tls: &Tls) -> DbResult<TlsConnector> {
    if checks(tls) || tls.client_certificate.is_some() || tls.client_key.is_some() {
        return build(tls);
    }
    if let Some(made) = PLAIN.get() {
        return Ok(made.clone());
    }
    let made = build(tls)?;
    Ok(PLAIN.get_or_init(|| made).clone())
}

fn checks(tls: &Tls) -> bool {
    matches!(tls.mode, TlsMode::VerifyAuthority | TlsMode::VerifyIdentity)
}

fn build(tls: &Tls) -> DbResult<TlsConnector> {
    let mut builder = TlsConnector::builder();
    let checks = checks(tls);
    builder.danger_accept_invalid_certs(!checks);
    builder.danger_accept_invalid_hostnames(tls.mode != TlsMode::VerifyIdentity);
    if checks && let Some(path) = &tls.root_certificate {
        builder.disable_built_in_roots(true);
        for certificate in certificates(path)? {
            builder.add_root_certificate(certificate);
        }
    }
    // pgjdbc reads a PKCS #12 file from `sslkey` alone.
    if let Some(path) = tls.client_certificate.as_ref().or(tls.client_key.as_ref()) {
        builder.identity(identity(path, tls)?);
    }
    builder
        .build()
        .map_err(|error| refused(format!("TLS: {error}")))
}

fn certificates(path: &str) -> DbResult<Vec<Certificate>> {
    let bytes = read(path)?;
    let parsed = if bytes.starts_with(b"-----") {
        Certificate::stack_from_pem(&bytes)
    } else {
        Certificate::from_der(&bytes).map(|certificate| vec![certificate])
    };
    parsed.map_err(|error| refused(format!("certificate {path}: {error}")))
}

/// `sslcert` with `sslkey`, or a PKCS #12 file with both.
fn identity(path: &str, tls: &Tls) -> DbResult<Identity> {
    let certificate = read(path)?;
    let password = tls
        .client_password
        .as_ref()
        .map_or("", |password| password.reveal());
    let parsed = match &tls.client_key {
        Some(key) if certificate.starts_with(b"-----") => {
            let key_bytes = read(key)?;
            if !key_bytes.starts_with(b"-----") {
                return Err(refused(format!(
                    "key {key}: use a PEM file (openssl pkcs8 -in {key} -inform DER -out key.pem)"
                )));
            }
            Identity::from_pkcs8(&certificate, &key_bytes)
        }
        Some(key) => Identity::from_pkcs12(&read(key)?, password),
        None => Identity::from_pkcs12(&certificate, password),
    };
    parsed.map_err(|error| refused(format!("client certificate {path}: {error}")))
}

fn read(path: &str) -> DbResult<Vec<u8>> {
    let bytes = fs::read(path).map_err(|error| refused(format!("cannot read {path}: {error}")))?;
    check_format(path, &bytes)?;
    Ok(bytes)
}

fn check_format(path: &str, bytes: &[u8]) -> DbResult<()> {
    if bytes.starts_with(&JKS) {
        return Err(refused(format!(
            "{path} is a Java key store (JKS); use a PEM file for authorities (keytool -exportcert -rfc) and PKCS #12 \
             for the client's key (keytool -importkeystore -deststoretype pkcs12)"
        )));
    }
    Ok(())
}

/// Fails for a file that MySQL's driver could not read either.
pub(super) fn check_file(path: &str) -> DbResult<()> {
    read(path).map(|_| ())
}

fn refused(message: String) -> DbError {
    DbError::new(Fault::Refused, message)
}
