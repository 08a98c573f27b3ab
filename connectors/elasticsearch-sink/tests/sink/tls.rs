//! TLS: what is trusted, and what is not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use native_tls::{Identity, TlsAcceptor};

use crate::task::{Task, props};

/// Makes a certificate for `name` in `folder`: `key.pem` and `cert.pem`.
fn certificate(folder: &Path, name: &str) {
    let made = Command::new("openssl")
        .current_dir(folder)
        .args([
            "req", "-new", "-x509", "-nodes", "-days", "2", "-newkey", "rsa:2048",
        ])
        .args(["-subj", "/CN=localhost", "-addext"])
        .arg(format!("subjectAltName={name}"))
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{made:?}");
}

/// A server that says it is Elasticsearch 7.5.1 to everyone who comes; its URL.
fn serve(folder: &Path) -> String {
    let read = |file: &str| std::fs::read(folder.join(file)).expect(file);
    let identity = Identity::from_pkcs8(&read("cert.pem"), &read("key.pem")).expect("an identity");
    let acceptor = TlsAcceptor::new(identity).expect("an acceptor");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who does not trust us goes away here.
            let Ok(mut stream) = acceptor.accept(stream) else {
                continue;
            };
            let mut request = [0; 4096];
            let body = r#"{"version":{"number":"7.5.1"}}"#;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            if stream.read(&mut request).is_ok() {
                let whole = [head.as_bytes(), body.as_bytes()].concat();
                drop(stream.write_all(&whole));
            }
        }
    });
    url
}

const ONCE: (&str, &str) = ("max.retries", "0");

async fn start(url: &str, more: &[(&str, &str)]) -> Result<(), String> {
    let settings = props(url, &[&[ONCE], more].concat());
    let started = Task::try_start(&settings, false).await;
    started.map(drop).map_err(|error| error.trace())
}

#[tokio::test]
async fn a_certificate_is_trusted_only_where_it_is_in_the_trust_store() {
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path(), "IP:127.0.0.1");
    let url = serve(folder.path());
    let error = start(&url, &[]).await.unwrap_err();
    assert!(error.contains("certificate verify failed"), "{error}");
    assert!(error.contains(&url), "{error}");
    let settings = props(&url, &[]);
    let lasting = Task::try_start(&settings, false).await.err();
    assert!(!lasting.expect("an error").is_retriable());

    let file = folder.path().join("cert.pem").display().to_string();
    let text = std::fs::read_to_string(&file).expect("a certificate");
    let ssl = ("elastic.security.protocol", "SSL");
    for trusted in [
        ("elastic.https.ssl.truststore.location", file.as_str()),
        ("elastic.https.ssl.truststore.certificates", text.as_str()),
    ] {
        start(&url, &[ssl, trusted]).await.unwrap();
    }
    let missing = ("elastic.https.ssl.truststore.location", "/nowhere/ca.pem");
    let error = start(&url, &[ssl, missing]).await.unwrap_err();
    let part = "reading 'elastic.https.ssl.truststore.location', /nowhere/ca.pem";
    assert!(error.contains(part), "{error}");
}

#[tokio::test]
async fn host_names_are_checked_unless_told_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path(), "DNS:elsewhere.example.com");
    let url = serve(folder.path());
    let file = folder.path().join("cert.pem").display().to_string();
    let trusting = [
        ("elastic.security.protocol", "SSL"),
        ("elastic.https.ssl.truststore.location", file.as_str()),
    ];
    let error = start(&url, &trusting).await.unwrap_err();
    assert!(error.contains("certificate verify failed"), "{error}");
    let unchecked = ("elastic.https.ssl.endpoint.identification.algorithm", "");
    start(&url, &[&trusting[..], &[unchecked]].concat())
        .await
        .unwrap();
}
