//! One connection: its requests are answered one after the other, as they come. A client may send
//! more before it has its answers, which then wait in the socket, as they do in Kafka.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::frames::{FrameError, Frames};
use super::tls;
use crate::api::{self, Disconnect, Reply, Session, Shared};

/// As many bytes of answers wait for others at most.
const MOST_UNSENT: usize = 16 << 10;

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
    let mut unsent = BytesMut::new();
    loop {
        if unsent.is_empty() && *stop.borrow() {
            return Ok(());
        }
        let frame = tokio::select! {
            // A request that is there already is answered, since answers may wait for its own.
            biased;
            frame = frames.next(&mut stream, &shared.request_memory) => frame?,
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        };
        let Some(frame) = frame else { return Ok(()) };
        // Only what waits for others is given up: what changes anything does so without waiting.
        let answer = tokio::select! {
            biased;
            answer = api::answer(shared, &mut session, host, frame) => answer,
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            gone = frames.gone(&mut stream) => {
                gone?;
                return Ok(());
            }
        };
        let (answer, ended) = match answer {
            Ok(answer) => (answer, Ok(())),
            Err(disconnect) => (None, Err(disconnect)),
        };
        // Producers send requests in advance: the answers to those that have come together go
        // together. Nothing else is known not to wait.
        let waits = ended.is_ok() && unsent.len() < MOST_UNSENT && frames.has(ApiKey::Produce);
        send(&mut stream, &mut unsent, answer, waits).await?;
        ended?;
    }
}

/// Sends an answer after those that are not sent yet, or keeps it with them.
async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    unsent: &mut BytesMut,
    answer: Option<Reply>,
    waits: bool,
) -> io::Result<()> {
    let answer = answer.as_ref().map_or(&[][..], |answer| &answer.frame);
    if waits || !unsent.is_empty() {
        unsent.extend_from_slice(answer);
    }
    if waits {
        return Ok(());
    }
    let all = if unsent.is_empty() {
        answer
    } else {
        &unsent[..]
    };
    if !all.is_empty() {
        stream.write_all(all).await?;
        stream.flush().await?;
    }
    unsent.clear();
    Ok(())
}
