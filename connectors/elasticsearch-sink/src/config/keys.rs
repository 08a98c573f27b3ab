//! The keys. Names, defaults, checks and groups are the original's
//! (`ElasticsearchSinkConnectorConfig` 15.1); those of 5.5 stand at the end.

use std::sync::LazyLock;

use connect_api::config::{Check, ConfigDef, ConfigValue, Key, Secret, Width};

use super::ssl_keys;

const CONNECTOR: &str = "Connector";
const CONVERSION: &str = "Data Conversion";
const PROXY: &str = "Proxy";
const KERBEROS: &str = "Kerberos";
const DAY_MS: i64 = 86_400_000;

pub(crate) const CONNECTION_URL: Key<Vec<String>> = Key::new("connection.url")
    .check(Check::Custom(urls))
    .high()
    .group(CONNECTOR)
    .width(Width::Long)
    .display_name("Connection URLs")
    .doc(
        "URLs of Elasticsearch's nodes, comma-separated: http://host1:9200,http://host2:9200. A \
         URL without a scheme is taken as http. Requests go to the nodes in turn; one that does \
         not answer is left out for a while.",
    );

pub(crate) const CONNECTION_USERNAME: Key<Option<String>> = Key::new("connection.username")
    .default_null()
    .medium()
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Connection Username")
    .doc("The user for HTTP basic authentication, together with 'connection.password'.");

pub(crate) const CONNECTION_PASSWORD: Key<Option<Secret>> = Key::new("connection.password")
    .default_null()
    .medium()
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Connection Password")
    .doc("The password for HTTP basic authentication, together with 'connection.username'.");

pub(crate) const CONNECTION_API_KEY: Key<Option<Secret>> = Key::new("connection.api.key")
    .default_null()
    .medium()
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Connection API Key")
    .doc(
        "An API key in place of a user: its encoded form, as Elasticsearch returns it, or \
         'id:api_key'. The original has no such setting.",
    );

pub(crate) const EXTERNAL_RESOURCE_USAGE: Key<String> = Key::new("external.resource.usage")
    .default("DISABLED")
    .check(Check::OneOfAnyCase(&[
        "INDEX",
        "DATASTREAM",
        "ALIAS_INDEX",
        "ALIAS_DATASTREAM",
        "DISABLED",
    ]))
    .recommended(&[
        "index",
        "datastream",
        "alias_index",
        "alias_datastream",
        "disabled",
    ])
    .high()
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("External Resource Usage")
    .doc(
        "What 'topic.to.external.resource.mapping' maps to: INDEX, DATASTREAM, ALIAS_INDEX or \
         ALIAS_DATASTREAM. DISABLED: indices or data streams are named after topics and created.",
    );

pub(crate) const TOPIC_TO_EXTERNAL_RESOURCE_MAPPING: Key<Vec<String>> =
    Key::new("topic.to.external.resource.mapping")
        .default("")
        .high()
        .group(CONNECTOR)
        .width(Width::Long)
        .display_name("Topic to External Resource Mapping")
        .doc(
            "A list of 'topic:resource': where each topic's documents go. The resources must be \
             there; 'external.resource.usage' says what they are.",
        );

pub(crate) const MAX_EXTERNAL_RESOURCE_MAPPINGS: Key<i32> =
    Key::new("max.external.resource.mappings")
        .default("15")
        .check(Check::AtLeast(1))
        .medium()
        .group(CONNECTOR)
        .width(Width::Short)
        .display_name("Maximum External Resource Mappings")
        .doc("How many pairs 'topic.to.external.resource.mapping' may have.");

pub(crate) const DATA_STREAM_TYPE: Key<String> = Key::new("data.stream.type")
    .default("NONE")
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Data Stream Type")
    .recommended(&["logs", "metrics", "none"])
    .doc(
        "The first part of a data stream's name (type-dataset-namespace): logs, metrics or any \
         other. NONE: indices are written, not data streams.",
    );

pub(crate) const DATA_STREAM_DATASET: Key<String> = Key::new("data.stream.dataset")
    .default("")
    .check(Check::Custom(data_stream_part))
    .group(CONNECTOR)
    .width(Width::Medium)
    .display_name("Data Stream Dataset")
    .doc("The second part of a data stream's name; together with 'data.stream.type'.");

