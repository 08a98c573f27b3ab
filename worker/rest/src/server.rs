//! The server: listens, routes, and puts the headers on that all answers have.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use connect_api::{Error, Result};
use connect_cluster::Herder;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::answer::{Answer, Failure, empty};
use crate::config::{Listener, RestSettings};
use crate::cors::Cors;
use crate::resources::{self, Request};
use crate::route::{self, Resource};

/// The longest that a request may take (`RestServer.DEFAULT_REST_REQUEST_TIMEOUT_MS`).
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

/// Ports that are open, before anything is served on them: a worker's name
/// (`worker_id`) depends on the port.
#[derive(Debug)]
pub struct BoundListeners {
    listeners: Vec<TcpListener>,
    settings: RestSettings,
}

/// A running REST server.
#[derive(Debug)]
pub struct RestServer {
    stop: CancellationToken,
    connections: TaskTracker,
}

struct Service {
    herder: Herder,
    cors: Cors,
    admin: bool,
}

impl BoundListeners {
    /// Opens all listeners of `settings`.
    pub async fn bind(settings: RestSettings) -> Result<Self> {
        let mut listeners = Vec::with_capacity(settings.listeners.len());
        for Listener { host, port } in &settings.listeners {
            let all = if host.is_empty() { "0.0.0.0" } else { host };
            let listener = TcpListener::bind((all, *port)).await.map_err(|error| {
                Error::config(format!(
                    "cannot listen on {all}:{port}; is another worker running? Change 'listeners'"
                ))
                .caused_by(error)
            })?;
            listeners.push(listener);
        }
        Ok(Self {
            listeners,
            settings,
        })
    }

    /// The addresses that are listened on, with their real ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .collect()
    }

    /// This worker's name in statuses: host and port by which others reach it.
    pub fn worker_id(&self) -> String {
        let bound = self.addresses().first().map_or(0, SocketAddr::port);
        let port = self.settings.advertised_port.unwrap_or(bound);
        let listened = self
            .settings
            .listeners
            .first()
            .map(|listener| listener.host.clone());
        let host = (self.settings.advertised_host.clone())
            .or(listened.filter(|host| !host.is_empty() && host != "0.0.0.0" && host != "::"))
            .unwrap_or_else(host_name);
        format!("{host}:{port}")
    }

    /// Serves `herder` until the server is stopped.
    pub fn serve(self, herder: Herder) -> RestServer {
        let service = std::sync::Arc::new(Service {
            herder,
            cors: Cors::new(self.settings.allow_origins, &self.settings.allow_methods),
            admin: self.settings.admin,
        });
        let server = RestServer {
            stop: CancellationToken::new(),
            connections: TaskTracker::new(),
        };
        for listener in self.listeners {
            let router = Router::new().fallback(handle).with_state(service.clone());
            let stop = server.stop.clone();
            server.connections.spawn(async move {
                let stopped = stop.cancelled_owned();
                let served = axum::serve(listener, router)
                    .with_graceful_shutdown(stopped)
                    .await;
                if let Err(error) = served {
                    tracing::error!(%error, "the REST server ended");
                }
            });
        }
        server.connections.close();
        server
    }
}

impl RestServer {
    /// Stops listening and waits for running requests, no longer than `wait`.
    pub async fn stop(&self, wait: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(wait, self.connections.wait())
            .await
            .is_err()
        {
            tracing::warn!("some REST requests were still running after {wait:?}");
        }
    }
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

async fn handle(
    State(service): State<std::sync::Arc<Service>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let started = std::time::Instant::now();
    let mut response = match route::resource(uri.path()) {
        None => Response::from(Failure::plain(StatusCode::NOT_FOUND)),
        Some(resource) => {
            let request = Request {
                method: if method == Method::HEAD {
                    Method::GET
                } else {
                    method.clone()
                },
                headers: &headers,
                query: uri.query().unwrap_or(""),
                body: &body,
            };
            service
                .answer(resource, &request, &method)
                .await
                .unwrap_or_else(Response::from)
        }
    };
    service
        .cors
        .apply(&method, &headers, response.headers_mut());
    tracing::debug!(
        %method, path = uri.path(), status = response.status().as_u16(),
        elapsed_us = started.elapsed().as_micros() as u64, "request"
    );
    response
}

impl Service {
    async fn answer(&self, resource: Resource, request: &Request<'_>, method: &Method) -> Answer {
        if !self.admin && matches!(resource, Resource::Loggers | Resource::Logger(_)) {
            return Err(Failure::plain(StatusCode::NOT_FOUND));
        }
        if !resource.takes(method) {
            return Err(Failure::plain(StatusCode::METHOD_NOT_ALLOWED));
        }
        if method == Method::OPTIONS {
            return Ok(options(&resource));
        }
        if !accepts_json(request.headers) {
            return Err(Failure::plain(StatusCode::NOT_ACCEPTABLE));
        }
        if !request.body.is_empty() && !is_json(request.headers) {
            return Err(Failure::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let answer = resources::answer(&self.herder, resource, request);
        match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Request timed out",
            )),
        }
    }
}

fn options(resource: &Resource) -> Response {
    let allowed = resource.allowed();
    let mut response = empty(StatusCode::OK);
    // The names of methods are plain ASCII.
    if let Ok(allow) = HeaderValue::from_str(&allowed.join(",")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    *response.body_mut() = Body::from(allowed.join(", "));
    response
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().peekable();
    if accepted.peek().is_none() {
        return true;
    }
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let media = range.split(';').next().unwrap_or("").trim();
            ["*/*", "application/*", "application/json"]
                .iter()
                .any(|json| media.eq_ignore_ascii_case(json))
        })
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    media.is_some_and(|media| {
        media
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .eq_ignore_ascii_case("application/json")
    })
}
