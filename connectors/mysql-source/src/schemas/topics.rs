use bytestring::ByteString;

use super::names;
use crate::tables::TableId;

/// Names of topics (`io.debezium.schema.DefaultTopicNamingStrategy`).
#[derive(Debug, Clone)]
pub struct TopicNames {
    prefix: ByteString,
    delimiter: String,
}

/// Kafka's limit (`org.apache.kafka.common.internals.Topic`).
const MAX_LENGTH: usize = 249;

impl TopicNames {
    /// Names that begin with `topic.prefix`, joined by `topic.delimiter`.
    pub fn new(prefix: impl Into<ByteString>, delimiter: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            delimiter: delimiter.into(),
        }
    }

    /// `topic.prefix`: the name of the source, and of the topic of schema changes.
    pub fn prefix(&self) -> &ByteString {
        &self.prefix
    }

    /// The topic of a table's changes; it is the prefix of the names of its schemas, too.
    pub fn data_change(&self, table: &TableId) -> ByteString {
        let parts = [&*self.prefix, table.database(), table.table()];
        let filled: Vec<&str> = parts
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .collect();
        sanitize(&filled.join(&self.delimiter)).into()
    }

    /// The topic of schema changes.
    pub fn schema_change(&self) -> ByteString {
        self.prefix.clone()
    }

    /// The topic of transactions' begins and ends; `name` is `topic.transaction`.
    pub fn transaction(&self, name: &str) -> ByteString {
        format!("{}{}{name}", self.prefix, self.delimiter).into()
    }

    /// The topic of heartbeats; `prefix` is `topic.heartbeat.prefix`.
    pub fn heartbeat(&self, prefix: &str) -> ByteString {
        format!("{prefix}{}{}", self.delimiter, self.prefix).into()
    }
}

fn sanitize(name: &str) -> String {
    // Java looks at UTF-16 units: a character outside the basic plane gives two underscores.
    let mut sanitized: String = names::replace_units(
        name,
        |c| matches!(c, '.' | '_' | '-' | 'A'..='Z' | 'a'..='z' | '0'..='9'),
    );
    sanitized.truncate(MAX_LENGTH);
    match sanitized.as_str() {
        "." => "_".to_owned(),
        ".." => "__".to_owned(),
        _ => sanitized,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_debeziums() {
        let topics = TopicNames::new("a_raw", ".");
        let odd = TableId::new("inventory", "odd name-€.$x");
        assert_eq!(topics.data_change(&odd), "a_raw.inventory.odd_name-_._x");
        assert_eq!(
            topics.data_change(&TableId::new("db", "t😀")),
            "a_raw.db.t__"
        );
        assert_eq!(topics.transaction("transaction"), "a_raw.transaction");
        assert_eq!(
            topics.heartbeat("__debezium-heartbeat"),
            "__debezium-heartbeat.a_raw"
        );
        let long = topics.data_change(&TableId::new("db", "t".repeat(300)));
        assert_eq!(long.len(), MAX_LENGTH);
    }
}
