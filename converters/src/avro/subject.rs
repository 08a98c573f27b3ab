//! How a schema's subject is called (`SubjectNameStrategy`).

use connect_api::{Error, Result};

use super::config::SubjectStrategy;

/// What a subject is called by.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) topic: String,
    pub(super) is_key: bool,
    pub(super) strategy: SubjectStrategy,
}

impl Subject {
    /// The subject, if it can be told without the schema.
    pub(super) fn without_schema(&self) -> Option<String> {
        let suffix = if self.is_key { "key" } else { "value" };
        (self.strategy == SubjectStrategy::Topic).then(|| format!("{}-{suffix}", self.topic))
    }

    /// The subject of a schema whose outermost type is called `record`.
    pub(super) fn name(&self, record: Option<&str>) -> Result<String> {
        if let Some(name) = self.without_schema() {
            return Ok(name);
        }
        let Some(record) = record else {
            let what = if self.is_key { "key" } else { "value" };
            return Err(Error::data(format!(
                "with this {what}.subject.name.strategy, the message {what} must only be a record \
                 schema"
            )));
        };
        Ok(match self.strategy {
            SubjectStrategy::TopicRecord => format!("{}-{record}", self.topic),
            _ => record.to_owned(),
        })
    }
}
