//! Passes requests on to the worker that they are for
//! (`HerderRequestHandler.completeOrForwardRequest`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use connect_api::ErrorKind;
use connect_cluster::internal_request::{
    ForwardedAnswer, ForwardedRequest, InternalClient, SIGNATURE_ALGORITHM_HEADER, SIGNATURE_HEADER,
};
use connect_cluster::{ConnectorTaskId, Herder, Place};

use crate::answer::Failure;
use crate::query;
use crate::resources::Request;
use crate::route::Resource;

/// How long the first worker tries again while the group is changing.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take to see what another worker has written.
const SEE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it waits in between.
const PAUSE: Duration = Duration::from_millis(250);

/// The query parameter of forwarded requests: `true` for those that may be
/// passed on once more, `false` for those that may not.
const FORWARD: &str = "forward";

const NO_LEADER: &str = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.";
const CONFLICT: &str =
    "Cannot complete request because of a conflicting operation (e.g. worker rebalance)";
/// What a worker answers that is stopping, and has done nothing any more.
const STOPPING: &str = "Worker is shutting down";
const STALE: &str = "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)";

/// Which worker has to answer a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Any.
    Any,
    /// The leader, which alone writes configurations.
    Leader,
    /// The one that runs this connector.
    Connector(String),
    /// The one that runs this task.
    Task(ConnectorTaskId),
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Forwarded {
    /// It is for this worker.
    Here,
    /// Another worker answered it.
    Answered(Response),
    /// There is no leader, who would have to answer it or knows who does.
    NoLeader,
}

impl Forwarded {
    /// What to answer where there is no leader.
    pub(crate) fn no_leader() -> Failure {
        Failure::new(StatusCode::CONFLICT, NO_LEADER)
    }
}

impl Target {
    /// The worker for a request, as the methods of `DistributedHerder` choose it.
    pub(crate) fn of(resource: &Resource, request: &Request<'_>) -> Self {
        let is_read = request.method == Method::GET;
        match resource {
            Resource::Connectors
            | Resource::Connector(_)
            | Resource::ConnectorConfig(_)
            | Resource::ConnectorOffsets(_)
            | Resource::Tasks(_)
                if !is_read =>
            {
                Self::Leader
            }
            Resource::ConnectorStop(_) | Resource::ConnectorFence(_) => Self::Leader,
            Resource::ConnectorRestart(_)
                if query::flag(request.query, "includeTasks", false)
                    || query::flag(request.query, "onlyFailed", false) =>
            {
                Self::Leader
            }
            Resource::ConnectorRestart(name) => Self::Connector(name.clone()),
            Resource::TaskRestart(connector, task) => Self::Task(ConnectorTaskId {
                connector: connector.clone(),
                task: *task,
            }),
            _ => Self::Any,
        }
    }

    async fn place(&self, herder: &Herder) -> Place {
        match self {
            Self::Any => Place::Here,
            Self::Leader => herder.leader_place().await,
            Self::Connector(name) => herder.connector_place(name).await,
            Self::Task(id) => herder.task_place(id).await,
        }
    }
}

/// Passes requests on.
#[derive(Debug)]
pub(crate) struct Forwarder {
    client: Arc<InternalClient>,
    patience: Duration,
}

impl Forwarder {
    pub(crate) fn new(client: Arc<InternalClient>) -> Self {
        Self {
            client,
            patience: PATIENCE,
        }
    }

    /// Sends a request to the worker that it is for, unless that is this one.
    pub(crate) async fn forward(
        &self,
        herder: &Herder,
        target: &Target,
        request: &Request<'_>,
    ) -> Result<Forwarded, Failure> {
        match target {
            Target::Any => Ok(Forwarded::Here),
            _ => {
                let done = self.send(|| target.place(herder), request).await?;
                if matches!(&done, Forwarded::Answered(answer) if answer.status().is_success()) {
                    see(herder).await;
                }
                Ok(done)
            }
        }
    }

