//! What a registry is started with.

use connect_kafka::Props;

/// `kafkastore.topic`.
const TOPIC: &str = "_schemas";
/// `kafkastore.topic.replication.factor`, brought down to what a single node can do: -1 is the
/// broker's default.
const REPLICATION_FACTOR: i32 = -1;

/// What a registry is started with.
#[derive(Debug, Clone)]
pub struct RegistrySettings {
    /// Where it listens: `127.0.0.1:8081`; port 0 for any free one.
    pub listen: String,
    /// How Kafka is reached, under the Java client's names: `bootstrap.servers`, and `sasl.*`,
    /// `ssl.*`, `security.protocol` where needed.
    pub client: Props,
    /// The topic that schemas are kept in. Created when missing: one partition, compacted.
    pub topic: String,
    /// Of that topic, when it is created; -1 for the broker's default.
    pub replication_factor: i32,
}

impl RegistrySettings {
    /// With Confluent's defaults.
    #[must_use]
    pub fn new(listen: impl Into<String>, bootstrap_servers: impl Into<String>) -> Self {
        let client = Props::from([("bootstrap.servers".to_owned(), bootstrap_servers.into())]);
        Self {
            listen: listen.into(),
            client,
            topic: TOPIC.to_owned(),
            replication_factor: REPLICATION_FACTOR,
        }
    }
}
