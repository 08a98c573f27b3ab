//! The way of a batch of records: transformations, converters, producer, and
//! the account of what is out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::plugin::Outcome;
use connect_api::record::{OffsetMap, Record, SourceOffset, SourceRecord};
use connect_api::{Error, Result};
use connect_kafka::ErrorCode;
use connect_kafka::admin::refused_topic_name;
use connect_kafka::producer::{DeliveryError, OutgoingRecord, SendError};
use tokio_util::sync::CancellationToken;

use super::culprit::{Culprit, text};
use super::delivery::{Acks, DeliveryTracker};
use super::encoder::{Encoded, Encoder};
use super::producer::TaskProducer;
use super::topics::Topics;
use crate::metrics::TaskMetrics;
use crate::task::backoff::{pause, stopping};
use crate::task::chain::TransformationChain;
use crate::task::tolerance::{Failure, Stage, Tolerance, Verdict, exceeded};

/// How long the producer is given when it refuses a record for a passing reason.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// The class that the original names for failures of producing.
const PRODUCER_CLASS: &str = "org.apache.kafka.connect.runtime.WorkerSourceTask";

/// Everything between a plugin's batch and its offsets.
pub(super) struct Pipeline {
    pub(super) chain: TransformationChain,
    pub(super) encoder: Encoder,
    pub(super) topics: Topics,
    pub(super) producer: TaskProducer,
    pub(super) acks: Arc<Acks>,
    pub(super) tracker: DeliveryTracker,
    pub(super) tolerance: Tolerance,
    pub(super) metrics: Arc<TaskMetrics>,
    pub(super) stop: CancellationToken,
    /// What the present batch added to `produced_bytes`.
    pub(super) bytes: u64,
}

/// How far a record has come that may have to wait or to be tried again.
enum Step {
    /// It is encoded.
    Encoded,
    /// It is dealt with: filtered out.
    Filtered,
    /// A converter has to wait.
    Pending(Encoded),
}

impl Pipeline {
    /// Sends a batch. Waits while the queue is full, also for a cluster that is
    /// away; an error of kind `Stopped` when the task is to stop meanwhile.
    pub(super) async fn send(&mut self, batch: Vec<SourceRecord>) -> Result<()> {
        self.metrics.polled.add(batch.len() as u64);
        self.metrics
            .active
            .set((batch.len() + self.tracker.out()) as u64);
        for source in batch {
            let SourceRecord {
                mut record,
                source_partition: partition,
                source_offset: offset,
            } = source;
            let original = self.tolerance.keeps_originals().then(|| record.clone());
            let step = self.transform_and_encode(&mut record);
            let mut offset = Some(offset);
            // Nearly all records go this way, without an await.
            if matches!(step, Ok(Step::Encoded))
                && self.produce_now(&record, &partition, &mut offset)
            {
                continue;
            }
            if let Some(offset) = offset {
                self.send_slowly(step, record, original, (&partition, offset))
                    .await?;
            }
        }
        self.metrics
            .produced_bytes
            .add(std::mem::take(&mut self.bytes));
        self.take_stock();
        Ok(())
    }

    /// Takes account of what was acknowledged meanwhile.
    pub(super) fn take_stock(&mut self) {
        self.tracker.advance();
        self.metrics.active.set(self.tracker.out() as u64);
    }

    /// Hands an encoded record to the producer if nothing is in the way. Takes
    /// the offset only if so.
    fn produce_now(
        &mut self,
        record: &Record,
        partition: &Arc<OffsetMap>,
        offset: &mut Option<SourceOffset>,
    ) -> bool {
        if !self.topics.is_ready(&record.topic) {
            return false;
        }
        let (Some(producer), Some(token)) = (self.producer.get(), self.tracker.next_token()) else {
            return false;
        };
        let outgoing = self.outgoing(record);
        let bytes = outgoing.bytes() as u64;
        // What is in the way is found, and told, the slow way.
        let headers = self.encoder.headers();
        let sent = producer.send_prepared(&outgoing, headers, token);
        if sent.is_err() {
            return false;
        }
        self.bytes += bytes;
        if let Some(offset) = offset.take() {
            self.tracker.push(partition, offset);
        }
        true
    }

    fn outgoing<'r>(&'r self, record: &'r Record) -> OutgoingRecord<'r> {
        OutgoingRecord {
            topic: &record.topic,
            partition: record.partition,
            timestamp: record.timestamp,
            key: self.encoder.key(),
            value: self.encoder.value(),
        }
    }

