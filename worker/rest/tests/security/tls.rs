//! HTTPS: who is served, by what, and how long one waits for another.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use connect_api::Props;
use connect_cluster::internal_request::{ForwardedRequest, InternalClient};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{Worker, client, pair};

async fn worker(more: &[(&str, &str)]) -> Worker {
    Worker::start(|folder| {
        let path = |name: &str| folder.join(name).display().to_string();
        let mut settings = vec![
            pair("listeners", "https://127.0.0.1:0"),
            pair("ssl.keystore.location", path("both.pem")),
            pair("ssl.truststore.location", path("cert.pem")),
        ];
        settings.extend(more.iter().map(|(name, value)| pair(name, *value)));
        settings
    })
    .await
}

fn url(worker: &Worker) -> String {
    format!("https://127.0.0.1:{}/connectors", worker.ports[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_say_nothing_hold_up_no_other() {
    let worker = worker(&[]).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(("127.0.0.1", worker.ports[0]))
            .await
            .unwrap();
        // The first bytes of a handshake, and no more.
        stream.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
        silent.push(stream);
    }
    let mut plain = TcpStream::connect(("127.0.0.1", worker.ports[0]))
        .await
        .unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let answer = client(worker.folder.path())
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap()
        .get(url(&worker))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "[]");
    drop(silent);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_asked_for_as_it_is_set() {
    for (setting, without) in [("none", true), ("requested", true), ("required", false)] {
        let worker = worker(&[("ssl.client.auth", setting)]).await;
        let stranger = client(worker.folder.path()).build().unwrap();
        let answer = stranger.get(url(&worker)).send().await;
        assert_eq!(answer.is_ok(), without, "{setting}: {answer:?}");

        let read = |file: &str| std::fs::read(worker.folder.path().join(file)).unwrap();
        let identity = reqwest::Identity::from_pkcs8_pem(&read("cert.pem"), &read("key.pem"));
        let known = client(worker.folder.path())
            .identity(identity.unwrap())
            .build()
            .unwrap();
        for _ in 0..2 {
            let answer = known.get(url(&worker)).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{setting}");
        }
        worker.stop().await;
    }
}

/// Workers call each other with their listeners' stores.
#[tokio::test(flavor = "multi_thread")]
async fn other_workers_are_called_with_the_listeners_stores() {
    let worker = worker(&[("ssl.client.auth", "required")]).await;
    let path = |name: &str| worker.folder.path().join(name).display().to_string();
    let url = url(&worker);
    let ask = async |props: Props| {
        let client = InternalClient::new(&props);
        let request = ForwardedRequest {
            method: &Method::GET,
            url: &url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        client.forward(request).await
    };
    // The key store stands for the trust store that is not set.
    let own = Props::from([pair("ssl.keystore.location", path("both.pem"))]);
    let answer = ask(own).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (200, &b"[]"[..])
    );
    let error = ask(Props::new()).await.unwrap_err().trace();
    assert!(error.contains("certificate verify failed"), "{error}");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_cipher_suites_are_those_that_are_set() {
    let worker = worker(&[
        ("ssl.enabled.protocols", "TLSv1.2"),
        ("ssl.cipher.suites", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ])
    .await;
    let port = worker.ports[0];
    let spoken = tokio::process::Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .unwrap();
    let spoken = String::from_utf8_lossy(&spoken.stdout).into_owned();
    assert!(
        spoken.contains("New, TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384"),
        "{spoken}"
    );
    worker.stop().await;
}
