//! An HTTP proxy: for plain requests, and for tunnels (`CONNECT`).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A proxy on loopback that knows hosts which nobody else does, and asks for a login; it ends when
/// it is dropped.
#[derive(Debug)]
pub struct HttpProxy {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// Where `host:port` is.
    hosts: HashMap<String, SocketAddr>,
    /// What `Proxy-Authorization` must be.
    login: Option<String>,
    /// The first lines of the requests that passed.
    passed: Mutex<Vec<String>>,
}

impl HttpProxy {
    /// A proxy that knows these hosts (`host:port`), for those who send the header
    /// `Proxy-Authorization: <login>`, or for all.
    ///
    /// # Panics
    /// If there is no port.
    pub async fn start(hosts: &[(&str, SocketAddr)], login: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let hosts = hosts
            .iter()
            .map(|(name, place)| ((*name).to_owned(), *place));
        let shared = Arc::new(Shared {
            hosts: hosts.collect(),
            login: login.map(str::to_owned),
            passed: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    // A client that goes away ends its connection, no more.
                    drop(shared.serve(client).await);
                });
            }
        });
        Self {
            address,
            shared,
            accepting,
        }
    }

    /// The first lines of the requests that passed.
    ///
    /// # Panics
    /// Never: nobody panics with the lock.
    pub fn passed(&self) -> Vec<String> {
        self.shared.passed.lock().expect("unpoisoned").clone()
    }
}

impl Drop for HttpProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    /// One request to a connection.
    async fn serve(&self, client: TcpStream) -> std::io::Result<()> {
        let mut client = BufReader::new(client);
        let (mut lines, mut login) = (Vec::new(), None);
        loop {
            let mut line = String::new();
            if client.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            match line.split_once(": ") {
                _ if line.is_empty() => break,
                Some((name, value)) if name.eq_ignore_ascii_case("proxy-authorization") => {
                    login = Some(value.to_owned());
                }
                _ => lines.push(line),
            }
        }
        if self.login.is_some() && self.login != login {
            return refuse(&mut client, "407 Proxy Authentication Required").await;
        }
        let first = lines.remove(0);
        let Some((method, target)) = first.split_once(' ') else {
            return refuse(&mut client, "400 Bad Request").await;
        };
        let target = target.trim_end_matches(" HTTP/1.1");
        let (host, path) = match target.strip_prefix("http://") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => (target, ""),
        };
        let Some(place) = self.hosts.get(host) else {
            return refuse(&mut client, "502 Bad Gateway").await;
        };
        let mut server = TcpStream::connect(place).await?;
        if method == "CONNECT" {
            client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
        } else {
            let headers = lines.join("\r\n");
            let head =
                format!("{method} {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");
            server.write_all(head.as_bytes()).await?;
        }
        self.passed.lock().expect("unpoisoned").push(first);
        tokio::io::copy_bidirectional(&mut client, &mut server).await?;
        Ok(())
    }
}

async fn refuse(client: &mut BufReader<TcpStream>, status: &str) -> std::io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status}\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    client.write_all(answer.as_bytes()).await
}
