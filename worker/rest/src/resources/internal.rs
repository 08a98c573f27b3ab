//! Requests between workers (`InternalClusterResource`).

use axum::http::{HeaderMap, StatusCode};
use connect_cluster::Herder;
use connect_cluster::internal_request::{
    RequestSignature, SIGNATURE_ALGORITHM_HEADER, SIGNATURE_HEADER,
};

use super::Request;
use crate::answer::{Answer, Failure, empty};
use crate::body;

/// What the tasks are of a connector that another worker runs.
pub(super) async fn put_task_configs(herder: &Herder, name: &str, request: &Request<'_>) -> Answer {
    let configs = body::task_configs(request.body)?;
    let signature = signature(request.headers)?;
    herder
        .put_task_configs(name, configs, signature.as_ref(), request.body)
        .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// An exactly-once source of another worker is about to start.
pub(super) async fn fence(herder: &Herder, name: &str, request: &Request<'_>) -> Answer {
    let signature = signature(request.headers)?;
    herder
        .fence_zombies(name, signature.as_ref(), request.body)
        .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn signature(headers: &HeaderMap) -> Result<Option<RequestSignature>, Failure> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (signature, algorithm) = (value(SIGNATURE_HEADER), value(SIGNATURE_ALGORITHM_HEADER));
    Ok(RequestSignature::from_headers(signature, algorithm)?)
}
