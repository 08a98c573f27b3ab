//! Where our REST API answers otherwise than the recorded one, by the exchange's number. All
//! kinds of differences stand in docs/compatibility.md too.

/// The connector that is refused here: its name has a `/`.
pub(crate) const CONNECTORS_NOT_HERE: &[&str] = &["a/b c?é"];

/// A setting of the original that turns off a thread pool: there is none here.
pub(crate) const KEY_NOT_HERE: &str = "internal.legacy.snapshot.max.threads";

/// Another answer than the recorded one, on purpose.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) exchange: u64,
    pub(crate) status: u16,
    /// What our body has in it.
    pub(crate) body: &'static str,
    #[expect(dead_code, reason = "for who reads the list")]
    pub(crate) reason: &'static str,
}

const fn other(exchange: u64, status: u16, body: &'static str, reason: &'static str) -> Other {
    Other {
        exchange,
        status,
        body,
        reason,
    }
}

const CLIENTS_MISTAKE: &str = "400 that says what is wrong, where the original answers 500";
const HTML: &str = "one error format: JSON, not the HTML of the server below";
const NAME_WITH_SLASH: &str = "refused: the original creates it and can then not be asked about it";
const OUR_PLUGINS: &str = "the plugins that are there are other ones";
const LISTS_KNOWN: &str = "the classes that are known are listed besides";
const NULL_POINTER: &str = "all errors, where the original answers 500 with a NullPointerException";
const RESET_SEEN: &str = "a reset was not yet seen by the recorded worker's next answer";
const HISTORY_CHECKED: &str =
    "the settings of the schema history are checked too, and database.server.id is optional";
const VALUES_TOLD: &str = "the values that apply are told, where the original has null";
const NO_NULL_VALUE: &str = "an enum's wrong value is one error, without a null in its place";
const READ_AGAIN: &str =
    "how often the source's file was read again hangs on when its offsets were stored";
const NO_PREDICATE: &str = "a predicate's alias that is not there is an error besides";
const OUR_TRACE: &str = "a trace is ours: causes, without Java's stack";
const NO_FILE: &str = "couldn't find or create file '/nonexistent-dir/x' for FileStreamSinkTask";
const JDBC_KEYS: &str =
    "the JDBC sink's keys are told in our order, without those of its Java libraries";
const OUR_LOGGERS: &str = "loggers are named by Java's packages, without the classes in them";

pub(crate) const OTHER: &[Other] = &[
    other(11, 404, "HTTP 404 Not Found", HTML),
    other(23, 400, "not valid JSON", CLIENTS_MISTAKE),
    other(24, 400, "not valid JSON", CLIENTS_MISTAKE),
    other(25, 400, "no body", CLIENTS_MISTAKE),
    other(26, 400, "not an array", CLIENTS_MISTAKE),
    other(27, 400, "not null", CLIENTS_MISTAKE),
    other(28, 400, r#"\"config\" is missing"#, CLIENTS_MISTAKE),
    other(29, 400, r#"\"config\" is missing"#, CLIENTS_MISTAKE),
    other(34, 400, r#"unknown field \"bogus\""#, CLIENTS_MISTAKE),
    other(36, 400, "a/b", NAME_WITH_SLASH),
    other(37, 404, "not found", NAME_WITH_SLASH),
    other(38, 404, "No status found", NAME_WITH_SLASH),
    other(39, 404, "not found", NAME_WITH_SLASH),
    other(
        41,
        400,
        "Failed to find any class that implements Connector and which name matches com.acme.Nope, available connectors are: PluginDesc{klass=class io.",
        OUR_PLUGINS,
    ),
    other(
        44,
        400,
        "which name matches org.apache.kafka.connect.transforms.InsertField, available connectors are: PluginDesc{",
        OUR_PLUGINS,
    ),
    other(51, 400, r#"\"o\""#, CLIENTS_MISTAKE),
    other(52, 400, r#"\"o\""#, CLIENTS_MISTAKE),
    other(
        54,
        400,
        "Invalid value com.Nope for configuration transforms.t.type: Class com.Nope could not be found. Known",
        LISTS_KNOWN,
    ),
    other(
        57,
        400,
        "Invalid value com.Nope for configuration value.converter: Class com.Nope could not be found. Known",
        LISTS_KNOWN,
    ),
    other(
        68,
        400,
        "bogus is not known; known are RUNNING, PAUSED, STOPPED",
        CLIENTS_MISTAKE,
    ),
    other(73, 400, "Unable to connect", NULL_POINTER),
    other(
        74,
        400,
        "The 'topic.prefix' value is invalid: A value is required",
        NULL_POINTER,
    ),
    other(112, 400, "no body", CLIENTS_MISTAKE),
    other(114, 400, r#"\"config\""#, CLIENTS_MISTAKE),
    other(161, 200, NO_FILE, OUR_TRACE),
    other(162, 200, NO_FILE, OUR_TRACE),
    other(163, 202, NO_FILE, OUR_TRACE),
    other(164, 200, NO_FILE, OUR_TRACE),
    other(167, 200, r#"{"tour":{"topics":["#, RESET_SEEN),
    other(
        177,
        400,
        "The value for the 'position' key in the offset is expected to be a Long value",
        CLIENTS_MISTAKE,
    ),
    other(
        186,
        200,
        r#"{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"tour-topic"},"offset":{"kafka_offset":"#,
        READ_AGAIN,
    ),
    other(201, 200, r#""name":"insert.mode""#, JDBC_KEYS),
    other(
        207,
        400,
        "Connector config {} contains no connector type",
        CLIENTS_MISTAKE,
    ),
    other(209, 400, "com.acme.Nope", CLIENTS_MISTAKE),
    other(210, 200, r#""error_count":6"#, HISTORY_CHECKED),
    other(
        211,
        200,
        "Unable to connect: Access denied for user 'debezium'@",
        VALUES_TOLD,
    ),
    other(212, 200, r#""error_count":3"#, NO_NULL_VALUE),
    other(
        213,
        200,
        "The DLQ topic 'a' may not be included in the list of topics ('topics=[a]') consumed by the connector",
        NO_PREDICATE,
    ),
    other(214, 200, r#""root":{"level":"INFO""#, OUR_LOGGERS),
    other(215, 200, r#""root":{"level":"INFO""#, OUR_LOGGERS),
    other(
        219,
        200,
        r#"["org.apache.kafka.connect.runtime""#,
        OUR_LOGGERS,
    ),
];
