//! A client of the REST API.

use serde_json::Value;

use crate::wait::eventually;

/// An answer: status and body.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as it came.
    pub text: String,
    /// The `Location` header.
    pub location: Option<String>,
    /// All headers, by lower-case name.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {} {}", self.status, self.text))
    }
}

/// A client of one worker.
#[derive(Debug, Clone)]
pub struct Rest {
    base: String,
    client: reqwest::Client,
}

impl Rest {
    /// A client of the worker at `base` (`http://host:port`).
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            client: reqwest::Client::new(),
        }
    }

    /// Sends a request; none if there was no answer.
    pub async fn try_send(&self, method: &str, path: &str, body: Option<&str>) -> Option<Answer> {
        let json = [("Content-Type", "application/json")];
        let headers = if body.is_some() { &json[..] } else { &[] };
        self.exchange(method, path, headers, body).await
    }

    /// Sends a request with these headers and no others; none if there was no answer.
    pub async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Option<Answer> {
        let method = method.parse().expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), text(value)));
        let headers: Vec<(String, String)> = headers.collect();
        let location = headers.iter().find(|(name, _)| name == "location");
        Some(Answer {
            status,
            location: location.map(|(_, value)| value.clone()),
            headers,
            text: response.text().await.ok()?,
        })
    }

    /// Sends a request.
    ///
    /// # Panics
    /// If there was no answer.
    pub async fn send(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let answer = self.try_send(method, path, body).await;
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// `GET`, answered with 200.
    ///
    /// # Panics
    /// If it was not.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, None).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        answer.json()
    }

    /// Creates a connector.
    ///
    /// # Panics
    /// If the answer is not 201.
    pub async fn create(&self, body: &Value) -> Answer {
        let answer = self
            .send("POST", "/connectors/", Some(&body.to_string()))
            .await;
        assert_eq!(answer.status, 201, "POST {body}: {}", answer.text);
        answer
    }

    /// Waits until task 0 of a connector is in `state`; its status.
    ///
    /// # Panics
    /// If it is not within a minute, with the last status.
    pub async fn wait_for_task(&self, connector: &str, state: &str) -> Value {
        let what = format!("task 0 of {connector} is not {state}");
        let reached = |status: &Value| status["tasks"][0]["state"] == state;
        self.wait_for_status(connector, &what, reached).await
    }

    /// Waits until a connector has `count` tasks, all in `state`; its status.
    ///
    /// # Panics
    /// If it has not within a minute, with the last status.
    pub async fn wait_for_tasks(&self, connector: &str, count: usize, state: &str) -> Value {
        let what = format!("{count} tasks of {connector} are not {state}");
        let reached = |status: &Value| {
            let tasks = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
            tasks.len() == count && tasks.iter().all(|task| task["state"] == state)
        };
        self.wait_for_status(connector, &what, reached).await
    }

    /// Waits until a connector itself is in `state` and has no tasks; for `STOPPED`.
    ///
    /// # Panics
    /// If it is not within a minute, with the last status.
    pub async fn wait_for_connector(&self, connector: &str, state: &str) -> Value {
        let what = format!("{connector} is not {state}");
        let reached = |status: &Value| {
            let tasks = status["tasks"].as_array();
            status["connector"]["state"] == state && tasks.is_some_and(Vec::is_empty)
        };
        self.wait_for_status(connector, &what, reached).await
    }

    async fn wait_for_status(
        &self,
        connector: &str,
        what: &str,
        reached: impl Fn(&Value) -> bool,
    ) -> Value {
        let path = format!("/connectors/{connector}/status");
        let mut last = None;
        let waited = async || {
            last = self
                .try_send("GET", &path, None)
                .await
                .map(|answer| answer.text);
            let status: Value = serde_json::from_str(last.as_deref()?).ok()?;
            reached(&status).then_some(status)
        };
        let limit = tokio::time::Duration::from_secs(59);
        match tokio::time::timeout(limit, eventually("", waited)).await {
            Ok(status) => status,
            Err(_) => panic!("{what}: {last:?}"),
        }
    }
}
