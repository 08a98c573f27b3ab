//! Which broker coordinates a group.

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::FindCoordinatorRequest;
use kafka_protocol::protocol::StrBytes;

use super::{Connection, Endpoint, WireError};

/// What a broker says of a group's coordinator.
#[derive(Debug)]
pub(crate) enum Coordinator {
    /// This broker is it.
    At(Endpoint),
    /// It does not say.
    Refused(ResponseError),
    /// It named this, which is no address.
    Nowhere(String),
}

/// Asks a broker which one coordinates a group.
pub(crate) async fn find_coordinator(
    connection: &mut Connection,
    group: &str,
) -> Result<Coordinator, WireError> {
    let group = StrBytes::from_string(group.to_owned());
    // Several groups at once from version 4 on (KIP-699, Kafka 3.0).
    let request = if connection.version::<FindCoordinatorRequest>(1)? >= 4 {
        FindCoordinatorRequest::default().with_coordinator_keys(vec![group])
    } else {
        FindCoordinatorRequest::default().with_key(group)
    };
    let limit = connection.request_timeout();
    let answer = connection.send(&request, limit).await?;
    let (code, host, port) = match answer.coordinators.first() {
        Some(found) => (found.error_code, &found.host, found.port),
        None => (answer.error_code, &answer.host, answer.port),
    };
    if let Some(code) = code.err() {
        return Ok(Coordinator::Refused(code));
    }
    let named = || Coordinator::Nowhere(format!("{host}:{port}"));
    Ok(Endpoint::of(host, port).map_or_else(named, Coordinator::At))
}
