//! The listener's TLS.

use std::io;
use std::pin::Pin;

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod};
use openssl::x509::X509;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::error::BrokerError;
use crate::settings::Tls;

/// Makes connections of TLS out of plain ones.
#[derive(Clone)]
pub(super) struct Acceptor(SslAcceptor);

impl Acceptor {
    /// With the certificates and the key that the broker was started with.
    pub(super) fn new(tls: &Tls) -> Result<Self, BrokerError> {
        acceptor(tls).map_err(|error| {
            BrokerError::Setting(format!(
                "the certificates or the private key of the listener cannot be used (PEM is expected): {error}"
            ))
        })
    }

    /// The handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<SslStream<TcpStream>> {
        let ssl = Ssl::new(self.0.context())?;
        let mut stream = SslStream::new(ssl, stream)?;
        Pin::new(&mut stream)
            .accept()
            .await
            .map_err(io::Error::other)?;
        Ok(stream)
    }
}

fn acceptor(tls: &Tls) -> Result<Acceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_private_key(PKey::private_key_from_pem(&tls.key)?.as_ref())?;
    let mut certificates = X509::stack_from_pem(&tls.certificates)?.into_iter();
    if let Some(own) = certificates.next() {
        builder.set_certificate(&own)?;
    }
    for above in certificates {
        builder.add_extra_chain_cert(above)?;
    }
    builder.check_private_key()?;
    Ok(Acceptor(builder.build()))
}
