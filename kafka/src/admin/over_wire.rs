//! Requests on connections of our own: those that the `rdkafka` crate has no call for, and those
//! of its admin client where that cannot log in.

use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::MetadataRequest;
use rdkafka::types::RDKafkaRespErr;
use tokio::time::Instant;

use super::Admin;
use crate::error::{ClientError, ErrorCode};
use crate::settings::SettingsError;
use crate::wire::{self, Connection, Endpoint, WireError, WireSettings};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Why an attempt failed.
pub(super) enum Failure {
    Settings(SettingsError),
    Wire(WireError),
    /// The request.
    Refused(ResponseError),
    /// A part of it: asking again does not help.
    Part(ResponseError),
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl Failure {
    fn is_retriable(&self) -> bool {
        match self {
            Self::Wire(error) => error.is_retriable(),
            Self::Refused(code) => code.is_retriable(),
            Self::Settings(_) | Self::Part(_) => false,
        }
    }

    /// As a librdkafka client would say it.
    pub(super) fn code_and_reason(&self) -> (ErrorCode, String) {
        match self {
            Self::Settings(error) => (ErrorCode::InvalidArgument, error.to_string()),
            Self::Wire(error @ WireError::Authentication { .. }) => {
                (ErrorCode::Authentication, error.to_string())
            }
            Self::Wire(error) if error.is_retriable() => {
                (ErrorCode::BrokerTransportFailure, error.to_string())
            }
            Self::Wire(error @ WireError::Version { .. }) => {
                (ErrorCode::UnsupportedFeature, error.to_string())
            }
            Self::Wire(error) => (ErrorCode::Fail, error.to_string()),
            Self::Refused(code) | Self::Part(code) => (error_code(*code), code.to_string()),
        }
    }

    pub(super) fn into_error(self, doing: String) -> ClientError {
        let (code, reason) = self.code_and_reason();
        ClientError::Request {
            doing,
            code,
            reason: Some(reason),
        }
    }
}

/// librdkafka has the broker's codes under the same numbers.
pub(super) fn error_code(code: ResponseError) -> ErrorCode {
    RDKafkaRespErr::try_from(i32::from(code.code())).map_or(ErrorCode::Fail, ErrorCode::from)
}

impl Admin {
    /// Tries until it succeeds, cannot, or [`Admin::timeout`] has passed.
    pub(super) async fn over_wire<T, Attempt>(
        &self,
        attempt: impl Fn(Arc<WireSettings>) -> Attempt,
    ) -> Result<T, Failure>
    where
        Attempt: Future<Output = Result<T, Failure>>,
    {
        let wire = WireSettings::from_settings(&self.settings).map_err(Failure::Settings)?;
        let wire = Arc::new(wire);
        let deadline = Instant::now() + self.timeout();
        loop {
            match attempt(Arc::clone(&wire)).await {
                Err(error) if error.is_retriable() && Instant::now() + PAUSE < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// A connection to the first broker that lets us in.
pub(super) async fn any_broker(wire: &WireSettings) -> Result<Connection, Failure> {
    let mut failure = Failure::Refused(ResponseError::BrokerNotAvailable);
    for broker in wire.bootstrap() {
        match Connection::open(wire, broker).await {
            Ok(connection) => return Ok(connection),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

/// A connection to the broker that takes changes of topics.
pub(super) async fn controller(wire: &WireSettings) -> Result<Connection, Failure> {
    let mut connection = any_broker(wire).await?;
    // Before version 1 an answer does not say, and an empty list means every topic.
    connection.version::<MetadataRequest>(1)?;
    let request = MetadataRequest::default().with_topics(Some(Vec::new()));
    let limit = connection.request_timeout();
    let answer = connection.send(&request, limit).await?;
    let id = answer.controller_id;
    let found = answer.brokers.iter().find(|broker| broker.node_id == id);
    let address = found.and_then(|broker| Endpoint::of(&broker.host, broker.port));
    let address = address.ok_or(Failure::Refused(ResponseError::NotController))?;
    if address == *connection.endpoint() {
        return Ok(connection);
    }
    Ok(Connection::open(wire, &address).await?)
}

/// A connection to the broker that coordinates a group. Asks one broker after the other.
pub(super) async fn coordinator(wire: &WireSettings, group: &str) -> Result<Connection, Failure> {
    let mut failure = Failure::Refused(ResponseError::CoordinatorNotAvailable);
    for broker in wire.bootstrap() {
        match find(wire, broker, group).await {
            Ok(endpoint) => return Ok(Connection::open(wire, &endpoint).await?),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn find(
    settings: &WireSettings,
    broker: &Endpoint,
    group: &str,
) -> Result<Endpoint, Failure> {
    let mut connection = Connection::open(settings, broker).await?;
    match wire::find_coordinator(&mut connection, group).await? {
        wire::Coordinator::At(endpoint) => Ok(endpoint),
        wire::Coordinator::Refused(code) => Err(Failure::Refused(code)),
        wire::Coordinator::Nowhere(_) => {
            Err(Failure::Refused(ResponseError::CoordinatorNotAvailable))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brokers_codes_are_librdkafkas() {
        for (code, expected) in [
            (
                ResponseError::GroupSubscribedToTopic,
                ErrorCode::GroupSubscribedToTopic,
            ),
            (ResponseError::NonEmptyGroup, ErrorCode::NonEmptyGroup),
            (
                ResponseError::TopicAlreadyExists,
                ErrorCode::TopicAlreadyExists,
            ),
            (
                ResponseError::UnknownTopicOrPartition,
                ErrorCode::UnknownTopicOrPartition,
            ),
            (ResponseError::NotController, ErrorCode::NotController),
            (ResponseError::InvalidConfig, ErrorCode::InvalidConfig),
            (ResponseError::Unknown(12_345), ErrorCode::Fail),
        ] {
            assert_eq!(error_code(code), expected, "{code}");
        }
    }
}
