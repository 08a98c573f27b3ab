//! The way of a consumed record to the sink: converters, transformations, and
//! what becomes of those that fail.

use std::sync::Arc;
use std::time::Instant;

use connect_api::Result;
use connect_api::plugin::Outcome;
use connect_api::record::{RawRecord, SinkRecord, TimestampType, TopicPartition};
use connect_kafka::consumer::{ConsumedRecord, TimestampKind};
use tokio_util::sync::CancellationToken;

use super::decoder::{Decoded, Decoder};
use super::reporter::{Place, Reporter};
use crate::connector_config::Role;
use crate::metrics::TaskMetrics;
use crate::task::backoff::pause;
use crate::task::chain::TransformationChain;
use crate::task::tolerance::Failure;

/// Everything between the consumer and the sink.
pub(super) struct Pipeline {
    pub(super) decoder: Decoder,
    pub(super) chain: TransformationChain,
    /// Whether a record's bytes go with it, for the dead letter queue.
    pub(super) keeps_raw: bool,
    pub(super) reporter: Arc<Reporter>,
    pub(super) metrics: Arc<TaskMetrics>,
    pub(super) stop: CancellationToken,
}

/// How far a record has come.
#[expect(
    clippy::large_enum_variant,
    reason = "it is looked into at once, and nearly always holds a record"
)]
pub(super) enum Step {
    /// It goes to the sink.
    Keep(SinkRecord),
    /// It is dealt with: filtered out or skipped.
    Done,
    /// A converter has to wait.
    Pending(Role),
}

impl Pipeline {
    /// Converts and transforms a record, without waiting: nearly all records
    /// need no more.
    pub(super) fn prepare(&mut self, consumed: &ConsumedRecord) -> Result<Step, Failure> {
        let mut record = match self.decoder.decode(consumed)? {
            Decoded::Record(record) => record,
            Decoded::Pending(role) => return Ok(Step::Pending(role)),
        };
        if self.chain.apply(&mut record)? == Outcome::Drop {
            self.metrics.filtered.add(1);
            return Ok(Step::Done);
        }
        Ok(Step::Keep(SinkRecord {
            record,
            origin: TopicPartition {
                topic: consumed.partition.topic.clone(),
                partition: consumed.partition.partition,
            },
            offset: consumed.offset,
            timestamp_type: match consumed.timestamp_kind {
                TimestampKind::None => TimestampType::None,
                TimestampKind::CreateTime => TimestampType::CreateTime,
                TimestampKind::LogAppendTime => TimestampType::LogAppendTime,
            },
            raw: self.keeps_raw.then(|| Arc::new(raw(consumed))),
        }))
    }

    /// The way of a record that has to wait, to be tried again or skipped. The
    /// error that comes back ends the task.
    pub(super) async fn persist(
        &mut self,
        mut step: Result<Step, Failure>,
        consumed: &ConsumedRecord,
    ) -> Result<Option<SinkRecord>> {
        let since = Instant::now();
        let mut attempts = 0;
        loop {
            let failure = match step {
                Ok(Step::Keep(record)) => return Ok(Some(record)),
                Ok(Step::Done) => return Ok(None),
                Ok(Step::Pending(role)) => match self.decoder.resolve(role).await {
                    Ok(()) => {
                        step = self.prepare(consumed);
                        continue;
                    }
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            attempts += 1;
            match self.reporter.tolerance().retry(&failure, since, attempts) {
                Some(delay) => pause(delay, &self.stop).await?,
                None => {
                    let place = Place::of(consumed);
                    self.reporter.dispose(failure, &place, &raw(consumed))?;
                    return Ok(None);
                }
            }
            step = self.prepare(consumed);
        }
    }
}

fn raw(consumed: &ConsumedRecord) -> RawRecord {
    RawRecord {
        key: consumed.key.clone(),
        value: consumed.value.clone(),
        headers: consumed.headers.clone(),
        timestamp: consumed.timestamp,
    }
}
