//! What `__consumer_offsets` holds: keys and values in Kafka's own format.
//!
//! The first two bytes of a key say what it is about, the first two of a value its version
//! (`GroupCoordinatorRecordSerde`, `OffsetCommitValue.json`, `GroupMetadataValue.json`).

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::wire::{Malformed, Reader, put_bytes, put_compact_string, put_nullable, put_string};

/// The key of an offset commit; 0 is an older form of the same.
const OFFSET_COMMIT: i16 = 1;
const LEGACY_OFFSET_COMMIT: i16 = 0;
const GROUP_METADATA: i16 = 2;

/// `GroupCoordinatorRecordHelpers.GROUP_METADATA_VALUE_VERSION`.
const GROUP_METADATA_VERSION: i16 = 3;
/// The version of an offset with a time to expire at (`offsetCommitValueVersion`).
const EXPIRING_OFFSET_VERSION: i16 = 1;
const OFFSET_VERSION: i16 = 4;
/// The tagged field of an offset's topic id.
const TOPIC_ID_TAG: u32 = 0;

/// One record of the offsets topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A group's committed position; `None` removes it.
    Offset {
        group: StrBytes,
        topic: StrBytes,
        partition: i32,
        value: Option<OffsetValue>,
    },
    /// A group's members; `None` removes the group.
    Group {
        group: StrBytes,
        value: Option<GroupValue>,
    },
    /// A record of a kind that this coordinator does not know.
    Unknown { kind: i16 },
}

/// A committed position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OffsetValue {
    pub(super) offset: i64,
    /// -1 when the client did not say.
    pub(super) leader_epoch: i32,
    pub(super) metadata: StrBytes,
    pub(super) committed_at: i64,
    /// Set by clients of OffsetCommit up to version 4 only.
    pub(super) expires_at: Option<i64>,
    /// All zeros in records that were written before topics had ids.
    pub(super) topic_id: Uuid,
}

/// A group as of its last generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupValue {
    pub(super) protocol_type: StrBytes,
    pub(super) generation: i32,
    pub(super) protocol: Option<StrBytes>,
    pub(super) leader: Option<StrBytes>,
    /// -1 when it is not known.
    pub(super) state_since: i64,
    pub(super) members: Vec<MemberValue>,
}

/// A member as of the last generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MemberValue {
    pub(super) member_id: StrBytes,
    pub(super) instance_id: Option<StrBytes>,
    pub(super) client_id: StrBytes,
    pub(super) client_host: StrBytes,
    /// -1 in version 0, which had only the session's.
    pub(super) rebalance_timeout_ms: i32,
    pub(super) session_timeout_ms: i32,
    pub(super) subscription: Bytes,
    pub(super) assignment: Bytes,
}

impl Entry {
    /// The group that the record is about, which decides on its partition.
    pub(super) fn group(&self) -> &str {
        match self {
            Self::Offset { group, .. } | Self::Group { group, .. } => group,
            Self::Unknown { .. } => "",
        }
    }

    /// The record's key.
    pub(super) fn key(&self) -> Result<Bytes, Malformed> {
        let mut key = BytesMut::new();
        match self {
            Self::Offset {
                group,
                topic,
                partition,
                ..
            } => {
                key.put_i16(OFFSET_COMMIT);
                put_string(&mut key, group)?;
                put_string(&mut key, topic)?;
                key.put_i32(*partition);
            }
            Self::Group { group, .. } => {
                key.put_i16(GROUP_METADATA);
                put_string(&mut key, group)?;
            }
            Self::Unknown { kind } => key.put_i16(*kind),
        }
        Ok(key.freeze())
    }

    /// The record's value; `None` is a tombstone.
    pub(super) fn value(&self) -> Result<Option<Bytes>, Malformed> {
        match self {
            Self::Offset { value, .. } => value.as_ref().map(OffsetValue::encode).transpose(),
            Self::Group { value, .. } => value.as_ref().map(GroupValue::encode).transpose(),
            Self::Unknown { .. } => Ok(None),
        }
    }

    /// Reads a record.
    pub(super) fn decode(key: Bytes, value: Option<Bytes>) -> Result<Self, Malformed> {
        let mut key = Reader(key);
        match key.i16()? {
            LEGACY_OFFSET_COMMIT | OFFSET_COMMIT => Ok(Self::Offset {
                group: key.string()?,
                topic: key.string()?,
                partition: key.i32()?,
                value: value.map(OffsetValue::decode).transpose()?,
            }),
            GROUP_METADATA => Ok(Self::Group {
                group: key.string()?,
                value: value.map(GroupValue::decode).transpose()?,
            }),
            kind => Ok(Self::Unknown { kind }),
        }
    }
}

