use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use connect_kafka::admin::{Admin, AdminError, NewTopic};
use connect_kafka::log::{self, LogEntry, LogError, LogRecord, LogWriter};
use connect_kafka::{ClientKind, ClientSettings, Props, SettingsError};
use tracing::{info, warn};

use super::{HistoryRecord, RecordVisitor, SchemaHistoryError, SchemaHistoryStore};

/// All records are in the only partition.
const PARTITION: i32 = 0;
/// Five years: what Debezium takes for a retention that is long enough.
const RETENTION_MS_MIN: i64 = 5 * 365 * 24 * 60 * 60 * 1000;
/// Without limit, as Debezium sets it.
const RETENTION_MS: &str = "9223372036854775807";
const UNLIMITED: i64 = -1;

/// A history in a topic (`io.debezium.storage.kafka.history.KafkaSchemaHistory`): one partition,
/// null keys, nothing ever deleted.
#[derive(Debug)]
pub struct KafkaSchemaHistory {
    topic: String,
    admin: Admin,
    consumer: ClientSettings,
    writer: LogWriter,
}

impl KafkaSchemaHistory {
    /// Makes the clients; nothing is asked of the cluster yet.
    ///
    /// `producer` and `consumer` are the Java properties below
    /// `schema.history.internal.producer.` and `….consumer.`; `name` is the client id unless they
    /// name another. Questions of topics are asked with the producer's properties, as Debezium
    /// does, and may take `timeout`.
    ///
    /// # Errors
    /// A property has a value that is not allowed, or the clients cannot be made of them.
    pub fn new(
        topic: impl Into<String>,
        bootstrap_servers: &str,
        name: &str,
        (producer, consumer): (&Props, &Props),
        timeout: Duration,
    ) -> Result<Self, SchemaHistoryError> {
        let topic = topic.into();
        let failed = |source| kafka_error("configuring the clients of", &topic, source, false);
        let with_defaults = |props: &Props| {
            let mut props = props.clone();
            let defaults = [
                ("bootstrap.servers", bootstrap_servers),
                ("client.id", name),
            ];
            for (key, value) in defaults {
                props
                    .entry(key.to_owned())
                    .or_insert_with(|| value.to_owned());
            }
            props
        };
        let settings = |kind, props: &Props| ClientSettings::from_props(kind, props);
        let producer = with_defaults(producer);
        let writer = writer_settings(&producer).map_err(|error| failed(error.into()))?;
        let consumer = settings(ClientKind::Consumer, &with_defaults(consumer))
            .map_err(|error| failed(error.into()))?;
        let admin = settings(ClientKind::Admin, &admin_props(producer, timeout))
            .map_err(|error| failed(error.into()))?;
        for client in [&writer, &consumer] {
            for warning in client.warnings() {
                warn!(topic, "schema history: {warning}");
            }
        }
        let admin = Admin::new(&admin).map_err(|error| failed(error.into()))?;
        let writer = LogWriter::new(&writer).map_err(|error| failed(error.into()))?;
        Ok(Self {
            topic,
            admin,
            consumer,
            writer,
        })
    }

    /// Complains about a topic that may lose records; refuses one that will, or has several
    /// partitions, so that records have no order.
    async fn check_topic(&self, partitions: usize) -> Result<(), SchemaHistoryError> {
        let unsuitable = |reason: String| SchemaHistoryError::UnsuitableTopic {
            topic: self.topic.clone(),
            reason,
        };
        if partitions != 1 {
            return Err(unsuitable(format!(
                "it has {partitions} partitions, and records of several have no order; name \
                 another topic in schema.history.internal.kafka.topic, or create this one anew \
                 with one partition"
            )));
        }
        let configs = match self.admin.topic_configs(&self.topic).await {
            Ok(Some(configs)) => configs,
            Ok(None) => return Ok(()),
            Err(error) => {
                // The right to read settings is not needed for anything else.
                info!(topic = self.topic, %error, "the schema history topic was not checked");
                return Ok(());
            }
        };
        if configs.is_only_compacted() {
            return Err(unsuitable(
                "its cleanup.policy is compact, which removes all records but the last one, since \
                 they have no keys; set its cleanup.policy to delete, with retention.ms=-1 and \
                 retention.bytes=-1"
                    .to_owned(),
            ));
        }
        for problem in retention_problems(&self.topic, configs.values()) {
            warn!("{problem}");
        }
        Ok(())
    }