    /// The way of a record that has to wait, to be tried again or skipped.
    async fn send_slowly(
        &mut self,
        step: Result<Step, Failure>,
        mut record: Record,
        original: Option<Record>,
        (partition, offset): (&Arc<OffsetMap>, SourceOffset),
    ) -> Result<()> {
        self.metrics.activity.progressed();
        let original = original.as_ref();
        let step = self
            .persist(step, &mut record, original, (partition, &offset))
            .await;
        match step {
            Ok(Step::Encoded) => self.produce(&record, original, partition, offset).await,
            Ok(_) => self.account_handled(partition, offset).await,
            Err(failure) => Err(failure.error),
        }
    }

    fn transform_and_encode(&mut self, record: &mut Record) -> Result<Step, Failure> {
        if self.chain.apply(record)? == Outcome::Drop {
            self.metrics.filtered.add(1);
            return Ok(Step::Filtered);
        }
        self.encode(record)
    }

    fn encode(&mut self, record: &Record) -> Result<Step, Failure> {
        Ok(match self.encoder.encode(record)? {
            Encoded::Ready => Step::Encoded,
            pending => Step::Pending(pending),
        })
    }

    /// Waits and tries again until the record is encoded, filtered or skipped.
    /// The error that comes back ends the task.
    async fn persist(
        &mut self,
        mut step: Result<Step, Failure>,
        record: &mut Record,
        original: Option<&Record>,
        (partition, offset): (&OffsetMap, &SourceOffset),
    ) -> Result<Step, Failure> {
        let since = Instant::now();
        let mut attempts = 0;
        loop {
            let failure = match step {
                Ok(Step::Pending(pending)) => match self.encoder.resolve(pending).await {
                    Ok(()) => {
                        step = self.encode(record);
                        continue;
                    }
                    Err(failure) => failure,
                },
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            attempts += 1;
            let (stage, class) = (failure.stage, failure.class.clone());
            let culprit = Culprit {
                partition,
                offset,
                original,
                topic: &record.topic,
            };
            let ended = |error| Failure {
                stage,
                class,
                error,
            };
            match self.tolerance.judge(failure, since, attempts, &culprit) {
                Verdict::Skip => return Ok(Step::Filtered),
                Verdict::Fail(error) => return Err(ended(error)),
                Verdict::Retry(delay) => {
                    pause(delay, &self.stop).await.map_err(ended)?;
                    if let Some(original) = original {
                        *record = original.clone();
                    }
                    step = self.transform_and_encode(record);
                }
            }
        }
    }

    /// Hands the encoded record to the producer, and notes that it is out.
    async fn produce(
        &mut self,
        record: &Record,
        original: Option<&Record>,
        partition: &Arc<OffsetMap>,
        offset: SourceOffset,
    ) -> Result<()> {
        if !self.topics.is_ready(&record.topic) {
            if let Some(reason) = refused_topic_name(&record.topic) {
                let error = Error::data(format!(
                    "Kafka takes no topic named '{}': {reason}",
                    record.topic
                ));
                return self
                    .skip_unsent(error, record, original, (partition, offset))
                    .await;
            }
            self.topics.prepare(&record.topic, &self.stop).await?;
        }
        loop {
            let token = self.token().await?;
            let Some(producer) = self.producer.get() else {
                self.producer.open()?;
                continue;
            };
            let outgoing = self.outgoing(record);
            let bytes = outgoing.bytes() as u64;
            let headers = self.encoder.headers();
            match producer.send_prepared(&outgoing, headers, token) {
                Ok(()) => {
                    self.bytes += bytes;
                    self.tracker.push(partition, offset);
                    return Ok(());
                }
                Err(SendError::Backpressure) => self.wait_for_room().await?,
                Err(error) if error.is_retriable() => {
                    tracing::warn!("sending a record, trying again: {error}");
                    pause(REFUSED_PAUSE, &self.stop).await?;
                }
                Err(error) => {
                    let error = self.refused(&outgoing, error);
                    return self
                        .skip_unsent(error, record, original, (partition, offset))
                        .await;
                }
            }
        }
    }

    /// Fails the task for a record that cannot be sent, or skips it where that
    /// is tolerated.
    async fn skip_unsent(
        &mut self,
        error: Error,
        record: &Record,
        original: Option<&Record>,
        (partition, offset): (&Arc<OffsetMap>, SourceOffset),
    ) -> Result<()> {
        let culprit = Culprit {
            partition,
            offset: &offset,
            original,
            topic: &record.topic,
        };
        self.judge_unsent(error, &culprit)?;
        self.account_handled(partition, offset).await
    }

    /// What the producer refused, by key and size.
    fn refused(&self, outgoing: &OutgoingRecord<'_>, error: SendError) -> Error {
        let key = outgoing.key.map_or_else(
            || "null".to_owned(),
            |key| {
                let excerpt = &key[..key.len().min(100)];
                String::from_utf8_lossy(excerpt).into_owned()
            },
        );
        let hint = match error {
            SendError::TooLarge { .. } => {
                "; in the connector that is 'producer.override.max.request.size', in the worker \
                 'producer.max.request.size'"
            }
            _ => "",
        };
        Error::data(format!("{error}{hint}"))
            .with("key", key)
            .with("size", outgoing.bytes())
    }

    fn judge_unsent(&self, error: Error, culprit: &Culprit<'_>) -> Result<()> {
        match self
            .tolerance
            .judge(produce_failure(error), Instant::now(), 1, culprit)
        {
            Verdict::Fail(error) => Err(error),
            Verdict::Skip | Verdict::Retry(_) => Ok(()),
        }
    }

    /// The next token; waits while too many records are out.
    async fn token(&mut self) -> Result<u64> {
        loop {
            if let Some(token) = self.tracker.next_token() {
                return Ok(token);
            }
            let acks = self.acks.clone();
            tokio::select! {
                () = acks.progress() => self.check_deliveries()?,
                () = self.stop.cancelled() => return Err(stopping()),
            }
        }
    }

    async fn wait_for_room(&mut self) -> Result<()> {
        let Some(producer) = self.producer.get() else {
            return Ok(());
        };
        let stop = self.stop.clone();
        tokio::select! {
            room = producer.wait_for_room() => {
                room.map_err(|error| Error::data(format!("sending a record: {error}")))?;
            }
            () = stop.cancelled() => return Err(stopping()),
        }
        self.metrics.activity.progressed();
        self.check_deliveries()
    }

    /// Counts a record as acknowledged that never goes out: filtered or skipped.
    async fn account_handled(
        &mut self,
        partition: &Arc<OffsetMap>,
        offset: SourceOffset,
    ) -> Result<()> {
        let token = self.token().await?;
        self.acks.settle(token);
        self.tracker.push(partition, offset);
        Ok(())
    }

    /// Fails the task for a record that Kafka did not take, unless such are
    /// tolerated.
    pub(super) fn check_deliveries(&mut self) -> Result<()> {
        self.producer.check()?;
        for (token, error) in self.acks.take_failures() {
            let Some((partition, offset)) = self.tracker.find(token) else {
                return Err(undelivered(error));
            };
            let topic = error.topic.clone();
            let whole_batch = refuses_batch(error.code);
            let culprit = Culprit {
                partition: &partition,
                offset: &offset,
                original: None,
                topic: &topic,
            };
            let error = undelivered(error);
            if whole_batch {
                return Err(exceeded(produce_failure(error), &culprit));
            }
            self.judge_unsent(error, &culprit)?;
            tracing::debug!(
                "skipped the record at source offset {}",
                text(&offset.to_map())
            );
            self.acks.settle(token);
        }
        Ok(())
    }
}

fn produce_failure(error: Error) -> Failure {
    Failure {
        stage: Stage::KafkaProduce,
        class: PRODUCER_CLASS.to_owned(),
        error,
    }
}

/// A broker refuses a batch that is too large as a whole, and librdkafka does
/// not split it: to skip it would lose records that are small enough.
fn refuses_batch(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::MessageSizeTooLarge | ErrorCode::MessageBatchTooLarge
    )
}

fn undelivered(error: DeliveryError) -> Error {
    let hint = match error.code {
        ErrorCode::UnknownTopic | ErrorCode::UnknownTopicOrPartition => {
            "; create the topic, or set the connector's 'topic.creation.default.partitions' and \
             'topic.creation.default.replication.factor', or the brokers' \
             'auto.create.topics.enable'"
        }
        code if refuses_batch(code) => {
            "; if no single record is that large, set the connector's \
             'producer.override.batch.size' below the topic's max.message.bytes"
        }
        _ => "",
    };
    Error::data(format!("Kafka did not take a record{hint}")).caused_by(error)
}
