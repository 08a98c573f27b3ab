//! HTTPS: TLS on the listeners.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::serve::Listener;
use connect_api::{Error, Result};
use connect_cluster::internal_request::tls::{ClientAuth, TlsSettings};
use openssl::error::ErrorStack;
use openssl::ssl::{
    Ssl, SslAcceptor, SslAcceptorBuilder, SslMethod, SslVerifyMode, SslVersion, cipher_name,
};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_openssl::SslStream;

/// The longest that a client may take to come to terms.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// TLS of a listener.
#[derive(Clone)]
pub(crate) struct ServerTls(SslAcceptor);

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}

impl ServerTls {
    pub(crate) fn new(settings: &TlsSettings) -> Result<Self> {
        if settings.identity.is_none() {
            return Err(Error::config(format!(
                "a listener with https needs a key: set '{0}ssl.keystore.location' (PEM or PKCS12), or '{0}ssl.keystore.key' and '{0}ssl.keystore.certificate.chain'",
                settings.prefix
            )));
        }
        let failed = |error: ErrorStack| {
            Error::config(format!(
                "the stores of '{}ssl.*' cannot be used for a listener",
                settings.prefix
            ))
            .caused_by(error)
        };
        let mut builder =
            SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).map_err(failed)?;
        own_key(&mut builder, settings).map_err(failed)?;
        clients(&mut builder, settings).map_err(failed)?;
        let (oldest, newest) = settings.versions;
        builder
            .set_min_proto_version(Some(oldest))
            .and_then(|()| builder.set_max_proto_version(Some(newest)))
            .map_err(failed)?;
        cipher_suites(&mut builder, settings)?;
        Ok(Self(builder.build()))
    }

    async fn accept(self, stream: TcpStream) -> io::Result<SslStream<TcpStream>> {
        let ssl = Ssl::new(self.0.context())?;
        let mut stream = SslStream::new(ssl, stream)?;
        let handshake = Pin::new(&mut stream).accept();
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(())) => Ok(stream),
            Ok(Err(error)) => Err(io::Error::other(error)),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

fn own_key(
    builder: &mut SslAcceptorBuilder,
    settings: &TlsSettings,
) -> std::result::Result<(), ErrorStack> {
    let Some(identity) = &settings.identity else {
        return Ok(());
    };
    builder.set_private_key(&identity.key)?;
    let mut chain = identity.chain.iter();
    if let Some(own) = chain.next() {
        builder.set_certificate(own)?;
    }
    for certificate in chain {
        builder.add_extra_chain_cert(certificate.clone())?;
    }
    builder.check_private_key()
}

/// Whose certificates are asked for, and trusted. As in Jetty the key store
/// stands for a trust store that is not set.
fn clients(
    builder: &mut SslAcceptorBuilder,
    settings: &TlsSettings,
) -> std::result::Result<(), ErrorStack> {
    let mode = match settings.client_auth {
        ClientAuth::None => return Ok(()),
        ClientAuth::Requested => SslVerifyMode::PEER,
        ClientAuth::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
    };
    let own = settings.identity.as_ref().map(|identity| &identity.chain);
    let mut store = X509StoreBuilder::new()?;
    let mut names = Stack::new()?;
    for certificate in settings.trusted.as_ref().or(own).into_iter().flatten() {
        names.push(certificate.subject_name().to_owned()?)?;
        store.add_cert(certificate.clone())?;
    }
    builder.set_cert_store(store.build());
    builder.set_client_ca_list(names);
    // Without it OpenSSL refuses sessions that are resumed where it verifies.
    builder.set_session_id_context(b"connect-rest")?;
    builder.set_verify(mode);
    Ok(())
}

/// By their standard names, which those of TLS 1.3 have in OpenSSL too.
fn cipher_suites(builder: &mut SslAcceptorBuilder, settings: &TlsSettings) -> Result<()> {
    const OF_TLS_1_3: [&str; 5] = [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ];
    if settings.cipher_suites.is_empty() {
        return Ok(());
    }
    let invalid = |value: &str| {
        Error::config(format!(
            "Invalid value {value} for configuration {}ssl.cipher.suites: not a cipher suite that OpenSSL has",
            settings.prefix
        ))
    };
    let (mut newer, mut older) = (Vec::new(), Vec::new());
    for suite in &settings.cipher_suites {
        if OF_TLS_1_3.contains(&suite.as_str()) {
            newer.push(suite.as_str());
            continue;
        }
        match cipher_name(suite) {
            "(NONE)" => return Err(invalid(suite)),
            name => older.push(name),
        }
    }
    let all = settings.cipher_suites.join(",");
    let failed = |error: ErrorStack| invalid(&all).caused_by(error);
    // A version none of whose suites may be used is not spoken.
    match (newer.is_empty(), older.is_empty()) {
        (true, _) => builder.set_max_proto_version(Some(SslVersion::TLS1_2)),
        (_, true) => builder.set_min_proto_version(Some(SslVersion::TLS1_3)),
        _ => Ok(()),
    }
    .map_err(failed)?;
    if !newer.is_empty() {
        builder.set_ciphersuites(&newer.join(":")).map_err(failed)?;
    }
    if !older.is_empty() {
        builder.set_cipher_list(&older.join(":")).map_err(failed)?;
    }
    Ok(())
}

/// A listener whose connections are within TLS. Clients come to terms beside
/// each other: one that is slow, or says nothing, holds up no other.
pub(crate) struct TlsListener {
    listener: TcpListener,
    tls: ServerTls,
    handshakes: JoinSet<io::Result<(SslStream<TcpStream>, SocketAddr)>>,
}

impl TlsListener {
    pub(crate) fn new(listener: TcpListener, tls: ServerTls) -> Self {
        Self {
            listener,
            tls,
            handshakes: JoinSet::new(),
        }
    }
}

impl Listener for TlsListener {
    type Io = SslStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                (stream, address) = Listener::accept(&mut self.listener) => {
                    let tls = self.tls.clone();
                    self.handshakes.spawn(async move {
                        Ok((tls.accept(stream).await?, address))
                    });
                }
                Some(done) = self.handshakes.join_next() => match done {
                    Ok(Ok(connection)) => return connection,
                    Ok(Err(error)) => tracing::debug!(%error, "a client came to no terms on TLS"),
                    Err(error) => tracing::error!(%error, "a TLS handshake broke off"),
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
