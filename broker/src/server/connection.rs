//! One connection: its requests are answered one after the other, as they come. A client may send
//! more before it has its answers, which then wait in the socket, as they do in Kafka.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::frames::{FrameError, Frames};
use super::tls;
use crate::api::{self, Disconnect, Session, Shared};

/// Why a connection ended before its client closed it.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Request(#[from] Disconnect),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Serves a connection until either side ends it.
pub(super) async fn serve(
    shared: Arc<Shared>,
    acceptor: Option<tls::Acceptor>,
    stream: TcpStream,
    stop: watch::Receiver<bool>,
) {
    let peer = match stream.peer_addr() {
        Ok(peer) => peer,
        // It has gone again.
        Err(_) => return,
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("{peer}: answers may be delayed: {error}");
    }
    let ended = match acceptor {
        None => answer_all(&shared, stream, peer.ip(), stop).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => answer_all(&shared, stream, peer.ip(), stop).await,
            Err(error) => {
                tracing::info!("{peer}: the TLS handshake failed: {error}");
                return;
            }
        },
    };
    match ended {
        Ok(()) => {}
        Err(Ended::Io(error) | Ended::Frame(FrameError::Io(error))) => {
            tracing::debug!("{peer}: {error}");
        }
        Err(ended) => tracing::warn!("{peer}: the connection is closed: {ended}"),
    }
}

async fn answer_all(
    shared: &Shared,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    host: IpAddr,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Ended> {
    let mut session = Session::new(&shared.settings.security);
    let mut frames = Frames::new(shared.settings.max_request_bytes);
    loop {
        let frame = tokio::select! {
            frame = frames.next(&mut stream, &shared.request_memory) => frame?,
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        };
        let Some(frame) = frame else { return Ok(()) };
        // Only what waits for others is given up: what changes anything does so without waiting.
        let answer = tokio::select! {
            biased;
            answer = api::answer(shared, &mut session, host, frame) => answer?,
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            gone = frames.gone(&mut stream) => {
                gone?;
                return Ok(());
            }
        };
        if let Some(answer) = answer {
            stream.write_all(&answer.frame).await?;
            stream.flush().await?;
        }
    }
}
