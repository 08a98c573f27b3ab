//! Answers: JSON bodies, empty ones, and errors as
//! `{"error_code":N,"message":"…"}`.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use connect_api::{Error, ErrorKind};
use serde::Serialize;

/// A failed request: a status and what is wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// The client's mistake. Where the real one answers 500 for such a one, we
    /// answer 400 too.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A status in Jersey's words, such as `HTTP 404 Not Found`.
    pub(crate) fn plain(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or_default();
        Self::new(status, format!("HTTP {} {reason}", status.as_u16()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Config | ErrorKind::Data => StatusCode::BAD_REQUEST,
            // Turned off by the worker's settings, such as the tracking of topics.
            ErrorKind::Unsupported => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::AlreadyExists | ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Retriable | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.trace())
    }
}

/// A request's outcome.
pub(crate) type Answer = Result<Response, Failure>;

#[derive(Serialize)]
struct ErrorMessage<'m> {
    error_code: u16,
    message: &'m str,
}

impl From<Failure> for Response {
    fn from(failure: Failure) -> Self {
        let body = ErrorMessage {
            error_code: failure.status.as_u16(),
            message: &failure.message,
        };
        json(failure.status, &body).unwrap_or_else(|_| empty(failure.status))
    }
}

/// A JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body).map_err(|error| {
        Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("cannot write the answer: {error}"),
        )
    })?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// 200 with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> Answer {
    json(StatusCode::OK, body)
}

/// No body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
