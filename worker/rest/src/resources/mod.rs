//! The resources: each method asks the herder and shapes its answer.

mod connectors;
mod loggers;
mod plugins;
mod root;

use axum::http::{HeaderMap, Method, StatusCode};
use connect_cluster::Herder;

use crate::answer::{Answer, Failure};
use crate::route::Resource;

/// What a resource needs of a request.
#[derive(Debug)]
pub(crate) struct Request<'r> {
    pub(crate) method: Method,
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
        Resource::ConnectorFence(_) => refuse_internal(request.headers),
        Resource::Tasks(_) if request.method == Method::POST => refuse_internal(request.headers),
        of_connectors => connectors::answer(herder, of_connectors, request).await,
    }
}

/// Requests between workers are signed with the group's session key; this
/// worker is alone in its group and has given nobody one.
fn refuse_internal(headers: &HeaderMap) -> Answer {
    Err(if headers.contains_key("X-Connect-Authorization") {
        Failure::new(
            StatusCode::FORBIDDEN,
            "Internal request contained invalid signature.",
        )
    } else {
        Failure::bad_request("Internal request missing required signature")
    })
}
