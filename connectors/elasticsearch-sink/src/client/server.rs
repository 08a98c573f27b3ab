//! Which server it is: found out at start.

use std::fmt;

use connect_api::{Error, ErrorKind, Result};
use reqwest::Method;
use serde_json::Value;

use super::{Answer, Client, Request};

/// A server's product and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    is_opensearch: bool,
    major: u32,
    minor: u32,
    /// As the server says it; none if it does not say.
    number: Option<String>,
}

impl Server {
    fn new(number: &str, is_opensearch: bool) -> Option<Self> {
        let mut parts = number.split(['.', '-']);
        let mut part = || parts.next()?.parse().ok();
        Some(Self {
            is_opensearch,
            major: part()?,
            minor: part().unwrap_or(0),
            number: Some(number.to_owned()),
        })
    }

    /// One that does not tell: taken as a recent one.
    fn unknown() -> Self {
        Self {
            is_opensearch: false,
            major: 7,
            minor: 9,
            number: None,
        }
    }

    /// Mapping types are required in paths and bulk requests before 7, and gone
    /// after.
    pub(crate) fn has_types(&self) -> bool {
        !self.is_opensearch && self.major < 7
    }

    /// Data streams came with 7.9; OpenSearch is a fork of 7.10.
    pub(crate) fn has_data_streams(&self) -> bool {
        self.is_opensearch || (self.major, self.minor) >= (7, 9)
    }

    /// None where it has all that is needed.
    pub(crate) fn unsupported(&self) -> Option<String> {
        let is_old = !self.is_opensearch && (self.major, self.minor) < (6, 0);
        is_old.then(|| format!("{self} is too old: version 6 or later is needed"))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = if self.is_opensearch {
            "OpenSearch"
        } else {
            "Elasticsearch"
        };
        match &self.number {
            Some(number) => write!(f, "{product} {number}"),
            None => write!(f, "{product} of an unknown version"),
        }
    }
}

impl Client {
    /// Asks which server it is.
    pub(crate) async fn server(&self) -> Result<Server> {
        let what = "asking Elasticsearch for its version";
        let answer = self.call(what, &Request::new(Method::GET, "/")).await?;
        if matches!(answer.status, 401 | 407) {
            return Err(answer.failure(what));
        }
        if answer.is_success()
            && let Some(server) = by_root(&answer.json()?)
        {
            return Ok(server);
        }
        // A node without the REST module answers 405, a user without the right
        // to monitor gets 403, a proxy may hide the root.
        let path = "/_nodes/_local?filter_path=nodes.*.version";
        let nodes = self.call(what, &Request::new(Method::GET, path)).await?;
        if nodes.is_success()
            && let Some(server) = by_nodes(&nodes.json()?)
        {
            return Ok(server);
        }
        undisclosed(&answer, &nodes)
    }
}

/// A server that lets us in and does not tell its version is taken as a recent
/// one; anything else is none.
fn undisclosed(root: &Answer, nodes: &Answer) -> Result<Server> {
    if root.status == 403 || nodes.status == 403 {
        tracing::warn!(
            "the server does not tell its version ({}); taking it as Elasticsearch 7 or later",
            root.reason()
        );
        return Ok(Server::unknown());
    }
    Err(Error::new(
        ErrorKind::Config,
        format!(
            "connection.url leads to no Elasticsearch or OpenSearch: GET / answered {} {}",
            root.status,
            root.reason()
        ),
    ))
}

fn by_root(body: &Value) -> Option<Server> {
    let version = body.get("version")?;
    let distribution = version.get("distribution").and_then(Value::as_str);
    Server::new(
        version.get("number")?.as_str()?,
        distribution == Some("opensearch"),
    )
}

/// OpenSearch's node versions start at 1 again.
fn by_nodes(body: &Value) -> Option<Server> {
    let node = body.get("nodes")?.as_object()?.values().next()?;
    let number = node.get("version")?.as_str()?;
    let server = Server::new(number, false)?;
    let is_opensearch = server.major < 5;
    Some(Server {
        is_opensearch,
        ..server
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn servers_say_what_they_are() {
        let root = |number: &str| by_root(&json!({"version": {"number": number}})).unwrap();
        assert!(root("6.8.23").has_types());
        assert!(!root("7.5.1").has_types());
        assert!(!root("7.5.1").has_data_streams());
        assert!(root("7.17.29").has_data_streams());
        assert!(root("5.6.16").unsupported().is_some());
        assert!(root("6.8.23").unsupported().is_none());
        assert_eq!(
            root("8.0.0-SNAPSHOT").to_string(),
            "Elasticsearch 8.0.0-SNAPSHOT"
        );
        let body = json!({"version": {"distribution": "opensearch", "number": "2.19.1"}});
        let opensearch = by_root(&body).unwrap();
        assert_eq!(opensearch.to_string(), "OpenSearch 2.19.1");
        assert!(!opensearch.has_types() && opensearch.has_data_streams());
        let nodes = |number: &str| by_nodes(&json!({"nodes": {"x": {"version": number}}}));
        assert_eq!(nodes("8.19.0"), Some(root("8.19.0")));
        assert_eq!(nodes("2.19.1"), Some(opensearch));
    }
}
