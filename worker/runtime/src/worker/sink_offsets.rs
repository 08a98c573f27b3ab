//! A sink's offsets: those of its consumer group (`Worker.sinkConnectorOffsets`,
//! `Worker.modifySinkConnectorOffsets`, `SinkUtils`).

use std::collections::BTreeMap;

use connect_api::record::OffsetMap;
use connect_api::{Error, Props, Result};
use connect_kafka::admin::Admin;
use connect_kafka::consumer::Partition;
use connect_kafka::{ClientError, ClientKind, ErrorCode};
use serde_json::Value;

use super::Worker;
use crate::connector_config::{self, NAME, SinkSettings, Subscription};

const TOPIC: &str = "kafka_topic";
const PARTITION: &str = "kafka_partition";
const OFFSET: &str = "kafka_offset";

/// How far a sink is behind in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionLag {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// What the group has committed; none where it has not yet.
    pub current_offset: Option<i64>,
    /// The offset that the next record will get.
    pub end_offset: i64,
    /// How many offsets lie between.
    pub lag: i64,
}

/// How far a sink is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkLag {
    /// The consumer group.
    pub group: String,
    /// Its partitions, by topic and number.
    pub partitions: Vec<PartitionLag>,
}

/// A sink's consumer group, from the outside.
struct Group {
    admin: Admin,
    id: String,
    name: String,
}

impl Worker {
    /// The offsets that a sink's consumer group has committed, as REST shows
    /// them. `props` are the connector's, placeholders replaced.
    pub async fn sink_offsets(&self, props: &Props) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        let group = self.group(props)?;
        let offsets = group.offsets().await?;
        Ok(offsets
            .into_iter()
            .map(|(partition, offset)| {
                let partition = [
                    (PARTITION.to_owned(), partition.partition.into()),
                    (TOPIC.to_owned(), (&*partition.topic).into()),
                ];
                let offset = [(OFFSET.to_owned(), offset.into())];
                (
                    partition.into_iter().collect(),
                    offset.into_iter().collect(),
                )
            })
            .collect())
    }

    /// Stores offsets for a sink without tasks, or takes some away.
    pub async fn alter_sink_offsets(
        &self,
        props: &Props,
        offsets: &[(OffsetMap, Option<OffsetMap>)],
    ) -> Result<()> {
        let parsed = parse(offsets)?;
        let group = self.group(props)?;
        group.alter(parsed).await
    }

    /// Takes all offsets of a sink without tasks away.
    pub async fn reset_sink_offsets(&self, props: &Props) -> Result<()> {
        let group = self.group(props)?;
        let deleted = group.admin.delete_group(&group.id).await;
        deleted.map_err(|error| group.failed("reset", error))
    }

    /// How far a sink is behind: in the partitions that it subscribes to, and
    /// in those that its group has offsets of.
    pub async fn sink_lag(&self, props: &Props) -> Result<SinkLag> {
        let settings = SinkSettings::parse(props)?;
        let group = self.group(props)?;
        let offsets = group.offsets().await?;
        let topics = group.admin.topics().await;
        let topics = topics.map_err(|error| Error::retriable(error.to_string()))?;
        let mut partitions = Vec::new();
        for (topic, numbers) in topics {
            let has_offsets = offsets.keys().any(|it| *it.topic == *topic);
            let is_subscribed = match &settings.subscription {
                Subscription::Topics(names) => names.contains(&topic),
                Subscription::Regex(regex) => regex.matches(&topic)?,
            };
            if has_offsets || is_subscribed {
                partitions.extend(group.lag(&topic, &numbers, &offsets).await?);
            }
        }
        Ok(SinkLag {
            group: group.id,
            partitions,
        })
    }

    fn group(&self, props: &Props) -> Result<Group> {
        let worker = self.settings();
        let name = props.get(NAME.name()).cloned().unwrap_or_default();
        let consumer = connector_config::consumer_settings(worker, props, "connector-consumer-")?;
        let client_id = format!("connector-worker-adminclient-{name}");
        let settings = connector_config::settings_of(ClientKind::Admin, worker, props, &client_id)?;
        Ok(Group {
            admin: Admin::new(&settings).map_err(|error| Error::config(error.to_string()))?,
            id: consumer.get("group.id").unwrap_or_default().to_owned(),
            name,
        })
    }
}

impl Group {
    async fn offsets(&self) -> Result<BTreeMap<Partition, i64>> {
        let offsets = self.admin.group_offsets(&self.id).await;
        offsets.map_err(|error| {
            Error::retriable(format!(
                "Failed to retrieve consumer group offsets for sink connector {}",
                self.name
            ))
            .caused_by(error)
        })
    }

    async fn alter(&self, offsets: Vec<(Partition, Option<i64>)>) -> Result<()> {
        let altered: Vec<(Partition, i64)> = offsets
            .iter()
            .filter_map(|(partition, offset)| Some((partition.clone(), (*offset)?)))
            .collect();
        if !altered.is_empty() {
            let committed = self.admin.commit_group_offsets(&self.id, altered).await;
            committed.map_err(|error| self.failed("alter", error))?;
        }
        let reset: Vec<Partition> = offsets
            .into_iter()
            .filter(|(_, offset)| offset.is_none())
            .map(|(partition, _)| partition)
            .collect();
        if reset.is_empty() {
            return Ok(());
        }
        let deleted = self.admin.delete_group_offsets(&self.id, &reset).await;
        deleted.map_err(|error| self.failed("alter", error))
    }