    /// `place` tells where the request belongs, each time anew. The first
    /// worker of a request tries again where the other one saw nothing of it,
    /// or answered that the group is changing.
    async fn send<F: Future<Output = Place>>(
        &self,
        place: impl Fn() -> F,
        request: &Request<'_>,
    ) -> Result<Forwarded, Failure> {
        let forwarded = query::values(request.query, FORWARD).first().copied();
        let is_first = forwarded.is_none();
        let may_forward = forwarded.is_none_or(|value| value.eq_ignore_ascii_case("true"));
        let until = Instant::now() + self.patience;
        loop {
            let url = match place().await {
                Place::Here => return Ok(Forwarded::Here),
                Place::Unknown => return Ok(Forwarded::NoLeader),
                Place::At(url) => url,
            };
            if !may_forward {
                tracing::warn!(
                    method = %request.method, path = request.path,
                    "no worker for the request within two hops: the group is changing"
                );
                return Err(Failure::new(StatusCode::CONFLICT, CONFLICT));
            }
            let url = forward_url(&url, request, is_first);
            tracing::debug!(method = %request.method, url, "passing a request on");
            let sent = self.client.forward(ForwardedRequest {
                method: &request.method,
                url: &url,
                headers: headers_to_forward(request.headers),
                body: Bytes::copy_from_slice(request.body),
            });
            let may_pass = match sent.await {
                Ok(answer) if !is_passing(&answer) => {
                    return Ok(Forwarded::Answered(response(answer)));
                }
                Ok(answer) => Ok(answer),
                Err(error) if error.kind() == ErrorKind::Retriable => Err(error),
                Err(error) => return Err(error.into()),
            };
            if !is_first || Instant::now() + PAUSE > until {
                return match may_pass {
                    Ok(answer) => Ok(Forwarded::Answered(response(answer))),
                    Err(error) => Err(error.into()),
                };
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What another worker has written is seen here before the client hears that it
/// was: its next request may come to this worker.
async fn see(herder: &Herder) {
    match tokio::time::timeout(SEE_TIMEOUT, herder.catch_up()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error = error.trace(), "cannot read the config topic"),
        Err(_) => tracing::debug!("the config topic could not be read in time"),
    }
}

/// The request's address at another worker, with all of its query but for how
/// often it may still be passed on.
fn forward_url(worker: &str, request: &Request<'_>, may_go_on: bool) -> String {
    let mut url = format!(
        "{}{}?{FORWARD}={may_go_on}",
        worker.trim_end_matches('/'),
        request.path
    );
    for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if name != FORWARD {
            url.push('&');
            url.push_str(pair);
        }
    }
    url
}

/// Those that say who asks, and what the body is. The original passes on
/// `Authorization` alone, so that a signed request is refused at its second
/// hop.
fn headers_to_forward(headers: &HeaderMap) -> HeaderMap {
    let mut forwarded = HeaderMap::new();
    let names = [
        header::AUTHORIZATION.as_str(),
        header::CONTENT_TYPE.as_str(),
        SIGNATURE_HEADER,
        SIGNATURE_ALGORITHM_HEADER,
    ];
    for (name, value) in headers {
        if (names.iter()).any(|known| name.as_str().eq_ignore_ascii_case(known)) {
            forwarded.append(name, value.clone());
        }
    }
    let json = header::HeaderValue::from_static("application/json");
    forwarded.insert(header::ACCEPT, json);
    forwarded
}

/// True for a refusal that a group that is changing gives, or a worker that is
/// about to leave it, before it did anything.
fn is_passing(answer: &ForwardedAnswer) -> bool {
    let passing: &[&str] = match answer.status {
        StatusCode::CONFLICT => &[NO_LEADER, CONFLICT, STALE],
        StatusCode::SERVICE_UNAVAILABLE => &[STOPPING],
        _ => return false,
    };
    serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok_and(|body| {
        let message = body["message"].as_str();
        message.is_some_and(|message| passing.contains(&message))
    })
}

/// The other worker's answer. What it says of itself (`Date`, `Location`, …)
/// is left out; a new connector's address is that at the worker that was
/// called.
fn response(answer: ForwardedAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    for name in [header::CONTENT_TYPE, header::WWW_AUTHENTICATE] {
        if let Some(value) = answer.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

#[cfg(test)]
mod tests;
