//! Records in Avro, as producers with Confluent's serializers write them; written by a writer that is
//! not ours.

use apache_avro::Schema;
use apache_avro::types::Value as AvroValue;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::{Value, json};

use crate::registry::Registry;
use crate::rest::Rest;

/// Writes values of one schema, which the registry under test knows.
#[derive(Debug, Clone)]
pub struct AvroWriter {
    id: u32,
    schema: Schema,
}

impl AvroWriter {
    /// Registers a schema for a subject.
    ///
    /// # Panics
    /// If the registry does not take it.
    pub async fn register(subject: &str, schema: &Value) -> Self {
        let path = format!("/subjects/{subject}/versions");
        let body = json!({"schema": schema.to_string()}).to_string();
        let rest = Rest::new(Registry::url());
        let answer = rest.send("POST", &path, Some(&body)).await;
        assert_eq!(answer.status, 200, "{subject}: {}", answer.text);
        let id = answer.json()["id"].as_u64().expect("an id");
        let parsed = Schema::parse_str(&schema.to_string());
        Self {
            id: u32::try_from(id).expect("a small number"),
            schema: parsed.unwrap_or_else(|error| panic!("{error}: {schema}")),
        }
    }

    /// A zero, the schema's id, and the value in Avro's binary form. Fields that are not there have
    /// their defaults.
    ///
    /// # Panics
    /// If the value does not fit the schema.
    pub fn value(&self, value: &Value) -> Vec<u8> {
        let fitting = plain(value).resolve(&self.schema);
        let fitting = fitting.unwrap_or_else(|error| panic!("{error}: {value}"));
        let writer = GenericDatumWriter::builder(&self.schema).build();
        let bytes = writer.expect("a writer").write_value_to_vec(fitting);
        [&[0], &self.id.to_be_bytes()[..], &bytes.expect("written")].concat()
    }
}

/// JSON in Avro's plainest types; the schema makes the right ones of them.
fn plain(value: &Value) -> AvroValue {
    match value {
        Value::Null => AvroValue::Null,
        Value::Bool(value) => AvroValue::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => AvroValue::Long(number),
            None => AvroValue::Double(number.as_f64().expect("a double")),
        },
        Value::String(text) => AvroValue::String(text.clone()),
        Value::Array(items) => AvroValue::Array(items.iter().map(plain).collect()),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)));
            AvroValue::Map(fields.collect())
        }
    }
}