pub(crate) const DATA_STREAM_NAMESPACE: Key<String> = Key::new("data.stream.namespace")
    .default("${topic}")
    .check(Check::Custom(data_stream_part))
    .group(CONNECTOR)
    .width(Width::Medium)
    .display_name("Data Stream Namespace")
    .doc("The third part of a data stream's name; '${topic}' stands for the topic.");

pub(crate) const DATA_STREAM_TIMESTAMP_FIELD: Key<Vec<String>> =
    Key::new("data.stream.timestamp.field")
        .default("")
        .group(CONNECTOR)
        .width(Width::Long)
        .display_name("Data Stream Timestamp Field")
        .doc(
            "Which field becomes '@timestamp' in a data stream: the first of these that a record \
             has. None: the record's timestamp.",
        );

pub(crate) const BATCH_SIZE: Key<i32> = Key::new("batch.size")
    .default("2000")
    .check(Check::Between(1, 1_000_000))
    .medium()
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Batch Size")
    .doc("How many documents one bulk request has at most.");

pub(crate) const BULK_SIZE_BYTES: Key<i64> = Key::new("bulk.size.bytes")
    .default("5242880")
    .check(Check::Between(-1, i32::MAX as i64))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Bulk Size (bytes)")
    .doc("From which size on a bulk request is sent, before it has 'batch.size' documents; -1 for no limit.");

pub(crate) const MAX_IN_FLIGHT_REQUESTS: Key<i32> = Key::new("max.in.flight.requests")
    .default("5")
    .check(Check::Between(1, 1000))
    .medium()
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Max In-flight Requests")
    .doc("How many bulk requests a task has under way at most.");

pub(crate) const MAX_BUFFERED_RECORDS: Key<i32> = Key::new("max.buffered.records")
    .default("20000")
    .check(Check::Between(1, i32::MAX as i64))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Max Buffered Records")
    .doc("How many records a task holds at most before it takes no more.");

pub(crate) const LINGER_MS: Key<i64> = Key::new("linger.ms")
    .default("1")
    .check(Check::Between(0, 7 * DAY_MS))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Linger (ms)")
    .doc(
        "How long a request that is not full waits for more records. While other requests are \
         under way it waits for one of them to end.",
    );

pub(crate) const FLUSH_TIMEOUT_MS: Key<i64> = Key::new("flush.timeout.ms")
    .default("180000")
    .check(Check::Between(1000, 7 * DAY_MS))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Flush Timeout (ms)")
    .doc(
        "How long a flush may take, and, if this is given, how long a task waits for room for \
         more records before it fails. (10000 was the default of 5.5.)",
    );

pub(crate) const FLUSH_SYNCHRONOUSLY: Key<bool> = Key::new("flush.synchronously")
    .default("false")
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Flush synchronously")
    .doc(
        "Whether a commit waits, up to 'flush.timeout.ms', until all records are written. \
         Otherwise it commits those that are.",
    );

pub(crate) const MAX_RETRIES: Key<i32> = Key::new("max.retries")
    .default("5")
    .check(Check::AtLeast(0))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Max Retries")
    .doc(
        "How often a request or a document is sent again after a passing fault before the task \
         fails. If this is not given, nodes that do not answer or have no room (429, 503) are \
         waited for, however long it takes.",
    );

pub(crate) const RETRY_BACKOFF_MS: Key<i64> = Key::new("retry.backoff.ms")
    .default("100")
    .check(Check::Between(0, DAY_MS))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Retry Backoff (ms)")
    .doc("The pause before the first retry; each further one is up to twice as long, up to a minute.");

pub(crate) const CONNECTION_COMPRESSION: Key<bool> = Key::new("connection.compression")
    .default("false")
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Compression")
    .doc("Whether requests and answers are compressed by gzip.");

