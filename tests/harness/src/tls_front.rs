//! TLS before a real service that has none.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use openssl::nid::Nid;
use openssl::ssl::{Ssl, SslAcceptor, SslFiletype, SslMethod, SslRef, SslVerifyMode};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_openssl::SslStream;

use crate::certificates::{Authority, Certificate};

/// Takes TLS on loopback and passes what it says on; it ends when it is dropped.
#[derive(Debug)]
pub struct TlsFront {
    /// Where it listens.
    pub address: SocketAddr,
    clients: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl TlsFront {
    /// A front of `upstream` with `own` certificate, that lets nobody in who has none of
    /// `clients_of`.
    ///
    /// # Panics
    /// If there is no port, or the certificate is none.
    pub async fn start(
        upstream: SocketAddr,
        own: &Certificate,
        clients_of: Option<&Authority>,
    ) -> Self {
        let acceptor = acceptor(own, clients_of);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let clients = Arc::default();
        let seen = Arc::clone(&clients);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let ssl = Ssl::new(acceptor.context()).expect("a session");
                tokio::spawn(serve(client, ssl, upstream, Arc::clone(&seen)));
            }
        });
        Self {
            address,
            clients,
            accepting,
        }
    }

    /// The common names of the certificates that were shown, in the order of the connections;
    /// `-` for none.
    ///
    /// # Panics
    /// Never: nobody panics with the lock.
    pub fn clients(&self) -> Vec<String> {
        self.clients.lock().expect("unpoisoned").clone()
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn acceptor(own: &Certificate, clients_of: Option<&Authority>) -> SslAcceptor {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("TLS");
    builder
        .set_private_key_file(&own.pem, SslFiletype::PEM)
        .expect("a key");
    builder
        .set_certificate_chain_file(&own.pem)
        .expect("a certificate");
    if let Some(authority) = clients_of {
        builder.set_ca_file(authority.pem()).expect("an authority");
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    builder.build()
}

async fn serve(client: TcpStream, ssl: Ssl, upstream: SocketAddr, seen: Arc<Mutex<Vec<String>>>) {
    let mut client = SslStream::new(ssl, client).expect("a stream");
    // Who does not trust us, or has no certificate, goes away here.
    if Pin::new(&mut client).accept().await.is_err() {
        return;
    }
    seen.lock().expect("unpoisoned").push(name(client.ssl()));
    if let Ok(mut server) = TcpStream::connect(upstream).await {
        // Either end may close as it likes.
        drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
    }
}

fn name(ssl: &SslRef) -> String {
    let certificate = ssl.peer_certificate();
    let name = certificate.as_ref().and_then(|certificate| {
        let mut entries = certificate.subject_name().entries_by_nid(Nid::COMMONNAME);
        entries.next()?.data().to_string().ok()
    });
    name.unwrap_or_else(|| "-".to_owned())
}
