//! Every key of a topic's configuration that Kafka 4.3 knows, with its default, and what this
//! broker does with it (`TopicConfig`, `LogConfig`).

/// A key's type, by its number in DescribeConfigs (`ConfigEntry.ConfigType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub(crate) enum Kind {
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// Which values are taken.
#[derive(Debug, Clone, Copy)]
enum Check {
    /// All of its type.
    Any,
    /// Whole numbers from this one on.
    AtLeast(i64),
    /// Decimal numbers from 0 to 1.
    Ratio,
    /// One of these (or some of these, for a list).
    OneOf(&'static [&'static str]),
    /// Only the default: another value would promise what is not done.
    DefaultOnly,
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The broker's setting whose default is this one's. Empty where it has none, and the default
    /// is that of another setting (`log.retention.ms` and `log.retention.hours`) or of the topic's
    /// own (`ConfigHelper.configSynonyms`).
    pub(crate) broker_name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    check: Check,
    pub(crate) doc: &'static str,
}

const fn key(
    name: &'static str,
    broker_name: &'static str,
    kind: Kind,
    default: &'static str,
    check: Check,
    doc: &'static str,
) -> Key {
    Key {
        name,
        broker_name,
        kind,
        default,
        check,
        doc,
    }
}

const NEVER: &str = "9223372036854775807";
const ONE_NODE: &str =
    "Accepted and without effect: there is one node, which neither elects nor replicates.";
const NOT_STORED_THAT_WAY: &str =
    "Accepted and without effect: files are neither preallocated nor deleted later.";
const NOT_HERE: &str = "Not supported by this broker: only the default is accepted.";

/// Every key, in the order of their names.
pub(crate) static KEYS: &[Key] = &[
    key(
        "cleanup.policy",
        "log.cleanup.policy",
        Kind::List,
        "delete",
        Check::OneOf(&["compact", "delete"]),
        "Whether old segments are deleted, compacted, or both.",
    ),
    key(
        "compression.gzip.level",
        "compression.gzip.level",
        Kind::Int,
        "-1",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "compression.lz4.level",
        "compression.lz4.level",
        Kind::Int,
        "9",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "compression.type",
        "compression.type",
        Kind::String,
        "producer",
        Check::DefaultOnly,
        "Batches are kept as their producer sent them: only `producer` is accepted.",
    ),
    key(
        "compression.zstd.level",
        "compression.zstd.level",
        Kind::Int,
        "3",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "delete.retention.ms",
        "log.cleaner.delete.retention.ms",
        Kind::Long,
        "86400000",
        Check::AtLeast(0),
        "How long a tombstone is kept after compaction.",
    ),
    key(
        "file.delete.delay.ms",
        "log.segment.delete.delay.ms",
        Kind::Long,
        "60000",
        Check::AtLeast(0),
        NOT_STORED_THAT_WAY,
    ),
    key(
        "flush.messages",
        "log.flush.interval.messages",
        Kind::Long,
        NEVER,
        Check::AtLeast(1),
        "After how many records the log is forced to disk.",
    ),
    key(
        "flush.ms",
        "",
        Kind::Long,
        NEVER,
        Check::AtLeast(0),
        "After how long the log is forced to disk.",
    ),
    key(
        "follower.replication.throttled.replicas",
        "",
        Kind::List,
        "",
        Check::Any,
        ONE_NODE,
    ),
    key(
        "index.interval.bytes",
        "log.index.interval.bytes",
        Kind::Int,
        "4096",
        Check::AtLeast(0),
        "How many bytes of log lie between two entries of its index.",
    ),
    key(
        "leader.replication.throttled.replicas",
        "",
        Kind::List,
        "",
        Check::Any,
        ONE_NODE,
    ),
    key(
        "local.retention.bytes",
        "log.local.retention.bytes",
        Kind::Long,
        "-2",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "local.retention.ms",
        "log.local.retention.ms",
        Kind::Long,
        "-2",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "max.compaction.lag.ms",
        "log.cleaner.max.compaction.lag.ms",
        Kind::Long,
        NEVER,
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "max.message.bytes",
        "message.max.bytes",
        Kind::Int,
        "1048588",
        Check::AtLeast(0),
        "The largest batch that is taken.",
    ),
    key(
        "message.timestamp.after.max.ms",
        "log.message.timestamp.after.max.ms",
        Kind::Long,
        "3600000",
        Check::AtLeast(0),
        "How far ahead of the broker's clock a record's time may be.",
    ),
    key(
        "message.timestamp.before.max.ms",
        "log.message.timestamp.before.max.ms",
        Kind::Long,
        NEVER,
        Check::AtLeast(0),
        "How far behind the broker's clock a record's time may be.",
    ),
    key(
        "message.timestamp.type",
        "log.message.timestamp.type",
        Kind::String,
        "CreateTime",
        Check::OneOf(&["CreateTime", "LogAppendTime"]),
        "Whether records keep the time they were made at, or get the time of their arrival.",
    ),
    key(
        "min.cleanable.dirty.ratio",
        "log.cleaner.min.cleanable.ratio",
        Kind::Double,
        "0.5",
        Check::Ratio,
        "How much of the log has to be new before it is compacted.",
    ),
    key(
        "min.compaction.lag.ms",
        "log.cleaner.min.compaction.lag.ms",
        Kind::Long,
        "0",
        Check::AtLeast(0),
        "How long a record is kept from compaction.",
    ),
    key(
        "min.insync.replicas",
        "min.insync.replicas",
        Kind::Int,
        "1",
        Check::AtLeast(1),
        "How many replicas have to have a record before it is acknowledged to a producer that asks for all; there is one.",
    ),
    key(
        "preallocate",
        "log.preallocate",
        Kind::Boolean,
        "false",
        Check::Any,
        NOT_STORED_THAT_WAY,
    ),
    key(
        "remote.log.copy.disable",
        "",
        Kind::Boolean,
        "false",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "remote.log.delete.on.disable",
        "",
        Kind::Boolean,
        "false",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "remote.storage.enable",
        "",
        Kind::Boolean,
        "false",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "retention.bytes",
        "log.retention.bytes",
        Kind::Long,
        "-1",
        Check::Any,
        "How large a partition may grow before its oldest segments are deleted; -1 for any size.",
    ),
    key(
        "retention.ms",
        "",
        Kind::Long,
        "604800000",
        Check::AtLeast(-1),
        "How long records are kept; -1 for ever.",
    ),
    key(
        "segment.bytes",
        "log.segment.bytes",
        Kind::Int,
        "1073741824",
        Check::AtLeast(1 << 20),
        "The size of a segment.",
    ),
    key(
        "segment.index.bytes",
        "log.index.size.max.bytes",
        Kind::Int,
        "10485760",
        Check::AtLeast(4),
        NOT_STORED_THAT_WAY,
    ),
    key(
        "segment.jitter.ms",
        "",
        Kind::Long,
        "0",
        Check::DefaultOnly,
        NOT_HERE,
    ),
    key(
        "segment.ms",
        "",
        Kind::Long,
        "604800000",
        Check::AtLeast(1),
        "After how long a segment is closed even if it is small.",
    ),
    key(
        "unclean.leader.election.enable",
        "unclean.leader.election.enable",
        Kind::Boolean,
        "false",
        Check::Any,
        ONE_NODE,
    ),
];

