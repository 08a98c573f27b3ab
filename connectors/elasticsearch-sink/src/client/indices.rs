//! Indices, data streams, aliases and mappings.

use connect_api::Result;
use reqwest::Method;
use serde_json::Value;

use super::{Client, Request, Server};

/// A name as a part of a path.
pub(crate) fn in_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

impl Client {
    /// True if there is an index, data stream or alias called `name`.
    pub(crate) async fn exists(&self, name: &str) -> Result<bool> {
        self.has(&format!("/{}", in_path(name)), name).await
    }

    /// True if there is an alias called `name`.
    pub(crate) async fn has_alias(&self, name: &str) -> Result<bool> {
        self.has(&format!("/_alias/{}", in_path(name)), name).await
    }

    async fn has(&self, path: &str, name: &str) -> Result<bool> {
        let what = format!("checking if {name} exists");
        let answer = self.call(&what, &Request::new(Method::HEAD, path)).await?;
        match answer.status {
            404 => Ok(false),
            _ if answer.is_success() => Ok(true),
            _ => Err(answer.failure(&what)),
        }
    }

    /// Creates an index unless it is there.
    pub(crate) async fn ensure_index(&self, name: &str) -> Result<()> {
        let path = format!("/{}", in_path(name));
        self.ensure(name, "index", path).await
    }

    /// Creates a data stream unless it is there.
    pub(crate) async fn ensure_data_stream(&self, name: &str) -> Result<()> {
        let path = format!("/_data_stream/{}", in_path(name));
        self.ensure(name, "data stream", path).await
    }

    async fn ensure(&self, name: &str, kind: &str, path: String) -> Result<()> {
        if self.exists(name).await? {
            return Ok(());
        }
        let what = format!("creating {kind} {name}");
        let answer = self.call(&what, &Request::new(Method::PUT, path)).await?;
        // Another task may have been faster.
        let is_there = answer.error_type().as_deref() == Some("resource_already_exists_exception");
        if answer.is_success() {
            tracing::info!("created {kind} {name}");
        } else if !is_there {
            return Err(answer.failure(&what));
        }
        Ok(())
    }

    /// True if `name` has a mapping: of `type_name` where there are types.
    pub(crate) async fn has_mapping(
        &self,
        server: &Server,
        name: &str,
        type_name: &str,
    ) -> Result<bool> {
        let what = format!("reading the mapping of {name}");
        let path = format!("/{}/_mapping", in_path(name));
        let answer = self.call(&what, &Request::new(Method::GET, path)).await?;
        if !answer.is_success() {
            return Err(answer.failure(&what));
        }
        let body = answer.json()?;
        // By index: an alias or a data stream may stand for several.
        let indices = body.as_object().into_iter().flatten();
        let mut mappings = indices.filter_map(|(_, index)| index.get("mappings"));
        let has_fields = |mapping: &Value| mapping.as_object().is_some_and(|map| !map.is_empty());
        Ok(if server.has_types() {
            mappings.any(|types| types.get(type_name).is_some_and(has_fields))
        } else {
            mappings.any(has_fields)
        })
    }

    /// Gives `name` a mapping.
    pub(crate) async fn put_mapping(
        &self,
        server: &Server,
        name: &str,
        type_name: &str,
        mapping: &Value,
    ) -> Result<()> {
        let what = format!("creating the mapping of {name}");
        let mut path = format!("/{}/_mapping", in_path(name));
        if server.has_types() {
            path.push('/');
            path.push_str(&in_path(type_name));
        }
        let request = Request::new(Method::PUT, path).json(mapping);
        let answer = self.call(&what, &request).await?;
        if answer.is_success() {
            Ok(())
        } else {
            Err(answer.failure(&what))
        }
    }
}
