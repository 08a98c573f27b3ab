//! Fetch: what there is to read, waiting for it if there is not enough (`DelayedFetch`).

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{
    AbortedTransaction, FetchableTopicResponse, PartitionData,
};
use kafka_protocol::messages::{FetchRequest, FetchResponse, ProducerId};
use tokio::time::Instant;

use super::Shared;
use super::metadata::named_or_id;
use crate::partition::{FetchError, Fetched, Partition};
use crate::server::{AnswerMemory, AnswerPermit};
use crate::settings::LEADER_EPOCH;

/// As many bytes as one answer has (`fetch.max.bytes`), whatever a client asks for.
const MOST_BYTES: usize = 55 << 20;

/// The first version in which topics have only an id (KIP-516).
const WITH_IDS: i16 = 13;

/// Sessions (KIP-227) are declined: every answer says session 0, and so every request is whole.
const FIRST_OF_SESSION: i32 = 0;
const NO_SESSION: i32 = -1;

/// What there is, and the memory that is taken for it.
pub(super) async fn fetch(
    broker: &Shared,
    version: i16,
    request: FetchRequest,
) -> (FetchResponse, AnswerPermit) {
    let session_of_ours =
        request.session_id == 0 || matches!(request.session_epoch, FIRST_OF_SESSION | NO_SESSION);
    if !session_of_ours {
        let refused =
            FetchResponse::default().with_error_code(ResponseError::FetchSessionIdNotFound.code());
        return (refused, broker.answer_memory.take(0));
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let deadline = Instant::now() + wait;
    let enough = usize::try_from(request.min_bytes).unwrap_or(0);
    let reader = Reader {
        memory: &broker.answer_memory,
        committed: request.isolation_level == 1,
        max_bytes: usize::try_from(request.max_bytes)
            .unwrap_or(0)
            .min(MOST_BYTES),
    };
    let wanted = find(broker, version, &request.topics);
    let (response, outcome) = reader.read(&wanted);
    if outcome.failed || outcome.bytes >= enough || wait.is_zero() {
        return (response, outcome.memory);
    }
    drop((response, outcome));
    loop {
        // Before reading, so that nothing that is appended meanwhile is slept through.
        let mut appended = appended(&wanted);
        let (response, outcome) = reader.read(&wanted);
        if outcome.failed || outcome.bytes >= enough || Instant::now() >= deadline {
            return (response, outcome.memory);
        }
        drop((response, outcome));
        let woken = tokio::time::timeout_at(deadline, first(&mut appended)).await;
        if woken.is_err() {
            let (response, outcome) = reader.read(&wanted);
            return (response, outcome.memory);
        }
    }
}

/// A topic of a request, and its partitions as far as they are there.
struct Wanted<'a> {
    topic: &'a FetchTopic,
    partitions: Vec<(&'a FetchPartition, Result<Arc<Partition>, ResponseError>)>,
}

fn find<'a>(broker: &Shared, version: i16, topics: &'a [FetchTopic]) -> Vec<Wanted<'a>> {
    let wanted = topics.iter().map(|topic| {
        let found = named_or_id(broker, &topic.topic, topic.topic_id, version >= WITH_IDS);
        let partition = |asked: &'a FetchPartition| {
            let found = found.as_deref().map_err(|error| *error);
            let partition = found.and_then(|topic| {
                usize::try_from(asked.partition)
                    .ok()
                    .and_then(|index| topic.partitions.get(index))
                    .ok_or(ResponseError::UnknownTopicOrPartition)
            });
            let partition = partition.and_then(|partition| match asked.current_leader_epoch {
                epoch if epoch > LEADER_EPOCH => Err(ResponseError::UnknownLeaderEpoch),
                _ => Ok(Arc::clone(partition)),
            });
            (asked, partition)
        };
        Wanted {
            topic,
            partitions: topic.partitions.iter().map(partition).collect(),
        }
    });
    wanted.collect()
}

/// What reading has come to.
struct Outcome {
    memory: AnswerPermit,
    bytes: usize,
    failed: bool,
}

struct Reader<'a> {
    memory: &'a AnswerMemory,
    committed: bool,
    max_bytes: usize,
}

