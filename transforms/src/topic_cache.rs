//! What is derived from a topic's name. A task has few topics, so that a
//! regular expression runs once for each and not once for each record.

use std::collections::HashMap;

use bytestring::ByteString;
use connect_api::Result;

/// More topics than this, and it starts anew.
const CAPACITY: usize = 4096;

/// A bounded cache by topic; the topic asked for last costs one comparison.
#[derive(Debug)]
pub(crate) struct TopicCache<T> {
    last: Option<(ByteString, T)>,
    others: HashMap<ByteString, T>,
}

impl<T: Clone> TopicCache<T> {
    pub(crate) fn new() -> Self {
        Self {
            last: None,
            others: HashMap::new(),
        }
    }

    pub(crate) fn get_or_make(
        &mut self,
        topic: &ByteString,
        make: impl FnOnce(&str) -> Result<T>,
    ) -> Result<T> {
        if let Some((last, value)) = &self.last
            && last == topic
        {
            return Ok(value.clone());
        }
        let value = match self.others.get(topic) {
            Some(value) => value.clone(),
            None => {
                let value = make(topic)?;
                if self.others.len() >= CAPACITY {
                    self.others.clear();
                }
                self.others.insert(topic.clone(), value.clone());
                value
            }
        };
        self.last = Some((topic.clone(), value.clone()));
        Ok(value)
    }
}