    /// The original's words (`Worker.alterSinkConnectorOffsets`,
    /// `Worker.resetSinkConnectorOffsets`).
    fn failed(&self, what: &str, error: ClientError) -> Error {
        let name = &self.name;
        let code = match &error {
            ClientError::Request { code, .. } => Some(*code),
            _ => None,
        };
        let has_members = matches!(
            code,
            Some(
                ErrorCode::UnknownMemberId
                    | ErrorCode::NonEmptyGroup
                    | ErrorCode::GroupSubscribedToTopic
            )
        );
        let message = if has_members {
            format!(
                "Failed to {what} consumer group offsets for connector {name} either because its \
                 tasks haven't stopped completely yet or the connector was resumed before the \
                 request to {what} its offsets could be successfully completed. If the connector \
                 is in a stopped state, this operation can be safely retried. If it doesn't \
                 eventually succeed, the Connect cluster may need to be restarted to get rid of \
                 the zombie sink tasks."
            )
        } else {
            format!("Failed to {what} consumer group offsets for connector {name}")
        };
        Error::retriable(message).caused_by(error)
    }

    async fn lag(
        &self,
        topic: &str,
        numbers: &[i32],
        offsets: &BTreeMap<Partition, i64>,
    ) -> Result<Vec<PartitionLag>> {
        let bounds = self.admin.partition_bounds(topic, numbers).await;
        let bounds = bounds.map_err(|error| Error::retriable(error.to_string()))?;
        Ok(bounds
            .into_iter()
            .map(|(partition, bounds)| {
                let key = Partition {
                    topic: topic.into(),
                    partition,
                };
                let current_offset = offsets.get(&key).copied();
                let from = current_offset.unwrap_or(bounds.low).max(bounds.low);
                PartitionLag {
                    topic: topic.to_owned(),
                    partition,
                    current_offset,
                    end_offset: bounds.high,
                    lag: (bounds.high - from).max(0),
                }
            })
            .collect())
    }
}

/// `SinkUtils.parseSinkConnectorOffsets`.
fn parse(offsets: &[(OffsetMap, Option<OffsetMap>)]) -> Result<Vec<(Partition, Option<i64>)>> {
    let mut parsed = Vec::with_capacity(offsets.len());
    for (partition, offset) in offsets {
        let (Some(topic), Some(number)) = (partition.get(TOPIC), partition.get(PARTITION)) else {
            return Err(Error::config(format!(
                "The partition for a sink connector offset must contain the keys '{TOPIC}' and \
                 '{PARTITION}'"
            )));
        };
        if topic.is_null() {
            return Err(Error::config(
                "Kafka topic names must be valid strings and may not be null",
            ));
        }
        if number.is_null() {
            return Err(Error::config(
                "Kafka partitions must be valid numbers and may not be null",
            ));
        }
        let number: i32 = text(number).parse().map_err(|_| {
            Error::config(format!(
                "Failed to parse the following Kafka partition value in the provided offsets: \
                 '{}'. Partition values for sink connectors need to be integers.",
                text(number)
            ))
        })?;
        let offset = match offset {
            None => None,
            Some(offset) => Some(parse_offset(offset)?),
        };
        let partition = Partition {
            topic: text(topic).into(),
            partition: number,
        };
        parsed.push((partition, offset));
    }
    Ok(parsed)
}

fn parse_offset(offset: &OffsetMap) -> Result<i64> {
    let Some(value) = offset.get(OFFSET) else {
        return Err(Error::config(format!(
            "The offset for a sink connector should either be null or contain the key '{OFFSET}'"
        )));
    };
    text(value).parse().map_err(|_| {
        Error::config(format!(
            "Failed to parse the following Kafka offset value in the provided offsets: '{}'. \
             Offset values for sink connectors need to be integers.",
            text(value)
        ))
    })
}

/// A value as Java's `String.valueOf` shows it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> OffsetMap {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn numbers_may_be_texts_and_null_resets() {
        let offsets = [
            (
                map(json!({"kafka_topic": "t", "kafka_partition": "10"})),
                Some(map(json!({"kafka_offset": "1000"}))),
            ),
            (map(json!({"kafka_topic": 5, "kafka_partition": 0})), None),
        ];
        let at = |topic: &str, partition| Partition {
            topic: topic.into(),
            partition,
        };
        assert_eq!(
            parse(&offsets).unwrap(),
            [(at("t", 10), Some(1000)), (at("5", 0), None)]
        );
    }

    // The texts of SinkUtils.
    #[test]
    fn what_cannot_be_an_offset_is_refused_in_the_original_s_words() {
        let good = || map(json!({"kafka_topic": "t", "kafka_partition": 0}));
        for (partition, offset, expected) in [
            (
                map(json!({"topic": "t"})),
                None,
                "The partition for a sink connector offset must contain the keys 'kafka_topic' \
                 and 'kafka_partition'",
            ),
            (
                map(json!({"kafka_topic": null, "kafka_partition": 0})),
                None,
                "Kafka topic names must be valid strings and may not be null",
            ),
            (
                map(json!({"kafka_topic": "t", "kafka_partition": null})),
                None,
                "Kafka partitions must be valid numbers and may not be null",
            ),
            (
                map(json!({"kafka_topic": "t", "kafka_partition": "x"})),
                None,
                "Failed to parse the following Kafka partition value in the provided offsets: \
                 'x'. Partition values for sink connectors need to be integers.",
            ),
            (
                good(),
                Some(map(json!({"position": 1}))),
                "The offset for a sink connector should either be null or contain the key \
                 'kafka_offset'",
            ),
            (
                good(),
                Some(map(json!({"kafka_offset": null}))),
                "Failed to parse the following Kafka offset value in the provided offsets: \
                 'null'. Offset values for sink connectors need to be integers.",
            ),
        ] {
            let error = parse(&[(partition, offset)]).unwrap_err();
            assert_eq!(error.message(), expected);
        }
    }
}