impl OffsetValue {
    fn encode(&self) -> Result<Bytes, Malformed> {
        let mut value = BytesMut::with_capacity(48 + self.metadata.len());
        if let Some(expires_at) = self.expires_at {
            value.put_i16(EXPIRING_OFFSET_VERSION);
            value.put_i64(self.offset);
            put_string(&mut value, &self.metadata)?;
            value.put_i64(self.committed_at);
            value.put_i64(expires_at);
            return Ok(value.freeze());
        }
        value.put_i16(OFFSET_VERSION);
        value.put_i64(self.offset);
        value.put_i32(self.leader_epoch);
        put_compact_string(&mut value, &self.metadata)?;
        value.put_i64(self.committed_at);
        if self.topic_id.is_nil() {
            value.put_u8(0);
        } else {
            value.put_slice(&[1, TOPIC_ID_TAG as u8, 16]);
            value.put_slice(self.topic_id.as_bytes());
        }
        Ok(value.freeze())
    }

    fn decode(value: Bytes) -> Result<Self, Malformed> {
        let mut value = Reader(value);
        let version = value.i16()?;
        value.version(version, 4, "an offset commit")?;
        let flexible = version >= 4;
        let offset = value.i64()?;
        let leader_epoch = if version >= 3 { value.i32()? } else { -1 };
        let metadata = value.string_of(flexible)?;
        let committed_at = value.i64()?;
        let expires_at = match version {
            1 => Some(value.i64()?).filter(|at| *at != -1),
            _ => None,
        };
        let mut topic_id = Uuid::nil();
        if flexible {
            value.tagged(|tag, field| {
                if tag == TOPIC_ID_TAG {
                    let bytes = field.as_ref().try_into().map_err(|_| Malformed::Short)?;
                    topic_id = Uuid::from_bytes(bytes);
                }
                Ok(())
            })?;
        }
        Ok(Self {
            offset,
            leader_epoch,
            metadata,
            committed_at,
            expires_at,
            topic_id,
        })
    }
}

impl GroupValue {
    fn encode(&self) -> Result<Bytes, Malformed> {
        let mut value = BytesMut::new();
        value.put_i16(GROUP_METADATA_VERSION);
        put_string(&mut value, &self.protocol_type)?;
        value.put_i32(self.generation);
        put_nullable(&mut value, self.protocol.as_ref())?;
        put_nullable(&mut value, self.leader.as_ref())?;
        value.put_i64(self.state_since);
        value.put_i32(i32::try_from(self.members.len()).unwrap_or(i32::MAX));
        for member in &self.members {
            put_string(&mut value, &member.member_id)?;
            put_nullable(&mut value, member.instance_id.as_ref())?;
            put_string(&mut value, &member.client_id)?;
            put_string(&mut value, &member.client_host)?;
            value.put_i32(member.rebalance_timeout_ms);
            value.put_i32(member.session_timeout_ms);
            put_bytes(&mut value, &member.subscription)?;
            put_bytes(&mut value, &member.assignment)?;
        }
        Ok(value.freeze())
    }

    fn decode(value: Bytes) -> Result<Self, Malformed> {
        let mut value = Reader(value);
        let version = value.i16()?;
        value.version(version, 4, "a group's metadata")?;
        let flexible = version >= 4;
        let protocol_type = value.string_of(flexible)?;
        let generation = value.i32()?;
        let protocol = value.nullable_of(flexible)?;
        let leader = value.nullable_of(flexible)?;
        let state_since = if version >= 2 { value.i64()? } else { -1 };
        let count = value.array_of(flexible)?;
        let mut members = Vec::new();
        for _ in 0..count {
            members.push(MemberValue::decode(&mut value, version)?);
        }
        Ok(Self {
            protocol_type,
            generation,
            protocol,
            leader,
            state_since,
            members,
        })
    }
}

impl MemberValue {
    fn decode(value: &mut Reader, version: i16) -> Result<Self, Malformed> {
        let flexible = version >= 4;
        let member_id = value.string_of(flexible)?;
        let instance_id = match version {
            0..3 => None,
            _ => value.nullable_of(flexible)?,
        };
        let member = Self {
            member_id,
            instance_id,
            client_id: value.string_of(flexible)?,
            client_host: value.string_of(flexible)?,
            rebalance_timeout_ms: if version >= 1 { value.i32()? } else { -1 },
            session_timeout_ms: value.i32()?,
            subscription: value.bytes_of(flexible)?,
            assignment: value.bytes_of(flexible)?,
        };
        if flexible {
            value.tagged(|_, _| Ok(()))?;
        }
        Ok(member)
    }
}
