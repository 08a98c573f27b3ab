//! `/connectors` and everything under it.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use connect_api::Props;
use connect_cluster::{ConnectorInfo, ConnectorStateInfo, ConnectorTaskId, Created, Herder};
use serde::{Serialize, Serializer};
use serde_json::json;

use super::Request;
use crate::answer::{Answer, Failure, empty, json as json_answer, ok};
use crate::body::{self, CreateConnector};
use crate::query;
use crate::route::Resource;

pub(super) async fn answer(herder: &Herder, resource: Resource, request: &Request<'_>) -> Answer {
    match resource {
        Resource::Connectors if request.method == Method::POST => create(herder, request).await,
        Resource::Connectors => list(herder, request.query).await,
        Resource::Connector(name) if request.method == Method::DELETE => {
            herder.delete_connector(&name).await?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        Resource::Connector(name) => ok(&herder.connector_info(&name).await?),
        Resource::ConnectorConfig(name) => config(herder, &name, request).await,
        Resource::ConnectorStatus(name) => ok(&herder.connector_status(&name).await?),
        Resource::Tasks(name) => ok(&herder.task_infos(&name).await?),
        Resource::TaskStatus(connector, task) => ok(&herder
            .task_status(&ConnectorTaskId { connector, task })
            .await?),
        Resource::TaskRestart(connector, task) => {
            herder
                .restart_task(&ConnectorTaskId { connector, task })
                .await?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        Resource::ConnectorRestart(name) => restart(herder, &name, request.query).await,
        Resource::ConnectorPause(name) => {
            herder.pause(&name).await?;
            Ok(accepted())
        }
        Resource::ConnectorResume(name) => {
            herder.resume(&name).await?;
            Ok(accepted())
        }
        Resource::ConnectorStop(name) => {
            herder.stop(&name).await?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        Resource::ConnectorTopics(name) => {
            let topics = herder.connector_topics(&name).await?;
            ok(&json!({ name: { "topics": topics } }))
        }
        Resource::ConnectorTopicsReset(name) => {
            herder.reset_topics(&name).await?;
            Ok(accepted())
        }
        Resource::ConnectorLag(name) => ok(&herder.lag(&name).await?),
        Resource::ConnectorOffsets(name) => offsets(herder, &name, request).await,
        _ => Err(Failure::plain(StatusCode::NOT_FOUND)),
    }
}

fn accepted() -> Response {
    empty(StatusCode::ACCEPTED)
}

async fn list(herder: &Herder, query: &str) -> Answer {
    let names = herder.connectors().await?;
    let expand = query::values(query, "expand");
    if expand.is_empty() {
        return ok(&names);
    }
    let mut connectors = Vec::with_capacity(names.len());
    for name in names {
        // A connector that is deleted meanwhile is left out, as in the real one.
        if let Some(expanded) = expanded(herder, &name, &expand).await? {
            connectors.push((name, expanded));
        }
    }
    ok(&InOrder(connectors))
}

/// What is told of a connector in a list of all.
#[derive(Serialize)]
#[serde(untagged)]
enum Expanded {
    Status(ConnectorStateInfo),
    Info(ConnectorInfo),
}

/// An object whose fields have this order.
struct InOrder<K, V>(Vec<(K, V)>);

impl<K: Serialize, V: Serialize> Serialize for InOrder<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

async fn expanded<'a>(
    herder: &Herder,
    name: &str,
    expand: &[&'a str],
) -> Result<Option<InOrder<&'a str, Expanded>>, Failure> {
    let mut fields: Vec<(&str, Expanded)> = Vec::with_capacity(expand.len());
    for field in expand {
        if fields.iter().any(|(known, _)| known == field) {
            continue;
        }
        let value = match *field {
            "status" => herder.connector_status(name).await.map(Expanded::Status),
            "info" => herder.connector_info(name).await.map(Expanded::Info),
            _ => continue,
        };
        match value {
            Ok(value) => fields.push((*field, value)),
            Err(error) if error.kind() == connect_api::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(InOrder(fields)))
}

async fn create(herder: &Herder, request: &Request<'_>) -> Answer {
    let create = CreateConnector::parse(request.body)?;
    let config = named(body::without_nulls(create.config)?, &create.name)?;
    let created = herder
        .put_connector(&create.name, config, create.initial_state, false)
        .await?;
    created_answer(created, request)
}

async fn config(herder: &Herder, name: &str, request: &Request<'_>) -> Answer {
    if request.method == Method::GET {
        return ok(&herder.connector_config(name).await?);
    }
    let given = body::config(request.body)?;
    if request.method == Method::PATCH {
        let patched = herder.patch_connector(name, given).await?;
        return created_answer(patched, request);
    }
    let config = named(body::without_nulls(given)?, name)?;
    created_answer(
        herder.put_connector(name, config, None, true).await?,
        request,
    )
}

/// The configuration with its connector's name in it.
fn named(mut config: Props, name: &str) -> Result<Props, Failure> {
    match config.get("name") {
        Some(included) if included != name => Err(Failure::bad_request(format!(
            "Connector name configuration ({included}) doesn't match connector name in the URL ({name})"
        ))),
        Some(_) => Ok(config),
        None => {
            config.insert("name".to_owned(), name.to_owned());
            Ok(config)
        }
    }
}

fn created_answer(done: Created<ConnectorInfo>, request: &Request<'_>) -> Answer {
    if !done.created {
        return ok(&done.result);
    }
    let mut response = json_answer(StatusCode::CREATED, &done.result)?;
    if let Some(location) = location(request, &done.result.name) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The address of the connector that a request creates.
pub(super) fn location_of(resource: &Resource, request: &Request<'_>) -> Option<HeaderValue> {
    match resource {
        Resource::ConnectorConfig(name) => location(request, name),
        Resource::Connectors => {
            let create = CreateConnector::parse(request.body).ok()?;
            location(request, &create.name)
        }
        _ => None,
    }
}

/// The connector's absolute address, by the host that the client called.
fn location(request: &Request<'_>, name: &str) -> Option<HeaderValue> {
    let scheme = if request.is_secure { "https" } else { "http" };
    let host = request.headers.get(header::HOST)?.to_str().ok()?;
    HeaderValue::from_str(&format!("{scheme}://{host}/connectors/{}", encode(name))).ok()
}

/// Percent-encodes a name for a path.
fn encode(name: &str) -> String {
    use std::fmt::Write as _;
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => path.push(byte.into()),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*'
            | b'+' | b',' | b';' | b'=' | b':' | b'@' => path.push(byte.into()),
            // Writing to a string cannot fail.
            other => drop(write!(path, "%{other:02X}")),
        }
    }
    path
}

async fn restart(herder: &Herder, name: &str, query: &str) -> Answer {
    let include_tasks = query::flag(query, "includeTasks", false);
    let only_failed = query::flag(query, "onlyFailed", false);
    match herder
        .restart_connector(name, include_tasks, only_failed)
        .await?
    {
        Some(state) => json_answer(StatusCode::ACCEPTED, &state),
        None => Ok(empty(StatusCode::NO_CONTENT)),
    }
}

#[derive(Serialize)]
struct Message {
    message: String,
}

async fn offsets(herder: &Herder, name: &str, request: &Request<'_>) -> Answer {
    let message = match request.method {
        Method::GET => return ok(&herder.offsets(name).await?),
        Method::DELETE => herder.reset_offsets(name).await?,
        _ => {
            herder
                .alter_offsets(name, body::offsets(request.body)?)
                .await?
        }
    };
    ok(&Message { message })
}

#[cfg(test)]
mod tests {
    use super::*;

    // golden: 020, 036 of the recorded tour.
    #[test]
    fn locations_are_absolute_and_encoded() {
        let at = |host: Option<&'static str>, is_secure, name| {
            let headers = (host.into_iter())
                .map(|host| (header::HOST, HeaderValue::from_static(host)))
                .collect();
            let request = Request {
                method: Method::PUT,
                path: "",
                is_secure,
                headers: &headers,
                query: "",
                body: b"",
            };
            location_of(&Resource::ConnectorConfig(String::from(name)), &request)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(at(None, false, "tour"), None);
        assert_eq!(
            at(Some("127.0.0.1:8085"), false, "tour").unwrap(),
            "http://127.0.0.1:8085/connectors/tour"
        );
        assert_eq!(
            at(Some("connect:8443"), true, "a/b c?é").unwrap(),
            "https://connect:8443/connectors/a/b%20c%3F%C3%A9"
        );
    }

    #[test]
    fn the_name_in_a_config_must_be_the_connectors() {
        let props = |name: &str| Props::from([("name".to_owned(), name.to_owned())]);
        assert_eq!(named(Props::new(), "x").unwrap()["name"], "x");
        assert!(named(props("x"), "x").is_ok());
        assert!(format!("{:?}", named(props("y"), "x").unwrap_err()).contains("(y) doesn't match"));
    }
}