    async fn bounds(&self) -> Result<Option<(i64, i64)>, SchemaHistoryError> {
        let bounds = self
            .admin
            .partition_bounds(&self.topic, &[PARTITION])
            .await
            .map_err(|error| {
                let retriable = error.is_retriable();
                kafka_error("reading the end of", &self.topic, error.into(), retriable)
            })?;
        Ok(bounds
            .get(&PARTITION)
            .map(|bounds| (bounds.low, bounds.high)))
    }

    async fn partitions(&self) -> Result<Option<usize>, SchemaHistoryError> {
        let description = self
            .admin
            .describe_topic(&self.topic)
            .await
            .map_err(|error| admin_error("looking for", &self.topic, error))?;
        Ok(description.map(|topic| topic.partitions.len()))
    }
}

#[async_trait]
impl SchemaHistoryStore for KafkaSchemaHistory {
    async fn storage_exists(&self) -> Result<bool, SchemaHistoryError> {
        Ok(self.partitions().await?.is_some())
    }

    async fn exists(&self) -> Result<bool, SchemaHistoryError> {
        let Some(partitions) = self.partitions().await? else {
            return Ok(false);
        };
        self.check_topic(partitions).await?;
        Ok(self.bounds().await?.is_some_and(|(low, high)| high > low))
    }

    async fn initialize_storage(&self) -> Result<(), SchemaHistoryError> {
        let topic = NewTopic::new(&self.topic, 1, -1)
            .config("cleanup.policy", "delete")
            .config("retention.ms", RETENTION_MS)
            .config("retention.bytes", UNLIMITED.to_string());
        let created = self
            .admin
            .create_topic_if_missing(&topic)
            .await
            .map_err(|error| admin_error("creating", &self.topic, error))?;
        if created {
            info!(topic = self.topic, "created the schema history topic");
        }
        Ok(())
    }

    async fn store(&self, records: &[HistoryRecord]) -> Result<(), SchemaHistoryError> {
        /// Records sent before the first acknowledgement is awaited.
        const BATCH: usize = 1024;
        for batch in records.chunks(BATCH) {
            let values: Vec<String> = batch.iter().map(HistoryRecord::to_pretty_json).collect();
            let entries: Vec<LogEntry<'_>> = values
                .iter()
                .map(|value| LogEntry {
                    key: None,
                    value: Some(value.as_bytes()),
                    partition: Some(PARTITION),
                })
                .collect();
            self.writer
                .send_many(&self.topic, &entries)
                .await
                .map_err(|error| log_error("writing to", &self.topic, error))?;
        }
        Ok(())
    }

    async fn read_all(&self, visit: &mut RecordVisitor<'_>) -> Result<(), SchemaHistoryError> {
        let mut result = Ok(());
        let on_record = |record: LogRecord<'_>| {
            if result.is_ok() {
                result = self.visit_record(&record, visit);
            }
        };
        log::read_all(&self.admin, &self.consumer, &self.topic, on_record)
            .await
            .map_err(|error| log_error("reading", &self.topic, error))?;
        result
    }
}

impl KafkaSchemaHistory {
    fn visit_record(
        &self,
        record: &LogRecord<'_>,
        visit: &mut RecordVisitor<'_>,
    ) -> Result<(), SchemaHistoryError> {
        let place = || format!("topic {}, offset {}", self.topic, record.offset);
        let unreadable = |reason| SchemaHistoryError::Unreadable {
            place: place(),
            reason,
        };
        let Some(value) = record.value else {
            warn!(place = place(), "null schema history record, left out");
            return Ok(());
        };
        let text = std::str::from_utf8(value).map_err(|error| unreadable(error.to_string()))?;
        match HistoryRecord::from_json(text).map_err(unreadable)? {
            Some(record) => visit(record),
            None => {
                warn!(place = place(), "invalid schema history record, left out");
                Ok(())
            }
        }
    }
}