/// A key that Kafka's own tests use and nobody sees: the size of a segment without a lower bound.
pub(super) const INTERNAL_SEGMENT_BYTES: Key = key(
    "internal.segment.bytes",
    "",
    Kind::Int,
    "",
    Check::AtLeast(1),
    "",
);

/// The key of that name.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    if name == INTERNAL_SEGMENT_BYTES.name {
        static HIDDEN: Key = INTERNAL_SEGMENT_BYTES;
        return Some(&HIDDEN);
    }
    KEYS.iter().find(|key| key.name == name)
}

impl Key {
    /// Why `value` cannot be this key's, if it cannot, as Kafka words it.
    pub(super) fn problem(&self, value: &str) -> Option<String> {
        let invalid = |why: String| {
            Some(format!(
                "Invalid value {value} for configuration {}: {why}",
                self.name
            ))
        };
        let value = value.trim();
        let number = match self.kind {
            Kind::Boolean => match value.to_ascii_lowercase().as_str() {
                "true" | "false" => 0,
                _ => return invalid("Expected value to be either true or false".to_owned()),
            },
            Kind::Int => match value.parse::<i32>() {
                Ok(number) => i64::from(number),
                Err(_) => return invalid("Not a number of type INT".to_owned()),
            },
            Kind::Long => match value.parse::<i64>() {
                Ok(number) => number,
                Err(_) => return invalid("Not a number of type LONG".to_owned()),
            },
            Kind::Double if value.parse::<f64>().is_err() => {
                return invalid("Not a number of type DOUBLE".to_owned());
            }
            Kind::Double | Kind::String | Kind::List => 0,
        };
        match self.check {
            Check::Any => None,
            Check::AtLeast(least) if number < least => {
                invalid(format!("Value must be at least {least}"))
            }
            Check::AtLeast(_) => None,
            Check::Ratio if !value.parse().is_ok_and(|v: f64| (0.0..=1.0).contains(&v)) => {
                invalid("Value must be between 0 and 1".to_owned())
            }
            Check::Ratio => None,
            Check::OneOf(known) => self
                .items(value)
                .into_iter()
                .find(|item| !known.contains(item))
                .and_then(|_| invalid(format!("String must be one of: {}", known.join(", ")))),
            Check::DefaultOnly if value == self.default => None,
            Check::DefaultOnly => invalid(format!(
                "this broker does not support it: leave it out, or set it to {}",
                self.default
            )),
        }
    }

    fn items<'a>(&self, value: &'a str) -> Vec<&'a str> {
        if self.kind == Kind::List {
            list(value)
        } else {
            vec![value]
        }
    }
}

/// A list's items; none for an empty text.
pub(crate) fn list(value: &str) -> Vec<&str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect()
}
