//! What happens to a request before and after its resource: who may ask, which
//! worker answers, and the headers that all answers have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::Request as Received;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use connect_cluster::Herder;

use crate::answer::{Answer, Failure, empty};
use crate::auth::{self, Users};
use crate::config::RestSettings;
use crate::cors::Cors;
use crate::forward::{Forwarded, Forwarder, Target};
use crate::resources::{self, Request};
use crate::response_headers::ResponseHeaders;
use crate::route::{self, Resource};

/// The longest that a request may take (`RestServer.DEFAULT_REST_REQUEST_TIMEOUT_MS`).
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);
/// The largest body: the configurations of thousands of tasks fit in.
const LARGEST_BODY: usize = 64 << 20;

/// What a listener serves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door {
    /// The REST API, with the admin API or without.
    Rest { has_admin: bool },
    /// The admin API alone.
    Admin,
}

impl Door {
    fn leads_to(self, resource: &Resource) -> bool {
        let is_admin = matches!(resource, Resource::Loggers | Resource::Logger(_));
        match self {
            Self::Rest { has_admin } => has_admin || !is_admin,
            Self::Admin => is_admin,
        }
    }
}

/// What answers requests, whichever listener they come by.
pub(crate) struct Service {
    herder: Herder,
    forwarder: Forwarder,
    users: Option<Users>,
    cors: Cors,
    headers: ResponseHeaders,
}

impl Service {
    pub(crate) fn new(herder: Herder, settings: &RestSettings) -> Self {
        Self {
            herder,
            forwarder: Forwarder::new(Arc::clone(&settings.client)),
            users: settings.users.clone(),
            cors: Cors::new(settings.allow_origins.clone(), &settings.allow_methods),
            headers: settings.response_headers.clone(),
        }
    }

    async fn answer(&self, door: Door, is_secure: bool, head: &Parts, body: Body) -> Answer {
        let resource = route::resource(head.uri.path())
            .filter(|resource| door.leads_to(resource))
            .ok_or_else(|| Failure::plain(StatusCode::NOT_FOUND))?;
        let method = &head.method;
        check_form(&resource, head, &body)?;
        self.check_user(&resource, head)?;
        if method == Method::OPTIONS {
            return Ok(options(&resource));
        }
        let body = read(body).await?;
        let request = Request {
            method: if method == Method::HEAD {
                Method::GET
            } else {
                method.clone()
            },
            path: head.uri.path(),
            is_secure,
            headers: &head.headers,
            query: head.uri.query().unwrap_or(""),
            body: &body,
        };
        let answer = self.answer_somewhere(resource, &request);
        match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Request timed out",
            )),
        }
    }

    fn check_user(&self, resource: &Resource, head: &Parts) -> Result<(), Failure> {
        match &self.users {
            Some(users)
                if !auth::is_internal(resource, &head.method) && !users.allow(&head.headers) =>
            {
                Err(Failure::new(
                    StatusCode::UNAUTHORIZED,
                    "User cannot access the resource.",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Answers here, or has the worker answer that the request is for.
    async fn answer_somewhere(&self, resource: Resource, request: &Request<'_>) -> Answer {
        let target = Target::of(&resource, request);
        let forwarded = (self.forwarder)
            .forward(&self.herder, &target, request)
            .await?;
        match forwarded {
            Forwarded::Answered(response) => {
                return Ok(resources::passed_on(&resource, request, response));
            }
            Forwarded::NoLeader if self.herder.is_ready() => {
                return Err(Forwarded::no_leader());
            }
            // A worker that has not started says itself why it cannot answer.
            Forwarded::Here | Forwarded::NoLeader => {}
        }
        resources::answer(&self.herder, resource, request).await
    }
}

/// Answers a request that came by `door`.
pub(crate) async fn handle(
    service: Arc<Service>,
    door: Door,
    is_secure: bool,
    request: Received,
) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let mut response = service
        .answer(door, is_secure, &head, body)
        .await
        .unwrap_or_else(Response::from);
    if response.status() == StatusCode::UNAUTHORIZED {
        challenge(response.headers_mut());
    }
    // As in the original, which puts them on the REST API's answers only.
    if matches!(door, Door::Rest { .. }) {
        let headers = response.headers_mut();
        service.cors.apply(&head.method, &head.headers, headers);
        service.headers.apply(headers);
    }
    tracing::debug!(
        method = %head.method, path = head.uri.path(), status = response.status().as_u16(),
        elapsed_us = started.elapsed().as_micros() as u64, "request"
    );
    response
}

/// Whether the request has the form that its resource takes: asked before who
/// asks, as in the original.
fn check_form(resource: &Resource, head: &Parts, body: &Body) -> Result<(), Failure> {
    if !resource.takes(&head.method) {
        return Err(Failure::plain(StatusCode::METHOD_NOT_ALLOWED));
    }
    if head.method == Method::OPTIONS {
        return Ok(());
    }
    if !accepts_json(&head.headers) {
        return Err(Failure::plain(StatusCode::NOT_ACCEPTABLE));
    }
    if !body.is_end_stream() && !is_json(&head.headers) {
        return Err(Failure::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}

async fn read(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, LARGEST_BODY).await.map_err(|error| {
        let text = format!("the request's body cannot be read, or has more than 64 MiB: {error}");
        Failure::bad_request(text)
    })
}

/// RFC 9110 demands it; the original leaves it out, so that browsers do not ask
/// for the password.
fn challenge(headers: &mut HeaderMap) {
    let basic = HeaderValue::from_static("Basic realm=\"Kafka Connect\"");
    headers.insert(header::WWW_AUTHENTICATE, basic);
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