impl Reader<'_> {
    fn read(&self, wanted: &[Wanted<'_>]) -> (FetchResponse, Outcome) {
        let mut outcome = Outcome {
            memory: self.memory.take(self.most(wanted)),
            bytes: 0,
            failed: false,
        };
        let mut responses = Vec::with_capacity(wanted.len());
        for Wanted { topic, partitions } in wanted {
            let partitions = partitions.iter().map(|(asked, partition)| {
                let answer = PartitionData::default()
                    .with_partition_index(asked.partition)
                    .with_records(Some(Bytes::new()));
                let fetched = match partition {
                    Ok(partition) => self.partition(partition, asked, &mut outcome),
                    Err(error) => Err(*error),
                };
                match fetched {
                    Ok(fetched) => self.answer(answer, fetched),
                    Err(error) => {
                        outcome.failed = true;
                        // The list is null where a partition was looked into, else empty.
                        let aborted = partition.is_err().then(Vec::new);
                        answer
                            .with_error_code(error.code())
                            .with_high_watermark(-1)
                            .with_aborted_transactions(aborted)
                    }
                }
            });
            responses.push(
                FetchableTopicResponse::default()
                    .with_partitions(partitions.collect())
                    .with_topic(topic.topic.clone())
                    .with_topic_id(topic.topic_id),
            );
        }
        outcome.memory.keep(outcome.bytes);
        (FetchResponse::default().with_responses(responses), outcome)
    }

    /// As many bytes as the answer may have.
    fn most(&self, wanted: &[Wanted<'_>]) -> usize {
        let partitions = wanted.iter().flat_map(|wanted| &wanted.partitions);
        let bounds = partitions.map(|(asked, _)| bound(asked));
        self.max_bytes.min(bounds.fold(0, usize::saturating_add))
    }

    /// Reads within what is left of the request's bound; the first batch of an answer may be larger,
    /// so that a reader always gets on (KIP-74).
    fn partition(
        &self,
        partition: &Partition,
        asked: &FetchPartition,
        outcome: &mut Outcome,
    ) -> Result<Fetched, ResponseError> {
        let left = outcome.memory.bytes().saturating_sub(outcome.bytes);
        let bound = bound(asked).min(left);
        let mut fetched = partition
            .fetch(asked.fetch_offset, bound, self.committed)
            .map_err(code)?;
        if fetched.records.len() > bound && outcome.bytes > 0 {
            fetched.records = Bytes::new();
            fetched.aborted = Vec::new();
        }
        outcome.bytes += fetched.records.len();
        Ok(fetched)
    }

    fn answer(&self, answer: PartitionData, fetched: Fetched) -> PartitionData {
        let aborted = fetched.aborted.into_iter().map(|(producer_id, first)| {
            AbortedTransaction::default()
                .with_producer_id(ProducerId(producer_id))
                .with_first_offset(first)
        });
        answer
            .with_high_watermark(fetched.high_watermark)
            .with_last_stable_offset(fetched.last_stable_offset)
            .with_log_start_offset(fetched.log_start_offset)
            .with_aborted_transactions(self.committed.then(|| aborted.collect()))
            .with_records(Some(fetched.records))
    }
}

fn bound(asked: &FetchPartition) -> usize {
    usize::try_from(asked.partition_max_bytes).unwrap_or(0)
}

fn code(error: FetchError) -> ResponseError {
    if let FetchError::Log(error) = &error {
        tracing::error!("reading a partition: {error}");
    }
    error.code()
}

type Change = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One future for each partition, ready when something has been appended to it.
fn appended(wanted: &[Wanted<'_>]) -> Vec<Change> {
    let partitions = wanted.iter().flat_map(|wanted| &wanted.partitions);
    let partitions = partitions.filter_map(|(_, partition)| partition.as_ref().ok());
    partitions
        .map(|partition| {
            let mut end = partition.appended();
            let change: Change = Box::pin(async move {
                // A partition that is gone while it is waited for has nothing to say any more.
                if end.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            });
            change
        })
        .collect()
}

/// Ready as soon as one of them is.
async fn first(changes: &mut [Change]) {
    poll_fn(|context| {
        for change in changes.iter_mut() {
            if change.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    })
    .await;
}
