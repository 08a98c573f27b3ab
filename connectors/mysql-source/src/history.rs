//! The schema history that the settings name.

use std::sync::Arc;
use std::time::Duration;

use connect_api::config::Settings;
use connect_api::{Error, Result};

use crate::config::keys::history as keys;
use crate::database_schema::history_error;
use crate::schema_history::{
    FileSchemaHistory, KafkaSchemaHistory, MemorySchemaHistory, SchemaHistoryStore,
};

/// Old and new prefixes of the settings of the history's clients.
const PREFIXES: [&str; 2] = ["database.history.", "schema.history.internal."];

/// The schema history that the settings name, old or new.
pub(crate) fn open(settings: &Settings, prefix: &str) -> Result<Arc<dyn SchemaHistoryStore>> {
    let class = settings.get(&keys::SCHEMA_HISTORY)?;
    let simple = class.0.rsplit('.').next().unwrap_or_default();
    match simple {
        "FileSchemaHistory" | "FileDatabaseHistory" => {
            let path = required(
                settings.get(&keys::SCHEMA_HISTORY_FILE_FILENAME)?,
                &keys::SCHEMA_HISTORY_FILE_FILENAME,
            )?;
            Ok(Arc::new(FileSchemaHistory::new(path)))
        }
        "MemorySchemaHistory" | "MemoryDatabaseHistory" => {
            tracing::warn!("the schema history is kept in memory: it is lost when the task ends");
            Ok(Arc::new(MemorySchemaHistory::default()))
        }
        "KafkaSchemaHistory" | "KafkaDatabaseHistory" => {
            kafka(settings, prefix).map(|store| Arc::new(store) as Arc<dyn SchemaHistoryStore>)
        }
        _ => Err(Error::config(format!(
            "'{}': {} is not built in",
            keys::SCHEMA_HISTORY.name(),
            class.0
        ))),
    }
}

/// The topic or file of the history, for messages.
pub(crate) fn place(settings: &Settings) -> String {
    let topic = settings.get(&keys::SCHEMA_HISTORY_KAFKA_TOPIC);
    let file = settings.get(&keys::SCHEMA_HISTORY_FILE_FILENAME);
    let place = topic.ok().flatten().or_else(|| file.ok().flatten());
    place.unwrap_or_else(|| "in memory".to_owned())
}

fn kafka(settings: &Settings, prefix: &str) -> Result<KafkaSchemaHistory> {
    let topic = required(
        settings.get(&keys::SCHEMA_HISTORY_KAFKA_TOPIC)?,
        &keys::SCHEMA_HISTORY_KAFKA_TOPIC,
    )?;
    let servers = required(
        settings.get(&keys::SCHEMA_HISTORY_KAFKA_BOOTSTRAP_SERVERS)?,
        &keys::SCHEMA_HISTORY_KAFKA_BOOTSTRAP_SERVERS,
    )?;
    let name = match settings.get(&keys::SCHEMA_HISTORY_NAME)? {
        Some(name) => name,
        None => format!("{prefix}-schemahistory"),
    };
    let timeout = settings.get(&keys::SCHEMA_HISTORY_KAFKA_QUERY_TIMEOUT_MS)?;
    // The original's three seconds are less than a busy cluster may take; a
    // longer wait harms nobody.
    let timeout =
        Duration::from_millis(u64::try_from(timeout).unwrap_or(0)).max(Duration::from_secs(10));
    let (producer, consumer) = (client(settings, "producer."), client(settings, "consumer."));
    KafkaSchemaHistory::new(topic, &servers, &name, (&producer, &consumer), timeout)
        .map_err(history_error)
}

fn client(settings: &Settings, kind: &str) -> connect_kafka::Props {
    let mut props = connect_kafka::Props::default();
    for prefix in PREFIXES {
        props.extend(settings.with_prefix(&format!("{prefix}{kind}")));
    }
    props
}

fn required<T: connect_api::config::FromConfig>(
    value: Option<String>,
    key: &connect_api::config::Key<T>,
) -> Result<String> {
    value.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        Error::config(format!(
            "The '{}' value is invalid: A value is required",
            key.name()
        ))
    })
}
