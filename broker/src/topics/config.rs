//! A topic's configuration: what is set, and what follows from it.

use std::collections::BTreeMap;

use super::keys::{INTERNAL_SEGMENT_BYTES, Key, find, list};
use crate::log::{Flush, LogConfig};
use crate::partition::PartitionSettings;

/// What has been set on a topic; what has not been set has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct TopicConfigs(BTreeMap<String, String>);

impl TopicConfigs {
    /// Takes what is to be set, or says what is wrong with it.
    pub(crate) fn new(entries: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let entries: BTreeMap<_, _> = entries.into_iter().collect();
        for (name, value) in &entries {
            let Some(key) = find(name) else {
                return Err(format!("Unknown topic config name: {name}"));
            };
            if let Some(problem) = key.problem(value) {
                return Err(problem);
            }
        }
        Ok(Self(entries))
    }

    /// What has been set.
    pub(crate) fn set(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// What holds for `key`.
    pub(crate) fn value<'a>(&'a self, key: &'a Key) -> &'a str {
        self.0.get(key.name).map_or(key.default, String::as_str)
    }

    fn text(&self, name: &str) -> &str {
        match (self.0.get(name), find(name)) {
            (Some(value), _) => value.trim(),
            (None, Some(key)) => key.default,
            (None, None) => "",
        }
    }

    /// A number that has been checked when it was set; one that is negative means "no bound".
    fn bound(&self, name: &str) -> Option<u64> {
        self.text(name).parse().ok()
    }

    fn number(&self, name: &str) -> u64 {
        self.bound(name).unwrap_or(0)
    }

    fn signed(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(i64::MAX)
    }

    fn policy(&self, policy: &str) -> bool {
        list(self.text("cleanup.policy")).contains(&policy)
    }

    /// How many replicas an acknowledgement by all needs.
    pub(crate) fn min_insync_replicas(&self) -> u64 {
        self.number("min.insync.replicas")
    }

    /// What the log is told.
    pub(crate) fn log(&self) -> LogConfig {
        let segment_bytes = self.bound(INTERNAL_SEGMENT_BYTES.name);
        LogConfig {
            segment_bytes: segment_bytes.unwrap_or_else(|| self.number("segment.bytes")),
            segment_ms: self.number("segment.ms"),
            index_interval_bytes: u32::try_from(self.number("index.interval.bytes"))
                .unwrap_or(u32::MAX),
            retention_ms: self.bound("retention.ms"),
            retention_bytes: self.bound("retention.bytes"),
            compact: self.policy("compact"),
            delete: self.policy("delete"),
            min_cleanable_ratio: self
                .text("min.cleanable.dirty.ratio")
                .parse()
                .unwrap_or(0.5),
            delete_retention_ms: self.number("delete.retention.ms"),
            min_compaction_lag_ms: self.number("min.compaction.lag.ms"),
            flush: self.flush(),
        }
    }

    fn flush(&self) -> Flush {
        const NEVER: u64 = i64::MAX.unsigned_abs();
        match (self.number("flush.messages"), self.number("flush.ms")) {
            (NEVER, NEVER) => Flush::Never,
            (NEVER, ms) => Flush::EveryMs(ms),
            (messages, _) => Flush::EveryMessages(messages),
        }
    }

    /// What the partition is told.
    pub(crate) fn partition(&self) -> PartitionSettings {
        PartitionSettings {
            max_message_bytes: u32::try_from(self.number("max.message.bytes")).unwrap_or(u32::MAX),
            log_append_time: self.text("message.timestamp.type") == "LogAppendTime",
            timestamp_before_max_ms: self.signed("message.timestamp.before.max.ms"),
            timestamp_after_max_ms: self.signed("message.timestamp.after.max.ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::keys::KEYS;

    fn configs(entries: &[(&str, &str)]) -> Result<TopicConfigs, String> {
        TopicConfigs::new(
            entries
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn the_defaults_are_valid_and_in_order() {
        for key in KEYS {
            assert_eq!(key.problem(key.default), None, "{}", key.name);
        }
        assert!(KEYS.is_sorted_by_key(|key| key.name));
    }

    #[test]
    fn values_reach_the_log() {
        let configs = configs(&[
            ("cleanup.policy", "compact,delete"),
            ("retention.ms", "-1"),
            ("retention.bytes", "1000"),
            ("internal.segment.bytes", "100"),
            ("flush.messages", "1"),
            ("message.timestamp.type", "LogAppendTime"),
            ("max.message.bytes", "77"),
        ])
        .unwrap();
        let log = configs.log();
        assert!(log.compact && log.delete);
        assert_eq!(log.retention_ms, None);
        assert_eq!(log.retention_bytes, Some(1000));
        assert_eq!(log.segment_bytes, 100);
        assert!(matches!(log.flush, Flush::EveryMessages(1)));
        assert!(configs.partition().log_append_time);
        assert_eq!(configs.partition().max_message_bytes, 77);
    }

    #[test]
    fn what_is_not_done_is_refused_by_name() {
        for (name, value) in [
            ("compression.type", "gzip"),
            ("remote.storage.enable", "true"),
            ("retention.ms", "-2"),
            ("retention.ms", "soon"),
            ("segment.bytes", "1000"),
            ("cleanup.policy", "compact,shred"),
            ("min.cleanable.dirty.ratio", "1.5"),
            ("preallocate", "maybe"),
        ] {
            let problem = configs(&[(name, value)]).unwrap_err();
            assert!(problem.contains(name), "{problem}");
            assert!(problem.contains(value), "{problem}");
        }
        assert_eq!(
            configs(&[("cleanup.polizei", "x")]),
            Err("Unknown topic config name: cleanup.polizei".to_owned())
        );
    }
}
