//! Against workers of a few lines, over real sockets.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request as Received;
use connect_api::Props;
use tokio::net::TcpListener;

use super::*;

/// A worker that gives these answers in turn, the last again and again.
struct Worker {
    url: String,
    asked: Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>,
}

async fn worker(answers: &'static [(u16, &'static str)]) -> Worker {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let turn = Arc::new(AtomicUsize::new(0));
    let router = Router::new().fallback(move |received: Received| {
        let (seen, turn) = (Arc::clone(&seen), Arc::clone(&turn));
        async move {
            let (head, body) = received.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let line = format!("{} {}", head.method, head.uri);
            seen.lock().unwrap().push((line, head.headers, body));
            let turn = turn.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let (status, body) = answers[turn];
            Response::builder()
                .status(status)
                .header("content-type", "application/json")
                .header("location", "http://elsewhere/")
                .body(Body::from(body))
                .unwrap()
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Worker { url, asked }
}

fn forwarder() -> Forwarder {
    Forwarder {
        client: Arc::new(InternalClient::new(&Props::new())),
        patience: Duration::from_secs(3),
    }
}

fn request<'r>(query: &'r str, headers: &'r HeaderMap) -> Request<'r> {
    Request {
        method: Method::POST,
        path: "/connectors/a%20b/restart",
        is_secure: false,
        headers,
        query,
        body: b"{\"a\": 1}",
    }
}

async fn outcome(done: Result<Forwarded, Failure>) -> (u16, String) {
    let response = match done {
        Ok(Forwarded::Here) => return (0, String::new()),
        Ok(Forwarded::Answered(response)) => response,
        Ok(Forwarded::NoLeader) => Response::from(Forwarded::no_leader()),
        Err(failure) => Response::from(failure),
    };
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const CONFLICT_BODY: &str = "{\"error_code\":409,\"message\":\"Cannot complete request because of a conflicting operation (e.g. worker rebalance)\"}";

#[tokio::test]
async fn a_request_goes_on_as_it_came_and_its_answer_comes_back() {
    let worker = worker(&[(201, "{\"name\":\"x\"}")]).await;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", "Basic abc"),
        ("content-type", "application/json; charset=utf-8"),
        ("x-connect-authorization", "c2ln"),
        ("x-connect-request-signature-algorithm", "HmacSHA256"),
        ("cookie", "a=b"),
        ("host", "here:1"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let request = request("includeTasks=true&onlyFailed=True", &headers);
    let place = || async { Place::At(worker.url.clone()) };
    let done = forwarder().send(place, &request).await;
    let Ok(Forwarded::Answered(response)) = &done else {
        panic!("{done:?}");
    };
    assert_eq!(response.headers().get("location"), None);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(outcome(done).await, (201, "{\"name\":\"x\"}".to_owned()));

    let asked = worker.asked.lock().unwrap();
    let [(line, received, body)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(
        line,
        "POST /connectors/a%20b/restart?forward=true&includeTasks=true&onlyFailed=True"
    );
    assert_eq!(body, "{\"a\": 1}".as_bytes());
    for name in [
        "authorization",
        "content-type",
        "x-connect-authorization",
        "x-connect-request-signature-algorithm",
    ] {
        assert_eq!(received.get(name), headers.get(name), "{name}");
    }
    assert_eq!(received.get("cookie"), None);
    assert_eq!(received["accept"], "application/json");
}

#[tokio::test]
async fn the_second_hop_is_the_last() {
    let worker = worker(&[(204, "")]).await;
    let headers = HeaderMap::new();
    let place = || async { Place::At(worker.url.clone()) };
    let second = request("forward=true", &headers);
    assert_eq!(outcome(forwarder().send(place, &second).await).await.0, 204);
    assert_eq!(
        worker.asked.lock().unwrap()[0].0,
        "POST /connectors/a%20b/restart?forward=false"
    );
    let third = request("a=b&forward=false", &headers);
    let refused = outcome(forwarder().send(place, &third).await).await;
    assert_eq!(refused, (409, CONFLICT_BODY.to_owned()));
    assert_eq!(worker.asked.lock().unwrap().len(), 1);

    let here = || async { Place::Here };
    assert_eq!(outcome(forwarder().send(here, &third).await).await.0, 0);
}

#[tokio::test]
async fn no_leader_is_a_conflict_in_the_originals_words() {
    let headers = HeaderMap::new();
    let unknown = || async { Place::Unknown };
    let refused = outcome(forwarder().send(unknown, &request("", &headers)).await).await;
    let message = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.";
    assert_eq!(
        refused,
        (
            409,
            format!("{{\"error_code\":409,\"message\":\"{message}\"}}")
        )
    );
}

#[tokio::test]
async fn a_group_that_is_changing_is_waited_for_by_the_first_worker_only() {
    let changing = &[(409, CONFLICT_BODY), (409, CONFLICT_BODY), (200, "{}")];
    let first = worker(changing).await;
    let headers = HeaderMap::new();
    let place = || async { Place::At(first.url.clone()) };
    let done = forwarder().send(place, &request("", &headers)).await;
    assert_eq!(outcome(done).await, (200, "{}".to_owned()));
    assert_eq!(first.asked.lock().unwrap().len(), 3);

    let second = worker(changing).await;
    let place = || async { Place::At(second.url.clone()) };
    let done = forwarder()
        .send(place, &request("forward=true", &headers))
        .await;
    assert_eq!(outcome(done).await, (409, CONFLICT_BODY.to_owned()));
}

#[tokio::test]
async fn other_conflicts_come_back_at_once() {
    let there = worker(&[(
        409,
        "{\"error_code\":409,\"message\":\"Connector x already exists\"}",
    )])
    .await;
    let headers = HeaderMap::new();
    let place = || async { Place::At(there.url.clone()) };
    let done = forwarder().send(place, &request("", &headers)).await;
    assert!(outcome(done).await.1.contains("already exists"));
    assert_eq!(there.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_leader_that_is_gone_is_replaced_by_the_next() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let old = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    let next = worker(&[(204, "")]).await;
    let asked = AtomicUsize::new(0);
    let place = || async {
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            Place::At(old.clone())
        } else {
            Place::At(next.url.clone())
        }
    };
    let headers = HeaderMap::new();
    let done = forwarder().send(place, &request("", &headers)).await;
    assert_eq!(outcome(done).await.0, 204);

    let place = || async { Place::At(old.clone()) };
    let (status, body) = outcome(forwarder().send(place, &request("", &headers)).await).await;
    assert_eq!(status, 500);
    assert!(
        body.contains("IO Error trying to forward REST request"),
        "{body}"
    );
}

#[test]
fn each_request_has_its_worker() {
    let headers = HeaderMap::new();
    let target = |method: Method, path: &str, query: &str| {
        let request = Request {
            method,
            path,
            is_secure: false,
            headers: &headers,
            query,
            body: b"",
        };
        Target::of(&crate::route::resource(path).unwrap(), &request)
    };
    for (method, path) in [
        (Method::POST, "/connectors"),
        (Method::DELETE, "/connectors/x"),
        (Method::PUT, "/connectors/x/config"),
        (Method::PATCH, "/connectors/x/config"),
        (Method::PUT, "/connectors/x/stop"),
        (Method::PATCH, "/connectors/x/offsets"),
        (Method::DELETE, "/connectors/x/offsets"),
        (Method::POST, "/connectors/x/tasks"),
        (Method::PUT, "/connectors/x/fence"),
    ] {
        assert_eq!(target(method, path, ""), Target::Leader, "{path}");
    }
    for (method, path) in [
        (Method::GET, "/connectors"),
        (Method::GET, "/connectors/x/config"),
        (Method::GET, "/connectors/x/offsets"),
        (Method::GET, "/connectors/x/tasks"),
        (Method::GET, "/connectors/x/status"),
        (Method::PUT, "/connectors/x/pause"),
        (Method::PUT, "/connectors/x/resume"),
        (Method::PUT, "/connectors/x/topics/reset"),
        (Method::PUT, "/admin/loggers/root"),
        (Method::GET, "/"),
    ] {
        assert_eq!(target(method, path, ""), Target::Any, "{path}");
    }
    let restart = |query| target(Method::POST, "/connectors/x/restart", query);
    assert_eq!(restart(""), Target::Connector("x".to_owned()));
    assert_eq!(restart("includeTasks=True"), Target::Leader);
    assert_eq!(restart("onlyFailed=true"), Target::Leader);
    let id = ConnectorTaskId {
        connector: "x".to_owned(),
        task: 1,
    };
    assert_eq!(
        target(Method::POST, "/connectors/x/tasks/1/restart", ""),
        Target::Task(id)
    );
}
