//! Takes single offsets of a group away (OffsetDelete, KIP-496), which the `rdkafka` crate has no
//! call for.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{GroupId, OffsetDeleteRequest, OffsetDeleteResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::Admin;
use crate::consumer::Partition;
use crate::error::{ClientError, ErrorCode};
use crate::wire::{self, Connection, Endpoint, WireError, WireSettings};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Why an attempt failed.
enum Failure {
    Wire(WireError),
    /// The request.
    Refused(ResponseError),
    /// A partition: asking again does not help.
    Partition(ResponseError),
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
            Self::Partition(_) => false,
        }
    }

    fn into_error(self, doing: String) -> ClientError {
        let (code, reason) = match self {
            Self::Wire(error) => {
                let code = if error.is_retriable() {
                    ErrorCode::BrokerTransportFailure
                } else {
                    ErrorCode::Fail
                };
                (code, error.to_string())
            }
            Self::Refused(code) | Self::Partition(code) => (error_code(code), code.to_string()),
        };
        ClientError::Request {
            doing,
            code,
            reason: Some(reason),
        }
    }
}

/// Those that a caller looks at.
fn error_code(code: ResponseError) -> ErrorCode {
    match code {
        ResponseError::GroupSubscribedToTopic => ErrorCode::GroupSubscribedToTopic,
        ResponseError::NonEmptyGroup => ErrorCode::NonEmptyGroup,
        ResponseError::GroupAuthorizationFailed => ErrorCode::GroupAuthorizationFailed,
        ResponseError::TopicAuthorizationFailed => ErrorCode::TopicAuthorizationFailed,
        ResponseError::UnknownTopicOrPartition => ErrorCode::UnknownTopicOrPartition,
        ResponseError::NotCoordinator => ErrorCode::NotCoordinator,
        ResponseError::CoordinatorNotAvailable => ErrorCode::CoordinatorNotAvailable,
        ResponseError::CoordinatorLoadInProgress => ErrorCode::CoordinatorLoadInProgress,
        _ => ErrorCode::Fail,
    }
}

impl Admin {
    /// Takes the offsets of these partitions from a group. What is not there is gone already.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`], with [`ErrorCode::GroupSubscribedToTopic`] when the group has
    /// members that are subscribed to one of the topics.
    pub async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[Partition],
    ) -> Result<(), ClientError> {
        let doing = format!("delete offsets of the consumer group '{group}'");
        let wire = WireSettings::from_settings(&self.settings).map_err(|error| {
            let reason = Some(error.to_string());
            ClientError::Request {
                doing: doing.clone(),
                code: ErrorCode::InvalidArgument,
                reason,
            }
        })?;
        let request = request(group, partitions);
        let deadline = Instant::now() + self.timeout();
        loop {
            match attempt(&wire, group, &request).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_retriable() && Instant::now() + PAUSE < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error.into_error(doing)),
            }
        }
    }
}

fn request(group: &str, partitions: &[Partition]) -> OffsetDeleteRequest {
    let mut topics = BTreeMap::<&str, Vec<OffsetDeleteRequestPartition>>::new();
    for partition in partitions {
        let number =
            OffsetDeleteRequestPartition::default().with_partition_index(partition.partition);
        topics.entry(&partition.topic).or_default().push(number);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        OffsetDeleteRequestTopic::default()
            .with_name(TopicName(StrBytes::from_string(name.to_owned())))
            .with_partitions(partitions)
    });
    OffsetDeleteRequest::default()
        .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
        .with_topics(topics.collect())
}

async fn attempt(
    wire: &WireSettings,
    group: &str,
    request: &OffsetDeleteRequest,
) -> Result<(), Failure> {
    let mut connection = coordinator(wire, group).await?;
    let limit = connection.request_timeout();
    let answer: OffsetDeleteResponse = connection.send(request, limit).await?;
    match answer.error_code.err() {
        None => {}
        Some(ResponseError::GroupIdNotFound) => return Ok(()),
        Some(code) => return Err(Failure::Refused(code)),
    }
    let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    let refused = partitions.find_map(|partition| partition.error_code.err());
    refused.map_or(Ok(()), |code| Err(Failure::Partition(code)))
}

/// Asks one broker after the other who coordinates the group.
async fn coordinator(wire: &WireSettings, group: &str) -> Result<Connection, Failure> {
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
