//! The resources: each method asks the herder and shapes its answer.

mod connectors;
mod internal;
mod loggers;
mod plugins;
mod root;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use connect_cluster::Herder;

use crate::answer::Answer;
use crate::route::Resource;

/// What a resource needs of a request.
#[derive(Debug)]
pub(crate) struct Request<'r> {
    pub(crate) method: Method,
    /// The path as it was sent.
    pub(crate) path: &'r str,
    /// True if it came by HTTPS.
    pub(crate) is_secure: bool,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) query: &'r str,
    pub(crate) body: &'r [u8],
}

/// Answers a request whose method the resource takes. `HEAD` comes as `GET`.
pub(crate) async fn answer(herder: &Herder, resource: Resource, request: &Request<'_>) -> Answer {
    match resource {
        Resource::Root => root::server_info(herder),
        Resource::Health => root::health(herder),
        Resource::Plugins => plugins::list(herder, request.query),
        Resource::PluginConfig(plugin) => plugins::config(herder, &plugin),
        Resource::PluginValidate(plugin) => plugins::validate(herder, &plugin, request.body).await,
        Resource::Loggers => loggers::list(herder).await,
        Resource::Logger(logger) if request.method == Method::GET => {
            loggers::get(herder, &logger).await
        }
        Resource::Logger(logger) => loggers::set(herder, &logger, request).await,
        Resource::ConnectorFence(name) => internal::fence(herder, &name, request).await,
        Resource::Tasks(name) if request.method == Method::POST => {
            internal::put_task_configs(herder, &name, request).await
        }
        of_connectors => connectors::answer(herder, of_connectors, request).await,
    }
}

/// The answer of another worker as this one gives it: a new connector's address
/// is that at the worker that was called, as in the original.
pub(crate) fn passed_on(
    target: &Resource,
    request: &Request<'_>,
    mut response: Response,
) -> Response {
    if response.status() == StatusCode::CREATED
        && let Some(location) = connectors::location_of(target, request)
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
