//! The bytes below: TCP, or TLS over it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_openssl::SslStream;

use super::{Endpoint, WireError, WireSettings, tls::Tls};

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects, trying each address of the name in turn (`client.dns.lookup=use_all_dns_ips`).
pub(super) async fn connect(
    settings: &WireSettings,
    endpoint: &Endpoint,
) -> Result<Box<dyn Stream>, WireError> {
    let limit = settings.setup_timeout;
    let late = |request| WireError::Timeout {
        endpoint: endpoint.clone(),
        request,
        after: limit,
    };
    let failed = |error: io::Error| WireError::Connect {
        endpoint: endpoint.clone(),
        reason: error.to_string(),
    };
    let addresses: Vec<SocketAddr> =
        timeout(limit, lookup_host((endpoint.host.as_str(), endpoint.port)))
            .await
            .map_err(|_| late("the look-up of its name"))?
            .map_err(failed)?
            .collect();
    let mut problem = failed(io::Error::other("its name has no address"));
    for address in addresses {
        match timeout(limit, tcp(settings, address)).await {
            Ok(Ok(stream)) => return secure(settings, endpoint, stream).await,
            Ok(Err(error)) => problem = failed(error),
            Err(_) => problem = late("a TCP connection"),
        }
    }
    Err(problem)
}

async fn tcp(settings: &WireSettings, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(bytes) = settings.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = settings.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    // A join waits for minutes without a byte; what lies between may forget a silent connection.
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn secure(
    settings: &WireSettings,
    endpoint: &Endpoint,
    stream: TcpStream,
) -> Result<Box<dyn Stream>, WireError> {
    let Some(tls) = &settings.tls else {
        return Ok(Box::new(stream));
    };
    match timeout(settings.setup_timeout, handshake(tls, endpoint, stream)).await {
        Ok(done) => Ok(Box::new(done?)),
        Err(_) => Err(WireError::Timeout {
            endpoint: endpoint.clone(),
            request: "the TLS handshake",
            after: settings.setup_timeout,
        }),
    }
}

async fn handshake(
    tls: &Tls,
    endpoint: &Endpoint,
    stream: TcpStream,
) -> Result<SslStream<TcpStream>, WireError> {
    let refused = |reason: String| WireError::Tls {
        endpoint: endpoint.clone(),
        reason,
    };
    let session = tls
        .session(&endpoint.host)
        .map_err(|error| refused(error.to_string()))?;
    let mut stream = SslStream::new(session, stream).map_err(|error| refused(error.to_string()))?;
    if let Err(error) = Pin::new(&mut stream).connect().await {
        // A broker that stops in the middle is another matter than a certificate.
        return Err(match error.into_io_error() {
            Ok(io_error) => WireError::lost(endpoint, &io_error),
            Err(error) => refused(verdict(&stream, &error.to_string())),
        });
    }
    Ok(stream)
}

/// OpenSSL's error says "certificate verify failed"; why, is in the session.
fn verdict(stream: &SslStream<TcpStream>, error: &str) -> String {
    let verified = stream.ssl().verify_result();
    if verified == openssl::x509::X509VerifyResult::OK {
        error.to_owned()
    } else {
        format!("{} ({error})", verified.error_string())
    }
}
