//! The driver's options.

use std::path::{Path, PathBuf};
use std::time::Duration;

use connect_api::{Error, Result};
use mysql_async::{ClientIdentity, Opts, OptsBuilder, SslOpts};

use crate::config::{ConnectionSettings, SslMode, SslSettings};

/// The largest packet that MySQL knows: a row or an event may be as large.
const MAX_PACKET: usize = 1 << 30;

pub(super) fn opts_of(
    settings: &ConnectionSettings,
    setup: Vec<String>,
    tls: Option<SslOpts>,
) -> Opts {
    OptsBuilder::default()
        .ip_or_hostname(settings.host.clone())
        .tcp_port(settings.port)
        .user(Some(settings.user.clone()))
        .pass(
            settings
                .password
                .as_ref()
                .map(|password| password.reveal().to_owned()),
        )
        .prefer_socket(false)
        .stmt_cache_size(0)
        .max_allowed_packet(Some(MAX_PACKET))
        .tcp_keepalive(Some(Duration::from_secs(60)))
        .tcp_nodelay(true)
        .init(setup)
        .ssl_opts(tls)
        .into()
}

/// TLS as `database.ssl.mode` asks for it.
pub(super) fn tls_of(ssl: &SslSettings) -> Result<Option<SslOpts>> {
    let verifies = matches!(ssl.mode, SslMode::VerifyCa | SslMode::VerifyIdentity);
    if ssl.mode == SslMode::Disabled {
        return Ok(None);
    }
    let mut opts = SslOpts::default()
        .with_danger_accept_invalid_certs(!verifies)
        .with_danger_skip_domain_validation(ssl.mode != SslMode::VerifyIdentity);
    if let Some(path) = ssl.truststore.as_deref().filter(|_| verifies) {
        check_store("database.ssl.truststore", path)?;
        opts = opts
            .with_root_certs(vec![PathBuf::from(path).into()])
            .with_disable_built_in_roots(true);
    }
    if let Some(path) = ssl.keystore.as_deref() {
        check_store("database.ssl.keystore", path)?;
        let mut identity = ClientIdentity::new(PathBuf::from(path).into());
        if let Some(password) = &ssl.keystore_password {
            identity = identity.with_password(password.reveal().to_owned());
        }
        opts = opts.with_client_identity(Some(identity));
    }
    Ok(Some(opts))
}

/// Java's own key store format is read by Java alone.
fn check_store(key: &str, path: &str) -> Result<()> {
    const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
    let bytes = std::fs::read(Path::new(path))
        .map_err(|error| Error::config(format!("'{key}': cannot read {path}")).caused_by(error))?;
    if bytes.starts_with(&JKS) {
        return Err(Error::config(format!(
            "'{key}': {path} is a Java key store (JKS); use a PEM file for authorities (keytool -exportcert -rfc) and PKCS #12 for the client's key (keytool -importkeystore -deststoretype pkcs12)"
        )));
    }
    Ok(())
}
