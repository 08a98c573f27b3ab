//! The servers under test, as a client of theirs sees them.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

/// A server: its URL and what it is.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) name: &'static str,
    http: reqwest::Client,
}

const NEEDED: &[(&str, &str)] = &[
    ("elasticsearch", "ELASTICSEARCH_URL"),
    ("elasticsearch-6.8", "ELASTICSEARCH_6_8_URL"),
];

const MORE: &[(&str, &str)] = &[
    ("elasticsearch-7.17", "ELASTICSEARCH_7_17_URL"),
    ("elasticsearch-8", "ELASTICSEARCH_8_URL"),
    ("opensearch", "OPENSEARCH_URL"),
];

/// Every server that runs; those that are needed must.
pub(crate) fn servers() -> Vec<Server> {
    let mut servers: Vec<Server> = NEEDED
        .iter()
        .map(|&(name, variable)| {
            let url = std::env::var(variable).unwrap_or_else(|_| {
                panic!(
                    "{variable} is not set: run `make test`, or `exports=$(tests/services/up \
                     elasticsearch elasticsearch-6.8) && eval \"$exports\"` first"
                )
            });
            Server::new(name, url)
        })
        .collect();
    for &(name, variable) in MORE {
        if let Ok(url) = std::env::var(variable) {
            servers.push(Server::new(name, url));
        }
    }
    servers
}

/// Elasticsearch 7.5.1.
pub(crate) fn server() -> Server {
    servers().remove(0)
}

/// A name that no other test of this or another run uses.
pub(crate) fn unique(prefix: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).expect("a clock");
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{}-{number}", since.as_nanos() / 1000)
}

impl Server {
    fn new(name: &'static str, url: String) -> Self {
        Self {
            url,
            name,
            http: reqwest::Client::new(),
        }
    }

    pub(crate) fn has_types(&self) -> bool {
        self.name == "elasticsearch-6.8"
    }

    /// Sends a request; status and body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}/{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// Sends a request that must succeed.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.send(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// A document with its version; none if it is not there.
    pub(crate) async fn document(&self, index: &str, type_name: &str, id: &str) -> Option<Value> {
        let type_name = if self.has_types() { type_name } else { "_doc" };
        let path = format!("{index}/{type_name}/{}", id.replace('+', "%2B"));
        let (status, answer) = self.send(Method::GET, &path, None).await;
        (status == 200).then_some(answer)
    }

    /// The source of a document of type `_doc`.
    pub(crate) async fn source(&self, index: &str, id: &str) -> Value {
        let found = self.document(index, "_doc", id).await;
        found.unwrap_or_else(|| panic!("{index} has no document {id}"))["_source"].clone()
    }

    /// How many documents an index has.
    pub(crate) async fn count(&self, index: &str) -> u64 {
        self.ask(Method::POST, &format!("{index}/_refresh"), None)
            .await;
        let answer = self
            .ask(Method::GET, &format!("{index}/_count"), None)
            .await;
        answer["count"].as_u64().expect("a count")
    }

    /// An index's mapping of type `type_name`, where the server has types.
    pub(crate) async fn mapping(&self, index: &str, type_name: &str) -> Value {
        let answer = self
            .ask(Method::GET, &format!("{index}/_mapping"), None)
            .await;
        let mapping = &answer[index]["mappings"];
        if self.has_types() {
            mapping[type_name].clone()
        } else {
            mapping.clone()
        }
    }

    /// Creates an index with a mapping of type `_doc`.
    pub(crate) async fn create(&self, index: &str, mapping: Value) {
        let mappings = if self.has_types() {
            json!({ "_doc": mapping })
        } else {
            mapping
        };
        self.ask(Method::PUT, index, Some(json!({ "mappings": mappings })))
            .await;
    }

    /// Changes an index's settings.
    pub(crate) async fn set(&self, index: &str, settings: Value) {
        self.ask(Method::PUT, &format!("{index}/_settings"), Some(settings))
            .await;
    }

    /// Deletes an index, whatever blocks it.
    pub(crate) async fn delete(&self, index: &str) {
        let unblock = json!({"index.blocks.read_only": null});
        self.send(Method::PUT, &format!("{index}/_settings"), Some(unblock))
            .await;
        self.send(Method::DELETE, index, None).await;
    }
}
