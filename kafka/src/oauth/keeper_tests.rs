use super::super::token_server::{Answer, TokenServer, url};
use super::super::{Credentials, EndpointTls, RefreshRules, Retries};
use super::*;

const SECRET: &str = "s:cr%t";

fn endpoint(url: &str) -> TokenEndpoint {
    TokenEndpoint {
        url: url.parse().unwrap(),
        credentials: Credentials {
            id: "my id".to_owned(),
            secret: SECRET.to_owned(),
            scope: Some("a b/c".to_owned()),
            is_urlencoded: false,
        },
        subject_claim: "sub".to_owned(),
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
        retries: Retries {
            backoff: Duration::from_millis(50),
            limit: Duration::from_secs(10),
        },
        refresh: RefreshRules::default(),
        tls: EndpointTls::default(),
    }
}

fn keeper(url: &str) -> Arc<Keeper> {
    Keeper::of(endpoint(url)).unwrap()
}

fn refusal(status: u16) -> Answer {
    let body = r#"{"error":"invalid_client","error_description":"who are you"}"#;
    Answer::Refusal(status, body.to_owned())
}

/// What Kafka 4.3.1's own client sent for the same settings, without what Java's HTTP client adds
/// (`Pragma`, `User-Agent`, `Connection`).
#[test]
fn the_request_is_the_one_that_javas_client_sends() {
    let server = TokenServer::start(Answer::Token("alice", 60));
    let token = keeper(&server.url()).token().unwrap();
    assert_eq!(token.principal, "alice");
    let requests = server.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "grant_type=client_credentials&scope=a b/c");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST /realms/x/token?a=b HTTP/1.1"));
    let headers: Vec<&str> = lines.collect();
    for header in [
        "accept: application/json",
        "authorization: Basic bXkgaWQ6czpjciV0",
        "cache-control: no-cache",
        "content-type: application/x-www-form-urlencoded",
        "content-length: 41",
    ] {
        assert!(headers.contains(&header), "{header}: {headers:?}");
    }
}

#[test]
fn a_token_is_kept_and_renewed_before_it_runs_out() {
    let server = TokenServer::start(Answer::Token("alice", 3));
    let keeper = keeper(&server.url());
    let first = keeper.token().unwrap();
    assert_eq!(keeper.token().unwrap(), first);
    assert_eq!(server.requests().len(), 1);
    let deadline = Instant::now() + Duration::from_secs(20);
    while keeper.token().unwrap() == first {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(20));
    }
    // It was asked for without anybody who wanted it then, and while the first was good.
    assert!(first.expires >= now() - 100, "{first:?}");
}

#[test]
fn a_refusal_is_told_at_once_and_without_secrets() {
    let server = TokenServer::start(refusal(401));
    let keeper = keeper(&server.url());
    let began = Instant::now();
    let text = keeper.token().unwrap_err().to_string();
    assert!(began.elapsed() < PATIENCE, "{text}");
    for part in [
        "/realms/x/token",
        "sasl.oauthbearer.token.endpoint.url",
        "401",
        "invalid_client: who are you",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains(SECRET) && !text.contains("a=b"), "{text}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_error_of_the_server_is_tried_again() {
    let server = TokenServer::start(refusal(503));
    let keeper = keeper(&server.url());
    let asking = thread::spawn(move || keeper.token());
    while server.requests().len() < 3 {
        thread::sleep(Duration::from_millis(5));
    }
    server.says(Answer::Token("alice", 60));
    assert_eq!(asking.join().unwrap().unwrap().principal, "alice");
}

#[test]
fn an_endpoint_that_is_not_there_is_named() {
    let url = url(TokenServer::free_address());
    let began = Instant::now();
    let text = keeper(&url).token().unwrap_err().to_string();
    assert!(text.contains("cannot be asked"), "{text}");
    assert!(text.contains("refused"), "{text}");
    assert!(began.elapsed() < PATIENCE * 2);
}

#[test]
fn silence_does_not_hold_up_who_asks() {
    let server = TokenServer::start(Answer::Silence);
    let keeper = keeper(&server.url());
    let began = Instant::now();
    let error = keeper.token().unwrap_err();
    assert!(matches!(error, TokenError::Waiting { .. }), "{error}");
    drop(keeper);
    assert!(began.elapsed() < PATIENCE * 2);
}

#[test]
fn answers_without_a_usable_token() {
    let expired = Answer::Token("alice", 0);
    let opaque = Answer::Refusal(200, r#"{"access_token":"opaque-token"}"#.to_owned());
    for (answer, part) in [(expired, "ran out"), (opaque, "three parts")] {
        let server = TokenServer::start(answer);
        let text = keeper(&server.url()).token().unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
        assert!(!text.contains("opaque-token"), "{text}");
    }
}
