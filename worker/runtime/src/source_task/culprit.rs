//! Which record of a source failed, for messages.

use connect_api::Error;
use connect_api::record::{OffsetMap, Record, SourceOffset};

use crate::task::tolerance::FailedRecord;

/// What is known of the record that failed.
pub(super) struct Culprit<'r> {
    pub(super) partition: &'r OffsetMap,
    pub(super) offset: &'r SourceOffset,
    /// The record as the plugin returned it, where it was kept.
    pub(super) original: Option<&'r Record>,
    pub(super) topic: &'r str,
}

impl FailedRecord for Culprit<'_> {
    fn locate(&self, error: Error) -> Error {
        error
            .with("topic", self.topic)
            .with("source partition", text(self.partition))
            .with("source offset", text(&self.offset.to_map()))
    }

    fn describe(&self) -> Option<String> {
        let record = self.original?;
        Some(format!(
            ", where source record is = {record:?}, source partition {}, source offset {}",
            text(self.partition),
            text(&self.offset.to_map())
        ))
    }
}

/// A map as compact JSON.
pub(super) fn text(map: &OffsetMap) -> String {
    serde_json::to_string(map).unwrap_or_else(|error| format!("(not JSON: {error})"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_located_by_topic_and_source() {
        let map = |value: serde_json::Value| value.as_object().cloned().unwrap();
        let partition = map(json!({"p": 1}));
        let culprit = Culprit {
            partition: &partition,
            offset: &SourceOffset::Map(Arc::new(map(json!({"pos": 7})))),
            original: None,
            topic: "t",
        };
        assert_eq!(
            culprit.locate(Error::data("odd")).to_string(),
            "odd (topic: t, source partition: {\"p\":1}, source offset: {\"pos\":7})"
        );
    }
}
