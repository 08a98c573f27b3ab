//! DeleteRecords: a partition begins later.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use super::Shared;
use crate::topics::Topics;

/// Up to the end.
const HIGH_WATERMARK: i64 = -1;

pub(super) fn delete(broker: &Shared, request: &DeleteRecordsRequest) -> DeleteRecordsResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer =
                DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index);
            match delete_one(broker, &topic.name, asked.partition_index, asked.offset) {
                Ok(start) => answer.with_low_watermark(start),
                Err(error) => answer.with_low_watermark(-1).with_error_code(error.code()),
            }
        });
        DeleteRecordsTopicResult::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}

/// Deletes what is before `offset`; where the partition begins then.
fn delete_one(broker: &Shared, name: &str, index: i32, offset: i64) -> Result<i64, ResponseError> {
    let unknown = ResponseError::UnknownTopicOrPartition;
    let topic = broker.topics.topic(name).ok_or(unknown)?;
    let partition = broker.topics.get(name, index).ok_or(unknown)?;
    if Topics::is_internal(name) {
        return Err(ResponseError::InvalidTopicException);
    }
    // `UnifiedLog.deleteRecords` of a log that may not delete: PolicyViolationException.
    if !topic.configs.log().delete {
        return Err(ResponseError::PolicyViolation);
    }
    let end = partition.end_offset();
    let offset = if offset == HIGH_WATERMARK {
        end
    } else {
        offset
    };
    if !(0..=end).contains(&offset) {
        return Err(ResponseError::OffsetOutOfRange);
    }
    if offset > partition.log_start_offset() {
        partition.delete_before(offset).map_err(|error| {
            tracing::error!("deleting records of {name}-{index}: {error}");
            ResponseError::KafkaStorageError
        })?;
    }
    Ok(partition.log_start_offset())
}