pub(crate) const MAX_CONNECTION_IDLE_TIME_MS: Key<i32> = Key::new("max.connection.idle.time.ms")
    .default("60000")
    .check(Check::Between(-1, DAY_MS))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Max Connection Idle Time")
    .doc("How long a connection may be idle before it is closed; -1 for as long as the server lets it.");

pub(crate) const CONNECTION_TIMEOUT_MS: Key<i32> = Key::new("connection.timeout.ms")
    .default("1000")
    .check(Check::Between(0, DAY_MS / 2))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Connection Timeout")
    .doc("How long connecting to a node may take; 0 for no limit.");

pub(crate) const READ_TIMEOUT_MS: Key<i32> = Key::new("read.timeout.ms")
    .default("3000")
    .check(Check::Between(0, 7 * DAY_MS))
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Read Timeout")
    .doc(
        "How long a node may take to answer; 0 for no limit. A request that is sent again after \
         it gets twice as long, up to a minute.",
    );

pub(crate) const KEY_IGNORE: Key<bool> = Key::new("key.ignore")
    .default("false")
    .high()
    .group(CONVERSION)
    .width(Width::Short)
    .display_name("Ignore Key mode")
    .doc(
        "Whether a document's id is 'topic+partition+offset' instead of the record's key. Then \
         documents have no external version.",
    );

pub(crate) const SCHEMA_IGNORE: Key<bool> = Key::new("schema.ignore")
    .default("false")
    .group(CONVERSION)
    .width(Width::Short)
    .display_name("Ignore Schema mode")
    .doc(
        "Whether records' schemas make no mapping: Elasticsearch then derives it from the \
         documents. Needed for records without schemas.",
    );

pub(crate) const COMPACT_MAP_ENTRIES: Key<bool> = Key::new("compact.map.entries")
    .default("true")
    .group(CONVERSION)
    .width(Width::Short)
    .display_name("Compact Map Entries")
    .doc(
        "Whether a map with string keys is written as an object, \"key\": value, or as a list of \
         {\"key\": …, \"value\": …} like any other map.",
    );

pub(crate) const TOPIC_KEY_IGNORE: Key<Vec<String>> = Key::new("topic.key.ignore")
    .default("")
    .group(CONVERSION)
    .width(Width::Long)
    .display_name("Topics for 'Ignore Key' mode")
    .doc("Topics for which 'key.ignore' is true.");

pub(crate) const TOPIC_SCHEMA_IGNORE: Key<Vec<String>> = Key::new("topic.schema.ignore")
    .default("")
    .group(CONVERSION)
    .width(Width::Long)
    .display_name("Topics for 'Ignore Schema' mode")
    .doc("Topics for which 'schema.ignore' is true.");

pub(crate) const DROP_INVALID_MESSAGE: Key<bool> = Key::new("drop.invalid.message")
    .default("false")
    .group(CONVERSION)
    .width(Width::Long)
    .display_name("Drop invalid messages")
    .doc("Whether a record that cannot become a document is dropped, whatever 'errors.tolerance' says.");

pub(crate) const BEHAVIOR_ON_NULL_VALUES: Key<String> = Key::new("behavior.on.null.values")
    .default("FAIL")
    .check(Check::OneOfAnyCase(&["IGNORE", "DELETE", "FAIL"]))
    .recommended(&["ignore", "delete", "fail"])
    .group(CONVERSION)
    .width(Width::Short)
    .display_name("Behavior for null-valued records")
    .doc(
        "What a record with a key and no value does: 'ignore', 'delete' the document, or 'fail'. \
         Where 'type.name' is given, a setting of versions before 11, the default is theirs: \
         'ignore'.",
    );

pub(crate) const BEHAVIOR_ON_MALFORMED_DOCUMENTS: Key<String> =
    Key::new("behavior.on.malformed.documents")
        .default("FAIL")
        .check(Check::OneOfAnyCase(&["IGNORE", "WARN", "FAIL"]))
        .recommended(&["ignore", "warn", "fail"])
        .group(CONVERSION)
        .width(Width::Short)
        .display_name("Behavior on malformed documents")
        .doc(
            "What happens with a document that Elasticsearch refuses for what it is (a mapping \
             conflict, a field too many): 'ignore', 'warn', or 'fail'. With 'fail' it goes the \
             way of 'errors.tolerance' and the dead letter queue.",
        );

