//! Which topics a consumer group is subscribed to (`ClassicGroup.computeSubscribedTopics`).

use std::collections::BTreeSet;

use bytes::Bytes;

use super::ClassicGroup;
use crate::group::wire::{Malformed, Reader};

impl ClassicGroup {
    /// Whether offsets of the topic are still wanted. What a consumer group is subscribed to may
    /// not be known, and then it is taken to be subscribed to everything.
    pub(in crate::group) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed {
            Some(topics) => topics.contains(topic),
            None => self.is_consumer_group(),
        }
    }

    /// The topics of all members; `None` when this is no consumer group, or its members'
    /// metadata is of a form that nothing is known of.
    pub(super) fn read_subscriptions(&self) -> Option<BTreeSet<String>> {
        if !self.is_consumer_group() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = self.protocol.as_ref()?;
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            match subscribed_topics(member.metadata(protocol)) {
                Ok(of_member) => topics.extend(of_member),
                Err(error) => {
                    tracing::warn!(group = %self.id, member = %member.id, %error, "the member's subscription cannot be read");
                    return None;
                }
            }
        }
        Some(topics)
    }
}

/// Version 0 of the consumer protocol's subscription, which begins all later ones.
fn subscribed_topics(metadata: Bytes) -> Result<Vec<String>, Malformed> {
    let mut metadata = Reader(metadata);
    metadata.i16()?; // the version
    let count = metadata.array_of(false)?;
    let mut topics = Vec::new();
    for _ in 0..count {
        topics.push(metadata.string()?.to_string());
    }
    Ok(topics)
}