/// The settings of the producer, as far as its properties leave them open.
fn writer_settings(producer: &Props) -> Result<ClientSettings, SettingsError> {
    let mut writer = ClientSettings::from_props(ClientKind::Producer, producer)?;
    // A record that is sent again shall not come behind a later one.
    writer.set_default("max.in.flight.requests.per.connection", "1");
    writer.set_default("acks", "all");
    // Off, as in Debezium: it needs a producer id, which a cluster that has just started is slow
    // to give (a warning each time) and narrow ACLs refuse.
    writer.set_default("enable.idempotence", "false");
    Ok(writer)
}

/// The properties of the admin client: those of the producer that are about connections.
fn admin_props(producer: Props, timeout: Duration) -> Props {
    let about_connection = |key: &str| {
        [
            "bootstrap.",
            "client.",
            "security.",
            "sasl.",
            "ssl.",
            "reconnect.",
            "socket.",
        ]
        .iter()
        .any(|prefix| key.starts_with(prefix))
    };
    let mut props: Props = producer
        .into_iter()
        .filter(|(key, _)| about_connection(key))
        .collect();
    props.insert(
        "default.api.timeout.ms".to_owned(),
        timeout.as_millis().to_string(),
    );
    props
}

/// What Debezium warns of.
fn retention_problems(topic: &str, configs: &BTreeMap<String, String>) -> Vec<String> {
    let limit = |key: &str| configs.get(key).and_then(|value| value.parse::<i64>().ok());
    let mut problems = Vec::new();
    let policy = configs
        .get("cleanup.policy")
        .map_or("delete", String::as_str);
    if policy != "delete" {
        problems.push(format!(
            "Database schema history topic '{topic}' option 'cleanup.policy' should be 'delete' \
             but is '{policy}'"
        ));
    }
    if let Some(bytes) = limit("retention.bytes").filter(|bytes| *bytes != UNLIMITED) {
        problems.push(format!(
            "Database schema history topic '{topic}' option 'retention.bytes' should be '-1' but \
             is '{bytes}'"
        ));
    }
    let too_short = |ms: &i64| *ms != UNLIMITED && *ms < RETENTION_MS_MIN;
    if let Some(ms) = limit("retention.ms").filter(too_short) {
        problems.push(format!(
            "Database schema history topic '{topic}' option 'retention.ms' should be '-1' or \
             greater than '{RETENTION_MS_MIN}' (5 years) but is '{ms}'"
        ));
    }
    problems
}

fn kafka_error(
    action: &'static str,
    topic: &str,
    source: Box<dyn std::error::Error + Send + Sync>,
    retriable: bool,
) -> SchemaHistoryError {
    SchemaHistoryError::Kafka {
        action,
        topic: topic.to_owned(),
        source,
        retriable,
    }
}

fn admin_error(action: &'static str, topic: &str, error: AdminError) -> SchemaHistoryError {
    let retriable = error.is_retriable();
    kafka_error(action, topic, error.into(), retriable)
}

fn log_error(action: &'static str, topic: &str, error: LogError) -> SchemaHistoryError {
    let retriable = error.is_retriable();
    kafka_error(action, topic, error.into(), retriable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_producer_asks_for_no_id_unless_told_to() {
        let idempotence = |more: &[(&str, &str)]| {
            let props = [&[("bootstrap.servers", "kafka:9092")], more].concat();
            let props = props.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
            let writer = writer_settings(&props.collect()).unwrap();
            assert_eq!(writer.get("acks"), Some("all"));
            writer.get("enable.idempotence").map(str::to_owned)
        };
        assert_eq!(idempotence(&[]).as_deref(), Some("false"));
        let asked = idempotence(&[("enable.idempotence", "true")]);
        assert_eq!(asked.as_deref(), Some("true"));
    }

    #[test]
    fn short_retention_is_complained_about() {
        let configs = |entries: &[(&str, &str)]| -> BTreeMap<String, String> {
            entries
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect()
        };
        let good = [
            ("cleanup.policy", "delete"),
            ("retention.ms", RETENTION_MS),
            ("retention.bytes", "-1"),
        ];
        assert!(retention_problems("t", &configs(&good)).is_empty());
        let bad = [
            ("cleanup.policy", "delete,compact"),
            ("retention.ms", "604800000"),
            ("retention.bytes", "1000"),
        ];
        assert_eq!(retention_problems("t", &configs(&bad)).len(), 3);
    }
}
