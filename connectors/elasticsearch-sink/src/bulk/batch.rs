//! One bulk request as it grows: lines of JSON, and which record each item is.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};

use bytes::Bytes;
use connect_api::Result;
use connect_api::data::ByteString;
use connect_api::java::json::write_string;
use connect_api::java::to_string::append_integer;
use connect_api::record::{SinkRecord, TopicPartition};

/// What is done with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Replaces it.
    Index,
    /// Makes it, and fails where it is there.
    Create,
    /// Changes it, or makes it.
    Update {
        /// How often Elasticsearch tries again where two changes meet.
        retries_on_conflict: usize,
    },
    /// Removes it.
    Delete,
}

/// Which document an item is about.
#[derive(Debug)]
pub(crate) struct Target<'t> {
    pub(crate) action: Action,
    /// The index, as a JSON string; shared by its documents.
    pub(crate) index: &'t ByteString,
    /// The mapping type, where the server has types.
    pub(crate) type_name: Option<&'t str>,
    /// None lets Elasticsearch make one.
    pub(crate) id: Option<&'t str>,
    /// The external version.
    pub(crate) version: Option<i64>,
}

/// One document of a request.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Where its lines end in the body.
    pub(super) end: usize,
    pub(super) record: SinkRecord,
    pub(super) index: ByteString,
    pub(super) action: Action,
    pub(super) version: Option<i64>,
}

/// A request that is being filled.
#[derive(Debug, Default)]
pub(super) struct Batch {
    body: Vec<u8>,
    items: Vec<Item>,
    firsts: Firsts,
    ids: HashSet<u64>,
}

/// The first offset of each partition in a request.
pub(super) type Firsts = Vec<(TopicPartition, i64)>;

/// A request that is full.
#[derive(Debug)]
pub(super) struct Full {
    pub(super) request: BulkRequest,
    pub(super) firsts: Firsts,
    pub(super) ids: HashSet<u64>,
}

/// A body and its items.
#[derive(Debug)]
pub(super) struct BulkRequest {
    pub(super) body: Bytes,
    pub(super) items: Vec<Item>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }

    pub(super) fn ids(&self) -> &HashSet<u64> {
        &self.ids
    }

    /// Adds an item; `document` appends its JSON. After an error the request is
    /// as it was before.
    pub(super) fn add(
        &mut self,
        record: &SinkRecord,
        target: &Target<'_>,
        id_hash: Option<u64>,
        document: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let start = self.body.len();
        write_action(&mut self.body, target);
        if let Err(error) = write_source(&mut self.body, target.action, document) {
            self.body.truncate(start);
            return Err(error);
        }
        self.ids.extend(id_hash);
        self.note_first(record);
        self.items.push(Item {
            end: self.body.len(),
            record: record.clone(),
            index: target.index.clone(),
            action: target.action,
            version: target.version,
        });
        Ok(())
    }

    fn note_first(&mut self, record: &SinkRecord) {
        // Most often the last one is it.
        let mut known = self.firsts.iter().rev();
        if !known.any(|(partition, _)| *partition == record.origin) {
            self.firsts.push((record.origin.clone(), record.offset));
        }
    }

    pub(super) fn forget(&mut self, partition: &TopicPartition) {
        self.firsts.retain(|(known, _)| known != partition);
    }

    pub(super) fn firsts(&self) -> &Firsts {
        &self.firsts
    }

    /// Takes all out; the next request is likely to be as large.
    pub(super) fn take(&mut self) -> Full {
        let next = Self {
            body: Vec::with_capacity(self.body.len()),
            items: Vec::with_capacity(self.items.len()),
            ..Self::default()
        };
        let taken = std::mem::replace(self, next);
        Full {
            request: BulkRequest {
                body: taken.body.into(),
                items: taken.items,
            },
            firsts: taken.firsts,
            ids: taken.ids,
        }
    }
}

impl BulkRequest {
    /// The items at `positions`, in order.
    pub(super) fn select(&self, positions: &[usize]) -> Self {
        let mut body = Vec::new();
        let mut items = Vec::with_capacity(positions.len());
        for &position in positions {
            let start = position
                .checked_sub(1)
                .map_or(0, |before| self.items[before].end);
            let item = &self.items[position];
            body.extend_from_slice(&self.body[start..item.end]);
            items.push(Item {
                end: body.len(),
                ..item.clone()
            });
        }
        Self {
            body: body.into(),
            items,
        }
    }

    /// Two halves.
    pub(super) fn split(&self) -> [Self; 2] {
        let positions: Vec<usize> = (0..self.items.len()).collect();
        let (left, right) = positions.split_at(positions.len() / 2);
        [self.select(left), self.select(right)]
    }
}

/// A document's identity for [`Batch::ids`]: two that share one only wait for
/// each other without need.
pub(super) fn hash_of(state: &RandomState, index: &str, id: &str) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(index.as_bytes());
    hasher.write_u8(0xFF);
    hasher.write(id.as_bytes());
    hasher.finish()
}

fn write_action(out: &mut Vec<u8>, target: &Target<'_>) {
    let name: &[u8] = match target.action {
        Action::Index => b"{\"index\":{\"_index\":",
        Action::Create => b"{\"create\":{\"_index\":",
        Action::Update { .. } => b"{\"update\":{\"_index\":",
        Action::Delete => b"{\"delete\":{\"_index\":",
    };
    out.extend_from_slice(name);
    write_string(out, target.index);
    if let Some(type_name) = target.type_name {
        out.extend_from_slice(b",\"_type\":");
        write_string(out, type_name);
    }
    if let Some(id) = target.id {
        out.extend_from_slice(b",\"_id\":");
        write_string(out, id);
    }
    if let Some(version) = target.version {
        out.extend_from_slice(b",\"version\":");
        append_integer(out, version);
        out.extend_from_slice(b",\"version_type\":\"external\"");
    }
    if let Action::Update {
        retries_on_conflict,
    } = target.action
    {
        out.extend_from_slice(b",\"retry_on_conflict\":");
        append_integer(out, retries_on_conflict);
    }
    out.extend_from_slice(b"}}\n");
}

fn write_source(
    out: &mut Vec<u8>,
    action: Action,
    document: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    match action {
        Action::Delete => return Ok(()),
        Action::Update { .. } => {
            out.extend_from_slice(b"{\"doc\":");
            document(out)?;
            out.extend_from_slice(b",\"doc_as_upsert\":true}");
        }
        Action::Index | Action::Create => document(out)?,
    }
    out.push(b'\n');
    Ok(())
}
