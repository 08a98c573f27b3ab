//! A server that answers what a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

/// An answer to a bulk request.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: &'static str,
    pub(crate) body: String,
    pub(crate) after: std::time::Duration,
}

impl Reply {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: "",
            body: body.to_owned(),
            after: std::time::Duration::ZERO,
        }
    }

    pub(crate) fn fine() -> Self {
        Self::new(200, r#"{"errors":false,"items":[]}"#)
    }
}

/// The server: `GET /` says that it is 7.5.1, indices are there, and bulk
/// requests get the replies in turn, then all are fine.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) url: String,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Scripted {
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            replies: Arc::new(Mutex::new(replies.into())),
            seen: Arc::default(),
        };
        let shared = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(shared.clone().serve(stream));
            }
        });
        server
    }

    /// The bulk requests that came.
    pub(crate) fn bulks(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        let bulks = seen.iter().filter(|seen| seen.line.contains("/_bulk"));
        bulks.cloned().collect()
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read(&mut stream).await {
            let reply = self.reply(&request);
            self.seen.lock().unwrap().push(request);
            tokio::time::sleep(reply.after).await;
            let head = format!(
                "HTTP/1.1 {} Status\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n",
                reply.status,
                reply.headers,
                reply.body.len()
            );
            let whole = [head.as_bytes(), reply.body.as_bytes()].concat();
            if stream.get_mut().write_all(&whole).await.is_err() {
                return;
            }
        }
    }

    fn reply(&self, request: &Seen) -> Reply {
        if request.line.contains("/_bulk") {
            let next = self.replies.lock().unwrap().pop_front();
            return next.unwrap_or_else(Reply::fine);
        }
        if request.line.starts_with("HEAD ") {
            return Reply::new(200, "");
        }
        Reply::new(200, r#"{"version":{"number":"7.5.1"}}"#)
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let length = lines.iter().find_map(|line| {
        let lower = line.to_lowercase();
        lower.strip_prefix("content-length: ")?.parse().ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen {
        line: lines.remove(0),
        headers: lines,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
