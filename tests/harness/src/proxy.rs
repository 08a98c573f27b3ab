//! A TCP proxy whose connections a test cuts, holds up and heals.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::services::variable;

/// What happens to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They pass.
    Open,
    /// They wait, as where a cable was pulled: nobody is told.
    Held,
    /// Connections end, and new ones are refused.
    Cut,
}

/// A proxy on loopback; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    upstream: SocketAddr,
    /// Corrects where the broker says it is.
    of_kafka: bool,
    mode: watch::Sender<Mode>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// The one through which a worker reaches the Kafka under test and all that it is told of it:
    /// there is one such address, so the test must run alone.
    ///
    /// # Panics
    /// If the address is taken.
    pub async fn of_kafka() -> Self {
        let address = |name: &str| variable(name).parse().expect("an address");
        Self::launch(address("KAFKA_PROXY"), address("KAFKA_PROXIED"), true).await
    }

    /// A proxy for a Kafka broker, which tells clients that the broker is here.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn of_broker(upstream: SocketAddr) -> Self {
        let any = SocketAddr::new(upstream.ip(), 0);
        Self::launch(any, upstream, true).await
    }

    /// A proxy on `address` (port 0 for any) for what listens on `upstream`.
    ///
    /// # Panics
    /// If the address is taken.
    pub async fn start(address: SocketAddr, upstream: SocketAddr) -> Self {
        Self::launch(address, upstream, false).await
    }

    async fn launch(address: SocketAddr, upstream: SocketAddr, of_kafka: bool) -> Self {
        let mut proxy = Self {
            address,
            upstream,
            of_kafka,
            mode: watch::Sender::new(Mode::Open),
            accepting: None,
        };
        proxy.listen().await;
        proxy
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections and refuses new ones.
    pub async fn cut(&mut self) {
        self.mode.send_replace(Mode::Cut);
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // That it was cancelled is what was asked for.
            drop(accepting.await);
        }
    }

    /// Lets connections be, and new ones in, but no byte through.
    pub fn hold(&self) {
        self.mode.send_replace(Mode::Held);
    }

    /// Everything passes again, what was held too.
    ///
    /// # Panics
    /// If the address was taken by somebody else.
    pub async fn heal(&mut self) {
        self.mode.send_replace(Mode::Open);
        if self.accepting.is_none() {
            self.listen().await;
        }
    }

    async fn listen(&mut self) {
        let listener = TcpListener::bind(self.address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{}: {error}", self.address));
        self.address = listener.local_addr().expect("an address");
        let told = match self.of_kafka {
            true => Some(Told::new(self.upstream, self.address)),
            false => None,
        };
        let accepting = accept(listener, self.upstream, told, self.mode.subscribe());
        self.accepting = Some(tokio::spawn(accepting));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.mode.send_replace(Mode::Cut);
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// What a broker of one listener says of its address, and what clients of the proxy are told in
/// its place: in every answer of Kafka's protocol a host is followed by its port, in 32 bits.
#[derive(Debug, Clone)]
struct Told {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Told {
    fn new(from: SocketAddr, to: SocketAddr) -> Self {
        let bytes = |address: SocketAddr| {
            let mut bytes = address.ip().to_string().into_bytes();
            bytes.extend(u32::from(address.port()).to_be_bytes());
            bytes
        };
        let (from, to) = (bytes(from), bytes(to));
        assert_eq!(from.len(), to.len(), "hosts of the same length");
        Self { from, to }
    }

    fn correct(&self, answer: &mut [u8]) {
        let length = self.from.len();
        let mut at = 0;
        while at + length <= answer.len() {
            if answer[at..at + length] == self.from {
                answer[at..at + length].copy_from_slice(&self.to);
            }
            at += 1;
        }
    }

    /// The next answer, with its length before it.
    async fn next(&self, from: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
        let length = from.read_u32().await?;
        let mut answer = length.to_be_bytes().to_vec();
        let read = from.take(length.into()).read_to_end(&mut answer).await?;
        self.correct(&mut answer[4..4 + read]);
        Ok(answer)
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    told: Option<Told>,
    mode: watch::Receiver<Mode>,
) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(serve(client, upstream, told.clone(), mode.clone()));
    }
}

/// Both ways until one end closes or the connection is cut.
async fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    told: Option<Told>,
    mode: watch::Receiver<Mode>,
) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    let (client_reader, client_writer) = client.into_split();
    let (server_reader, server_writer) = server.into_split();
    let mut cut = mode.clone();
    tokio::select! {
        () = copy(client_reader, server_writer, None, mode.clone()) => {}
        () = copy(server_reader, client_writer, told, mode) => {}
        _ = cut.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    told: Option<Told>,
    mut mode: watch::Receiver<Mode>,
) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = match &told {
            Some(told) => told.next(&mut from).await,
            None => from.read(&mut bytes).await.map(|n| bytes[..n].to_vec()),
        };
        let Ok(read) = read else { return };
        if read.is_empty() || mode.wait_for(|mode| *mode != Mode::Held).await.is_err() {
            return;
        }
        if to.write_all(&read).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Answers every byte with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reader, mut writer) = client.split();
                    drop(tokio::io::copy(&mut reader, &mut writer).await);
                });
            }
        });
        address
    }

    async fn proxy() -> Proxy {
        let any = "127.0.0.1:0".parse().unwrap();
        Proxy::start(any, echo().await).await
    }

    async fn exchange(client: &mut TcpStream, text: &[u8]) -> std::io::Result<Vec<u8>> {
        client.write_all(text).await?;
        let mut answer = vec![0; text.len()];
        client.read_exact(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn what_is_cut_ends_and_is_refused_until_it_is_healed() {
        let mut proxy = proxy().await;
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(exchange(&mut client, b"one").await.unwrap(), b"one");
        proxy.cut().await;
        assert!(exchange(&mut client, b"two").await.is_err());
        assert!(TcpStream::connect(proxy.address()).await.is_err());
        proxy.heal().await;
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(exchange(&mut client, b"three").await.unwrap(), b"three");
    }

    #[test]
    fn the_address_is_corrected_wherever_it_is() {
        let address = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let correction = Told::new(address(12345), address(54321));
        let mut said = *b"127.0.0.1\0\0\x30\x39127.0.0.1\0\0\x30\x38127.127.0.0.1\0\0\x30\x39";
        correction.correct(&mut said);
        let told = *b"127.0.0.1\0\0\xd4\x31127.0.0.1\0\0\x30\x38127.127.0.0.1\0\0\xd4\x31";
        assert_eq!(said, told);
    }

    #[tokio::test]
    async fn what_is_held_waits() {
        let mut proxy = proxy().await;
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(exchange(&mut client, b"one").await.unwrap(), b"one");
        proxy.hold();
        client.write_all(b"two").await.unwrap();
        let mut answer = [0; 3];
        let early = timeout(Duration::from_millis(200), client.read_exact(&mut answer)).await;
        assert!(early.is_err(), "a held byte came through");
        proxy.heal().await;
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"two");
    }
}
