//! ListOffsets and OffsetForLeaderEpoch: where a partition begins and ends, and where it was when.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{
    ListOffsetsRequest, ListOffsetsResponse, OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
};

use super::Shared;
use crate::log::LogError;
use crate::partition::Partition;
use crate::settings::LEADER_EPOCH;

/// Times that are no times (`ListOffsetsRequest`).
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;

/// No offset, no time.
const NONE: (i64, i64) = (-1, -1);

/// The first version in which answers have a leader epoch.
const WITH_EPOCH: i16 = 4;

pub(super) fn list(
    broker: &Shared,
    version: i16,
    request: &ListOffsetsRequest,
) -> ListOffsetsResponse {
    let committed = request.isolation_level == 1;
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer =
                ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index);
            let found = match broker.topics.get(&topic.name, asked.partition_index) {
                None => Err(ResponseError::UnknownTopicOrPartition),
                Some(_) if asked.current_leader_epoch > LEADER_EPOCH => {
                    Err(ResponseError::UnknownLeaderEpoch)
                }
                Some(_) if version < first_version(asked.timestamp) => {
                    Err(ResponseError::UnsupportedVersion)
                }
                Some(partition) => offset(&partition, asked, committed),
            };
            match found {
                Err(error) => answer.with_error_code(error.code()),
                Ok((offset, timestamp)) => {
                    let answer = answer.with_offset(offset).with_timestamp(timestamp);
                    if version >= WITH_EPOCH && offset >= 0 {
                        answer.with_leader_epoch(LEADER_EPOCH)
                    } else {
                        answer
                    }
                }
            }
        });
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

/// The first version in which something can be asked for (KIP-734, KIP-405, KIP-1005).
fn first_version(time: i64) -> i16 {
    match time {
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        _ => 0,
    }
}

/// The offset that is asked for, and its record's time where a time is looked for.
fn offset(
    partition: &Partition,
    asked: &ListOffsetsPartition,
    committed: bool,
) -> Result<(i64, i64), ResponseError> {
    let end = if committed {
        partition.last_stable_offset()
    } else {
        partition.end_offset()
    };
    let found = match asked.timestamp {
        LATEST => return Ok((end, -1)),
        EARLIEST | EARLIEST_LOCAL => return Ok((partition.log_start_offset(), -1)),
        // Nothing is tiered.
        LATEST_TIERED => return Ok(NONE),
        MAX_TIMESTAMP => partition.max_timestamp(),
        time if time >= 0 => partition.offset_for_time(time),
        _ => return Err(ResponseError::UnsupportedVersion),
    };
    let found = found.map_err(storage)?;
    Ok(found.filter(|(offset, _)| *offset < end).unwrap_or(NONE))
}

fn storage(error: LogError) -> ResponseError {
    tracing::error!("looking for an offset: {error}");
    ResponseError::KafkaStorageError
}

/// There has been one leader epoch only, and it has not ended: its end is the log's.
pub(super) fn for_leader_epoch(
    broker: &Shared,
    request: &OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer = EpochEndOffset::default().with_partition(asked.partition);
            match broker.topics.get(&topic.topic, asked.partition) {
                None => answer.with_error_code(ResponseError::UnknownTopicOrPartition.code()),
                Some(_) if asked.current_leader_epoch > LEADER_EPOCH => {
                    answer.with_error_code(ResponseError::UnknownLeaderEpoch.code())
                }
                // An epoch that has not been: undefined (`LeaderEpochFileCache.endOffsetFor`).
                Some(_) if asked.leader_epoch != LEADER_EPOCH => answer,
                Some(partition) => answer
                    .with_leader_epoch(LEADER_EPOCH)
                    .with_end_offset(partition.end_offset()),
            }
        });
        OffsetForLeaderTopicResult::default()
            .with_topic(topic.topic.clone())
            .with_partitions(partitions.collect())
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}
