//! Where a member reads its partitions from.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;

use super::{GroupConsumer, Inner, Partition, list};
use crate::settings::ClientSettings;

/// How long the group's coordinator may take to say what is committed.
const ASKING: Duration = Duration::from_secs(3);

/// Where a partition is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The group's committed offset; `auto.offset.reset` says where to begin if there is none.
    Committed,
    /// This offset.
    Offset(i64),
    /// Where `auto.offset.reset` says.
    Reset,
}

impl Position {
    /// As librdkafka has it. Of itself it would find as much, but pauses for 100 ms before it looks where a partition
    /// begins that has no committed offset (`rd_kafka_offset_reset` in rdkafka_offset.c).
    pub(super) fn native(self, reset: Offset) -> Offset {
        match self {
            Position::Committed => Offset::Invalid,
            Position::Offset(offset) => Offset::Offset(offset),
            Position::Reset => reset,
        }
    }
}

/// What `auto.offset.reset` stands for, in librdkafka's words; to fail is left to it.
pub(super) fn reset_of(settings: &ClientSettings) -> Offset {
    match settings.get("auto.offset.reset") {
        Some("earliest") => Offset::Beginning,
        Some("latest") | None => Offset::End,
        Some(_) => Offset::Invalid,
    }
}

impl GroupConsumer {
    /// Those of `partitions` that the group has no offset of. None where the coordinator cannot say so within three
    /// seconds. The offsets themselves are left to librdkafka, which asks for them with their leader epochs. The future
    /// is the caller's to poll and needs no part of the consumer.
    pub fn uncommitted(
        &self,
        partitions: Vec<Partition>,
    ) -> impl Future<Output = HashSet<Partition>> + Send + use<> {
        let inner = self.inner.clone();
        async move {
            let Some(inner) = inner else {
                return HashSet::new();
            };
            let work = tokio::task::spawn_blocking(move || without_offset(&inner, &partitions));
            match work.await {
                Ok(Ok(partitions)) => partitions,
                Ok(Err(error)) => {
                    tracing::debug!(target: "librdkafka", "asking for committed offsets: {error}");
                    HashSet::new()
                }
                Err(_stopped) => HashSet::new(),
            }
        }
    }
}

fn without_offset(
    inner: &Inner,
    partitions: &[Partition],
) -> Result<HashSet<Partition>, KafkaError> {
    let asked = list(partitions.iter().map(|it| (it, Offset::Invalid)))?;
    let known = inner.committed_offsets(asked, ASKING)?;
    let elements = known.elements();
    let without = elements
        .iter()
        .filter(|it| it.error().is_ok() && it.offset() == Offset::Invalid);
    Ok(without
        .map(|it| Partition {
            topic: it.topic().into(),
            partition: it.partition(),
        })
        .collect())
}