pub(crate) const EXTERNAL_VERSION_HEADER: Key<String> = Key::new("external.version.header")
    .default("")
    .group(CONVERSION)
    .width(Width::Short)
    .display_name("External Version Header Name")
    .doc("The header whose number is a document's external version, in place of the record's offset.");

pub(crate) const WRITE_METHOD: Key<String> = Key::new("write.method")
    .default("INSERT")
    .check(Check::OneOfAnyCase(&["INSERT", "UPSERT"]))
    .recommended(&["insert", "upsert"])
    .group(CONVERSION)
    .width(Width::Short)
    .display_name("Write Method")
    .doc(
        "'insert' replaces a document as a whole; 'upsert' changes the fields that the record \
         has, and makes the document if there is none.",
    );

pub(crate) const USE_AUTOGENERATED_IDS: Key<bool> = Key::new("use.autogenerated.ids")
    .default("false")
    .medium()
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Elasticsearch Generated IDs")
    .doc(
        "Whether Elasticsearch makes the ids; only with 'insert', and then keys are ignored. A \
         record that is written again becomes a second document.",
    );

pub(crate) const PROXY_HOST: Key<String> = Key::new("proxy.host")
    .default("")
    .group(PROXY)
    .width(Width::Long)
    .display_name("Proxy Host")
    .doc("The host of an HTTP proxy to connect through.");

pub(crate) const PROXY_PORT: Key<i32> = Key::new("proxy.port")
    .default("8080")
    .check(Check::Between(1, 65535))
    .group(PROXY)
    .width(Width::Long)
    .display_name("Proxy Port")
    .doc("The proxy's port.");

pub(crate) const PROXY_USERNAME: Key<String> = Key::new("proxy.username")
    .default("")
    .group(PROXY)
    .width(Width::Long)
    .display_name("Proxy Username")
    .doc("The user at the proxy.");

pub(crate) const PROXY_PASSWORD: Key<Option<Secret>> = Key::new("proxy.password")
    .default_null()
    .group(PROXY)
    .width(Width::Long)
    .display_name("Proxy Password")
    .doc("The user's password at the proxy.");

pub(crate) const KERBEROS_PRINCIPAL: Key<Option<String>> = Key::new("kerberos.user.principal")
    .default_null()
    .group(KERBEROS)
    .width(Width::Long)
    .display_name("Kerberos User Principal")
    .doc("Not supported: a configuration that has it is refused.");

pub(crate) const KERBEROS_KEYTAB_PATH: Key<Option<String>> = Key::new("kerberos.keytab.path")
    .default_null()
    .group(KERBEROS)
    .width(Width::Long)
    .display_name("Kerberos Keytab File Path")
    .doc("Not supported: a configuration that has it is refused.");

// Of versions before 11.

pub(crate) const TYPE_NAME: Key<Option<String>> = Key::new("type.name")
    .default_null()
    .group(CONVERSION)
    .width(Width::Short)
    .display_name("Type Name")
    .doc(
        "The mapping type, for servers that have types (before 7); '_doc' if it is not given. \
         Other servers take no notice of it.",
    );

pub(crate) const TOPIC_INDEX_MAP: Key<Vec<String>> = Key::new("topic.index.map")
    .default("")
    .group(CONVERSION)
    .width(Width::Long)
    .display_name("Topic to Index Map")
    .doc(
        "A list of 'topic:index': indices that are not named after their topics. They are created.",
    );

pub(crate) const AUTO_CREATE_INDICES_AT_START: Key<bool> = Key::new("auto.create.indices.at.start")
    .default("false")
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Create indices at startup")
    .doc(
        "Whether the indices of a task's topics are created before their first records come. \
         (Versions that had this setting did so by default.)",
    );

pub(crate) const LOG_SENSITIVE_DATA: Key<bool> = Key::new("log.sensitive.data")
    .default("false")
    .group(CONNECTOR)
    .width(Width::Short)
    .display_name("Log Sensitive data")
    .doc("Has no effect: why a document was refused is always told in Elasticsearch's own words.");

