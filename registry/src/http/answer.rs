//! Answers.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::media::MediaType;
use crate::error::Failure;

/// The body of an answer with 200.
#[derive(Debug)]
pub(super) enum Answer {
    Json(Value),
    /// A schema's text as it is.
    Text(String),
}

impl Answer {
    pub(super) fn json(body: &impl Serialize) -> Result<Self, Failure> {
        serde_json::to_value(body)
            .map(Self::Json)
            .map_err(|error| Failure::Internal(format!("cannot write the answer: {error}")))
    }

    pub(super) fn into_response(self, media_type: MediaType) -> Response {
        let body = match self {
            Self::Json(body) => body.to_string(),
            Self::Text(body) => body,
        };
        response(StatusCode::OK, media_type, body)
    }
}

/// What went wrong.
pub(super) fn failed(failure: &Failure, media_type: MediaType) -> Response {
    let status =
        StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"error_code": failure.code(), "message": failure.to_string()});
    response(status, media_type, body.to_string())
}

fn response(status: StatusCode, media_type: MediaType, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static(media_type.name());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}
