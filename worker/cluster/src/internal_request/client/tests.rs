//! Against a listener that answers once.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::internal_request::InterWorkerSettings;

/// A worker that answers one request, and tells what it was asked.
async fn worker(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !is_whole(&request) {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, asked)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        (name.eq_ignore_ascii_case("content-length")).then(|| value.parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}

fn key() -> SessionKey {
    InterWorkerSettings::parse(&Props::new())
        .unwrap()
        .new_key(0)
        .unwrap()
}

fn client() -> InternalClient {
    InternalClient::new(&Props::new())
}

fn header<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    request.lines().find_map(|line| {
        let (given, value) = line.split_once(": ")?;
        given.eq_ignore_ascii_case(name).then_some(value)
    })
}

#[tokio::test]
async fn task_configurations_go_to_the_leader_signed() {
    let (url, asked) = worker("HTTP/1.1 204 No Content\r\n\r\n").await;
    let key = key();
    let configs = [Props::from([("a".to_owned(), "1".to_owned())])];
    client()
        .put_task_configs(
            &url,
            "a/b é",
            &configs,
            Some((&key, MacAlgorithm::HmacSha256)),
        )
        .await
        .unwrap();
    let request = asked.await.unwrap();
    assert!(
        request.starts_with("POST /connectors/a%2Fb%20%C3%A9/tasks HTTP/1.1\r\n"),
        "{request}"
    );
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"[{"a":"1"}]"#);
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    let signature = RequestSignature::from_headers(
        header(&request, "X-Connect-Authorization"),
        header(&request, "X-Connect-Request-Signature-Algorithm"),
    );
    InterWorkerSettings::parse(&Props::new())
        .unwrap()
        .verify(signature.unwrap().as_ref(), body.as_bytes(), Some(&key))
        .unwrap();
}

#[tokio::test]
async fn the_leaders_words_come_back_and_what_may_pass_is_retriable() {
    for (status, kind) in [
        ("400 Bad Request", ErrorKind::Config),
        ("403 Forbidden", ErrorKind::Retriable),
        ("404 Not Found", ErrorKind::NotFound),
        ("409 Conflict", ErrorKind::Retriable),
        ("500 Server Error", ErrorKind::Internal),
    ] {
        let body = r#"{"error_code":1,"message":"because"}"#;
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (url, asked) = worker(answer.leak()).await;
        let error = client().fence(&url, "x", None).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (kind, "because"),
            "{status}"
        );
        let request = asked.await.unwrap();
        assert!(
            request.starts_with("PUT /connectors/x/fence HTTP/1.1"),
            "{request}"
        );
        assert_eq!(header(&request, "X-Connect-Authorization"), None);
    }
}

#[tokio::test]
async fn nobody_there_is_retriable() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/connectors", free.local_addr().unwrap());
    drop(free);
    let request = ForwardedRequest {
        method: &Method::GET,
        url: &url,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let error = client().forward(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Retriable);
    let error = client().fence(&url, "x", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Retriable);
}

#[tokio::test]
async fn forwarded_answers_come_back_whole_and_redirects_are_not_followed() {
    let (url, asked) =
        worker("HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 2\r\n\r\nhi").await;
    let url = format!("{url}connectors?forward=true");
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Basic abc"));
    let answer = client()
        .forward(ForwardedRequest {
            method: &Method::POST,
            url: &url,
            headers,
            body: Bytes::from_static(b"{}"),
        })
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(answer.headers["location"], "http://x/");
    assert_eq!(answer.body, "hi");
    let request = asked.await.unwrap();
    assert!(
        request.starts_with("POST /connectors?forward=true HTTP/1.1"),
        "{request}"
    );
    assert_eq!(header(&request, "authorization"), Some("Basic abc"));
}

#[tokio::test]
async fn bad_stores_are_named_with_the_first_request_by_https() {
    let props = Props::from([(
        "listeners.https.ssl.truststore.location".to_owned(),
        "/nowhere/ca.pem".to_owned(),
    )]);
    let client = InternalClient::new(&props);
    let error = client.fence("https://127.0.0.1:1/", "x", None).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("listeners.https.ssl.truststore.location")
            && error.contains("/nowhere/ca.pem"),
        "{error}"
    );
}