/// All keys, in the original's order.
pub(crate) fn definition() -> &'static ConfigDef {
    static DEFINITION: LazyLock<ConfigDef> = LazyLock::new(|| {
        let def = conversion(connector(ConfigDef::new()));
        let def = def
            .with(&PROXY_HOST)
            .with(&PROXY_PORT)
            .with(&PROXY_USERNAME)
            .with(&PROXY_PASSWORD);
        let mut def = ssl_keys::add(def)
            .with(&KERBEROS_PRINCIPAL)
            .with(&KERBEROS_KEYTAB_PATH);
        def = def.with(&TYPE_NAME).with(&TOPIC_INDEX_MAP);
        def.with(&AUTO_CREATE_INDICES_AT_START)
            .with(&LOG_SENSITIVE_DATA)
    });
    &DEFINITION
}

fn connector(def: ConfigDef) -> ConfigDef {
    def.with(&CONNECTION_URL)
        .with(&CONNECTION_USERNAME)
        .with(&CONNECTION_PASSWORD)
        .with(&EXTERNAL_RESOURCE_USAGE)
        .with(&TOPIC_TO_EXTERNAL_RESOURCE_MAPPING)
        .with(&MAX_EXTERNAL_RESOURCE_MAPPINGS)
        .with(&DATA_STREAM_TYPE)
        .with(&DATA_STREAM_DATASET)
        .with(&DATA_STREAM_NAMESPACE)
        .with(&DATA_STREAM_TIMESTAMP_FIELD)
        .with(&BATCH_SIZE)
        .with(&BULK_SIZE_BYTES)
        .with(&MAX_IN_FLIGHT_REQUESTS)
        .with(&MAX_BUFFERED_RECORDS)
        .with(&LINGER_MS)
        .with(&FLUSH_TIMEOUT_MS)
        .with(&FLUSH_SYNCHRONOUSLY)
        .with(&MAX_RETRIES)
        .with(&RETRY_BACKOFF_MS)
        .with(&CONNECTION_COMPRESSION)
        .with(&MAX_CONNECTION_IDLE_TIME_MS)
        .with(&CONNECTION_TIMEOUT_MS)
        .with(&READ_TIMEOUT_MS)
        .with(&CONNECTION_API_KEY)
}

fn conversion(def: ConfigDef) -> ConfigDef {
    def.with(&KEY_IGNORE)
        .with(&SCHEMA_IGNORE)
        .with(&COMPACT_MAP_ENTRIES)
        .with(&TOPIC_KEY_IGNORE)
        .with(&TOPIC_SCHEMA_IGNORE)
        .with(&DROP_INVALID_MESSAGE)
        .with(&BEHAVIOR_ON_NULL_VALUES)
        .with(&BEHAVIOR_ON_MALFORMED_DOCUMENTS)
        .with(&EXTERNAL_VERSION_HEADER)
        .with(&WRITE_METHOD)
        .with(&USE_AUTOGENERATED_IDS)
}

fn urls(value: &ConfigValue) -> Result<(), String> {
    let ConfigValue::List(urls) = value else {
        return Err("The config must be provided and non-null.".to_owned());
    };
    if urls.iter().all(|url| url.is_empty()) {
        return Err("at least one URL is needed, such as http://localhost:9200".to_owned());
    }
    for url in urls {
        crate::client::parse_url(url)?;
    }
    Ok(())
}

/// `DataStreamDatasetValidator` and `DataStreamNamespaceValidator`.
fn data_stream_part(value: &ConfigValue) -> Result<(), String> {
    let ConfigValue::String(part) = value else {
        return Ok(());
    };
    if part.chars().count() > 100 {
        return Err("it must be no longer than 100 characters".to_owned());
    }
    if *part != part.to_lowercase() {
        return Err("it must be in all lowercase".to_owned());
    }
    if part.contains([
        '\\', '/', '*', '?', '"', '<', '>', '|', ' ', ',', '#', '-', ':',
    ]) {
        return Err("it must not contain any spaces or characters of \\/*?\"<>|,#-:".to_owned());
    }
    Ok(())
}
