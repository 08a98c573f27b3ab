use std::sync::{Arc, LazyLock};

use connect_api::data::{Schema, SchemaRef, Type, Value};
use connect_api::record::{Header, Headers};
use uuid::Uuid;

use super::EnvelopeSettings;
use crate::schemas::CONNECTOR;

const NEW_KEY: &str = "__debezium.newkey";
const OLD_KEY: &str = "__debezium.oldkey";

/// The headers that tell of the run that made a record (`extended.headers.enabled`). All records
/// share one list.
#[derive(Debug, Clone, Default)]
pub struct ContextHeaders(Headers);

impl ContextHeaders {
    /// The headers of a new run.
    pub fn new(settings: &EnvelopeSettings) -> Self {
        if !settings.context_headers {
            return Self::default();
        }
        let header = |key: &'static str, value: Value| Header {
            key: key.into(),
            schema: Some(Arc::clone(string_schema())),
            value,
        };
        let headers = [
            header(
                "__debezium.context.connectorLogicalName",
                Value::String(settings.name.clone()),
            ),
            header(
                "__debezium.context.taskId",
                Value::from(settings.task.to_string()),
            ),
            header("__debezium.context.connectorName", Value::from(CONNECTOR)),
            header(
                "__debezium.context.runId",
                Value::from(Uuid::now_v7().to_string()),
            ),
        ];
        Self(headers.into_iter().collect())
    }

    /// The shared list.
    pub fn shared(&self) -> Headers {
        self.0.clone()
    }

    /// The headers of the records that delete a row under its old key.
    pub(super) fn with_new_key(&self, schema: Option<&SchemaRef>, key: Value) -> Headers {
        self.with_key(NEW_KEY, schema, key)
    }

    /// The headers of the record that creates a row under its new key.
    pub(super) fn with_old_key(&self, schema: Option<&SchemaRef>, key: Value) -> Headers {
        self.with_key(OLD_KEY, schema, key)
    }

    fn with_key(&self, name: &'static str, schema: Option<&SchemaRef>, value: Value) -> Headers {
        let header = Header {
            key: name.into(),
            schema: schema.cloned(),
            value,
        };
        std::iter::once(header)
            .chain(self.0.iter().cloned())
            .collect()
    }
}

fn string_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Schema::required(Type::String));
    &SCHEMA
}
