//! The requests of `recorded.json` with the JVM worker's answers to them, and
//! where ours differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use connect_cluster::internal_request::{SIGNATURE_ALGORITHM_HEADER, SIGNATURE_HEADER};
use connect_cluster::properties;
use serde::Deserialize;
use serde_json::Value;

use crate::support::{Worker, client, pair};

#[derive(Deserialize)]
struct Recorded {
    credentials: String,
    settings: String,
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    name: String,
    listener: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    answer: Answer,
}

#[derive(Deserialize, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Where our status is another one.
const DIFFERENT: [(&str, u16); 2] = [
    // It is the client's mistake, and lets nobody in.
    ("not Base64", 401),
    // The original leaves the admin API's own listeners open.
    ("admin without credentials", 401),
];

#[tokio::test(flavor = "multi_thread")]
async fn secured_workers_answer_as_the_original() {
    let recorded: Recorded = serde_json::from_str(include_str!("recorded.json")).unwrap();
    let worker = Worker::start(|folder| settings(folder, &recorded)).await;
    let client = client(worker.folder.path()).build().unwrap();
    wait_for_key(&client, worker.ports[0]).await;
    for exchange in &recorded.exchanges {
        let (scheme, port) = match exchange.listener.as_str() {
            "http" => ("http", worker.ports[0]),
            "https" => ("https", worker.ports[1]),
            "admin" => ("http", worker.ports[2]),
            other => panic!("{other}"),
        };
        let url = format!("{scheme}://127.0.0.1:{port}{}", exchange.path);
        let mut request = client.request(exchange.method.parse().unwrap(), url);
        for (name, value) in &exchange.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &exchange.body {
            request = request.body(body.clone());
        }
        let answer = request.send().await.unwrap();
        let ours = Answer {
            status: answer.status().as_u16(),
            headers: (answer.headers().iter())
                .map(|(name, value)| {
                    let value = value.to_str().unwrap();
                    (
                        name.as_str().to_owned(),
                        value.replace(&format!(":{port}"), ":PORT"),
                    )
                })
                .collect(),
            body: answer.text().await.unwrap(),
        };
        compare(exchange, &ours);
    }
    worker.stop().await;
}

/// Until the leader has made the key that signatures are checked with.
async fn wait_for_key(client: &reqwest::Client, port: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = client
            .put(format!("http://127.0.0.1:{port}/connectors/x/fence"))
            .header(SIGNATURE_HEADER, "AAAA")
            .header(SIGNATURE_ALGORITHM_HEADER, "HmacSHA256")
            .send()
            .await
            .unwrap();
        if answer.status() == 403 {
            return;
        }
        assert!(Instant::now() < deadline, "no session key: {answer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The worker's settings: those of the recording, and its files here.
fn settings(folder: &Path, recorded: &Recorded) -> Vec<(String, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    std::fs::write(path("users"), &recorded.credentials).unwrap();
    let jaas = format!(
        "KafkaConnect {{\n  org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required\n  file=\"{}\";\n}};\n",
        path("users")
    );
    std::fs::write(path("jaas"), jaas).unwrap();
    let mut settings: Vec<(String, String)> = properties::parse(&recorded.settings)
        .unwrap()
        .into_iter()
        .collect();
    settings.extend([
        pair("listeners", "http://127.0.0.1:0,https://127.0.0.1:0"),
        pair("admin.listeners", "http://127.0.0.1:0"),
        pair("java.security.auth.login.config", path("jaas")),
        pair("listeners.https.ssl.keystore.location", path("both.pem")),
        pair("listeners.https.ssl.keystore.type", "PEM"),
    ]);
    settings
}

fn compare(exchange: &Exchange, ours: &Answer) {
    let name = exchange.name.as_str();
    let theirs = &exchange.answer;
    let difference = DIFFERENT.iter().find(|(different, _)| *different == name);
    let status = difference.map_or(theirs.status, |(_, status)| *status);
    assert_eq!(ours.status, status, "{name}: {ours:?}");
    compare_headers(exchange, ours);
    if exchange.method == "HEAD" || difference.is_some() {
        return;
    }
    match ours.status {
        // Theirs is no JSON, for all that its type says.
        401 => {
            let body: Value = serde_json::from_str(&ours.body).unwrap();
            assert_eq!(body["message"], *theirs.body, "{name}");
        }
        200 if exchange.path == "/" || exchange.path.starts_with("/admin") => {
            // Commit, cluster and level are the worker's own.
            assert_eq!(keys(&ours.body), keys(&theirs.body), "{name}");
        }
        _ => assert_eq!(ours.body, theirs.body, "{name}"),
    }
}

fn keys(body: &str) -> BTreeSet<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    body.as_object().unwrap().keys().cloned().collect()
}

fn compare_headers(exchange: &Exchange, ours: &Answer) {
    let name = &exchange.name;
    let all = |answer: &Answer| -> BTreeMap<String, String> {
        let skipped = ["date", "content-length", "content-type", "allow"];
        (answer.headers.iter())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .filter(|(name, _)| !skipped.contains(&name.as_str()))
            .collect()
    };
    let (mut ours_all, mut theirs) = (all(ours), all(&exchange.answer));
    let challenge = ours_all.remove("www-authenticate");
    assert_eq!(challenge.is_some(), ours.status == 401, "{name}");
    assert_eq!(
        ours_all.remove("x-later").is_some(),
        theirs.remove("x-later").is_some(),
        "{name}"
    );
    // A set in an order of its own.
    let methods = |headers: &mut BTreeMap<String, String>| -> BTreeSet<String> {
        let methods = headers.remove("access-control-allow-methods");
        (methods.iter().flat_map(|methods| methods.split(',')))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(methods(&mut ours_all), methods(&mut theirs), "{name}");
    assert_eq!(ours_all, theirs, "{name}");
}
