//! `/admin/loggers`.

use axum::http::StatusCode;
use connect_cluster::{Herder, LoggerScope};

use super::Request;
use crate::answer::{Answer, empty, ok};
use crate::{body, query};

pub(super) async fn list(herder: &Herder) -> Answer {
    ok(&herder.loggers().await?)
}

pub(super) async fn get(herder: &Herder, logger: &str) -> Answer {
    ok(&herder.logger(logger).await?)
}

pub(super) async fn set(herder: &Herder, logger: &str, request: &Request<'_>) -> Answer {
    let level = body::logger_level(request.body)?;
    let is_for_cluster = query::values(request.query, "scope")
        .first()
        .is_some_and(|scope| scope.eq_ignore_ascii_case("cluster"));
    let scope = if is_for_cluster {
        LoggerScope::Cluster
    } else {
        LoggerScope::Worker
    };
    match herder.set_logger(logger, &level, scope).await? {
        Some(changed) => ok(&changed),
        None => Ok(empty(StatusCode::NO_CONTENT)),
    }
}
