//! `/` and `/health`.

use axum::http::StatusCode;
use connect_cluster::{Health, Herder};
use serde::Serialize;

use crate::answer::{Answer, json, ok};

/// The level of the Connect API that we implement: clients decide by it what
/// they may call.
const API_VERSION: &str = "4.3.1";

#[derive(Serialize)]
struct ServerInfo {
    version: &'static str,
    commit: &'static str,
    kafka_cluster_id: Option<String>,
}

pub(super) fn server_info(herder: &Herder) -> Answer {
    ok(&ServerInfo {
        version: API_VERSION,
        commit: option_env!("CONNECTD_COMMIT").unwrap_or("unknown"),
        kafka_cluster_id: herder.cluster_id(),
    })
}

#[derive(Serialize)]
struct WorkerStatus {
    status: &'static str,
    message: String,
}

/// KIP-1017.
pub(super) fn health(herder: &Herder) -> Answer {
    let (code, status, message) = match herder.health() {
        Health::Healthy => (
            StatusCode::OK,
            "healthy",
            "Worker has completed startup and is ready to handle requests.".to_owned(),
        ),
        Health::Starting(what) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "starting",
            format!("Worker is still starting up. {what}"),
        ),
        Health::Unhealthy(why) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "unhealthy",
            format!(
                "Worker was unable to handle this request and may be unable to handle other requests. {why}"
            ),
        ),
    };
    json(code, &WorkerStatus { status, message })
}
