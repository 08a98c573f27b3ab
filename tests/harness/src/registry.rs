//! The schema registry's content, and records in Avro read by a reader that is
//! not ours.

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use serde_json::Value;

use crate::rest::Rest;
use crate::services::variable;

/// The schema registry under test.
#[derive(Debug, Clone)]
pub struct Registry {
    rest: Rest,
}

impl Registry {
    /// The one that `tests/services/up` started.
    ///
    /// # Panics
    /// If there is none.
    #[expect(clippy::new_without_default, reason = "it needs a service")]
    pub fn new() -> Self {
        Self {
            rest: Rest::new(Self::url()),
        }
    }

    /// Its URL, as `schema.registry.url` has it.
    ///
    /// # Panics
    /// If there is none.
    pub fn url() -> String {
        variable("SCHEMA_REGISTRY_URL")
    }

    /// The subjects that start with `prefix`.
    ///
    /// # Panics
    /// If the registry does not answer.
    pub async fn subjects(&self, prefix: &str) -> Vec<String> {
        let all = self.rest.get("/subjects").await;
        let all = all.as_array().expect("a list").iter();
        let names = all.filter_map(Value::as_str);
        let mut found: Vec<String> = names
            .filter(|name| name.starts_with(prefix))
            .map(str::to_owned)
            .collect();
        found.sort();
        found
    }

    /// The texts of a subject's schemas, by version.
    ///
    /// # Panics
    /// If the registry does not have them.
    pub async fn schemas(&self, subject: &str) -> Vec<String> {
        let versions = self
            .rest
            .get(&format!("/subjects/{subject}/versions"))
            .await;
        let mut texts = Vec::new();
        for version in versions.as_array().expect("a list") {
            let path = format!("/subjects/{subject}/versions/{version}");
            texts.push(schema_text(&self.rest.get(&path).await));
        }
        texts
    }

    /// Deletes the subjects that start with `prefix`.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn delete(&self, prefix: &str) {
        for subject in self.subjects(prefix).await {
            for query in ["", "?permanent=true"] {
                let path = format!("/subjects/{subject}{query}");
                let answer = self.rest.send("DELETE", &path, None).await;
                assert_eq!(answer.status, 200, "DELETE {path}: {}", answer.text);
            }
        }
    }

    /// The text of the schema that a record begins with, and its value.
    ///
    /// # Panics
    /// If the record is no Avro of a schema of this registry.
    pub async fn read(&self, record: &[u8]) -> (String, Value) {
        let (header, bytes) = record.split_at(5);
        assert_eq!(header[0], 0, "the magic byte");
        let id = u32::from_be_bytes(header[1..].try_into().expect("four bytes"));
        let schema = schema_text(&self.rest.get(&format!("/schemas/ids/{id}")).await);
        let value = read_avro(&schema, bytes);
        (schema, value)
    }
}

fn schema_text(answer: &Value) -> String {
    let text = answer["schema"].as_str();
    text.unwrap_or_else(|| panic!("no schema: {answer}"))
        .to_owned()
}

/// A value in Avro's binary form, read to its end by the crate `apache-avro`.
///
/// # Panics
/// If it is no Avro of the schema.
pub fn read_avro(schema: &str, mut bytes: &[u8]) -> Value {
    let parsed = Schema::parse_str(schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
    let reader = GenericDatumReader::builder(&parsed)
        .build()
        .expect("a reader");
    let value = reader
        .read_value(&mut bytes)
        .unwrap_or_else(|error| panic!("{error}: {bytes:?} of {schema}"));
    assert!(
        bytes.is_empty(),
        "bytes are left over: {bytes:?} of {schema}"
    );
    Value::try_from(value).expect("JSON")
}
