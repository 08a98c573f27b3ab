//! The token endpoint of an identity provider: answers as it is told to, and keeps what it was
//! asked. Its tokens have no signature, as the test's broker wants them.

#![allow(dead_code, reason = "each test uses its own part")]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod, SslVerifyMode};
use serde_json::{Value, json};

/// What it says next.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A token of this subject that lives for so many seconds.
    Token(&'static str, u64),
    /// A status and a body.
    Refusal(u16, String),
    /// Nothing, ever.
    Silence,
}

/// The server. Its thread ends with the test's process.
#[derive(Debug, Clone)]
pub(crate) struct TokenServer {
    address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl TokenServer {
    pub(crate) fn start(answer: Answer) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), answer)
    }

    pub(crate) fn start_at(address: SocketAddr, answer: Answer) -> Self {
        Self::listen(address, answer, None)
    }

    /// With TLS, by the certificates of the broker `kafka-secured`, and only for clients with one.
    pub(crate) fn start_tls(certificates: &str, answer: Answer) -> Self {
        let file = |name: &str| format!("{certificates}/{name}");
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        acceptor
            .set_private_key_file(file("broker.key"), SslFiletype::PEM)
            .unwrap();
        acceptor
            .set_certificate_chain_file(file("broker.crt"))
            .unwrap();
        acceptor.set_ca_file(file("ca.pem")).unwrap();
        acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        Self::listen(
            "127.0.0.1:0".parse().unwrap(),
            answer,
            Some(acceptor.build()),
        )
    }

    fn listen(address: SocketAddr, answer: Answer, tls: Option<SslAcceptor>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            answer: Arc::new(Mutex::new(answer)),
            requests: Arc::default(),
        };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, tls, stream) = (serving.clone(), tls.clone(), stream.unwrap());
                thread::spawn(move || {
                    match tls.map(|tls| tls.accept(stream.try_clone().unwrap())) {
                        None => server.serve(stream),
                        Some(Ok(stream)) => server.serve(stream),
                        // The client does not trust it, or is not trusted.
                        Some(Err(_)) => {}
                    }
                });
            }
        });
        server
    }

    /// An address where nobody listens at the moment.
    pub(crate) fn free_address() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
    }

    pub(crate) fn url(&self) -> String {
        url(self.address)
    }

    pub(crate) fn says(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Each request as it came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn serve(&self, mut stream: impl Read + Write) {
        let request = read(&mut stream);
        self.requests.lock().unwrap().push(request);
        let answer = self.answer.lock().unwrap().clone();
        let (status, body) = match answer {
            Answer::Token(subject, seconds) => (200, issue(subject, seconds)),
            Answer::Refusal(status, body) => (status, body),
            Answer::Silence => return thread::sleep(Duration::from_secs(600)),
        };
        let length = body.len();
        // The client may have gone, as clients do that have waited for long enough.
        write!(
            stream,
            "HTTP/1.1 {status} As told\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .ok();
    }
}

pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}/realms/x/token?a=b")
}

fn read(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        request.push(byte[0]);
    }
    let head = String::from_utf8(request).unwrap();
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| {
        let length = line.strip_prefix("content-length:")?;
        length.trim().parse().ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok();
    head + &String::from_utf8(body).unwrap()
}

fn issue(subject: &str, seconds: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "none"}));
    let claims = part(json!({"sub": subject, "iat": now, "exp": now + seconds}));
    json!({"access_token": format!("{header}.{claims}."), "expires_in": seconds}).to_string()
}
