//! TLS by the settings that librdkafka gets, with the same library (OpenSSL): PEM and PKCS#12 key
//! stores, encrypted keys, cipher names and revocation lists mean the same on every connection.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslFiletype, SslMethod, SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::X509Lookup;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags};

use crate::settings::{ClientSettings, SettingsError};

/// Whom to trust, who we are, and how.
#[derive(Clone)]
pub(super) struct Tls {
    context: SslContext,
    verify_name: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("verify_name", &self.verify_name)
            .finish_non_exhaustive()
    }
}

impl Tls {
    pub(super) fn from_settings(settings: &ClientSettings) -> Result<Self, SettingsError> {
        let mut context = SslContext::builder(SslMethod::tls_client())
            .map_err(|error| invalid("security.protocol", "SSL", &error))?;
        // What the Java client allows by default (`ssl.enabled.protocols`).
        context
            .set_min_proto_version(Some(SslVersion::TLS1_2))
            .map_err(|error| invalid("security.protocol", "SSL", &error))?;
        // `none` is librdkafka's word for Java's empty value.
        let algorithm = settings.get("ssl.endpoint.identification.algorithm");
        let trust_anybody = settings.get("enable.ssl.certificate.verification") == Some("false");
        context.set_verify(if trust_anybody {
            SslVerifyMode::NONE
        } else {
            SslVerifyMode::PEER
        });
        trust(&mut context, settings)?;
        if let Some((chain, key)) = identity(|key| settings.get(key))? {
            let location = settings.get("ssl.keystore.location");
            use_identity(&mut context, chain, &key).map_err(|error| {
                let shown = location.unwrap_or("[identity]");
                invalid("ssl.keystore.location", shown, &error)
            })?;
        }
        ciphers(&mut context, settings)?;
        Ok(Self {
            context: context.build(),
            verify_name: algorithm != Some("none") && !trust_anybody,
        })
    }

    /// A session with a host. The name in its certificate is checked as HTTPS does it.
    pub(super) fn session(&self, host: &str) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        let address: Option<IpAddr> = host.parse().ok();
        if address.is_none() {
            ssl.set_hostname(host)?;
        }
        if self.verify_name {
            let wanted = ssl.param_mut();
            wanted.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
            match address {
                Some(address) => wanted.set_ip(address)?,
                None => wanted.set_host(host)?,
            }
        }
        Ok(ssl)
    }
}

/// The certificates of the trust store, or else the system's.
fn trust(context: &mut SslContextBuilder, settings: &ClientSettings) -> Result<(), SettingsError> {
    let key = "ssl.truststore.location";
    let location = settings.get("ssl.ca.location").filter(|at| *at != "probe");
    if let Some(location) = location {
        let path = Path::new(location);
        let (file, folder) = if path.is_dir() {
            (None, Some(path))
        } else {
            (Some(path), None)
        };
        context
            .load_verify_locations(file, folder)
            .map_err(|error| invalid(key, location, &error))?;
    }
    let pem = settings.get("ssl.ca.pem");
    if let Some(pem) = pem {
        let key = "ssl.truststore.certificates";
        for certificate in certificates(key, pem.as_bytes(), "[inline]")? {
            context
                .cert_store_mut()
                .add_cert(certificate)
                .map_err(|error| invalid(key, "[inline]", &error))?;
        }
    }
    if location.is_none() && pem.is_none() {
        context
            .set_default_verify_paths()
            .map_err(|error| invalid(key, "", &error))?;
    }
    if let Some(list) = settings.get("ssl.crl.location") {
        revocations(context, list).map_err(|error| invalid("ssl.crl.location", list, &error))?;
    }
    Ok(())
}

fn revocations(context: &mut SslContextBuilder, list: &str) -> Result<(), ErrorStack> {
    let store = context.cert_store_mut();
    store
        .add_lookup(X509Lookup::file())?
        .load_crl_file(list, SslFiletype::PEM)?;
    store.set_flags(X509VerifyFlags::CRL_CHECK)
}

/// A certificate with those that it is signed by, and its key.
type Identity = (Vec<X509>, PKey<Private>);

