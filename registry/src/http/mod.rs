//! The REST API.

mod answer;
mod body;
mod media;
mod query;
mod resources;
mod route;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;

use crate::error::Failure;
use crate::service::Service;
use answer::{Answer, failed};
use media::MediaType;
use query::Query;

/// The largest body: a topic's records are smaller by far.
const LARGEST_BODY: usize = 8 << 20;

/// Answers a request.
pub(crate) async fn handle(service: Arc<Service>, request: Request) -> Response {
    let accepted = MediaType::negotiate(request.headers());
    let Some(accepted) = accepted else {
        let failure = Failure::request(406, "HTTP 406 Not Acceptable");
        return failed(&failure, MediaType::Registry);
    };
    let is_head = request.method() == Method::HEAD;
    let answer = match answer(&service, request).await {
        Ok(answer) => answer.into_response(accepted),
        Err(failure) => {
            if failure.status() >= 500 {
                tracing::error!(%failure, "a request failed");
            }
            failed(&failure, accepted)
        }
    };
    if is_head {
        return answer.map(|_| Body::empty());
    }
    answer
}

async fn answer(service: &Service, request: Request) -> Result<Answer, Failure> {
    let (head, body) = request.into_parts();
    let method = if head.method == Method::HEAD {
        Method::GET
    } else {
        head.method
    };
    let resource = route::resource(head.uri.path()).ok_or_else(|| plain(StatusCode::NOT_FOUND))?;
    let query = Query::new(head.uri.query().unwrap_or_default());
    if method == Method::POST || method == Method::PUT {
        check_content_type(&head.headers)?;
    }
    let body = read(body).await?;
    resources::answer(service, resource, &method, &query, &body)
        .await
        .unwrap_or_else(|| Err(plain(StatusCode::METHOD_NOT_ALLOWED)))
}

/// A status in Jersey's words, such as `HTTP 404 Not Found`.
fn plain(status: StatusCode) -> Failure {
    let reason = status.canonical_reason().unwrap_or_default();
    let code = status.as_u16();
    Failure::request(code, format!("HTTP {code} {reason}"))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Failure> {
    let Some(given) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let is_known = given.to_str().is_ok_and(media::is_readable);
    if is_known {
        Ok(())
    } else {
        Err(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Failure> {
    if body.size_hint().upper() == Some(0) {
        return Ok(Vec::new());
    }
    let bytes = to_bytes(body, LARGEST_BODY).await.map_err(|_| {
        Failure::request(
            413,
            format!("the request's body is not there in full, or larger than {LARGEST_BODY} bytes"),
        )
    })?;
    Ok(bytes.to_vec())
}
