//! Produce: the batches of a request into their partitions (`KafkaApis.handleProduceRequest`).

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_request::PartitionProduceData;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;

use super::metadata::named_or_id;
use super::{Disconnect, Shared};
use crate::partition::{Partition, ProduceError, Produced};
use crate::topics::{Topic, Topics};

/// Where a batch's attributes are, whose lowest three bits are its compression.
const ATTRIBUTES_LOW_BYTE: usize = 22;
const ZSTD: u8 = 4;

/// The first versions in which clients know zstd (KIP-110) and TRANSACTION_ABORTABLE (KIP-890), and
/// in which topics have only an id (KIP-516).
const WITH_ZSTD: i16 = 7;
const WITH_ABORTABLE: i16 = 11;
const WITH_IDS: i16 = 13;

/// Appends what is in the request. There is no answer if none is wanted.
pub(super) fn produce(
    broker: &Shared,
    version: i16,
    request: ProduceRequest,
) -> Result<Option<ProduceResponse>, Disconnect> {
    let transactional_id = request.transactional_id.as_ref().map(|id| id.as_str());
    let job = Job {
        broker,
        version,
        acks: request.acks,
        transactional_id,
    };
    let mut responses = Vec::with_capacity(request.topic_data.len());
    for data in request.topic_data {
        let topic = named_or_id(broker, &data.name, data.topic_id, version >= WITH_IDS);
        let partitions = data.partition_data.into_iter();
        let partitions = partitions.map(|partition| job.partition(topic.as_deref(), partition));
        responses.push(
            TopicProduceResponse::default()
                .with_partition_responses(partitions.collect())
                .with_name(data.name)
                .with_topic_id(data.topic_id),
        );
    }
    let response = ProduceResponse::default().with_responses(responses);
    if request.acks == 0 {
        return unacknowledged(&response).map(|()| None);
    }
    Ok(Some(response))
}

/// Without an answer, the end of the connection is what tells of an error.
fn unacknowledged(response: &ProduceResponse) -> Result<(), Disconnect> {
    for topic in &response.responses {
        for partition in &topic.partition_responses {
            if partition.error_code != 0 {
                return Err(Disconnect::Unacknowledged(format!(
                    "{}-{}: error {}",
                    topic.name.as_str(),
                    partition.index,
                    partition.error_code
                )));
            }
        }
    }
    Ok(())
}

struct Job<'a> {
    broker: &'a Shared,
    version: i16,
    acks: i16,
    transactional_id: Option<&'a str>,
}

impl Job<'_> {
    fn partition(
        &self,
        topic: Result<&Topic, &ResponseError>,
        data: PartitionProduceData,
    ) -> PartitionProduceResponse {
        let index = data.index;
        let records = data.records.unwrap_or_default();
        let answer = PartitionProduceResponse::default().with_index(index);
        let refused = |error: ResponseError| {
            answer
                .clone()
                .with_error_code(error.code())
                .with_base_offset(-1)
                .with_error_message(None)
        };
        let topic = match topic {
            Ok(topic) => topic,
            Err(error) => return refused(*error),
        };
        let partition = match self.writable(topic, index, &records) {
            Ok(partition) => partition,
            Err(error) => return refused(error),
        };
        match self.append(topic, partition, index, records) {
            Ok(produced) => answer
                .with_base_offset(produced.base_offset)
                .with_log_append_time_ms(produced.log_append_time)
                .with_log_start_offset(produced.log_start_offset),
            Err(error) => refused(error.code())
                .with_record_errors(error.record_errors().iter().map(record_error).collect())
                .with_error_message(Some(StrBytes::from_string(error.to_string()))),
        }
    }

    /// The partition, if a client may write these records to it.
    fn writable<'t>(
        &self,
        topic: &'t Topic,
        index: i32,
        records: &Bytes,
    ) -> Result<&'t Partition, ResponseError> {
        let partition = usize::try_from(index)
            .ok()
            .and_then(|index| topic.partitions.get(index))
            .ok_or(ResponseError::UnknownTopicOrPartition)?;
        if !matches!(self.acks, -1..=1) {
            return Err(ResponseError::InvalidRequiredAcks);
        }
        // The coordinators rely on it that nobody else writes here.
        if Topics::is_internal(&topic.name) {
            return Err(ResponseError::InvalidTopicException);
        }
        if self.acks == -1 && topic.configs.min_insync_replicas() > 1 {
            return Err(ResponseError::NotEnoughReplicas);
        }
        let zstd = records
            .get(ATTRIBUTES_LOW_BYTE)
            .is_some_and(|attributes| attributes & 7 == ZSTD);
        if zstd && self.version < WITH_ZSTD {
            return Err(ResponseError::UnsupportedCompressionType);
        }
        Ok(partition)
    }

    fn append(
        &self,
        topic: &Topic,
        partition: &Partition,
        index: i32,
        records: Bytes,
    ) -> Result<Produced, ProduceError> {
        let Some(transactional_id) = self.transactional_id else {
            return partition.produce(records);
        };
        let transactions = &self.broker.transactions;
        partition.produce_in(records, |producer_id, epoch| {
            let partition = (topic.name.as_str(), index);
            let abortable = self.version >= WITH_ABORTABLE;
            transactions.verify(transactional_id, producer_id, epoch, partition, abortable)
        })
    }
}

fn record_error(error: &crate::partition::RecordError) -> BatchIndexAndErrorMessage {
    BatchIndexAndErrorMessage::default()
        .with_batch_index(error.index)
        .with_batch_index_error_message(Some(StrBytes::from_string(error.message.clone())))
}