/// The client's own certificate and key, when it has them, by librdkafka's settings.
pub(crate) fn identity<'a>(
    setting: impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<Identity>, SettingsError> {
    if let Some(store) = setting("ssl.keystore.location") {
        return pkcs12(store, setting("ssl.keystore.password")).map(Some);
    }
    let location = "ssl.keystore.location";
    let chain = match (
        setting("ssl.certificate.pem"),
        setting("ssl.certificate.location"),
    ) {
        (Some(pem), _) => {
            certificates("ssl.keystore.certificate.chain", pem.as_bytes(), "[inline]")?
        }
        (None, Some(path)) => certificates(location, &read(location, path)?, path)?,
        (None, None) => Vec::new(),
    };
    let password = setting("ssl.key.password").unwrap_or_default();
    let key = match (setting("ssl.key.pem"), setting("ssl.key.location")) {
        (Some(pem), _) => private_key("ssl.keystore.key", pem.as_bytes(), password, "[inline]")?,
        (None, Some(path)) => private_key(location, &read(location, path)?, password, path)?,
        (None, None) if chain.is_empty() => return Ok(None),
        (None, None) => {
            return Err(SettingsError::Missing {
                key: "ssl.keystore.key".to_owned(),
                hint: "there is a certificate chain without the private key".to_owned(),
            });
        }
    };
    Ok(Some((chain, key)))
}

/// A PKCS#12 file, which has the key and the chain.
fn pkcs12(path: &str, password: Option<&str>) -> Result<Identity, SettingsError> {
    let key = "ssl.keystore.location";
    let store = Pkcs12::from_der(&read(key, path)?)
        .and_then(|store| store.parse2(password.unwrap_or_default()))
        .map_err(|error| invalid(key, path, &error))?;
    let (Some(certificate), Some(private)) = (store.cert, store.pkey) else {
        let expected = "a PKCS12 file with a private key and its certificate";
        return Err(SettingsError::invalid(key, path, expected));
    };
    let mut chain = vec![certificate];
    chain.extend(store.ca.into_iter().flatten());
    Ok((chain, private))
}

fn use_identity(
    context: &mut SslContextBuilder,
    chain: Vec<X509>,
    key: &PKey<Private>,
) -> Result<(), ErrorStack> {
    let mut chain = chain.into_iter();
    if let Some(own) = chain.next() {
        context.set_certificate(&own)?;
    }
    for certificate in chain {
        context.add_extra_chain_cert(certificate)?;
    }
    context.set_private_key(key)?;
    context.check_private_key()
}

fn ciphers(
    context: &mut SslContextBuilder,
    settings: &ClientSettings,
) -> Result<(), SettingsError> {
    for (key, set) in [
        (
            "ssl.cipher.suites",
            SslContextBuilder::set_cipher_list as fn(&mut _, &str) -> _,
        ),
        ("ssl.curves.list", SslContextBuilder::set_groups_list),
        ("ssl.sigalgs.list", SslContextBuilder::set_sigalgs_list),
    ] {
        if let Some(list) = settings.get(key) {
            set(context, list).map_err(|error| invalid(key, list, &error))?;
        }
    }
    Ok(())
}

fn read(key: &str, path: &str) -> Result<Vec<u8>, SettingsError> {
    fs::read(path).map_err(|error| {
        SettingsError::invalid(key, path, format!("a file that can be read: {error}"))
    })
}

fn certificates(key: &str, pem: &[u8], shown: &str) -> Result<Vec<X509>, SettingsError> {
    let found = X509::stack_from_pem(pem).map_err(|error| invalid(key, shown, &error))?;
    if found.is_empty() {
        return Err(SettingsError::invalid(key, shown, "PEM with a certificate"));
    }
    Ok(found)
}

/// The password is given even where there is none: OpenSSL would ask for one at the terminal.
fn private_key(
    key: &str,
    pem: &[u8],
    password: &str,
    shown: &str,
) -> Result<PKey<Private>, SettingsError> {
    PKey::private_key_from_pem_passphrase(pem, password.as_bytes()).map_err(|error| {
        let expected = format!(
            "PEM with a private key that ssl.key.password opens, if it is encrypted: {error}"
        );
        SettingsError::invalid(key, shown, expected)
    })
}

fn invalid(key: &str, shown: &str, error: &ErrorStack) -> SettingsError {
    SettingsError::invalid(
        key,
        shown,
        format!("usable by OpenSSL, which says: {error}"),
    )
}
